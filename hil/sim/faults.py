"""How the box dies: its power fails, or its daemon is killed, before, within or after any write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from appliance.clock import Quality
from appliance.domain.events import Entry
from appliance.journal import Batch, Journal


class Crash(BaseException):
    """Everything that was only in memory is gone. Not an Exception: nothing may swallow it."""


class PowerCut(Crash):
    """The whole box is dark, exchange and modems with it."""


class Killed(Crash):
    """The daemon alone died (kill -9, out of memory); exchange and modems go on."""


class Gremlin:
    """Asked between any two steps of the box; now and then its answer is a crash."""

    def __init__(self, random: Random, chance: float) -> None:
        self.random, self.chance = random, chance

    def __call__(self, times: int = 1) -> None:
        """Raise a Crash now and then; `times` as often where it is worth while."""
        if self.random.random() < self.chance * times:
            raise PowerCut if self.random.random() < 0.7 else Killed


class FragileJournal(Journal):
    """The product's journal, on a box that may die around and within every transaction."""

    gremlin: Callable[[], None] = staticmethod(lambda: None)
    remembers_orders = True  # False: the outbox is kept in memory, to see the simulation notice

    def append(self, batch: Batch, quality: Quality) -> None:
        self.gremlin()
        super().append(batch, quality)
        self.gremlin()

    def entries_after(self, seq: int) -> Iterator[Entry]:
        """What was written since, for who has read the rest."""
        rows = self._db.execute(
            "SELECT seq, boot, at_ms, utc_ms, type, data FROM journal WHERE seq > ? ORDER BY seq",
            (seq,),
        )
        return (self._entry(*row) for row in rows)

    def settle(self, keys: Sequence[str]) -> None:
        if keys:
            self.gremlin()
        super().settle(keys)

    def _keep_orders(self, batch: Batch) -> None:
        if not self.remembers_orders:
            batch = [replace(written, orders=()) for written in batch]
        super()._keep_orders(batch)
