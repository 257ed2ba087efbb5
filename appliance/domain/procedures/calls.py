"""What is done with a caller, from the seized line to the filed call."""

from __future__ import annotations

from typing import assert_never

from appliance.domain.calls import Call, CallState
from appliance.domain.events import (
    ANSWERED,
    CallAnswered,
    CallbackClosed,
    CallbackOpened,
    CallClaimed,
    CallEnded,
    CallFiled,
    CallIdentified,
    CallLocated,
    CallOffered,
    CallQueued,
    DeskClosed,
    DeskOpened,
    DeskReleased,
    EndReason,
    Event,
    IncidentLocated,
    RecordingDue,
    RecordingFailed,
    RecordingStored,
)
from appliance.domain.requests import (
    Answer,
    CallInput,
    CloseCallback,
    DeskAnswered,
    DeskHungUp,
    EndCall,
    FileCall,
    Greeted,
    LocateCall,
    Offer,
    RecordingKept,
    RecordingLost,
    Refused,
    SignIn,
    SignOut,
)
from appliance.domain.rules import Rules
from appliance.domain.world import World
from drivers.api import Cause, HungUp, Location, Unattended


def decide(world: World, given: CallInput, now_ms: int, rules: Rules) -> list[Event]:
    match given:
        case Offer():
            return _offer(world, given)
        case Greeted(id):
            call = world.calls.get(id)
            return [CallQueued(id)] if call and call.state is CallState.ANNOUNCE else []
        case Answer(id, desk):
            return _claim(world, _waiting_call(world, id), desk, rules)
        case DeskAnswered(id, desk):
            return _answered(world, id, desk)
        case DeskHungUp(id, desk, cause):
            return _desk_gone(world, id, desk, cause, now_ms, rules)
        case HungUp(leg, cause):
            gone = world.call_of(leg)
            return _caller_gone(world, gone, cause, now_ms, rules) if gone else []
        case EndCall(id, by):
            return _end(world, id, by, now_ms, rules)
        case FileCall():
            return _file(world, given, now_ms, rules)
        case LocateCall():
            return _locate(world, given)
        case Unattended():
            return _unattended(world, given, rules)
        case RecordingKept(id, path, sha256, duration_ms, part, parts):
            kept = RecordingStored(id, path, sha256, duration_ms, part, parts)
            return [kept] if id in world.recordings else []
        case RecordingLost(id, why):
            return [RecordingFailed(id, why)] if id in world.recordings else []
        case CloseCallback(id, by):
            if id not in world.callbacks:
                raise Refused(f"panggilan balik {id} sudah selesai", f"call-back {id} is closed")
            return [CallbackClosed(id, by)]
        case SignIn(desk, taker):
            return _sign_in(world, desk, taker, rules)
        case SignOut(desk):
            return [DeskClosed(desk)] if desk in world.desks else []
        case _:
            assert_never(given)


def ended(world: World, call: Call, reason: EndReason, now_ms: int, rules: Rules) -> list[Event]:
    """The call is over: file its recording, and remember whom nobody helped."""
    events: list[Event] = [CallEnded(call.id, reason), RecordingDue(call.id, call.leg)]
    if reason in ANSWERED or not _deserves_callback(world, call, reason, now_ms, rules):
        return events
    return [*events, CallbackOpened(world.seq + len(events) + 1, call.id, call.number, reason)]


def _offer(world: World, given: Offer) -> list[Event]:
    call = world.call_of(given.leg)
    if call is None:
        id = world.seq + 1
        place = given.location if given.location and _plausible(given.location) else None
        return [CallOffered(id, given.line, given.leg, given.caller, given.number, place)]
    events: list[Event] = []
    if given.number and given.caller != call.caller:
        events.append(CallIdentified(call.id, given.caller, given.number))
    if given.location and _plausible(given.location) and given.location != call.location:
        events += _located(world, call.id, given.location)
    return events


def _plausible(place: Location) -> bool:
    """A device may say anything; what is on no map is no place (and NaN is in no interval)."""
    return -90 <= place.lat <= 90 and -180 <= place.lon <= 180 and place.radius_m >= 0


def _located(world: World, id: int, location: Location) -> list[Event]:
    """What is learnt of the caller's place while an incident is open is the incident's too."""
    incident = world.incident_of(id)
    if incident is None:
        return [CallLocated(id, location)]
    return [CallLocated(id, location), IncidentLocated(incident.id, location)]


def _waiting_call(world: World, id: int) -> Call:
    call = world.calls.get(id)
    if call is None or call.state is CallState.WRAPUP:
        raise Refused(f"panggilan {id} sudah tidak ada", f"call {id} is no longer there")
    if call.taker:
        raise Refused(
            f"panggilan {id} sudah dijawab {call.taker}",
            f"call {id} was already answered by {call.taker}",
        )
    return call


def _claim(world: World, call: Call, desk: str, rules: Rules) -> list[Event]:
    if desk not in rules.desks:
        raise Refused(f"tidak ada meja {desk}", f"there is no desk {desk}")
    if (busy := world.call_at(desk)) and busy.in_progress:
        raise Refused(
            f"{desk} masih melayani panggilan {busy.id}", f"{desk} is still in call {busy.id}"
        )
    if any(c.claimed and desk in c.ringing for c in world.calls.values()):
        raise Refused(
            f"telepon {desk} sedang dihubungi; angkat dahulu",
            f"{desk} is being rung for another call; pick up first",
        )
    events: list[Event] = []
    if call.state is CallState.ANNOUNCE:
        events.append(CallQueued(call.id))  # else nobody plays anything if the desk stays silent
    if busy:
        events.append(CallFiled(busy.id, None, world.desks.get(desk, desk)))
    for other in world.calls.values():
        if other.id != call.id and desk in other.ringing:
            events.append(DeskReleased(other.id, desk, f"answers call {call.id}"))
    return [*events, CallClaimed(call.id, desk, world.desks.get(desk, desk))]


def _answered(world: World, id: int, desk: str) -> list[Event]:
    call = world.calls.get(id)
    if call is None or desk not in call.ringing:
        return []  # somebody was faster, or the caller has gone; the phone is hung up
    answered = CallAnswered(id, desk, world.desks.get(desk, desk))
    return [answered, *_helped(world, call.number, id)]


def _helped(world: World, number: str, call: int) -> list[Event]:
    """A number that is answered again needs no call back."""
    return [
        CallbackClosed(callback.id, "redial", call)
        for callback in world.callbacks.values()
        if callback.number and callback.number == number
    ]


def _desk_gone(
    world: World, id: int, desk: str, cause: Cause, now_ms: int, rules: Rules
) -> list[Event]:
    call = world.calls.get(id)
    if call is None or call.state is CallState.WRAPUP:
        return []
    if desk in call.ringing:
        return [DeskReleased(id, desk, cause)]
    if call.desk != desk:
        return []
    if cause in (Cause.NETWORK, Cause.LOST):
        return [CallQueued(id)]  # the phone failed, not the caller: back to the head of the queue
    return ended(world, call, EndReason.COMPLETED_TAKER, now_ms, rules)


def _caller_gone(world: World, call: Call, cause: Cause, now_ms: int, rules: Rules) -> list[Event]:
    return ended(world, call, _reason(call, cause), now_ms, rules)


def _reason(call: Call, cause: Cause) -> EndReason:
    if cause is Cause.LOST:
        return EndReason.LOST_SYSTEM
    if cause is Cause.NETWORK:
        return EndReason.LOST_NETWORK
    if call.answered and call.waits:
        return EndReason.LOST_SYSTEM  # our phone failed in mid-call; answered excludes abandoned
    return {
        CallState.ANNOUNCE: EndReason.ABANDONED_ANNOUNCE,
        CallState.QUEUED: EndReason.ABANDONED_QUEUE,
        CallState.RINGING: EndReason.ABANDONED_RING,
        CallState.ANSWERED: EndReason.COMPLETED_CALLER,
    }[call.state]


def _deserves_callback(
    world: World, call: Call, reason: EndReason, now_ms: int, rules: Rules
) -> bool:
    if not call.number or any(c.number == call.number for c in world.callbacks.values()):
        return False
    ours = reason in (EndReason.LOST_SYSTEM, EndReason.LOST_NETWORK)
    waited_ms = now_ms - call.offered_at_ms
    return ours or waited_ms >= rules.callback_after_ms or call.location is not None


def _end(world: World, id: int, by: str, now_ms: int, rules: Rules) -> list[Event]:
    call = world.calls.get(id)
    if call is None or not call.in_progress:
        raise Refused(f"panggilan {id} sudah berakhir", f"call {id} is over already")
    if call.state is not CallState.ANSWERED:
        raise Refused(
            f"panggilan {id} belum dijawab; jawab dahulu",
            f"call {id} has not been answered; answer it first",
        )
    return ended(world, call, EndReason.COMPLETED_TAKER, now_ms, rules)


def _file(world: World, given: FileCall, now_ms: int, rules: Rules) -> list[Event]:
    call = world.calls.get(given.call)
    if call is None:
        raise Refused(
            f"panggilan {given.call} sudah diarsipkan", f"call {given.call} is filed already"
        )
    if call.waits:
        raise Refused(f"panggilan {call.id} belum dijawab", f"call {call.id} has not been answered")
    over: list[Event] = []
    if call.in_progress:
        over = ended(world, call, EndReason.COMPLETED_TAKER, now_ms, rules)
    return [*over, CallFiled(call.id, given.disposition, given.by)]


def _locate(world: World, given: LocateCall) -> list[Event]:
    if given.call not in world.calls:
        raise Refused(
            f"panggilan {given.call} sudah tidak ada", f"call {given.call} is no longer there"
        )
    if not _plausible(given.location):
        raise Refused("letak itu tidak ada di peta", "that place is on no map")
    return _located(world, given.call, given.location)


def _unattended(world: World, given: Unattended, rules: Rules) -> list[Event]:
    """Write down a call that the exchange alone had, as far as it is known."""
    id = world.seq + 1
    number = given.caller.number
    offered = CallOffered(
        id,
        given.line,
        given.leg,
        given.caller,
        number,
        unattended=True,
        began_utc_ms=given.began_utc_ms,
    )
    reason = EndReason.COMPLETED_CALLER if given.desk else EndReason.ABANDONED_RING
    events: list[Event] = [offered]
    if given.desk:
        events.append(CallAnswered(id, given.desk, given.desk))
    events += [CallEnded(id, reason, given.ended_utc_ms), RecordingDue(id, given.leg)]
    if given.desk:
        return [*events, CallFiled(id, None, given.desk), *_helped(world, number, id)]
    waited_ms = given.ended_utc_ms - given.began_utc_ms
    known = any(c.number == number for c in world.callbacks.values())
    if number and waited_ms >= rules.callback_after_ms and not known:
        events.append(CallbackOpened(id + len(events), id, number, reason))
    return events


def _sign_in(world: World, desk: str, taker: str, rules: Rules) -> list[Event]:
    if desk not in rules.desks:
        raise Refused(f"tidak ada meja {desk}", f"there is no desk {desk}")
    if not taker.strip():
        raise Refused("tulis nama petugas", "write the call taker's name")
    return [] if world.desks.get(desk) == taker else [DeskOpened(desk, taker.strip())]
