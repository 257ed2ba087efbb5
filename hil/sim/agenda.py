"""What happens when: simulated milliseconds and what is due at them.

Time is a whole number and moves only here; two things due at once happen in the order they were
put down, so that a seed replays exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from appliance.clock import Quality

Action = Callable[[], object]
START_UTC_MS = 1_749_484_800_000  # midnight in Kendari, 10 June 2025, the day the centre opened
SYNC_MS = 60_000  # how long a booted Pi takes to learn the time


class Agenda:
    def __init__(self) -> None:
        self.now_ms = 0
        self._due: list[tuple[int, int, Action]] = []
        self._n = 0

    def after(self, delay_ms: float, action: Action) -> None:
        self._n += 1
        heapq.heappush(self._due, (self.now_ms + max(0, int(delay_ms)), self._n, action))

    def next_ms(self) -> int:
        """When the next action is due; the people of a site always have something to do."""
        return self._due[0][0]

    def pop(self) -> Action:
        """Move on to the next action and return it."""
        at_ms, _, action = heapq.heappop(self._due)
        self.now_ms = max(self.now_ms, at_ms)
        return action


class SimClock:
    """The box's clock: monotonic from its power-on; the wall clock starts behind and is then set.

    A Pi has no battery clock: it wakes up at the time it last wrote down.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._booted_at_ms = 0
        self._behind_ms = 0

    def power_on(self, behind_ms: int) -> None:
        self._booted_at_ms = self._agenda.now_ms
        self._behind_ms = behind_ms

    def site_ms(self, boot_ms: int) -> int:
        """The agenda's time of a time of this boot."""
        return boot_ms + self._booted_at_ms

    def now_ms(self) -> int:
        return self._agenda.now_ms - self._booted_at_ms

    def utc_ms(self) -> int:
        behind_ms = 0 if self._set() else self._behind_ms
        return START_UTC_MS + self._agenda.now_ms - behind_ms

    def quality(self) -> Quality:
        return Quality.SYNCED if self._set() else Quality.HOLDOVER

    def _set(self) -> bool:
        return self.now_ms() >= SYNC_MS
