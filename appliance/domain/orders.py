"""Orders: what must reach somebody, however late. Written with the event, sent until taken over.

An order carries all that its message says, so that it can be sent by a process that knows nothing
else; `formats` makes the words. Personal data goes by role (domain.md, Personal data).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from appliance.domain.events import (
    CallOffered,
    Channel,
    DispatchAcknowledged,
    DispatchAdvanced,
    DispatchDelivered,
    DispatchEscalated,
    DispatchRaised,
    DispatchRefused,
    DispatchSent,
    Entry,
    Event,
    IncidentCancelled,
    IncidentClosed,
)
from appliance.domain.incidents import Dispatch, Incident
from appliance.domain.routing import Role
from appliance.domain.world import World
from drivers.api import Location
from drivers.value import value


@value
class Alert:
    """Go there: one per dispatch, settled when the agency's client has it."""

    dispatch: int
    incident: int
    agency: str
    role: Role
    kind: str
    name: str
    priority: int
    cap: str
    place: str
    narrative: str
    location: Location | None
    callback: str  # the caller's number; empty unless the agency goes there itself
    agencies: tuple[tuple[str, Role], ...]
    opened_utc_ms: int
    raised_utc_ms: int


class Change(StrEnum):
    CLOSED = "closed"
    CANCELLED = "cancelled"


@value
class Update:
    """The incident changed under the agency's hands; settled when the broker has it."""

    dispatch: int
    incident: int
    agency: str
    change: Change
    text: str
    sequence: int
    opened_utc_ms: int
    raised_utc_ms: int


@value
class CallNotice:
    """A line was seized; for the province's picture, without a word of who called."""

    call: int
    line: str
    offered_utc_ms: int


Body = Alert | Update | CallNotice
HUB = "hub"


@value
class Order:
    """`key` is unique for all time; `to` is an agency, the hub, or a phone number when by SMS."""

    key: str
    channel: Channel
    to: str
    body: Body


def orders(entry: Entry, before: World, after: World, *, hub: bool = False) -> list[Order]:
    """What `entry` makes somebody be told.

    `before` is the world right before it, `after` the one after the whole decision it belongs to;
    `hub`: the province wants to know of every call.
    """
    seq, utc_ms = entry.seq, entry.utc_ms
    match entry.event:
        case CallOffered(id, line) if hub:
            notice = CallNotice(id, line, utc_ms)
            return [Order(f"call/{id}", Channel.MQTT, HUB, notice)]
        case DispatchRaised(id, incident, agency):
            alert = _alert(after.incidents[incident], id)
            return [Order(alert_key(id, Channel.MQTT), Channel.MQTT, agency, alert)]
        case DispatchEscalated(id, incident, _, Channel.SMS, to):
            alert = _alert(after.incidents[incident], id)
            return [Order(alert_key(id, Channel.SMS), Channel.SMS, to, alert)]
        case IncidentClosed(id, _, outcome):
            return _updates(before.incidents[id], Change.CLOSED, outcome, seq, utc_ms)
        case IncidentCancelled(id, _, reason):
            return _updates(before.incidents[id], Change.CANCELLED, reason, seq, utc_ms)
        case _:
            return []


def alert_key(dispatch: int, channel: Channel) -> str:
    return f"alert/{dispatch}/{channel}"


def settled(event: Event, before: World) -> Iterable[str]:
    """The keys of orders that nobody waits for any more."""
    match event:
        case DispatchDelivered(id):
            return (alert_key(id, Channel.MQTT),)
        case DispatchAcknowledged(id) | DispatchRefused(id) | DispatchAdvanced(id):
            return _both(id)
        case DispatchSent(id, _, Channel.SMS):
            return (alert_key(id, Channel.SMS),)
        case IncidentClosed(id) | IncidentCancelled(id):
            return [key for dispatch in before.incidents[id].dispatches for key in _both(dispatch)]
        case _:
            return ()


def _both(dispatch: int) -> tuple[str, ...]:
    return alert_key(dispatch, Channel.MQTT), alert_key(dispatch, Channel.SMS)


def _alert(incident: Incident, id: int) -> Alert:
    dispatch = incident.dispatches[id]
    informed_only = dispatch.role is Role.INFORMATIONAL
    return Alert(
        id,
        incident.id,
        dispatch.agency,
        dispatch.role,
        incident.kind,
        incident.name,
        incident.priority,
        incident.cap,
        incident.place,
        "" if informed_only else incident.narrative,
        None if informed_only else incident.location,
        incident.number if dispatch.role is Role.DISPATCHED else "",
        tuple((d.agency, d.role) for d in incident.dispatches.values()),
        incident.opened_utc_ms,
        dispatch.raised_utc_ms,
    )


def _updates(incident: Incident, change: Change, text: str, seq: int, utc_ms: int) -> list[Order]:
    return [_update(incident, d, change, text, seq, utc_ms) for d in incident.dispatches.values()]


def _update(
    incident: Incident, dispatch: Dispatch, change: Change, text: str, seq: int, utc_ms: int
) -> Order:
    update = Update(
        dispatch.id,
        incident.id,
        dispatch.agency,
        change,
        text,
        seq,
        incident.opened_utc_ms,
        utc_ms,
    )
    return Order(f"update/{dispatch.id}/{seq}", Channel.MQTT, dispatch.agency, update)
