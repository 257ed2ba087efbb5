"""A whole site of far ends on one machine: exchange, gateway, modem, phones, broker, agencies.

Real parts where there are any: Asterisk, SIPp, mosquitto, MQTT clients; a modem simulated on a pty.
The box itself is not in here: `demo` and the tests run it against the site file this writes.

    async with far_site(directory) as site:
        async with Daemon(site.site_file, site.credentials) as daemon: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.asterisk.rendering import Desk, Trunk
from hil.far_end.agency import Agency
from hil.far_end.broker import Mosquitto
from hil.far_end.exchange import FarExchange, started_exchange
from hil.far_end.modem import ModemSimulator, open_modem_simulator
from hil.far_end.phone import DeskPhone, contact_at, phone
from hil.far_end.ports import free_port

PROJECT = Path(__file__).parents[1]
KODE = "7471"
DESKS = ("desk-1", "desk-2")
CALLER_HZ, DESK_HZ = 440, 620  # what a caller and a call taker sound like
ACCEPTS_AFTER_S = 1.5


@dataclass(slots=True)
class FarSite:
    directory: Path
    exchange: FarExchange
    broker: Mosquitto
    modem: ModemSimulator
    phones: dict[str, DeskPhone] = field(default_factory=dict)
    agencies: dict[str, Agency] = field(default_factory=dict)

    @property
    def site_file(self) -> Path:
        return self.directory / "site.toml"

    @property
    def credentials(self) -> Path:
        return self.directory / "credentials"

    @property
    def state(self) -> Path:
        return self.directory / "state"


@asynccontextmanager
async def far_site(
    directory: Path,
    agencies: Sequence[str] = ("damkarmat", "psc119", "polresta", "pln"),
    *,
    accepts_after_s: float | None = ACCEPTS_AFTER_S,
    ring_ms: int = 200,
    rules: str = "",
) -> AsyncIterator[FarSite]:
    """Start every far end. `agencies` have a client; the others of Kendari have none.

    `accepts_after_s` None: nobody there accepts unless told to; `ring_ms` is how long a desk's
    phone rings before it is picked up; `rules` are lines of the site file's [rules].
    Raises DriverError, saying what is missing.
    """
    await asyncio.to_thread(directory.chmod, 0o755)  # Asterisk, another user, records in it
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Mosquitto())
        ports = {desk: free_port() for desk in DESKS}
        desks = tuple(Desk(desk, contact_at(port)) for desk, port in ports.items())
        trunks = (Trunk("trunk-1", "127.0.0.1"),)
        exchange = await stack.enter_async_context(
            started_exchange(directory / "asterisk", trunks, desks, restarts=True)
        )
        at = directory / "modem-at", directory / "modem-pcm"
        modem = await stack.enter_async_context(open_modem_simulator(*at, tone_hz=CALLER_HZ))
        site = FarSite(directory, exchange, broker, modem)
        for desk, port in ports.items():
            ringing = phone(directory / desk, port, tone_hz=DESK_HZ, ring_ms=ring_ms)
            site.phones[desk] = await stack.enter_async_context(ringing)
        for name in agencies:
            agency = Agency(
                f"{name}-{KODE}", KODE, broker.port, accepts_after_s=accepts_after_s, by=name
            )
            site.agencies[name] = await stack.enter_async_context(agency)
        _write(site, rules)
        yield site


def _write(site: FarSite, rules: str) -> None:
    site.credentials.mkdir()
    (site.credentials / "ari-password").write_text(site.exchange.plan.ari_password)
    site.site_file.write_text(_site_file(site, rules), encoding="utf-8")


def _site_file(site: FarSite, rules: str) -> str:
    plan = site.exchange.plan
    phones = "".join(
        _PHONE.format(name=name, contact=phone.contact) for name, phone in site.phones.items()
    )
    return _SITE.format(
        state=site.state,
        recordings=site.exchange.recordings,
        address=plan.sip_host,
        sip_port=plan.sip_port,
        ari_port=plan.ari_port,
        rtp_first=plan.rtp_first,
        rtp_last=plan.rtp_last,
        at=site.directory / "modem-at",
        pcm=site.directory / "modem-pcm",
        phones=phones,
        agencies="".join(_AGENCY.format(code=code, name=name) for code, name in AGENCIES.items()),
        mqtt_port=site.broker.port,
        rules=rules,
        routing=PROJECT / "config" / "routing" / "kendari.tsv",
    )


AGENCIES = {
    "damkarmat": "Damkarmat",
    "bpbd": "BPBD",
    "polresta": "Polresta Kendari",
    "psc119": "PSC 119",
    "dinkes": "Dinas Kesehatan",
    "satpolpp": "Satpol PP",
    "dishub": "Dishub",
    "dlhk": "DLHK",
    "dinsos": "Dinas Sosial",
    "pupr": "PUPR",
    "pdam": "PDAM",
    "pln": "PLN",
    "basarnas": "Basarnas",
    "kodim": "Kodim",
    "korem": "Korem",
    "pimpinan": "Pimpinan",
}

_AGENCY = """
[[agency]]
code = "{code}"
name = "{name}"
"""

_PHONE = """
[[phone]]
name = "{name}"
contact = "{contact}"

[[desk]]
name = "{name}"
phone = "{name}"
"""

_SITE = """\
[site]
name = "NTPD 112 Kendari (demo)"
kode = "7471"
box = "box-7471-a"
timezone = "Asia/Makassar"
state = "{state}"
recordings = "{recordings}"

[exchange]
address = "{address}"
sip_port = {sip_port}
rtp_first_port = {rtp_first}
rtp_last_port = {rtp_last}
ari_url = "http://127.0.0.1:{ari_port}"

[[trunk]]
name = "trunk-1"
host = "127.0.0.1"

[[modem]]
name = "modem-1"
port = "{at}"
pcm_port = "{pcm}"
{phones}{agencies}
[broker]
port = {mqtt_port}

[panel]
driver = "simulated"

[[panel.lamp]]
colour = "red"
pin = 5

[[panel.lamp]]
colour = "yellow"
pin = 6

[[panel.lamp]]
colour = "blue"
pin = 13

[[panel.lamp]]
colour = "green"
pin = 19

[[panel.lamp]]
colour = "white"
pin = 26

[[panel.siren]]
name = "siren"
pin = 17
max_on_s = 180

[[panel.button]]
role = "acknowledge"
pin = 27

[console]
port = 0

[rules]
{rules}

[routing]
file = "{routing}"
"""
