"""The names by which agencies know a site, its incidents and its messages.

Incident numbers are read aloud and typed into other systems; message ids let a client drop what it
has already seen. Both are the same each time they are made from the same journal entry, because an
order is sent until it is settled and may be sent by a later process.

RFC 9562 5.7 (UUIDv7), CloudEvents 1.0 3.1 (id, source, time), reference/mqtt.md (party, topics).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from drivers.value import value

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


@value
class Site:
    """What a message says about who sends it.

    `kode` is the regency code without dots; `zone` an IANA name, as in Asia/Makassar. An agency is
    told to answer within `received_s` and `accepted_s`; what happens then is the domain's ladder.
    """

    kode: str
    box: str
    zone: str
    received_s: int = 15
    accepted_s: int = 60

    @property
    def source(self) -> str:
        return f"//{self.kode}.ntpd112.id/{self.box}"


def party(agency: str, site: Site) -> str:
    """The agency as the broker knows it: user name, and CN of its certificate."""
    return f"{agency}-{site.kode}"


def incident_number(incident: int, opened_utc_ms: int, site: Site) -> str:
    """7471-20261122-000123: the day is the one on the wall of the centre."""
    return f"{site.kode}-{_local(opened_utc_ms, site):%Y%m%d}-{incident:06d}"


def local_time(utc_ms: int, site: Site) -> str:
    """RFC 3339 with the offset of the site's zone; CAP 1.2 3.2.1 forbids Z."""
    return _local(utc_ms, site).isoformat(timespec="milliseconds")


def message_id(key: str, utc_ms: int, site: Site) -> str:
    """A UUIDv7 whose random bits come from `key`: sent again, a message has the same id."""
    digest = sha256(f"{site.source}\x1f{key}".encode()).digest()
    chance = int.from_bytes(digest[:10])
    rand_a, rand_b = chance >> 62 & 0xFFF, chance & (1 << 62) - 1
    time = utc_ms & (1 << 48) - 1
    digits = f"{time << 80 | _VERSION | rand_a << 64 | _VARIANT | rand_b:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _local(utc_ms: int, site: Site) -> datetime:
    whole, rest_ms = divmod(utc_ms, 1000)
    moment = datetime.fromtimestamp(whole, UTC).replace(microsecond=rest_ms * 1000)
    return moment.astimezone(_zone(site.zone))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
