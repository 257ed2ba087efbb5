"""Who is there: the agencies' clients, and this box. Retained, so that a newcomer is told at once.

Birth and last will of the box carry the boot counter: a will that arrives late belongs to a boot
that is over. MQTT 5.0 3.1.2.5 (will), reference/mqtt.md.
"""

from __future__ import annotations

from enum import StrEnum

from appliance.formats import topics
from appliance.formats.foreign import shown
from appliance.formats.identifiers import Site, local_time, message_id
from appliance.formats.json_text import to_json
from appliance.formats.receipt import Malformed
from drivers.api import Message

BOX_STATUS = "id.ntpd112.box.status"
_WORD_MAX = 16  # bytes; the longest word has 7


class Presence(StrEnum):
    """How an agency's client stands with the broker."""

    ONLINE = "online"
    OFFLINE = "offline"  # it left in peace
    LOST = "lost"  # its last will


def presence(topic: str, payload: bytes, site: Site) -> tuple[str, Presence]:
    """Whose client is how. Raises Malformed."""
    said = topics.said(topic, site)
    if said is None or said.leaf != "presence":
        raise Malformed(f"{shown(topic)}: bukan topik kehadiran / is no presence topic")
    word = payload[:_WORD_MAX].decode(errors="replace").strip()
    try:
        return said.agency, Presence(word)
    except ValueError:
        raise Malformed(f"{shown(word)}; tulis / write online, offline") from None


def birth(boot: int, utc_ms: int, site: Site) -> Message:
    """The box is there, for the `boot`th time."""
    return _status(Presence.ONLINE, boot, utc_ms, site)


def last_will(boot: int, utc_ms: int, site: Site) -> Message:
    """What the broker says when the box is gone; `utc_ms` is of the birth it belongs to."""
    return _status(Presence.LOST, boot, utc_ms, site)


def _status(state: Presence, boot: int, utc_ms: int, site: Site) -> Message:
    event = {
        "specversion": "1.0",
        "id": message_id(f"status/{boot}/{state}", utc_ms, site),
        "source": site.source,
        "type": BOX_STATUS,
        "datacontenttype": "application/json",
        "data": {
            "box": site.box,
            "state": state,
            "boot": boot,
            "since": local_time(utc_ms, site),
        },
    }
    return Message(topics.box_status(site), to_json(event), retain=True)
