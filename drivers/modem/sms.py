"""SMS of a modem line: what is stored on the SIM comes out whole, what goes out is accepted.

The SIM is the buffer (quirk D6): a message stays on it until whoever took it says `settled`, so a
crash in between brings it again, never loses it. Reading is by listing, not by index, because a
+CMTI may name another memory or none (D1). Messages pushed by +CMT (class 0, D17) have no such
safety. 3GPP TS 27.005 3.1, 3.2.3 (+CPMS), 3.4 (+CNMI, +CMGL), 3.5 (+CMGS, +CMGD).
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable

from drivers.api import DriverError, SmsReceived
from drivers.modem.line import AtLine
from drivers.wire.at import Command
from drivers.wire.at_errors import meaning
from drivers.wire.at_lines import Slot, stored_pdus
from drivers.wire.pdu import Coding, Kind, Sms, decode
from drivers.wire.pdu_submit import Submit, Unsendable, submits
from drivers.wire.sms_parts import Joined, SmsParts

MEMORIES = ("ME", "SM")  # the last one that exists receives: the SIM, which outlives the modem
PID_SIM = 0x7F  # messages for the SIM itself (23.040 9.2.3.9), nobody's business (D18)
SEND_MS = 60_000  # the network may take its time
_LIST_MS = 30_000  # 208 messages are 46,717 bytes: 4.1 s at 115,200 Bd (D19)
_LIST = Command(b"AT+CMGL=4", reply=b"+CMGL:", follows=True, timeout_ms=_LIST_MS)

_LOG = logging.getLogger(__name__)

Origin = Slot | None  # None: pushed, stored nowhere


class Messages:
    """`report` is given each message and what to call when it is on disk."""

    def __init__(
        self,
        name: str,
        utc_ms: Callable[[], int],
        report: Callable[[SmsReceived | None, Callable[[], None]], None],
    ) -> None:
        self._name = name
        self._utc_ms = utc_ms
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._parts: SmsParts[Origin] = SmsParts()
        self._held: dict[Slot, str] = {}  # taken over and not yet deleted
        self._settled: list[Slot] = []
        self._to_list: set[str] = set()
        self._memories: tuple[str, ...] = ()
        self._selected = ""
        self.on_work: Callable[[], object] = lambda: None  # `work` has something to do

    # --- coming in ------------------------------------------------------------------------------

    async def set_up(self, line: AtLine) -> None:
        """Find the memories, receive into the last, and list all. Raises DriverError."""
        self._selected = ""
        found = [memory for memory in MEMORIES if await self._select(line, memory)]
        if not found:  # the line is still good for calls
            _LOG.warning("%s: tidak ada memori SMS / no memory for SMS (AT+CPMS)", self._name)
        self._memories = tuple(found)
        self._to_list.update(found)

    def arrived(self, slot: Slot) -> None:
        """+CMTI: something is stored, perhaps there."""
        self._to_list.update([slot.memory] if slot.memory in self._memories else self._memories)
        self.on_work()

    def look_again(self) -> None:
        """A full memory reports nothing (D4), and a +CMTI can be lost: list from time to time."""
        self._to_list.update(self._memories)

    def pushed(self, pdu: str) -> None:
        """+CMT."""
        self._take(decode(pdu), None)

    @property
    def has_work(self) -> bool:
        return bool(self._settled or self._to_list)

    async def work(self, line: AtLine) -> None:
        """Delete what is on disk, list what is to be listed. Raises DriverError."""
        while self._settled:
            slot = self._settled[0]
            if await self._select(line, slot.memory):
                await line.ask(Command(b"AT+CMGD=%d" % slot.index))
            self._settled.remove(slot)
            self._held.pop(slot, None)
        while self._to_list:
            memory = next(iter(self._to_list))
            await self._list(line, memory)
            self._to_list.discard(memory)
        if self._memories:
            await self._select(line, self._memories[-1])

    def expire(self) -> None:
        """Give out what has waited too long for its missing parts."""
        for joined in self._parts.expire(self._now_ms()):
            self._give(joined)

    async def _select(self, line: AtLine, memory: str) -> bool:
        if memory == self._selected:
            return True
        name = b'"%s"' % memory.encode()
        reply = await line.ask(Command(b"AT+CPMS=%s,%s,%s" % (name, name, name), reply=b"+CPMS:"))
        if reply.ok:
            self._selected = memory
        return reply.ok

    async def _list(self, line: AtLine, memory: str) -> None:
        if not await self._select(line, memory):
            return
        reply = await line.ask(_LIST)
        if not reply.ok:  # calls go on; it is tried again with the next look
            _LOG.warning("%s: AT+CMGL: %s", self._name, meaning(reply.final))
            return
        there: dict[Slot, str] = {}
        for stored in stored_pdus(reply.lines):
            there[Slot(memory, stored.index)] = stored.pdu
        for slot, pdu in there.items():
            if self._held.get(slot) != pdu:
                self._held[slot] = pdu
                self._take(decode(pdu), slot)

    def _take(self, sms: Sms, slot: Origin) -> None:
        if sms.kind is Kind.SUBMIT and not sms.damage:
            return  # somebody's draft
        if sms.kind is Kind.STATUS_REPORT or sms.pid == PID_SIM:
            _LOG.info("%s: %s of %s put aside", self._name, sms.kind, sms.address)
            self._settle((slot,))
            return
        for joined in self._parts.add(sms, slot, self._now_ms()):
            self._give(joined)

    def _give(self, joined: Joined[Origin]) -> None:
        def settled() -> None:
            self._settle(joined.origins)

        self._report(None if joined.repeated else self._fact(joined), settled)

    def _fact(self, joined: Joined[Origin]) -> SmsReceived:
        first = joined.parts[0]
        sent_utc_ms = int(first.time.timestamp() * 1000) if first.time else self._utc_ms()
        text = joined.text
        if first.coding is Coding.OCTETS:  # no text by itself; shown rather than dropped
            text = "".join(part.units.hex() for part in joined.parts)
        return SmsReceived(self._name, first.address, text, sent_utc_ms, joined.damaged)

    def _settle(self, origins: tuple[Origin, ...]) -> None:
        self._settled += [slot for slot in origins if slot is not None]
        self.on_work()

    def _now_ms(self) -> int:
        return int(self._loop.time() * 1000)


# --- going out ----------------------------------------------------------------------------------


def written(name: str, to: str, text: str, smsc: str) -> list[Submit]:
    """The parts of a message. Raises DriverError if it cannot be written."""
    try:
        # The same message gets the same reference when it is tried again: phones join its parts.
        reference = zlib.crc32(f"{to} {text}".encode("utf-8", "replace"))
        return submits(to, text, reference=reference, smsc=smsc)
    except Unsendable as error:
        raise DriverError(f"{name}: {error}") from error


async def send(line: AtLine, part: Submit) -> None:
    """Return once the network has accepted `part`. Raises DriverError."""
    text = b"AT+CMGS=%d" % part.length
    await line.told(
        Command(text, reply=b"+CMGS:", timeout_ms=SEND_MS, body=part.pdu.encode("ascii"))
    )
