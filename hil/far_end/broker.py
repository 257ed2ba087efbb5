"""The broker's far end: a real mosquitto on a free loopback port, which can be killed and stalled.

    async with Mosquitto(tmp_path) as mosquitto:
        ...open_broker("broker", "127.0.0.1", mosquitto.port, ...)
        mosquitto.kill()
        await mosquitto.start()  # same port, same persistence

Options: mosquitto.conf(5).
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
import time
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from types import TracebackType
from typing import Self

from hil.far_end.ports import free_port

START_S = 10.0
_PROBE_S = 0.02

_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes true
max_queued_messages 0
set_tcp_nodelay true
log_type all
"""


class Mosquitto:
    """Started by `async with` or `start`. `folder` keeps configuration, persistence and log."""

    def __init__(self, folder: Path | None = None, options: str = "") -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="siaga-mosquitto-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.log = self.folder / "mosquitto.log"
        self.port = free_port(socket.SOCK_STREAM)
        self._options = options
        self._process: Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def pid(self) -> int:
        assert self._process is not None, "mosquitto is not running"
        return self._process.pid

    async def start(self) -> None:
        """Start it on its port; return once it accepts. Raises RuntimeError with its log."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        assert self._process is None, "mosquitto is running already"
        config = self.folder / "mosquitto.conf"
        # Started by root it would become the user `mosquitto`, who may not read this folder.
        user = "user root\n" if os.getuid() == 0 else ""
        config.write_text(_CONFIG.format(port=self.port, folder=self.folder) + user + self._options)
        with self.log.open("ab") as log:
            command = ["mosquitto", "-c", str(config)]
            self._process = Popen(command, stdin=DEVNULL, stdout=log, stderr=STDOUT)
        deadline = time.monotonic() + START_S
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"mosquitto does not start:\n{self.log.read_text()}")
            time.sleep(_PROBE_S)

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), START_S).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, as a power cut does it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in peace; it saves its sessions."""
        self._end(signal.SIGTERM)

    def stall(self) -> None:
        """SIGSTOP: connections stay open and nobody answers, like a half-open link."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._signal(how)
            self._signal(signal.SIGCONT)
            self._process.wait(START_S)
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "mosquitto is not running"
        self._process.send_signal(number)
