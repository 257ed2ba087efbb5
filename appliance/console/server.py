"""The call takers' console: a local web server beside the engine.

    async with open_console(disk, clock, rules, host="127.0.0.1", port=0, token=token,
                            timezone="Asia/Makassar", language="id") as console:
        print(console.url)

Importing this module is cheap; aiohttp (430 ms) and Jinja2 (150 ms) are loaded beside the loop
when the console is opened, after the box has begun to take calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from appliance.clock import Clock
from appliance.disk import Disk
from appliance.domain.rules import Rules
from drivers.loading import load

if TYPE_CHECKING:
    from aiohttp.web import Application, AppRunner

GOODBYE_S = 2.0  # for requests under way when the console closes


@dataclass(frozen=True, slots=True)
class Console:
    """`url` holds the key: print it for the person who starts Siaga, write it to no log."""

    url: str
    port: int


@asynccontextmanager
async def open_console(
    disk: Disk,
    clock: Clock,
    rules: Rules,
    *,
    host: str,
    port: int,
    token: str,
    timezone: str,
    language: str = "id",
) -> AsyncIterator[Console]:
    """Serve the console on `host`, which must be loopback. `port` 0 takes a free one.

    Raises OSError when the address is taken, or is not this machine's own.
    """
    assert token, "a console without a key is open to everybody on this machine"
    _must_be_loopback(host)
    make_app, make_runner = await asyncio.to_thread(_load)
    app = make_app(disk, clock, rules, token=token, timezone=timezone, language=language)
    runner = make_runner(app)
    await runner.setup()
    try:
        yield await _listen(runner, host, port, token)
    finally:
        await runner.cleanup()


def _load() -> tuple[Callable[..., Application], Callable[[Application], AppRunner]]:
    routes, web = load("appliance.console.routes"), load("aiohttp.web")

    def runner(app: Application) -> AppRunner:
        # No access log: the first address of a session holds the key. Cancelling a handler whose
        # browser has gone ends its stream at once instead of at its next picture.
        made: AppRunner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=GOODBYE_S
        )
        return made

    return routes.application, runner


async def _listen(runner: AppRunner, host: str, port: int, token: str) -> Console:
    from aiohttp.web import TCPSite

    await TCPSite(runner, host, port).start()
    taken = int(runner.addresses[0][1])
    shown = f"[{host}]" if ":" in host else host
    return Console(f"http://{shown}:{taken}/?token={token}", taken)


def _must_be_loopback(host: str) -> None:
    if host == "localhost":
        return
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise PermissionError(
            f"konsol tidak dibuka di {host}: belum ada akun, jadi hanya 127.0.0.1 / the console is"
            f" not opened on {host}: there are no accounts yet, so only 127.0.0.1"
        )
