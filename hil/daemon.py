"""The daemon as systemd runs it: a process of its own, READY by notification, killed at will.

    async with Daemon(site_file, credentials) as daemon:
        daemon.kill()            # kill -9
        await daemon.start()

sd_notify(3): datagrams on the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROJECT = Path(__file__).parents[1]
READY_S = 20.0
STOP_S = 10.0


class Daemon:
    def __init__(self, site_file: Path, credentials: Path) -> None:
        self._site_file, self._credentials = site_file, credentials
        self._process: asyncio.subprocess.Process | None = None
        self._url: asyncio.Future[str] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._notices: socket.socket | None = None
        self.log = site_file.with_name("daemon.log")
        self.ready_ms: list[float] = []  # of each start: from exec to READY=1

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None, "the daemon has not been started"
        return self._process.pid

    async def start(self) -> None:
        """Start it and return when it says that it is ready. Raises RuntimeError with its log."""
        assert self._process is None, "the daemon is running already"
        address = f"\0siaga-{os.getpid()}-{id(self)}-{len(self.ready_ms)}"
        self._notices = notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(address)
        notices.setblocking(False)
        began = time.perf_counter()
        await self._exec(address)
        await self._until_ready(notices)
        self.ready_ms.append((time.perf_counter() - began) * 1000)
        # Systemd goes on listening: a daemon that is not heard blocks, or gets an error.
        asyncio.get_running_loop().add_reader(notices, notices.recv, 4096)

    async def _exec(self, address: str) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "appliance.cli", "run", "--config", str(self._site_file)),
                cwd=PROJECT,
                env={
                    **_environment(),
                    "NOTIFY_SOCKET": address.replace("\0", "@"),
                    "CREDENTIALS_DIRECTORY": str(self._credentials),
                },
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._url = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read_url())

    async def _until_ready(self, notices: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        assert self._process is not None
        ended = asyncio.create_task(self._process.wait())
        heard = asyncio.create_task(loop.sock_recv(notices, 4096))
        await asyncio.wait({ended, heard}, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        said = heard.result() if heard.done() else b""
        ended.cancel()
        heard.cancel()
        if b"READY=1" not in said:
            raise RuntimeError(f"the daemon does not start:\n{self.log.read_text()}")

    async def _read_url(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._url is not None
        async for line in self._process.stdout:
            address = line.decode(errors="replace").rpartition(" ")[2].strip()
            if address.startswith("http") and not self._url.done():
                self._url.set_result(address)

    async def console_url(self) -> str:
        """The console's address with its token, once it is open."""
        assert self._url is not None, "the daemon has not been started"
        return await asyncio.wait_for(asyncio.shield(self._url), READY_S)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None, "the daemon has not been started"
        self._process.send_signal(number)

    async def kill(self) -> None:
        """kill -9; return when it is dead."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Tell it to stop, as systemd does; kill it when it does not."""
        if self._process is not None:
            await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await self._reading
        if self._notices is not None:
            asyncio.get_running_loop().remove_reader(self._notices)
            self._notices.close()
        self._process = None


def _environment() -> dict[str, str]:
    """Ours, as far as it does not keep Python from using compiled modules, which are on a box."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
