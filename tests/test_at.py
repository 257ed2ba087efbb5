"""The AT channel against real modems' bytes, hostile slicing and silence."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.api import Caller, Presentation
from drivers.wire.at import (
    DRAIN_MAX_MS,
    LINE_MAX,
    PROBE,
    PROBE_MS,
    QUIET_MS,
    AtChannel,
    Command,
    Garbled,
    Item,
    Ready,
    Reply,
    Report,
    Send,
    Silence,
)
from drivers.wire.at_errors import meaning
from drivers.wire.at_lines import (
    CallState,
    call_rows,
    caller_in,
    fields,
    is_registration_answer,
    number_in,
    registration_in,
    slot_in,
    stored_pdus,
)
from drivers.wire.pdu import decode

VECTORS = Path(__file__).parent / "vectors" / "gsm"
TRANSCRIPTS: list[dict[str, Any]] = json.loads((VECTORS / "at_transcripts.json").read_text())

CLCC = Command(b"AT+CLCC", reply=b"+CLCC:")
CREG = Command(b"AT+CREG?", reply=b"+CREG:", answers=is_registration_answer)
CMGL = Command(b"AT+CMGL=4", reply=b"+CMGL:", follows=True)
CMGS = Command(b"AT+CMGS=21", reply=b"+CMGS:", body=b"0011000B91")
RINGING = b'\r\nRING\r\n\r\n+CLIP: "+6281234567890",145,,,,0\r\n'


def with_expected(*keys: str) -> list[Any]:
    return [
        pytest.param(vector, id=vector["id"])
        for vector in TRANSCRIPTS
        if set(keys) <= set(vector["expect"])
    ]


def asked(command: Command, data: bytes, at_ms: int = 0) -> list[Item]:
    channel = AtChannel()
    channel.send(command, now_ms=at_ms)
    return channel.receive(data, now_ms=at_ms)


def heard(data: str) -> list[Item]:
    return AtChannel().receive(data.encode() + b"\r\n", now_ms=0)


def lines_of(items: list[Item]) -> list[bytes]:
    """Every line in `items`, whoever owned it."""
    found: list[bytes] = []
    for item in items:
        match item:
            case Reply(_, final, lines):
                found += [*lines, final]
            case Report(line, data):
                found += [line, data] if data else [line]
            case _:
                pass
    return found


# --- lines, whoever cuts them -------------------------------------------------------------------


def test_reports_arrive_whole_however_the_port_slices_them() -> None:
    expected = [Report(b"RING"), Report(b'+CLIP: "+6281234567890",145,,,,0')]
    for cut in range(len(RINGING) + 1):
        channel = AtChannel()
        items = channel.receive(RINGING[:cut], 0) + channel.receive(RINGING[cut:], 0)
        assert items == expected


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r\n", b"\n\r\r\n"])
def test_any_run_of_cr_and_lf_ends_a_line(end: bytes) -> None:
    assert AtChannel().receive(end + b"RING" + end + b"+CRING: VOICE" + end, 0) == [
        Report(b"RING"),
        Report(b"+CRING: VOICE"),
    ]


COMMANDS = st.sampled_from([None, CLCC, CREG, CMGL, CMGS, Command(b"AT+CGSN", reply=b"")])
STREAMS = st.lists(
    st.one_of(
        st.sampled_from([str(vector["data"]).encode() for vector in TRANSCRIPTS[:90]]),
        st.sampled_from(
            [b"RING\r", b"> ", b"\r\n", b"+CMT: ,23\r", b"0791AB\r", b"OK\r\n", b"\xff"]
        ),
        st.binary(max_size=40),
        st.just(b"x" * (LINE_MAX + 1)),
    ),
    max_size=8,
).map(b"".join)


@settings(deadline=None)
@given(COMMANDS, STREAMS, st.data())
def test_slicing_changes_nothing(
    command: Command | None, stream: bytes, data: st.DataObject
) -> None:
    whole, sliced = AtChannel(), AtChannel()
    if command:
        whole.send(command, now_ms=0)
        sliced.send(command, now_ms=0)
    expected = whole.receive(stream, now_ms=0)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    items: list[Item] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        items += sliced.receive(stream[begin:end], now_ms=0)
    assert items == expected


@settings(deadline=None)
@given(st.binary(max_size=400), st.lists(st.integers(0, 2_000), max_size=6))
def test_noise_and_time_never_raise_and_the_channel_comes_back(noise: bytes, at: list[int]) -> None:
    channel, now_ms = AtChannel(), 0
    channel.send(CMGS, now_ms)
    for step in at:
        now_ms += step
        channel.receive(noise, now_ms)
        channel.expire(now_ms)
    channel.resync(now_ms)
    now_ms += DRAIN_MAX_MS
    # Whatever was left half said ends here.
    assert Send(b"AT\r") in channel.receive(b"\r\n", now_ms) + channel.expire(now_ms + QUIET_MS)
    channel.receive(b"\r\nOK\r\n", now_ms + QUIET_MS)
    assert channel.expire(now_ms + 2 * QUIET_MS) == [Ready()]


def test_noise_without_a_line_end_is_dropped_and_reported() -> None:
    channel = AtChannel()
    assert channel.receive(b"\xff" * (LINE_MAX + 1), 0) == [Garbled(b"\xff" * 32)]
    assert channel.receive(b"\xff" * 10_000, 0) == []
    assert channel.receive(b"tail of the noise\r\nRING\r\n", 0) == [Report(b"RING")]


def test_a_line_begins_at_its_first_printable_byte() -> None:
    assert AtChannel().receive(b"\0\0\xff\xfeRING\r\n", 0) == [Report(b"RING")]


# --- echo ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", with_expected("after_echo_removal"))
def test_echo_is_removed_and_nothing_else(vector: dict[str, Any]) -> None:
    left = vector["expect"]["after_echo_removal"]
    echo = vector["data"].removesuffix(left)
    command = Command(echo.encode(), reply=b"", dials=True)
    lines = [line for line in left.replace("\n", "\r").split("\r") if line]
    items = asked(command, vector["data"].encode() + b"\r\nOK\r\n")
    assert [line.decode() for line in lines_of(items)] == [*lines, "OK"]


def test_a_line_is_no_echo_unless_it_is_the_command_just_sent() -> None:
    assert asked(CLCC, b"AT+CSQ\r\r\nAT+CLCC\rAT+CLCC\r\r\nOK\r\n") == [
        Report(b"AT+CSQ"),
        Reply(CLCC, b"OK", ()),
    ]


# --- replies and reports ------------------------------------------------------------------------


def test_a_ring_in_the_middle_of_a_reply_is_not_part_of_it() -> None:
    line = b"+CLCC: 1,1,4,0,0"
    assert asked(CLCC, b"\r\n" + line + b"\r\nRING\r\n\r\nOK\r\n") == [
        Report(b"RING"),
        Reply(CLCC, final=b"OK", lines=(line,)),
    ]


def test_a_ring_is_never_taken_for_the_serial_number() -> None:
    serial_number = Command(b"AT+CGSN", reply=b"")
    assert asked(serial_number, b"RING\r\n490154203237518\r\n\r\nOK\r\n") == [
        Report(b"RING"),
        Reply(serial_number, b"OK", (b"490154203237518",)),
    ]


def test_caller_hangs_up_while_we_ask_for_the_call_list() -> None:
    assert asked(CLCC, b"NO CARRIER\r\nOK\r\n") == [
        Report(b"NO CARRIER"),
        Reply(CLCC, final=b"OK", lines=()),
    ]


def test_caller_hangs_up_while_we_answer() -> None:
    answer = Command(b"ATA", dials=True)
    [reply] = asked(answer, b"NO CARRIER\r\n")
    assert isinstance(reply, Reply)
    assert not reply.ok


def test_registration_reported_while_asked_for_is_still_a_report() -> None:
    assert asked(CREG, b"+CREG: 5\r\n+CREG: 2,1\r\nOK\r\n") == [
        Report(b"+CREG: 5"),
        Reply(CREG, b"OK", (b"+CREG: 2,1",)),
    ]


def test_a_pushed_message_is_one_report() -> None:
    assert AtChannel().receive(b"+CMT: ,23\r\n0791849748\r\n+CMT: 0\r\nRING\r\n", 0) == [
        Report(b"+CMT: ,23", b"0791849748"),
        Report(b"+CMT: 0"),
        Report(b"RING"),
    ]


def test_one_command_at_a_time() -> None:
    channel = AtChannel()
    channel.send(CLCC, now_ms=0)
    with pytest.raises(AssertionError, match="unanswered"):
        channel.send(CLCC, now_ms=0)


@pytest.mark.parametrize("vector", with_expected("final_result_found"))
def test_finals_of_every_vendor(vector: dict[str, Any]) -> None:
    items = asked(Command(b"ATD112", dials=True), vector["data"].encode())
    replies = [item for item in items if isinstance(item, Reply)]
    assert bool(replies) == vector["expect"]["final_result_found"]
    assert any(not reply.ok for reply in replies) == vector["expect"]["is_error"]


@pytest.mark.parametrize("vector", with_expected("must_parse"))
def test_odd_answers_end_their_command(vector: dict[str, Any]) -> None:
    first, _, rest = vector["data"].partition("\r\n")
    if not first.startswith("AT"):
        assert len(heard(vector["data"])) in (1, 2)  # reports, and the OK of a command not ours
        return
    prefix = rest.partition(":")[0] + ":" if rest.startswith("+") else ""
    command = Command(first.encode(), reply=prefix.encode(), follows=True)
    [reply] = [item for item in asked(command, vector["data"].encode()) if isinstance(item, Reply)]
    assert reply.ok
    assert reply.lines


@pytest.mark.parametrize(
    "vector", [pytest.param(v, id=v["id"]) for v in TRANSCRIPTS if v["kind"] == "command-table"]
)
def test_every_command_of_a_real_modem_gets_its_answer(vector: dict[str, Any]) -> None:
    data = vector["data"]
    for text, answer in data if isinstance(data, list) else data["commands"]:
        pin = text.startswith("AT+CPIN?")
        reply = b"+CPIN:" if pin else b""
        command = Command(text.strip().encode(), reply, timeout_ms=1_000, needs_final=not pin)
        channel = AtChannel()
        channel.send(command, now_ms=0)
        items = channel.receive(answer.encode(), now_ms=0) + channel.expire(now_ms=1_000)
        assert sum(isinstance(item, Reply) for item in items) == 1, text


def test_double_echo_and_an_error_without_a_line_end() -> None:
    [vector] = [v for v in TRANSCRIPTS if v["id"] == "gammu-cme-double-echo"]
    channel = AtChannel()
    channel.send(Command(b"AT+CSQ", reply=b"+CSQ:"), now_ms=0)
    assert channel.receive(vector["data"].encode(), now_ms=0) == []
    [reply] = channel.receive(b"\r\n", now_ms=10)
    assert isinstance(reply, Reply)
    assert reply.final == b"+CME ERROR: 515"


# --- the prompt ---------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [b"> ", b">", b"\r\n> ", b"> \r\n", b"\0> "])
def test_the_body_follows_the_prompt(prompt: bytes) -> None:
    channel = AtChannel()
    channel.send(CMGS, now_ms=0)
    assert channel.receive(prompt, now_ms=0) == [Send(b"0011000B91\x1a")]
    assert channel.receive(b"\r\n+CMGS: 7\r\n\r\nOK\r\n", now_ms=0) == [
        Reply(CMGS, b"OK", (b"+CMGS: 7",))
    ]


def test_reports_round_the_prompt_are_not_lost_and_the_echoed_body_is_no_report() -> None:
    assert asked(CMGS, b"RING\r\n> 0011000B91\x1a\r\nRING\r\n+CMGS: 1\r\nOK\r\n") == [
        Report(b"RING"),
        Send(b"0011000B91\x1a"),
        Report(b"RING"),
        Reply(CMGS, b"OK", (b"+CMGS: 1",)),
    ]


def test_a_refused_message_gets_no_body() -> None:
    [reply] = asked(CMGS, b"+CMS ERROR: 500\r\n")
    assert isinstance(reply, Reply)


def test_a_prompt_that_comes_too_late_is_refused() -> None:
    channel = AtChannel()
    channel.send(CMGS, now_ms=0)
    assert channel.expire(now_ms=5_000) == [Silence(CMGS), Send(b"\x1b\r")]
    assert channel.receive(b"\r\n> ", now_ms=5_100) == [Send(b"\x1b\r")]


# --- silence ------------------------------------------------------------------------------------


def test_the_late_answer_of_one_command_is_not_the_answer_of_the_next() -> None:
    channel = AtChannel()
    channel.send(CLCC, now_ms=10_000)
    assert channel.deadline_ms == 15_000
    assert channel.expire(now_ms=14_999) == []
    assert channel.expire(now_ms=15_000) == [Silence(CLCC)]
    assert not channel.ready
    assert channel.receive(b"RING\r\nOK\r\n", now_ms=15_100) == [Report(b"RING")]
    assert channel.expire(now_ms=15_399) == []
    assert channel.expire(now_ms=15_400) == [Send(b"AT\r")]
    assert channel.receive(b"AT\r\r\nOK\r\n", now_ms=15_420) == []
    assert channel.expire(now_ms=15_720) == [Ready()]
    assert channel.ready


def test_an_answer_so_late_that_it_meets_the_probe_is_drained_too() -> None:
    channel = AtChannel()
    channel.send(CLCC, now_ms=0)
    channel.expire(now_ms=5_000)
    assert channel.expire(now_ms=5_300) == [Send(b"AT\r")]
    channel.receive(b"OK\r\n", now_ms=5_310)  # of AT+CLCC
    channel.receive(b"OK\r\n", now_ms=5_320)  # of AT
    assert channel.expire(now_ms=5_610) == [Ready()]
    channel.send(CREG, now_ms=5_610)
    assert channel.receive(b"ERROR\r\n", now_ms=5_620) == [Reply(CREG, b"ERROR", ())]


def test_a_dead_modem_is_probed_again_and_again() -> None:
    channel = AtChannel()
    assert channel.resync(now_ms=0) == b"\x1b\r"
    assert channel.expire(now_ms=QUIET_MS) == [Send(b"AT\r")]
    for probe in range(1, 4):
        now_ms = QUIET_MS + probe * PROBE_MS
        assert channel.expire(now_ms) == [Silence(PROBE), Send(b"AT\r")]


def test_a_line_that_is_never_quiet_is_probed_all_the_same() -> None:
    channel = AtChannel()
    channel.resync(now_ms=0)
    for now_ms in range(0, DRAIN_MAX_MS, 100):
        channel.receive(b"^RSSI: 20\r\n", now_ms)
        assert channel.expire(now_ms) == []
    assert channel.expire(DRAIN_MAX_MS) == [Send(b"AT\r")]


def test_any_final_proves_that_the_modem_lives() -> None:
    channel = AtChannel()
    channel.resync(now_ms=0)
    channel.expire(now_ms=QUIET_MS)
    channel.receive(b"+CME ERROR: 4\r\n", now_ms=400)
    assert channel.expire(now_ms=400 + QUIET_MS) == [Ready()]


def test_an_answer_without_its_ok_will_do_where_that_is_usual() -> None:
    pin = Command(b"AT+CPIN?", reply=b"+CPIN:", timeout_ms=1_000, needs_final=False)
    channel = AtChannel()
    channel.send(pin, now_ms=0)
    channel.receive(b"+CPIN: READY\r\n", now_ms=10)
    [reply] = channel.expire(now_ms=1_000)
    assert reply == Reply(pin, b"", (b"+CPIN: READY",))
    assert isinstance(reply, Reply)
    assert reply.ok


# --- what lines say -----------------------------------------------------------------------------

ACCESS = {"gsm": 0, "umts": 2, "edge": 3, "lte": 7, "5gnr": 11, "unknown": -1}


@pytest.mark.parametrize("vector", with_expected("family", "stat"))
def test_registration(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    family = b"+" + expect["family"].encode() + b":"
    [line] = [line for line in lines_of(heard(vector["data"])) if line.startswith(family)]
    found = registration_in(line)
    assert (found.stat, found.lac, found.cell) == (expect["stat"], expect["lac"], expect["ci"])
    assert found.access == ACCESS[expect["act"]]
    if vector["id"] != "mm-cereg2_altair_lte_solicited":  # its name and its value disagree
        assert found.solicited == expect["solicited"]


@pytest.mark.parametrize("vector", with_expected("calls"))
def test_call_lists(vector: dict[str, Any]) -> None:
    calls = vector["expect"]["calls"]
    items = asked(CLCC, vector["data"].encode() + b"\r\nOK\r\n")
    reports = [item.line.decode() for item in items if isinstance(item, Report)]
    if isinstance(calls, int):
        assert reports == vector["data"].split("\r\n")[1:4:2]
        return
    [reply] = [item for item in items if isinstance(item, Reply)]
    names = {"active": CallState.ACTIVE, "ringing_in": CallState.INCOMING, "waiting": 5}
    assert [(r.index, r.incoming, r.state, r.caller.number) for r in call_rows(reply.lines)] == [
        (call["idx"], True, names[call["state"]], call["number"] or "") for call in calls
    ]
    assert [line for line in reports if line[0] == "+"] == vector["expect"].get("urcs", [])


@pytest.mark.parametrize("vector", with_expected("ok", "idx"))
def test_rows_of_the_call_list(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    [row] = call_rows([vector["data"].encode()])
    assert (row.index, row.incoming, row.state) == (1, bool(expect["dir"]), expect["stat"])
    assert row.caller.number == ("+" + expect["number"].lstrip("+") if expect["number"] else "")


@pytest.mark.parametrize("vector", with_expected("number", "type"))
def test_callers(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    if "idx" in expect:
        return
    [line] = lines_of(heard(vector["data"]))
    caller = caller_in(line)
    assert caller.number == expect["number"]
    if expect.get("withheld"):
        assert caller.presentation is Presentation.WITHHELD


def test_a_number_the_network_could_not_give_is_not_a_withheld_one() -> None:
    assert caller_in(b'+CLIP: "",128,"",,"",2') == Caller("", Presentation.UNAVAILABLE)
    assert caller_in(b'+CLIP: "",128,"",,"",1') == Caller("", Presentation.WITHHELD)
    assert caller_in(b'+CLIP: "62811",145') == Caller("+62811", Presentation.SHOWN)


@pytest.mark.parametrize("vector", with_expected("index"))
def test_places_of_messages(vector: dict[str, Any]) -> None:
    assert slot_in(vector["data"].encode()).index == vector["expect"]["index"]


@pytest.mark.parametrize(
    "vector", [pytest.param(v, id=v["id"]) for v in TRANSCRIPTS if "cmgl" in v["id"]]
)
def test_lists_of_messages(vector: dict[str, Any]) -> None:
    [reply] = asked(CMGL, vector["data"].encode() + b"\r\nOK\r\n")
    assert isinstance(reply, Reply)
    assert [(m.index, m.pdu) for m in stored_pdus(reply.lines)] == [
        (m["index"], m["pdu"]) for m in vector["expect"]["messages"]
    ]


def test_a_message_pushed_and_stored_comes_both_ways() -> None:
    [vector] = [v for v in TRANSCRIPTS if v["id"] == "gammu-cmt-then-stored"]
    pushed, listed = vector["data"]
    [report] = AtChannel().receive(pushed.encode(), now_ms=0)
    assert isinstance(report, Report)
    cmti, reply = asked(CMGL, listed.encode())
    assert cmti == Report(b'+CMTI: "ME",1')
    assert isinstance(reply, Reply)
    texts = [decode(m.pdu).text for m in stored_pdus(reply.lines)]
    assert [decode(report.data.decode()).text, *texts] == ["Test", "Test"]


def test_a_status_report_with_bare_carriage_returns() -> None:
    [vector] = [v for v in TRANSCRIPTS if v["id"] == "gammu-cds"]
    [report] = AtChannel().receive(vector["data"].encode(), now_ms=0)
    assert isinstance(report, Report)
    assert number_in(fields(report.line), 0) == vector["expect"]["length"]
    sms = decode(report.data.decode())
    assert (sms.reference, sms.status) == (vector["expect"]["mr"], 0)


@pytest.mark.parametrize(
    "vector", [pytest.param(v, id=v["id"]) for v in TRANSCRIPTS if v["kind"] == "dialogue"]
)
def test_dialogues_of_real_modems(vector: dict[str, Any]) -> None:
    """Each command gets one reply; every `RING`, `+CLIP` and `+CMTI` comes through as a report."""
    channel, items = AtChannel(), list[Item]()
    for who, text in vector["data"]:
        data = text.encode()
        if who == "<":
            items += channel.receive(data, now_ms=0)
        elif b"<pdu>" not in data:
            name = data[2:].rstrip(b"=?0123456789\r,")
            body = b"<pdu>" if name == b"+CMGS" else None
            channel.send(Command(data[:-1], name + b":", body=body, follows=True), now_ms=0)
    commands = sum(who == ">" and "<pdu>" not in text for who, text in vector["data"])
    assert sum(isinstance(item, Reply) for item in items) == commands
    reports = [item.line.decode() for item in items if isinstance(item, Report)]
    said = "".join(text for who, text in vector["data"] if who == "<")
    for mark in ("RING", "+CLIP:", "+CMTI:", "+ZDONR:", "VOICE CALL:"):
        lines = [line for line in said.replace("\n", "\r").split("\r") if line.startswith(mark)]
        assert [line for line in reports if line.startswith(mark)] == lines


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(v, id=v["id"])
        for v in TRANSCRIPTS
        if v["kind"] == "rx" and "echo" not in v["id"]
    ],
)
def test_no_line_of_a_real_modem_is_lost(vector: dict[str, Any]) -> None:
    data = vector["data"].replace("\n", "\r")
    wanted = [line.strip() for line in data.split("\r") if line.strip()]
    assert [line.decode().strip() for line in lines_of(heard(vector["data"]))] == wanted


def test_errors_are_told_in_words() -> None:
    assert meaning(b"+CME ERROR: 10").startswith("kartu SIM tidak terpasang / SIM card")
    assert meaning(b"+CME ERROR: raspberry") == "+CME ERROR: raspberry"
    assert meaning(b"+CMS ERROR: 9999") == "+CMS ERROR: 9999"
