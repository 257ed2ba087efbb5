"""What Asterisk tells through ARI: JSON text in, facts and leg states out.

Sans-IO and tolerant: whatever comes, `read_event` returns something and raises nothing. Which legs
are ours is told by the channel variables that the dialplan and the driver set, and that ari.conf
adds to every channel (`channelvars`): SIAGA_ROLE, SIAGA_LINE, SIAGA_SHOWN.

The websocket is to be opened with subscribeAll=true. Then every channel ends with
`ChannelDestroyed`, which has the cause, whether it ever entered the application or not and
whichever client saw it begin; `StasisEnd` says nothing more and is left aside.

Asterisk 22 REST Data Models (events.json, channels.json, bridges.json); ITU-T Q.850 table 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

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
from drivers.value import value

CALLER, MEDIA, DESK = "caller", "media", "desk"  # SIAGA_ROLE of our legs
ROLES = frozenset({CALLER, MEDIA, DESK})

_NAME = re.compile(r"[!-~]{1,150}")  # of channels and bridges; ours and Asterisk's are shorter
_NUMBER = re.compile(r"[+*#0-9A-Da-d]{1,32}")
_DIGIT = re.compile(r"[0-9A-D*#]")

# Values of Q.850; 0 and 127 are Asterisk's for a caller's CANCEL, 26 for another phone's answer.
_CAUSES = {
    **dict.fromkeys((0, 16, 26, 31, 127), Cause.NORMAL),
    17: Cause.BUSY,
    **dict.fromkeys((18, 19, 102), Cause.UNANSWERED),
    **dict.fromkeys(
        (1, 2, 3, 20, 21, 22, 23, 27, 28, 29, 50, 55, 57, 58, 63, 65, 79, 88), Cause.REFUSED
    ),
}


@value
class MediaOpened:
    """A modem's leg is in the application and can be joined to others."""

    leg: str


@value
class Replaced:
    """Another client has taken the application over: this websocket hears nothing more."""


@value
class Ignored:
    """A sound event that is no business of ours."""

    type: str


@value
class Unknown:
    """What came is not understood; `why` is for the log."""

    why: str


Event = (
    Ringing
    | PickedUp
    | SoundFinished
    | DigitHeard
    | HungUp
    | MediaOpened
    | Replaced
    | Ignored
    | Unknown
)


class _Odd(Exception):
    """A field is not what Asterisk's data model says."""


def channel_of(leg: str) -> str:
    """Return what Asterisk is to call `leg`.

    Asterisk's own names have a dot inside (START-SECONDS.COUNT). The names we give get one at the
    end, because Asterisk takes no name that another one begins with: beside desk-10 there could be
    no desk-1 (22.10, 409 "already exists").
    """
    return leg if "." in leg else f"{leg}."


def leg_of(channel: str) -> str:
    return channel.removesuffix(".")


def read_event(text: str | bytes) -> Event:
    """Read one message of the websocket."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Unknown(f"not JSON: {error}")
    if not isinstance(message, dict) or not isinstance(kind := message.get("type"), str):
        return Unknown("not an event: it has no type")
    if (read := _READERS.get(kind)) is None:
        return Ignored(kind[:64])
    try:
        return read(message)
    except _Odd as odd:
        return Unknown(f"{kind}: {odd}")


def read_legs(channels: object, bridges: object) -> list[LegState] | Unknown:
    """Read the answers to GET /channels and GET /bridges: our legs, each with its bridge."""
    try:
        inside = {leg: _name(bridge, "id") for bridge in _rows(bridges) for leg in _members(bridge)}
        return [
            _leg_state(channel, inside) for channel in _rows(channels) if _role(channel) in ROLES
        ]
    except _Odd as odd:
        return Unknown(f"channels or bridges: {odd}")


def read_names(channels: object) -> set[str] | Unknown:
    """Read the answer to GET /channels: the leg of every channel, ours or not."""
    try:
        return {_leg(channel) for channel in _rows(channels)}
    except _Odd as odd:
        return Unknown(f"channels: {odd}")


def cause_of(q850: object) -> Cause:
    """Return why a leg ended; what we have no word for, the network did."""
    return _CAUSES.get(q850, Cause.NETWORK) if isinstance(q850, int) else Cause.NETWORK


def read_caller(number: str, shown: str) -> Caller:
    """Return the caller of CALLERID(num) and CALLERID(num-pres), as far as they may be shown."""
    if shown.startswith("prohib") or number.lower() == "anonymous":  # RFC 3323 4.1.1.3
        return Caller("", Presentation.WITHHELD)
    if shown == "unavailable" or not _NUMBER.fullmatch(number):
        return Caller("", Presentation.UNAVAILABLE)
    return Caller(number, Presentation.SHOWN)


def _stasis_start(message: Mapping[str, object]) -> Event:
    channel = _table(message, "channel")
    leg = _leg(channel)
    match _role(channel):
        case "caller":
            return Ringing(_variable(channel, "SIAGA_LINE"), leg, _caller(channel))
        case "media":
            return MediaOpened(leg)
        case "desk":
            return PickedUp(leg)
        case role:
            raise _Odd(f"{leg} entered with the role {role!r}")


def _channel_destroyed(message: Mapping[str, object]) -> Event:
    channel = _table(message, "channel")
    if _role(channel) not in ROLES:  # a call of the fallback, or one of its phones
        return Ignored("ChannelDestroyed")
    return HungUp(_leg(channel), cause_of(message.get("cause")))


def _digit(message: Mapping[str, object]) -> Event:
    digit = _text(message, "digit")
    if not _DIGIT.fullmatch(digit):
        raise _Odd("the digit is none")
    return DigitHeard(_leg(_table(message, "channel")), digit)


def _playback_finished(message: Mapping[str, object]) -> Event:
    target = _text(_table(message, "playback"), "target_uri")
    kind, _, leg = target.partition(":")
    if kind != "channel" or not _NAME.fullmatch(leg):
        raise _Odd("the playback is on no channel")
    return SoundFinished(leg_of(leg))


_READERS: dict[str, Callable[[Mapping[str, object]], Event]] = {
    "StasisStart": _stasis_start,
    "ChannelDestroyed": _channel_destroyed,
    "ChannelDtmfReceived": _digit,
    "PlaybackFinished": _playback_finished,
    "ApplicationReplaced": lambda _: Replaced(),
}
EVENTS = tuple(_READERS)


def _leg_state(channel: Mapping[str, object], inside: Mapping[str, str]) -> LegState:
    leg = _leg(channel)
    return LegState(
        leg=leg,
        line=_variable(channel, "SIAGA_LINE"),
        up=_text(channel, "state") == "Up",
        bridge=inside.get(leg, ""),
        caller=_caller(channel) if _role(channel) == CALLER else Caller(),
    )


def _caller(channel: Mapping[str, object]) -> Caller:
    number = _text(_table(channel, "caller"), "number")
    return read_caller(number, _variable(channel, "SIAGA_SHOWN"))


def _role(channel: Mapping[str, object]) -> str:
    return _variable(channel, "SIAGA_ROLE")


def _variable(channel: Mapping[str, object], name: str) -> str:
    """Return a channel variable, "" when it is unset or ari.conf does not add it."""
    variables = channel.get("channelvars", {})
    value = variables.get(name, "") if isinstance(variables, dict) else ""
    if not isinstance(value, str) or not value.isascii():
        raise _Odd(f"{name} is not plain text")
    return value


def _members(bridge: Mapping[str, object]) -> list[str]:
    members = bridge.get("channels")
    if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
        raise _Odd("channels of a bridge is not a list of names")
    return [leg_of(member) for member in members]


def _rows(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise _Odd("not a list of tables")
    return value


def _table(message: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = message.get(key)
    if not isinstance(value, dict):
        raise _Odd(f"{key} is not a table")
    return value


def _text(message: Mapping[str, object], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str):
        raise _Odd(f"{key} is not text")
    return value


def _leg(channel: Mapping[str, object]) -> str:
    return leg_of(_name(channel, "id"))


def _name(message: Mapping[str, object], key: str) -> str:
    value = _text(message, key)
    if not _NAME.fullmatch(value):
        raise _Odd(f"{key} is not a name")
    return value
