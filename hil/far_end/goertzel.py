"""How much of one tone is in a sound: the algorithm of G. Goertzel, 1958."""

from __future__ import annotations

import math
from array import array

RATE_HZ = 8_000


def power_at(samples: array[int], hz: float) -> float:
    """The squared magnitude of `samples` (8 kHz) at `hz`, not divided by their number."""
    coefficient = 2 * math.cos(2 * math.pi * hz / RATE_HZ)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    return before * before + last * last - coefficient * before * last
