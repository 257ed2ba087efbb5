"""Decide, write, apply: several inputs in one transaction.

Nothing outside learns of an event before it is on disk. Synchronous; `disk.Disk` runs it on the
disk thread, the simulation runs it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.clock import Clock
from appliance.domain.decide import decide
from appliance.domain.events import Entry
from appliance.domain.orders import Order, orders, settled
from appliance.domain.requests import Input, Refused
from appliance.domain.rules import Rules
from appliance.domain.world import World, evolve
from appliance.journal import Journal, JournalReader, Written
from drivers.value import value


@value
class Step:
    """One thing that happened, now on disk, the world right before and after it, and its orders."""

    entry: Entry
    before: World
    after: World
    orders: Sequence[Order] = ()


Outcome = list[Step] | Refused


class Engine:
    def __init__(self, journal: Journal, clock: Clock, rules: Rules) -> None:
        self._journal, self._clock, self.rules = journal, clock, rules
        self.world = restore(journal)

    def handle(self, given: Input) -> list[Step]:
        """Take in one input. Raises Refused, changing nothing."""
        [outcome] = self.handle_all([given])
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def handle_all(self, inputs: Sequence[Input]) -> list[Outcome]:
        """Take in `inputs` one after the other; on return what followed is on disk.

        One transaction for all: a refusal changes nothing for the others. Raises JournalError
        with nothing changed. Blocks while the disk writes: tens of microseconds to seconds.
        """
        world = self.world
        outcomes: list[Outcome] = []
        for given in inputs:
            try:
                steps = self._steps(world, given)
            except Refused as refusal:
                outcomes.append(refusal)
                continue
            outcomes.append(steps)
            world = steps[-1].after if steps else world
        batch = [_written(s) for steps in outcomes if isinstance(steps, list) for s in steps]
        if batch:
            self._journal.append(batch, self._clock.quality())
        self.world = world
        return outcomes

    def _steps(self, world: World, given: Input) -> list[Step]:
        now_ms, utc_ms = self._clock.now_ms(), self._clock.utc_ms()
        worlds, entries = [world], []
        for event in decide(world, given, now_ms, self.rules):
            entries.append(Entry(worlds[-1].seq + 1, now_ms, utc_ms, event))
            worlds.append(evolve(worlds[-1], entries[-1]))
        # An order tells of everything that was decided with it: each agency hears of all others.
        return [
            Step(entry, before, after, orders(entry, before, worlds[-1], hub=self.rules.hub))
            for entry, before, after in zip(entries, worlds, worlds[1:], strict=False)
        ]


def restore(journal: JournalReader) -> World:
    world = World()
    for entry in journal.open_entries():
        world = evolve(world, entry)
    return replace(world, seq=journal.last_seq())


def _written(step: Step) -> Written:
    return Written(step.entry, step.orders, list(settled(step.entry.event, step.before)))
