"""The one place the appliance asks what time it is.

Time is a whole number of milliseconds. With seconds in floats, `now - boot >= due` and
`now >= due + boot` disagree by a rounding, and a timer that is due is not due when it fires.
"""

from __future__ import annotations

import ctypes
import time
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Quality(StrEnum):
    """How far the wall clock can be believed."""

    SYNCED = "synced"
    HOLDOVER = "holdover"  # it was set once and runs on its own
    UNSET = "unset"  # a Pi has no battery clock; it starts in the past


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds on a clock that never steps. Meaningless across a reboot."""
        ...

    def utc_ms(self) -> int:
        """Milliseconds since 1970 UTC. May step."""
        ...

    def quality(self) -> Quality: ...


# Nothing of this box happened before it was written.
_WRITTEN_UTC_MS = 1_795_000_000_000  # 2026-11-18
_TIMEX_BYTES = 256  # more than struct timex on any Linux
_TIME_ERROR = 5  # adjtimex(2): not synchronised


class SystemClock:
    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)

    def now_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def quality(self) -> Quality:
        # modes = 0 in the first field: adjtimex reads and changes nothing.
        state = self._libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        if 0 <= state < _TIME_ERROR:
            return Quality.SYNCED
        return Quality.HOLDOVER if self.utc_ms() > _WRITTEN_UTC_MS else Quality.UNSET


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
