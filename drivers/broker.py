"""The MQTT broker, kept connected: publishes messages and reports what arrives.

A message that comes in is acknowledged to the broker only when the reader of `facts()` asks for
the next one, so the reader has it on disk by then; after a crash the broker sends it again, and
the reader drops what it knows already. Which message to send, when to try again and what a payload
means is left to the outbox and the formats; one connection is `drivers.mqtt`.

Why the own probe: after an outage the first alert came after 0.17 s, with paho's reconnecting after
23 s, with a mosquitto bridge after 12 to 15 s (reference/performance.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from drivers.api import BrokerFact, Down, DriverError, Message, MessageReceived, Up
from drivers.mqtt.link import LinkFailed, MqttLink, open_link
from drivers.mqtt.session import PAYLOAD_MAX, Session, Tls

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

PROBE_S = 0.25  # between tries; the first alert has to be out 1 s after the broker is back
REFUSED_S = 5.0  # a broker that said no will not have changed its mind in 0.25 s
FACTS_MAX = 2_000  # unread facts; a reader that slow is not helped by more

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def open_broker(
    name: str,
    host: str,
    port: int,
    *,
    client_id: str,
    subscriptions: Sequence[str] = (),
    birth: Message | None = None,
    last_will: Message | None = None,
    username: str | None = None,
    password: str | None = None,
    tls: Tls | None = None,
    keepalive_s: int = 20,
    answer_s: float = 5.0,
) -> AsyncIterator[PahoBroker]:
    """Keep a connection to the broker at `host`:`port`; `Up` and `Down` tell how it stands.

    `birth` is published after each connect; `last_will` by the broker when we are gone, also when
    we leave in peace. A publish unanswered for `answer_s` fails and gives the connection up.
    """
    session = Session(
        host=host,
        port=port,
        client_id=client_id,
        subscriptions=tuple(subscriptions),
        last_will=last_will,
        username=username,
        password=password,
        tls=tls,
        keepalive_s=keepalive_s,
        answer_s=answer_s,
    )
    broker = PahoBroker(name, session, birth)
    async with broker.kept_connected():
        yield broker


class PahoBroker:
    """`drivers.api.Broker` over paho-mqtt."""

    def __init__(self, name: str, session: Session, birth: Message | None) -> None:
        self.name = name
        self._session = session
        self._birth = birth
        self._link: MqttLink | None = None
        self._why = "belum tersambung / not connected yet"
        self._facts: asyncio.Queue[tuple[BrokerFact | BaseException, Callable[[], None]]] = (
            asyncio.Queue()
        )

    async def facts(self) -> AsyncIterator[BrokerFact]:
        """Yield what happened. Asking for the next fact says that the last one is on disk."""
        while True:
            fact, settle = await self._facts.get()
            if isinstance(fact, BaseException):
                raise fact
            yield fact
            settle()

    async def publish(self, message: Message) -> bool:
        """See `drivers.api.Broker`. Without a connection it fails at once and nothing is queued."""
        if self._link is None:
            raise DriverError(f"{self.name}: {self._why}")
        try:
            return await self._link.publish(message)
        except DriverError as error:
            raise DriverError(f"{self.name}: {error}") from error

    @asynccontextmanager
    async def kept_connected(self) -> AsyncIterator[None]:
        upkeep = asyncio.create_task(self._keep_connected(), name=f"{self.name} upkeep")
        upkeep.add_done_callback(self._on_upkeep_done)
        try:
            yield
        finally:
            upkeep.cancel()
            with suppress(asyncio.CancelledError):
                await upkeep

    async def _keep_connected(self) -> None:
        while True:
            failure = await self._serve()
            self._down(str(failure))
            await asyncio.sleep(REFUSED_S if failure.refused else PROBE_S)

    async def _serve(self) -> LinkFailed:
        """Connect and stay connected; return why it is over."""
        try:
            link = await open_link(self._session, self._on_message)
        except LinkFailed as failure:
            return failure
        self._link = link
        try:
            self._up(link)
            await self._announce(link)
            return await asyncio.shield(link.ended)
        finally:
            self._link = None
            link.close()

    async def _announce(self, link: MqttLink) -> None:
        if self._birth is None:
            return
        try:
            await link.publish(self._birth)
        except DriverError as error:
            _LOG.warning("%s: %s", self.name, error)

    def _up(self, link: MqttLink) -> None:
        self._why = ""
        if link.unheard:
            topics = ", ".join(link.unheard)
            self._down(f"broker menolak langganan / broker refuses subscription to {topics}")
        else:
            self._report(Up(self.name))

    def _down(self, why: str) -> None:
        if why != self._why:
            self._why = why
            self._report(Down(self.name, why))

    def _report(self, fact: BrokerFact | BaseException) -> None:
        self._facts.put_nowait((fact, _nothing_to_settle))

    def _on_upkeep_done(self, upkeep: asyncio.Task[None]) -> None:
        # It never ends by itself: a mistake of ours must reach the reader, not die in silence.
        if not upkeep.cancelled() and (error := upkeep.exception()):
            self._report(error)

    def _on_message(self, link: MqttLink, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._drop(link, message, "nama topik rusak / topic name is not UTF-8")
            return
        if len(message.payload) > PAYLOAD_MAX:
            self._drop(link, message, f"{topic}: {len(message.payload)} B > {PAYLOAD_MAX} B")
        elif self._facts.qsize() >= FACTS_MAX:
            # Unacknowledged, so a message of quality 1 comes again after the next connect.
            _LOG.error("%s: %s: %d facts unread, message left", self.name, topic, FACTS_MAX)
        else:
            fact = MessageReceived(topic, bytes(message.payload), message.retain)
            self._facts.put_nowait((fact, partial(link.acknowledge, message)))

    def _drop(self, link: MqttLink, message: MQTTMessage, why: str) -> None:
        _LOG.warning("%s: pesan dibuang / message dropped: %s", self.name, why)
        link.acknowledge(message)


def _nothing_to_settle() -> None:
    """`Up` and `Down` need no acknowledgement."""
