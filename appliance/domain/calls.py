"""A call from the moment its line is seized until the call taker has filed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import assert_never

from appliance.domain.events import (
    ANSWERED,
    CallAnswered,
    CallClaimed,
    CallEnded,
    CallEvent,
    CallFiled,
    CallIdentified,
    CallLocated,
    CallOffered,
    CallQueued,
    CallRinging,
    DeskReleased,
    EndReason,
    Entry,
)
from appliance.domain.mappings import drop, put
from drivers.api import Caller, Location
from drivers.value import value


class CallState(StrEnum):
    ANNOUNCE = "announce"
    QUEUED = "queued"
    RINGING = "ringing"
    ANSWERED = "answered"
    WRAPUP = "wrapup"  # over, not yet filed


@value
class Call:
    id: int
    line: str
    leg: str
    caller: Caller
    number: str
    location: Location | None
    offered_at_ms: int
    offered_utc_ms: int
    state: CallState = CallState.ANNOUNCE
    since_ms: int = 0  # when the state began
    ringing: frozenset[str] = frozenset()
    claimed: bool = False
    answered: bool = False  # once, even if it waits again because the desk's phone failed
    rested: Mapping[str, int] = field(default_factory=dict)  # desk -> when its phone gave up
    desk: str = ""
    taker: str = ""
    reason: EndReason | None = None

    @property
    def waits(self) -> bool:
        return self.state in (CallState.ANNOUNCE, CallState.QUEUED, CallState.RINGING)

    @property
    def in_progress(self) -> bool:
        return self.state is not CallState.WRAPUP


Calls = Mapping[int, Call]


def evolve(calls: Calls, entry: Entry, event: CallEvent) -> Calls:
    match event:
        case CallOffered():
            return put(calls, event.call, _offered(event, entry))
        case CallFiled():
            return drop(calls, event.call)
        case CallEnded(_, reason) if reason not in ANSWERED:
            return drop(calls, event.call)
        case _:
            return put(calls, event.call, _changed(calls[event.call], event, entry.at_ms))


def _offered(event: CallOffered, entry: Entry) -> Call:
    return Call(
        event.call,
        event.line,
        event.leg,
        event.caller,
        event.number,
        event.location,
        entry.at_ms,
        event.began_utc_ms or entry.utc_ms,
        since_ms=entry.at_ms,
    )


def _changed(call: Call, event: CallEvent, at_ms: int) -> Call:
    match event:
        case CallIdentified(_, caller, number):
            return replace(call, caller=caller, number=number)
        case CallLocated(_, location):
            return replace(call, location=location)
        case CallQueued():
            return replace(_waiting(call), since_ms=at_ms)
        case CallRinging(_, desks):
            since_ms = call.since_ms if call.state is CallState.RINGING else at_ms
            ringing = call.ringing | set(desks)
            return replace(call, state=CallState.RINGING, ringing=ringing, since_ms=since_ms)
        case CallClaimed(_, desk, taker):
            return replace(
                call,
                state=CallState.RINGING,
                ringing=frozenset({desk}),
                claimed=True,
                taker=taker,
                since_ms=at_ms,
            )
        case DeskReleased(_, desk):
            return _released(call, desk, at_ms)
        case CallAnswered(_, desk, taker):
            return replace(
                call,
                state=CallState.ANSWERED,
                ringing=frozenset(),
                claimed=False,
                answered=True,
                desk=desk,
                taker=taker,
                since_ms=at_ms,
            )
        case CallEnded(_, reason):
            return replace(call, state=CallState.WRAPUP, reason=reason, since_ms=at_ms)
        case CallOffered() | CallFiled():
            raise AssertionError(f"{event} makes or ends a call, it changes none")
        case _:
            assert_never(event)


def _waiting(call: Call) -> Call:
    return replace(
        call, state=CallState.QUEUED, ringing=frozenset(), claimed=False, desk="", taker=""
    )


def _released(call: Call, desk: str, at_ms: int) -> Call:
    call = replace(call, ringing=call.ringing - {desk}, rested=put(call.rested, desk, at_ms))
    return call if call.ringing else replace(_waiting(call), since_ms=at_ms)
