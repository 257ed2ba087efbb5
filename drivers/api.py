"""What a driver tells the appliance and what the appliance may ask of it.

Facts are things that happened in the world; a driver never decides what they mean. A *leg* is one
party's connection to the box (a caller on a trunk, a desk's phone, a modem's call). Its name is
unique for as long as the journal lives and survives a restart of the daemon.

This module imports the standard library only and does no I/O.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Protocol

from drivers.value import value


class DriverError(Exception):
    """The device refused or did not answer; retrying may help. The text names the device."""


class LegGone(DriverError):
    """The leg of a command is no longer there; a `HungUp` for it has come or will come."""


# --- callers and places -------------------------------------------------------------------------


class Presentation(StrEnum):
    """Whether the network showed the caller's number (3GPP TS 27.007 7.6, `CLI validity`)."""

    SHOWN = "shown"
    WITHHELD = "withheld"  # by the caller
    UNAVAILABLE = "unavailable"  # the network could not give it


@value
class Caller:
    """`number` is what the network gave, as it gave it; empty unless it was shown."""

    number: str = ""
    presentation: Presentation = Presentation.UNAVAILABLE


class LocationSource(StrEnum):
    AML = "aml"  # location SMS of the handset, ETSI TS 103 625
    SIP = "sip"  # Geolocation in the INVITE, RFC 6442
    CALLER = "caller"  # what the caller said, typed by the call taker
    OPERATOR = "operator"
    CELL = "cell"


@value
class Location:
    """Where somebody is, never without its uncertainty.

    `lat` and `lon` in degrees WGS 84; `radius_m` in metres, 0 when the source gave none.
    """

    lat: float
    lon: float
    radius_m: int
    source: LocationSource
    utc_ms: int  # when it was measured


# --- facts --------------------------------------------------------------------------------------


class Cause(StrEnum):
    """Why a leg ended."""

    NORMAL = "normal"  # somebody hung up
    BUSY = "busy"
    UNANSWERED = "unanswered"
    REFUSED = "refused"  # declined, not registered, no such endpoint
    NETWORK = "network"  # the network broke the call
    LOST = "lost"  # the device that carried it restarted or went away


@value
class Ringing:
    """A caller has seized `line`. Said again for the same leg when more is known of the caller."""

    line: str
    leg: str
    caller: Caller
    location: Location | None = None


@value
class PickedUp:
    """The party we dialled has answered."""

    leg: str


@value
class SoundFinished:
    """The announcement begun by `play` on `leg` is over."""

    leg: str


@value
class DigitHeard:
    leg: str
    digit: str


@value
class HungUp:
    """`leg` is gone."""

    leg: str
    cause: Cause


@value
class Unattended:
    """A trunk call that began and ended while the daemon was away; the fallback had it.

    `desk` is the desk whose phone took it, empty when nobody did.
    """

    line: str
    leg: str
    caller: Caller
    began_utc_ms: int
    ended_utc_ms: int
    desk: str


@value
class SmsReceived:
    """A whole message. `sender` is E.164 or a name; `sent_utc_ms` is the service centre's stamp."""

    line: str
    sender: str
    text: str
    sent_utc_ms: int
    damaged: bool = False


@value
class Down:
    """`part` (a line, the exchange, the broker, the panel) does not work; `why` is for people."""

    part: str
    why: str


@value
class Up:
    """`part` works."""

    part: str


@value
class Pressed:
    """A button of the panel was pressed: one fact a press, however much its contact bounced."""

    button: str


@value
class MessageReceived:
    """An MQTT message on a subscribed topic, not interpreted."""

    topic: str
    payload: bytes
    retained: bool = False


VoiceFact = Ringing | HungUp | SmsReceived | Up | Down
ExchangeFact = Ringing | PickedUp | SoundFinished | DigitHeard | HungUp | Unattended | Up | Down
PanelFact = Pressed | Up | Down
BrokerFact = MessageReceived | Up | Down


# --- devices ------------------------------------------------------------------------------------


class VoiceLine(Protocol):
    """A modem: one call at a time. `facts` may be read once."""

    name: str
    media_port: int  # loopback UDP port that takes the exchange's RTP (L16 8 kHz); 0: no audio path

    def facts(self) -> AsyncIterator[VoiceFact]: ...

    async def answer(self, leg: str) -> None:
        """Take the ringing call; nothing happens when it is taken already. LegGone, DriverError."""
        ...

    async def hang_up(self, leg: str) -> None:
        """End the call; no error when it is gone already. Raises DriverError."""
        ...

    async def start_audio(self, leg: str, peer: tuple[str, int]) -> None:
        """Begin to pass sound between the modem and the RTP address `peer`. Raises DriverError."""
        ...

    async def send_sms(self, to: str, text: str) -> None:
        """Return once the network has taken the whole message over. Raises DriverError."""
        ...


@value
class LegState:
    """A leg as the exchange has it: `bridge` is the bridge it is in, empty when in none."""

    leg: str
    line: str  # of a caller's leg: its trunk or modem; empty for a desk's phone
    up: bool  # answered
    bridge: str = ""
    caller: Caller = Caller()


class Exchange(Protocol):
    """The telephone exchange (Asterisk): trunks, phones, bridges, sound. `facts` may be read once.

    `Up(name)` means connected and subscribed: `legs()` then tells what is there. Every command
    raises LegGone when its leg has gone and DriverError when the exchange does not answer.
    """

    name: str

    def facts(self) -> AsyncIterator[ExchangeFact]: ...

    async def legs(self) -> Sequence[LegState]: ...

    async def answer(self, leg: str) -> None: ...

    async def play(self, leg: str, sound: str) -> None:
        """Play the announcement `sound` ("greeting"); `SoundFinished` follows."""
        ...

    async def hold(self, leg: str) -> None:
        """Let `leg` hear hold music until it is joined to another."""
        ...

    async def dial(
        self, leg: str, endpoint: str, caller: Caller, timeout_s: int, at_once: bool
    ) -> None:
        """Ring `endpoint` as the new `leg`. `at_once` asks the phone to answer by itself."""
        ...

    async def join(self, bridge: str, legs: Sequence[str]) -> None:
        """Let `legs` hear each other. Making a bridge or joining a leg twice does no harm."""
        ...

    async def dissolve(self, bridge: str) -> None: ...

    async def open_media(self, leg: str, line: str, port: int) -> tuple[str, int]:
        """Make a recorded leg out of RTP (L16, 8 kHz) on loopback UDP `port`: a modem's caller.

        Returns the address that takes the modem's sound.
        """
        ...

    async def hang_up(self, leg: str) -> None:
        """End the leg; no error when it is gone already."""
        ...


class Signal(StrEnum):
    """What one output shows (IEC 60073 flash rates: fast 2 Hz, slow 0.5 Hz, 50 % duty)."""

    OFF = "off"
    STEADY = "steady"
    FAST = "fast"
    SLOW = "slow"


class Panel(Protocol):
    """Lamps, siren and buttons. `facts` may be read once."""

    name: str

    def facts(self) -> AsyncIterator[PanelFact]: ...

    async def show(self, output: str, signal: Signal) -> None:
        """Make `output` show `signal`; idempotent. Raises DriverError if it did not take.

        An output with a `max_on` goes off by itself when that has passed, whatever was asked.
        """
        ...


@value
class Message:
    """An MQTT 5 message, QoS 1. `expiry_s` 0: never."""

    topic: str
    payload: bytes
    content_type: str = "application/cloudevents+json"
    expiry_s: int = 0
    retain: bool = False
    response_topic: str = ""
    correlation: bytes = b""


class Broker(Protocol):
    """The MQTT broker. `facts` may be read once."""

    name: str

    def facts(self) -> AsyncIterator[BrokerFact]: ...

    async def publish(self, message: Message) -> bool:
        """Return once the broker has taken `message` over (PUBACK).

        False: taken over, but nobody is subscribed (reason 0x10). Raises DriverError when
        the broker is away, refuses or keeps silent; whether it has the message is then unknown.
        """
        ...
