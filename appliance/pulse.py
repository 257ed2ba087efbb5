"""Proof of life: wakes every critical loop and feeds the watchdog only if all of them answered.

One timer for the whole process, so that an idle box sleeps. systemd kills and restarts a daemon
whose watchdog starves (sd_notify(3), WATCHDOG=1).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from appliance.disk import Disk

PULSE_S = 4.0  # below half of WatchdogSec=10, sd_watchdog_enabled(3)
DISK_EVERY_S = 10.0  # asking wakes two threads of an idle box
DISK_S = 30.0  # the slowest card seen took 20 s for an fsync (fault 13); that is no hang

_LOG = logging.getLogger(__name__)


class Loop(Protocol):
    beats: int

    def beat(self) -> None:
        """Go round once; `beats` counts."""
        ...


class Pulse:
    def __init__(
        self,
        disk: Disk,
        loops: Mapping[str, Loop],
        feed: Callable[[], None],
        every_s: float = PULSE_S,
    ) -> None:
        """`loops` may change: a panel is opened late, and again after a fault."""
        self._disk, self._loops, self._feed, self._every_s = disk, loops, feed, every_s
        self._disk_answers: asyncio.Task[None] | None = None
        self._disk_asked_s = 0.0

    async def run(self) -> None:
        while True:
            before = {name: (loop, loop.beats) for name, loop in self._loops.items()}
            for loop in self._loops.values():
                loop.beat()
            await asyncio.sleep(self._every_s)
            now = self._loops.items()
            stuck = [name for name, loop in now if before.get(name) == (loop, loop.beats)]
            if not self._disk_lives():
                stuck.append("disk")
            if stuck:
                _LOG.error("tidak berdetak / does not beat: %s", ", ".join(stuck))
            else:
                self._feed()

    def _disk_lives(self) -> bool:
        """Whether the disk thread has taken an errand within `DISK_S`."""
        asked, now_s = self._disk_answers, asyncio.get_running_loop().time()
        if asked is None or (asked.done() and now_s - self._disk_asked_s >= DISK_EVERY_S):
            asked = self._disk_answers = asyncio.create_task(self._disk.run(_nothing))
            self._disk_asked_s = now_s
        return asked.done() or now_s - self._disk_asked_s < DISK_S


def _nothing() -> None:
    """An errand that shows that the thread goes round."""
