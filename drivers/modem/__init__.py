"""A GSM/LTE modem on a serial port, as a voice line that takes calls and SMS.

async with open_modem("modem-1", "/dev/modem-1", pcm_port="/dev/modem-1-pcm") as modem:
    async for fact in modem.facts(): ...
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from drivers.modem.calls import Calls
from drivers.modem.modem import Modem, Site
from drivers.modem.sound import SoundPath

__all__ = ["Modem", "open_modem"]


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def open_modem(
    name: str,
    port: str,
    *,
    baud: int = 115_200,
    pcm_port: str | None = None,
    pin: str | None = None,
    smsc: str = "",
    adopt: str | None = None,
    adopt_up: bool = False,
    utc_ms: Callable[[], int] = _utc_ms,
) -> AsyncIterator[Modem]:
    """Keep the modem on `port` open and set up; `Up` and `Down` tell how it stands.

    A port that is not there yet is no error: it may come later. `adopt` is the leg that the journal
    still has open on this line and `adopt_up` whether it was answered: if the modem has that call,
    it is that leg again (`Ringing` is said again only if nobody has answered it); if it has none,
    or one that rings after one that was answered, `HungUp(adopt, LOST)` follows. Leaving closes the
    port and leaves the call as it is.
    """
    sound = SoundPath(pcm_port) if pcm_port else None
    media_port = await sound.bind() if sound else 0
    calls = Calls(name, utc_ms, adopt, adopt_up)
    modem = Modem(Site(name, port, baud, pin, smsc), sound, media_port, calls, utc_ms)
    upkeep = asyncio.create_task(modem.keep_open(), name=f"{name} upkeep")
    upkeep.add_done_callback(modem.on_upkeep_done)
    try:
        yield modem
    finally:
        upkeep.cancel()
        with suppress(asyncio.CancelledError):
            await upkeep
        modem.close()
