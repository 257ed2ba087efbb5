"""Asterisk's configuration from a plan, and the files its dialplan leaves."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.api import Caller, Presentation, Unattended
from drivers.asterisk.rendering import (
    Desk,
    ExchangePlan,
    Trunk,
    WrongPlan,
    render,
    start_conf,
)
from drivers.asterisk.unattended import UnattendedCalls, read_unattended

PLAN = ExchangePlan(
    trunks=(Trunk("e1", "192.168.1.10", 5060), Trunk("sip-2", "10.0.0.2", codecs=("ulaw",))),
    desks=(Desk("desk-1", contact="sip:desk-1@192.168.1.21:5060;transport=tcp"),
           Desk("desk-2", password="rahasia-sekali")),
    ari_password="an-ari-password",
)  # fmt: skip
LEG = "5d4ddd47-1795466068.0"
BEGAN = "began 1700000000123 e1 allowed_not_screened 081234567890\n"
BUDI = Caller("081234567890", Presentation.SHOWN)


def section(text: str, name: str, kind: str) -> dict[str, str]:
    """The settings of the section `[name]` that is of `type = kind`."""
    for block in text.split("\n[")[1:]:
        settings = dict(re.findall(r"^(\w+) = (.*)$", block, re.MULTILINE))
        if block.startswith(f"{name}]") and settings.get("type") == kind:
            return settings
    raise AssertionError(f"no [{name}] of type {kind}")


def test_every_trunk_and_desk_is_in_the_files() -> None:
    files = render(PLAN)
    pjsip = files["pjsip.conf"]
    assert section(pjsip, "e1", "identify")["match"] == "192.168.1.10"
    assert section(pjsip, "sip-2", "endpoint")["allow"] == "ulaw"
    assert section(pjsip, "sip-2", "endpoint")["context"] == "trunk-sip-2"
    contact = section(pjsip, "desk-1", "aor")["contact"]
    assert contact == r"sip:desk-1@192.168.1.21:5060\;transport=tcp", "; would begin a comment"
    assert section(pjsip, "desk-2", "auth")["password"] == "rahasia-sekali"
    assert "[trunk-e1]" in files["extensions.conf"]
    assert "Dial(PJSIP/desk-1&PJSIP/desk-2,20,m)" in files["extensions.conf"]
    assert "Stasis(siaga,caller)" in files["extensions.conf"]


def test_no_blank_is_left_and_no_port_but_sip_is_open_to_others() -> None:
    files = render(PLAN)
    assert not [name for name, text in files.items() if "@{" in text]
    assert "bindaddr = 127.0.0.1" in files["http.conf"]
    assert "enabled = no" in files["manager.conf"]


def test_the_recording_begins_before_anything_else() -> None:
    dialplan = render(PLAN)["extensions.conf"]
    for context in ("caller", "media"):
        assert re.search(rf"\[{context}\]\nexten => s,1,MixMonitor\(", dialplan)


def test_the_callers_own_text_reaches_the_dialplan_only_filtered() -> None:
    dialplan = render(PLAN)["extensions.conf"]
    assert set(re.findall(r"[^{]{0,14}\$\{CALLERID\(num\)\}", dialplan)) == {
        "FILTER(0-9+*#,${CALLERID(num)}"
    }


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(PLAN, trunks=()), "no trunk"),
        (replace(PLAN, desks=()), "no desk"),
        (replace(PLAN, trunks=(Trunk("E1", "192.168.1.10"),)), "'E1' is not a name"),
        (replace(PLAN, trunks=(Trunk("desk-1", "192.168.1.10"),)), "desk-1 is taken"),
        (replace(PLAN, trunks=(Trunk("udp", "192.168.1.10"),)), "udp is taken"),
        (replace(PLAN, trunks=(Trunk("e1", "gateway"),)), "not an IP address"),
        (replace(PLAN, trunks=(Trunk("e1", "10.0.0.1", 70_000),)), "port 70000"),
        (replace(PLAN, trunks=(Trunk("e1", "10.0.0.1", codecs=("opus",)),)), "codecs"),
        (replace(PLAN, desks=(Desk("desk-1"),)), "contact (sip:...) or a password"),
        (replace(PLAN, desks=(Desk("desk-1", "sip:a@b\nallow=all"),)), "is not like sip:"),
        (replace(PLAN, desks=(Desk("desk-1", password="a;b\n[x]"),)), "password must be"),
        (replace(PLAN, ari_password="short"), "ari_password"),
        (replace(PLAN, app="si aga"), "app 'si aga'"),
        (replace(PLAN, ari_user="general"), "ari_user 'general'"),
        (replace(PLAN, sip_host="::1"), "sip_host"),
        (replace(PLAN, max_calls=0), "max_calls is 0; it must be from 1 to 1000"),
        (replace(PLAN, rtp_last=10_004), "must hold 20 ports"),
    ],
)
def test_a_wrong_value_is_refused_in_plain_words(wrong: ExchangePlan, says: str) -> None:
    with pytest.raises(WrongPlan, match=re.escape(says)):
        render(wrong)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(WrongPlan) as refused:
        render(replace(PLAN, trunks=(), max_calls=0, ari_password=""))
    assert len(refused.value.problems) == 3


def test_each_start_has_its_name() -> None:
    assert start_conf("5d4ddd47") == "systemname = 5d4ddd47\n"


@pytest.mark.parametrize(
    ("text", "ended_ms", "desk"),
    [
        (BEGAN + "ended 1700000031456 PJSIP/desk-1-00000007\n", 1700000031456, "desk-1"),
        (BEGAN + "ended 1700000031456 \n", 1700000031456, ""),
        (BEGAN + BEGAN + "ended 1700000031456\n", 1700000031456, ""),
        (BEGAN, 1700000009000, ""),  # Asterisk died with the call
        (BEGAN + "ended 17000", 1700000009000, ""),  # and while it was writing
    ],
)
def test_an_unattended_call_is_read_as_far_as_it_was_written(
    text: str, ended_ms: int, desk: str
) -> None:
    call = read_unattended(LEG, text, last_ms=1700000009000)
    assert call == Unattended("e1", LEG, BUDI, 1700000000123, ended_ms, desk)


def test_a_file_that_makes_no_sense_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / LEG).write_bytes(b"\xff\xfe garbage")
    calls = UnattendedCalls(tmp_path)
    assert calls.legs() == [LEG]
    assert calls.read(LEG) is None
    assert calls.legs() == []
    assert (tmp_path / f"{LEG}.unreadable").exists()


def test_an_unattended_call_is_forgotten_once(tmp_path: Path) -> None:
    (tmp_path / LEG).write_text(BEGAN)
    calls = UnattendedCalls(tmp_path)
    calls.forget(LEG)
    calls.forget(LEG)
    assert calls.legs() == []
    assert UnattendedCalls(tmp_path / "absent").legs() == []
