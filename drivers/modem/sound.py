"""The sound of a call: a modem's PCM port on one side, RTP on loopback UDP on the other.

The PCM port carries raw 8 kHz s16le, 320 bytes every 20 ms (quirk C10), and the modem's clock sets
the pace in both directions: for each frame it gives, it gets one, silence included. When it gives
none for STALL_S, our clock takes over, so that a modem that waits for us is not waited for.
Nothing runs while there is no call. RTP itself is `drivers.wire.rtp`.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from collections.abc import Callable

from drivers.api import DriverError
from drivers.modem.port import Port, open_port
from drivers.wire.rtp import FRAME_BYTES, FRAME_MS, SILENCE, L16Receiver, L16Sender

WAITING_MAX = 5  # frames: 100 ms of delay at most, then the oldest is dropped
STALL_S = 0.1
BAUD = 921_600  # USB takes no notice; a real UART must carry 16,000 bytes/s


class SoundPath(asyncio.DatagramProtocol):
    """`media_port` takes RTP all the time; it is thrown away unless sound is running."""

    def __init__(self, pcm_port: str) -> None:
        self._path = pcm_port
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._port: Port | None = None
        self._peer = ("", 0)
        self._sender = L16Sender(0)
        self._receiver = L16Receiver()
        self._heard = bytearray()  # from the modem, less than a frame
        self._waiting: deque[bytes] = deque(maxlen=WAITING_MAX)  # for the modem
        self._stall: asyncio.TimerHandle | None = None
        self._on_lost: Callable[[], object] = lambda: None

    @property
    def running(self) -> bool:
        return self._port is not None

    async def bind(self) -> int:
        """Open the UDP socket; return its port."""
        address = ("127.0.0.1", 0)
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: self, address, family=socket.AF_INET
        )
        return int(self._transport.get_extra_info("sockname")[1])

    async def start(self, peer: tuple[str, int], on_lost: Callable[[], object]) -> None:
        """Pass sound between the modem and `peer` until `stop` or `on_lost`. Raises DriverError."""
        self.stop()
        port = await open_port(self._path, BAUD)  # opening throws stale sound away (C12)
        self.stop()
        self._port, self._peer, self._on_lost = port, peer, on_lost
        numbers = (random.getrandbits(bits) for bits in (32, 16, 32))
        self._sender, self._receiver = L16Sender(*numbers), L16Receiver()
        port.listen(self._from_modem, self._lost)
        self._watch()

    def stop(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        if self._port is not None:
            self._port.close()
            self._port = None
        self._heard.clear()
        self._waiting.clear()

    def close(self) -> None:
        self.stop()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._port is None or addr != self._peer:
            return
        pcm = self._receiver.receive(data)
        for begin in range(0, len(pcm), FRAME_BYTES):
            self._waiting.append(pcm[begin : begin + FRAME_BYTES])

    def error_received(self, exc: Exception) -> None:
        """The exchange does not listen (any more): it says so itself, by its own events."""

    def _from_modem(self, data: bytes) -> None:
        self._heard += data
        while len(self._heard) >= FRAME_BYTES:
            self._pass_on(bytes(self._heard[:FRAME_BYTES]))
            del self._heard[:FRAME_BYTES]
        self._watch()

    def _pass_on(self, frame: bytes) -> None:
        if self._port is None or self._transport is None:
            return
        self._transport.sendto(self._sender.send(frame), self._peer)
        if self._port.unwritten < WAITING_MAX * FRAME_BYTES:
            self._port.write(self._waiting.popleft() if self._waiting else SILENCE)

    def _watch(self, after_s: float = STALL_S) -> None:
        if self._stall is not None:
            self._stall.cancel()
        if self._port is None:  # lost while passing on
            return
        self._stall = self._loop.call_later(after_s, self._stalled)

    def _stalled(self) -> None:
        self._pass_on(SILENCE)
        self._watch(FRAME_MS / 1000)

    def _lost(self, why: DriverError) -> None:
        self.stop()
        self._on_lost()
