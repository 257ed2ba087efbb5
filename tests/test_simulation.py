"""The whole appliance on a simulated site, with the power failing at the worst moments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.sim.outages import Faults
from hil.sim.report import Plan, main, run_seed, seeds, table
from hil.sim.site import Site

ROUGH = Faults(crash_chance=0.002, crashes_a_day=40, exchange_up_ms=2 * 3_600_000)
Made = Callable[..., Site]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Made]:
    made: list[Site] = []

    def build(seed: int, load: float = 5, **more: object) -> Site:
        path = tmp_path / f"{len(made)}.db"
        made.append(Site(seed, path, load=load, **more))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for one in made:
        one.box.die()


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_invented_or_left_over(seed: int, site: Made) -> None:
    rough = site(seed, faults=ROUGH)
    rough.run(days=0.5)
    rough.settle_down()
    rough.check_whole()
    assert rough.power_cuts > 5
    assert rough.kills > 5
    assert rough.ledger.count["CallOffered"] > 200
    assert rough.told.delivered > 3


@pytest.mark.parametrize("seed", range(3))
def test_the_simulation_notices_an_outbox_kept_in_memory(seed: int, site: Made) -> None:
    forgetful = site(seed, faults=ROUGH, remembers_orders=False)
    with pytest.raises(AssertionError, match="alerts lost"):
        forgetful.run(days=10)


def test_without_faults_nobody_gets_an_alert_twice(site: Made) -> None:
    smooth = site(1, faults=Faults(crash_chance=0, crashes_a_day=0))
    smooth.run(days=0.5)
    smooth.settle_down()
    smooth.check_whole()
    assert (smooth.power_cuts, smooth.kills) == (0, 0)
    assert sum(smooth.told.doubled.values()) == 0


def test_a_crash_may_double_what_was_on_its_way(site: Made) -> None:
    """Else the bound on duplicates would be checked against nothing."""
    doubled = 0
    for seed in range(10, 13):
        rough = site(seed, faults=Faults(crash_chance=0.002))
        rough.run(days=0.8)
        doubled += sum(rough.told.doubled.values())
    assert doubled > 0


def test_a_seed_is_one_story(site: Made) -> None:
    def story() -> tuple[object, ...]:
        one = site(7, faults=ROUGH)
        one.run(days=0.3)
        one.check()
        return one.ledger.count, one.told, one.ledger.world, one.power_cuts, one.agenda.now_ms

    assert story() == story()


def test_seeds_are_a_number_or_a_range() -> None:
    assert seeds("3") == [3]
    assert seeds("1..8") == [*range(1, 9)]
    for wrong in ("", "x", "8..1", "1..", "1-8"):
        with pytest.raises(argparse.ArgumentTypeError, match="write a number or a range"):
            seeds(wrong)


def test_a_broken_invariant_names_seed_time_and_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--load", "5", "--journal", str(tmp_path)]
    assert main(["--days", "0.1", "--seed", "1..2", *common]) == 0
    assert main(["--days", "8", "--seed", "2", "--outbox-in-memory", *common]) == 1
    said = capsys.readouterr().out
    assert "seed 2: hari/day" in said
    assert "alerts lost" in said
    assert "siaga sim --days 8 --load 5 --desks 4 --seed 2 --outbox-in-memory" in said
    assert not list(tmp_path.iterdir())


def test_the_table_adds_up(tmp_path: Path) -> None:
    plan = Plan(days=0.2, load=3, desks=2, remembers_orders=True, folder=tmp_path)
    rows = {seed: run_seed(seed, plan) for seed in (1, 2)}
    for row in rows.values():
        assert row.fault == ""
        unanswered = row.abandoned_announce + row.abandoned_queue + row.abandoned_ring
        assert row.answered + unanswered <= row.calls
        assert row.calls <= row.answered + unanswered + row.lost_system + row.lost_network
    [line] = [line for line in table(rows).splitlines() if line.startswith("calls")]
    assert [int(word) for word in line.split()[1:]] == [
        rows[1].calls,
        rows[2].calls,
        rows[1].calls + rows[2].calls,
    ]
