"""What the lines of a GSM/LTE modem say: callers, call lists, registration, stored messages.

Every function takes one line as `drivers.wire.at` gives it and never raises: fields may be missing,
unquoted, padded, or have one quote (quirks A10, B1 to B16, D1, D8). 3GPP TS 27.007 7.2 (+CREG),
7.6 (+CLIP), 7.18 (+CLCC), 8.5 (+CSQ); 3GPP TS 27.005 3.4.1 (+CMTI), 3.4.2 (+CMGL).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

from drivers.api import Caller, Presentation
from drivers.value import value

_INTERNATIONAL = 145  # type of number octet 0x91
_DIGITS = re.compile(r"\+?[0-9*#A-Ea-e]+$")
_HEX = re.compile(rb"[0-9A-Fa-f]{2,}$")


def fields(line: bytes) -> list[str]:
    """The comma-separated values behind the colon; quotes and blanks round a value are dropped."""
    return [value.strip().strip('"').strip() for value in _raw_fields(line)]


def _raw_fields(line: bytes) -> list[str]:
    text = line.partition(b":")[2].decode("ascii", "replace")
    values, quoted, value = [], False, ""
    for char in text:
        if char == '"':
            quoted = not quoted
        if char == "," and not quoted:
            values.append(value.strip())
            value = ""
        else:
            value += char
    return [*values, value.strip()] if text.strip() else []


def _at(values: list[str], index: int) -> str:
    return values[index] if index < len(values) else ""


def number_in(values: list[str], index: int) -> int:
    """The decimal at `index`, -1 when there is none."""
    text = _at(values, index)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


# --- calls --------------------------------------------------------------------------------------


def caller_in(line: bytes) -> Caller:
    """The caller of a +CLIP or +CCWA line: `<number>,<type>[,<sub>,<satype>[,<alpha>[,<CLI>]]]`."""
    values = fields(line)
    return _caller(_at(values, 0), number_in(values, 1), number_in(values, 5))


def names_caller(line: bytes) -> bool:
    """Whether a +CLIP line is whole enough to be believed: it has a type of number (octet 3)."""
    return number_in(fields(line), 1) >= 0


def _caller(number: str, type_of_number: int, validity: int) -> Caller:
    if not _DIGITS.match(number):
        withheld = validity == 1
        return Caller("", Presentation.WITHHELD if withheld else Presentation.UNAVAILABLE)
    if type_of_number == _INTERNATIONAL and not number.startswith("+"):
        number = "+" + number  # D15
    return Caller(number, Presentation.SHOWN)


class CallState(IntEnum):
    ACTIVE = 0
    HELD = 1
    DIALLING = 2
    ALERTING = 3
    INCOMING = 4
    WAITING = 5
    RELEASED = 6  # SIM7600 says it once in a report


_CALL_STATES = frozenset(state.value for state in CallState)


@value
class CallRow:
    """One voice call of AT+CLCC."""

    index: int
    incoming: bool
    state: CallState
    caller: Caller


def call_rows(lines: Iterable[bytes]) -> list[CallRow]:
    """The voice calls of an AT+CLCC answer; of two rows for one call the last counts."""
    rows = {row.index: row for line in lines if (row := call_row(line)) is not None}
    return [row for row in rows.values() if row.state is not CallState.RELEASED]


def call_row(line: bytes) -> CallRow | None:
    """`+CLCC: <id>,<dir>,<stat>,<mode>,<mpty>[,<number>,<type>...]`; None: no voice call (B15)."""
    values = fields(line)
    index, direction, state, mode = (number_in(values, place) for place in range(4))
    if index < 0 or state not in _CALL_STATES or mode != 0:
        return None
    caller = _caller(_at(values, 5), number_in(values, 6), -1)
    return CallRow(index, direction == 1, CallState(state), caller)


# --- network ------------------------------------------------------------------------------------

_VOICE_STATES = (1, 5, 9, 10)  # home, roaming, and both with circuit-switched fall-back (E16)


@value
class Registration:
    """A +CREG, +CGREG, +CEREG or +C5GREG line; `lac`, `cell` 0 and `access` -1 when not said."""

    stat: int
    solicited: bool
    lac: int = 0
    cell: int = 0
    access: int = -1

    @property
    def carries_voice(self) -> bool:
        return self.stat in _VOICE_STATES


def registration_in(line: bytes) -> Registration:
    """Tell an answer (`<n>,<stat>,...`) from a report (`<stat>,...`) by number and kind (A10)."""
    raw, values = _raw_fields(line), fields(line)
    solicited = len(values) > 1 and _is_stat(raw)
    rest = values[2:] if solicited else values[1:]
    if line.startswith(b"+CEREG") and len(rest) > 3:
        del rest[1]  # LTE modems of Novatel put the routing area before the cell
    stat = number_in(values, 1 if solicited else 0)
    return Registration(stat, solicited, _hex(rest, 0), _hex(rest, 1), number_in(rest, 2))


def _is_stat(raw: list[str]) -> bool:
    second = raw[1]
    if not (second.isascii() and second.isdigit()):
        return False
    # "0011" is a state before a quoted area code and an area code before a bare cell.
    return len(second) <= 3 or _at(raw, 2).startswith('"')


def _hex(values: list[str], index: int) -> int:
    text = _at(values, index)
    return int(text, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,9}", text) else 0


def is_registration_answer(line: bytes) -> bool:
    return registration_in(line).solicited


# --- messages -----------------------------------------------------------------------------------


@value
class Slot:
    """Where a message is stored; `memory` is empty and `index` -1 when the modem did not say."""

    memory: str
    index: int


def slot_in(line: bytes) -> Slot:
    """`+CMTI: <mem>,<index>`"""
    values = fields(line)
    return Slot(_at(values, 0), number_in(values, 1))


@value
class StoredPdu:
    index: int
    pdu: str


def stored_pdus(lines: Iterable[bytes]) -> list[StoredPdu]:
    """The messages of an AT+CMGL answer in PDU mode; lines that are no hex are not ours (D8)."""
    found: list[StoredPdu] = []
    index = -1
    for line in lines:
        if line.startswith(b"+CMGL:"):
            index = number_in(fields(line), 0)
        elif index >= 0 and _HEX.match(line):
            found.append(StoredPdu(index, line.decode("ascii")))
            index = -1
    return found
