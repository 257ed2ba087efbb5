"""What the kernel has counted of a process and its threads: time, wake-ups, memory, bytes written.

    before = usage(pid)
    ...
    print(usage(pid) - before)

/proc/PID/io, smaps_rollup, task/TID/schedstat and task/TID/status: proc(5).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals since the process began; memory as it is."""

    cpu_ms: float
    wake_ups: int  # context switches, asked for or not
    written_bytes: int
    rss_mb: float
    pss_mb: float
    threads: int

    def __sub__(self, before: Usage) -> Usage:
        """What was spent since `before`; memory and threads stay those of now."""
        return Usage(
            self.cpu_ms - before.cpu_ms,
            self.wake_ups - before.wake_ups,
            self.written_bytes - before.written_bytes,
            self.rss_mb,
            self.pss_mb,
            self.threads,
        )


def usage(pid: int) -> Usage:
    """Raises OSError when the process has gone."""
    process = Path("/proc", str(pid))
    threads = [*(process / "task").iterdir()]
    memory = _numbers(process / "smaps_rollup")
    return Usage(
        cpu_ms=cpu_ms(pid),
        wake_ups=sum(_wake_ups(thread) for thread in threads),
        written_bytes=_numbers(process / "io")["write_bytes"],
        rss_mb=memory["Rss"] / 1024,
        pss_mb=memory["Pss"] / 1024,
        threads=len(threads),
    )


def cpu_ms(pid: int) -> float:
    """What all its threads have spent on a processor. Raises OSError when it has gone."""
    threads = Path("/proc", str(pid), "task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6


def _wake_ups(thread: Path) -> int:
    counted = _numbers(thread / "status")
    return counted["voluntary_ctxt_switches"] + counted["nonvoluntary_ctxt_switches"]


def _numbers(file: Path) -> dict[str, int]:
    """The lines `name: number unit` of `file`."""
    lines = (line.partition(":") for line in file.read_text().splitlines())
    words = {name: said.split() for name, _, said in lines}
    return {name: int(word[0]) for name, word in words.items() if word and word[0].isdigit()}
