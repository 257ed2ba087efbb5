"""What telephones must do when something has happened to a call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.events import (
    CallAnswered,
    CallClaimed,
    CallEnded,
    CallFiled,
    CallRinging,
    DeskReleased,
    EndReason,
    Entry,
    Event,
)
from appliance.domain.line_commands import (
    Connect,
    Greet,
    Hold,
    LineCommand,
    Release,
    Ring,
    StopRinging,
    line_commands,
)
from appliance.domain.world import World, evolve
from tests.stories import (
    ANSWERED,
    BOTH_RING,
    CONVERSATION,
    DAMKAR,
    FIRE,
    OFFERED,
    QUEUED,
    after,
    when,
)
from tests.test_world import ALONE

HANG_UP = Release(1, "leg-1", "trunk-1")


def commands(before: World, *events: Event) -> list[LineCommand]:
    done: list[LineCommand] = []
    for event in events:
        entry = Entry(before.seq + 1, 0, 0, event)
        now = evolve(before, entry)
        done += line_commands(entry, before, now)
        before = now
    return done


@pytest.mark.parametrize(
    ("story", "event", "expected"),
    [
        ((), OFFERED, [Greet(1)]),
        ((OFFERED,), QUEUED, [Hold(1)]),
        ((OFFERED, QUEUED), BOTH_RING, [Ring(1, "desk-1", False), Ring(1, "desk-2", False)]),
        (
            (OFFERED, QUEUED, BOTH_RING),
            CallClaimed(1, "desk-2", "budi"),
            [StopRinging(1, "desk-1"), StopRinging(1, "desk-2"), Ring(1, "desk-2", True)],
        ),
        (
            (OFFERED, QUEUED, BOTH_RING),
            DeskReleased(1, "desk-1", "busy"),
            [StopRinging(1, "desk-1")],
        ),
        ((OFFERED, QUEUED, BOTH_RING), ANSWERED, [StopRinging(1, "desk-2"), Connect(1, "desk-1")]),
        (CONVERSATION, QUEUED, [StopRinging(1, "desk-1"), Hold(1)]),
        (CONVERSATION, CallEnded(1, EndReason.COMPLETED_TAKER), [HANG_UP]),
        ((OFFERED,), CallEnded(1, EndReason.ABANDONED_ANNOUNCE), [HANG_UP]),
        (FIRE, DAMKAR, []),
    ],
)
def test_each_event_of_a_call_moves_its_telephones(
    story: tuple[Event, ...], event: Event, expected: list[LineCommand]
) -> None:
    assert commands(after(*story), event) == expected


def test_filing_a_call_touches_no_telephone() -> None:
    world = after(*CONVERSATION, CallEnded(1, EndReason.COMPLETED_TAKER))
    assert commands(world, CallFiled(1, None, "siti")) == []


@pytest.mark.parametrize("desk", ["", "desk-1"])
def test_a_call_that_was_over_when_we_heard_of_it_is_not_connected(desk: str) -> None:
    assert commands(after(), *when(after(), replace(ALONE, desk=desk))) == []


def test_a_call_goes_from_greeting_to_release() -> None:
    done = commands(
        after(),
        OFFERED,
        QUEUED,
        CallRinging(1, ("desk-1",)),
        CallAnswered(1, "desk-1", "siti"),
        CallEnded(1, EndReason.COMPLETED_CALLER),
    )
    assert done == [Greet(1), Hold(1), Ring(1, "desk-1", False), Connect(1, "desk-1"), HANG_UP]
