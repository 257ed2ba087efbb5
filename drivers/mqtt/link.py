"""One MQTT 5 connection, from CONNECT to its end, on the event loop.

Paho encodes and decodes; its thread, its queue and its reconnecting are not used. On the loop no
callback can meet a lock of paho's or kill its network thread, and a link serves once: what was in
flight when it ended is forgotten, because paho would send it again beside its caller's own retry.
Trying again, and what a message means, is left to `drivers.broker`.

OASIS MQTT 5.0: 3.3.4 (receive maximum), 3.4.2.1 (PUBACK reasons).
paho-mqtt 2.2.0: "Network loop", external event loop support (loop_read, loop_write, loop_misc).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from drivers.api import DriverError, Message
from drivers.mqtt.session import Session, connect
from drivers.wire.mqtt5 import MessageProperties

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

_NOBODY_SUBSCRIBED = 0x10
_TAKEN_OVER = 0x8E
_CONNACK = 0  # no packet identifier is 0, so it can stand for the answer to CONNECT


class LinkFailed(DriverError):
    """The connection did not come about. `refused`: the broker answered, and said no."""

    def __init__(self, why: str, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


OnMessage = Callable[["MqttLink", "MQTTMessage"], None]


async def open_link(session: Session, on_message: OnMessage) -> MqttLink:
    """Connect, log in and subscribe. Raises LinkFailed."""
    try:
        client = await asyncio.to_thread(connect, session)
    except OSError as error:
        said = error.strerror or str(error)
        where = f" ({error.filename})" if error.filename else ""
        raise LinkFailed(
            f"broker {session.address} tidak terjangkau / cannot be reached: {said}{where}"
        ) from error
    link = MqttLink(session, client, on_message)
    try:
        await link.log_in()
    except (LinkFailed, asyncio.CancelledError):
        link.end("ditinggalkan / given up")
        raise
    return link


class MqttLink:
    def __init__(self, session: Session, client: Client, on_message: OnMessage) -> None:
        self.ended: asyncio.Future[LinkFailed] = asyncio.get_running_loop().create_future()
        self.unheard: list[str] = []  # subscriptions the broker refused
        self._session = session
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, asyncio.Future[Sequence[ReasonCode]]] = {}
        self._window = asyncio.Semaphore(1)
        # A ping then leaves at most 1.4 keepalives after the last packet; at 1.5 the broker gives
        # us up (3.1.2.10).
        self._tick_s = session.keepalive_s * 0.4
        self._attach(on_message)

    def _attach(self, on_message: OnMessage) -> None:
        client, sock = self._client, self._client.socket()
        assert isinstance(sock, socket.socket)  # connect returns a connected client
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.on_connect = self._on_connect
        client.on_subscribe = lambda _c, _u, mid, reasons, _p: self._answer(mid, reasons)
        client.on_publish = lambda _c, _u, mid, reason, _p: self._answer(mid, [reason])
        client.on_message = lambda _c, _u, message: on_message(self, message)
        client.on_disconnect = self._on_disconnect
        client.on_socket_close = lambda _c, _u, _s: self._detach()
        # TLS may hold decrypted bytes that no longer make the socket readable.
        self._undelivered: Callable[[], int] = getattr(sock, "pending", lambda: 0)
        self._socket: socket.socket | None = sock
        self._loop.add_reader(sock, self._on_readable)
        self._tick = self._loop.call_later(self._tick_s, self._on_tick)

    def _detach(self) -> None:
        if self._socket is not None:
            self._tick.cancel()
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket = None

    async def log_in(self) -> None:
        await self._answered(_CONNACK)
        if topics := list(self._session.subscriptions):
            _, mid = self._client.subscribe([(topic, 1) for topic in topics])
            self._flush()
            assert mid is not None  # None only without a socket
            reasons = await self._answered(mid)
            self.unheard = [t for t, r in zip(topics, reasons, strict=False) if r.is_failure]

    async def publish(self, message: Message) -> bool:
        """See `drivers.api.Broker.publish`."""
        async with self._window:
            if self.ended.done():
                raise self.ended.result()
            properties = cast("Properties", MessageProperties(message))
            info = self._client.publish(
                message.topic, message.payload, 1, message.retain, properties
            )
            self._flush()
            (reason,) = await self._answered(info.mid)
        if reason.is_failure:
            raise DriverError(
                f"broker {self._session.address} menolak / refuses {message.topic}: {reason}"
            )
        return bool(reason.value != _NOBODY_SUBSCRIBED)

    def acknowledge(self, message: MQTTMessage) -> None:
        """Tell the broker that we have `message`; once the link has ended it will come again."""
        if not self.ended.done() and message.qos:
            self._client.ack(message.mid, message.qos)
            self._flush()

    def close(self) -> None:
        """Leave. The broker publishes our last will, for it is true now."""
        if self.ended.done():
            return
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.reasoncodes import ReasonCode

        said = "Disconnect with will message" if self._session.last_will else "Normal disconnection"
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, said))
        self.end("ditutup / closed")

    def end(self, why: str, refused: bool = False) -> None:
        """Give the connection up without a word; whoever waits on it gets a DriverError."""
        if self.ended.done():
            return
        failure = LinkFailed(why, refused)
        self.ended.set_result(failure)
        if sock := self._socket:
            self._detach()
            sock.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkFailed(why, refused))

    async def _answered(self, mid: int) -> Sequence[ReasonCode]:
        """Wait for the broker's answer to packet `mid`. Silence ends the link."""
        if self.ended.done():
            raise self.ended.result()
        future: asyncio.Future[Sequence[ReasonCode]] = self._loop.create_future()
        self._waiting[mid] = future
        try:
            async with asyncio.timeout(self._session.answer_s):
                return await future
        except TimeoutError:
            self.end(
                f"broker {self._session.address} diam / kept silent for {self._session.answer_s} s"
            )
            raise self.ended.result() from None
        finally:
            self._waiting.pop(mid, None)

    def _answer(self, mid: int, reasons: Sequence[ReasonCode]) -> None:
        future = self._waiting.get(mid)
        if future is not None and not future.done():
            future.set_result(reasons)

    def _on_connect(
        self, _client: Client, _userdata: object, _flags: object, reason: ReasonCode, given: Any
    ) -> None:
        if reason.is_failure:
            self.end(
                f"broker {self._session.address} menolak kita / refuses us: {reason}", refused=True
            )
            return
        self._window = asyncio.Semaphore(getattr(given, "ReceiveMaximum", 65_535))
        self._answer(_CONNACK, [reason])

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: object, reason: ReasonCode, _given: object
    ) -> None:
        self.end(
            f"sambungan ke broker putus / connection to broker lost: {self._session.address}:"
            f" {reason}",
            refused=reason.value == _TAKEN_OVER,
        )

    def _on_readable(self) -> None:
        self._client.loop_read()
        while not self.ended.done() and self._undelivered():
            self._client.loop_read()
        self._flush()

    def _on_writable(self) -> None:
        if self._socket is not None:
            self._loop.remove_writer(self._socket)
        self._flush()

    def _on_tick(self) -> None:
        self._tick = self._loop.call_later(self._tick_s, self._on_tick)
        self._client.loop_misc()
        self._flush()

    def _flush(self) -> None:
        """Write what paho holds back: inside its callbacks it only queues."""
        if self._socket is not None and self._client.want_write():
            self._client.loop_write()
            if self._socket is not None and self._client.want_write():
                self._loop.add_writer(self._socket, self._on_writable)
