"""Line commands: what telephones must do for the present situation. Done once, never stored."""

from __future__ import annotations

from appliance.domain.events import (
    CallAnswered,
    CallClaimed,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRinging,
    DeskReleased,
    Entry,
)
from appliance.domain.world import World
from drivers.value import value


@value
class Greet:
    """Take the call and play the announcement."""

    call: int


@value
class Hold:
    """Let the caller hear that the box is still there."""

    call: int


@value
class Ring:
    """Ring the desk's phone; `at_once`: it is to answer by itself."""

    call: int
    desk: str
    at_once: bool


@value
class StopRinging:
    call: int
    desk: str


@value
class Connect:
    """Let caller and desk hear each other."""

    call: int
    desk: str


@value
class Release:
    """Hang up everybody in the call."""

    call: int
    leg: str
    line: str


LineCommand = Greet | Hold | Ring | StopRinging | Connect | Release


def line_commands(entry: Entry, before: World, after: World) -> list[LineCommand]:
    match entry.event:
        case CallOffered(id, unattended=False):
            return [Greet(id)]
        case CallQueued(id):
            return [*_stop(id, before, after), Hold(id)]
        case CallRinging(id, desks):
            return [Ring(id, desk, at_once=False) for desk in desks]
        case CallClaimed(id, desk):
            rung = before.calls[id].ringing
            return [*(StopRinging(id, d) for d in sorted(rung)), Ring(id, desk, at_once=True)]
        case DeskReleased(id, desk):
            return [StopRinging(id, desk)]
        case CallAnswered(id, desk) if desk in before.calls[id].ringing:
            return [*_stop(id, before, after, but=desk), Connect(id, desk)]
        case CallEnded(id, ended_utc_ms=None):  # else it was over when we heard of it
            call = before.calls[id]
            return [Release(id, call.leg, call.line)]
        case _:
            return []


def _stop(id: int, before: World, after: World, but: str = "") -> list[LineCommand]:
    call = before.calls[id]
    desks = call.ringing | ({call.desk} if call.desk else set())
    return [StopRinging(id, desk) for desk in sorted(desks - {but})]
