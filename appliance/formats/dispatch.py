"""Orders as MQTT messages: what an agency reads when it is alerted, and when something changed.

CloudEvents 1.0 in structured JSON around words of CAP 1.2. Whom an order may tell what is decided
where the order is made (`domain.orders`); an empty field is left out here.

    message(order, site) -> the message for the broker; the same bytes each time

CloudEvents 1.0 2.1 and its sequence extension; OASIS CAP 1.2 3.2.1, 3.2.2; MQTT 5.0 3.3.2.3.
"""

from __future__ import annotations

from typing import assert_never

from appliance.domain.orders import Alert, CallNotice, Change, Order, Update
from appliance.formats import topics
from appliance.formats.call_notice import call_notice
from appliance.formats.identifiers import Site, incident_number, local_time, message_id, party
from appliance.formats.json_text import Json, to_json
from drivers.api import Message

REQUESTED = "id.ntpd112.dispatch.requested.v1"
CANCELLED = "id.ntpd112.dispatch.cancelled"
CLOSED = "id.ntpd112.incident.closed"
EXPIRY_S = 24 * 3600  # an alert of yesterday only frightens

# CAP 3.2.2 by priority. Urgency: Immediate, Expected (within the hour), Future.
_URGENCY = {1: "Immediate", 2: "Expected", 3: "Expected"}
_SEVERITY = {1: "Severe", 2: "Severe", 3: "Moderate"}
_CERTAINTY = "Likely"  # a caller saw it and a call taker asked; Observed is for those on the scene

# CAP's type of message, and ours.
_CHANGE = {Change.CANCELLED: ("Cancel", CANCELLED), Change.CLOSED: ("Update", CLOSED)}


def message(order: Order, site: Site) -> Message:
    """What the broker is given for an order by MQTT."""
    body = order.body
    match body:
        case Alert():
            topic = topics.alert(body.agency, body.cap, site)
            kind, sequence, told = REQUESTED, body.dispatch, _alert(body, site)
        case Update():
            topic = topics.update(body.agency, site)
            kind, sequence, told = _CHANGE[body.change][1], body.sequence, _update(body, site)
        case CallNotice():
            return call_notice(order.key, body, site)
        case _:
            assert_never(body)
    return Message(
        topic,
        _cloudevent(order.key, body, kind, sequence, told, site),
        expiry_s=EXPIRY_S,
        response_topic=topics.ack(body.agency, site),
        correlation=order.key.encode(),
    )


def _cloudevent(
    key: str, body: Alert | Update, kind: str, sequence: int, told: Json, site: Site
) -> bytes:
    return to_json(
        {
            "specversion": "1.0",
            "id": message_id(key, body.raised_utc_ms, site),
            "source": site.source,
            "type": kind,
            "subject": f"incident/{incident_number(body.incident, body.opened_utc_ms, site)}",
            "time": local_time(body.raised_utc_ms, site),
            "recipient": party(body.agency, site),
            # Text that sorts as the numbers do, as the extension demands.
            "sequence": f"{sequence:012d}",
            "datacontenttype": "application/json",
            "data": told,
        }
    )


def _alert(alert: Alert, site: Site) -> Json:
    return {
        "dispatch": alert.dispatch,
        "incident": incident_number(alert.incident, alert.opened_utc_ms, site),
        "role": alert.role,
        "kind": {"code": alert.kind, "name": alert.name},
        "priority": alert.priority,
        "status": "Actual",
        "msgType": "Alert",
        "category": alert.cap,
        "urgency": _URGENCY.get(alert.priority, "Future"),
        "severity": _SEVERITY.get(alert.priority, "Minor"),
        "certainty": _CERTAINTY,
        "location": _location(alert),
        **_if_any("narrative", alert.narrative),
        **_if_any("callback", alert.callback),
        "agencies": [{"party": party(id, site), "role": role} for id, role in alert.agencies],
        "ack": {
            "topic": topics.ack(alert.agency, site),
            "received_s": site.received_s,
            "accepted_s": site.accepted_s,
        },
    }


def _location(alert: Alert) -> Json:
    place: Json = {"address": alert.place}
    if found := alert.location:
        point = {"lat": found.lat, "lon": found.lon, "radius_m": found.radius_m}
        place = {**point, "method": found.source, **place}
    return place


def _update(update: Update, site: Site) -> Json:
    return {
        "dispatch": update.dispatch,
        "incident": incident_number(update.incident, update.opened_utc_ms, site),
        "status": "Actual",
        "msgType": _CHANGE[update.change][0],
        **_if_any("note", update.text),
    }


def _if_any(name: str, text: str) -> Json:
    return {name: text} if text else {}
