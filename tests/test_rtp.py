"""RTP of linear sound: what is sent is heard, and no datagram raises."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.wire.rtp import (
    FRAME_BYTES,
    SILENCE,
    L16Receiver,
    L16Sender,
    Malformed,
    Packet,
    parse,
)

FRAME = bytes(range(256)) + bytes(64)


def test_a_frame_is_sent_as_rfc_3550_has_it() -> None:
    sender = L16Sender(ssrc=0x53494147, sequence=0xFFFF, timestamp=0xFFFFFFFF)
    assert sender.send(b"\x01\x02\x03\x04") == (
        b"\x80\x8b\xff\xff\xff\xff\xff\xffSIAG\x02\x01\x04\x03"
    )
    second = parse(sender.send(SILENCE))
    assert second == Packet(11, False, 0, 1, 0x53494147, SILENCE), "wraps around"


@given(st.lists(st.binary(min_size=FRAME_BYTES, max_size=FRAME_BYTES), max_size=20))
def test_what_is_sent_is_heard(frames: list[bytes]) -> None:
    sender, receiver = L16Sender(7, sequence=0xFFF8), L16Receiver()
    assert [receiver.receive(sender.send(frame)) for frame in frames] == frames
    assert (receiver.lost, receiver.dropped) == (0, 0)


def test_lost_late_and_doubled_packets_are_counted() -> None:
    sender, receiver = L16Sender(7), L16Receiver()
    first, second, third, fourth = (sender.send(FRAME) for _ in range(4))
    assert [receiver.receive(packet) for packet in (first, fourth, second, fourth)] == [
        FRAME,
        FRAME,
        b"",
        b"",
    ]
    assert (receiver.lost, receiver.dropped) == (2, 2)
    assert receiver.receive(L16Sender(8, sequence=third[2]).send(FRAME)) == FRAME, "a new stream"


def test_asterisks_own_payload_type_is_heard_and_others_are_not() -> None:
    receiver = L16Receiver()
    header = struct.pack(">HII", 1, 0, 7)
    assert receiver.receive(b"\x80\x0a" + header + b"\x01\x02") == b"\x02\x01"
    assert receiver.receive(b"\x80\x08" + header + b"\x01\x02") == b""  # A-law
    assert receiver.dropped == 1


def test_sources_extension_and_padding_are_no_sound() -> None:
    header = struct.pack(">BBHII", 0x80 | 0x20 | 0x10 | 2, 11, 1, 2, 3)
    extension = b"\xbe\xde\x00\x01" + bytes(4)
    packet = parse(header + bytes(8) + extension + b"\x01\x02" + b"\x00\x00\x03")
    assert packet == Packet(11, False, 1, 2, 3, b"\x01\x02")


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\x80" * 11, b"\x40" + bytes(11), b"\x90" + bytes(11), b"\x8f" + bytes(11),
     b"\xa0" + bytes(10) + b"\xff"],
)  # fmt: skip
def test_what_is_not_rtp_is_explained(datagram: bytes) -> None:
    assert isinstance(parse(datagram), Malformed)
    assert L16Receiver().receive(datagram) == b""


@given(st.binary(max_size=400))
def test_no_datagram_raises(datagram: bytes) -> None:
    parse(datagram)
    L16Receiver().receive(datagram)
