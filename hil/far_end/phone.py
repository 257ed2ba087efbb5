"""A call taker's desk phone: SIPp that rings, answers by itself and sends a tone for a voice.

    async with phone(directory, tone_hz=620) as desk:
        Desk("desk-1", contact=desk.contact) ...

It takes calls one after another until it is left. RFC 3261.
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
class DeskPhone:
    sipp: SippProcess

    @property
    def contact(self) -> str:
        return contact_at(self.sipp.port)

    def press_hook(self) -> None:
        """Pick up while it rings, hang up after."""
        self.sipp.press_hook()

    def count(self, what: str) -> int:
        """How often `what` happened: ringing, answered, cancelled, hung up, far end hung up."""
        return self.sipp.log().count(what)


def contact_at(port: int) -> str:
    """Return the address of a phone on `port`, to be written into the plan before it starts."""
    return f"sip:phone@127.0.0.1:{port}"


@asynccontextmanager
async def phone(
    directory: Path,
    port: int | None = None,
    *,
    tone_hz: int = 620,
    ring_ms: int = 200,
    talk_ms: int = TALK_MS,
) -> AsyncIterator[DeskPhone]:
    """A phone that answers after `ring_ms`, or at once when asked; hangs up after `talk_ms`.

    `ring_ms` beyond a minute is a phone nobody picks up.
    """
    blanks = {"ring_ms": str(ring_ms), "talk_ms": str(talk_ms)}
    at = port or free_port()
    async with started_sipp("phone", directory, at, blanks, tone_hz, "-aa") as sipp:
        yield DeskPhone(sipp)


@asynccontextmanager
async def busy_phone(directory: Path, port: int) -> AsyncIterator[DeskPhone]:
    """A phone that is engaged."""
    async with started_sipp("busy_phone", directory, port, {}, 620, "-aa") as sipp:
        yield DeskPhone(sipp)
