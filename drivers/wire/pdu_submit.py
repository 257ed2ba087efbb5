"""Writing SMS: a text becomes the SMS-SUBMIT TPDUs that AT+CMGS takes in PDU mode.

The default 7-bit alphabet when it has every character, UCS2 otherwise; neither an escape nor a
surrogate pair is cut in two. 3GPP TS 23.040 9.2.2.2 and 9.2.3.24.1, 3GPP TS 27.005 3.5.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from drivers.value import value
from drivers.wire import gsm7

PARTS_MAX = 10  # 1,530 characters; an alert longer than that is no SMS any more
_SEPTETS, _SEPTETS_OF_PART = 160, 153
_OCTETS, _OCTETS_OF_PART = 140, 134
_CONCATENATED = b"\x05\x00\x03"
_HEADER_BITS = 48  # of the six octets of the header; a septet begins after one fill bit


class Unsendable(ValueError):
    """This text cannot go to this number by SMS; the message says why."""


@value
class Submit:
    """`pdu` in hex, with the service centre in front; `length` is what AT+CMGS wants to hear."""

    pdu: str
    length: int


def submits(
    to: str, text: str, *, reference: int, smsc: str = "", status_report: bool = False
) -> list[Submit]:
    """Write `text` to `to` as one message or as the parts of one; `reference` joins the parts.

    An empty `smsc` leaves the service centre to the SIM. Raises Unsendable.
    """
    destination = _destination(to)
    septets = gsm7.encode(text)
    if septets is not None:
        pieces = _pieces(septets, _SEPTETS, _SEPTETS_OF_PART)
    else:
        characters = [char.encode("utf-16-be", "replace") for char in text]
        pieces = _pieces(characters, _OCTETS, _OCTETS_OF_PART)
    if len(pieces) > PARTS_MAX:
        raise Unsendable(f"pesan terlalu panjang / message too long: {len(text)} characters")
    first = 0x01 | (0x20 if status_report else 0) | (0x40 if len(pieces) > 1 else 0)
    dcs = 0x00 if septets is not None else 0x08
    found = []
    for number, piece in enumerate(pieces, 1):
        header = b""
        if len(pieces) > 1:
            header = _CONCATENATED + bytes([reference & 0xFF, len(pieces), number])
        tpdu = bytes([first, 0]) + destination + bytes([0, dcs])
        tpdu += _user_data(piece, header, packed=septets is not None)
        found.append(Submit((_service_centre(smsc) + tpdu).hex().upper(), len(tpdu)))
    return found


def _pieces(characters: Iterable[bytes], room: int, room_of_part: int) -> list[bytes]:
    """Cut between characters: one piece when it fits into `room`, else pieces of `room_of_part`."""
    characters = list(characters)
    if sum(map(len, characters)) <= room:
        return [b"".join(characters)]
    pieces = [b""]
    for character in characters:
        if len(pieces[-1]) + len(character) > room_of_part:
            pieces.append(b"")
        pieces[-1] += character
    return pieces


def _user_data(piece: bytes, header: bytes, *, packed: bool) -> bytes:
    if not packed:
        return bytes([len(header) + len(piece)]) + header + piece
    if not header:
        return bytes([len(piece)]) + gsm7.pack(piece)
    fill_bits = -_HEADER_BITS % 7
    length = (_HEADER_BITS + fill_bits) // 7 + len(piece)
    return bytes([length]) + header + gsm7.pack(piece, fill_bits)


def _destination(number: str) -> bytes:
    digits = number.removeprefix("+")
    if not digits or len(digits) > 20 or not all(digit in "0123456789*#" for digit in digits):
        raise Unsendable(f"bukan nomor telepon / not a telephone number: {number!r}")
    return bytes([len(digits), _type(number)]) + _semi_octets(digits)


def _service_centre(number: str) -> bytes:
    if not number:
        return b"\x00"
    octets = _semi_octets(number.removeprefix("+"))
    return bytes([len(octets) + 1, _type(number)]) + octets


def _type(number: str) -> int:
    return 0x91 if number.startswith("+") else 0x81  # international, unknown (9.1.2.5)


def _semi_octets(digits: str) -> bytes:
    nibbles = ["0123456789*#".index(digit) for digit in digits] + [15] * (len(digits) % 2)
    return bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
