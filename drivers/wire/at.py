"""The AT command channel of a GSM/LTE modem: bytes in, replies and reports out.

Sans-IO: this module opens no port, starts no timer and reads no clock.

    channel = AtChannel()
    port.write(channel.resync(now_ms=0))  # whatever state the modem was left in
    port.write(channel.send(Command(b"AT+CLCC", reply=b"+CLCC:"), now_ms=10_000))
    for item in channel.receive(port.read(), now_ms=10_040): ...
    for item in channel.expire(now_ms=15_000): ...  # the modem kept silent

A `Send` among the items is to be written to the port at once. What a line means is left to
`drivers.wire.at_lines`. The quirks (A1 to A16) are those of reference/gsm/quirks.md.
ITU-T V.250 5.7.1 (result codes), 3GPP TS 27.007 9.2 (+CME ERROR), 27.005 3.2.5 (+CMS ERROR)
and 3.5.1 (the prompt and ESC).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

from drivers.value import value

# Longest line kept, in bytes. A +CMT PDU is at most 2 * (1 + 12 + 164) = 354 digits;
# anything longer is line noise or a modem booting in another mode.
LINE_MAX = 1024
START_SHOWN = 32  # bytes of a garbled line that are reported: enough to recognise a wrong baud rate
QUIET_MS = 300  # a modem that said nothing for so long has finished its late answer (A6)
DRAIN_MAX_MS = 3_000  # a line that never falls quiet is probed all the same
PROBE_MS = 1_000

_END = re.compile(rb"[\r\n]")  # either ends a line, and so does any run of them (A3, A4)
_UNPRINTABLE = bytes([*range(0x20), *range(0x7F, 0x100)])
_NOISE = _UNPRINTABLE + b" "
_ESC = b"\x1b\r"  # leaves a prompt that something left open (A13)
_CTRL_Z = b"\x1a"

_REFUSALS = (b"ERROR", b"COMMAND NOT SUPPORT", b"TOO MANY PARAMETERS", b"NA")  # A8
_CALL_RESULTS = (b"NO CARRIER", b"BUSY", b"NO ANSWER", b"NO DIALTONE")
_ERROR = re.compile(rb"\+CM[ES] ERROR:.|MODEM ERROR: *\d")

# Lines no command owns unless it asked for their prefix.
_REPORT_LINES = frozenset(
    (b"RING", b"NO CARRIER", b"RDY", b"SMS DONE", b"PB DONE", b"SMS READY", b"CALL READY")
)
_REPORTS = (
    *(b"^", b"VOICE CALL:", b"MISSED_CALL:", b"HANGUP:", b"UNDER-VOLTAGE"),
    *(b"+CRING:", b"+CLIP:", b"+CCWA:", b"+CLCC:", b"+COLP:", b"+CSSU:", b"+CSSI:", b"+CUSD:"),
    *(b"+CMT:", b"+CMTI:", b"+CDS:", b"+CDSI:", b"+CBM:", b"+CBMI:"),
    *(b"+CREG:", b"+CGREG:", b"+CEREG:", b"+C5GREG:", b"+CPIN:", b"+CSQ:", b"+CIEV:", b"+CFUN:"),
    *(b"+CTZV:", b"+CTZE:", b"+QIND:", b"+QTONEDET:", b"+QUSIM:", b"+RXDTMF:", b"+UUDTMFD:"),
    *(b"+WIND:", b"+ZDONR:", b"+ZPASR:"),
)
_WITH_DATA = (b"+CMT:", b"+CDS:", b"+CBM:")  # the next line is their PDU (27.005 3.4.1)
_HEX = re.compile(rb"[0-9A-Fa-f]+$")


@value
class Command:
    """One command line, without its terminator.

    `reply` is the prefix of its information lines (`b"+CLCC:"`), `b""` when they have none
    (AT+GSN prints a bare IMEI), None when it prints no information at all.
    `timeout_ms` runs from the moment of sending.
    """

    text: bytes
    reply: bytes | None = None
    timeout_ms: int = 5_000
    dials: bool = False  # NO CARRIER and BUSY answer this command instead of reporting a hang-up
    body: bytes | None = None  # sent after the prompt, with Ctrl-Z (AT+CMGS)
    follows: bool = False  # lines without the prefix belong to the one before (AT+CMGL: the PDU)
    needs_final: bool = True  # False: some modems leave out the OK, the information will do (A7)
    # Tells an answer from a report that has the same prefix (A10).
    answers: Callable[[bytes], bool] | None = None


@value
class Reply:
    """The modem finished `command` with the result code `final`."""

    command: Command
    final: bytes
    lines: tuple[bytes, ...]

    @property
    def ok(self) -> bool:
        # CONNECT answers ATA on ZTE; empty: the final that `needs_final=False` forgave.
        return self.final in (b"OK", b"") or self.final.startswith(b"CONNECT")


@value
class Report:
    """A line the modem sent unasked: RING, +CLIP: ..., NO CARRIER; `data` is the PDU of a +CMT."""

    line: bytes
    data: bytes = b""


@value
class Send:
    """The port must write this now."""

    data: bytes


@value
class Silence:
    """`command` was not answered in time. The channel is not ready until `Ready`."""

    command: Command


@value
class Ready:
    """The late answers are drained and the modem has answered a bare AT."""


@value
class Garbled:
    """A line longer than LINE_MAX began with `start`; the channel goes on at the next line end."""

    start: bytes


Item = Reply | Report | Send | Silence | Ready | Garbled

PROBE = Command(b"AT", timeout_ms=PROBE_MS)


class _State(Enum):
    IDLE = auto()
    ASKED = auto()
    DRAINING = auto()  # late answers are thrown away until the line is quiet
    PROBING = auto()  # a bare AT is out
    SETTLING = auto()  # it was answered, perhaps by something late: throw away the second one


class AtChannel:
    """One command at a time, in any slicing of the input, whatever the modem throws in between."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipping = False  # in the rest of a garbled line
        self._state = _State.IDLE
        self._command = PROBE  # the running one; while draining the one that was left unanswered
        self._lines: list[bytes] = []
        self._prompted = False
        self._header: bytes | None = None  # a +CMT line that waits for its PDU
        self._deadline_ms: int | None = None
        self._drained_by_ms = 0

    @property
    def ready(self) -> bool:
        """Whether `send` may be called."""
        return self._state is _State.IDLE

    @property
    def deadline_ms(self) -> int | None:
        """When to call `expire`, on the caller's clock. None: nothing is due."""
        return self._deadline_ms

    def send(self, command: Command, now_ms: int) -> bytes:
        """Begin `command`; return the bytes to write. One command at a time (V.250 5.6)."""
        assert self.ready, f"{self._command} is still unanswered"
        self._begin(_State.ASKED, command, now_ms)
        return command.text + b"\r"

    def resync(self, now_ms: int) -> bytes:
        """Leave any prompt, drain what is left over, find the modem again: `Ready` follows.

        Returns the bytes to write. An unanswered probe is a `Silence(PROBE)` and is repeated (A16).
        """
        self._drain(now_ms)
        return _ESC

    def receive(self, data: bytes, now_ms: int) -> list[Item]:
        """Take what the port gave, in any slicing; return what it completed."""
        if self._state is _State.DRAINING and data:
            self._deadline_ms = min(now_ms + QUIET_MS, self._drained_by_ms)
        self._buffer += data
        items: list[Item] = []
        while True:
            end = _END.search(self._buffer)
            line = bytes(self._buffer[: end.start()] if end else self._buffer)
            if prompt := self._prompt(line):
                items += prompt
            elif end:
                del self._buffer[: end.end()]
                items += self._whole_line(line, now_ms)
            else:
                return items + self._rest(line)

    def expire(self, now_ms: int) -> list[Item]:
        """Say what is overdue at `now_ms`; call it when `deadline_ms` has come."""
        if self._deadline_ms is None or now_ms < self._deadline_ms:
            return []
        match self._state:
            case _State.ASKED:
                return self._give_up(now_ms)
            case _State.DRAINING:
                return self._probe(now_ms)
            case _State.PROBING:
                return [Silence(PROBE), *self._probe(now_ms)]
            case _State.SETTLING | _State.IDLE:
                self._state, self._deadline_ms = _State.IDLE, None
                return [Ready()]

    # --- lines ----------------------------------------------------------------------------------

    def _whole_line(self, line: bytes, now_ms: int) -> list[Item]:
        if self._skipping:
            self._skipping = False
            return []
        if len(line) > LINE_MAX:
            return [Garbled(line[:START_SHOWN])]
        line = line.lstrip(_NOISE).rstrip(_UNPRINTABLE)
        return self._line(line, now_ms) if line else []

    def _rest(self, line: bytes) -> list[Item]:
        """Keep what has no line end yet, unless it has become too long for a line."""
        if not self._skipping and len(line) <= LINE_MAX:
            return []
        self._buffer.clear()
        items: list[Item] = [] if self._skipping else [Garbled(line[:START_SHOWN])]
        self._skipping = True
        return items

    def _prompt(self, line: bytes) -> list[Item]:
        """Answer the prompt that `line` begins with; it never gets a line end (A12)."""
        begin = len(line) - len(line.lstrip(_NOISE))
        if line[begin : begin + 1] != b">" or begin > LINE_MAX or self._skipping:
            return []
        items = self._answer_prompt()
        if items:
            del self._buffer[: begin + 1]
        return items

    def _answer_prompt(self) -> list[Item]:
        body = self._command.body
        if body is None or self._prompted:
            return []
        if self._state is _State.ASKED:
            self._prompted = True
            return [Send(body + _CTRL_Z)]
        if self._state is _State.DRAINING:
            self._prompted = True  # it comes after all: refuse it, or all we send is message text
            return [Send(_ESC)]
        return []

    def _line(self, line: bytes, now_ms: int) -> list[Item]:
        header, self._header = self._header, None
        if header is not None:
            if _HEX.match(line):
                return [Report(header, line)]
            return [Report(header), *self._line(line, now_ms)]
        if self._is_echo(line):
            return []
        match self._state:
            case _State.IDLE:
                return self._report(line)
            case _State.ASKED:
                return self._answer(line)
            case _State.DRAINING | _State.PROBING | _State.SETTLING:
                return self._late(line, now_ms)

    def _answer(self, line: bytes) -> list[Item]:
        command = self._command
        if _is_final(line, command):
            self._state, self._deadline_ms = _State.IDLE, None
            return [Reply(command, line, tuple(self._lines))]
        if self._is_information(line):
            self._lines.append(line.rstrip())
            return []
        return self._report(line)

    def _is_information(self, line: bytes) -> bool:
        command = self._command
        if command.reply is None:
            return False
        if command.reply and line.startswith(command.reply):
            return command.answers is None or command.answers(line)
        # A bare answer (AT+CGSN), or what belongs to the line before.
        owned = not command.reply or (command.follows and bool(self._lines))
        return owned and not _is_report(line)

    def _report(self, line: bytes) -> list[Item]:
        line = line.rstrip()
        if line.startswith(_WITH_DATA):
            self._header = line
            return []
        return [Report(line)]

    def _late(self, line: bytes, now_ms: int) -> list[Item]:
        """Throw away what belongs to a command given up, never what the modem says by itself."""
        if _is_final(line, PROBE):
            if self._state is _State.PROBING:
                self._state, self._deadline_ms = _State.SETTLING, now_ms + QUIET_MS
            return []
        return self._report(line) if _is_report(line) else []

    def _is_echo(self, line: bytes) -> bool:
        # Never by a guess: a line is an echo when it is what we just sent, twice as well (A1).
        if self._state is _State.IDLE:
            return False
        sent = {self._command.text}
        if self._state in (_State.PROBING, _State.SETTLING):
            sent.add(PROBE.text)
        if self._prompted and self._command.body:
            sent.add(self._command.body)
        return line.rstrip() in sent

    # --- time -----------------------------------------------------------------------------------

    def _begin(self, state: _State, command: Command, now_ms: int) -> None:
        self._state, self._command = state, command
        self._lines, self._prompted = [], False
        self._deadline_ms = now_ms + command.timeout_ms

    def _give_up(self, now_ms: int) -> list[Item]:
        command, lines = self._command, tuple(self._lines)
        self._drain(now_ms)
        if lines and not command.needs_final:
            return [Reply(command, b"", lines)]
        leave: list[Item] = [] if command.body is None else [Send(_ESC)]
        return [Silence(command), *leave]

    def _drain(self, now_ms: int) -> None:
        self._state = _State.DRAINING
        self._prompted = False
        self._deadline_ms = now_ms + QUIET_MS
        self._drained_by_ms = now_ms + DRAIN_MAX_MS

    def _probe(self, now_ms: int) -> list[Item]:
        self._begin(_State.PROBING, PROBE, now_ms)
        return [Send(PROBE.text + b"\r")]


def _is_report(line: bytes) -> bool:
    return line.startswith(_REPORTS) or line.rstrip() in _REPORT_LINES


def _is_final(line: bytes, command: Command) -> bool:
    bare = line.rstrip()
    if bare == b"OK" or bare in _REFUSALS or _ERROR.match(line):
        return True
    # A remote hang-up may be reported while AT+CLCC is pending; only a dial owns these codes.
    return command.dials and (bare in _CALL_RESULTS or bare.startswith(b"CONNECT"))
