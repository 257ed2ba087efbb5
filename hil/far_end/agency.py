"""An agency (OPD) at the other end of the broker: a real MQTT 5 client, as one would write it.

It uses nothing of `drivers`: what both ends read in the public contract must agree by itself. It
subscribes to its alerts, keeps a session and a presence, drops what it has seen already, says
`received` for each alert at once, and `accepted` or `rejected` when told to or after a while.

    async with Agency("damkar-7471", "7471", mosquitto.port, by="Budi") as damkar:
        alert = await damkar.next_alert()
        await damkar.accept(alert)

Public contract: reference/mqtt.md. CloudEvents 1.0 JSON event format, section 3.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

REQUESTED = "id.ntpd112.dispatch.requested"
ACK = "id.ntpd112.dispatch.ack"
SESSION_EXPIRY_S = 24 * 3600
WILL_DELAY_S = 30  # a short outage is not worth a "lost"
CONNECT_S = 10.0

Status = Literal["received", "read", "accepted", "rejected", "enroute", "onscene", "done"]


@dataclass(frozen=True, slots=True)
class Alert:
    """A request for this agency; `told` is the CloudEvents `data`."""

    id: str
    dispatch: int
    told: Mapping[str, Any]
    topic: str
    response_topic: str
    correlation: bytes


class Agency:
    """`accepts_after_s` None: nobody accepts unless `accept` is called."""

    def __init__(
        self,
        party: str,
        kode: str,
        port: int,
        *,
        host: str = "127.0.0.1",
        accepts_after_s: float | None = None,
        by: str = "Budi",
        on_alert: Callable[[Alert], None] | None = None,
    ) -> None:
        self.party = party
        self.by = by
        self.alerts: list[Alert] = []
        self.others: list[dict[str, Any]] = []  # updates, notices: not answered
        self.duplicates = 0
        self.rubbish: list[bytes] = []
        self._base = f"ntpd112/v1/{kode}"
        self._address = (host, port)
        self._accepts_after_s = accepts_after_s
        self._on_alert = on_alert
        self._seen: set[str] = set()
        self._unread: asyncio.Queue[Alert] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._subscribed = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()
        self._client = self._new_client()

    # --- being there -----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.disconnect()

    async def connect(self) -> None:
        """Return once subscribed. Comes back by itself when the broker was away."""
        host, port = self._address
        self._client.connect_async(host, port, 10, clean_start=False, properties=_connect_options())
        self._client.loop_start()
        async with asyncio.timeout(CONNECT_S):
            await self._subscribed.wait()

    async def disconnect(self) -> None:
        """Leave in peace; the broker keeps what comes in the meantime for a day."""
        for timer in self._timers:
            timer.cancel()
        self._client.publish(self._topic("from", "presence"), b"offline", 1, True)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
        self._subscribed.clear()

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.party,
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        client.reconnect_delay_set(1, 1)
        will = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        will.WillDelayInterval = WILL_DELAY_S
        client.will_set(self._topic("from", "presence"), b"lost", 1, True, will)
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self._from_thread(self._subscribed.set)
        client.on_message = lambda _c, _u, message: self._from_thread(self._take, message)
        return client

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe(f"{self._base}/to/{self.party}/#", 1)
        client.publish(self._topic("from", "presence"), b"online", 1, True)

    def _from_thread(self, call: Callable[..., object], *args: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _topic(self, direction: str, leaf: str) -> str:
        return f"{self._base}/{direction}/{self.party}/{leaf}"

    # --- reading ---------------------------------------------------------------------------------

    async def next_alert(self) -> Alert:
        """The next alert nobody has asked for yet, duplicates left out."""
        return await self._unread.get()

    def _take(self, message: MQTTMessage) -> None:
        try:
            event = json.loads(message.payload)
            id, kind = str(event["id"]), str(event["type"])
            alert = self._alert(id, event["data"], message) if kind.startswith(REQUESTED) else None
        except (ValueError, TypeError, KeyError):
            self.rubbish.append(bytes(message.payload))
            return
        if id in self._seen:
            self.duplicates += 1
            return
        self._seen.add(id)
        if alert:
            self._serve(alert)
        else:
            self.others.append(event)

    def _alert(self, id: str, told: dict[str, Any], message: MQTTMessage) -> Alert:
        properties = message.properties
        return Alert(
            id=id,
            dispatch=int(told["dispatch"]),
            told=told,
            topic=message.topic,
            response_topic=getattr(properties, "ResponseTopic", self._topic("from", "ack")),
            correlation=getattr(properties, "CorrelationData", b""),
        )

    def _serve(self, alert: Alert) -> None:
        self.alerts.append(alert)
        self._unread.put_nowait(alert)
        self._answer(alert, "received")
        if self._on_alert:
            self._on_alert(alert)
        if self._accepts_after_s is not None:
            timer = self._loop.call_later(self._accepts_after_s, self._answer, alert, "accepted")
            self._timers.add(timer)

    # --- answering -------------------------------------------------------------------------------

    async def accept(self, alert: Alert, by: str = "") -> None:
        """A person takes it: on this MQTT contract, `accepted` with a name."""
        await self.report(alert, "accepted", by=by)

    async def reject(self, alert: Alert, reason: str, by: str = "") -> None:
        await self.report(alert, "rejected", by=by, reason=reason)

    async def report(self, alert: Alert, status: Status, by: str = "", reason: str = "") -> None:
        """Answer `alert`; return once the broker has it."""
        info = self._answer(alert, status, by, reason)
        await asyncio.to_thread(info.wait_for_publish, CONNECT_S)

    def _answer(self, alert: Alert, status: Status, by: str = "", reason: str = "") -> Any:
        told: dict[str, Any] = {"dispatch": alert.dispatch, "status": status, "by": by or self.by}
        if reason:
            told["reason"] = reason
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": f"//{self.party}",
            "type": ACK,
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "data": told,
        }
        return self._client.publish(
            alert.response_topic, json.dumps(event), 1, False, _answer_properties(alert.correlation)
        )


def _connect_options() -> Properties:
    options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    options.SessionExpiryInterval = SESSION_EXPIRY_S
    return options


def _answer_properties(correlation: bytes) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = "application/cloudevents+json"
    if correlation:
        properties.CorrelationData = correlation
    return properties
