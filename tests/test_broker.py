"""The broker driver and its far ends, against a real mosquitto and its own command line tools."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from subprocess import PIPE, run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from drivers.api import BrokerFact, Down, DriverError, Message, MessageReceived, Up
from drivers.broker import PahoBroker, open_broker
from drivers.mqtt.session import PAYLOAD_MAX, Tls
from drivers.wire.mqtt5 import MessageProperties
from hil.far_end.agency import Agency
from hil.far_end.broker import Mosquitto
from hil.far_end.ports import free_port
from tests.waiting import eventually

WITHIN_S = 20.0
ACK_TOPIC = "ntpd112/v1/7471/from/damkar-7471/ack"
STATUS_TOPIC = "ntpd112/v1/7471/box/box-a/status"
ALERT_TOPIC = "ntpd112/v1/7471/to/damkar-7471/alert/kebakaran"


async def next_fact(facts: AsyncIterator[BrokerFact]) -> BrokerFact:
    async with asyncio.timeout(WITHIN_S):
        return await anext(facts)


async def until(facts: AsyncIterator[BrokerFact], kind: type[BrokerFact]) -> BrokerFact:
    while not isinstance(fact := await next_fact(facts), kind):
        pass
    return fact


def alert(dispatch: int, id: str = "") -> Message:
    event = {
        "specversion": "1.0",
        "id": id or f"01936f0e-{dispatch}",
        "source": "//7471.ntpd112.id/box-7471-a",
        "type": "id.ntpd112.dispatch.requested.v1",
        "data": {"dispatch": dispatch, "event": "KBK-BGN"},
    }
    return Message(
        ALERT_TOPIC,
        json.dumps(event).encode(),
        expiry_s=86_400,
        response_topic=ACK_TOPIC,
        correlation=str(dispatch).encode(),
    )


async def mosquitto_pub(port: int, topic: str, payload: bytes) -> None:
    command = ["mosquitto_pub", "-p", str(port), "-V", "5", "-q", "1", "-t", topic, "-s"]
    await asyncio.to_thread(run, command, input=payload, check=True, timeout=WITHIN_S)


class Subscriber:
    """mosquitto_sub, which nobody here wrote."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, port: int, topic: str, form: str, *more: str) -> Subscriber:
        # Its stdout is a pipe here; without stdbuf it would keep its lines to itself.
        command = [
            "stdbuf",
            "-oL",
            "mosquitto_sub",
            "-d",
            "-p",
            str(port),
            "-V",
            "5",
            "-q",
            "1",
            "-t",
            topic,
        ]
        process = await asyncio.create_subprocess_exec(*command, "-F", form, *more, stdout=PIPE)
        subscriber = cls(process)
        await subscriber.line("Subscribed")
        return subscriber

    async def line(self, start: str) -> str:
        """The next line that begins with `start`; -d mixes its own among the messages."""
        assert self._process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            while line := (await self._process.stdout.readline()).decode():
                if line.startswith(start):
                    return line.strip()
        raise AssertionError(f"mosquitto_sub ended before {start!r}")

    async def stop(self) -> None:
        self._process.terminate()
        await self._process.communicate()


def test_publish_tells_whether_anybody_is_subscribed(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker("broker", "127.0.0.1", mosquitto.port, client_id="box") as broker,
        ):
            assert await next_fact(broker.facts()) == Up("broker")
            assert await broker.publish(alert(1)) is False
            subscriber = await Subscriber.start(mosquitto.port, ALERT_TOPIC, "%p")
            assert await broker.publish(alert(2)) is True
            await subscriber.stop()

    asyncio.run(story())


def test_mosquitto_sub_sees_the_message_with_its_properties(tmp_path: Path) -> None:
    async def story() -> str:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker("broker", "127.0.0.1", mosquitto.port, client_id="box") as broker,
        ):
            await next_fact(broker.facts())
            subscriber = await Subscriber.start(
                mosquitto.port, "ntpd112/#", "SEEN %t|%q|%r|%C|%E|%R|%D|%p"
            )
            await broker.publish(alert(20))
            line = await subscriber.line("SEEN")
            await subscriber.stop()
            return line.removeprefix("SEEN ")

    topic, qos, retain, kind, expiry, response, correlation, payload = asyncio.run(story()).split(
        "|", 7
    )
    assert (topic, qos, retain) == (ALERT_TOPIC, "1", "0")
    assert kind == "application/cloudevents+json"
    assert 86_000 < int(expiry) <= 86_400
    assert (response, correlation) == (ACK_TOPIC, "20")
    assert payload.encode() == alert(20).payload


def test_a_message_of_mosquitto_pub_arrives_byte_for_byte(tmp_path: Path) -> None:
    hostile = bytes(range(256)) + b"\r\n\x00'; DROP TABLE journal; --" + "\u202e\ud7ff".encode()

    async def story() -> BrokerFact:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker(
                "broker", "127.0.0.1", mosquitto.port, client_id="box", subscriptions=[ACK_TOPIC]
            ) as broker,
        ):
            facts = broker.facts()
            await until(facts, Up)
            await mosquitto_pub(mosquitto.port, ACK_TOPIC, hostile)
            return await next_fact(facts)

    assert asyncio.run(story()) == MessageReceived(ACK_TOPIC, hostile)


def test_a_message_too_long_is_left_out_and_the_next_one_arrives(tmp_path: Path) -> None:
    async def story() -> BrokerFact:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker(
                "broker", "127.0.0.1", mosquitto.port, client_id="box", subscriptions=["#"]
            ) as broker,
        ):
            facts = broker.facts()
            await until(facts, Up)
            await mosquitto_pub(mosquitto.port, "a", bytes(PAYLOAD_MAX + 1))  # we refuse it
            await mosquitto_pub(mosquitto.port, "b", bytes(2 * PAYLOAD_MAX))  # the broker does
            await mosquitto_pub(mosquitto.port, "c", bytes(PAYLOAD_MAX))
            return await next_fact(facts)

    assert asyncio.run(story()) == MessageReceived("c", bytes(PAYLOAD_MAX))


def test_killed_broker_is_down_and_works_again_when_it_is_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker("broker", "127.0.0.1", mosquitto.port, client_id="box") as broker,
        ):
            facts = broker.facts()
            await until(facts, Up)
            mosquitto.kill()
            down = await until(facts, Down)
            assert isinstance(down, Down)
            assert "connection to broker lost" in down.why
            with pytest.raises(DriverError, match="broker"):
                await broker.publish(alert(1))
            await mosquitto.start()
            assert await until(facts, Up) == Up("broker")
            assert await broker.publish(alert(2)) is False

    asyncio.run(story())


def test_what_failed_while_the_broker_was_away_is_never_sent_by_itself(tmp_path: Path) -> None:
    async def story() -> str:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker("broker", "127.0.0.1", mosquitto.port, client_id="box") as broker,
        ):
            facts = broker.facts()
            await until(facts, Up)
            mosquitto.kill()
            await until(facts, Down)
            with pytest.raises(DriverError):
                await broker.publish(alert(1))
            await mosquitto.start()
            subscriber = await Subscriber.start(mosquitto.port, "ntpd112/#", "SEEN %D")
            await until(facts, Up)
            await broker.publish(alert(2))
            line = await subscriber.line("SEEN")
            await subscriber.stop()
            return line

    assert asyncio.run(story()) == "SEEN 2"


def test_a_broker_that_keeps_silent_fails_the_publish_and_recovers(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker(
                "broker", "127.0.0.1", mosquitto.port, client_id="box", answer_s=1.0
            ) as broker,
        ):
            facts = broker.facts()
            await until(facts, Up)
            mosquitto.stall()
            results = await asyncio.gather(
                *(broker.publish(alert(number)) for number in range(20)), return_exceptions=True
            )
            assert all(isinstance(result, DriverError) for result in results)
            assert "kept silent" in str(await until(facts, Down))
            mosquitto.resume()
            await until(facts, Up)
            assert await broker.publish(alert(21)) is False

    asyncio.run(story())


class ScriptedBroker:
    """Greets as told, then only listens: a real mosquitto never breaks its own protocol."""

    def __init__(self, greeting: bytes) -> None:
        self.heard = b""
        self.port = 0
        self._greeting = greeting

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)  # CONNECT
        writer.write(self._greeting)
        with suppress(ConnectionError):
            while heard := await reader.read(4096):
                self.heard += heard
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[ScriptedBroker]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


# MQTT 5.0 3.2: CONNACK, success, one property: receive maximum (0x21) 5
AT_MOST_FIVE = bytes.fromhex("20 06 00 00 03 21 00 05")


def test_no_more_are_in_flight_than_the_broker_allows() -> None:
    async def story() -> bytes:
        async with (
            ScriptedBroker(AT_MOST_FIVE).listening() as deaf,
            open_broker("broker", "127.0.0.1", deaf.port, client_id="box", answer_s=0.5) as broker,
        ):
            await until(broker.facts(), Up)
            results = await asyncio.gather(
                *(broker.publish(Message("t", b"PAYLOAD")) for _ in range(20)),
                return_exceptions=True,
            )
            assert all(isinstance(result, DriverError) for result in results)
            return deaf.heard

    assert asyncio.run(story()).count(b"PAYLOAD") == 5


@pytest.mark.parametrize(
    "greeting",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="a web server"),
        pytest.param(b"\xff" * 64, id="noise"),
        pytest.param(bytes.fromhex("20 06 00 00 03 ff 00 05"), id="an unknown property"),
        pytest.param(bytes.fromhex("20 02 00 42"), id="an unknown reason"),
        pytest.param(AT_MOST_FIVE + bytes.fromhex("30 05 00 ff 61 62 63"), id="a torn PUBLISH"),
        pytest.param(AT_MOST_FIVE + b"\x40\x02\x00\x07" + b"\x00" * 9, id="packets of type 0"),
    ],
)
def test_a_broker_that_talks_nonsense_is_down_and_asked_again(greeting: bytes) -> None:
    async def story() -> None:
        async with (
            ScriptedBroker(greeting).listening() as mad,
            open_broker("broker", "127.0.0.1", mad.port, client_id="box", answer_s=0.5) as broker,
        ):
            down = await until(broker.facts(), Down)
            assert isinstance(down, Down)
            assert f"127.0.0.1:{mad.port}" in down.why

    asyncio.run(story())


def test_five_hundred_at_once_are_all_taken(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            open_broker("broker", "127.0.0.1", mosquitto.port, client_id="box") as broker,
        ):
            await until(broker.facts(), Up)
            await asyncio.gather(*(broker.publish(alert(number)) for number in range(500)))

    asyncio.run(story())


def test_answers_given_while_we_were_away_arrive_when_we_are_back(tmp_path: Path) -> None:
    async def story() -> list[BrokerFact]:
        async with Mosquitto(tmp_path) as mosquitto:
            async with subscribed(mosquitto) as broker:
                await until(broker.facts(), Up)
            for number in range(3):
                await mosquitto_pub(mosquitto.port, ACK_TOPIC, b"%d" % number)
            async with subscribed(mosquitto) as broker:
                return await messages(broker, 3)

    assert asyncio.run(story()) == [MessageReceived(ACK_TOPIC, b"%d" % n) for n in range(3)]


VICTIM = """
import asyncio, sys
from drivers.api import Message
from drivers.broker import open_broker

async def main(port, subscription, status):
    will = Message(status, b"lost", retain=True)
    async with open_broker("broker", "127.0.0.1", port, client_id="box",
                           subscriptions=[subscription], last_will=will) as broker:
        async for fact in broker.facts():
            print(fact, flush=True)
            if b"in hand" in getattr(fact, "payload", b""):
                await asyncio.Event().wait()

asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
"""


async def start_victim(port: int) -> asyncio.subprocess.Process:
    """A box in a process of its own, to be killed while it holds the message `in hand`."""
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, str(port), ACK_TOPIC, STATUS_TOPIC, stdout=PIPE
    )
    await said(victim, b"Up")
    return victim


async def said(victim: asyncio.subprocess.Process, words: bytes) -> None:
    assert victim.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        while words not in (line := await victim.stdout.readline()):
            assert line, f"the victim ended before it said {words!r}"


def test_kill_9_leaves_the_will_and_brings_back_what_was_not_on_disk(tmp_path: Path) -> None:
    async def story() -> list[BrokerFact]:
        async with Mosquitto(tmp_path) as mosquitto:
            subscriber = await Subscriber.start(mosquitto.port, STATUS_TOPIC, "SEEN %p")
            victim = await start_victim(mosquitto.port)
            for payload in (b"kept", b"in hand", b"unread"):
                await mosquitto_pub(mosquitto.port, ACK_TOPIC, payload)
            await said(victim, b"in hand")
            victim.kill()
            await victim.communicate()
            assert await subscriber.line("SEEN") == "SEEN lost"
            await subscriber.stop()
            async with subscribed(mosquitto) as broker:
                return await messages(broker, 2)

    assert asyncio.run(story()) == [
        MessageReceived(ACK_TOPIC, b"in hand"),
        MessageReceived(ACK_TOPIC, b"unread"),
    ]


def subscribed(mosquitto: Mosquitto) -> AbstractAsyncContextManager[PahoBroker]:
    return open_broker(
        "broker", "127.0.0.1", mosquitto.port, client_id="box", subscriptions=[ACK_TOPIC]
    )


async def messages(broker: PahoBroker, count: int) -> list[BrokerFact]:
    facts, found = broker.facts(), list[BrokerFact]()
    while len(found) < count:
        found.append(await until(facts, MessageReceived))
    return found


def test_birth_is_published_after_each_connect_and_the_will_when_we_leave(tmp_path: Path) -> None:
    async def story() -> None:
        async with Mosquitto(tmp_path) as mosquitto:
            subscriber = await Subscriber.start(mosquitto.port, STATUS_TOPIC, "SEEN %p")
            async with open_broker(
                "broker",
                "127.0.0.1",
                mosquitto.port,
                client_id="box",
                birth=Message(STATUS_TOPIC, b"born", retain=True),
                last_will=Message(STATUS_TOPIC, b"lost", retain=True),
            ):
                assert await subscriber.line("SEEN") == "SEEN born"
            assert await subscriber.line("SEEN") == "SEEN lost"
            await subscriber.stop()

    asyncio.run(story())


def test_a_broker_that_refuses_us_says_why_in_both_languages(tmp_path: Path) -> None:
    nobody = "allow_anonymous false\n"

    async def story() -> BrokerFact:
        async with (
            Mosquitto(tmp_path, options=nobody) as mosquitto,
            open_broker("broker", "127.0.0.1", mosquitto.port, client_id="box") as broker,
        ):
            return await next_fact(broker.facts())

    down = asyncio.run(story())
    assert isinstance(down, Down)
    assert "menolak kita / refuses us: Not authorized" in down.why


def test_no_broker_at_all_is_one_down_and_no_more() -> None:
    async def story() -> None:
        port = free_port(socket.SOCK_STREAM)
        async with open_broker("broker", "127.0.0.1", port, client_id="box") as broker:
            facts = broker.facts()
            down = await next_fact(facts)
            assert isinstance(down, Down)
            assert f"127.0.0.1:{port} tidak terjangkau / cannot be reached" in down.why
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):  # four more probes
                    raise AssertionError(f"said again: {await anext(facts)}")

    asyncio.run(story())


TLS_OPTIONS = """
listener {port} 127.0.0.1
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
require_certificate true
use_identity_as_username true
"""


def make_certificates(folder: Path) -> None:
    """A CA of our own, a certificate for the server 127.0.0.1 and one for the client box-a."""

    def openssl(arguments: str) -> None:
        command = ["openssl", *arguments.split()]
        run(command, cwd=folder, check=True, capture_output=True, timeout=WITHIN_S)

    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl(f"req -x509 {key} -keyout ca.key -out ca.crt -days 2 -subj /CN=ca")
    for name, subject in (("server", "127.0.0.1"), ("client", "box-a")):
        (folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl(f"req {key} -keyout {name}.key -out {name}.csr -subj /CN={subject}")
        openssl(
            f"x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2"
            f" -extfile {name}.ext -out {name}.crt"
        )


def test_mutual_tls_carries_long_messages_and_refuses_a_stranger(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    port = free_port(socket.SOCK_STREAM)
    long = bytes(range(256)) * 900  # many TLS records: bytes wait inside the TLS layer
    box = Tls(tmp_path / "ca.crt", tmp_path / "client.crt", tmp_path / "client.key")
    stranger = Tls(tmp_path / "ca.crt")
    lost = Tls(tmp_path / "ca.crt", tmp_path / "gone.crt", tmp_path / "client.key")

    async def why_down(tls: Tls) -> str:
        async with open_broker("broker", "127.0.0.1", port, client_id="x", tls=tls) as broker:
            return str(await until(broker.facts(), Down))

    async def story() -> None:
        options = TLS_OPTIONS.format(port=port, folder=tmp_path)
        async with Mosquitto(tmp_path, options=options):
            async with open_broker(
                "broker", "127.0.0.1", port, client_id="box", subscriptions=["t"], tls=box
            ) as broker:
                facts = broker.facts()
                await until(facts, Up)
                for _ in range(5):
                    assert await broker.publish(Message("t", long)) is True
                    assert await next_fact(facts) == MessageReceived("t", long)
            assert "broker" in await why_down(stranger)
            assert f"no such file ({tmp_path}/gone.crt)" in await why_down(lost)

    asyncio.run(story())


@settings(deadline=None)
@given(
    expiry_s=st.integers(0, 2**32 - 1),
    response_topic=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
    correlation=st.binary(max_size=300),
)
def test_paho_reads_the_properties_we_pack(
    expiry_s: int, response_topic: str, correlation: bytes
) -> None:
    message = Message("t", b"", "application/json", expiry_s, False, response_topic, correlation)
    packed = MessageProperties(message).pack()
    read = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    _, length = read.unpack(packed)  # type: ignore[no-untyped-call]
    assert length == len(packed)
    assert read.json()["ContentType"] == "application/json"  # type: ignore[no-untyped-call]
    assert getattr(read, "MessageExpiryInterval", 0) == expiry_s
    assert getattr(read, "ResponseTopic", "") == response_topic
    assert getattr(read, "CorrelationData", b"") == correlation


def test_an_agency_receives_accepts_and_drops_a_duplicate(tmp_path: Path) -> None:
    async def story() -> tuple[list[dict[str, object]], int]:
        async with Mosquitto(tmp_path) as mosquitto, subscribed(mosquitto) as broker:
            facts = broker.facts()
            await until(facts, Up)
            async with Agency("damkar-7471", "7471", mosquitto.port) as damkar:
                assert await broker.publish(alert(20)) is True
                await broker.publish(alert(20))
                await damkar.accept(await damkar.next_alert(), by="Budi")
                await eventually(lambda: damkar.duplicates, WITHIN_S)
                received = await until(facts, MessageReceived)
                accepted = await until(facts, MessageReceived)
            assert isinstance(received, MessageReceived)
            assert isinstance(accepted, MessageReceived)
            return [json.loads(m.payload)["data"] for m in (received, accepted)], damkar.duplicates

    answers, duplicates = asyncio.run(story())
    assert answers == [
        {"dispatch": 20, "status": "received", "by": "Budi"},
        {"dispatch": 20, "status": "accepted", "by": "Budi"},
    ]
    assert duplicates == 1


def test_an_agency_accepts_by_its_script_or_rejects_with_a_reason(tmp_path: Path) -> None:
    async def story() -> list[dict[str, object]]:
        async with Mosquitto(tmp_path) as mosquitto, subscribed(mosquitto) as broker:
            facts = broker.facts()
            await until(facts, Up)
            async with Agency("damkar-7471", "7471", mosquitto.port, accepts_after_s=0) as damkar:
                await broker.publish(alert(20))
                told = [await answer(facts), await answer(facts)]
                await damkar.reject(damkar.alerts[0], "mobil rusak", by="Wati")
                return [*told, await answer(facts)]

    async def answer(facts: AsyncIterator[BrokerFact]) -> dict[str, object]:
        received = await until(facts, MessageReceived)
        assert isinstance(received, MessageReceived)
        told: dict[str, object] = json.loads(received.payload)["data"]
        return told

    assert asyncio.run(story()) == [
        {"dispatch": 20, "status": "received", "by": "Budi"},
        {"dispatch": 20, "status": "accepted", "by": "Budi"},
        {"dispatch": 20, "status": "rejected", "by": "Wati", "reason": "mobil rusak"},
    ]


def test_an_agency_keeps_its_presence_and_gets_alerts_sent_while_it_was_away(
    tmp_path: Path,
) -> None:
    presence = "ntpd112/v1/7471/from/damkar-7471/presence"

    async def story() -> None:
        async with Mosquitto(tmp_path) as mosquitto, subscribed(mosquitto) as broker:
            await until(broker.facts(), Up)
            async with Agency("damkar-7471", "7471", mosquitto.port):
                subscriber = await Subscriber.start(mosquitto.port, presence, "SEEN %p")
                assert await subscriber.line("SEEN") == "SEEN online"
            assert await subscriber.line("SEEN") == "SEEN offline"
            await subscriber.stop()
            assert await broker.publish(alert(7)) is True
            async with Agency("damkar-7471", "7471", mosquitto.port) as damkar:
                async with asyncio.timeout(WITHIN_S):
                    assert (await damkar.next_alert()).dispatch == 7

    asyncio.run(story())


@pytest.mark.parametrize(
    "rubbish", [b"", b"\xff\xfe", b"[]", b"{}", b'{"id":1,"type":"id.ntpd112.dispatch.requested"}']
)
def test_an_agency_survives_rubbish(tmp_path: Path, rubbish: bytes) -> None:
    async def story() -> None:
        async with (
            Mosquitto(tmp_path) as mosquitto,
            Agency("damkar-7471", "7471", mosquitto.port) as damkar,
            open_broker("broker", "127.0.0.1", mosquitto.port, client_id="box") as broker,
        ):
            await until(broker.facts(), Up)
            await broker.publish(Message(ALERT_TOPIC, rubbish))
            await broker.publish(alert(3))
            async with asyncio.timeout(WITHIN_S):
                assert (await damkar.next_alert()).dispatch == 3
            assert damkar.rubbish == [rubbish]

    asyncio.run(story())
