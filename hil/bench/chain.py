"""How long from RING on a modem's port to a subscriber at the broker, beside a raw script.

Both take the same bytes from a pty, commit a row and an order durably, and publish with QoS 1
through the same mosquitto. One is the whole box among its far ends, Asterisk too, which tells the
province of each call; the other is `hil.bench.raw chain`, the least that Python can do. Both live
at once and get their calls in turn, each when the other is quiet: both see the same machine.

    siaga bench chain [-n 200]

Goal G9 of reference/performance.md: p50 and p99 at most 1.5 times those of the script.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
import tty
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import quantiles

from drivers.api import DriverError
from hil.bench.process import cpu_ms
from hil.bench.programs import Listener, listener, program
from hil.bench.table import Figure, render
from hil.daemon import Daemon
from hil.site import KODE, far_site

RATIO_MAX = 1.5
WARM_UP = 5  # calls of each that are not counted
QUIET_S = 0.05  # after a call, for what it leads to: hanging up, the recording
CALLER = "+6281398765432"
TOPIC = f"ntpd112/v1/{KODE}/sync/{{box}}/call"
NOTICE_BYTES = 350


@dataclass(slots=True)
class Runner:
    """One way from RING to the subscriber."""

    ring: Callable[[], Awaitable[None]]
    hang_up: Callable[[], Awaitable[None]]
    ms: list[float] = field(default_factory=list)
    lost: int = 0


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when a goal is missed, 3 when there is nothing to measure on."""
    options = _parse(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
            Path(folder).chmod(0o755)  # Asterisk, another user, records in it
            figures = asyncio.run(_measured(Path(folder), options.n))
    except DriverError as error:
        print(error, file=sys.stderr)
        return 3
    print(render(f"siaga bench chain, {options.n} x RING -> MQTT; dasar / floor: raw", figures))
    return 0 if all(figure.met for figure in figures) else 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="siaga bench chain")
    parser.add_argument("-n", type=int, default=200, help="panggilan / calls of each (>= 2)")
    options = parser.parse_args(argv)
    if options.n < 2:
        parser.error(f"-n {options.n}: paling sedikit / at least 2")
    return options


async def _measured(folder: Path, n: int) -> list[Figure]:
    async with far_site(folder, ()) as site:
        _tell_the_province(site.site_file)
        broker = site.broker.port
        async with (
            Daemon(site.site_file, site.credentials) as daemon,
            listener(broker, TOPIC.format(box="+")) as heard,
        ):
            await daemon.console_url()  # nothing is being imported any more
            box = Runner(lambda: site.modem.ring(CALLER), site.modem.hang_up)
            with _RawModem() as modem:
                at = modem.path, str(folder / "raw.db"), str(broker), TOPIC.format(box="raw")
                async with program("chain", *at, str(NOTICE_BYTES)):
                    raw = Runner(modem.ring, _nothing)
                    await _run([raw, box], heard, WARM_UP)
                    raw.ms, box.ms = [], []
                    before_ms = cpu_ms(daemon.pid)
                    await _run([raw, box], heard, n)
            spent_ms = (cpu_ms(daemon.pid) - before_ms) / n
    return _figures(raw, box, spent_ms)


def _tell_the_province(site_file: Path) -> None:
    told = site_file.read_text().replace("[broker]\n", "[broker]\nhub = true\n")
    site_file.write_text(told)


async def _run(runners: Sequence[Runner], heard: Listener, n: int) -> None:
    order, dice = list(runners), Random(112)
    for _ in range(n):
        dice.shuffle(order)
        for runner in order:
            await _call(runner, heard)
            await asyncio.sleep(QUIET_S * dice.uniform(0.8, 1.2))


async def _call(runner: Runner, heard: Listener) -> None:
    began = time.monotonic()
    await runner.ring()
    try:
        [(arrived, _)] = await heard.arrivals()
        runner.ms.append((arrived - began) * 1000)
    except TimeoutError:
        runner.lost += 1
    await runner.hang_up()


async def _nothing() -> None:
    """A raw script does not know that calls end."""


class _RawModem:
    """A modem's port without a modem."""

    def __enter__(self) -> _RawModem:
        self._device, self._terminal = os.openpty()
        tty.setraw(self._terminal)
        self.path = os.ttyname(self._terminal)
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._terminal)
        os.close(self._device)

    async def ring(self) -> None:
        os.write(self._device, b"\r\nRING\r\n")
        os.write(self._device, b'\r\n+CLIP: "%s",145,,,,0\r\n' % CALLER.encode())


def _figures(raw: Runner, box: Runner, spent_ms: float) -> list[Figure]:
    floor, ours = _p50_p99(raw.ms), _p50_p99(box.ms)
    figures = []
    for name, least, taken in zip(("p50", "p99"), floor, ours, strict=True):
        figures += [
            Figure(f"RING -> MQTT {name}", taken, "ms", least, digits=2),
            Figure("  x raw", taken / least, "", 1.0, at_most=RATIO_MAX, digits=2),
        ]
    return [
        *figures,
        Figure("max", max(box.ms), "ms", max(raw.ms), digits=2),
        Figure("hilang / lost", box.lost, "", raw.lost, at_most=0),
        Figure("CPU satu panggilan / of a call", spent_ms, "ms", digits=1),
    ]


def _p50_p99(values: Sequence[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]
