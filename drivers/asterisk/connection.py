"""The connection to Asterisk, kept: connected again as soon as Asterisk is back, however often.

It says `Up` when everything is heard (again), `Down` once when it is lost, and passes on the events
in between. What they mean for a call it does not know.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from drivers.api import Down, DriverError, ExchangeFact, Up
from drivers.asterisk.client import AriClient, opened_client
from drivers.wire.ari import EVENTS, Ignored, MediaOpened, Replaced, Unknown, read_event

PROBE_S = 0.1  # between attempts to connect; Asterisk is back 1 s after its death
REPLACED_S = 30.0  # two daemons must not take the calls from each other ten times a second
PING_S = 5.0
MISSES_MAX = 2  # a hung Asterisk is noticed within 16 s

# Asterisk tells of every channel variable set, ten for a call; only this is asked for.
_FILTER = {"allowed": [{"type": kind} for kind in EVENTS]}
_log = logging.getLogger(__name__)


class Connection:
    """`hear` gets what happens; `beat` is awaited every 5 s while Asterisk answers."""

    def __init__(
        self,
        name: str,
        hear: Callable[[ExchangeFact | MediaOpened], None],
        beat: Callable[[], Awaitable[None]],
    ) -> None:
        self._name = name
        self._hear = hear
        self._beat = beat
        self._client: AriClient | None = None
        self._is_up: bool | None = None  # None: nothing said yet
        self._is_replaced = False

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> object:
        """Send one command, return its answer. Raises LegGone, AlreadyThere, DriverError."""
        if self._client is None:
            raise DriverError(f"{self._name}: Asterisk is not there")
        return await self._client.ask(method, path, query, body)

    async def keep(self, url: str, user: str, password: str, app: str) -> None:
        """Connect, listen, and connect again, until cancelled."""
        async with opened_client(self._name, url, user, password, app) as client:
            while True:
                try:
                    async with client.events() as messages:
                        await client.ask("PUT", f"/applications/{app}/eventFilter", body=_FILTER)
                        self._say_up(client)
                        why = await self._listen(messages)
                except DriverError as error:
                    why = str(error)
                self._say_down(why)
                await asyncio.sleep(REPLACED_S if self._is_replaced else PROBE_S)

    def _say_up(self, client: AriClient) -> None:
        self._client = client
        self._is_up, self._is_replaced = True, False
        self._hear(Up(self._name))

    def _say_down(self, why: str) -> None:
        self._client = None  # until Asterisk is back, commands fail at once
        if self._is_up is not False:
            self._hear(Down(self._name, why))
        self._is_up = False

    async def _listen(self, messages: AsyncIterator[str]) -> str:
        """Return why the connection is of no more use."""
        reading = asyncio.create_task(self._read(messages))
        pinging = asyncio.create_task(self._ping())
        try:
            done, _ = await asyncio.wait({reading, pinging}, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in (reading, pinging):
                task.cancel()
            await asyncio.wait({reading, pinging})

    async def _read(self, messages: AsyncIterator[str]) -> str:
        async for text in messages:
            match read_event(text):
                case Ignored():
                    pass
                case Unknown(why):
                    _log.warning("%s: an event was not understood: %s", self._name, why)
                case Replaced():
                    self._is_replaced = True
                    return f"{self._name}: another daemon has taken the exchange over"
                case fact:
                    self._hear(fact)
        return f"{self._name}: Asterisk has closed the connection"

    async def _ping(self) -> str:
        misses = 0
        while misses < MISSES_MAX:
            try:
                await self.ask("GET", "/asterisk/ping")
                await self._beat()
                misses = 0
            except DriverError as error:
                misses += 1
                _log.warning("%s", error)
            await asyncio.sleep(PING_S)
        return f"{self._name}: Asterisk did not answer {MISSES_MAX} times"
