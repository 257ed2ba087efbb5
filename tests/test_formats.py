"""What agencies are told and what they answer: every word of the contract, and hostile answers."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from appliance.domain.events import Channel
from appliance.domain.orders import Alert, Change, Order, Update
from appliance.domain.requests import Receipt
from appliance.domain.routing import Role
from appliance.formats import topics
from appliance.formats.dispatch import message
from appliance.formats.identifiers import Site, incident_number, local_time, message_id, party
from appliance.formats.presence import Presence, birth, last_will, presence
from appliance.formats.receipt import PAYLOAD_MAX, STATUSES, Malformed, receipt
from appliance.formats.sms_text import PART_MAX, PARTS_MAX, septets, sms_text
from drivers.api import Location, LocationSource
from hil.far_end.broker import Mosquitto
from tests.waiting import eventually

PAGE = Path(__file__).parent.parent / "docs" / "agencies.md"
SITE = Site("7471", "box-7471-a", "Asia/Makassar")
EVENING = 1_795_349_738_250  # 2026-11-22 20:15:38.250 in Kendari, 12:15 UTC
AFTER_MIDNIGHT = EVENING + 4 * 3_600_000  # still the 22nd in UTC
ACK = "ntpd112/v1/7471/from/damkarmat-7471/ack"
HOUSE_FIRE = Alert(
    dispatch=123,
    incident=119,
    agency="damkarmat",
    role=Role.DISPATCHED,
    kind="KBK-BGN",
    name="Kebakaran bangunan",
    priority=1,
    cap="Fire",
    place="Jl. Saranani 12, Mandonga",
    narrative="Rumah dua lantai, api dari dapur, ada orang di dalam",
    location=Location(-3.97241, 122.51498, 50, LocationSource.AML, EVENING - 40_000),
    callback="+6281234567890",
    agencies=(("damkarmat", Role.DISPATCHED), ("pln", Role.ASSISTING)),
    opened_utc_ms=EVENING - 20_000,
    raised_utc_ms=EVENING,
)
CANCELLED = Update(
    dispatch=123,
    incident=119,
    agency="damkarmat",
    change=Change.CANCELLED,
    text="Ternyata asap pembakaran sampah",
    sequence=131,
    opened_utc_ms=EVENING - 20_000,
    raised_utc_ms=EVENING + 90_000,
)


def alerted(alert: Alert = HOUSE_FIRE) -> Order:
    return Order(f"alert/{alert.dispatch}/mqtt", Channel.MQTT, alert.agency, alert)


def changed(update: Update = CANCELLED) -> Order:
    return Order(f"update/{update.dispatch}/{update.sequence}", Channel.MQTT, "damkarmat", update)


def event_of(order: Order) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(message(order, SITE).payload)
    return event


def answer(**data: object) -> bytes:
    told = {"dispatch": 123, "status": "accepted", "by": "Budi"} | data
    return ack_event(data={name: value for name, value in told.items() if value is not None})


def ack_event(**attributes: object) -> bytes:
    event = {"specversion": "1.0", "type": "id.ntpd112.dispatch.ack", "id": "1", "data": {}}
    return json.dumps(event | attributes).encode()


# --- identifiers --------------------------------------------------------------------------------


def test_an_incident_has_the_date_on_the_wall_of_the_centre() -> None:
    assert incident_number(123, EVENING, SITE) == "7471-20261122-000123"
    assert incident_number(123, AFTER_MIDNIGHT, SITE) == "7471-20261123-000123"


def test_times_carry_the_offset_of_the_site_and_never_z() -> None:
    assert local_time(EVENING, SITE) == "2026-11-22T20:15:38.250+08:00"
    assert local_time(EVENING, replace(SITE, zone="Asia/Jakarta")).endswith("+07:00")


def test_a_message_id_is_a_uuid7_of_the_orders_time() -> None:
    id = UUID(message_id("alert/123/mqtt", EVENING, SITE))
    assert id.version == 7
    assert id.variant == "specified in RFC 4122"
    assert id.int >> 80 == EVENING


def test_a_message_sent_again_has_the_same_id_and_no_other_has() -> None:
    ids = {
        message_id(key, EVENING, site)
        for key in ("alert/123/mqtt", "alert/123/sms", "alert/124/mqtt")
        for site in (SITE, replace(SITE, box="box-7471-b"), replace(SITE, kode="7402"))
    }
    assert len(ids) == 9
    assert message(alerted(), SITE) == message(alerted(), SITE)


# --- what an agency is told ---------------------------------------------------------------------


def test_an_alert_goes_to_one_agency_under_its_cap_category() -> None:
    sent = message(alerted(), SITE)
    assert sent.topic == "ntpd112/v1/7471/to/damkarmat-7471/alert/fire"
    assert sent.response_topic == ACK
    assert sent.correlation == b"alert/123/mqtt"
    assert sent.expiry_s == 86_400
    assert sent.content_type == "application/cloudevents+json"
    assert not sent.retain


def test_an_alert_is_a_cloudevent_about_the_incident() -> None:
    event = event_of(alerted())
    told = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": message_id("alert/123/mqtt", EVENING, SITE),
        "source": "//7471.ntpd112.id/box-7471-a",
        "type": "id.ntpd112.dispatch.requested.v1",
        "subject": "incident/7471-20261122-000119",
        "time": "2026-11-22T20:15:38.250+08:00",
        "recipient": "damkarmat-7471",
        "sequence": "000000000123",
        "datacontenttype": "application/json",
    }
    assert told["dispatch"] == 123
    assert told["incident"] == "7471-20261122-000119"
    assert told["kind"] == {"code": "KBK-BGN", "name": "Kebakaran bangunan"}
    assert told["agencies"] == [
        {"party": "damkarmat-7471", "role": "dispatched"},
        {"party": "pln-7471", "role": "assisting"},
    ]
    assert told["ack"] == {"topic": ACK, "received_s": 15, "accepted_s": 60}


def test_an_alert_says_where_by_whom_and_how_exactly() -> None:
    assert event_of(alerted())["data"]["location"] == {
        "lat": -3.97241,
        "lon": 122.51498,
        "radius_m": 50,
        "method": "aml",
        "address": "Jl. Saranani 12, Mandonga",
    }


def test_what_an_agency_may_not_know_is_not_in_its_message() -> None:
    informed = replace(
        HOUSE_FIRE, role=Role.INFORMATIONAL, location=None, callback="", narrative=""
    )
    told = event_of(alerted(informed))["data"]
    assert told["location"] == {"address": "Jl. Saranani 12, Mandonga"}
    assert {"callback", "narrative"}.isdisjoint(told)
    assert event_of(alerted())["data"]["callback"] == "+6281234567890"


# OASIS CAP 1.2 3.2.2
CAP = {
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}


@pytest.mark.parametrize("priority", [1, 2, 3, 4, 5])
def test_every_priority_has_words_of_cap(priority: int) -> None:
    told = event_of(alerted(replace(HOUSE_FIRE, priority=priority)))["data"]
    assert all(told[name] in words for name, words in CAP.items())
    assert (told["urgency"] == "Immediate") == (priority == 1)


@pytest.mark.parametrize(
    ("change", "kind", "word"),
    [
        (Change.CANCELLED, "id.ntpd112.dispatch.cancelled", "Cancel"),
        (Change.CLOSED, "id.ntpd112.incident.closed", "Update"),
    ],
)
def test_an_update_says_what_became_of_the_incident(change: Change, kind: str, word: str) -> None:
    order = changed(replace(CANCELLED, change=change))
    event = event_of(order)
    assert message(order, SITE).topic == "ntpd112/v1/7471/to/damkarmat-7471/update"
    assert event["type"] == kind
    assert event["subject"] == "incident/7471-20261122-000119"
    assert event["data"]["msgType"] == word
    assert event["data"]["note"] == CANCELLED.text


def test_sequences_sort_as_text_in_the_order_they_happened() -> None:
    texts = [event_of(changed(replace(CANCELLED, sequence=n)))["sequence"] for n in (9, 10, 10_000)]
    assert event_of(alerted())["sequence"] < event_of(changed())["sequence"]
    assert texts == sorted(texts)


# --- by SMS -------------------------------------------------------------------------------------


def test_an_sms_says_what_where_and_how_to_answer_in_one_part() -> None:
    text = sms_text(HOUSE_FIRE, SITE)
    assert text.startswith("112-7471 P1 Kebakaran bangunan: Jl. Saranani 12, Mandonga.")
    assert "-3.97241,122.51498 (+-50 m)" in text
    assert "+6281234567890" in text
    assert text.endswith(" Balas: OK 123")
    assert septets(text) <= PART_MAX


def test_a_long_place_is_cut_before_the_way_to_answer_is() -> None:
    text = sms_text(replace(HOUSE_FIRE, place="Lorong Anggrek, " * 40), SITE)
    assert PART_MAX < septets(text) <= PARTS_MAX
    assert "..." in text
    assert text.endswith(" Balas: OK 123")


def test_letters_outside_the_gsm_alphabet_become_their_nearest() -> None:
    place = "Café “Kāsim” \N{EN DASH} Jl. Ŝam Ratulangi 🔥 (dekat SD)\nlantai 2"
    text = sms_text(replace(HOUSE_FIRE, place=place), SITE)
    assert 'Café "Kasim" - Jl. Sam Ratulangi (dekat SD) lantai 2.' in text


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=100))
def test_any_text_at_all_fits_two_parts_and_can_be_answered(
    place: str, narrative: str, name: str
) -> None:
    alert = replace(HOUSE_FIRE, place=place, narrative=narrative, name=name)
    text = sms_text(alert, SITE)
    assert septets(text) <= PARTS_MAX
    assert text.endswith(" Balas: OK 123")


# --- what an agency answers ---------------------------------------------------------------------


def test_an_acceptance_names_the_dispatch_the_agency_and_the_person() -> None:
    accepted = Receipt(123, "damkarmat", "accepted", "Budi", Channel.MQTT)
    assert receipt(ACK, answer(), SITE) == accepted
    assert receipt(ACK, answer(reason="menuju lokasi"), SITE).reason == "menuju lokasi"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_the_contract_is_understood(status: str) -> None:
    assert receipt(ACK, answer(status=status), SITE).status == status


@pytest.mark.parametrize("status", ["received", "read", "enroute", "onscene", "done"])
def test_software_need_not_have_a_name(status: str) -> None:
    assert receipt(ACK, answer(status=status, by=None), SITE).by == ""
    null = {"dispatch": 123, "status": status, "by": None, "reason": None}
    assert receipt(ACK, ack_event(data=null), SITE).by == ""


def test_names_come_without_what_cannot_be_seen_and_in_bounded_length() -> None:
    said = receipt(ACK, answer(by="  Bu\u202edi\r\n\x1b[31m \ud800 ", reason="x" * 999), SITE)
    assert said.by == "Budi [31m"
    assert len(said.reason) == 200
    assert receipt(ACK, answer(by="Budi " * 99), SITE).by.startswith("Budi Budi")


DATA = {"dispatch": 123, "status": "accepted", "by": "Budi"}


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "bukan JSON"),
        (b"OK 123", "bukan JSON"),
        (b"\xff\xfe\x00", "bukan JSON"),
        (b"[" * PAYLOAD_MAX, "bukan JSON"),
        (b'{"a":' * 3_000, "bukan JSON"),
        (b"9" * 5_000, "bukan JSON"),
        (b" " * (PAYLOAD_MAX + 1), "16385 byte"),
        (b"[]", "bukan objek"),
        (b'"accepted"', "bukan objek"),
        (b"{}", '"specversion" tidak ada'),
        (ack_event(specversion="0.3", data=DATA), '"specversion" berisi / is "0.3"'),
        (ack_event(type="id.ntpd112.dispatch.requested.v1", data=DATA), '"type" berisi'),
        (ack_event(type=["id.ntpd112.dispatch.ack"], data=DATA), '"type" berisi / is [...]'),
        (ack_event(data="accepted"), '"data" berisi'),
        (ack_event(data=DATA, source="//polresta-7471"), '"source" berisi'),
        (answer(party="polresta-7471"), '"party" berisi / is "polresta-7471"'),
        (answer(party={"a": 1}), '"party" berisi / is {...}'),
        (answer(dispatch=None), '"dispatch" tidak ada'),
        (answer(dispatch="123"), '"dispatch" berisi / is "123"'),
        (answer(dispatch=True), '"dispatch" berisi / is true'),
        (answer(dispatch=1.5), '"dispatch" berisi / is 1.5'),
        (answer(dispatch=float("nan")), '"dispatch" berisi / is NaN'),
        (answer(dispatch=-1), '"dispatch" berisi / is -1'),
        (answer(dispatch=10**30), '"dispatch" berisi'),
        (answer(status="okay"), 'tulis / write received, read, accepted'),
        (answer(status=["accepted"]), '"status" berisi / is [...]'),
        (answer(by=None), '"by" kosong'),
        (answer(by="\u200b \n"), '"by" kosong'),
        (answer(by=None, status="rejected"), "rejected perlu nama"),
        (answer(by=7), '"by" berisi / is 7'),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_told_what_is_wrong(payload: bytes, says: str) -> None:
    with pytest.raises(Malformed) as told:
        receipt(ACK, payload, SITE)
    assert says in str(told.value)
    assert " / " in str(told.value)
    assert len(str(told.value)) < 250
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "ntpd112/v1/7471/from/damkarmat-7471/presence",
        "ntpd112/v1/7471/from/damkarmat-7471/ack/",
        "ntpd112/v1/7471/from/damkarmat-7471/ack\n",
        "ntpd112/v1/7471/from/damkarmat-7402/ack",
        "ntpd112/v1/7402/from/damkarmat-7402/ack",
        "ntpd112/v1/7471/from/damkarmat/ack",
        "ntpd112/v1/7471/from/-7471/ack",
        "ntpd112/v1/7471/from/Damkarmat-7471/ack",
        "ntpd112/v1/7471/from/damkarmat-7471/x/ack",
        "ntpd112/v1/7471/to/damkarmat-7471/ack",
        "\x1b[2J" * 1000,
    ],
)
def test_nobody_of_this_site_speaks_on_another_topic(topic: str) -> None:
    with pytest.raises(Malformed) as told:
        receipt(topic, answer(), SITE)
    assert str(told.value).isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NEAR = st.fixed_dictionaries(
    {"specversion": st.just("1.0"), "type": st.just("id.ntpd112.dispatch.ack")},
    optional={
        "source": JSON | st.sampled_from(["//", "//damkarmat-7471", "///-7471"]),
        "data": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "dispatch": JSON | st.integers(1),
                "status": JSON | st.sampled_from(STATUSES),
                "by": JSON | st.text(min_size=1),
                "reason": JSON,
                "party": JSON | st.just("damkarmat-7471"),
            },
        ),
    },
)


@given(st.binary() | NEAR.map(json.dumps).map(str.encode) | JSON.map(json.dumps).map(str.encode))
def test_whatever_comes_is_a_receipt_or_malformed(payload: bytes) -> None:
    try:
        said = receipt(ACK, payload, SITE)
    except Malformed as error:
        assert str(error).isprintable()
    else:
        assert said.agency == "damkarmat"
        assert said.status in STATUSES
        assert f"{said.by}{said.reason}".isprintable()
        json.dumps([said.dispatch, said.by, said.reason], ensure_ascii=False).encode()


@given(st.text(), st.binary())
def test_whatever_topic_there_is_nothing_else_is_raised(topic: str, payload: bytes) -> None:
    with pytest.raises(Malformed):
        receipt(topic, payload, SITE)
    with pytest.raises(Malformed):
        presence(topic, payload, SITE)


# --- who is there -------------------------------------------------------------------------------


@pytest.mark.parametrize("word", list(Presence))
def test_a_client_is_there_or_has_left_or_was_lost(word: Presence) -> None:
    topic = "ntpd112/v1/7471/from/psc119-7471/presence"
    assert presence(topic, word.encode(), SITE) == ("psc119", word)


@pytest.mark.parametrize("payload", [b"", b"ONLINE", b"\xff", b"online" * 99, b"\x00"])
def test_another_word_is_no_presence(payload: bytes) -> None:
    with pytest.raises(Malformed, match="tulis / write online"):
        presence("ntpd112/v1/7471/from/psc119-7471/presence", payload, SITE)


def test_the_box_listens_to_answers_and_presence_of_every_agency_and_to_nothing_else() -> None:
    heard = [
        topic
        for topic in (
            ACK,
            "ntpd112/v1/7471/from/pln-7471/presence",
            "ntpd112/v1/7402/from/pln-7402/ack",
            topics.alert("pln", "Fire", SITE),
            topics.box_status(SITE),
        )
        if any(topic_matches_sub(filter, topic) for filter in topics.subscriptions(SITE))
    ]
    assert heard == [ACK, "ntpd112/v1/7471/from/pln-7471/presence"]


def test_birth_and_last_will_of_a_boot_belong_together() -> None:
    born, lost = birth(7, EVENING, SITE), last_will(7, EVENING, SITE)
    assert born.topic == lost.topic == "ntpd112/v1/7471/box/box-7471-a/status"
    assert born.retain and lost.retain
    here, gone = json.loads(born.payload), json.loads(lost.payload)
    assert here["id"] != gone["id"]
    assert here["data"] == {
        "box": "box-7471-a",
        "state": "online",
        "boot": 7,
        "since": "2026-11-22T20:15:38.250+08:00",
    }
    assert gone["data"] == here["data"] | {"state": "lost"}


# --- the page for agencies ----------------------------------------------------------------------


def blocks(kind: str) -> list[str]:
    """The fenced blocks of the page that begin with ```kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_samples_on_the_page_are_what_we_send() -> None:
    [alert], [update], [sms] = blocks("json alert"), blocks("json update"), blocks("text sms")
    assert json.loads(alert) == event_of(alerted())
    assert json.loads(update) == event_of(changed())
    assert sms.strip() == sms_text(HOUSE_FIRE, SITE)


def test_the_receipt_on_the_page_answers_the_alert_on_the_page() -> None:
    [alert], [sample] = blocks("json alert"), blocks("json receipt")
    asked, told = json.loads(alert), json.loads(sample)
    said = receipt(asked["data"]["ack"]["topic"], sample.encode(), SITE)
    assert said == Receipt(asked["data"]["dispatch"], "damkarmat", "accepted", "Budi Santoso",
                           Channel.MQTT)  # fmt: skip
    later = datetime.fromisoformat(told["time"]) - datetime.fromisoformat(asked["time"])
    assert timedelta(0) < later < timedelta(minutes=1)


def test_the_page_names_every_status_and_category() -> None:
    page = PAGE.read_text()
    assert all(f"| `{status}` |" in page for status in STATUSES)
    assert party("damkarmat", SITE) in page


@pytest.fixture
def shells() -> Iterator[list[subprocess.Popen[bytes]]]:
    """What a test starts here is ended with it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.terminate()
        process.wait(10)


def test_the_commands_on_the_page_receive_an_alert_and_answer_it(
    tmp_path: Path, shells: list[subprocess.Popen[bytes]]
) -> None:
    asyncio.run(receive_and_answer(tmp_path, shells))


async def receive_and_answer(folder: Path, shells: list[subprocess.Popen[bytes]]) -> None:
    _, listen, reply = blocks("sh")
    [sample] = blocks("json receipt")
    (folder / "jawaban.json").write_text(sample)
    sent = message(alerted(), SITE)
    (folder / "alert.json").write_bytes(sent.payload)
    async with Mosquitto(folder) as mosquitto:

        def shell(command: str, output: str = "nothing") -> Path:
            script = f"BROKER='-h 127.0.0.1 -p {mosquitto.port}'; exec {command}"
            with (folder / output).open("wb") as file:
                shells.append(subprocess.Popen(["sh", "-c", script], cwd=folder, stdout=file))
            return folder / output

        agency = shell(listen, "agency")
        filter = topics.subscriptions(SITE)[0]
        box = shell(f"mosquitto_sub $BROKER -V mqttv5 -F '%t %p' -t '{filter}'", "box")
        log = mosquitto.log
        await eventually(lambda: log.read_text().count("Sending SUBACK") == 2, 20, "subscribed")
        shell(f"mosquitto_pub $BROKER -V mqttv5 -q 1 -t {sent.topic} -f alert.json")
        told = f"{sent.topic} {sent.payload.decode()}\n"
        await eventually(lambda: agency.read_text() == told, 20, "the alert")
        shell(reply)
        await eventually(lambda: box.read_text() == f"{ACK} {sample}\n", 20, "the answer")
