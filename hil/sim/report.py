"""`siaga sim`: seeds side by side, one table, and how to see a failure again.

siaga sim --days 40 --load 5 --seed 1..8
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path

from appliance.domain.events import EndReason
from hil.sim.agenda import Agenda
from hil.sim.site import Site
from hil.sim.surroundings import DAY_MS

_REASONS = (
    EndReason.ABANDONED_ANNOUNCE,
    EndReason.ABANDONED_QUEUE,
    EndReason.ABANDONED_RING,
    EndReason.LOST_SYSTEM,
    EndReason.LOST_NETWORK,
)


@dataclass
class Row:
    """One seed's figures. `fault` is empty when every invariant held."""

    calls: int = 0
    answered: int = 0
    abandoned_announce: int = 0
    abandoned_queue: int = 0
    abandoned_ring: int = 0
    lost_system: int = 0
    lost_network: int = 0
    incidents: int = 0
    alerts_raised: int = 0
    alerts_delivered: int = 0
    doubled_by_crash: int = 0
    resent_unconfirmed: int = 0
    acknowledged: int = 0
    power_cuts: int = 0
    daemon_kills: int = 0
    broker_outages: int = 0
    call_backs: int = 0
    events: int = 0
    seconds: float = 0.0
    fault: str = field(default="", metadata={"hidden": True})


@dataclass(frozen=True, slots=True)
class Plan:
    days: float
    load: float
    desks: int
    remembers_orders: bool
    folder: Path

    def replay(self, seed: int) -> str:
        kept = "" if self.remembers_orders else " --outbox-in-memory"
        return (
            f"siaga sim --days {self.days:g} --load {self.load:g} --desks {self.desks}"
            f" --seed {seed}{kept}"
        )


def main(argv: Sequence[str]) -> int:
    """Run the seeds of `argv`; 1 when an invariant broke, 2 when `argv` makes no sense."""
    asked = _parser().parse_args(argv)
    plan = Plan(asked.days, asked.load, asked.desks, not asked.outbox_in_memory, asked.journal)
    rows = _run(asked.seed, plan)
    print(table(rows))
    for seed, row in rows.items():
        if row.fault:
            print(f"\nseed {seed}: {row.fault}\n  ulangi / replay: {plan.replay(seed)}")
    return 1 if any(row.fault for row in rows.values()) else 0


def _run(seeds: Sequence[int], plan: Plan) -> dict[int, Row]:
    rows: dict[int, Row] = {}
    with ProcessPoolExecutor(min(len(seeds), os.cpu_count() or 1)) as pool:
        for seed, row in zip(seeds, pool.map(run_seed, seeds, [plan] * len(seeds)), strict=True):
            rows[seed] = row
            ended = "gagal / FAILED" if row.fault else "baik / held"
            print(
                f"seed {seed}: {ended}, {row.events} events, {row.seconds:.0f} s", file=sys.stderr
            )
    return rows


def run_seed(seed: int, plan: Plan) -> Row:
    folder = Path(tempfile.mkdtemp(prefix=f"siaga-sim-{seed}-", dir=plan.folder))
    started_s = time.monotonic()
    site = Site(seed, folder / "journal.db", plan.load, plan.desks, plan.remembers_orders)
    fault = ""
    try:
        site.run(plan.days)
        site.settle_down()
        site.check_whole()
    except AssertionError as error:
        fault = f"{_when(site.agenda)}: {error}"
    finally:
        site.box.die()
        shutil.rmtree(folder)
    return _row(site, time.monotonic() - started_s, fault)


def _when(agenda: Agenda) -> str:
    """`hari/day 3 04:12:33.120`"""
    seconds, ms = divmod(agenda.now_ms % DAY_MS, 1000)
    minutes, s = divmod(seconds, 60)
    h, m = divmod(minutes, 60)
    return f"hari/day {agenda.now_ms // DAY_MS + 1} {h:02}:{m:02}:{s:02}.{ms:03}"


def _row(site: Site, seconds: float, fault: str) -> Row:
    count, told = site.ledger.count, site.told
    ends = {reason.value: count[reason.value] for reason in _REASONS}
    return Row(
        calls=count["CallOffered"],
        answered=site.ledger.answered,
        **ends,
        incidents=count["IncidentOpened"],
        alerts_raised=count["DispatchRaised"],
        alerts_delivered=told.delivered,
        doubled_by_crash=sum(told.doubled.values()),
        resent_unconfirmed=told.resent,
        acknowledged=count["DispatchAcknowledged"],
        power_cuts=site.power_cuts,
        daemon_kills=site.kills,
        broker_outages=site.outages.of_broker,
        call_backs=count["CallbackOpened"],
        events=site.ledger.world.seq,
        seconds=seconds,
        fault=fault,
    )


def table(rows: dict[int, Row]) -> str:
    """Figures down, seeds across, their total last."""
    head = ["seed", *map(str, rows), "total"]
    lines = [head]
    for column in fields(Row):
        if column.metadata.get("hidden"):
            continue
        values = [getattr(row, column.name) for row in rows.values()]
        shown = [f"{value:.0f}" for value in [*values, sum(values)]]
        lines.append([column.name.replace("_", " "), *shown])
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])


def seeds(text: str) -> list[int]:
    """`3` or `1..8`. Raises argparse.ArgumentTypeError."""
    first, dots, last = text.partition("..")
    try:
        found = list(range(int(first), int(last if dots else first) + 1))
    except ValueError:
        found = []
    if not found:
        raise argparse.ArgumentTypeError(
            f'"{text}": tulis angka atau rentang / write a number or a range: 3, 1..8'
        )
    return found


def _parser() -> argparse.ArgumentParser:
    memory = Path("/dev/shm")
    parser = argparse.ArgumentParser(
        prog="siaga sim", description="Satu pusat 112 dalam simulasi / a simulated 112 centre"
    )
    add = parser.add_argument
    add("--days", type=float, default=4.0, help="lama simulasi / simulated days")
    add("--load", type=float, default=1.0, help="kali beban Kendari / times Kendari's load")
    add("--seed", type=seeds, default=[1], metavar="N|A..B", help="3, 1..8")
    add("--desks", type=int, default=4, help="jumlah meja / call takers")
    folder = memory if memory.is_dir() else Path(tempfile.gettempdir())
    add("--journal", type=Path, default=folder, help="folder jurnal / where journals are written")
    add(
        "--outbox-in-memory",
        action="store_true",
        help="perintah di memori; harus gagal / keep orders in memory: must fail",
    )
    return parser
