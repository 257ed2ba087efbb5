"""The programs of `hil.bench.raw` as child processes of a benchmark."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ANSWER_S = 10.0
_LINE_MAX = 1 << 24  # bytes; ten thousand arrivals are one line

# Persistence would cost the same for everybody, and hide what is measured.
QUIET_BROKER = "persistence false\nlog_type none\nmax_inflight_messages 0\n"

Arrival = tuple[float, int]  # CLOCK_MONOTONIC seconds, bytes


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python -m hil.bench.raw ...`; yield when it is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hil.bench.raw", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_MAX,
    )
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), ANSWER_S)
        assert said == b"ready\n", f"{arguments} said {said!r}"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Listener:
    """An MQTT subscriber in a process of its own, so that nobody here delays its clock."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def arrivals(self, within_s: float = ANSWER_S) -> list[Arrival]:
        """The next `count` messages. Raises TimeoutError."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), within_s)
        return [(ns / 1e9, size) for ns, size in json.loads(line)]


@asynccontextmanager
async def listener(port: int, topic: str, count: int = 1) -> AsyncIterator[Listener]:
    async with program("listen", str(port), topic, str(count)) as process:
        yield Listener(process)
