"""The E1 gateway: SIPp placing a caller's call on the exchange, a tone for a voice.

    async with caller(far_end.sip, directory, number="081234567890", tone_hz=440) as call:
        ...
        call.hang_up()         # CANCEL while it rings, BYE after
        await call.ended()

RFC 3261 (SIP), RFC 3323 (a caller who withholds the number).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hil.far_end.ports import free_port
from hil.far_end.sipp_process import SippProcess, started_sipp

TALK_MS = 600_000


@dataclass(slots=True)
class GatewayCall:
    sipp: SippProcess

    @property
    def ringing(self) -> bool:
        return "ringing" in self.sipp.log()

    @property
    def answered(self) -> bool:
        return "answered" in self.sipp.log()

    @property
    def far_end_hung_up(self) -> bool:
        return "far end hung up" in self.sipp.log()

    def hang_up(self) -> None:
        """End the call: CANCEL while it rings, BYE after."""
        self.sipp.press_hook()

    async def ended(self) -> bool:
        """Wait until the call is over; True when it went through answer to its end."""
        return await self.sipp.ended() == 0


@asynccontextmanager
async def caller(
    exchange: tuple[str, int],
    directory: Path,
    *,
    number: str = "081234567890",
    dialled: str = "112",
    tone_hz: int = 440,
    talk_ms: int = TALK_MS,
    withheld: bool = False,
    headers: tuple[str, ...] = (),
) -> AsyncIterator[GatewayCall]:
    """Call `dialled` from `number`; hang up after `talk_ms` unless the far end does before.

    SIPp keeps its logs in the new `directory`. `headers` are added to the INVITE as they stand.
    """
    host, port = exchange
    privacy: tuple[str, ...] = ()
    if withheld:  # RFC 3323 4.1.1.3, RFC 3325 7: the number only for those who are trusted
        privacy = (f"P-Asserted-Identity: <sip:{number}@{host}>", "Privacy: id")
        number = "anonymous"
    blanks = {
        "number": number,
        "dialled": dialled,
        "talk_ms": str(talk_ms),
        "headers": "".join(f"{line}\n" for line in (*privacy, *headers)),
    }
    once = ("-m", "1", f"{host}:{port}")
    async with started_sipp("gateway", directory, free_port(), blanks, tone_hz, *once) as sipp:
        yield GatewayCall(sipp)
