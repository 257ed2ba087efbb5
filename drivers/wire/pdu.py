"""SMS in PDU mode: what a modem stores or pushes becomes an `Sms`, damaged or not.

Nothing raises and nothing is dropped: a damaged message may be a call for help, so what is there is
decoded and `damage` says what was wrong (quirks D7 to D18). Joining the parts of a long message is
left to `drivers.wire.sms_parts`, writing messages to `drivers.wire.pdu_submit`.
3GPP TS 23.040 9.2 (TPDUs) and 9.2.3.24 (user data header), 3GPP TS 23.038 4 (coding scheme),
3GPP TS 27.005 3.1 (the service centre's address in front).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum

from drivers.value import value
from drivers.wire import gsm7


class Kind(StrEnum):
    DELIVER = "deliver"
    SUBMIT = "submit"
    STATUS_REPORT = "status-report"


class Coding(StrEnum):
    GSM7 = "gsm7"
    OCTETS = "8bit"
    UCS2 = "ucs2"


@value
class Part:
    """Which part of a long message this is (9.2.3.24.1, 9.2.3.24.8)."""

    reference: int
    reference_bits: int
    total: int
    number: int  # from 1


@value
class Ports:
    """Application ports (9.2.3.24.3, 9.2.3.24.4)."""

    destination: int
    source: int


@value
class Sms:
    """One TPDU. `units` is the user data without header: a septet a byte, or the octets."""

    kind: Kind = Kind.DELIVER
    smsc: str = ""
    address: str = ""
    time: datetime | None = None  # the service centre's stamp
    discharged: datetime | None = None  # of a status report
    status: int = -1  # of a status report: 0 delivered, 32..63 still trying, 64.. given up
    reference: int = -1  # TP-MR, of what we sent
    pid: int = 0
    dcs: int = 0
    coding: Coding = Coding.GSM7
    message_class: int = -1
    validity: int = -1  # TP-VP relative
    valid_until: datetime | None = None  # TP-VP absolute
    part: Part | None = None
    ports: Ports | None = None
    locking: int = 0  # national language of the basic alphabet
    single_shift: int = 0  # and of the extension
    units: bytes = b""
    tpdu_length: int = 0
    damage: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The message; empty for octets, whose meaning `ports` may tell."""
        return text_of([self])

    @property
    def data(self) -> bytes:
        return self.units if self.coding is Coding.OCTETS else b""


def text_of(parts: Sequence[Sms]) -> str:
    """The text of `parts` in order; a surrogate pair or escape cut in two is whole again (D12)."""
    text, begin = "", 0
    for end in range(1, len(parts) + 1):
        if end == len(parts) or _alphabet(parts[end]) != _alphabet(parts[begin]):
            units = b"".join(part.units for part in parts[begin:end])
            text += _decoded(units, parts[begin])
            begin = end
    return text


def _alphabet(sms: Sms) -> tuple[Coding, int, int]:
    return sms.coding, sms.locking, sms.single_shift


def _decoded(units: bytes, sms: Sms) -> str:
    match sms.coding:
        case Coding.GSM7:
            return gsm7.decode(units, sms.locking, sms.single_shift)
        case Coding.UCS2:
            return units.decode("utf-16-be", "replace")
        case Coding.OCTETS:
            return ""


class _Octets:
    """The octets of a TPDU, read from the front; what is missing is remembered as damage."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._place = 0
        self.damage: list[str] = []

    @property
    def left(self) -> int:
        return len(self._octets) - self._place

    def take(self, count: int, what: str) -> bytes:
        taken = self._octets[self._place : self._place + count]
        self._place += len(taken)
        if len(taken) < count:
            self.mark(f"{what} is cut short")
        return taken

    def octet(self, what: str) -> int:
        return int.from_bytes(self.take(1, what), "big")

    def mark(self, what: str) -> None:
        if what not in self.damage:
            self.damage.append(what)


def decode(pdu: str, *, with_smsc: bool = True, locking: int = 0, single_shift: int = 0) -> Sms:
    """Decode a PDU in hex, as far as it goes. The two tables are those of no header of its own."""
    octets, damage = _octets_of(pdu)
    source = _Octets(octets)
    source.damage += damage
    smsc = _smsc(source) if with_smsc else ""
    tpdu_length = source.left
    first = source.octet("the first octet")
    sms = Sms(smsc=smsc, tpdu_length=tpdu_length, locking=locking, single_shift=single_shift)
    match first & 0x03:
        case 1:
            sms = _submit(sms, first, source)
        case 2:
            sms = _status_report(sms, source)
        case kind:
            if kind == 3:  # 9.2.3.1: to be taken as an SMS-DELIVER
                source.mark("the message type is reserved")
            sms = _deliver(sms, first, source)
    return replace(sms, damage=tuple(source.damage))


def _octets_of(pdu: str) -> tuple[bytes, list[str]]:
    digits = pdu.strip()
    hexadecimal = re.match(r"[0-9A-Fa-f]*", digits)
    assert hexadecimal is not None
    damage = [] if hexadecimal[0] == digits else ["not all of it is hex"]
    if len(hexadecimal[0]) % 2:
        damage.append("the number of hex digits is odd")
    return bytes.fromhex(hexadecimal[0][: len(hexadecimal[0]) // 2 * 2]), damage


# --- the three kinds ----------------------------------------------------------------------------


def _deliver(sms: Sms, first: int, source: _Octets) -> Sms:
    address = _address(source)
    pid, dcs = source.octet("TP-PID"), source.octet("TP-DCS")
    time = _stamp(source, "the service centre's time")
    sms = replace(sms, kind=Kind.DELIVER, address=address, pid=pid, dcs=dcs, time=time)
    return _user_data(sms, bool(first & 0x40), source)


def _submit(sms: Sms, first: int, source: _Octets) -> Sms:
    reference, address = source.octet("TP-MR"), _address(source)
    pid, dcs = source.octet("TP-PID"), source.octet("TP-DCS")
    sms = replace(sms, kind=Kind.SUBMIT, reference=reference, address=address, pid=pid, dcs=dcs)
    match first >> 3 & 0x03:
        case 2:
            sms = replace(sms, validity=source.octet("TP-VP"))
        case 1:
            source.take(7, "TP-VP")  # the enhanced format; nothing here depends on it
        case 3:
            sms = replace(sms, valid_until=_stamp(source, "TP-VP"))
        case _:  # none
            pass
    return _user_data(sms, bool(first & 0x40), source)


def _status_report(sms: Sms, source: _Octets) -> Sms:
    reference, address = source.octet("TP-MR"), _address(source)
    time = _stamp(source, "the service centre's time")
    discharged = _stamp(source, "the discharge time")
    return replace(
        sms,
        kind=Kind.STATUS_REPORT,
        reference=reference,
        address=address,
        time=time,
        discharged=discharged,
        status=source.octet("TP-ST"),
    )


# --- addresses and times ------------------------------------------------------------------------

_SEMI_OCTETS = "0123456789*#abc"  # 15 fills up (9.1.2.3)
_ADDRESS_MAX = 20  # semi-octets (9.1.2.5)


def _smsc(source: _Octets) -> str:
    length = source.octet("the service centre's address")
    if length == 0:
        return ""
    if length > 12:
        source.mark("the service centre's address is too long")
    type_of_number = source.octet("the service centre's address")
    return _number(type_of_number, source.take(length - 1, "the service centre's address"))


def _address(source: _Octets) -> str:
    digits = source.octet("the address")
    type_of_number = source.octet("the address")
    if digits > _ADDRESS_MAX:
        source.mark("the address is too long")
    octets = source.take((digits + 1) // 2, "the address")
    if type_of_number & 0x70 == 0x50:  # alphanumeric
        return gsm7.decode(gsm7.unpack(octets, digits * 4 // 7))  # D9
    return _number(type_of_number, octets, digits)


def _number(type_of_number: int, octets: bytes, digits: int = 1_000) -> str:
    nibbles = [nibble for octet in octets for nibble in (octet & 0x0F, octet >> 4)]
    number = "".join(_SEMI_OCTETS[nibble] for nibble in nibbles[:digits] if nibble != 15)
    return "+" + number if type_of_number & 0x70 == 0x10 and number else number


def _stamp(source: _Octets, what: str) -> datetime | None:
    """A time (9.2.3.11); None, and damage, when it is none."""
    octets = source.take(7, what)
    if len(octets) < 7:
        return None
    year, month, day, hour, minute, second = (10 * (o & 0x0F) + (o >> 4) for o in octets[:6])
    # Quarters of an hour; an Indonesian network sent a digit above nine (D14).
    quarters = 10 * (octets[6] & 0x07) + (octets[6] >> 4)
    offset = timedelta(minutes=15 * (-quarters if octets[6] & 0x08 else quarters))
    century = 1900 if 90 <= year <= 99 else 2000
    try:
        return datetime(century + year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        source.mark(f"{what} is no time")
        return None


# --- user data ----------------------------------------------------------------------------------


def _user_data(sms: Sms, has_header: bool, source: _Octets) -> Sms:
    length = source.octet("TP-UDL")
    coding, message_class = _coding(sms.dcs, length, source)
    sms = replace(sms, coding=coding, message_class=message_class)
    wanted = (7 * length + 7) // 8 if coding is Coding.GSM7 else length
    octets = source.take(wanted, "the text")
    header = b""
    if has_header and octets:
        header = octets[: octets[0] + 1]
        if len(header) <= octets[0]:
            source.mark("the user data header is longer than the data")
        sms = _header(sms, header[1:], source)
    if not gsm7.has_tables(sms.locking, sms.single_shift):
        source.mark("the national language is unknown here")
    return replace(sms, units=_units(coding, octets, length, len(header), source))


def _units(coding: Coding, octets: bytes, length: int, header: int, source: _Octets) -> bytes:
    rest = octets[header:]
    if coding is Coding.GSM7:
        fill_bits = -header * 8 % 7
        return gsm7.unpack(rest, length - (header * 8 + fill_bits) // 7, fill_bits)
    if coding is Coding.UCS2 and len(rest) % 2:
        source.mark("half a character at the end")
        return rest[:-1]
    return rest


def _coding(dcs: int, length: int, source: _Octets) -> tuple[Coding, int]:
    """Alphabet and class of a TP-DCS (23.038 4); class -1: none."""
    group = dcs >> 4
    if group < 8:
        if dcs & 0x20:
            source.mark("the text is compressed")
        coding = (Coding.GSM7, Coding.OCTETS, Coding.UCS2, Coding.GSM7)[dcs >> 2 & 0x03]
        return coding, dcs & 0x03 if dcs & 0x10 else -1
    if group == 0xE:
        return Coding.UCS2, -1
    if group == 0xF:
        if dcs & 0x04:
            return Coding.OCTETS, dcs & 0x03
        # Bit 3 is reserved; phones set it on both alphabets, so the length decides (D16).
        ucs2 = dcs & 0x08 and length > 1 and source.left >= length and length % 2 == 0
        return Coding.UCS2 if ucs2 else Coding.GSM7, dcs & 0x03
    return Coding.GSM7, -1


def _header(sms: Sms, elements: bytes, source: _Octets) -> Sms:
    """Take in the information elements of a user data header; unknown ones are passed over."""
    place = 0
    while place + 2 <= len(elements):
        name, length = elements[place], elements[place + 1]
        value = elements[place + 2 : place + 2 + length]
        if len(value) < length:
            break
        sms = _element(sms, name, value)
        place += 2 + length
    if place != len(elements):
        source.mark("the user data header is damaged")
    return sms


def _element(sms: Sms, name: int, value: bytes) -> Sms:
    match name, tuple(value):
        case 0x00, (reference, total, number):
            return _with_part(sms, Part(reference, 8, total, number))
        case 0x08, (high, low, total, number):
            return _with_part(sms, Part(high << 8 | low, 16, total, number))
        case 0x04, (destination, origin):
            return replace(sms, ports=Ports(destination, origin))
        case 0x05, (high, low, source_high, source_low):
            return replace(sms, ports=Ports(high << 8 | low, source_high << 8 | source_low))
        case 0x24, (language,):
            return replace(sms, single_shift=language)
        case 0x25, (language,):
            return replace(sms, locking=language)
        case _:  # text formatting, pictures, what is yet to be invented
            return sms


def _with_part(sms: Sms, part: Part) -> Sms:
    # 9.2.3.24.1: an impossible numbering is to be ignored.
    return replace(sms, part=part) if 0 < part.number <= part.total else sms
