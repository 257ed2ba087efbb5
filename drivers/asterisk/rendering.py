"""Asterisk's configuration files, rendered from an `ExchangePlan`.

Pure: text in, text out. The files of `etc/` are the configuration; here its few blanks are filled.
Asterisk is to see the result as /etc/asterisk, and `config/sounds` as /usr/share/asterisk/sounds;
/var/spool/asterisk holds `recordings/` and `unattended/`, writable for it. `start_conf` gives one
more file, to be written anew before each start of Asterisk.

Asterisk 22 configuration reference: docs.asterisk.org, Asterisk_22_Documentation.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from drivers.api import DriverError

CODECS = ("alaw", "ulaw", "g722")

_ETC = Path(__file__).parent / "etc"
_BLANK = re.compile(r"@\{([a-z_]+)\}")  # the dialplan has its own ${name}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_SECRET = re.compile(r"[A-Za-z0-9_.~+/=-]{8,64}")  # nothing a .conf file would read as its own
_CONTACT = re.compile(r"sip:([a-z0-9-]+@)?[A-Za-z0-9.-]+(:[0-9]{1,5})?(;transport=(udp|tcp))?")
_RESERVED = frozenset({"global", "system", "udp", "tcp"})  # sections of pjsip.conf


class WrongPlan(DriverError):
    """Asterisk cannot be configured this way; the text lists all that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the exchange cannot be set up:\n  " + "\n  ".join(problems))


@dataclass(frozen=True, slots=True)
class Trunk:
    """A gateway or carrier that calls from `host` (an address or network) and listens there."""

    name: str
    host: str
    port: int = 5060
    codecs: tuple[str, ...] = ("alaw",)


@dataclass(frozen=True, slots=True)
class Desk:
    """A call taker's phone: at the fixed `contact` (sip:...), or registering with `password`.

    A registering phone's user name is `name`.
    """

    name: str
    contact: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class ExchangePlan:
    trunks: tuple[Trunk, ...]
    desks: tuple[Desk, ...]
    ari_password: str
    ari_user: str = "siaga"
    ari_port: int = 8088
    app: str = "siaga"
    sip_host: str = "0.0.0.0"
    sip_port: int = 5060
    rtp_first: int = 10_000
    rtp_last: int = 10_399  # two ports a leg: 200 legs, then 488
    max_calls: int = 100
    fallback_ring_s: int = 20  # one round of ringing every phone while the daemon is away


def render(plan: ExchangePlan) -> dict[str, str]:
    """Return the text of each file by its name. Raises WrongPlan naming every problem at once."""
    if problems := list(_problems(plan)):
        raise WrongPlan(problems)
    blanks = {name: str(getattr(plan, name)) for name in plan.__slots__}
    phones = "&".join(f"PJSIP/{desk.name}" for desk in plan.desks)
    parts = {
        "pjsip.conf": {
            "trunks": "".join(map(_trunk, plan.trunks)),
            "desks": "".join(map(_desk, plan.desks)),
        },
        "extensions.conf": {
            "trunks": "".join(_fill("parts/dialplan_trunk.conf", name=t.name) for t in plan.trunks),
            "phones": phones,
        },
    }
    return {
        path.name: _fill(path.name, **blanks | parts.get(path.name, {}))
        for path in sorted(_ETC.glob("*.conf"))
    }


def start_conf(token: str) -> str:
    """Return start.conf, which names one start of Asterisk; `token` is drawn by chance."""
    assert re.fullmatch(r"[a-z0-9]{4,16}", token), token
    return f"systemname = {token}\n"


def fill(text: str, blanks: Mapping[str, str]) -> str:
    """Return `text` with each @{name} replaced; a name without a value is a KeyError."""
    return _BLANK.sub(lambda found: blanks[found[1]], text)


def _fill(file: str, **blanks: str) -> str:
    return fill((_ETC / file).read_text(encoding="utf-8"), blanks)


def _trunk(trunk: Trunk) -> str:
    return _fill(
        "parts/trunk.conf",
        name=trunk.name,
        host=trunk.host,
        port=str(trunk.port),
        codecs=",".join(trunk.codecs),
    )


def _desk(desk: Desk) -> str:
    if desk.contact:
        contact = "contact = " + desk.contact.replace(";", "\\;")  # ; begins a comment
        return _fill("parts/desk.conf", name=desk.name, auth="", contact=contact)
    auth = (
        f"auth = {desk.name}\n\n[{desk.name}]\ntype = auth\nauth_type = digest\n"
        f"username = {desk.name}\npassword = {desk.password}\n"
    )
    # One contact that a rebooted phone may replace; a phone that has gone is noticed in 20 s.
    contact = "max_contacts = 1\nremove_existing = yes\nqualify_frequency = 20"
    return _fill("parts/desk.conf", name=desk.name, auth=auth, contact=contact)


def _problems(plan: ExchangePlan) -> Iterator[str]:
    for kind, names in (("trunk", plan.trunks), ("desk", plan.desks)):
        if not names:
            yield f"there is no {kind}; at least one is needed"
    seen: set[str] = set(_RESERVED)
    parts: list[Trunk | Desk] = [*plan.trunks, *plan.desks]
    for part in parts:
        if not _NAME.fullmatch(part.name):
            yield f"{part.name!r} is not a name: a-z, then a-z, 0-9 and -, at most 31"
        elif part.name in seen:
            yield f"the name {part.name} is taken; trunks and desks need names of their own"
        seen.add(part.name)
    for trunk in plan.trunks:
        yield from _trunk_problems(trunk)
    for desk in plan.desks:
        yield from _desk_problems(desk)
    yield from _general_problems(plan)


def _trunk_problems(trunk: Trunk) -> Iterator[str]:
    try:
        ipaddress.ip_address(trunk.host)
    except ValueError:
        yield f"trunk {trunk.name}: host {trunk.host!r} is not an IP address, e.g. 192.168.1.10"
    if not 1 <= trunk.port <= 65_535:
        yield f"trunk {trunk.name}: port {trunk.port} must be from 1 to 65535"
    if not trunk.codecs or set(trunk.codecs) - set(CODECS):
        yield f"trunk {trunk.name}: codecs must be some of {', '.join(CODECS)}"


def _desk_problems(desk: Desk) -> Iterator[str]:
    if bool(desk.contact) == bool(desk.password):
        yield f"desk {desk.name}: give a contact (sip:...) or a password to register with, not both"
    elif desk.contact and not _CONTACT.fullmatch(desk.contact):
        yield f"desk {desk.name}: {desk.contact!r} is not like sip:desk-1@192.168.1.21:5060"
    elif desk.password and not _SECRET.fullmatch(desk.password):
        yield f"desk {desk.name}: the password must be 8 to 64 of A-Z a-z 0-9 _ . ~ + / = -"


def _general_problems(plan: ExchangePlan) -> Iterator[str]:
    if not _SECRET.fullmatch(plan.ari_password):
        yield "ari_password must be 8 to 64 of A-Z a-z 0-9 _ . ~ + / = -"
    for name in ("ari_user", "app"):
        if not _NAME.fullmatch(getattr(plan, name)) or getattr(plan, name) == "general":
            yield f"{name} {getattr(plan, name)!r} must be a-z, then a-z, 0-9 and -"
    try:
        ipaddress.IPv4Address(plan.sip_host)
    except ValueError:
        yield f"sip_host {plan.sip_host!r} is not an IPv4 address; 0.0.0.0 is every interface"
    for name, low, high in (
        ("ari_port", 1, 65_535),
        ("sip_port", 1, 65_535),
        ("rtp_first", 1_024, 65_500),
        ("rtp_last", 1_026, 65_535),
        ("max_calls", 1, 1_000),
        ("fallback_ring_s", 5, 120),
    ):
        if not low <= (value := getattr(plan, name)) <= high:
            yield f"{name} is {value}; it must be from {low} to {high}"
    if plan.rtp_last - plan.rtp_first < 20:
        yield f"rtp_first..rtp_last is {plan.rtp_first}..{plan.rtp_last}; it must hold 20 ports"
