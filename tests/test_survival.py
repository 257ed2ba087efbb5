"""kill -9 at any moment: calls go on, nothing is lost, nothing is done twice. Real parts only."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from appliance.domain.events import (
    CallAnswered,
    CallbackOpened,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRinging,
    DispatchAcknowledged,
    DispatchDelivered,
    DispatchRaised,
    EndReason,
    Event,
    RecordingStored,
    TroubleCleared,
    TroubleRaised,
)
from appliance.journal import chain
from appliance.main import JOURNAL
from hil.daemon import Daemon
from hil.far_end.call_taker import CallTaker
from hil.far_end.exchange import asterisk_root
from hil.far_end.gateway import GatewayCall, caller
from hil.observer import Observer
from hil.site import FarSite, far_site
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(
    "CI" not in os.environ and (os.geteuid() != 0 or asterisk_root() is None),
    reason="needs root and Asterisk's root (./siaga setup demo)",
)
NUMBER = "081234567890"
AGENCIES = {"damkarmat": "dispatched", "psc119": "assisting", "polresta": "assisting"}


class Bench:
    """A site with its daemon, and the few things these stories do to it."""

    def __init__(self, site: FarSite, daemon: Daemon, stack: AsyncExitStack) -> None:
        self.site, self.daemon, self._stack = site, daemon, stack
        self.observer = Observer(site.state)

    async def call(self, name: str = "e1", number: str = NUMBER) -> GatewayCall:
        at = self.site.exchange.sip, self.site.directory / name
        return await self._stack.enter_async_context(caller(*at, number=number))

    async def seen(self, kind: type[Event], count: int = 1) -> None:
        await eventually(
            lambda: len(self.observer.events(kind)) >= count, 20.0, f"{count} {kind.__name__}"
        )

    async def subscribed(self) -> None:
        """The box hears the exchange: a call before that is the fallback's."""

        async def asked() -> bool:
            return "siaga" in await self.site.exchange.console("ari show apps")

        await _until(asked, "the daemon subscribes to the exchange")

    async def restart(self) -> None:
        await self.daemon.kill()
        await self.daemon.start()
        await self.subscribed()

    def reasons(self) -> list[EndReason]:
        return [ended.reason for ended in self.observer.events(CallEnded)]

    def offered(self) -> list[str]:
        return [offered.leg for offered in self.observer.events(CallOffered)]


async def _until(asked: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(20):
        while not await asked():
            await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.05)


@asynccontextmanager
async def bench(directory: Path, *, ring_ms: int = 200) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(
            far_site(directory, tuple(AGENCIES), ring_ms=ring_ms)
        )
        daemon = await stack.enter_async_context(Daemon(site.site_file, site.credentials))
        made = Bench(site, daemon, stack)
        await made.subscribed()
        yield made
    assert chain.verify(site.state / JOURNAL).fault == ""


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await story()

    asyncio.run(bounded())


@pytest.mark.parametrize("stage", [CallOffered, CallQueued, CallRinging, CallAnswered])
def test_a_trunk_call_outlives_the_daemon(stage: type[Event], tmp_path: Path) -> None:
    """Killed at `stage`, restarted, the call is taken up again, answered, and ends as it does."""

    async def story() -> None:
        slow_phone_ms = 4_000 if stage is CallRinging else 200
        async with bench(tmp_path, ring_ms=slow_phone_ms) as b:
            call = await b.call()
            await b.seen(stage)
            await b.restart()
            await b.seen(CallAnswered)
            assert not call.far_end_hung_up
            call.hang_up()
            await b.seen(CallEnded)
            await b.seen(RecordingStored)
            assert b.reasons() == [EndReason.COMPLETED_CALLER]
            assert len(b.offered()) == 1
            assert len(b.observer.events(CallAnswered)) == 1

    run(story)


def test_a_gsm_call_outlives_the_daemon(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await eventually(lambda: "AT+CLIP=1" in b.site.modem.commands_seen)
            await b.site.modem.ring("+6281398765432")
            await b.seen(CallAnswered)
            await b.restart()
            modem = b.site.modem
            assert modem.call is not None
            heard = len(modem.heard)
            await eventually(lambda: len(modem.heard) > heard + 16_000, what="sound comes back")
            await modem.hang_up()
            await b.seen(CallEnded)
            assert b.reasons() == [EndReason.COMPLETED_CALLER]
            assert len(b.offered()) == 1

    run(story)


def test_a_caller_who_hangs_up_while_the_daemon_is_dead_is_not_open_for_ever(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            call = await b.call()
            await b.seen(CallAnswered)
            await b.daemon.kill()
            call.hang_up()
            await call.ended()
            await b.daemon.start()
            await b.seen(CallEnded)
            assert b.reasons() == [EndReason.LOST_SYSTEM]
            await b.seen(RecordingStored)

    run(story)


def test_a_call_while_the_daemon_is_dead_rings_the_phones_and_is_written_down(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.daemon.kill()
            call = await b.call()
            phones = b.site.phones.values()
            await eventually(lambda: any(phone.count("answered") for phone in phones), 20.0)
            call.hang_up()
            await call.ended()
            await b.daemon.start()
            await b.seen(CallEnded)
            [offered] = b.observer.events(CallOffered)
            assert offered.unattended
            assert offered.number == "+6281234567890"
            assert b.reasons() == [EndReason.COMPLETED_CALLER]
            [answered] = b.observer.events(CallAnswered)
            assert answered.desk in ("desk-1", "desk-2")

    run(story)


def test_when_the_exchange_dies_its_callers_are_lost_and_called_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.call()
            await b.seen(CallAnswered)
            b.site.exchange.kill()
            await b.seen(CallEnded)
            await b.seen(CallbackOpened)
            await b.seen(TroubleCleared)
            assert b.reasons() == [EndReason.LOST_SYSTEM]
            [callback] = b.observer.events(CallbackOpened)
            assert callback.number == "+6281234567890"
            # It is really back: the next caller is answered.
            await b.subscribed()
            await b.call("again", "081311112222")
            await b.seen(CallAnswered, 2)

    run(story)


async def _fire(b: Bench) -> None:
    """A verified fire, classified; the agencies are not yet alerted."""
    await b.call()
    await b.seen(CallAnswered)
    [answered] = b.observer.events(CallAnswered)
    async with CallTaker(await b.daemon.console_url(), "desk-1", "Siti") as siti:
        await siti.do(
            "dispatch-at-once",
            call=answered.call,
            kind="KBK-BGN",
            place="Jl. Sao-Sao 12",
            narrative="",
            agencies=AGENCIES,
        )


def test_no_alert_is_lost_or_shown_twice_when_the_daemon_dies_over_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.site.broker.stop()  # nothing goes out before the daemon dies
            await b.seen(TroubleRaised)
            await _fire(b)
            await b.seen(DispatchRaised, len(AGENCIES))
            await b.daemon.kill()
            await b.site.broker.start()
            await b.daemon.start()
            await b.seen(DispatchAcknowledged, len(AGENCIES))
            for agency in b.site.agencies.values():
                assert len(agency.alerts) == 1
            await eventually(lambda: b.observer.waiting() == 0)

    run(story)


def test_alerts_wait_for_the_broker_and_go_out_when_it_is_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.site.broker.kill()
            await b.seen(TroubleRaised)
            await _fire(b)
            assert b.observer.events(DispatchDelivered) == []
            await b.site.broker.start()
            await b.seen(DispatchDelivered, len(AGENCIES))
            await b.seen(DispatchAcknowledged, len(AGENCIES))

    run(story)
