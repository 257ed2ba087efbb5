"""What lamps and siren show, and when that changes by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.events import (
    CallAnswered,
    CallEnded,
    CallFiled,
    Channel,
    DispatchAcknowledged,
    DispatchRefused,
    EndReason,
    Event,
    IncidentCancelled,
    IncidentSilenced,
    SmsKept,
    TroubleAcknowledged,
    TroubleCleared,
    TroubleRaised,
)
from appliance.domain.levels import OUTPUTS, levels, next_change_ms
from appliance.domain.routing import Role
from appliance.domain.world import World
from drivers.api import Signal
from tests.stories import (
    ALARM,
    CLASSIFIED,
    CONVERSATION,
    DAMKAR,
    FIRE,
    OFFERED,
    OPENED,
    QUEUED,
    RULES,
    VERIFIED,
    after,
)

ACCEPTED = DispatchAcknowledged(8, 5, Channel.MQTT, "Ali")
OVER = (CallEnded(1, EndReason.COMPLETED_CALLER), CallFiled(1, None, "siti"))


def shown(world: World, output: str, now_ms: int = 0) -> Signal:
    return levels(world, now_ms, RULES)[output]


def test_a_quiet_centre_shows_green_alone() -> None:
    lit = {name for name, signal in levels(after(), 0, RULES).items() if signal != Signal.OFF}
    assert lit == {"green"}
    assert set(levels(after(), 0, RULES)) == set(OUTPUTS)


def test_a_waiting_caller_is_red_and_flashes_when_late() -> None:
    world = after(OFFERED, QUEUED, at_ms=500)
    late_ms = 500 + RULES.answer_target_ms
    assert shown(world, "red", late_ms - 1) is Signal.STEADY
    assert next_change_ms(world, 500, RULES) == late_ms
    assert shown(world, "red", late_ms) is Signal.FAST
    assert next_change_ms(world, late_ms, RULES) is None


def test_an_answered_caller_is_white_and_not_red() -> None:
    world = after(*CONVERSATION)
    assert shown(world, "red", 60_000) is Signal.OFF
    assert shown(world, "white") is Signal.STEADY
    assert shown(after(*OVER, world=world), "white") is Signal.OFF


def test_an_open_incident_is_red() -> None:
    assert shown(after(*FIRE), "red") is Signal.STEADY


@pytest.mark.parametrize(
    "answer",
    [
        ACCEPTED,
        DispatchRefused(8, 5, Channel.MQTT, "Ali", ""),
        IncidentCancelled(5, "siti", "prank"),
    ],
)
def test_siren_sounds_until_every_agency_has_answered(answer: Event) -> None:
    world = after(*ALARM)
    assert (shown(world, "siren"), shown(world, "red")) == (Signal.STEADY, Signal.FAST)
    world = after(answer, world=world)
    assert shown(world, "siren") is Signal.OFF
    assert shown(world, "red") is not Signal.FAST


def test_siren_falls_silent_by_itself_and_red_goes_on() -> None:
    world = after(*ALARM, at_ms=1_000)
    until_ms = 1_000 + RULES.siren_max_on_ms
    assert next_change_ms(world, until_ms - 1, RULES) == until_ms
    assert shown(world, "siren", until_ms - 1) is Signal.STEADY
    assert shown(world, "siren", until_ms) is Signal.OFF
    assert shown(world, "red", until_ms) is Signal.FAST


def test_a_new_alert_sounds_again_after_the_siren_was_silenced() -> None:
    world = after(*ALARM, IncidentSilenced(5, "panel"))
    assert shown(world, "siren") is Signal.OFF
    assert shown(world, "red") is Signal.FAST
    world = after(replace(DAMKAR, dispatch=10, agency="psc119"), world=world)
    assert shown(world, "siren") is Signal.STEADY


def test_siren_is_for_priority_1_and_for_agencies_that_must_answer() -> None:
    calm = replace(CLASSIFIED, priority=2)
    assert shown(after(*CONVERSATION, OPENED, VERIFIED, calm, DAMKAR), "siren") is Signal.OFF
    informed = replace(DAMKAR, role=Role.INFORMATIONAL)
    world = after(*FIRE, informed)
    assert (shown(world, "siren"), shown(world, "red")) == (Signal.OFF, Signal.STEADY)


def test_a_fault_is_yellow_and_flashes_until_seen() -> None:
    raised = TroubleRaised("broker", "refused")
    assert shown(after(raised), "yellow") is Signal.FAST
    assert shown(after(raised, TroubleCleared("broker")), "yellow") is Signal.FAST
    assert shown(after(raised, TroubleAcknowledged("broker", "panel")), "yellow") is Signal.STEADY


def test_green_means_that_a_caller_can_get_through_on_some_line() -> None:
    exchange, trunk = TroubleRaised("asterisk", "gone"), TroubleRaised("trunk-1", "no answer")
    modem = TroubleRaised("modem-1", "USB gone")
    for one in (exchange, trunk, modem):
        assert shown(after(one), "green") is Signal.STEADY
    assert shown(after(trunk, modem), "green") is Signal.OFF
    assert shown(after(exchange, modem), "green") is Signal.OFF


def test_blue_waits_for_somebody_to_read_or_call_back() -> None:
    message = SmsKept(1, "modem-1", "+62811", "tolong", 0, False)
    assert shown(after(message), "blue") is Signal.SLOW


def test_levels_start_anew_after_a_power_cut() -> None:
    """Times of an earlier boot read as 0: the siren sounds from the start of this one."""
    assert shown(after(*ALARM, at_ms=0), "siren", 100) is Signal.STEADY


def test_a_requeued_caller_is_late_since_the_first_ring() -> None:
    world = after(QUEUED, at_ms=90_000, world=after(*CONVERSATION))
    assert shown(world, "red", 90_000) is Signal.FAST
    assert shown(after(CallAnswered(1, "desk-2", "budi"), world=world), "red") is Signal.OFF
