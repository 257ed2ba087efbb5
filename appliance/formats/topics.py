"""The topics of the public contract, made and taken apart in one place.

The direction stands before the party, so that two lines of access control serve any number of
agencies (reference/mqtt.md, Public contract). A party is [a-z0-9-]: RabbitMQ and NATS rewrite dots.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.formats.identifiers import Site, party
from drivers.value import value

_FROM = re.compile(r"ntpd112/v1/([0-9]+)/from/([a-z0-9-]{1,64})/([a-z]{1,32})")


@value
class Said:
    """An agency has said something: `leaf` is ack or presence. `agency` is not checked."""

    agency: str
    leaf: str


def alert(agency: str, category: str, site: Site) -> str:
    """Where `agency` is alerted; the last level is the CAP category in lower case.

    CAP has twelve categories and no centre can add one, so a client may subscribe to alert/fire
    and stay right; codes of kinds are the centre's own data and change with its routing table.
    """
    return f"{_base(site)}/to/{party(agency, site)}/alert/{category.lower()}"


def update(agency: str, site: Site) -> str:
    return f"{_base(site)}/to/{party(agency, site)}/update"


def ack(agency: str, site: Site) -> str:
    return f"{_base(site)}/from/{party(agency, site)}/ack"


def box_status(site: Site) -> str:
    return f"{_base(site)}/box/{site.box}/status"


def call_notice(site: Site) -> str:
    return f"{_base(site)}/sync/{site.box}/call"


def subscriptions(site: Site) -> Sequence[str]:
    """What the box listens to."""
    return [f"{_base(site)}/from/+/ack", f"{_base(site)}/from/+/presence"]


def said(topic: str, site: Site) -> Said | None:
    """Take the topic of an agency's message apart; None if no agency of this site speaks there."""
    match = _FROM.fullmatch(topic)
    if match is None or match[1] != site.kode:
        return None
    agency = match[2].removesuffix(f"-{site.kode}")
    return Said(agency, match[3]) if agency and agency != match[2] else None


def _base(site: Site) -> str:
    return f"ntpd112/v1/{site.kode}"
