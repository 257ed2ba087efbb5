"""The GSM 7-bit alphabet: septets in octets, characters in septets.

The default alphabet with its extension, and the national language tables of Turkish, Spanish and
Portuguese (3GPP TS 23.038 6.2.1, A.2, A.3). Not here: the ten Indian languages and Urdu; text in
those tables is shown by the default alphabet and reported as such by `has_tables`.
"""

from __future__ import annotations

ESCAPE = 0x1B
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"

_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TURKISH = (
    "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§çabcdefghijklmnopqrstuvwxyzäöñüà"
)
_PORTUGUESE = (
    "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ !\"#º%&'()*+,-./0123456789:;<=>?"
    "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§~abcdefghijklmnopqrstuvwxyzãõ`üà"
)
_LOCKING = {0: _DEFAULT, 1: _TURKISH, 3: _PORTUGUESE}

_BRACKETS = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_TURKISH_SHIFT = {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "\u0131", 0x73: "ş"}
_SPANISH_SHIFT = dict(
    zip((0x09, 0x41, 0x49, 0x4F, 0x55, 0x61, 0x69, 0x6F, 0x75), "çÁÍÓÚáíóú", strict=True)
)
_PORTUGUESE_SHIFT = dict(
    zip(
        (
            *(0x05, 0x09, 0x0B, 0x0C, 0x0E, 0x0F, 0x12, 0x13, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1F),
            *(0x41, 0x49, 0x4F, 0x55, 0x5B, 0x5C, 0x61, 0x69, 0x6F, 0x75, 0x7B, 0x7C, 0x7F),
        ),
        "êçÔôÁáΦΓΩΠΨΣΘÊÀÍÓÚÃÕÂíóúãõâ",
        strict=True,
    )
)
_SINGLE_SHIFT = {
    0: _BRACKETS,
    1: _BRACKETS | _TURKISH_SHIFT,
    2: _BRACKETS | _SPANISH_SHIFT,
    3: _BRACKETS | _PORTUGUESE_SHIFT,
}

_SEPTET = {char: bytes([place]) for place, char in enumerate(_DEFAULT) if place != ESCAPE}
_SEPTETS = _SEPTET | {char: bytes([ESCAPE, place]) for place, char in _BRACKETS.items()}


def has_tables(locking: int, single_shift: int) -> bool:
    """Whether `decode` knows the tables of these two national languages."""
    return locking in _LOCKING and single_shift in _SINGLE_SHIFT


def decode(septets: bytes, locking: int = 0, single_shift: int = 0) -> str:
    """Turn septets, one a byte, into text; an unknown extension shows its basic character."""
    basic = _LOCKING.get(locking, _DEFAULT)
    extension = _SINGLE_SHIFT.get(single_shift, _BRACKETS)
    text: list[str] = []
    escaped = False
    for septet in septets:
        if escaped:
            # 23.038 6.2.1.1: a receiver that does not know it shows the basic character.
            text.append(extension.get(septet, " " if septet == ESCAPE else basic[septet]))
            escaped = False
        elif septet == ESCAPE:
            escaped = True
        else:
            text.append(basic[septet])
    return "".join(text) + (_UNKNOWN if escaped else "")


def encode(text: str) -> list[bytes] | None:
    """The septets of each character of `text`; None when the default alphabet has not all of it."""
    septets = [_SEPTETS.get(char, b"") for char in text]
    return septets if all(septets) else None


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Put septets into octets, the first after `fill_bits` zero bits (23.038 6.1.2.1)."""
    bits = 0
    for place, septet in enumerate(septets):
        bits |= septet << (7 * place)
    length = (fill_bits + 7 * len(septets) + 7) // 8
    return (bits << fill_bits).to_bytes(length, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Take `count` septets out of `octets`, or as many whole ones as there are."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    count = max(0, min(count, (8 * len(octets) - fill_bits) // 7))
    return bytes(bits >> (7 * place) & 0x7F for place in range(count))
