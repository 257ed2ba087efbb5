"""A daemon in a whole site of real far ends, for the stories that need all of it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from appliance.domain.events import CallEnded, CallOffered, EndReason, Event
from appliance.journal import chain
from appliance.main import JOURNAL
from hil.daemon import Daemon
from hil.far_end.exchange import asterisk_root
from hil.far_end.gateway import GatewayCall, caller
from hil.observer import Observer
from hil.site import FarSite, far_site
from tests.waiting import eventually

needs_site = pytest.mark.skipif(
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

        await self.site.exchange.subscribed("siaga")

    async def restart(self) -> None:
        await self.daemon.kill()
        await self.daemon.start()
        await self.subscribed()

    def reasons(self) -> list[EndReason]:
        return [ended.reason for ended in self.observer.events(CallEnded)]

    def offered(self) -> list[str]:
        return [offered.leg for offered in self.observer.events(CallOffered)]


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
