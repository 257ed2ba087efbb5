"""What the box costs while nothing happens, beside a bare event loop and the broker.

The real daemon with its console, no browser looking, all far ends there and silent. The modem is
asked for its network, Asterisk and mosquitto for a sign of life, systemd is told that we live.

    siaga bench idle [-n SECONDS]

Goal G11 of reference/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.api import DriverError
from hil.bench.process import Usage, usage
from hil.bench.table import Figure, render
from hil.daemon import Daemon
from hil.site import far_site

RSS_MAX_MB = 45.0
CPU_MAX_MS = 1.0  # a second
WAKE_UPS_MAX = 2.0  # a second
SETTLE_S = 8.0  # what a start leaves to do: imports, the numbering plan, the modem's SMS list
LOOP = ("-c", "import asyncio; asyncio.run(asyncio.Event().wait())")


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when a goal is missed, 3 when there is nothing to measure on."""
    options = _parse(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
            Path(folder).chmod(0o755)  # Asterisk, another user, records in it
            box, loop, broker = asyncio.run(_measured(Path(folder), options.n))
    except DriverError as error:
        print(error, file=sys.stderr)
        return 3
    figures = _figures(box, loop, broker, options.n)
    print(render(f"siaga bench idle, {options.n:g} s; dasar / floor: bare asyncio", figures))
    return 0 if all(figure.met for figure in figures) else 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="siaga bench idle")
    parser.add_argument("-n", type=float, default=60.0, help="detik / seconds")
    options = parser.parse_args(argv)
    if options.n <= 0:
        parser.error(f"-n {options.n:g}: harus lebih dari / must be more than 0")
    return options


async def _measured(folder: Path, seconds: float) -> list[Usage]:
    """What the daemon, a bare loop and mosquitto have spent in the same `seconds`."""
    async with (
        far_site(folder, ()) as site,
        Daemon(site.site_file, site.credentials) as daemon,
        _bare_loop() as loop,
    ):
        await daemon.console_url()
        await asyncio.sleep(SETTLE_S)
        pids = daemon.pid, loop.pid, site.broker.pid
        before = [usage(pid) for pid in pids]
        await asyncio.sleep(seconds)
        return [usage(pid) - then for pid, then in zip(pids, before, strict=True)]


@asynccontextmanager
async def _bare_loop() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, *LOOP)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


def _figures(box: Usage, loop: Usage, broker: Usage, seconds: float) -> list[Figure]:
    def each_s(name: str, unit: str, field: str, at_most: float) -> list[Figure]:
        ours, least, theirs = (getattr(each, field) / seconds for each in (box, loop, broker))
        return [
            Figure(name, ours, unit, least, at_most=at_most, digits=2),
            Figure("  mosquitto", theirs, unit, digits=2),
        ]

    written = box.written_bytes / seconds * 3600
    return [
        Figure("RSS", box.rss_mb, "MB", loop.rss_mb, at_most=RSS_MAX_MB, digits=1),
        Figure("  PSS", box.pss_mb, "MB", loop.pss_mb, digits=1),
        Figure("  mosquitto", broker.rss_mb, "MB", digits=1),
        *each_s("CPU", "ms/s", "cpu_ms", CPU_MAX_MS),
        *each_s("bangun / wake-ups", "/s", "wake_ups", WAKE_UPS_MAX),
        Figure("tertulis / written", written, "B/h", loop.written_bytes, at_most=0),
        Figure("utas / threads", box.threads, "", loop.threads),
    ]
