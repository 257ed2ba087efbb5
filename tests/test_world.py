"""Policy: given what happened, when something comes in, then this follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.calls import CallState
from appliance.domain.decide import deadline_ms
from appliance.domain.events import (
    BoxStarted,
    CallAnswered,
    CallbackClosed,
    CallbackOpened,
    CallClaimed,
    CallEnded,
    CallFiled,
    CallIdentified,
    CallLocated,
    CallOffered,
    CallQueued,
    CallRinging,
    Channel,
    DeskClosed,
    DeskOpened,
    DeskReleased,
    DispatchAcknowledged,
    DispatchAdvanced,
    DispatchDelivered,
    DispatchEscalated,
    DispatchRaised,
    DispatchRefused,
    DispatchSent,
    DispatchState,
    DispatchUnreached,
    Disposition,
    EndReason,
    Event,
    IncidentCancelled,
    IncidentClassified,
    IncidentClosed,
    IncidentLocated,
    IncidentOpened,
    IncidentSilenced,
    RecordingDue,
    RecordingFailed,
    RecordingStored,
    SmsKept,
    SmsRead,
    TroubleAcknowledged,
    TroubleCleared,
    TroubleRaised,
    TroubleReset,
)
from appliance.domain.incidents import IncidentState
from appliance.domain.requests import (
    AcknowledgeAlarms,
    AlertTaken,
    Answer,
    Booted,
    CancelIncident,
    Classify,
    CloseCallback,
    CloseIncident,
    DeadlinePassed,
    DeskAnswered,
    DeskHungUp,
    Dispatch,
    DispatchAtOnce,
    EndCall,
    FileCall,
    Greeted,
    Input,
    LocateCall,
    LocateIncident,
    Offer,
    ReadSms,
    Receipt,
    RecordingKept,
    RecordingLost,
    Refused,
    SignIn,
    SignOut,
    Verify,
    VerifyIncident,
)
from appliance.domain.routing import Role
from drivers.api import (
    Caller,
    Cause,
    Down,
    HungUp,
    Presentation,
    Pressed,
    SmsReceived,
    Unattended,
    Up,
)
from tests.stories import (
    ALARM,
    ANSWERED,
    BOTH_RING,
    CALLER,
    CLASSIFIED,
    CONVERSATION,
    DAMKAR,
    FIRE,
    NUMBER,
    OFFERED,
    OFFICER,
    OPENED,
    PLACE,
    QUEUED,
    RULES,
    UTC_MS,
    VERIFIED,
    after,
    no_desks,
    when,
)

OFFER = Offer("trunk-1", "leg-1", CALLER, NUMBER)
DUE = RecordingDue(1, "leg-1")
CALLBACK = CallbackOpened(3, 1, "+6281111", EndReason.ABANDONED_QUEUE)
EARLIER = CallOffered(1, "trunk-1", "leg-0", Caller("+6281111", Presentation.SHOWN), "+6281111")


# --- a caller comes -----------------------------------------------------------------------------


def test_a_seized_line_is_a_call_before_anything_else() -> None:
    assert when(after(), OFFER) == [OFFERED]


def test_a_line_that_rings_again_is_the_same_call() -> None:
    assert when(after(OFFERED), OFFER) == []


def test_a_number_that_comes_after_the_first_ring_is_written_down() -> None:
    unknown = replace(OFFERED, caller=Caller(), number="")
    assert when(after(unknown), OFFER) == [CallIdentified(1, CALLER, NUMBER)]


def test_a_location_that_comes_later_is_written_down_once() -> None:
    located = replace(OFFER, location=PLACE)
    assert when(after(OFFERED), located) == [CallLocated(1, PLACE)]
    assert when(after(OFFERED, CallLocated(1, PLACE)), located) == []


def test_after_the_announcement_every_free_desk_rings() -> None:
    assert when(after(OFFERED), Greeted(1)) == [QUEUED, BOTH_RING]


def test_an_announcement_that_ends_when_the_call_has_moved_on_changes_nothing() -> None:
    assert when(after(*CONVERSATION), Greeted(1)) == []
    assert when(after(), Greeted(1)) == []


def test_an_announcement_that_never_ends_is_cut_short() -> None:
    world = after(OFFERED, at_ms=1_000)
    due_ms = 1_000 + RULES.greeting_max_ms
    assert deadline_ms(world, RULES, 1_000) == due_ms
    assert when(world, DeadlinePassed(), due_ms - 1) == []
    assert when(world, DeadlinePassed(), due_ms) == [QUEUED, BOTH_RING]


# --- the queue ----------------------------------------------------------------------------------


def second(*events: Event) -> tuple[Event, ...]:
    """A second caller, when the first has had `events`."""
    id = len(events) + 1
    return (*events, CallOffered(id, "trunk-1", "leg-2", Caller(), ""), CallQueued(id))


def test_only_staffed_desks_ring() -> None:
    assert when(after(OFFERED, DeskOpened("desk-2", "budi")), Greeted(1)) == [
        QUEUED,
        CallRinging(1, ("desk-2",)),
    ]


def test_a_desk_in_a_call_does_not_ring_for_the_next_caller() -> None:
    world = after(*CONVERSATION, CallOffered(5, "trunk-1", "leg-2", Caller(), ""))
    assert when(world, Greeted(5)) == [CallQueued(5), CallRinging(5, ("desk-2",))]


def test_the_longest_waiting_caller_is_next_when_a_desk_is_free() -> None:
    both_busy = (OFFERED, QUEUED, BOTH_RING)
    world = after(*second(*both_busy))
    assert when(world, Greeted(4)) == []
    assert when(world, HungUp("leg-1", Cause.NORMAL))[-1] == CallRinging(4, ("desk-1", "desk-2"))


def test_a_desk_that_signs_in_rings_for_who_waits() -> None:
    world = after(OFFERED, QUEUED, DeskOpened("desk-2", "budi"), CallRinging(1, ("desk-2",)))
    assert when(world, SignIn("desk-1", "siti")) == [
        DeskOpened("desk-1", "siti"),
        CallRinging(1, ("desk-1",)),
    ]


def test_a_phone_that_did_not_answer_rests_and_rings_again() -> None:
    world = after(OFFERED, QUEUED, BOTH_RING)
    given_up = when(world, DeadlinePassed(), RULES.ring_for_ms)
    assert given_up == [
        DeskReleased(1, "desk-1", "no answer"),
        DeskReleased(1, "desk-2", "no answer"),
    ]
    world = after(*given_up, at_ms=RULES.ring_for_ms, world=world)
    due_ms = RULES.ring_for_ms + RULES.desk_rest_ms
    assert deadline_ms(world, RULES, RULES.ring_for_ms) == due_ms
    assert when(world, DeadlinePassed(), due_ms - 1) == []
    assert when(world, DeadlinePassed(), due_ms) == [BOTH_RING]


def test_nobody_rings_while_the_exchange_is_away() -> None:
    world = after(OFFERED, TroubleRaised("asterisk", "gone"))
    assert when(world, Greeted(1)) == [QUEUED]
    world = after(QUEUED, world=world)
    assert when(world, Up("asterisk")) == [TroubleCleared("asterisk"), BOTH_RING]


# --- answering ----------------------------------------------------------------------------------


def test_who_picks_up_the_phone_has_the_call() -> None:
    world = after(OFFERED, QUEUED, BOTH_RING, DeskOpened("desk-1", "siti"))
    assert when(world, DeskAnswered(1, "desk-1")) == [ANSWERED]


def test_a_second_phone_picked_up_a_moment_later_gets_nothing() -> None:
    assert when(after(*CONVERSATION), DeskAnswered(1, "desk-2")) == []


def test_who_answers_on_the_screen_has_the_call_at_once() -> None:
    world = after(OFFERED, QUEUED, BOTH_RING, DeskOpened("desk-2", "budi"))
    assert when(world, Answer(1, "desk-2")) == [CallClaimed(1, "desk-2", "budi")]


def test_a_call_taken_on_the_screen_during_the_announcement_passes_the_queue() -> None:
    assert when(after(OFFERED), Answer(1, "desk-1")) == [
        QUEUED,
        CallClaimed(1, "desk-1", "desk-1"),
    ]


def test_the_second_on_the_screen_is_told_who_was_faster() -> None:
    claimed = (OFFERED, QUEUED, BOTH_RING, CallClaimed(1, "desk-2", "budi"))
    with pytest.raises(Refused, match="already answered by budi"):
        when(after(*claimed), Answer(1, "desk-1"))
    with pytest.raises(Refused, match="already answered by siti"):
        when(after(*CONVERSATION), Answer(1, "desk-2"))


def test_a_desk_in_a_call_takes_no_other() -> None:
    with pytest.raises(Refused, match="desk-1 is still in call 1"):
        when(after(*second(*CONVERSATION)), Answer(5, "desk-1"))


def test_taking_the_next_call_files_the_last_one() -> None:
    over = (*CONVERSATION, CallEnded(1, EndReason.COMPLETED_CALLER))
    assert when(after(*second(*over)), Answer(6, "desk-1"))[:2] == [
        CallFiled(1, None, "desk-1"),
        CallClaimed(6, "desk-1", "desk-1"),
    ]


def test_a_desk_that_takes_one_call_stops_ringing_for_another() -> None:
    assert when(after(*second(OFFERED, QUEUED, BOTH_RING)), Answer(4, "desk-1"))[:2] == [
        DeskReleased(1, "desk-1", "answers call 4"),
        CallClaimed(4, "desk-1", "desk-1"),
    ]


def test_a_desk_or_a_call_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="no desk desk-9"):
        when(after(OFFERED, QUEUED), Answer(1, "desk-9"))
    with pytest.raises(Refused, match="call 7 is no longer there"):
        when(after(), Answer(7, "desk-1"))


def test_a_claimed_call_whose_phone_stays_silent_rings_everywhere_else() -> None:
    world = after(OFFERED, QUEUED, CallClaimed(1, "desk-1", "siti"))
    events = when(world, DeskHungUp(1, "desk-1", Cause.REFUSED))
    assert events == [DeskReleased(1, "desk-1", "refused"), CallRinging(1, ("desk-2",))]
    assert after(*events, world=world).calls[1].taker == ""


def test_answering_a_number_again_closes_its_call_back() -> None:
    again = CallOffered(4, "trunk-1", "leg-4", Caller(), "+6281111")
    waiting = CallEnded(1, EndReason.ABANDONED_QUEUE)
    world = after(EARLIER, waiting, CALLBACK, again, CallQueued(4), CallRinging(4, ("desk-1",)))
    assert when(world, DeskAnswered(4, "desk-1")) == [
        CallAnswered(4, "desk-1", "desk-1"),
        CallbackClosed(3, "redial", 4),
    ]


# --- the end of a call --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "cause", "reason"),
    [
        ((OFFERED,), Cause.NORMAL, EndReason.ABANDONED_ANNOUNCE),
        ((OFFERED, QUEUED), Cause.NORMAL, EndReason.ABANDONED_QUEUE),
        ((OFFERED, QUEUED, BOTH_RING), Cause.NORMAL, EndReason.ABANDONED_RING),
        (CONVERSATION, Cause.NORMAL, EndReason.COMPLETED_CALLER),
        (CONVERSATION, Cause.NETWORK, EndReason.LOST_NETWORK),
        (CONVERSATION, Cause.LOST, EndReason.LOST_SYSTEM),
        ((OFFERED,), Cause.LOST, EndReason.LOST_SYSTEM),
    ],
)
def test_the_end_has_one_reason(story: tuple[Event, ...], cause: Cause, reason: EndReason) -> None:
    assert when(after(*story), HungUp("leg-1", cause))[:2] == [CallEnded(1, reason), DUE]


def test_a_leg_that_no_call_has_may_go() -> None:
    assert when(after(OFFERED), HungUp("leg-9", Cause.NORMAL)) == []
    over = after(*CONVERSATION, CallEnded(1, EndReason.COMPLETED_TAKER))
    assert when(over, HungUp("leg-1", Cause.NORMAL)) == []


def test_a_caller_whose_call_takers_phone_broke_is_the_next_in_the_queue() -> None:
    world = after(*CONVERSATION)
    assert when(world, DeskHungUp(1, "desk-1", Cause.NETWORK)) == [QUEUED, BOTH_RING]


def test_an_answered_call_is_never_abandoned_even_if_it_had_to_queue_again() -> None:
    world = after(*CONVERSATION, QUEUED, BOTH_RING)
    events = when(world, HungUp("leg-1", Cause.NORMAL))
    assert events == [
        CallEnded(1, EndReason.LOST_SYSTEM),
        DUE,
        CallbackOpened(9, 1, NUMBER, EndReason.LOST_SYSTEM),
    ]


def test_a_call_taker_who_puts_the_phone_down_ends_the_call() -> None:
    events = when(after(*CONVERSATION), DeskHungUp(1, "desk-1", Cause.NORMAL))
    assert events == [CallEnded(1, EndReason.COMPLETED_TAKER), DUE]


def test_a_desk_that_is_not_in_the_call_ends_nothing() -> None:
    assert when(after(*CONVERSATION), DeskHungUp(1, "desk-2", Cause.NORMAL)) == []
    over = after(*CONVERSATION, CallEnded(1, EndReason.COMPLETED_TAKER))
    assert when(over, DeskHungUp(1, "desk-1", Cause.NORMAL)) == []
    assert when(after(), DeskHungUp(1, "desk-1", Cause.NORMAL)) == []


def test_a_call_is_ended_on_the_screen_once_it_is_answered() -> None:
    assert when(after(*CONVERSATION), EndCall(1, "siti")) == [
        CallEnded(1, EndReason.COMPLETED_TAKER),
        DUE,
    ]
    with pytest.raises(Refused, match="has not been answered"):
        when(after(OFFERED), EndCall(1, "siti"))
    with pytest.raises(Refused, match="is over already"):
        when(after(), EndCall(1, "siti"))


def test_filing_a_call_that_goes_on_ends_it_first() -> None:
    filed = CallFiled(1, Disposition.PRANK, "siti")
    assert when(after(*CONVERSATION), FileCall(1, Disposition.PRANK, "siti")) == [
        CallEnded(1, EndReason.COMPLETED_TAKER),
        DUE,
        filed,
    ]
    over = after(*CONVERSATION, CallEnded(1, EndReason.COMPLETED_CALLER))
    assert when(over, FileCall(1, Disposition.PRANK, "siti")) == [filed]


def test_a_call_nobody_answered_and_a_filed_call_cannot_be_filed() -> None:
    with pytest.raises(Refused, match="has not been answered"):
        when(after(OFFERED), FileCall(1, Disposition.GHOST, "siti"))
    with pytest.raises(Refused, match="filed already"):
        when(after(), FileCall(1, Disposition.GHOST, "siti"))


def test_a_call_nobody_files_is_filed_when_the_time_for_it_runs_out() -> None:
    world = after(*CONVERSATION, CallEnded(1, EndReason.COMPLETED_CALLER))
    assert when(world, DeadlinePassed(), RULES.wrap_up_ms) == [CallFiled(1, None, "siti")]


def test_a_call_can_be_located_while_it_is_there() -> None:
    assert when(after(*CONVERSATION), LocateCall(1, PLACE)) == [CallLocated(1, PLACE)]
    with pytest.raises(Refused, match="call 1 is no longer there"):
        when(after(), LocateCall(1, PLACE))


def test_a_recording_is_kept_part_by_part_and_noted_once() -> None:
    over = (*CONVERSATION, CallEnded(1, EndReason.COMPLETED_CALLER), DUE)
    kept = RecordingKept(1, "1.wav", "ab", 60_000)
    stored = RecordingStored(1, "1.wav", "ab", 60_000)
    assert when(after(*over), kept) == [stored]
    assert when(after(*over), RecordingLost(1, "empty")) == [RecordingFailed(1, "empty")]
    assert when(after(*over, stored), kept) == []
    assert when(after(*over, stored), RecordingLost(1, "empty")) == []
    half = replace(stored, part=1, parts=2)
    assert after(*over, half).recordings == {1: "leg-1"}
    assert after(*over, half, replace(half, part=2)).recordings == {}


# --- call-backs ---------------------------------------------------------------------------------


def test_who_waited_five_seconds_in_vain_is_called_back() -> None:
    gone = HungUp("leg-1", Cause.NORMAL)
    short = when(after(OFFERED, QUEUED), gone, RULES.callback_after_ms - 1)
    long = when(after(OFFERED, QUEUED), gone, RULES.callback_after_ms)
    assert short == [CallEnded(1, EndReason.ABANDONED_QUEUE), DUE]
    assert long == [*short, CallbackOpened(5, 1, NUMBER, EndReason.ABANDONED_QUEUE)]


def test_a_known_location_is_worth_a_call_back_however_short_the_wait() -> None:
    events = when(after(OFFERED, CallLocated(1, PLACE)), HungUp("leg-1", Cause.NORMAL))
    assert events[-1] == CallbackOpened(5, 1, NUMBER, EndReason.ABANDONED_ANNOUNCE)


def test_a_caller_we_lost_is_called_back_however_short_the_wait() -> None:
    events = when(after(OFFERED), HungUp("leg-1", Cause.LOST))
    assert events[-1] == CallbackOpened(4, 1, NUMBER, EndReason.LOST_SYSTEM)


def test_a_withheld_number_cannot_be_called_back() -> None:
    world = after(replace(OFFERED, number=""), QUEUED)
    assert when(world, HungUp("leg-1", Cause.NORMAL), 60_000) == [
        CallEnded(1, EndReason.ABANDONED_QUEUE),
        DUE,
    ]


def test_a_number_is_on_the_call_back_list_once() -> None:
    again = replace(EARLIER, call=4, leg="leg-4")
    world = after(EARLIER, CallEnded(1, EndReason.ABANDONED_QUEUE), CALLBACK, again)
    assert when(world, HungUp("leg-4", Cause.NORMAL), 60_000) == [
        CallEnded(4, EndReason.ABANDONED_ANNOUNCE),
        RecordingDue(4, "leg-4"),
    ]


def test_a_call_back_is_closed_by_a_person_once() -> None:
    world = after(EARLIER, CallEnded(1, EndReason.ABANDONED_QUEUE), CALLBACK)
    assert when(world, CloseCallback(3, "siti")) == [CallbackClosed(3, "siti")]
    with pytest.raises(Refused, match="call-back 9 is closed"):
        when(world, CloseCallback(9, "siti"))


# --- calls the exchange had alone -----------------------------------------------------------------

ALONE = Unattended("trunk-1", "leg-7", CALLER, UTC_MS, UTC_MS + 9_000, "")


def test_a_call_nobody_answered_while_the_daemon_was_away_is_called_back() -> None:
    number = CALLER.number
    offered = CallOffered(
        1, "trunk-1", "leg-7", CALLER, number, unattended=True, began_utc_ms=UTC_MS
    )
    assert when(after(), ALONE) == [
        offered,
        CallEnded(1, EndReason.ABANDONED_RING, UTC_MS + 9_000),
        RecordingDue(1, "leg-7"),
        CallbackOpened(4, 1, number, EndReason.ABANDONED_RING),
    ]


def test_a_call_a_desk_answered_while_the_daemon_was_away_is_filed_and_closes_its_call_back() -> (
    None
):
    helped = replace(EARLIER, number=CALLER.number)
    waiting = replace(CALLBACK, number=CALLER.number)
    world = after(helped, CallEnded(1, EndReason.ABANDONED_QUEUE), waiting)
    events = when(world, replace(ALONE, desk="desk-1"))
    assert events[1:] == [
        CallAnswered(4, "desk-1", "desk-1"),
        CallEnded(4, EndReason.COMPLETED_CALLER, UTC_MS + 9_000),
        RecordingDue(4, "leg-7"),
        CallFiled(4, None, "desk-1"),
        CallbackClosed(3, "redial", 4),
    ]
    assert after(*events, world=world).calls == {}


# --- desks --------------------------------------------------------------------------------------


def test_signing_in_twice_is_signing_in_once() -> None:
    assert when(after(), SignIn("desk-1", "siti")) == [DeskOpened("desk-1", "siti")]
    assert when(after(DeskOpened("desk-1", "siti")), SignIn("desk-1", "siti")) == []


def test_who_takes_over_a_desk_replaces_who_sat_there() -> None:
    world = after(DeskOpened("desk-1", "siti"))
    assert when(world, SignIn("desk-1", "budi")) == [DeskOpened("desk-1", "budi")]


def test_nobody_signs_in_nameless_or_at_no_desk() -> None:
    with pytest.raises(Refused, match="write the call taker's name"):
        when(after(), SignIn("desk-1", " "))
    with pytest.raises(Refused, match="there is no desk desk-9"):
        when(after(), SignIn("desk-9", "siti"))


def test_signing_out() -> None:
    world = after(DeskOpened("desk-1", "siti"))
    assert when(world, SignOut("desk-1")) == [DeskClosed("desk-1")]
    assert when(world, SignOut("desk-2")) == []


# --- incidents ----------------------------------------------------------------------------------


def test_a_verified_report_opens_an_incident_once() -> None:
    world = after(*CONVERSATION)
    assert when(world, Verify(1, "siti")) == [OPENED, VERIFIED]
    assert when(after(OPENED, VERIFIED, world=world), Verify(1, "budi")) == []


def test_a_call_that_waits_cannot_be_verified() -> None:
    with pytest.raises(Refused, match="has not been answered"):
        when(after(OFFERED), Verify(1, "siti"))
    with pytest.raises(Refused, match="is no longer there"):
        when(after(), Verify(1, "siti"))


def test_an_incident_may_be_verified_after_its_call() -> None:
    world = after(*CONVERSATION, OPENED)
    assert when(world, VerifyIncident(5, "siti")) == [VERIFIED]
    assert when(after(VERIFIED, world=world), VerifyIncident(5, "budi")) == []


def test_classifying_takes_the_kinds_words_and_priority() -> None:
    request = Classify(5, "KBK-BGN", " Jl. Sao-Sao 1 ", "", "siti")
    assert when(after(*CONVERSATION, OPENED), request) == [CLASSIFIED]
    assert when(after(*CONVERSATION, OPENED), replace(request, priority=3)) == [
        replace(CLASSIFIED, priority=3)
    ]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Classify(5, "XYZ", "Jl. Sao-Sao 1", "", "siti"), "no incident kind XYZ"),
        (Classify(5, "KBK-BGN", " ", "", "siti"), "write where it happened"),
        (Classify(5, "KBK-BGN", "Jl. Sao-Sao 1", "", "siti", 6), "from 1 to 5"),
        (Classify(9, "KBK-BGN", "Jl. Sao-Sao 1", "", "siti"), "incident 9 is not open"),
        (Dispatch(5, (), "siti"), "choose its kind first"),
        (LocateIncident(9, PLACE), "incident 9 is not open"),
        (CancelIncident(9, "prank", "siti"), "incident 9 is not open"),
    ],
)
def test_what_makes_no_sense_for_an_incident_is_refused(request_: Input, why: str) -> None:
    with pytest.raises(Refused, match=why):
        when(after(*CONVERSATION, OPENED), request_)


def test_an_incident_can_be_located() -> None:
    assert when(after(*FIRE), LocateIncident(5, PLACE)) == [IncidentLocated(5, PLACE)]


def test_dispatch_alerts_every_proposed_agency_in_one_transaction() -> None:
    assert when(after(*FIRE), Dispatch(5, (), "siti")) == [
        DAMKAR,
        DispatchRaised(9, 5, "psc119", Role.ASSISTING, "siti"),
        DispatchRaised(10, 5, "pimpinan", Role.INFORMATIONAL, "siti"),
    ]


def test_an_agency_is_alerted_once_for_an_incident() -> None:
    twice = (("damkarmat", Role.DISPATCHED), ("damkarmat", Role.ASSISTING))
    assert when(after(*FIRE), Dispatch(5, twice, "siti")) == [DAMKAR]
    with pytest.raises(Refused, match="all of those agencies have been alerted"):
        when(after(*ALARM), Dispatch(5, twice, "siti"))
    assert when(after(*ALARM), Dispatch(5, (), "siti"))[0] == DispatchRaised(
        9, 5, "psc119", Role.ASSISTING, "siti"
    )


def test_an_unknown_agency_stops_the_whole_dispatch() -> None:
    with pytest.raises(Refused, match="there is no agency densus"):
        when(after(*FIRE), Dispatch(5, (("densus", Role.DISPATCHED),), "siti"))


def test_a_priority_1_goes_from_the_call_to_the_agencies_in_one_action() -> None:
    request = DispatchAtOnce(1, "KBK-BGN", "Jl. Sao-Sao 1", "", (), "siti")
    classified, damkar = CLASSIFIED, replace(DAMKAR, dispatch=7)
    events = when(after(*CONVERSATION), request)
    assert events[:3] == [OPENED, classified, damkar]
    assert [e.dispatch for e in events[2:] if isinstance(e, DispatchRaised)] == [7, 8, 9]
    assert when(after(*FIRE), request)[:2] == [classified, replace(DAMKAR, dispatch=9)]


# --- what agencies say --------------------------------------------------------------------------


def says(status: str, by: str = "Sersan Ali", agency: str = "damkarmat") -> Receipt:
    return Receipt(8, agency, status, by, Channel.MQTT, "tidak ada unit")


DELIVERED = DispatchDelivered(8, 5, Channel.MQTT)
ACCEPTED = DispatchAcknowledged(8, 5, Channel.MQTT, "Sersan Ali")
REFUSED = DispatchRefused(8, 5, Channel.MQTT, "Sersan Ali", "tidak ada unit")


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("received", DELIVERED),
        ("read", DELIVERED),
        ("accepted", ACCEPTED),
        ("rejected", REFUSED),
        ("enroute", DispatchAdvanced(8, 5, DispatchState.ENROUTE, "Sersan Ali")),
        ("onscene", DispatchAdvanced(8, 5, DispatchState.ONSCENE, "Sersan Ali")),
        ("done", DispatchAdvanced(8, 5, DispatchState.CLEARED, "Sersan Ali")),
    ],
)
def test_what_an_agency_says_is_written_down_once(status: str, event: Event) -> None:
    world = after(*ALARM)
    assert when(world, says(status)) == [event]
    assert when(after(event, world=world), says(status)) == []


def test_a_late_receipt_does_not_take_a_dispatch_back() -> None:
    onscene = after(*ALARM, DispatchAdvanced(8, 5, DispatchState.ONSCENE, "Ali"))
    for status in ("received", "accepted", "rejected", "enroute"):
        assert when(onscene, says(status)) == []


def test_an_agency_that_refused_may_still_accept() -> None:
    world = after(*ALARM, REFUSED)
    assert when(world, says("accepted")) == [ACCEPTED]
    world = after(ACCEPTED, world=world)
    assert world.incidents[5].dispatches[8].state is DispatchState.ACKNOWLEDGED
    assert when(world, says("accepted")) == []


def test_what_nobody_can_have_said_is_refused() -> None:
    world = after(*ALARM)
    with pytest.raises(Refused, match="write the name of who accepts"):
        when(world, says("accepted", by=" "))
    with pytest.raises(Refused, match="is not for polresta"):
        when(world, says("accepted", agency="polresta"))
    with pytest.raises(Refused, match='no status "maybe"'):
        when(world, says("maybe"))
    with pytest.raises(Refused, match="dispatch 8 is not open"):
        when(after(*FIRE), says("accepted"))


def test_an_alert_the_broker_took_over_is_sent_once() -> None:
    sent = DispatchSent(8, 5, Channel.MQTT)
    assert when(after(*ALARM), AlertTaken(8, Channel.MQTT)) == [sent]
    assert when(after(*ALARM, sent), AlertTaken(8, Channel.MQTT)) == []
    assert when(after(*FIRE), AlertTaken(8, Channel.MQTT)) == []


def test_an_alert_nobody_is_subscribed_to_goes_by_sms_at_once() -> None:
    unheard = AlertTaken(8, Channel.MQTT, reached=False)
    events = when(after(*ALARM), unheard)
    assert [type(event) for event in events] == [DispatchUnreached, DispatchEscalated]
    assert events[1] == DispatchEscalated(8, 5, 1, Channel.SMS, OFFICER)
    assert when(after(*ALARM, *events), unheard) == []


def test_an_unheard_agency_without_a_phone_is_only_noted() -> None:
    raised = replace(DAMKAR, agency="psc119")
    events = when(after(*FIRE, raised), AlertTaken(8, Channel.MQTT, reached=False))
    assert [type(event) for event in events] == [DispatchUnreached]


# --- the ladder ---------------------------------------------------------------------------------

BY_SMS = DispatchEscalated(8, 5, 1, Channel.SMS, OFFICER)
TO_SUPERVISOR = DispatchEscalated(8, 5, 2, Channel.CONSOLE, "")


def alarm_at(at_ms: int, *more: Event) -> list[Event]:
    """What follows by itself at `at_ms` when the alarm was raised at 0."""
    world = after(*ALARM, CallEnded(1, EndReason.COMPLETED_TAKER), CallFiled(1, None, "siti"))
    return when(after(*more, world=world), DeadlinePassed(), at_ms)


def test_an_undelivered_alert_goes_by_sms_and_then_to_the_supervisor() -> None:
    assert alarm_at(RULES.delivered_within_ms - 1) == []
    assert alarm_at(RULES.delivered_within_ms) == [BY_SMS]
    assert alarm_at(RULES.supervisor_after_ms - 1, BY_SMS) == []
    assert alarm_at(RULES.supervisor_after_ms, BY_SMS) == [TO_SUPERVISOR]
    assert alarm_at(3_600_000, BY_SMS, TO_SUPERVISOR) == []


def test_a_delivered_alert_has_longer_until_the_sms() -> None:
    assert alarm_at(RULES.acknowledged_within_ms - 1, DELIVERED) == []
    assert alarm_at(RULES.acknowledged_within_ms, DELIVERED) == [BY_SMS]


@pytest.mark.parametrize("answer", [ACCEPTED, REFUSED])
def test_an_answer_stops_the_ladder(answer: Event) -> None:
    assert alarm_at(3_600_000, answer) == []


def test_who_is_only_informed_is_never_chased() -> None:
    informed = replace(DAMKAR, agency="pimpinan", role=Role.INFORMATIONAL)
    world = after(*FIRE, informed)
    assert deadline_ms(world, no_desks(), 0) is None


def test_a_lower_priority_has_more_time() -> None:
    calm = replace(CLASSIFIED, priority=2)
    world = after(*CONVERSATION, OPENED, VERIFIED, calm, DAMKAR)
    assert deadline_ms(world, RULES, 0) == 3 * RULES.delivered_within_ms


def test_without_a_modem_the_first_rung_is_the_supervisor() -> None:
    rules = replace(RULES, modems=frozenset())
    assert when(after(*ALARM), DeadlinePassed(), rules.supervisor_after_ms, rules) == [
        TO_SUPERVISOR
    ]


# --- the end of an incident ---------------------------------------------------------------------


def test_an_incident_waits_for_every_agency_before_it_closes() -> None:
    with pytest.raises(Refused, match="not yet acknowledged by damkarmat"):
        when(after(*ALARM), CloseIncident(5, "padam", "siti"))
    assert when(after(*ALARM, ACCEPTED), CloseIncident(5, "padam", "siti")) == [
        IncidentClosed(5, "siti", "padam")
    ]


def test_a_false_alarm_is_cancelled_whoever_has_not_answered() -> None:
    assert when(after(*ALARM), CancelIncident(5, "prank", "siti")) == [
        IncidentCancelled(5, "siti", "prank")
    ]


def test_an_incident_is_resolved_when_all_who_act_are_done() -> None:
    informed = DispatchRaised(9, 5, "pimpinan", Role.INFORMATIONAL, "siti")
    declined = DispatchRaised(10, 5, "psc119", Role.ASSISTING, "siti")
    done = DispatchAdvanced(8, 5, DispatchState.CLEARED, "Ali")
    no = DispatchRefused(10, 5, Channel.MQTT, "Ali", "")
    story = (*ALARM, informed, declined, done)
    assert after(*story).incidents[5].state is IncidentState.DISPATCHED
    assert after(*story, no).incidents[5].state is IncidentState.RESOLVED


def test_an_incident_goes_through_its_states() -> None:
    story: tuple[Event, ...] = CONVERSATION
    for event, state in (
        (OPENED, IncidentState.NEW),
        (VERIFIED, IncidentState.VERIFIED),
        (CLASSIFIED, IncidentState.CLASSIFIED),
        (DAMKAR, IncidentState.DISPATCHED),
        (ACCEPTED, IncidentState.ACKNOWLEDGED),
        (DispatchAdvanced(8, 5, DispatchState.ENROUTE, ""), IncidentState.ENROUTE),
        (DispatchAdvanced(8, 5, DispatchState.ONSCENE, ""), IncidentState.ONSCENE),
    ):
        story = (*story, event)
        assert after(*story).incidents[5].state is state


# --- the box ------------------------------------------------------------------------------------


def test_a_start_is_written_down() -> None:
    assert when(after(), Booted("1.0")) == [BoxStarted("1.0")]


def test_a_restart_rings_the_desks_for_who_still_waits() -> None:
    assert when(after(OFFERED, QUEUED), Booted("1.0")) == [BoxStarted("1.0"), BOTH_RING]


def test_a_fault_is_told_once_until_it_is_over() -> None:
    raised = TroubleRaised("broker", "refused")
    assert when(after(), Down("broker", "refused")) == [raised]
    assert when(after(raised), Down("broker", "refused")) == []
    assert when(after(), Up("broker")) == []


def test_a_fault_that_nobody_saw_stays_on_the_panel_until_somebody_has() -> None:
    raised, seen = TroubleRaised("broker", "refused"), TroubleAcknowledged("broker", "panel")
    gone, over = TroubleCleared("broker"), TroubleReset("broker")
    assert when(after(raised), Up("broker")) == [gone]
    assert when(after(raised, gone), Pressed("acknowledge")) == [seen, over]
    assert when(after(raised), Pressed("acknowledge")) == [seen]
    assert when(after(raised, seen), Up("broker")) == [gone, over]
    assert when(after(raised, seen), Pressed("acknowledge")) == []


def test_a_dying_modem_takes_its_calls_with_it() -> None:
    first = replace(OFFERED, line="modem-1")
    stale = CallOffered(2, "modem-1", "leg-2", Caller(), NUMBER)
    assert when(after(first, stale), Down("modem-1", "USB gone")) == [
        CallEnded(1, EndReason.LOST_SYSTEM),
        DUE,
        CallbackOpened(5, 1, NUMBER, EndReason.LOST_SYSTEM),
        CallEnded(2, EndReason.LOST_SYSTEM),
        RecordingDue(2, "leg-2"),
        TroubleRaised("modem-1", "USB gone"),
    ]


def test_the_callers_of_an_exchange_that_stays_away_are_lost() -> None:
    world = after(OFFERED, TroubleRaised("asterisk", "gone"), at_ms=1_000)
    due_ms = 1_000 + RULES.lost_after_ms
    assert deadline_ms(world, RULES, 1_000) == due_ms
    assert when(world, DeadlinePassed(), due_ms - 1) == []
    assert when(world, DeadlinePassed(), due_ms) == [
        CallEnded(1, EndReason.LOST_SYSTEM),
        DUE,
        CallbackOpened(5, 1, NUMBER, EndReason.LOST_SYSTEM),
    ]


def test_a_modems_caller_stays_while_the_exchange_is_away() -> None:
    world = after(replace(OFFERED, line="modem-1"), QUEUED, TroubleRaised("asterisk", "gone"))
    assert when(world, DeadlinePassed(), 3_600_000) == []


def test_acknowledging_silences_the_siren_without_answering_for_the_agency() -> None:
    world = after(*ALARM)
    for given, by in ((Pressed("acknowledge"), "panel"), (AcknowledgeAlarms("siti"), "siti")):
        silenced = IncidentSilenced(5, by)
        assert when(world, given) == [silenced]
        assert when(after(silenced, world=world), given) == []
    assert when(world, Pressed("door")) == []


# --- messages -----------------------------------------------------------------------------------


def sms(text: str, sender: str = OFFICER) -> SmsReceived:
    return SmsReceived("modem-1", sender, text, UTC_MS)


def kept(id: int, text: str, sender: str = OFFICER) -> SmsKept:
    return SmsKept(id, "modem-1", sender, text, UTC_MS, False)


@pytest.mark.parametrize("text", ["OK 8", "ok 8", " Ya 8, segera", "OK  8\n"])
def test_an_officers_ok_takes_the_dispatch(text: str) -> None:
    by = f"Damkarmat {OFFICER}"
    assert when(after(*ALARM), sms(text)) == [
        kept(9, text),
        SmsRead(9, by),
        DispatchAcknowledged(8, 5, Channel.SMS, by),
    ]


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("OK 8", "+6289999"),  # not this agency's officer
        ("OK 9", OFFICER),  # no such dispatch
        ("OK 8000000000000000", OFFICER),
        ("OKE 8", OFFICER),
        ("tolong", OFFICER),
        ("", OFFICER),
    ],
)
def test_any_other_message_is_kept_for_a_person(text: str, sender: str) -> None:
    assert when(after(*ALARM), sms(text, sender)) == [kept(9, text, sender)]


def test_a_second_ok_is_read_and_changes_nothing() -> None:
    events = when(after(*ALARM, ACCEPTED), sms("OK 8"))
    assert events == [kept(10, "OK 8"), SmsRead(10, f"Damkarmat {OFFICER}")]


def test_a_message_is_read_once() -> None:
    world = after(kept(1, "tolong"))
    assert when(world, ReadSms(1, "siti")) == [SmsRead(1, "siti")]
    with pytest.raises(Refused, match="has been read"):
        when(after(), ReadSms(1, "siti"))


# --- time ---------------------------------------------------------------------------------------


def test_an_idle_centre_waits_for_no_deadline() -> None:
    assert deadline_ms(after(), RULES, 0) is None
    assert when(after(), DeadlinePassed(), 3_600_000) == []


def test_two_calls_of_one_number_that_are_lost_at_once_make_one_call_back() -> None:
    twin = CallOffered(2, "trunk-1", "leg-2", CALLER, NUMBER)
    world = after(OFFERED, twin, TroubleRaised("asterisk", "gone"))
    events = when(world, DeadlinePassed(), RULES.lost_after_ms)
    assert [e for e in events if isinstance(e, CallbackOpened)] == [
        CallbackOpened(6, 1, NUMBER, EndReason.LOST_SYSTEM)
    ]


def test_a_call_whose_desk_was_released_counts_its_wait_in_the_queue_from_then() -> None:
    released = DeskReleased(1, "desk-1", "busy")
    rings = CallRinging(1, ("desk-1",))
    call = after(released, at_ms=700, world=after(OFFERED, QUEUED, rings)).calls[1]
    assert (call.state, call.since_ms) == (CallState.QUEUED, 700)


def test_a_reclassified_incident_keeps_the_last_words() -> None:
    world = after(*FIRE, IncidentClassified(5, "X", "Y", 3, "Z", "there", "n", "siti", "v"))
    assert (world.incidents[5].kind, world.incidents[5].place) == ("X", "there")


def test_an_incident_opened_by_one_call_is_found_by_it() -> None:
    other = IncidentOpened(9, 2, "trunk-1", "", None)
    world = after(*ALARM, other)
    found = world.incident_of(1)
    assert found is not None
    assert found.id == 5
    assert world.dispatch(99) is None
