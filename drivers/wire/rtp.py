"""RTP with linear sound, 8 kHz mono: PCM frames in, datagrams out, and back.

Sans-IO: this module opens no socket and reads no clock; a sender is paced by whoever calls it.

    sender = L16Sender(ssrc=0x53494147)
    socket.sendto(sender.send(pcm), peer)        # every 20 ms, silence included
    pcm = receiver.receive(datagram)             # b"" when there was nothing new to hear

Samples are signed 16 bit, little endian (s16le) on our side as a modem's PCM port has them, big
endian on the wire. RFC 3550 5.1 (header), RFC 3551 4.5.11 (L16). Asterisk's chan_rtp takes `slin`
under payload type 11 and sends it under 10, both at 8 kHz mono, where RFC 3551 has 44.1 kHz mono
and stereo (measured, 22.10).
"""

from __future__ import annotations

import struct
from array import array

from drivers.value import value

PAYLOAD_L16 = 11
_PAYLOADS = frozenset({10, 11})
FRAME_MS = 20
FRAME_BYTES = 320  # 160 samples of 2 bytes: 20 ms at 8 kHz
SILENCE = bytes(FRAME_BYTES)

_HEADER = struct.Struct(">BBHII")
_VERSION = 2


@value
class Packet:
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


@value
class Malformed:
    """A datagram that is not RTP; `why` is for the log."""

    why: str


def parse(datagram: bytes) -> Packet | Malformed:
    """Read one datagram: contributing sources, extension and padding are left out of `payload`."""
    if len(datagram) < _HEADER.size:
        return Malformed(f"{len(datagram)} bytes are less than an RTP header")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
    if first >> 6 != _VERSION:
        return Malformed(f"RTP version {first >> 6}")
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:  # extension: a 16 bit profile, then its length in 32 bit words
        if len(datagram) < start + 4:
            return Malformed("the header extension is cut off")
        start += 4 + 4 * struct.unpack_from(">H", datagram, start + 2)[0]
    end = len(datagram) - (datagram[-1] if first & 0x20 else 0)
    if start > end:
        return Malformed("header and padding are longer than the datagram")
    return Packet(
        second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, datagram[start:end]
    )


class L16Sender:
    """Numbers one stream. `ssrc`, `sequence` and `timestamp` are to be drawn by chance."""

    def __init__(self, ssrc: int, sequence: int = 0, timestamp: int = 0) -> None:
        self._ssrc = ssrc & 0xFFFFFFFF
        self._sequence = sequence & 0xFFFF
        self._timestamp = timestamp & 0xFFFFFFFF
        self._marker = 0x80  # the first packet after silence (RFC 3551 4.1)

    def send(self, pcm: bytes) -> bytes:
        """Return the datagram for `pcm` (s16le, usually FRAME_BYTES)."""
        header = _HEADER.pack(
            _VERSION << 6, self._marker | PAYLOAD_L16, self._sequence, self._timestamp, self._ssrc
        )
        self._marker = 0
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + len(pcm) // 2) & 0xFFFFFFFF
        return header + _swapped(pcm)


class L16Receiver:
    """Takes one stream at a time; a new ssrc begins a new one.

    `lost` packets never came; `dropped` ones were late, doubled, malformed or of another type.
    """

    def __init__(self) -> None:
        self.lost = 0
        self.dropped = 0
        self._ssrc: int | None = None
        self._sequence = 0

    def receive(self, datagram: bytes) -> bytes:
        """Return the sound of `datagram` as s16le, b"" when it is to be dropped."""
        packet = parse(datagram)
        if isinstance(packet, Malformed) or packet.payload_type not in _PAYLOADS:
            self.dropped += 1
            return b""
        if packet.ssrc == self._ssrc:
            ahead = (packet.sequence - self._sequence - 1) & 0xFFFF
            if ahead >= 0x8000:  # behind the last one: late or doubled (RFC 3550 A.1)
                self.dropped += 1
                return b""
            self.lost += ahead
        self._ssrc, self._sequence = packet.ssrc, packet.sequence
        return _swapped(packet.payload)


def _swapped(samples: bytes) -> bytes:
    words = array("h", samples[: len(samples) & ~1])  # half a sample at the end is no sound
    words.byteswap()
    return words.tobytes()
