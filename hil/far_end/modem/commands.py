"""What a simulated modem answers: one command line in, information lines and a result code out.

Sans-IO. Several commands may stand on one line, parted by `;` (quirk A14). Known are those of the
driver and of gammu, smstools and ModemManager (reference/gsm/client_command_sets.json); whatever
else is asked is refused, as on a real modem. ITU-T V.250 5.2, 3GPP TS 27.007, 3GPP TS 27.005.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hil.far_end.modem.dialects import Dialect
from hil.far_end.modem.sim_card import REC_READ, REC_UNREAD, Memory, Stored

_BASIC = re.compile(r"([A-Z&][A-Z]?)(\d*)", re.IGNORECASE)
_ONE = re.compile(r'(?:[^;"]|"[^"]*"?)+')

# Accepted and without effect here.
_SETTINGS = frozenset(
    ["+CRC", "+CSMS", "+CVHU", "+CCWA", "+CGREG", "+CEREG", "+CSCS", "+CFUN", "+CSMP", "+COPS"]
)
_BAD_INDEX = "+CMS ERROR: 321"
_WRONG_PIN = "+CME ERROR: 16"


class Refusal(Exception):
    """Ends the command line; the text is the result code."""


@dataclass(slots=True)
class Call:
    number: str  # empty: withheld
    active: bool = False


@dataclass(slots=True)
class State:
    """What the modem has in its head; everything but `memories`, `pin` and `call` is volatile."""

    dialect: Dialect
    memories: dict[str, Memory] = field(default_factory=lambda: {"SM": Memory(), "ME": Memory()})
    pin: str = ""  # what the SIM wants to hear; empty: ready
    pin_tries: int = 3
    call: Call | None = None
    registration: int = 1
    echo: bool = True
    clip: bool = False
    creg: int = 0
    announces: bool = False  # +CNMI: stored messages are reported
    stores: bool = True  # +CNMI: 1 stored, 2 pushed
    memory: str = "SM"

    def restarted(self) -> None:
        """Forget what a restart forgets."""
        self.echo, self.clip, self.creg, self.call = True, False, 0, None
        self.announces, self.stores, self.memory = False, True, "SM"


class Commands:
    """`act` is told what has to happen outside: "answer", "hang up", "sound on", "sound off"."""

    def __init__(self, state: State, act: Callable[[str], None]) -> None:
        self._state = state
        self._act = act
        self.prompted: int | None = None  # the length an AT+CMGS announced: its text follows

    def run(self, line: str) -> tuple[list[str], str]:
        """The information lines and the result code; the code is empty for a prompt."""
        lines: list[str] = []
        try:
            for command in _ONE.findall(line[2:]):
                lines += self._one(command.strip())
        except Refusal as refusal:
            return lines, str(refusal)
        return lines, "" if self.prompted is not None else "OK"

    def _one(self, command: str) -> list[str]:
        dialect = self._state.dialect
        if command in dialect.answers:
            return list(dialect.answers[command])
        if command in (dialect.sound_on, dialect.sound_off):
            return self._sound(command == dialect.sound_on)
        if command in dialect.accepted:
            return []
        if not command.startswith("+"):
            return self._basic(command)
        name, _, rest = command.partition("=")
        if command.endswith("=?"):
            return self._test(name)
        if command.endswith("?"):
            return self._read(command[:-1])
        if "=" in command:
            return self._write(name, [value.strip().strip('"') for value in rest.split(",")])
        return self._execute(command)

    # --- V.250 ----------------------------------------------------------------------------------

    def _basic(self, command: str) -> list[str]:
        lines: list[str] = []
        place = 0
        while match := _BASIC.match(command, place):
            place = match.end()
            lines += self._letter(match[1].upper(), match[2])
        if place != len(command):
            raise Refusal("ERROR")
        return lines

    def _letter(self, letter: str, value: str) -> list[str]:
        match letter:
            case "E":
                self._state.echo = value == "1"
            case "A":
                if self._state.call is None or self._state.call.active:
                    raise Refusal("NO CARRIER")
                self._act("answer")
            case "H":
                self._act("hang up")
            case "I":
                return self._identity()
            case "V" | "Q" | "X" | "Z" | "&D" | "&C" | "&F" | "&W":
                pass
            case _:
                raise Refusal("ERROR")
        return []

    def _identity(self) -> list[str]:
        dialect = self._state.dialect
        return [dialect.maker, dialect.model, f"Revision: {dialect.revision}"]

    # --- 27.007 and 27.005 ----------------------------------------------------------------------

    def _execute(self, name: str) -> list[str]:
        dialect = self._state.dialect
        match name:
            case "+CGMI" | "+GMI":
                return [dialect.maker]
            case "+CGMM" | "+GMM":
                return [dialect.model]
            case "+CGMR" | "+GMR":
                return [dialect.revision]
            case "+CGSN" | "+GSN":
                return ["490154203237518"]
            case "+CIMI":
                return ["510101234567890"]
            case "+CCID" | "+ICCID":
                return [f"{name}: 89621012345678901234"]
            case "+CNUM":
                return ['+CNUM: "","+62811223344",145']
            case "+GCAP":
                return ["+GCAP: +CGSM,+FCLASS,+DS"]
            case "+CSQ":
                return ["+CSQ: 21,99"]
            case "+CLCC":
                return self._call_list()
            case "+CHUP":
                self._act("hang up")
                return []
            case "+CMGL":
                return self._list("0")
            case _:
                raise Refusal("ERROR")

    def _read(self, name: str) -> list[str]:
        state = self._state
        used = [f'"{state.memory}",{len(self._memory.messages)},50'] * 3
        answers = {
            "+CREG": f"{state.creg},{state.registration}",
            "+CGREG": "0,1",
            "+CEREG": "0,1",
            "+CGATT": "1",
            "+COPS": '0,0,"TELKOMSEL",7',
            "+CPIN": "SIM PIN" if state.pin else "READY",
            "+CPMS": ",".join(used),
            "+CSCS": '"IRA"',
            "+CSCA": '"+62811000000",145',
            "+CFUN": "1",
            "+CMGF": "0",
            "+CNMI": "2,1,0,0,0",
            "+CCLK": '"26/11/22,04:50:00+28"',
            "+CSMS": "0,1,1,1",
        }
        if name not in answers:
            raise Refusal("ERROR")
        return [f"{name}: {answers[name]}"]

    def _test(self, name: str) -> list[str]:
        answers = {
            "+CSCS": '("IRA","GSM","UCS2")',
            "+CPMS": '("ME","SM"),("ME","SM"),("ME","SM")',
            "+CMGF": "(0,1)",
            "+CNMI": "(2),(0-2),(0,2),(0-2),(0-1)",
        }
        if name not in answers:
            raise Refusal("ERROR")
        return [f"{name}: {answers[name]}"]

    def _write(self, name: str, values: list[str]) -> list[str]:
        state = self._state
        match name, values:
            case "+CLIP", [value, *_]:
                state.clip = value == "1"
            case "+CMEE", _:
                pass
            case "+CREG", [value]:
                state.creg = int(value)
            case "+CMGF", [value]:
                if value != "0":
                    raise Refusal("+CMS ERROR: 303")
            case "+CNMI", [_, how, *_]:
                state.announces, state.stores = how in ("1", "2"), how != "2"
            case "+CPIN", [pin, *_]:
                self._enter(pin)
            case "+CPINR", _:
                return [f"+CPINR: SIM PIN,{state.pin_tries},3"]
            case "+CHLD", ["1" | "11" | "0"]:
                self._act("hang up")
            case "+CPMS" | "+CMGL" | "+CMGR" | "+CMGD" | "+CMGS", _:
                return self._sms(name, values)
            case _:
                if name not in _SETTINGS:
                    raise Refusal("ERROR")
        return []

    def _enter(self, pin: str) -> None:
        state = self._state
        if pin == state.pin:
            state.pin, state.pin_tries = "", 3
            return
        state.pin_tries -= 1
        raise Refusal(_WRONG_PIN)

    # --- calls ----------------------------------------------------------------------------------

    def _call_list(self) -> list[str]:
        call = self._state.call
        if call is None:
            return []
        kind = 145 if call.number.startswith("+") else 129 if call.number else 128
        return [f'+CLCC: 1,1,{0 if call.active else 4},0,0,"{call.number}",{kind}']

    def _sound(self, on: bool) -> list[str]:
        call = self._state.call
        if on and (call is None or not call.active):
            raise Refusal("ERROR")  # C7
        self._act("sound on" if on else "sound off")
        return []

    # --- messages -------------------------------------------------------------------------------

    @property
    def _memory(self) -> Memory:
        return self._state.memories[self._state.memory]

    def _sms(self, name: str, values: list[str]) -> list[str]:
        match name:
            case "+CPMS":
                return self._select(values)
            case "+CMGL":
                return self._list(values[0])
            case "+CMGR":
                return self._get(values[0])
            case "+CMGD":
                if self._memory.messages.pop(_index(values[0]), None) is None:
                    raise Refusal(_BAD_INDEX)
            case _:
                self.prompted = _index(values[0])
        return []

    def _select(self, values: list[str]) -> list[str]:
        if any(value not in self._state.memories for value in values):
            raise Refusal("+CMS ERROR: 302")
        self._state.memory = values[0]
        return ["+CPMS: " + ",".join([f"{len(self._memory.messages)},50"] * 3)]

    def _list(self, status: str) -> list[str]:
        lines: list[str] = []
        for index, stored in sorted(self._memory.messages.items()):
            if status in ("4", str(stored.status)):
                lines += [f"+CMGL: {index},{_status(stored)},,{stored.length}", stored.pdu]
        return lines

    def _get(self, index: str) -> list[str]:
        stored = self._memory.messages.get(_index(index))
        if stored is None:
            raise Refusal(_BAD_INDEX)
        return [f"+CMGR: {_status(stored)},,{stored.length}", stored.pdu]


def _index(text: str) -> int:
    if not text.isdigit():
        raise Refusal("+CMS ERROR: 304")
    return int(text)


def _status(stored: Stored) -> int:
    """The status before this reading, which makes the message a read one."""
    status = stored.status
    if status == REC_UNREAD:
        stored.status = REC_READ
    return status
