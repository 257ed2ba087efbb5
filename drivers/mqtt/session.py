"""Who we are to an MQTT broker, and a paho client that has said so.

The only place that makes a paho client. What happens on the connection is `drivers.mqtt.link`.

OASIS MQTT 5.0: 3.1.2.11 (CONNECT properties), 3.1.2.4 (clean start).
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.api import Message
from drivers.value import value

if TYPE_CHECKING:
    from paho.mqtt.client import Client
    from paho.mqtt.properties import Properties

PAYLOAD_MAX = 256 * 1024  # bytes; an EIDO with all its updates is a few tens of kilobytes
PACKET_MAX = PAYLOAD_MAX + 8 * 1024  # bytes; topic and properties ride on top
UNACKNOWLEDGED_MAX = 100  # messages the broker may send us before we have the first on disk
SESSION_EXPIRY_S = 24 * 3600  # the broker keeps our messages for a day
CONNECT_S = 2.0  # for TCP and TLS, each; they run in a thread that cannot be interrupted


@value
class Tls:
    """The broker is trusted by `ca`; `cert` and `key` show it who we are."""

    ca: Path
    cert: Path | None = None
    key: Path | None = None


@value
class Session:
    """Who we are to the broker, and what it keeps for us while we are away."""

    host: str
    port: int
    client_id: str
    subscriptions: Sequence[str]
    last_will: Message | None
    username: str | None
    password: str | None
    tls: Tls | None
    keepalive_s: int
    answer_s: float  # a broker that keeps silent longer is taken for gone

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def connect(session: Session) -> Client:
    """Import paho, connect, send CONNECT. Blocks: call it in a thread. Raises OSError."""
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=session.client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        manual_ack=True,
    )
    client.connect_timeout = CONNECT_S
    client.max_inflight_messages = 0  # the window is ours: paho would queue behind its own
    if session.username is not None:
        client.username_pw_set(session.username, session.password)
    if will := session.last_will:
        client.will_set(will.topic, will.payload, 1, will.retain, _will_properties(will))
    if session.tls:
        _secure(client, session.tls)
    rc = client.connect(
        session.host,
        session.port,
        session.keepalive_s,
        clean_start=False,
        properties=_connect_properties(),
    )
    if rc != MQTTErrorCode.MQTT_ERR_SUCCESS or client.socket() is None:
        raise ConnectionResetError(errno.ECONNRESET, "sambungan putus / connection reset")
    return client


def _secure(client: Client, tls: Tls) -> None:
    import ssl

    for file in (tls.ca, tls.cert, tls.key):
        if file is not None and not file.is_file():
            raise FileNotFoundError(errno.ENOENT, "tidak ada berkas / no such file", str(file))
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key)
    client.tls_set_context(context)


def _connect_properties() -> Properties:
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    properties.ReceiveMaximum = UNACKNOWLEDGED_MAX
    properties.MaximumPacketSize = PACKET_MAX
    return properties


def _will_properties(will: Message) -> Properties:
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.ContentType = will.content_type
    return properties
