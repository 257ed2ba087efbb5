"""SMS PDUs against real ones, random ones and broken ones."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.wire import gsm7
from drivers.wire.pdu import Coding, Kind, Part, Sms, decode
from drivers.wire.pdu_submit import PARTS_MAX, Submit, Unsendable, submits
from drivers.wire.sms_parts import GAP, PATIENCE_MS, Joined, SmsParts

GSM = Path(__file__).parent / "vectors" / "gsm"
VECTORS: list[dict[str, Any]] = json.loads((GSM / "pdu_vectors.json").read_text())
PACKINGS: list[dict[str, Any]] = json.loads((GSM / "gsm7_packing.json").read_text())

NOT_COMPARED = {
    "assume_locking_table",  # given to the decoder, not said by it
    "assume_single_shift_table",
    "part_of",
    "udl",
    "udhl",
    "address_is_garbage",
}


def told(sms: Sms, expected: dict[str, Any]) -> dict[str, Any]:
    """What `sms` says, in the words of the vectors."""
    part, ports = sms.part, sms.ports
    return {
        "smsc": sms.smsc,
        "address": sms.address,
        "recipient": sms.address,
        "text": sms.text,
        "data": sms.data.hex().upper() if expected.get("data") else "",
        "pid": sms.pid,
        "dcs": sms.dcs,
        "class": sms.message_class,
        "mr": sms.reference,
        "status": sms.status,
        "vp_rel": sms.validity,
        "tpdu_len": sms.tpdu_length,
        "multipart": part is not None,
        "concat": part and as_written(part, expected.get("concat", {})),
        "ports": ports and {"dst": ports.destination, "src": ports.source},
        "truncated": bool(sms.damage),
        "error": bool(sms.damage),
        "error_if_strict": bool(sms.damage),
    }


def as_written(part: Part, expected: dict[str, Any]) -> dict[str, int]:
    written = {"ref": part.reference, "total": part.total, "seq": part.number}
    return written | ({"ref_bits": part.reference_bits} if "ref_bits" in expected else {})


def times_told(sms: Sms) -> dict[str, datetime | None]:
    return {
        "time": sms.time,
        "time_local": sms.time,
        "time_utc": sms.time,
        "discharge_time": sms.discharged,
        "discharge_time_local": sms.discharged,
        "vp_abs": sms.valid_until,
    }


def of_vector(vector: dict[str, Any]) -> Sms:
    expected = vector["expected"]
    return decode(
        vector["pdu"],
        with_smsc=vector["has_smsc_prefix"],
        locking=expected.get("assume_locking_table", 0),
        single_shift=expected.get("assume_single_shift_table", 0),
    )


def offset_of(time: datetime | None) -> timedelta | None:
    return time.utcoffset() if time is not None else None


def local(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=None) if time is not None else None


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in VECTORS])
def test_a_real_message_says_what_it_said(vector: dict[str, Any]) -> None:
    sms, expected = of_vector(vector), vector["expected"]
    times = {key for key in expected if "time" in key or key == "vp_abs"}
    for key in times:
        found, wanted = times_told(sms)[key], datetime.fromisoformat(expected[key])
        if wanted.tzinfo is None:
            found = local(found)
        assert found == wanted, key
        assert key == "time_utc" or offset_of(found) == offset_of(wanted), key
    values = {key: expected[key] for key in expected.keys() - times - NOT_COMPARED}
    assert {key: told(sms, expected)[key] for key in values} == values


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in VECTORS])
def test_damage_is_marked_where_it_is_and_nowhere_else(vector: dict[str, Any]) -> None:
    sms = of_vector(vector)
    assert bool(sms.damage) == (not vector["valid"] or "truncated" in vector["expected"])
    if vector["valid"] and "charset" not in vector["id"]:  # these begin like a submit
        assert sms.kind == vector["kind"]


@settings(deadline=None)
@given(st.text(alphabet="0123456789ABCDEFabcdef", max_size=400), st.booleans())
def test_no_hex_raises(pdu: str, with_smsc: bool) -> None:
    assert decode(pdu, with_smsc=with_smsc).text is not None


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_raises(pdu: str) -> None:
    decode(pdu)


# The alphabet of 14 depends on the length of what is there (quirk D16).
CUTTABLE = [v for v in VECTORS if v["valid"] and v["id"] != "gammu-at-sms-14"]


@settings(deadline=None)
@given(st.sampled_from(CUTTABLE), st.data())
def test_a_message_cut_short_is_decoded_as_far_as_it_goes(
    vector: dict[str, Any], data: st.DataObject
) -> None:
    whole = of_vector(vector)
    cut = data.draw(st.integers(2, len(vector["pdu"]) - 1))
    short = of_vector(vector | {"pdu": vector["pdu"][:cut]})
    assert short.damage or short.text == whole.text
    # The last character may be cut within; no other may be wrong.
    assert short.kind != whole.kind or whole.text.startswith(short.text[:-1])


@pytest.mark.parametrize("packing", [pytest.param(p, id=p["text"]) for p in PACKINGS])
def test_septets_are_packed_and_unpacked(packing: dict[str, Any]) -> None:
    characters = gsm7.encode(packing["text"])
    assert characters is not None
    septets = b"".join(characters)
    octets = bytes.fromhex(packing["packed"])
    assert gsm7.pack(septets) == octets
    assert gsm7.decode(gsm7.unpack(octets, len(septets))) == packing["text"]


def test_a_name_of_seven_letters_gets_no_eighth() -> None:
    sms = decode("0791447758100650040DD0F334FC1CA6970100008080312170224008D4F29CDE0EA7D9")
    assert sms.address == "sipgate"


def test_an_unknown_national_language_is_shown_as_well_as_it_goes_and_marked() -> None:
    header = "03250106"  # locking shift: Hindi
    sms = decode("0041000B914356143254F60000" + "07" + header + "82C201")
    assert sms.locking == 6
    assert sms.damage == ("the national language is unknown here",)
    assert sms.text


# --- writing ------------------------------------------------------------------------------------

GSM_TEXT = st.text(alphabet="abcXYZ 012@€[]{}~|^\\ñüà\n", max_size=600)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400)


def read_back(written: list[Submit]) -> str:
    parts: SmsParts[int] = SmsParts()
    whole: list[Joined[int]] = []
    for number, submit in enumerate(written):
        sms = decode(submit.pdu)
        assert sms.kind is Kind.SUBMIT
        assert sms.tpdu_length == submit.length
        assert not sms.damage
        whole += parts.add(sms, number, now_ms=0)
    [joined] = whole
    assert not joined.damaged
    return joined.text


@settings(deadline=None)
@given(st.one_of(GSM_TEXT, ANY_TEXT))
def test_what_is_written_is_read_back(text: str) -> None:
    assert read_back(submits("+6281234567890", text, reference=7)) == text


@settings(deadline=None)
@given(GSM_TEXT)
def test_no_part_begins_in_the_middle_of_a_character(text: str) -> None:
    written = submits("112", text, reference=300)
    assert "".join(decode(submit.pdu).text for submit in written) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ä" * 160, 1),
        ("ы" * 70, 1),
        ("ы" * 71, 2),
        ("🔥" * 35, 1),
        ("🔥" * 36, 2),
        ("🔥" * 67, 3),  # a part holds 33 pairs, never a half one
    ],
)
def test_a_text_takes_as_few_messages_as_it_can(text: str, count: int) -> None:
    assert len(submits("+62811", text, reference=1)) == count


def test_a_known_message_is_written_octet_by_octet() -> None:
    [written] = submits("+27820001111", "Hello World!", reference=0)
    assert written == Submit("0001000B917228001011F100000CC8329BFD065DDF72363904", 24)


def test_the_service_centre_and_the_wish_for_a_report_are_written() -> None:
    [written] = submits("112", "x", reference=0, smsc="+6281100000", status_report=True)
    assert written.pdu.startswith("06912618010000" + "21")
    assert decode(written.pdu).smsc == "+6281100000"


@pytest.mark.parametrize("number", ["", "+", "siti", "+62 811", "1" * 21])
def test_a_number_nobody_has_is_refused(number: str) -> None:
    with pytest.raises(Unsendable, match="not a telephone number"):
        submits(number, "tolong", reference=0)


def test_a_text_too_long_is_refused() -> None:
    with pytest.raises(Unsendable, match="too long"):
        submits("+62811", "a" * (153 * PARTS_MAX + 1), reference=0)


# --- joining ------------------------------------------------------------------------------------


def received(text: str, part: Part | None = None, sender: str = "+62811") -> Sms:
    time = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    return Sms(
        address=sender, time=time, coding=Coding.UCS2, part=part, units=text.encode("utf-16-be")
    )


ONE, TWO, THREE = (
    received(text, Part(9, 8, 3, number)) for number, text in enumerate(("ke", "ba", "karan"), 1)
)


@pytest.mark.parametrize("order", list(permutations((ONE, TWO, THREE))))
def test_parts_join_in_any_order(order: tuple[Sms, ...]) -> None:
    parts: SmsParts[str] = SmsParts()
    assert parts.add(order[0], "a", 0) + parts.add(order[1], "b", 0) == []
    [joined] = parts.add(order[2], "c", 0)
    assert (joined.text, joined.origins, joined.damaged) == ("kebakaran", ("a", "b", "c"), False)
    assert parts.deadline_ms is None


def test_a_part_that_comes_twice_counts_once_and_both_places_are_known() -> None:
    parts: SmsParts[int] = SmsParts()
    for slot, sms in enumerate((TWO, TWO, ONE)):
        assert parts.add(sms, slot, 0) == []
    [joined] = parts.add(THREE, 3, 0)
    assert (joined.text, joined.origins) == ("kebakaran", (0, 1, 2, 3))


def test_a_message_sent_again_is_known() -> None:
    parts: SmsParts[int] = SmsParts()
    [first] = parts.add(received("tolong"), 1, 0)
    [second] = parts.add(received("tolong"), 2, 0)
    assert (first.repeated, second.repeated) == (False, True)
    [other] = parts.add(received("tolong", sender="+62812"), 3, 0)
    assert not other.repeated


def test_a_part_that_never_comes_does_not_hold_back_the_others() -> None:
    parts: SmsParts[int] = SmsParts()
    parts.add(ONE, 1, now_ms=1_000)
    parts.add(THREE, 2, now_ms=9_000)
    assert parts.deadline_ms == 1_000 + PATIENCE_MS
    assert parts.expire(now_ms=PATIENCE_MS + 999) == []
    [joined] = parts.expire(now_ms=PATIENCE_MS + 1_000)
    assert (joined.text, joined.missing, joined.damaged) == (f"ke{GAP}karan", 1, True)
    assert parts.deadline_ms is None


def test_a_reference_used_again_begins_a_new_message() -> None:
    parts: SmsParts[int] = SmsParts()
    parts.add(ONE, 1, 0)
    [old] = parts.add(received("LO", ONE.part), 2, 0)
    assert (old.text, old.missing) == (f"ke{GAP}{GAP}", 2)
    parts.add(TWO, 3, 0)
    [new] = parts.add(THREE, 4, 0)
    assert (new.text, new.origins) == ("LObakaran", (2, 3, 4))


def test_two_senders_may_use_one_reference() -> None:
    parts: SmsParts[int] = SmsParts()
    parts.add(ONE, 1, 0)
    assert parts.add(received("ba", Part(9, 8, 3, 2), sender="+62812"), 2, 0) == []


def test_a_surrogate_pair_cut_in_two_is_whole_again() -> None:
    fire = "🔥".encode("utf-16-be")
    halves = [
        Sms(address="112", coding=Coding.UCS2, part=Part(1, 8, 2, number), units=units)
        for number, units in ((1, fire[:2]), (2, fire[2:]))
    ]
    parts: SmsParts[int] = SmsParts()
    parts.add(halves[0], 1, 0)
    [joined] = parts.add(halves[1], 2, 0)
    assert joined.text == "🔥"


def test_time_zones_west_of_greenwich_are_negative() -> None:
    sms = decode("07911326040000F0040B911346610089F60000208062917314480CC8F71D14969741F977FD07")
    assert sms.time is not None
    assert sms.time.utcoffset() == timedelta(hours=-1)
