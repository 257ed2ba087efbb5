"""What the province's hub is told of a call: that a line was seized, and when. No word of who.

reference/mqtt.md, Public contract (sync/{box}/call); CloudEvents 1.0 2.1.
"""

from __future__ import annotations

from appliance.domain.orders import CallNotice
from appliance.formats import topics
from appliance.formats.identifiers import Site, local_time, message_id
from appliance.formats.json_text import to_json
from drivers.api import Message

OFFERED = "id.ntpd112.call.offered"
EXPIRY_S = 7 * 24 * 3600  # the hub counts calls by the week


def call_notice(key: str, notice: CallNotice, site: Site) -> Message:
    event = {
        "specversion": "1.0",
        "id": message_id(key, notice.offered_utc_ms, site),
        "source": site.source,
        "type": OFFERED,
        "subject": f"call/{notice.call}",
        "time": local_time(notice.offered_utc_ms, site),
        "datacontenttype": "application/json",
        "data": {"call": notice.call, "line": notice.line},
    }
    return Message(topics.call_notice(site), to_json(event), expiry_s=EXPIRY_S)
