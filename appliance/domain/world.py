"""The state of the command centre: what is open right now. What is finished lives in the journal.

Immutable and replaced whole, so that the console reads it without locks. `evolve` is
book-keeping: no policy, and it never fails on what the journal holds, for the decision was right
when it was taken. Policy is `decide`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import assert_never

from appliance.domain import calls, incidents, troubles
from appliance.domain.calls import Call, Calls
from appliance.domain.events import (
    BoxStarted,
    CallbackClosed,
    CallbackEvent,
    CallbackOpened,
    CallEvent,
    DeskClosed,
    DeskEvent,
    DeskOpened,
    DispatchRaised,
    EndReason,
    Entry,
    Event,
    IncidentCancelled,
    IncidentClosed,
    IncidentEvent,
    RecordingDue,
    RecordingEvent,
    RecordingFailed,
    RecordingStored,
    SmsEvent,
    SmsKept,
    SmsRead,
    TroubleEvent,
)
from appliance.domain.incidents import Dispatch, Incident, Incidents
from appliance.domain.mappings import drop, put
from appliance.domain.troubles import Troubles
from drivers.value import value


@value
class Callback:
    """Somebody to be called back."""

    id: int
    call: int
    number: str
    reason: EndReason
    opened_utc_ms: int


@value
class Sms:
    id: int
    line: str
    sender: str
    text: str
    sent_utc_ms: int
    damaged: bool


@value
class World:
    seq: int = 0  # of the last entry applied
    calls: Calls = field(default_factory=dict)
    recordings: Mapping[int, str] = field(default_factory=dict)  # call -> leg, to be stored
    callbacks: Mapping[int, Callback] = field(default_factory=dict)
    desks: Mapping[str, str] = field(default_factory=dict)  # desk -> who sits there
    incidents: Incidents = field(default_factory=dict)
    dispatched: Mapping[int, int] = field(default_factory=dict)  # dispatch -> its incident
    messages: Mapping[int, Sms] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=dict)

    def call_of(self, leg: str) -> Call | None:
        return next((c for c in self.calls.values() if c.leg == leg and c.in_progress), None)

    def call_at(self, desk: str) -> Call | None:
        """The call `desk` is busy with, its wrap-up included."""
        return next((c for c in self.calls.values() if c.desk == desk), None)

    def incident_of(self, call: int) -> Incident | None:
        return next((i for i in self.incidents.values() if i.call == call), None)

    def dispatch(self, id: int) -> tuple[Incident, Dispatch] | None:
        if id not in self.dispatched:
            return None
        incident = self.incidents[self.dispatched[id]]
        return incident, incident.dispatches[id]

    def works(self, part: str) -> bool:
        trouble = self.troubles.get(part)
        return trouble is None or not trouble.active


def evolve(world: World, entry: Entry) -> World:
    """The world after `entry`. Raises nothing for entries in the order of the journal."""
    assert entry.seq > world.seq, "the journal is read in order"
    event = entry.event
    world = replace(world, seq=entry.seq)
    match event:
        case BoxStarted():
            return world
        case _ if isinstance(event, CallEvent):
            return replace(world, calls=calls.evolve(world.calls, entry, event))
        case _ if isinstance(event, IncidentEvent):
            return replace(
                world,
                incidents=incidents.evolve(world.incidents, entry, event),
                dispatched=_dispatched(world, event),
            )
        case _ if isinstance(event, TroubleEvent):
            return replace(world, troubles=troubles.evolve(world.troubles, entry, event))
        case _ if isinstance(event, RecordingEvent):
            return replace(world, recordings=_recordings(world.recordings, event))
        case _ if isinstance(event, CallbackEvent):
            return replace(world, callbacks=_callbacks(world.callbacks, entry, event))
        case _ if isinstance(event, DeskEvent):
            return replace(world, desks=_desks(world.desks, event))
        case _ if isinstance(event, SmsEvent):
            return replace(world, messages=_messages(world.messages, event))
        case _:
            assert_never(event)


def after(world: World, events: Iterable[Event], now_ms: int) -> World:
    """The world as it will be once `events` are on disk; for rules that look ahead."""
    for event in events:
        world = evolve(world, Entry(world.seq + 1, now_ms, 0, event))
    return world


def _recordings(recordings: Mapping[int, str], event: RecordingEvent) -> Mapping[int, str]:
    match event:
        case RecordingDue(call, leg):
            return put(recordings, call, leg)
        case RecordingStored(call):
            return drop(recordings, call) if event.part == event.parts else recordings
        case RecordingFailed(call):
            return drop(recordings, call)


def _dispatched(world: World, event: IncidentEvent) -> Mapping[int, int]:
    match event:
        case DispatchRaised(id, incident):
            return put(world.dispatched, id, incident)
        case IncidentClosed(id) | IncidentCancelled(id):
            return {d: i for d, i in world.dispatched.items() if i != id}
        case _:
            return world.dispatched


def _callbacks(
    callbacks: Mapping[int, Callback], entry: Entry, event: CallbackEvent
) -> Mapping[int, Callback]:
    match event:
        case CallbackOpened(id, call, number, reason):
            return put(callbacks, id, Callback(id, call, number, reason, entry.utc_ms))
        case CallbackClosed(id):
            return drop(callbacks, id)


def _desks(desks: Mapping[str, str], event: DeskEvent) -> Mapping[str, str]:
    match event:
        case DeskOpened(desk, taker):
            return put(desks, desk, taker)
        case DeskClosed(desk):
            return drop(desks, desk)


def _messages(messages: Mapping[int, Sms], event: SmsEvent) -> Mapping[int, Sms]:
    match event:
        case SmsKept(id, line, sender, text, sent_utc_ms, damaged):
            return put(messages, id, Sms(id, line, sender, text, sent_utc_ms, damaged))
        case SmsRead(id):
            return drop(messages, id)
