"""Tones as s16le PCM at 8 kHz, and how loud a tone is in what was heard (Goertzel)."""

from __future__ import annotations

import math
import struct
from array import array

from hil.far_end.goertzel import RATE_HZ, power_at

FRAME_SAMPLES = 160  # 20 ms
AMPLITUDE = 8_000


def tone(hz: float, first_sample: int = 0, samples: int = FRAME_SAMPLES) -> bytes:
    """`samples` of a sine; `first_sample` continues an earlier one without a click."""
    turn = 2 * math.pi * hz / RATE_HZ
    values = [round(AMPLITUDE * math.sin(turn * (first_sample + n))) for n in range(samples)]
    return struct.pack(f"<{samples}h", *values)


def level_of(pcm: bytes, hz: float) -> float:
    """The share of the sound's power that is at `hz`: 1.0 a pure tone, 0.0 none of it."""
    samples = array("h", pcm[: len(pcm) & ~1])
    power = sum(sample * sample for sample in samples)
    if not power:
        return 0.0
    return min(1.0, 2 * power_at(samples, hz) / (len(samples) * power))
