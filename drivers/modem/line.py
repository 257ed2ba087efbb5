"""One AT channel on one serial port: ask the modem, hear what it says by itself.

Everything about bytes is in `drivers.wire.at`, everything about the device file in
`drivers.modem.port`; here are only the turns and the waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from drivers.api import DriverError
from drivers.modem.port import Port
from drivers.wire.at import (
    PROBE,
    AtChannel,
    Command,
    Garbled,
    Item,
    Ready,
    Reply,
    Report,
    Send,
    Silence,
)
from drivers.wire.at_errors import meaning

# Unanswered probes in a row, a second each, after which the port is opened anew (fault 35).
PROBES_MAX = 5

_LOG = logging.getLogger(__name__)


class AtLine:
    """Raises DriverError from `start`, `ask` and `told` once the port is lost or the modem mute."""

    def __init__(
        self, port: Port, on_report: Callable[[Report], object], on_lost: Callable[[], object]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._port = port
        self._on_report = on_report
        self._tell_lost = on_lost
        self._channel = AtChannel()
        self._turn = asyncio.Lock()  # the channel takes one command at a time
        self._ready = asyncio.Event()
        self._answer: asyncio.Future[Reply | Silence] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unanswered = 0  # probes in a row
        self._lost: DriverError | None = None
        port.listen(self._on_bytes, self._on_lost)

    @property
    def lost(self) -> DriverError | None:
        return self._lost

    async def start(self) -> None:
        """Find the modem, whatever state it was left in."""
        self._port.write(self._channel.resync(self._now_ms()))
        self._settle()
        await self._until_ready()

    async def ask(self, command: Command) -> Reply:
        """Send `command` and wait for its reply, which may be a refusal. Raises DriverError."""
        async with self._turn:
            await self._until_ready()
            answer: asyncio.Future[Reply | Silence] = self._loop.create_future()
            self._answer = answer
            self._port.write(self._channel.send(command, self._now_ms()))
            self._settle()
            said = await answer
        if isinstance(said, Silence):
            raise DriverError(f"{self._port.path}: {_name(command)}: tidak dijawab / no answer")
        return said

    async def told(self, command: Command) -> Reply:
        """Like `ask`, and a refusal is a DriverError too."""
        reply = await self.ask(command)
        if not reply.ok:
            raise DriverError(f"{self._port.path}: {_name(command)}: {meaning(reply.final)}")
        return reply

    def close(self) -> None:
        self._on_lost(DriverError(f"{self._port.path}: ditutup / closed"))
        self._port.close()

    async def _until_ready(self) -> None:
        await self._ready.wait()
        if self._lost is not None:
            raise self._lost

    def _on_bytes(self, data: bytes) -> None:
        self._unanswered = 0
        self._take(self._channel.receive(data, self._now_ms()))

    def _on_timer(self) -> None:
        self._timer = None
        self._take(self._channel.expire(self._now_ms()))

    def _take(self, items: list[Item]) -> None:
        for item in items:
            match item:
                case Reply():
                    self._conclude(item)
                case Silence():
                    self._on_silence(item)
                case Report():
                    self._on_report(item)
                case Send(data):
                    self._port.write(data)
                case Garbled(start):
                    _LOG.warning("%s: noise on the line: %r...", self._port.path, start)
                case Ready():
                    pass
        self._settle()

    def _on_silence(self, silence: Silence) -> None:
        if silence.command != PROBE:
            _LOG.warning("%s: %s was not answered", self._port.path, _name(silence.command))
            self._conclude(silence)
            return
        self._unanswered += 1
        if self._unanswered >= PROBES_MAX:
            self._port.close()
            self._on_lost(DriverError(f"{self._port.path}: modem diam / the modem is mute"))

    def _conclude(self, said: Reply | Silence) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(said)

    def _on_lost(self, why: DriverError) -> None:
        if self._lost is not None:
            return
        self._lost = why
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(why)
        self._settle()
        self._tell_lost()

    def _settle(self) -> None:
        """Bring the timer and the turn-taking in line with the channel."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ms = self._channel.deadline_ms
        if self._lost is None and due_ms is not None:
            self._timer = self._loop.call_at(due_ms / 1000 + 0.001, self._on_timer)
        if self._channel.ready or self._lost is not None:
            self._ready.set()
        else:
            self._ready.clear()

    def _now_ms(self) -> int:
        return int(self._loop.time() * 1000)


def _name(command: Command) -> str:
    """The command for people and logs: what is behind the `=` may be a PIN."""
    return command.text.partition(b"=")[0].decode("ascii", "replace")
