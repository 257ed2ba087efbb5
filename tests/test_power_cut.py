"""The journal under kill -9: whatever it said was written is there, and the chain holds.

A child process appends and prints each `seq` once `append` has returned; this one kills it after
a random number of lines, opens the journal and compares. `SIAGA_KILLS` asks for more rounds.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from appliance.clock import Quality
from appliance.domain.events import Entry, SmsKept
from appliance.engine import restore
from appliance.journal import Journal, Written, chain, read_journal

KILLS = int(os.environ.get("SIAGA_KILLS", "25"))
CHILD = """
import sys
from pathlib import Path
from tests.test_power_cut import append_for_ever
append_for_ever(Path(sys.argv[1]), sys.argv[2])
"""


def append_for_ever(path: Path, boot: str) -> None:
    """Append transactions of 1 to 4 messages; print the last seq of each when it is on disk."""
    journal = Journal(path, boot, 0)
    seq, chance = journal.last_seq(), random.Random(boot)
    while True:
        batch = []
        for _ in range(chance.randint(1, 4)):
            seq += 1
            text = "x" * chance.randint(0, 900)
            event = SmsKept(seq, "modem-1", "+62811", text, 0, damaged=False)
            batch.append(Written(Entry(seq, 0, 0, event)))
        journal.append(batch, Quality.UNSET)
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()


def killed_after(lines: int, path: Path, boot: str) -> int:
    """Run the child until it has printed `lines`, kill it; return the last seq it promised."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), boot],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert child.stdout is not None
    with child.stdout:
        promises = [child.stdout.readline() for _ in range(lines)]
        assert promises[-1], "the child died by itself"
        child.send_signal(signal.SIGKILL)
        promises += child.stdout.readlines()
    assert child.wait() == -signal.SIGKILL
    return max(int(line) for line in promises if line.endswith("\n"))


def test_every_row_that_was_promised_survives_kill_9(tmp_path: Path) -> None:
    path, chance = tmp_path / "journal.db", random.Random(112)
    for kill in range(KILLS):
        promised = killed_after(chance.randint(1, 60), path, f"boot-{kill}")
        reader = read_journal(path, f"boot-{kill}")
        kept = [entry.seq for entry in reader.all_entries()]
        reader.close()
        assert kept == [*range(1, len(kept) + 1)]
        assert promised <= len(kept) <= promised + 4, "more than the transaction under way"
        verdict = chain.verify(path)
        assert (verdict.rows, verdict.fault) == (len(kept), "")
    journal = Journal(path, "boot-last", 0)
    assert restore(journal).messages.keys() == {*range(1, journal.last_seq() + 1)}
    journal.close()
