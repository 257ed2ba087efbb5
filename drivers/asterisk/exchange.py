"""Asterisk as the telephone exchange of `drivers.api`: calls in, phones rung, legs joined.

It remembers no call: after `Up`, `legs()` asks Asterisk what there is, so calls outlive the daemon.
The dialplan it expects is `etc/extensions.conf`; the connection is kept in `connection`.

Asterisk 22 REST API: docs.asterisk.org, Asterisk_REST_Interface (Channels, Bridges, Playbacks).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from drivers.api import (
    Caller,
    Cause,
    DriverError,
    ExchangeFact,
    HungUp,
    LegGone,
    LegState,
    Presentation,
    Unattended,
    Up,
)
from drivers.asterisk.client import AlreadyThere, Unreachable
from drivers.asterisk.connection import Connection
from drivers.asterisk.unattended import UnattendedCalls
from drivers.wire.ari import (
    DESK,
    MEDIA,
    MediaOpened,
    Unknown,
    channel_of,
    leg_of,
    read_legs,
    read_names,
)

MEDIA_OPENS_S = 3.0
LOOK_S = 60.0  # for unattended calls that nothing announced
LANGUAGES = ("id", "en")

_log = logging.getLogger(__name__)


@asynccontextmanager
async def open_exchange(
    name: str,
    ari_url: str,
    user: str,
    password: str,
    *,
    app: str = "siaga",
    unattended: Path | None = None,
) -> AsyncIterator[AsteriskExchange]:
    """Keep connected to the Asterisk at `ari_url` (http://127.0.0.1:8088/ari).

    Yields at once, connected or not. `unattended` is the directory where the dialplan leaves the
    calls it took by itself.
    """
    exchange = AsteriskExchange(name, app, unattended)
    keeping = asyncio.create_task(exchange.keep_connected(ari_url, user, password))
    keeping.add_done_callback(exchange.on_end)
    try:
        yield exchange
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


class AsteriskExchange:
    def __init__(self, name: str, app: str, unattended: Path | None = None) -> None:
        self.name = name
        self._app = app
        self._connection = Connection(name, self._hear, self._report_unattended)
        self._facts: asyncio.Queue[ExchangeFact | asyncio.Task[None]] = asyncio.Queue()
        self._entering: dict[str, asyncio.Future[None]] = {}  # media legs on their way in
        self._unattended = UnattendedCalls(unattended) if unattended is not None else None
        self._look_again_s = 0.0
        self._reported: set[str] = set()  # unattended legs whose fact waits to be taken in

    async def facts(self) -> AsyncIterator[ExchangeFact]:
        """Yield what happens. Asking for the next fact says that the last one has been taken in:
        only then the file of an unattended call is removed."""
        while True:
            fact = await self._facts.get()
            if isinstance(fact, asyncio.Task):  # the connection's task: we are wrong somewhere
                fact.result()
                return
            yield fact
            if isinstance(fact, Unattended) and self._unattended is not None:
                await asyncio.to_thread(self._unattended.forget, fact.leg)
                self._reported.discard(fact.leg)

    async def keep_connected(self, ari_url: str, user: str, password: str) -> None:
        await self._connection.keep(ari_url, user, password, self._app)

    # --- commands --------------------------------------------------------------------------------

    async def legs(self) -> Sequence[LegState]:
        legs = read_legs(
            await self._connection.ask("GET", "/channels"),
            await self._connection.ask("GET", "/bridges"),
        )
        if isinstance(legs, Unknown):
            raise DriverError(f"{self.name}: {legs.why}")
        return legs

    async def answer(self, leg: str) -> None:
        await self._connection.ask("POST", f"/channels/{channel_of(leg)}/answer")

    async def play(self, leg: str, sound: str) -> None:
        media = ",".join(f"sound:{language}/{sound}" for language in LANGUAGES)
        await self._connection.ask(
            "POST", f"/channels/{channel_of(leg)}/play/{_playback(leg)}", {"media": media}
        )

    async def hold(self, leg: str) -> None:
        await self._connection.ask("POST", f"/channels/{channel_of(leg)}/moh")

    async def dial(
        self, leg: str, endpoint: str, caller: Caller, timeout_s: int, at_once: bool
    ) -> None:
        """Ring `endpoint`: the name of a desk, or `PJSIP/number@trunk`."""
        variables = {"SIAGA_ROLE": DESK}
        if at_once:  # phones know the one header or the other; their manuals say which
            variables["PJSIP_HEADER(add,Call-Info)"] = "<sip:siaga>;answer-after=0"
            variables["PJSIP_HEADER(add,Alert-Info)"] = (
                "<http://siaga>;info=alert-autoanswer;delay=0"
            )
        query = {
            "endpoint": endpoint if "/" in endpoint else f"PJSIP/{endpoint}",
            "app": self._app,
            "appArgs": DESK,
            "callerId": _shown(caller),
            "timeout": str(timeout_s),
        }
        await self._originate(leg, query, variables)

    async def join(self, bridge: str, legs: Sequence[str]) -> None:
        inside = await self._members(bridge)
        # A leg put where it is already would leave and enter again: a gap in what is said.
        joining = [leg for leg in legs if leg not in inside]
        for leg in joining:
            # A leg does one thing after another: an announcement would keep it from the bridge.
            with suppress(LegGone):
                await self._connection.ask("DELETE", f"/playbacks/{_playback(leg)}")
            await self._connection.ask("DELETE", f"/channels/{channel_of(leg)}/moh")
        if joining:
            query = {"channel": ",".join(map(channel_of, joining))}
            await self._connection.ask("POST", f"/bridges/{bridge}/addChannel", query)

    async def dissolve(self, bridge: str) -> None:
        with suppress(LegGone):
            await self._connection.ask("DELETE", f"/bridges/{bridge}")

    async def open_media(self, leg: str, line: str, port: int) -> tuple[str, int]:
        query = {
            "endpoint": f"UnicastRTP/127.0.0.1:{port}/c(slin)",
            "context": "media",
            "extension": "s",
            "priority": "1",
        }
        entered = asyncio.get_running_loop().create_future()
        self._entering[leg] = entered
        try:
            await self._originate(
                leg, query, {"SIAGA_ROLE": MEDIA, "SIAGA_LINE": line, "SIAGA_LEG": leg}
            )
            await asyncio.wait_for(entered, MEDIA_OPENS_S)
        except TimeoutError as error:
            raise DriverError(f"{self.name}: the sound path {leg} did not open") from error
        finally:
            del self._entering[leg]
        host = await self._variable(leg, "UNICASTRTP_LOCAL_ADDRESS")
        local_port = await self._variable(leg, "UNICASTRTP_LOCAL_PORT")
        if not local_port.isdecimal():
            raise DriverError(f"{self.name}: the sound path {leg} has no port")
        return host, int(local_port)

    async def hang_up(self, leg: str) -> None:
        with suppress(LegGone):
            await self._connection.ask("DELETE", f"/channels/{channel_of(leg)}")

    async def _originate(self, leg: str, query: dict[str, str], variables: dict[str, str]) -> None:
        """Make a leg. One that cannot even begin (no such phone) is reported as refused."""
        body = {"variables": variables}
        try:
            await self._connection.ask(
                "POST", "/channels", {**query, "channelId": channel_of(leg)}, body
            )
        except AlreadyThere:
            return
        except LegGone as error:
            raise DriverError(str(error)) from error
        except Unreachable as error:
            _log.info("%s", error)
            self._facts.put_nowait(HungUp(leg, Cause.REFUSED))

    async def _members(self, bridge: str) -> frozenset[str]:
        """Return the legs in `bridge`, which is made if it is not there."""
        try:
            there = await self._connection.ask("GET", f"/bridges/{bridge}")
        except LegGone:
            there = await self._connection.ask("POST", f"/bridges/{bridge}", {"type": "mixing"})
        members = there.get("channels") if isinstance(there, dict) else None
        return frozenset(map(leg_of, members)) if isinstance(members, list) else frozenset()

    async def _variable(self, leg: str, name: str) -> str:
        answer = await self._connection.ask(
            "GET", f"/channels/{channel_of(leg)}/variable", {"variable": name}
        )
        value = answer.get("value") if isinstance(answer, dict) else None
        return value if isinstance(value, str) else ""

    # --- what is heard ---------------------------------------------------------------------------

    def _hear(self, item: ExchangeFact | MediaOpened) -> None:
        if isinstance(item, Up):
            self._look_again_s = 0.0
        if not isinstance(item, MediaOpened):
            self._facts.put_nowait(item)
        elif (entered := self._entering.get(item.leg)) and not entered.done():
            entered.set_result(None)

    def on_end(self, keeping: asyncio.Task[None]) -> None:
        """Let the reader of `facts` have what ended the connection's task."""
        if not keeping.cancelled():
            self._facts.put_nowait(keeping)

    async def _report_unattended(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._unattended is None or now_s < self._look_again_s:
            return
        left = await asyncio.to_thread(self._unattended.legs)
        # The dialplan takes calls while nobody listens; later only those end that it has taken.
        self._look_again_s = 0.0 if left else now_s + LOOK_S
        if not (new := [leg for leg in left if leg not in self._reported]):
            return
        alive = read_names(await self._connection.ask("GET", "/channels"))
        if isinstance(alive, Unknown):
            raise DriverError(f"{self.name}: {alive.why}")
        for leg in new:
            if leg not in alive and (call := await asyncio.to_thread(self._unattended.read, leg)):
                self._reported.add(leg)
                self._facts.put_nowait(call)


def _playback(leg: str) -> str:
    return f"sound-{leg}"


def _shown(caller: Caller) -> str:
    """Return what the display of the ringing phone is to show."""
    match caller.presentation:
        case Presentation.SHOWN:
            return f'"{caller.number}" <{caller.number}>'
        case Presentation.WITHHELD:
            return '"Tersembunyi" <112>'
        case Presentation.UNAVAILABLE:
            return '"Tanpa nomor" <112>'
