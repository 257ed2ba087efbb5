"""A command centre with a journal and a console but no telephones: tests speak for the drivers."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from appliance.clock import SystemClock, boot_id
from appliance.console.server import Console, open_console
from appliance.disk import Disk
from appliance.domain.requests import Input
from appliance.domain.rules import Agency, Rules
from appliance.domain.world import World
from appliance.engine import Engine
from appliance.journal import Journal
from appliance.settings.routing import load_routing

TOKEN = "kunci-untuk-uji"
AGENCIES = {
    "damkarmat": "Dinas Pemadam Kebakaran dan Penyelamatan",
    "psc119": "PSC 119 (ambulans)",
    "polresta": "Polresta Kendari",
    "pln": "PLN",
    "satpolpp": "Satuan Polisi Pamong Praja",
    "bpbd": "Badan Penanggulangan Bencana Daerah",
    "pimpinan": "Pimpinan (wali kota, wakil, sekda)",
    "basarnas": "Basarnas Kendari",
    "dishub": "Dinas Perhubungan",
    "dlhk": "Dinas Lingkungan Hidup dan Kehutanan",
    "dinsos": "Dinas Sosial",
    "kodim": "Kodim",
}
RULES = Rules(
    desks=("desk-1", "desk-2", "desk-3"),
    trunks=frozenset({"trunk-1"}),
    modems=frozenset({"modem-1"}),
    agencies={id: Agency(id, name) for id, name in AGENCIES.items()},
    routing=load_routing(Path(__file__).parent.parent / "config/routing/kendari.tsv"),
)


@asynccontextmanager
async def centre(directory: Path) -> AsyncIterator[tuple[Disk, Console]]:
    async with box(directory) as disk, console(disk) as opened:
        yield disk, opened


@asynccontextmanager
async def box(directory: Path) -> AsyncIterator[Disk]:
    clock = SystemClock()
    journal = Journal(directory / "journal.db", boot_id(), clock.utc_ms())
    disk = Disk(Engine(journal, clock, RULES))
    try:
        yield disk
    finally:
        disk.close()
        journal.close()


def console(disk: Disk, port: int = 0, token: str = TOKEN) -> AbstractAsyncContextManager[Console]:
    return open_console(
        disk,
        SystemClock(),
        RULES,
        host="127.0.0.1",
        port=port,
        token=token,
        timezone="Asia/Makassar",
    )


@dataclass(slots=True)
class Running:
    """A centre on a thread of its own, for a browser to look at."""

    disk: Disk
    loop: asyncio.AbstractEventLoop
    opened: AsyncExitStack
    url: str = ""
    port: int = 0

    def ask(self, given: Input) -> World:
        """Have `given` decided; return the world after it."""
        self._wait_for(self.disk.ask(given))
        return self.disk.world

    def world(self) -> World:
        return self.disk.world

    def leave(self) -> None:
        """The console is gone, and its port with it; the box goes on."""
        self._wait_for(self.opened.aclose())

    def come_back(self, token: str = TOKEN) -> None:
        self._wait_for(self.open(token))

    async def open(self, token: str = TOKEN) -> None:
        opened = await self.opened.enter_async_context(console(self.disk, self.port, token))
        self.url, self.port = opened.url, opened.port

    def _wait_for(self, work: Coroutine[object, object, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(20)


@contextmanager
def running_centre(directory: Path) -> Iterator[Running]:
    started: Future[tuple[Running, asyncio.Event]] = Future()
    thread = Thread(target=lambda: asyncio.run(_run(directory, started)), name="centre")
    thread.start()
    running, over = started.result(20)
    try:
        yield running
    finally:
        running.loop.call_soon_threadsafe(over.set)
        thread.join(20)


async def _run(directory: Path, started: "Future[tuple[Running, asyncio.Event]]") -> None:
    over = asyncio.Event()
    async with box(directory) as disk, AsyncExitStack() as opened:
        running = Running(disk, asyncio.get_running_loop(), opened)
        await running.open()
        started.set_result((running, over))
        await over.wait()
