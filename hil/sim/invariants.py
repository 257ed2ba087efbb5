"""What must hold whatever happened. Every breach is an AssertionError that says what and which.

The ledger reads the journal as it grows and folds it once more, from the first row: an own world
beside the box's, which came from the open streams and lives on in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from appliance.domain.calls import Call, CallState
from appliance.domain.events import (
    CallAnswered,
    CallbackOpened,
    CallEnded,
    CallOffered,
    Channel,
    DispatchAcknowledged,
    DispatchAdvanced,
    DispatchDelivered,
    DispatchRaised,
    DispatchRefused,
    EndReason,
    Entry,
    IncidentCancelled,
    IncidentClosed,
    IncidentOpened,
    SmsKept,
)
from appliance.domain.levels import levels
from appliance.domain.procedures import queue
from appliance.domain.routing import Role
from appliance.domain.rules import Rules
from appliance.domain.world import World, evolve
from appliance.legs import bridge as bridge_of
from drivers.api import Signal
from hil.sim.telephony import Leg

_ABANDONED = frozenset(
    {EndReason.ABANDONED_ANNOUNCE, EndReason.ABANDONED_QUEUE, EndReason.ABANDONED_RING}
)


class Ledger:
    """The journal's story so far, told independently of the box."""

    def __init__(self) -> None:
        self.world = World()
        self.count: Counter[str] = Counter()  # event types, and end reasons by their values
        self._open: dict[int, bool] = {}  # call -> answered
        self._answered = 0
        self.offered: set[int] = set()  # calls the province must hear of
        self.raised: set[int] = set()
        self.wanted: dict[int, int] = {}  # dispatch nobody has dealt with -> its incident
        self.claimed: set[int] = set()  # dispatches whose agency said by MQTT that it has them

    def read(self, entries: Iterator[Entry]) -> None:
        for entry in entries:
            assert entry.seq == self.world.seq + 1, f"row {self.world.seq + 1} is missing"
            self._note(entry)
            self.world = evolve(self.world, entry)

    def power_off(self) -> None:
        """Times of a boot mean nothing in the next."""
        self.world = _timeless(self.world)

    @property
    def answered(self) -> int:
        return self._answered

    def _note(self, entry: Entry) -> None:
        event = entry.event
        self.count[type(event).__name__] += 1
        match event:
            case CallOffered(id):
                _named(id, entry)
                assert id not in self._open
                self._open[id] = False
                self.offered.add(id)
            case CallAnswered(id):
                self._answered += not self._open[id]
                self._open[id] = True
            case CallEnded(id, reason):
                assert id in self._open, f"call {id} ended twice"
                answered = self._open.pop(id)
                assert not (answered and reason in _ABANDONED), f"call {id}: answered and {reason}"
                self.count[reason] += 1
            case CallbackOpened(id, _, number):
                _named(id, entry)
                others = [c for c in self.world.callbacks.values() if c.number == number]
                assert not others, f"two call-backs for {number}"
            case IncidentOpened(id) | SmsKept(id):
                _named(id, entry)
            case _:
                self._note_dispatch(entry)

    def _note_dispatch(self, entry: Entry) -> None:
        match entry.event:
            case DispatchRaised(id, incident):
                _named(id, entry)
                self.raised.add(id)
                self.wanted[id] = incident
            case DispatchDelivered(id, _, Channel.MQTT):
                self.claimed.add(id)
            case DispatchAcknowledged(id) | DispatchRefused(id) | DispatchAdvanced(id):
                self.wanted.pop(id, None)
            case IncidentClosed(incident) | IncidentCancelled(incident):
                self.wanted = {k: v for k, v in self.wanted.items() if v != incident}
            case _:
                pass

    def check_calls(self) -> None:
        live = {call.id for call in self.world.calls.values() if call.in_progress}
        assert live == self._open.keys(), f"calls without an end: {live ^ self._open.keys()}"

    def check_notices(self, told: set[int], waiting: set[int]) -> None:
        """The province hears of every call and of none that was not."""
        assert told <= self.offered, f"calls nobody recorded: {told - self.offered}"
        lost = self.offered - told - waiting
        assert not lost, f"notices lost: {sorted(lost)}"
        self.offered -= told - waiting  # done with; keeps the next look short
        told.intersection_update(self.offered)

    def check_alerts(self, told: Mapping[int, int], waiting: set[int]) -> None:
        """No delivered alert unrecorded, no recorded alert lost, no delivery invented."""
        assert told.keys() <= self.raised, f"alerts nobody recorded: {told.keys() - self.raised}"
        lost = self.wanted.keys() - told.keys() - waiting
        assert not lost, f"alerts lost: {sorted(lost)}"
        assert self.claimed <= told.keys(), f"never delivered: {self.claimed - told.keys()}"


def check_same(journal: World, live: World, what: str) -> None:
    for part in World.__dataclass_fields__:
        folded, kept = getattr(journal, part), getattr(live, part)
        assert folded == kept, f"{what}: {part} differ:\n  journal {folded}\n  live    {kept}"


def check_world(world: World, now_ms: int, rules: Rules) -> None:
    for call in world.calls.values():
        _check_call(call, rules)
    busy = Counter(call.desk for call in world.calls.values() if call.desk)
    busy.update(desk for call in world.calls.values() for desk in call.ringing)
    assert all(n == 1 for n in busy.values()), f"a desk with two calls: {busy}"
    assert queue.move(world, now_ms, rules) == [], "a desk is free and the next caller waits"
    _check_levels(world, now_ms, rules)


def check_legs(world: World, legs: Mapping[str, Leg]) -> None:
    """What the world believes of telephones is so."""
    for call in world.calls.values():
        if call.in_progress:
            assert call.leg in legs, f"the caller of {call} has gone and nobody knows"
        if call.state is CallState.ANSWERED:
            bridge = bridge_of(call.id)
            joined = [leg for leg in legs.values() if leg.bridge == bridge]
            assert len(joined) == 2, f"{call} is answered, and in its bridge are {joined}"
    open = {call.leg for call in world.calls.values() if call.in_progress}
    forgotten = [x for x in legs.values() if x.line and not x.alone and x.name not in open]
    assert not forgotten, f"callers nobody knows of: {forgotten}"


def _check_call(call: Call, rules: Rules) -> None:
    match call.state:
        case CallState.ANSWERED | CallState.WRAPUP:
            assert call.desk in rules.desks, call
            assert call.taker, call
            assert not call.ringing, call
        case CallState.RINGING:
            assert call.ringing, call
            assert not call.desk, call
            assert not call.claimed or len(call.ringing) == 1, call
        case CallState.ANNOUNCE | CallState.QUEUED:
            assert not call.ringing, call
            assert not call.desk, call
            assert not call.claimed, call
            assert not call.taker, call


def _check_levels(world: World, now_ms: int, rules: Rules) -> None:
    shown = levels(world, now_ms, rules)
    waits = any(
        d.role is not Role.INFORMATIONAL and not d.state.taken
        for incident in world.incidents.values()
        for d in incident.dispatches.values()
    )
    assert waits or shown["siren"] is Signal.OFF, "the siren sounds and nobody is waited for"
    assert (shown["red"] is Signal.FAST) >= waits, "an alert waits and red does not flash"
    assert (shown["white"] is Signal.STEADY) == any(c.in_progress for c in world.calls.values())


def _named(id: int, entry: Entry) -> None:
    assert id == entry.seq, f"{entry.event} is named {id} and stands in row {entry.seq}"


def _timeless(world: World) -> World:
    """The world with every time of a boot that is over set to 0, as the journal reads it."""
    return replace(
        world,
        calls={
            id: replace(call, offered_at_ms=0, since_ms=0, rested=dict.fromkeys(call.rested, 0))
            for id, call in world.calls.items()
        },
        incidents={
            id: replace(
                incident,
                opened_at_ms=0,
                dispatches={k: replace(d, raised_at_ms=0) for k, d in incident.dispatches.items()},
            )
            for id, incident in world.incidents.items()
        },
        troubles={part: replace(t, raised_at_ms=0) for part, t in world.troubles.items()},
    )
