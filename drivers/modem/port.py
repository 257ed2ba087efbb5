"""A serial port on the event loop: bytes in, bytes out, and the news that it has gone.

Opening and closing can hang in the kernel for good when the device behind is dead (quirk A20), so
both happen in threads that are given up after a while. Reading and writing never block, so they
need no thread: the loop is told when the port can be read or written. A write that does not drain
within WRITE_S means that the port is dead (A18). `flock` keeps out a second opener that asks
(A19) and dies with the process. DTR stays up when the process dies, and with it the call.
"""

from __future__ import annotations

import asyncio
import os
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from drivers.api import DriverError

if TYPE_CHECKING:
    from serial import Serial

OPEN_S = 5.0
WRITE_S = 5.0
READ_MAX = 4_096  # bytes at once


async def open_port(path: str, baud: int) -> Port:
    """Open the serial device `path`, exclusively. Raises DriverError."""
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[Serial] = loop.create_future()

    def settle(tty: Serial | None, error: OSError | ValueError | None) -> None:
        if opened.done():  # we had given up
            if tty is not None:
                _close_in_thread(tty)
        elif tty is not None:
            opened.set_result(tty)
        else:
            opened.set_exception(DriverError(f"{path}: {error}"))

    def work() -> None:
        tty, failure = None, None
        try:
            tty = _open(path, baud)
        except (OSError, ValueError, termios.error) as error:
            failure = error if isinstance(error, OSError | ValueError) else OSError(*error.args)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, tty, failure)

    threading.Thread(target=work, name=f"open {path}", daemon=True).start()
    try:
        async with asyncio.timeout(OPEN_S):
            return Port(path, await opened)
    except TimeoutError:
        raise DriverError(f"{path}: tidak dapat dibuka / opening hangs ({OPEN_S:.0f} s)") from None


def _open(path: str, baud: int) -> Serial:
    from serial import Serial

    tty = Serial(path, baud, timeout=0, exclusive=True)
    attributes = termios.tcgetattr(tty.fileno())
    attributes[2] &= ~termios.HUPCL  # DTR must not fall when the last opener is killed
    termios.tcsetattr(tty.fileno(), termios.TCSANOW, attributes)
    return tty


def _close_in_thread(tty: Serial) -> None:
    def work() -> None:
        with suppress(OSError, termios.error):
            termios.tcflush(tty.fileno(), termios.TCOFLUSH)  # or close waits for it to drain
        with suppress(OSError):
            tty.close()

    threading.Thread(target=work, name=f"close {tty.port}", daemon=True).start()


def _ignore(_: object) -> None:
    pass


class Port:
    """An open serial port; nobody listens until `listen`."""

    def __init__(self, path: str, tty: Serial) -> None:
        self.path = path
        self._loop = asyncio.get_running_loop()
        self._tty = tty
        self._file = tty.fileno()
        self._unwritten = bytearray()
        self._overdue: asyncio.TimerHandle | None = None
        self._on_bytes: Callable[[bytes], object] = _ignore
        self._on_lost: Callable[[DriverError], object] = _ignore
        self._closed = False

    def listen(
        self, on_bytes: Callable[[bytes], object], on_lost: Callable[[DriverError], object]
    ) -> None:
        """Call `on_bytes` with what comes in and `on_lost`, once, when the port is gone."""
        self._on_bytes, self._on_lost = on_bytes, on_lost
        self._loop.add_reader(self._file, self._readable)

    def write(self, data: bytes) -> None:
        """Send `data` as fast as the port takes it; a dead port is told by `on_lost`."""
        if self._closed:
            return
        waiting = bool(self._unwritten)
        self._unwritten += data
        if not waiting:
            self._writable()

    @property
    def unwritten(self) -> int:
        """Bytes the port has not taken yet."""
        return len(self._unwritten)

    def close(self) -> None:
        """Close, without news. Returns at once, whatever the kernel does."""
        if self._closed:
            return
        self._closed = True
        self._stop_writing()
        self._loop.remove_reader(self._file)
        _close_in_thread(self._tty)

    def _readable(self) -> None:
        try:
            data = os.read(self._file, READ_MAX)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error.strerror or "read failed")
            return
        if data:
            self._on_bytes(data)
        else:
            self._lose("dicabut / unplugged")

    def _writable(self) -> None:
        try:
            written = os.write(self._file, self._unwritten)
        except BlockingIOError:
            written = 0
        except OSError as error:
            self._lose(error.strerror or "write failed")
            return
        del self._unwritten[:written]
        if not self._unwritten:
            self._stop_writing()
        elif self._overdue is None:
            self._overdue = self._loop.call_later(WRITE_S, self._lose, "macet / does not drain")
            self._loop.add_writer(self._file, self._writable)

    def _stop_writing(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
            self._loop.remove_writer(self._file)

    def _lose(self, why: str) -> None:
        if not self._closed:
            self.close()
            self._on_lost(DriverError(f"{self.path}: {why}"))
