"""The journal's benchmark counts what reaches a real ext4, and fails when a goal is missed."""

import os
import re
from pathlib import Path

import pytest

from appliance.domain.requests import Dispatch
from hil.bench import journal
from hil.bench.journal import Day
from hil.bench.loop_disk import Counts, NoLoopDisk, in_private_mounts
from hil.bench.table import Figure, render

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a loop disk takes root")


def measured(table: str, name: str) -> tuple[float, float]:
    """Flushes and bytes in the two lines that begin with `name`."""
    [flushes, bytes] = re.findall(rf"^{name}.*?([\d.]+) flush.*\n\s+([\d,]+) B", table, re.M)[0]
    return float(flushes), float(bytes.replace(",", ""))


@needs_root
def test_a_dispatch_costs_one_flush_and_less_than_stock(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert journal.main(["-n", "20", "--store", str(tmp_path)]) == 0
    table = capfd.readouterr().out
    flushes, bytes = measured(table, "dispatch ke")
    assert 1.0 <= flushes <= journal.FLUSHES_MAX
    assert 4096 < bytes <= journal.BYTES_MAX
    assert "x overwrite + fdatasync" in table
    stock_flushes, stock_bytes = measured(table, "stock WAL")
    assert stock_flushes > journal.FLUSHES_MAX, "the count does not see a growing WAL"
    assert stock_bytes > journal.BYTES_MAX
    assert list(tmp_path.iterdir()) == [], "the image is still there"


@needs_root
def test_nothing_of_a_killed_disk_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "killed.py").write_text(
        "import os, signal\n"
        "from pathlib import Path\n"
        "from hil.bench.loop_disk import loop_disk\n"
        "with loop_disk(Path('.'), 64) as disk:\n"
        "    Path('device').write_text(disk.device)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert in_private_mounts("killed", []) != 0
    backing = Path("/sys/block", (tmp_path / "device").read_text(), "loop/backing_file")
    assert not backing.exists() or str(tmp_path) not in backing.read_text()


def test_a_store_that_is_not_there_is_a_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert journal.main(["-n", "20", "--store", str(tmp_path / "nowhere")]) == 1
    told = capfd.readouterr().err
    assert "Traceback" not in told
    assert "nowhere" in told or "root" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_without_root_it_says_so() -> None:
    with pytest.raises(NoLoopDisk, match="root"):
        in_private_mounts("hil.bench.journal", [])


def test_a_dispatch_bears_its_part_of_the_checkpoints() -> None:
    kept = [(str, Counts(1_000, 1, 1)), (Dispatch, Counts(3_000, 3, 1))] * 10
    day = Day(kept, total=Counts(60_000, 60, 22))
    assert day.dispatches.bytes == 4_500  # the checkpoints add half as much again to everything
    assert day.dispatches.flushes == 1.1
    assert day.life(10).bytes == 6_000


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("flushes", 1.02, at_most=1.02), True),
        (Figure("flushes", 1.03, at_most=1.02), False),
        (Figure("rate", 0.6, at_least=0.6), True),
        (Figure("rate", 0.59, at_least=0.6), False),
        (Figure("shown only", 99.0), True),
    ],
)
def test_a_goal_is_met_or_missed(figure: Figure, met: bool) -> None:
    assert figure.met is met


def test_a_table_stands_in_columns_with_floor_goal_and_verdict() -> None:
    table = render(
        "bench",
        [
            Figure("flushes", 1.0, "flush", 1.0, at_most=1.02, digits=2),
            Figure("bytes", 18_001, "B", 4_096, at_most=18_000),
            Figure("other", 7, "/s"),
        ],
    ).splitlines()
    assert table[0] == "bench"
    assert table[2].split() == ["flushes", "1.00", "flush", "1.00", "<=", "1.02", "ok"]
    assert table[3].split()[:6] == ["bytes", "18,001", "B", "4,096", "<=", "18,000"]
    assert table[3].endswith("  GAGAL / MISSED")
    assert table[4].split() == ["other", "7", "/s"]
    assert table[2].index("<=") + 7 == table[3].index("<=") + 9  # right-aligned
