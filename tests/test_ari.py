"""What Asterisk tells, read: sound events become facts, and nothing whatever raises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.api import (
    Caller,
    Cause,
    DigitHeard,
    HungUp,
    LegState,
    PickedUp,
    Presentation,
    Ringing,
    SoundFinished,
)
from drivers.wire.ari import (
    EVENTS,
    Ignored,
    MediaOpened,
    Replaced,
    Unknown,
    cause_of,
    channel_of,
    leg_of,
    read_caller,
    read_event,
    read_legs,
    read_names,
)

BUDI = Caller("081234567890", Presentation.SHOWN)


def channel(leg: str, role: str = "", **more: object) -> dict[str, object]:
    """A channel as Asterisk 22 sends it, as far as we read it."""
    variables = {"SIAGA_ROLE": role, "SIAGA_LINE": "e1", "SIAGA_SHOWN": "allowed_not_screened"}
    return {
        "id": leg,
        "name": "PJSIP/e1-00000000",
        "state": "Up",
        "caller": {"name": "", "number": "081234567890"},
        "channelvars": variables,
        **more,
    }


def event(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, "application": "siaga", **fields})


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (event("StasisStart", args=["caller"], channel=channel("a.1", "caller")),
         Ringing("e1", "a.1", BUDI)),
        (event("StasisStart", channel=channel("a.1", "desk")), PickedUp("a.1")),
        (event("StasisStart", channel=channel("a.1", "media")), MediaOpened("a.1")),
        (event("ChannelDestroyed", cause=16, channel=channel("a.1", "caller")),
         HungUp("a.1", Cause.NORMAL)),
        (event("ChannelDestroyed", cause=17, channel=channel("a.1", "desk")),
         HungUp("a.1", Cause.BUSY)),
        (event("ChannelDestroyed", cause=16, channel=channel("a.1", "unattended")),
         Ignored("ChannelDestroyed")),
        (event("StasisEnd", channel=channel("a.1", "caller")), Ignored("StasisEnd")),
        (event("ChannelDtmfReceived", digit="5", channel=channel("a.1", "caller")),
         DigitHeard("a.1", "5")),
        (event("PlaybackFinished", playback={"target_uri": "channel:a.1"}), SoundFinished("a.1")),
        (event("ApplicationReplaced"), Replaced()),
        (event("SomethingOfAsterisk23"), Ignored("SomethingOfAsterisk23")),
    ],
)  # fmt: skip
def test_an_event_is_what_it_means(message: str, meaning: object) -> None:
    assert read_event(message) == meaning


@pytest.mark.parametrize(
    "message",
    [
        "",
        "not JSON",
        b"\xff\xfe\xfd",
        "[]",
        "null",
        "{}",
        '{"type": 7}',
        "[" * 100_000,
        event("StasisStart"),
        event("StasisStart", channel=7),
        event("StasisStart", channel={"id": 7}),
        event("StasisStart", channel=channel("a 1", "caller")),
        event("StasisStart", channel=channel("a.1", "stranger")),
        event("StasisStart", channel=channel("a.1", "caller", caller=None)),
        event("StasisStart", channel=channel("a.1", channelvars={"SIAGA_ROLE": 1})),
        event("ChannelDtmfReceived", digit="55", channel=channel("a.1")),
        event("PlaybackFinished", playback={"target_uri": "bridge:b.1"}),
    ],
)
def test_a_damaged_event_is_explained(message: str | bytes) -> None:
    meaning = read_event(message)
    assert isinstance(meaning, Unknown)
    assert meaning.why


def mostly(sound: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The table with any of its values replaced by anything JSON has."""
    return st.fixed_dictionaries({key: st.just(value) | ANYTHING for key, value in sound.items()})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(EVENTS),
    mostly(channel("a.1", "caller")),
    ANYTHING,
    st.dictionaries(st.sampled_from(["target_uri", "id"]), ANYTHING),
)
def test_no_event_raises(kind: str, of: dict[str, Any], any_: object, playback: object) -> None:
    read_event(event(kind, channel=of, cause=any_, digit=any_, playback=playback))
    read_event(event(kind, channel=any_, playback=any_))


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_noise_raises(noise: bytes | str) -> None:
    read_event(noise)


@given(ANYTHING, ANYTHING)
def test_no_answer_raises(channels: object, bridges: object) -> None:
    read_legs(channels, bridges)
    read_names(channels)


def test_legs_are_ours_alone_each_with_its_bridge() -> None:
    channels = [
        channel("a.1", "caller"),
        channel("a.2", "desk", state="Ringing", channelvars={"SIAGA_ROLE": "desk"}),
        channel("a.3", "unattended"),
        channel("a.4", "", channelvars={}),
    ]
    bridges = [{"id": "b.1", "channels": ["a.1", "a.3"]}]
    assert read_legs(channels, bridges) == [
        LegState("a.1", "e1", up=True, bridge="b.1", caller=BUDI),
        LegState("a.2", "", up=False),
    ]
    assert read_names(channels) == {"a.1", "a.2", "a.3", "a.4"}


def test_answers_that_are_none_are_explained() -> None:
    assert isinstance(read_legs(None, []), Unknown)
    assert isinstance(read_legs([], [{"id": "b.1"}]), Unknown)


@pytest.mark.parametrize("leg", ["desk-1", "5d4ddd47-1795466068.0"])
def test_no_name_we_give_begins_another(leg: str) -> None:
    assert leg_of(channel_of(leg)) == leg
    assert not channel_of("desk-10").startswith(channel_of("desk-1"))
    assert read_event(event("StasisStart", channel=channel("desk-1.", "desk"))) == PickedUp(
        "desk-1"
    )
    assert read_names([channel("desk-1.")]) == {"desk-1"}


@pytest.mark.parametrize(
    ("number", "shown", "caller"),
    [
        ("081234567890", "allowed_not_screened", BUDI),
        ("+6281234567890", "allowed", Caller("+6281234567890", Presentation.SHOWN)),
        ("081234567890", "prohib_passed_screen", Caller("", Presentation.WITHHELD)),
        ("Anonymous", "allowed", Caller("", Presentation.WITHHELD)),
        ("", "allowed_not_screened", Caller("", Presentation.UNAVAILABLE)),
        ("081234567890", "unavailable", Caller("", Presentation.UNAVAILABLE)),
        ("'; DROP TABLE", "allowed", Caller("", Presentation.UNAVAILABLE)),
        ("0\udce9", "allowed", Caller("", Presentation.UNAVAILABLE)),
    ],
)
def test_a_number_is_shown_only_when_the_network_shows_it(
    number: str, shown: str, caller: Caller
) -> None:
    assert read_caller(number, shown) == caller


@pytest.mark.parametrize(
    ("q850", "cause"),
    [(16, Cause.NORMAL), (17, Cause.BUSY), (19, Cause.UNANSWERED), (20, Cause.REFUSED),
     (38, Cause.NETWORK), (999, Cause.NETWORK), ("16", Cause.NETWORK), (None, Cause.NETWORK)],
)  # fmt: skip
def test_a_cause_without_a_word_of_ours_is_the_networks(q850: object, cause: Cause) -> None:
    assert cause_of(q850) is cause
