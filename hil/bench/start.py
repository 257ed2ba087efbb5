"""How soon a killed box takes calls again, beside the least that Python needs to start at all.

The real daemon is killed with signal 9 and started, again and again, among real far ends, with a
journal of thousands of entries, a caller on the line and an incident under way. The floor is
`python -c "import asyncio, sqlite3"`, from exec to exit, in turn with the restarts.

    siaga bench start [-n 10] [--entries 20000]

Goals: 250 ms from exec to READY=1, 2 s from the death of Asterisk to its events (issue 2).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from appliance.clock import boot_id
from appliance.domain.events import CallOffered
from appliance.journal import read_journal
from appliance.main import JOURNAL
from drivers.api import DriverError
from hil.bench.incident import Centre
from hil.bench.process import cpu_ms
from hil.bench.table import Figure, render
from hil.daemon import Daemon
from hil.site import FarSite, far_site

READY_MS = 250.0
EXCHANGE_BACK_MS = 2_000.0
FLOOR = ("-c", "import asyncio, sqlite3")
WITHIN_S = 20.0
LOOK_S = 0.01
ANSWER_S = 0.5
GSM_CALLER = "+6281398765432"


@dataclass(slots=True)
class Times:
    """Milliseconds, one of each a restart; those after `ready` are from exec too."""

    floor: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    ready_cpu: list[float] = field(default_factory=list)
    subscribed: list[float] = field(default_factory=list)
    console: list[float] = field(default_factory=list)
    exchange_back: list[float] = field(default_factory=list)


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when a goal is missed, 3 when there is nothing to measure on."""
    options = _parse(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
            Path(folder).chmod(0o755)  # Asterisk, another user, records in it
            times = asyncio.run(_measured(Path(folder), options.n, options.entries))
    except DriverError as error:
        print(error, file=sys.stderr)
        return 3
    figures = _figures(times)
    print(render(f"siaga bench start, {options.n} x kill -9, {options.entries} entri", figures))
    return 0 if all(figure.met for figure in figures) else 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="siaga bench start")
    parser.add_argument("-n", type=int, default=10, help="nyala ulang / restarts")
    parser.add_argument("--entries", type=int, default=20_000, help="isi jurnal / journal entries")
    options = parser.parse_args(argv)
    if options.n < 1:
        parser.error(f"-n {options.n}: paling sedikit / at least 1")
    return options


def _figures(times: Times) -> list[Figure]:
    floor = median(times.floor)
    back = times.exchange_back
    return [
        Figure("siap / ready, median", median(times.ready), "ms", floor, at_most=READY_MS),
        Figure("siap / ready, min", min(times.ready), "ms", min(times.floor)),
        Figure("siap / ready, x python", median(times.ready) / floor, "", 1.0, digits=2),
        Figure("siap / ready, CPU min", min(times.ready_cpu), "ms"),
        Figure("sentral terdengar / exchange heard", median(times.subscribed), "ms", floor),
        Figure("konsol menjawab / console answers", median(times.console), "ms", floor),
        Figure(
            "kill -9 Asterisk, terdengar lagi / heard again",
            median(back),
            "ms",
            at_most=EXCHANGE_BACK_MS,
        ),
        Figure("  max", max(back), "ms"),
    ]


async def _measured(folder: Path, n: int, entries: int) -> Times:
    times = Times()
    async with far_site(folder, ()) as site:
        _fill(site.state / JOURNAL, entries)
        async with Daemon(site.site_file, site.credentials) as daemon:
            await _until(lambda: _is_heard(site), "sentral / exchange")
            await site.modem.ring(GSM_CALLER)
            await _until(lambda: _has_call(site), "panggilan / call")
            for _ in range(n):
                await daemon.kill()
                times.floor.append(await _floor_ms())
                await _restart(site, daemon, times)
            for _ in range(max(1, n // 3)):
                times.exchange_back.append(await _exchange_back_ms(site))
        times.ready = daemon.ready_ms[1:]
    return times


def _fill(journal: Path, entries: int) -> None:
    """Days of incidents, and one that is still open."""
    centre = Centre(journal)
    while centre.journal.last_seq() < entries:
        fire = centre.report()
        centre.dispatch(fire)
        centre.finish(fire)
    centre.dispatch(centre.report())
    centre.close()


async def _floor_ms() -> float:
    began = time.perf_counter()
    python = await asyncio.create_subprocess_exec(sys.executable, *FLOOR)
    await python.wait()
    return (time.perf_counter() - began) * 1000


async def _restart(site: FarSite, daemon: Daemon, times: Times) -> None:
    await daemon.start()
    since_ready = time.perf_counter()
    times.ready_cpu.append(cpu_ms(daemon.pid))

    def since_exec_ms() -> float:
        return daemon.ready_ms[-1] + (time.perf_counter() - since_ready) * 1000

    async def heard() -> None:
        await _until(lambda: _is_heard(site), "sentral / exchange")
        times.subscribed.append(since_exec_ms())

    async def console() -> None:
        url = await daemon.console_url()
        await _until(lambda: _answers(url), "konsol / console")
        times.console.append(since_exec_ms())

    await asyncio.gather(heard(), console())


async def _exchange_back_ms(site: FarSite) -> float:
    """From the death of Asterisk to the moment we hear its events again."""
    began = time.perf_counter()
    starts = site.exchange.starts
    site.exchange.kill()
    await _until(lambda: _true(site.exchange.starts > starts), "Asterisk")
    await _until(lambda: _is_heard(site), "sentral / exchange")
    return (time.perf_counter() - began) * 1000


async def _true(value: bool) -> bool:
    return value


async def _until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look every 10 ms. Raises DriverError, naming `what`."""
    end = time.monotonic() + WITHIN_S
    while not await condition():
        if time.monotonic() > end:
            raise DriverError(f"belum terjadi / has not happened: {what}")
        await asyncio.sleep(LOOK_S)


async def _is_heard(site: FarSite) -> bool:
    """Whether Asterisk has the daemon's application, with its filter of events."""
    plan = site.exchange.plan
    secret = b64encode(f"{plan.ari_user}:{plan.ari_password}".encode()).decode()
    address = f"http://127.0.0.1:{plan.ari_port}/ari/applications"
    said = await _get(address, f"Authorization: Basic {secret}\r\n")
    _, _, body = said.partition("\r\n\r\n")
    apps = json.loads(body) if " 200 " in said[:20] else []
    return any(app["events_allowed"] for app in apps)


async def _answers(url: str) -> bool:
    return (await _get(url)).startswith("HTTP/")


async def _get(url: str, header: str = "") -> str:
    """The whole HTTP answer; empty when nobody answers within `ANSWER_S`."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    head = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{header}\r\n"
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(name, int(port))
            try:
                writer.write(head.encode())
                return (await reader.read()).decode(errors="replace")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return ""


async def _has_call(site: FarSite) -> bool:
    reader = read_journal(site.state / JOURNAL, boot_id())
    try:
        return any(isinstance(entry.event, CallOffered) for entry in reader.open_entries())
    finally:
        reader.close()
