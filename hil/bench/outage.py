"""siaga bench outage: the broker is killed under load, stays away, and comes back.

The real engine, journal, pump and broker driver; a real mosquitto; three real agencies. Counted at
the agencies: alerts lost and doubled. Timed at the box: from the moment the broker accepts
connections again until it has taken the first alert.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from appliance.clock import SystemClock, boot_id
from appliance.disk import Disk
from appliance.domain.events import DispatchRaised, DispatchSent, Disposition
from appliance.domain.requests import (
    Answer,
    DeskAnswered,
    DispatchAtOnce,
    EndCall,
    FileCall,
    Offer,
)
from appliance.engine import Engine, Step
from appliance.formats.identifiers import Site
from appliance.formats.topics import subscriptions
from appliance.journal import Journal
from appliance.outbox import Outbox
from drivers.api import Caller, Presentation
from drivers.broker import open_broker
from hil.bench.incident import AGENCIES, RULES
from hil.bench.table import Figure, render
from hil.far_end.agency import Agency
from hil.far_end.broker import Mosquitto

SITE = Site("7471", "box-7471-a", "Asia/Makassar")
SETTLE_S = 60.0  # for the backlog to reach the agencies


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="siaga bench outage", description="Perantara mati lalu kembali / a broker outage"
    )
    parser.add_argument("--away", type=float, default=60.0, metavar="S")
    parser.add_argument("--rate", type=float, default=2.0, metavar="KEJADIAN/INCIDENTS PER S")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="siaga-outage-") as directory:
        outage = asyncio.run(_measure(Path(directory), options.away, options.rate))
    print(render(f"perantara mati / broker away {options.away:g} s", outage))
    return 0 if all(figure.met for figure in outage) else 1


async def _measure(directory: Path, away_s: float, rate: float) -> list[Figure]:
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Mosquitto())
        agencies = [
            await stack.enter_async_context(Agency(f"{name}-{SITE.kode}", SITE.kode, broker.port))
            for name in AGENCIES
        ]
        centre = _Centre(directory)
        stack.callback(centre.close)
        at = ("mqtt", "127.0.0.1", broker.port)
        heard = subscriptions(SITE)
        link = await stack.enter_async_context(
            open_broker(*at, client_id=SITE.box, subscriptions=heard)
        )
        pump = Outbox(centre.disk, centre.journal, SystemClock(), SITE, link, [])
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(work) for work in (pump.run(), pump.listen())]
            load = tasks.create_task(centre.load(rate))
            await centre.until_sent()
            broker.kill()
            raised_before = centre.raised
            await asyncio.sleep(away_s)
            raised_away = centre.raised - raised_before
            await broker.start()
            back_s = time.monotonic()
            await centre.until_sent()
            first_ms = (time.monotonic() - back_s) * 1000
            load.cancel()
            received = await _received(agencies, centre)
            for work in working:
                work.cancel()
    return [
        Figure("peringatan selama itu / alerts raised meanwhile", raised_away),
        Figure("alerts raised in all", centre.raised),
        Figure("hilang / lost", centre.raised - received, floor=0, at_most=0),
        Figure("ganda di instansi / doubled", sum(a.duplicates for a in agencies), at_most=20),
        Figure("kembali -> peringatan pertama / back -> first alert", first_ms, "ms", 0, 1000),
    ]


async def _received(agencies: Sequence[Agency], centre: _Centre) -> int:
    """How many alerts have reached the agencies when all have, or patience ends."""
    end_s = time.monotonic() + SETTLE_S
    while time.monotonic() < end_s:
        if (count := sum(len(agency.alerts) for agency in agencies)) >= centre.raised:
            return count
        await asyncio.sleep(0.1)
    return sum(len(agency.alerts) for agency in agencies)


class _Centre:
    """A box without telephones, whose call takers send fires as fast as they are asked to."""

    def __init__(self, directory: Path) -> None:
        clock = SystemClock()
        self.journal = Journal(directory / "journal.db", boot_id(), clock.utc_ms())
        self.disk = Disk(Engine(self.journal, clock, RULES))
        self.disk.follow(self._on_step)
        self.raised = 0
        self._sent = asyncio.Event()

    def close(self) -> None:
        self.disk.close()
        self.journal.close()

    def _on_step(self, step: Step) -> None:
        self.raised += isinstance(step.entry.event, DispatchRaised)
        if isinstance(step.entry.event, DispatchSent):
            self._sent.set()

    async def until_sent(self) -> None:
        """Return when the broker takes the next alert."""
        self._sent.clear()
        await self._sent.wait()

    async def load(self, rate: float) -> None:
        number = 0
        while True:
            number += 1
            await self._fire(f"{time.time():.3f}.{number}")
            await asyncio.sleep(1 / rate)

    async def _fire(self, leg: str) -> None:
        ask = self.disk.ask
        caller = Caller("+6281234567890", Presentation.SHOWN)
        [offered, *_] = await ask(Offer("trunk-1", leg, caller, caller.number))
        call, desk = offered.entry.seq, RULES.desks[0]
        await ask(Answer(call, desk))
        await ask(DeskAnswered(call, desk))
        await ask(DispatchAtOnce(call, "KBK-BGN", "Jl. Sao-Sao 12", "", (), desk))
        await ask(EndCall(call, desk))
        await ask(FileCall(call, Disposition.EMERGENCY, desk))
