"""The connection to Asterisk's REST interface: one websocket for events, HTTP for commands.

It knows the errors of the wire and turns them into `DriverError` and `LegGone`; what the messages
mean is read in `drivers.wire.ari`, and when to connect again is decided in `exchange`.

aiohttp takes 430 ms to import on a Pi, so it is imported when the first connection is made, off
the loop.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from drivers.api import DriverError, LegGone
from drivers.loading import load

if TYPE_CHECKING:
    from aiohttp import ClientSession, ClientWebSocketResponse

COMMAND_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 1.0
CLOSE_TIMEOUT_S = 0.5
MESSAGE_MAX = 1 << 20  # bytes; an event is 2 KB

_GONE_STATUS = frozenset({400, 409, 412, 422})


class AlreadyThere(DriverError):
    """There is a leg or bridge of this name already (409)."""


class Unreachable(DriverError):
    """A leg could not even be begun: no such phone, or it is not registered."""


class AriClient:
    """`session` is closed by `opened_client`."""

    def __init__(self, name: str, url: str, app: str, session: ClientSession) -> None:
        self._name = name
        self._url = url
        self._app = app
        self._session = session

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> object:
        """Send one command and return its answer. Raises LegGone, AlreadyThere, DriverError."""
        from aiohttp import ClientError

        try:
            async with self._session.request(
                method, self._url + path, params=query, json=body
            ) as response:
                status, text = response.status, await response.text(errors="replace")
        except (ClientError, TimeoutError, OSError) as error:
            raise DriverError(
                f"{self._name}: no answer to {method} {path} ({type(error).__name__})"
            ) from error
        if status < 300:
            return _json(text)
        raise self._refusal(f"{method} {path}", status, text)

    def _refusal(self, command: str, status: int, text: str) -> DriverError:
        said = f"{self._name}: {command} was answered with {status} {text[:120].strip()}"
        if status == 409 and "already exists" in text:
            return AlreadyThere(said)
        if status == 500 and "Allocation failed" in text:
            return Unreachable(said)
        gone = "not found" in text.lower() or "not in stasis" in text.lower()
        return (
            LegGone(said)
            if status == 404 or (status in _GONE_STATUS and gone)
            else DriverError(said)
        )

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[str]]:
        """Subscribe to everything in Asterisk, and yield the messages until the connection ends.

        Raises DriverError when Asterisk is not there or refuses.
        """
        from aiohttp import ClientError, ClientWSTimeout

        query = {"app": self._app, "subscribeAll": "true"}
        try:
            # No heartbeat here: a dead Asterisk closes the socket, a hung one does not answer the
            # pings of `connection`, and a second probe would wake an idle box twice as often.
            connecting = self._session.ws_connect(
                f"{self._url}/events",
                params=query,
                max_msg_size=MESSAGE_MAX,
                timeout=ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            )
            socket = await asyncio.wait_for(connecting, CONNECT_TIMEOUT_S)
        except (ClientError, TimeoutError, OSError) as error:
            raise DriverError(f"{self._name}: {_reason(error)}") from error
        try:
            yield _texts(socket)
        finally:
            await socket.close()


async def _texts(socket: ClientWebSocketResponse) -> AsyncIterator[str]:
    async for message in socket:
        if isinstance(message.data, str):
            yield message.data


@asynccontextmanager
async def opened_client(
    name: str, url: str, user: str, password: str, app: str
) -> AsyncIterator[AriClient]:
    """Yield a client of Asterisk's `url` (http://127.0.0.1:8088/ari); nothing is connected yet."""
    aiohttp = await asyncio.to_thread(load, "aiohttp")
    session = aiohttp.ClientSession(
        headers={"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()},
        timeout=aiohttp.ClientTimeout(total=COMMAND_TIMEOUT_S),
    )
    async with session:
        yield AriClient(name, url.rstrip("/"), app, session)


def _json(text: str) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None  # whoever needs the answer finds that it is none


def _reason(error: Exception) -> str:
    """Say for a person why there is no connection."""
    match getattr(error, "status", 0):
        case 401 | 403:
            return "Asterisk refuses our ARI user or password"
        case 0:
            return f"Asterisk is not there ({type(error).__name__})"
        case status:
            return f"Asterisk answers with {status}"
