"""The SIM of a simulated modem: stored messages in PDU mode, and the service centre behind it.

3GPP TS 23.040 9.2.2.1 (SMS-DELIVER), 3GPP TS 27.005 3.2.3 (memories).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from drivers.wire import gsm7
from drivers.wire.pdu_submit import submits

SERVICE_CENTRE = "07912618010000F0"  # +62811000000
MEMORY_MAX = 50  # messages
REC_UNREAD, REC_READ = 0, 1


@dataclass(slots=True)
class Stored:
    status: int
    pdu: str

    @property
    def length(self) -> int:
        """Of the TPDU, in octets."""
        return len(self.pdu) // 2 - 1 - int(self.pdu[:2], 16)


@dataclass(slots=True)
class Memory:
    messages: dict[int, Stored] = field(default_factory=dict)

    def store(self, pdu: str) -> int | None:
        """Return the index; None when the memory is full."""
        free = [index for index in range(MEMORY_MAX) if index not in self.messages]
        if not free:
            return None
        self.messages[free[0]] = Stored(REC_UNREAD, pdu)
        return free[0]


def delivers(sender: str, text: str, at: datetime, reference: int) -> list[str]:
    """The SMS-DELIVER PDUs of `text`; a `sender` that is no number is alphanumeric."""
    return [
        SERVICE_CENTRE + _deliver(sender, bytes.fromhex(part.pdu), at)
        for part in submits("0", text, reference=reference)
    ]


def _deliver(sender: str, submit: bytes, at: datetime) -> str:
    # Made out of a submit to "0": 00 first 00 01 81 F0 pid dcs udl ud
    first, dcs, user_data = submit[1], submit[7], submit[8:]
    octets = bytes([first & 0x40 | 0x04]) + _originator(sender) + bytes([0, dcs])
    return (octets + _stamp(at) + user_data).hex().upper()


def _originator(sender: str) -> bytes:
    digits = sender.removeprefix("+")
    if digits.isdigit():
        padded = digits + "F" * (len(digits) % 2)
        swapped = "".join(padded[n + 1] + padded[n] for n in range(0, len(padded), 2))
        kind = 0x91 if sender.startswith("+") else 0x81
        return bytes([len(digits), kind]) + bytes.fromhex(swapped)
    septets = b"".join(gsm7.encode(sender) or [])
    packed = gsm7.pack(septets)
    return bytes([(len(septets) * 7 + 3) // 4, 0xD0]) + packed


def _stamp(at: datetime) -> bytes:
    digits = at.astimezone(UTC).strftime("%y%m%d%H%M%S") + "00"
    return bytes.fromhex("".join(digits[n + 1] + digits[n] for n in range(0, len(digits), 2)))
