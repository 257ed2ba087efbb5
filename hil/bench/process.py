"""What the kernel has counted of a process and its threads: time, wake-ups, memory, bytes written.

    before = usage(pid)
    ...
    print(usage(pid) - before)

/proc/PID/io, smaps_rollup, task/TID/schedstat and task/TID/status: proc(5).
"""

from __future__ import annotations

from contextlib import suppress
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
    memory = _numbers(process / "smaps_rollup")
    switches = _of_threads(pid, "status")
    return Usage(
        cpu_ms=cpu_ms(pid),
        wake_ups=sum(_wake_ups(text) for text in switches),
        written_bytes=_numbers(process / "io")["write_bytes"],
        rss_mb=memory["Rss"] / 1024,
        pss_mb=memory["Pss"] / 1024,
        threads=len(switches),
    )


def cpu_ms(pid: int) -> float:
    """What all its threads have spent on a processor. Raises OSError when it has gone."""
    return sum(int(text.split()[0]) for text in _of_threads(pid, "schedstat")) / 1e6


def _of_threads(pid: int, name: str) -> list[str]:
    """The file `name` of each thread; one may end while we look."""
    texts = []
    for thread in Path("/proc", str(pid), "task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            texts.append((thread / name).read_text())
    return texts


def _wake_ups(status: str) -> int:
    counted = _parsed(status)
    return counted["voluntary_ctxt_switches"] + counted["nonvoluntary_ctxt_switches"]


def _numbers(file: Path) -> dict[str, int]:
    return _parsed(file.read_text())


def _parsed(text: str) -> dict[str, int]:
    """The lines `name: number unit` of `text`."""
    lines = (line.partition(":") for line in text.splitlines())
    words = {name: said.split() for name, _, said in lines}
    return {name: int(word[0]) for name, word in words.items() if word and word[0].isdigit()}
