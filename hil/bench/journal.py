"""What it costs to keep an incident: flushes, device bytes and rate, beside the disk's own limit.

The transaction measured is the product's: `Dispatch` of a classified incident to three agencies,
three events and three orders, through the real engine and journal. Bytes include the checkpoints.

    siaga bench journal [-n 500] [--store /var/tmp]

Counts are exact on any disk and can fail the run. The rates are taken in short slices, one writer
after the other in changing order, so that all see the same disk; compare them within a run only.
Goals: reference/performance.md G1, G2, G3.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from appliance.domain.requests import Dispatch, Input
from appliance.engine import Step
from hil.bench.incident import Centre, Fire
from hil.bench.loop_disk import Counts, LoopDisk, NoLoopDisk, in_private_mounts, loop_disk
from hil.bench.peers import Overwrite, Product, Rows, SqliteUtils, StockWal, Writer, dispatched
from hil.bench.table import Figure, render

FLUSHES_MAX = 1.02  # G1
BYTES_MAX = 18_000  # G2
RATE_MIN = 0.60  # G3, of overwrite + fdatasync
PEER_RATE_MIN = 3.0  # G3, of sqlite-utils
AFTER_BOOT = 500  # transactions that a fresh WAL makes dear
SLICE = 10  # transactions of one writer before the next has its turn


@dataclass(frozen=True, slots=True)
class Share:
    """What reaches the device, on the mean, for one transaction or one incident."""

    bytes: float
    flushes: float


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when a goal that does not depend on this disk is missed."""
    _parse(argv)  # a mistake is said before anything is mounted
    try:
        return in_private_mounts(__name__, argv)
    except NoLoopDisk as error:
        print(error, file=sys.stderr)
        return 1


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="siaga bench journal")
    parser.add_argument("-n", type=int, default=500, help="kejadian / incidents (>= 20)")
    parser.add_argument("--store", type=Path, default=Path("/var/tmp"), help="folder of the image")
    options = parser.parse_args(argv)
    if options.n < 2 * SLICE:
        parser.error(f"-n {options.n}: paling sedikit / at least {2 * SLICE}")
    return options


def _inside(argv: Sequence[str]) -> int:
    options = _parse(argv)
    try:
        with loop_disk(options.store) as disk:
            counted = _counted(disk, options.n)
            rated = _rated(disk, max(2 * SLICE, options.n // 4))
    except NoLoopDisk as error:
        print(f"cakram loop / loop disk: {error}", file=sys.stderr)
        return 1
    print(render(f"siaga bench journal, {options.n} kejadian / incidents", counted))
    print("\n" + render(f"kecepatan di / rates on {options.store}; bukan syarat / no gate", rated))
    return 0 if all(figure.met for figure in counted) else 1


# --- flushes and bytes --------------------------------------------------------------------------


def _counted(disk: LoopDisk, n: int) -> list[Figure]:
    folder = disk.folder / "counted"
    folder.mkdir()
    day = _day(disk, folder / "day.db", n)
    outage = _day(disk, folder / "journal.db", n, answered=False)
    rows = list(dispatched(folder / "journal.db"))
    floor, stock, utils = (
        _written(disk, w(folder), rows) for w in (Overwrite, StockWal, SqliteUtils)
    )
    early = min(AFTER_BOOT, len(day.kept))
    return [
        *_judged("dispatch ke / to 3", day.dispatches, floor),
        *_judged(f"{early} transaksi pertama / first since boot", day.first(early), floor),
        *_shown("dispatch, broker mati / is away", outage.dispatches, floor),
        *_shown("stock WAL, 4-KB pages", stock, floor),
        *_shown("sqlite-utils WAL", utils, floor),
        *_shown(f"satu kejadian / an incident ({len(day.kept) // n} x)", day.life(n), None),
    ]


def _judged(name: str, share: Share, floor: Share) -> Iterator[Figure]:
    yield Figure(name, share.flushes, "flush", floor.flushes, at_most=FLUSHES_MAX, digits=2)
    yield Figure("", share.bytes, "B", floor.bytes, at_most=BYTES_MAX)


def _shown(name: str, share: Share, floor: Share | None) -> Iterator[Figure]:
    yield Figure(name, share.flushes, "flush", floor.flushes if floor else None, digits=2)
    yield Figure("", share.bytes, "B", floor.bytes if floor else None)


class _Watched(Centre):
    """A centre that keeps what each of its transactions gave to the device."""

    def __init__(self, disk: LoopDisk, path: Path) -> None:
        super().__init__(path)
        self._disk = disk
        self.kept: list[tuple[type, Counts]] = []

    def give(self, given: Input) -> list[Step]:
        before = self._disk.counts()
        steps = super().give(given)
        if steps:
            self.kept.append((type(given), self._disk.counts() - before))
        return steps

    def settle(self, keys: Sequence[str]) -> None:
        before = self._disk.counts()
        super().settle(keys)
        self.kept.append((str, self._disk.counts() - before))


@dataclass(frozen=True, slots=True)
class Day:
    """Incidents one after the other: each transaction by itself, and all with the shutdown."""

    kept: list[tuple[type, Counts]]
    total: Counts

    @property
    def dispatches(self) -> Share:
        """What a dispatch writes by itself, and its part of the checkpoints by what it wrote."""
        alone = [(kind, counts) for kind, counts in self.kept if counts.flushes == 1]
        ours = [counts for kind, counts in alone if kind is Dispatch]
        mean = sum(c.bytes for c in ours) / len(ours)
        of_all = sum(c.bytes for _, c in alone) / len(alone) * len(self.kept)
        return Share(mean * self.total.bytes / of_all, self.total.flushes / len(self.kept))

    def first(self, n: int) -> Share:
        return _share([counts for _, counts in self.kept[:n]], n)

    def life(self, n: int) -> Share:
        return _share([self.total], n)


def _day(disk: LoopDisk, path: Path, n: int, answered: bool = True) -> Day:
    """`n` incidents one after the other, every answer of every agency among it.

    Not `answered`: the broker is away, nothing is finished and the outbox keeps every order.
    """
    centre = _Watched(disk, path)
    disk.sync()
    start = disk.counts()
    for _ in range(n):
        fire = centre.report()
        centre.dispatch(fire)
        if answered:
            centre.finish(fire)
    centre.close()
    disk.sync()
    return Day(centre.kept, disk.counts() - start)


def _written(disk: LoopDisk, writer: Writer, rows: list[Rows]) -> Share:
    disk.sync()
    start = disk.counts()
    for each in rows:
        writer.write(each)
    writer.close()
    disk.sync()
    return _share([disk.counts() - start], len(rows))


def _share(counts: Sequence[Counts], of: int) -> Share:
    return Share(sum(c.bytes for c in counts) / of, sum(c.flushes for c in counts) / of)


# --- rates --------------------------------------------------------------------------------------

Turn = Callable[[int], object]  # write the n-th transaction


def _rated(disk: LoopDisk, n: int) -> list[Figure]:
    """How fast each writes the same transactions."""
    folder = disk.folder / "rated"
    folder.mkdir()
    rows = list(dispatched(disk.folder / "counted" / "journal.db"))[:n]
    fires = _reported(folder / "centre.db", n)
    centre, journal = Centre(folder / "centre.db"), Product(folder)
    with ExitStack() as stack:
        stack.callback(centre.close)
        writers: list[Writer] = [Overwrite(folder), StockWal(folder), SqliteUtils(folder)]
        for writer in (journal, *writers):
            stack.callback(writer.close)
        turns: list[Turn] = [_writing(writer, rows) for writer in (*writers, journal)]
        turns.append(lambda at: centre.dispatch(fires[at]))
        floor, stock, utils, ours, whole = _in_slices(turns, n)
    return [
        Figure("overwrite + fdatasync", floor, "/s"),
        Figure("jurnal / journal", ours, "/s", floor),
        Figure("  x overwrite + fdatasync", ours / floor, "", 1.0, at_least=RATE_MIN, digits=2),
        Figure("  x sqlite-utils WAL", ours / utils, "", at_least=PEER_RATE_MIN, digits=2),
        Figure("  x stock WAL", ours / stock, "", digits=2),
        Figure("putusan + jurnal / decide + journal", whole, "/s", floor),
    ]


def _reported(path: Path, n: int) -> list[Fire]:
    """Have `n` incidents waiting to be dispatched; the box is off afterwards."""
    centre = Centre(path, boot="the day before")
    fires = [centre.report() for _ in range(n)]
    centre.close()
    return fires


def _writing(writer: Writer, rows: list[Rows]) -> Turn:
    return lambda at: writer.write(rows[at])


def _in_slices(turns: Sequence[Turn], n: int) -> list[float]:
    """Transactions a second of each by its median; the first slice of everybody is not counted."""
    spent: list[list[float]] = [[] for _ in turns]
    order, dice = list(range(len(turns))), Random(112)
    for begin in range(0, n - SLICE + 1, SLICE):
        dice.shuffle(order)
        for who in order:
            times = [_timed(turns[who], at) for at in range(begin, begin + SLICE)]
            spent[who] += times if begin else []
    return [1 / median(times) for times in spent]


def _timed(turn: Turn, at: int) -> float:
    started = perf_counter()
    turn(at)
    return perf_counter() - started


if __name__ == "__main__":
    sys.exit(_inside(sys.argv[1:]))
