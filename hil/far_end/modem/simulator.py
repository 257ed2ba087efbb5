"""A simulated GSM/LTE modem on a pty: what it does by itself, and what a test makes it do.

Two terminals, as on a USB modem: AT commands, and raw PCM (8 kHz s16le) while a call is up and the
voice path is switched on. What the AT commands answer is `commands`, the sound is `caller`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from drivers.wire.pdu import Sms, decode, text_of
from hil.far_end.modem.caller import CallerSound
from hil.far_end.modem.commands import Call, Commands, State
from hil.far_end.modem.dialects import QUECTEL, Dialect
from hil.far_end.modem.pty import PtyPort
from hil.far_end.modem.sim_card import delivers

RING_EVERY_S = 5.0
_CTRL_Z, _ESC = 0x1A, 0x1B


@dataclass(frozen=True, slots=True)
class Sent:
    """One SMS the network took from us; a part of a long one has its own."""

    to: str
    text: str
    sms: Sms


@asynccontextmanager
async def open_modem_simulator(
    link: Path,
    pcm_link: Path | None = None,
    *,
    dialect: Dialect = QUECTEL,
    tone_hz: float = 440.0,
    ring_every_s: float = RING_EVERY_S,
    pin: str = "",
) -> AsyncIterator[ModemSimulator]:
    """Plug a modem in at `link` (and `pcm_link`); its callers whistle at `tone_hz`."""
    modem = ModemSimulator(link, pcm_link, dialect, tone_hz, ring_every_s)
    modem.state.pin = pin
    modem.plug_in()
    try:
        yield modem
    finally:
        modem.unplug()


class ModemSimulator:
    def __init__(
        self,
        link: Path,
        pcm_link: Path | None,
        dialect: Dialect,
        tone_hz: float,
        ring_every_s: float,
    ) -> None:
        self.state = State(dialect)
        self.caller = CallerSound(pcm_link, tone_hz) if pcm_link else None
        self.commands_seen: list[str] = []
        self.sent: list[Sent] = []
        self.mute = False  # fault: hears nothing, says nothing
        self.lose_no_carrier = False  # fault: the end of a call is not reported (B11)
        self.slow_s = 0.0  # fault: every answer takes so long
        self._port = PtyPort(link, self._on_bytes)
        self._commands = Commands(self.state, self._act)
        self._typed = bytearray()
        self._loop = asyncio.get_running_loop()
        self._ring_every_s = ring_every_s
        self._next_ring: asyncio.TimerHandle | None = None
        self._references = 0

    # --- the world outside ----------------------------------------------------------------------

    @property
    def call(self) -> Call | None:
        return self.state.call

    @property
    def plugged_in(self) -> bool:
        return self._port.plugged_in

    @property
    def heard(self) -> bytes:
        """What the caller has heard in the present or last call, as PCM."""
        return bytes(self.caller.heard) if self.caller else b""

    async def ring(self, number: str) -> None:
        """`number` calls, empty: withheld. Returns once it rings."""
        assert self.state.call is None, "there is a call already"
        self.state.call = Call(number)
        self._ring()

    async def hang_up(self) -> None:
        """The caller hangs up."""
        call = self.state.call
        if call is None:
            return
        self._end_call()
        dialect = self.state.dialect
        if not self.lose_no_carrier:
            for text in dialect.call_end if call.active else dialect.missed:
                self._say(text.format(number=call.number))

    async def receive_sms(self, sender: str, text: str, at: datetime | None = None) -> None:
        """The network brings an SMS, in as many parts as it takes."""
        self._references += 1
        for pdu in delivers(sender, text, at or datetime.now(UTC), self._references):
            await self.receive_pdu(pdu)

    async def receive_pdu(self, pdu: str) -> None:
        if self.state.announces and not self.state.stores:
            self._say(f"+CMT: ,{len(pdu) // 2 - 1 - int(pdu[:2], 16)}\r\n{pdu}")
            return
        index = self.state.memories["SM"].store(pdu)
        if index is not None and self.state.announces:
            self._say(f'+CMTI: "SM",{index}')

    def register(self, stat: int) -> None:
        """The network lets the modem in (1) or throws it out (0)."""
        self.state.registration = stat
        if self.state.creg:
            self._say(f"+CREG: {stat}")

    @property
    def stored(self) -> int:
        """Messages on the SIM."""
        return len(self.state.memories["SM"].messages)

    # --- faults ---------------------------------------------------------------------------------

    def noise(self, data: bytes) -> None:
        self._port.write(data)

    def unplug(self) -> None:
        """The USB plug is pulled; the call dies with the modem's power."""
        self._end_call()
        self.disconnect()

    def disconnect(self) -> None:
        """The ports go away and the modem, with its call, lives on: a USB reset."""
        self._port.unplug()
        if self.caller:
            self.caller.port.unplug()

    def plug_in(self) -> None:
        """Back on another terminal; after `unplug` the modem has booted anew."""
        if self.state.call is None:
            self._boot()
        self._port.plug_in()
        if self.caller:
            self.caller.port.plug_in()

    def restart(self) -> None:
        """The module reboots by itself, the port stays (E1)."""
        self._end_call()
        self._boot()
        for text in self.state.dialect.boot:
            self._say(text)

    def _boot(self) -> None:
        self.state.restarted()
        self._commands.prompted = None
        self._typed.clear()

    # --- calls ----------------------------------------------------------------------------------

    def _ring(self) -> None:
        call = self.state.call
        if call is None or call.active:
            return
        self._say("RING")
        if self.state.clip:
            kind = 145 if call.number.startswith("+") else 129
            clip = f'"{call.number}",{kind},,,,0' if call.number else '"",128,,,,1'
            self._say(f"+CLIP: {clip}")
        self._next_ring = self._loop.call_later(self._ring_every_s, self._ring)

    def _act(self, what: str) -> None:
        match what:
            case "answer" if self.state.call:
                self.state.call.active = True
                for text in self.state.dialect.call_begin:
                    self._say(text)
            case "hang up":
                self._end_call()
            case "sound on" if self.caller:
                self.caller.begin()
            case "sound off" if self.caller:
                self.caller.end()
            case _:
                pass

    def _end_call(self) -> None:
        self.state.call = None
        if self._next_ring is not None:
            self._next_ring.cancel()
        if self.caller:
            self.caller.end()

    # --- the AT port ----------------------------------------------------------------------------

    def _on_bytes(self, data: bytes) -> None:
        if self.mute:
            return
        for octet in data:
            if self._commands.prompted is not None:
                self._on_text(octet)
            elif octet == 0x0D:
                self._on_line()
            elif octet == _ESC:
                self._typed.clear()
            elif octet != 0x0A:
                self._typed.append(octet)

    def _on_line(self) -> None:
        line = self._typed.decode("ascii", "replace")
        self._typed.clear()
        if self.state.echo:
            self._port.write(line.encode("ascii", "replace") + b"\r")
        line = line.strip()
        if line[:2].upper() != "AT":
            return
        self.commands_seen.append(line)
        lines, code = self._commands.run(line)
        for text in lines:
            self._answer(text)
        if code:
            self._answer(code)
        else:
            self._write(b"\r\n> ", self.slow_s)

    def _on_text(self, octet: int) -> None:
        if octet == _ESC:
            self._commands.prompted = None
            self._typed.clear()
            self._answer("OK")
        elif octet == _CTRL_Z:
            self._send_sms(self._typed.decode("ascii", "replace").strip())
            self._commands.prompted = None
            self._typed.clear()
        else:
            self._typed.append(octet)

    def _send_sms(self, pdu: str) -> None:
        sms = decode(pdu)
        if sms.damage or sms.tpdu_length != self._commands.prompted:
            self._answer("+CMS ERROR: 304")
            return
        self.sent.append(Sent(sms.address, text_of([sms]), sms))
        self._answer(f"+CMGS: {len(self.sent) % 256}")
        self._answer("OK")

    def _answer(self, text: str) -> None:
        self._write(f"\r\n{text}\r\n".encode(), self.slow_s)

    def _say(self, text: str) -> None:
        self._write(f"\r\n{text}\r\n".encode(), 0.0)

    def _write(self, data: bytes, after_s: float) -> None:
        if self.mute:
            return
        if after_s:
            self._loop.call_later(after_s, self._port.write, data)
        else:
            self._port.write(data)
