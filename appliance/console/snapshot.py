"""What the console shows, as plain values: the world right now, and what the site is made of.

Moments are milliseconds of the box's own clock beside its `now_ms`; the browser counts on from
there by its own clock, so that neither has to be right about the time of day.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from appliance.clock import Clock
from appliance.console.words import WORDS
from appliance.domain.calls import Call
from appliance.domain.incidents import Dispatch, Incident
from appliance.domain.levels import levels
from appliance.domain.routing import Kind
from appliance.domain.rules import Rules
from appliance.domain.troubles import Trouble
from appliance.domain.world import Callback, Sms, World
from drivers.api import Location

Shown = dict[str, object]


def world_now(world: World, clock: Clock, rules: Rules) -> Shown:
    """Everything open, for the screen."""
    now_ms = clock.now_ms()
    incidents = sorted(world.incidents.values(), key=lambda i: (i.priority or 9, i.id))
    return {
        "seq": world.seq,
        "now_ms": now_ms,
        "utc_ms": clock.utc_ms(),
        "clock": clock.quality(),
        "calls": [_call(call) for call in world.calls.values()],
        "incidents": [_incident(incident) for incident in incidents],
        "callbacks": [_callback(callback) for callback in world.callbacks.values()],
        "messages": [_message(message) for message in world.messages.values()],
        "desks": dict(world.desks),
        "troubles": [_trouble(trouble) for trouble in world.troubles.values()],
        "levels": dict(levels(world, now_ms, rules)),
    }


def site(rules: Rules, zone: str, now_utc_ms: int) -> Shown:
    """What does not change while the daemon runs."""
    now = datetime.fromtimestamp(now_utc_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return {
        "words": WORDS,
        "zone": zone,
        "zone_short": now.strftime("%Z"),
        "desks": rules.desks,
        "agencies": [{"id": a.id, "name": a.name} for a in rules.agencies.values()],
        "kinds": [_kind(kind) for kind in rules.routing.kinds.values()],
        "wrap_up_ms": rules.wrap_up_ms,
        "answer_target_ms": rules.answer_target_ms,
    }


def _kind(kind: Kind) -> Shown:
    return {
        "code": kind.code,
        "name": kind.name,
        "priority": kind.priority,
        "proposal": dict(reversed(kind.proposal())),
    }


def _call(call: Call) -> Shown:
    return {
        "id": call.id,
        "line": call.line,
        "number": call.number or call.caller.number,
        "presentation": call.caller.presentation,
        "location": _location(call.location),
        "state": call.state,
        "waits": call.waits,
        "offered_ms": call.offered_at_ms,
        "since_ms": call.since_ms,
        "ringing": sorted(call.ringing),
        "claimed": call.claimed,
        "desk": call.desk,
        "taker": call.taker,
    }


def _location(location: Location | None) -> Shown | None:
    if location is None:
        return None
    return {
        "lat": location.lat,
        "lon": location.lon,
        "radius_m": location.radius_m,
        "source": location.source,
        "utc_ms": location.utc_ms,
    }


def _incident(incident: Incident) -> Shown:
    return {
        "id": incident.id,
        "call": incident.call,
        "number": incident.number,
        "location": _location(incident.location),
        "utc_ms": incident.opened_utc_ms,
        "state": incident.state,
        "verified_by": incident.verified_by,
        "kind": incident.kind,
        "name": incident.name,
        "priority": incident.priority,
        "place": incident.place,
        "narrative": incident.narrative,
        "dispatches": [_dispatch(dispatch) for dispatch in incident.dispatches.values()],
    }


def _dispatch(dispatch: Dispatch) -> Shown:
    return {
        "id": dispatch.id,
        "agency": dispatch.agency,
        "role": dispatch.role,
        "raised_ms": dispatch.raised_at_ms,
        "state": dispatch.state,
        "must_answer": dispatch.must_answer,
        "channel": dispatch.channel,
        "by": dispatch.by,
        "reason": dispatch.reason,
        "rung": dispatch.rung,
    }


def _callback(callback: Callback) -> Shown:
    return {
        "id": callback.id,
        "number": callback.number,
        "reason": callback.reason,
        "utc_ms": callback.opened_utc_ms,
    }


def _message(message: Sms) -> Shown:
    return {
        "id": message.id,
        "line": message.line,
        "sender": message.sender,
        "text": message.text,
        "utc_ms": message.sent_utc_ms,
        "damaged": message.damaged,
    }


def _trouble(trouble: Trouble) -> Shown:
    return {
        "id": trouble.part,
        "why": trouble.why,
        "utc_ms": trouble.raised_utc_ms,
        "active": trouble.active,
        "acknowledged": trouble.acknowledged,
    }
