"""A pseudo-terminal that stands for a serial port: it can be unplugged and come back elsewhere."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

READ_MAX = 4_096


class PtyPort:
    """The device's side; programs open `link`, which points to the present terminal."""

    def __init__(self, link: Path, on_bytes: Callable[[bytes], object]) -> None:
        self.link = link
        self._on_bytes = on_bytes
        self._loop = asyncio.get_running_loop()
        self._files: tuple[int, int] | None = None

    @property
    def plugged_in(self) -> bool:
        return self._files is not None

    def plug_in(self) -> None:
        assert self._files is None, f"{self.link} is plugged in"
        device, terminal = os.openpty()
        # Our own terminal end stays open: without it the device reads EIO until somebody opens.
        tty.setraw(terminal)
        os.set_blocking(device, False)
        self._files = device, terminal
        fresh = self.link.with_name(self.link.name + ".new")
        fresh.symlink_to(os.ttyname(terminal))
        fresh.replace(self.link)
        self._loop.add_reader(device, self._readable, device)

    def unplug(self) -> None:
        """Whoever has it open reads the end of it, and `link` points nowhere."""
        if self._files is None:
            return
        device, terminal = self._files
        self._files = None
        self._loop.remove_reader(device)
        self.link.unlink(missing_ok=True)
        os.close(terminal)
        os.close(device)

    def write(self, data: bytes) -> None:
        """What nobody reads is lost, as on a wire."""
        if self._files is not None:
            with suppress(BlockingIOError):
                os.write(self._files[0], data)

    def _readable(self, device: int) -> None:
        try:
            data = os.read(device, READ_MAX)
        except BlockingIOError:
            return
        self._on_bytes(data)
