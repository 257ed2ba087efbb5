"""A GSM/LTE modem as a voice line: kept open, set up, watched, adopted after our own death.

The upkeep task opens the port, runs the start sequence, then asks for the call list while a call is
up and for the registration while none is. Whatever fails ends in `Down` and a new try, never in an
exception out of `facts()`. What the bytes mean is left to `drivers.wire`, which call is which to
`drivers.modem.calls`, what a call is for to the appliance.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress

from drivers.api import Cause, Down, DriverError, LegGone, Up, VoiceFact
from drivers.modem import setup
from drivers.modem.calls import Calls
from drivers.modem.line import AtLine
from drivers.modem.models import GENERIC, Model
from drivers.modem.port import open_port
from drivers.modem.sms import Messages, send, written
from drivers.modem.sound import SoundPath
from drivers.value import value
from drivers.wire.at import Command, Report
from drivers.wire.at_lines import (
    CallRow,
    call_rows,
    caller_in,
    names_caller,
    registration_in,
    slot_in,
)

REOPEN_MIN_S, REOPEN_MAX_S = 0.25, 2.0
POLL_S = 1.0  # the call list while a call is there (B11)
BEAT_S = 10.0  # registration while none is: a hung modem is found within 30 s (fault 35)
LIST_S = 60.0  # stored messages nobody announced (D4)
LOST_S = 8.0  # a call on a port that does not come back is lost
ANSWER_MS = 20_000
HANG_UP_LOOKS = 4  # looks at the call list after each way of hanging up
LOOK_AGAIN_S = 0.25
SOUND_TRIES, SOUND_AGAIN_S = 4, 0.2  # SIM7600 refuses a moment too early (C7)

CALL_LIST = Command(b"AT+CLCC", reply=b"+CLCC:", timeout_ms=3_000)

# The caller or the network has ended the call (B7, B8; HANGUP: ZTE).
_ENDED = (b"NO CARRIER", b"VOICE CALL: END", b"MISSED_CALL:", b"^CEND:", b"HANGUP:", b"BUSY")
_RESTARTED = (b"RDY", b"^SYSSTART")

_LOG = logging.getLogger(__name__)


@value
class Site:
    """What the site file says about one modem."""

    name: str
    port: str
    baud: int
    pin: str | None
    smsc: str


class Modem:
    """`drivers.api.VoiceLine`. Made by `drivers.modem.open_modem`."""

    def __init__(
        self,
        site: Site,
        sound: SoundPath | None,
        media_port: int,
        calls: Calls,
        utc_ms: Callable[[], int],
    ) -> None:
        self.name = site.name
        self.media_port = media_port
        self._site = site
        self._sound = sound
        self._calls = calls
        self._loop = asyncio.get_running_loop()
        self._facts: asyncio.Queue[tuple[VoiceFact | BaseException | None, Callable[[], None]]] = (
            asyncio.Queue()
        )
        self._messages = Messages(site.name, utc_ms, self._report)
        self._messages.on_work = self._stir
        self._line: AtLine | None = None
        self._model: Model = GENERIC
        self._restarted = False
        self._watching = False  # the set-up is through
        self._look_wanted = False  # something may have happened to the calls
        self._up: bool | None = None  # None: nothing was said yet
        self._why = "belum tersambung / not connected yet"
        self._work = asyncio.Event()  # the upkeep task has something to do
        self._quiet = asyncio.Event()  # no call is ringing: SMS may take the line
        self._quiet.set()
        self._peer: tuple[str, int] | None = None  # where the sound of the call goes
        self._mute = False  # the voice path is to be switched off
        self._losing: asyncio.TimerHandle | None = None
        if calls.leg is not None:
            self._begin_losing()

    # --- drivers.api.VoiceLine ------------------------------------------------------------------

    async def facts(self) -> AsyncIterator[VoiceFact]:
        """Yield what happened. Asking for the next fact says that the last one is on disk.

        An SMS is deleted from the SIM only then; after a crash the same SMS comes again, equal in
        every field, and the reader drops what it has already.
        """
        while True:
            fact, settle = await self._facts.get()
            if isinstance(fact, BaseException):
                raise fact
            if fact is not None:
                yield fact
            settle()

    async def answer(self, leg: str) -> None:
        line = self._at(leg)
        if self._calls.up:
            return
        reply = await line.ask(Command(b"ATA", timeout_ms=ANSWER_MS, dials=True))
        if reply.final == b"NO CARRIER":
            self._say(self._calls.ended(Cause.NORMAL))
        elif not reply.ok:
            await self._look(line)
        self._at(leg)
        if not reply.ok and not self._calls.up:
            said = reply.final.decode("ascii", "replace")
            raise DriverError(f"{self.name}: ATA: {said}")
        self._calls.answered()
        self._call_changed()

    async def hang_up(self, leg: str) -> None:
        if self._calls.leg != leg:
            return
        line = self._there()
        for text in (b"AT+CHUP", b"ATH", b""):  # B13; the last is AT+CHLD=1<id>
            rows = (await self._call_list(line) or ()) if not text else ()
            for command in [text] if text else [b"AT+CHLD=1%d" % row.index for row in rows]:
                await line.ask(Command(command))
            if await self._is_gone(line, leg):
                return
        raise DriverError(f"{self.name}: panggilan tidak mau putus / the call does not end")

    async def start_audio(self, leg: str, peer: tuple[str, int]) -> None:
        line = self._at(leg)
        if self._sound is None:
            raise DriverError(f"{self.name}: tidak ada pcm_port / no pcm_port in the site file")
        self._peer = peer
        await self._switch_sound_on(line)
        await self._sound.start(peer, self._stir)
        if self._calls.leg != leg:
            self._sound.stop()
            raise LegGone(f"{self.name}: {leg}")

    async def send_sms(self, to: str, text: str) -> None:
        for part in written(self.name, to, text, self._site.smsc):
            await self._quiet.wait()  # a ringing call comes first
            await send(self._there(), part)

    # --- keeping it up --------------------------------------------------------------------------

    async def keep_open(self) -> None:
        """Open, set up and watch the modem, for ever."""
        delay_s = REOPEN_MIN_S
        while True:
            try:
                await self._serve()
            except DriverError as error:
                delay_s = REOPEN_MIN_S if self._up else min(2 * delay_s, REOPEN_MAX_S)
                self._down(str(error))
            await asyncio.sleep(delay_s)

    def on_upkeep_done(self, upkeep: asyncio.Task[None]) -> None:
        # It never ends by itself: a mistake of ours must reach the reader, not die in silence.
        if not upkeep.cancelled() and (error := upkeep.exception()):
            self._facts.put_nowait((error, _nothing))

    async def _serve(self) -> None:
        port = await open_port(self._site.port, self._site.baud)
        line = AtLine(port, self._on_report, self._stir)
        try:
            await line.start()
            while True:
                self._restarted = False
                await self._set_up(line)
                self._watching = True
                await self._watch(line)
                self._watching = False
                self._down("modem memulai ulang / the modem restarted by itself")
        finally:
            self._line, self._watching = None, False
            line.close()
            if self._calls.leg is not None:
                self._calls.line_lost()
                self._begin_losing()

    async def _set_up(self, line: AtLine) -> None:
        self._model = await setup.begin(line)
        self._line = line
        await self._look(line)  # a call may be up since before we came
        await setup.unlock(line, self._site.pin)
        await setup.finish(line)
        await self._messages.set_up(line)
        await setup.announce_messages(line)

    async def _watch(self, line: AtLine) -> None:
        """Until the module restarts; raises DriverError when the port or the modem fails."""
        beat_s = list_s = 0.0
        while not self._restarted:
            if line.lost is not None:
                raise line.lost
            now_s = self._loop.time()
            if now_s >= beat_s:
                self._registered((await setup.registration(line)).carries_voice)
                beat_s = now_s + BEAT_S
            if now_s >= list_s:
                self._messages.look_again()
                list_s = now_s + LIST_S
            await self._round(line)
            in_call = self._calls.leg is not None
            await self._sleep(POLL_S if in_call else beat_s - self._loop.time())

    async def _round(self, line: AtLine) -> None:
        """Do what is to be done now, the call first."""
        self._work.clear()
        if self._calls.leg is not None or self._look_wanted:
            self._look_wanted = False
            await self._look(line)
            await self._keep_sound(line)
        if self._mute:
            self._mute = False
            if self._model.sound_off is not None:
                await line.ask(self._model.sound_off)
        self._messages.expire()
        if self._messages.has_work and not self._calls.ringing:
            await self._messages.work(line)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.01)):
                await self._work.wait()

    # --- calls ----------------------------------------------------------------------------------

    async def _call_list(self, line: AtLine) -> list[CallRow] | None:
        """The calls the modem has; None when it will not say (the SIM is locked, or too early)."""
        reply = await line.ask(CALL_LIST)
        return call_rows(reply.lines) if reply.ok else None

    async def _look(self, line: AtLine) -> None:
        """Bring the call in line with the modem's list."""
        epoch = self._calls.epoch
        rows = await self._call_list(line)
        if rows is None:
            return
        self._stop_losing()
        self._say(self._calls.listed(rows, epoch, self._now_ms()))

    async def _is_gone(self, line: AtLine, leg: str) -> bool:
        for _ in range(HANG_UP_LOOKS):
            if self._calls.leg != leg or await self._call_list(line) == []:
                self._say(self._calls.hung_up(self._now_ms()))
                return True
            await asyncio.sleep(LOOK_AGAIN_S)
        return False

    def _at(self, leg: str) -> AtLine:
        if self._calls.leg != leg:
            raise LegGone(f"{self.name}: {leg}")
        return self._there()

    def _there(self) -> AtLine:
        if self._line is None:
            raise DriverError(f"{self.name}: {self._why}")
        return self._line

    def _begin_losing(self) -> None:
        self._stop_losing()
        self._losing = self._loop.call_later(LOST_S, self._lose)

    def _stop_losing(self) -> None:
        if self._losing is not None:
            self._losing.cancel()
            self._losing = None

    def _lose(self) -> None:
        self._losing = None
        self._say(self._calls.ended(Cause.LOST))

    # --- sound ----------------------------------------------------------------------------------

    async def _switch_sound_on(self, line: AtLine) -> None:
        command = self._model.sound_on
        for left in reversed(range(SOUND_TRIES)):
            if command is None or (await line.ask(command)).ok:
                return
            if left:
                await asyncio.sleep(SOUND_AGAIN_S)
        raise DriverError(f"{self.name}: jalur suara ditolak / the voice path was refused")

    async def _keep_sound(self, line: AtLine) -> None:
        """The PCM port went away and may be back, or the modem was opened anew during the call."""
        if self._sound is None or self._peer is None or self._sound.running or not self._calls.up:
            return
        try:
            await self._switch_sound_on(line)
            await self._sound.start(self._peer, self._stir)
        except DriverError as error:
            _LOG.warning("%s: no sound: %s", self.name, error)

    def _call_changed(self) -> None:
        if self._calls.ringing:
            self._quiet.clear()
        else:
            self._quiet.set()
        if self._calls.leg is None and self._sound is not None and self._peer is not None:
            self._sound.stop()
            self._peer = None
            self._mute = True
        self._stir()

    # --- what the modem says by itself ----------------------------------------------------------

    def _on_report(self, report: Report) -> None:
        line, now_ms = report.line, self._now_ms()
        if line == b"RING" or line.startswith(b"+CRING: VOICE"):
            self._say(self._calls.rang(now_ms))
            self._look_again()  # in some modems RING means that something has changed (B10)
        elif line.startswith(b"+CLIP:") and names_caller(line):
            self._say(self._calls.named(caller_in(line), now_ms))
        elif line.startswith(b"+CLIP:"):
            self._look_again()  # torn by noise: the list knows whether there is a call
        elif line.startswith(_ENDED):
            self._say(self._calls.ended(Cause.NORMAL))
        elif line.startswith(b"+CMTI:"):
            self._messages.arrived(slot_in(line))
        elif line.startswith(b"+CMT:"):
            self._messages.pushed(report.data.decode("ascii", "replace"))
        elif line.startswith(b"+CREG:"):
            self._on_registration(line)
        elif line.startswith(_RESTARTED):
            self._on_restart()

    def _look_again(self) -> None:
        self._look_wanted = True
        self._stir()

    def _on_registration(self, line: bytes) -> None:
        # Before the set-up is through, the line is not up, whatever the network says.
        if self._watching:
            self._registered(registration_in(line).carries_voice)

    def _on_restart(self) -> None:
        self._restarted = True
        self._say(self._calls.ended(Cause.LOST))
        self._stir()

    def _registered(self, carries_voice: bool) -> None:
        if not carries_voice:
            self._down("tidak terdaftar di jaringan / not registered on the network")
        elif not self._up:
            self._up, self._why = True, ""
            self._report(Up(self.name))

    def _down(self, why: str) -> None:
        if self._up is not False or why != self._why:
            self._report(Down(self.name, why))
        self._up, self._why = False, why

    def _say(self, facts: Iterable[VoiceFact]) -> None:
        facts = list(facts)
        for fact in facts:
            self._report(fact)
        if facts:
            self._call_changed()

    def _report(self, fact: VoiceFact | None, settle: Callable[[], None] | None = None) -> None:
        self._facts.put_nowait((fact, settle or _nothing))

    def _stir(self) -> None:
        self._work.set()

    def close(self) -> None:
        """Let go of the timer and the sound; the call itself goes on."""
        self._stop_losing()
        if self._sound is not None:
            self._sound.close()

    def _now_ms(self) -> int:
        return int(self._loop.time() * 1000)


def _nothing() -> None:
    pass
