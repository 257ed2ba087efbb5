"""What an agency answers, read from bytes that anybody may have written.

A receipt is a CloudEvent `id.ntpd112.dispatch.ack`. Who speaks is told by the topic, which the
broker lets only that party write to, never by the text. Whether there is such a dispatch, and
whether it is that agency's, is for the domain to say.

By hand and not by a validating package: what is wrong is told in words to whoever writes the
agency's client, and importing one would hold up the first answer of the day by 110 ms.

CloudEvents 1.0 JSON event format 3; reference/mqtt.md.
"""

from __future__ import annotations

import json
from typing import NoReturn

from appliance.domain.events import Channel
from appliance.domain.requests import Receipt
from appliance.formats import topics
from appliance.formats.foreign import clean, shown
from appliance.formats.identifiers import Site, party

ACK = "id.ntpd112.dispatch.ack"
PAYLOAD_MAX = 16 * 1024  # bytes; a receipt has 400
DISPATCH_MAX = 2**53  # beyond, JSON readers no longer agree on a number
BY_MAX = 64  # characters; longer ones are cut: no acceptance is lost for a long name
REASON_MAX = 200

STATUSES = ("received", "read", "accepted", "rejected", "enroute", "onscene", "done")
_BY_A_PERSON = ("accepted", "rejected")

Json = dict[str, object]


class Malformed(Exception):
    """A message makes no sense. The text, in both languages, tells its writer what is wrong."""


def receipt(topic: str, payload: bytes, site: Site) -> Receipt:
    """What the agency says by `payload`. Raises Malformed and nothing else."""
    agency = _agency(topic, site)
    told = _told(_json_object(payload), party(agency, site))
    status, by = _status(told), _text(told, "by", BY_MAX)
    if status in _BY_A_PERSON and not by:
        raise Malformed(
            f'"by" kosong; {status} perlu nama petugas'
            f' / "by" is empty; {status} takes the name of a person'
        )
    reason = _text(told, "reason", REASON_MAX)
    return Receipt(_dispatch(told), agency, status, by, Channel.MQTT, reason)


def _agency(topic: str, site: Site) -> str:
    said = topics.said(topic, site)
    if said is None or said.leaf != "ack":
        wanted = f"ntpd112/v1/{site.kode}/from/...-{site.kode}/ack"
        raise Malformed(
            f"topik {shown(topic)} bukan untuk jawaban instansi; pakai {wanted}"
            f" / is no topic for an agency's answers; use {wanted}"
        )
    return said.agency


def _json_object(payload: bytes) -> Json:
    if len(payload) > PAYLOAD_MAX:
        raise Malformed(
            f"pesan {len(payload)} byte, paling banyak {PAYLOAD_MAX}"
            f" / the message has {len(payload)} bytes, at most {PAYLOAD_MAX} are taken"
        )
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, nested too deep
        raise Malformed(f"bukan JSON / is not JSON: {clean(str(error), 100)}") from None
    if not isinstance(event, dict):
        raise Malformed(
            f"berisi {shown(event)}, bukan objek CloudEvent"
            f" / is {shown(event)}, not an object, a CloudEvent"
        )
    return event


def _told(event: Json, speaker: str) -> Json:
    """The data of an acknowledgement that does not claim to be somebody else's."""
    if event.get("specversion") != "1.0":
        _wrong("specversion", event.get("specversion"), '"1.0"')
    if event.get("type") not in (ACK, f"{ACK}.v1"):
        _wrong("type", event.get("type"), f'"{ACK}"')
    told = event.get("data")
    if not isinstance(told, dict):
        _wrong("data", told, '{"dispatch": ..., "status": ..., "by": ...}')
    for name, claimed in (("source", _source_party(event, speaker)), ("party", told.get("party"))):
        if claimed not in (None, speaker):
            _wrong(name, claimed, f'"{speaker}", seperti di topik / as in the topic')
    return told


def _source_party(event: Json, speaker: str) -> str | None:
    """The party that `source` names: //damkarmat-7471/...; other URIs are the agency's business."""
    source = event.get("source")
    if not isinstance(source, str) or not source.startswith("//"):
        return None
    authority = source.removeprefix("//").partition("/")[0]
    return authority if authority.endswith(speaker[speaker.rindex("-") :]) else None


def _dispatch(told: Json) -> int:
    number = told.get("dispatch")
    # To Python true is a number too; to JSON it is not.
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < DISPATCH_MAX:
        _wrong("dispatch", number, "angka dari alert, tanpa kutip / the alert's number, unquoted")
    return number


def _status(told: Json) -> str:
    status = told.get("status")
    if not isinstance(status, str) or status not in STATUSES:
        _wrong("status", status, ", ".join(STATUSES))
    return status


def _text(told: Json, name: str, longest: int) -> str:
    text = told.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        _wrong(name, text, "teks dalam tanda kutip / text in quotes")
    return clean(text, longest)


def _wrong(name: str, found: object, wanted: str) -> NoReturn:
    what = "tidak ada / is missing" if found is None else f"berisi / is {shown(found)}"
    raise Malformed(f'"{name}" {what}; tulis / write {wanted}')
