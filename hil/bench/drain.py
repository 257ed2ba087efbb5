"""How fast a full outbox empties, beside the C client and a raw Python socket.

The orders are the product's: alerts of dispatches, written by the real engine and journal while the
broker was away. The real pump sends them through the real MQTT driver, 20 on their way at a time,
and writes down of each that it was taken over. Then `mosquitto_pub` and the raw script send as many
messages of the same size to the same mosquitto.

    siaga bench drain [-n 10000]

Goal G7 of reference/performance.md in ratios: C = 1.00, raw Python with window 20 is 0.47.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from appliance.clock import SystemClock, boot_id
from appliance.disk import Disk
from appliance.engine import Engine
from appliance.formats.identifiers import Site
from appliance.journal import Journal
from appliance.outbox import Outbox
from drivers.broker import open_broker
from hil.bench.incident import AGENCIES, RULES, Centre
from hil.bench.programs import ANSWER_S, QUIET_BROKER, Arrival, listener, program
from hil.bench.table import Figure, render
from hil.far_end.broker import Mosquitto

EDGE = 1_000  # rows whose rate is shown for the beginning and for the end
BLOCK = 100
ROW_S = 0.02  # a row that takes longer is a failure
SITE = Site("7471", "box-7471-a", "Asia/Makassar")
TOPIC = "ntpd112/v1/7471/to/#"


@dataclass(frozen=True, slots=True)
class Drained:
    """Rates count from the first arrival: starting and connecting is not draining."""

    arrivals: Sequence[Arrival]

    @property
    def bytes(self) -> int:
        return round(sum(size for _, size in self.arrivals) / len(self.arrivals))

    @property
    def rate(self) -> float:
        return self.rate_of(0, len(self.arrivals))

    def rate_of(self, first: int, end: int) -> float:
        """Rows a second from row `first` up to, not including, row `end`."""
        return (end - 1 - first) / (self.arrivals[end - 1][0] - self.arrivals[first][0])

    @property
    def median_rate(self) -> float:
        """Of blocks of a hundred: what a pause here and there does not touch."""
        step = min(BLOCK, len(self.arrivals))
        ends = range(step, len(self.arrivals) + 1, step)
        return median(self.rate_of(end - step, end) for end in ends)


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when something was lost."""
    options = _parse(argv)
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
        try:
            figures = asyncio.run(_measured(Path(folder), options.n))
        except TimeoutError:
            print("tidak semua pesan sampai / not every message arrived", file=sys.stderr)
            return 1
    print(render(f"siaga bench drain, {options.n} alert; dasar / floor: mosquitto_pub", figures))
    return 0 if all(figure.met for figure in figures) else 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="siaga bench drain")
    parser.add_argument("-n", type=int, default=10_000, help="alert di kotak keluar / alerts")
    options = parser.parse_args(argv)
    if options.n < 1:
        parser.error(f"-n {options.n}: paling sedikit / at least 1")
    return options


async def _measured(folder: Path, n: int) -> list[Figure]:
    journal = folder / "journal.db"
    n = await asyncio.to_thread(_fill, journal, n)
    async with Mosquitto(options=QUIET_BROKER) as broker:
        port = broker.port
        box = await _drained(port, n, lambda: _pump(journal, port))
        lines = folder / "lines"
        lines.write_text(("x" * box.bytes + "\n") * n)
        peer = await _drained(port, n, lambda: _c_client(port, lines))
        raw = await _drained(port, n, lambda: _raw(port, box.bytes, n))
    return _figures(box, peer, raw)


def _figures(box: Drained, peer: Drained, raw: Drained) -> list[Figure]:
    edge, n = min(EDGE, len(box.arrivals)), len(box.arrivals)
    return [
        Figure("mosquitto_pub -l -q 1 (C)", peer.rate, "/s", peer.rate),
        Figure("raw Python, 20", raw.rate, "/s", peer.rate),
        Figure("  x C", raw.rate / peer.rate, "", 1.0, digits=2),
        Figure("kotak keluar / outbox", box.rate, "/s", peer.rate),
        Figure("  x C", box.rate / peer.rate, "", 1.0, digits=2),
        Figure("  x raw", box.rate / raw.rate, "", 1.0, digits=2),
        Figure("  p50", box.median_rate, "/s", peer.median_rate),
        Figure(f"  {edge} pertama / first", box.rate_of(0, edge), "/s"),
        Figure(f"  {edge} terakhir / last", box.rate_of(n - edge, n), "/s"),
        Figure("  satu pesan / a message", box.bytes, "B", peer.bytes),
    ]


def _fill(path: Path, n: int) -> int:
    """Dispatch until at least `n` alerts wait; return how many."""
    centre = Centre(path)
    for _ in range(-(-n // len(AGENCIES))):
        centre.dispatch(centre.report())
    waiting = centre.journal.waiting()
    centre.close()
    return waiting


async def _drained(port: int, n: int, send: Callable[[], Awaitable[object]]) -> Drained:
    """Have `send` begin; return when all `n` messages have arrived. Raises TimeoutError."""
    async with listener(port, TOPIC, n) as heard:
        sending = asyncio.ensure_future(send())
        try:
            arrivals = await heard.arrivals(ANSWER_S + n * ROW_S)
        finally:
            sending.cancel()
            await asyncio.wait({sending})
    return Drained(arrivals)


async def _pump(path: Path, port: int) -> None:
    """The outbox of the daemon, and nothing else of it, until cancelled."""
    clock = SystemClock()
    journal = Journal(path, boot_id(), clock.utc_ms())
    disk = Disk(Engine(journal, clock, RULES))
    try:
        async with (
            open_broker("mqtt", "127.0.0.1", port, client_id=SITE.box) as broker,
            asyncio.TaskGroup() as tasks,
        ):
            outbox = Outbox(disk, journal, clock, SITE, broker, ())
            tasks.create_task(outbox.listen())
            tasks.create_task(outbox.run())
    finally:
        disk.close()
        journal.close()


async def _c_client(port: int, lines: Path) -> None:
    topic = TOPIC.replace("#", "c")
    with lines.open("rb") as given:
        client = await asyncio.create_subprocess_exec(
            *("mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic, "-l"),
            stdin=given,
        )
        await client.wait()


async def _raw(port: int, size: int, count: int) -> None:
    topic = TOPIC.replace("#", "raw")
    async with program("drain", str(port), topic, str(size), str(count)) as client:
        assert client.stdin is not None
        client.stdin.write(b"go\n")
        await client.wait()
