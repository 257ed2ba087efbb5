"""Everything that can happen to a call, an incident, a desk or a device.

An event is a decision already taken. It is written once and never changed; a field is only ever
added, with a default, and a name is never reused. The journal keeps these rows for good, so the
names here are a file format. A thing is named by the `seq` of the entry that began it.
"""

from __future__ import annotations

from enum import StrEnum

from appliance.domain.routing import Role
from drivers.api import Caller, Location
from drivers.value import value


class EndReason(StrEnum):
    """Why a call is over; exactly one (domain.md, Call)."""

    COMPLETED_CALLER = "completed_caller"
    COMPLETED_TAKER = "completed_taker"
    TRANSFERRED = "transferred"
    ABANDONED_ANNOUNCE = "abandoned_announce"
    ABANDONED_QUEUE = "abandoned_queue"
    ABANDONED_RING = "abandoned_ring"
    SCREENED_SILENT = "screened_silent"
    REJECTED_FULL = "rejected_full"
    LOST_SYSTEM = "lost_system"
    LOST_NETWORK = "lost_network"


ANSWERED = frozenset({EndReason.COMPLETED_CALLER, EndReason.COMPLETED_TAKER, EndReason.TRANSFERRED})


class Disposition(StrEnum):
    """What the call was about, in the call taker's judgement."""

    EMERGENCY = "emergency"
    SERVICE = "service"
    INFORMATION = "information"
    NONEMERGENCY = "nonemergency"
    PRANK = "prank"
    GHOST = "ghost"
    MISDIAL = "misdial"
    WRONG_AREA = "wrong_area"


class Channel(StrEnum):
    """The way an order goes out or an answer comes in."""

    MQTT = "mqtt"
    SMS = "sms"
    VOICE = "voice"
    CONSOLE = "console"


class DispatchState(StrEnum):
    """How far a dispatch has come. Declared in order; it never goes back."""

    PENDING = "pending"
    SENT = "sent"  # the broker has it
    DELIVERED = "delivered"  # the agency's client has it
    ACKNOWLEDGED = "acknowledged"  # a person has it
    REFUSED = "refused"
    ENROUTE = "enroute"
    ONSCENE = "onscene"
    CLEARED = "cleared"

    @property
    def rank(self) -> int:
        return list(DispatchState).index(self)

    @property
    def taken(self) -> bool:
        """A person at the agency has said yes or no: nobody need be alarmed for it any more."""
        return self.rank >= DispatchState.ACKNOWLEDGED.rank


# --- calls --------------------------------------------------------------------------------------


@value
class CallOffered:
    """T0. `number` is the caller's in E.164, empty when there is none to call back."""

    call: int
    line: str
    leg: str
    caller: Caller
    number: str
    location: Location | None = None
    unattended: bool = False  # the exchange had it alone; written down after the fact
    began_utc_ms: int | None = None  # when, if not now


@value
class CallIdentified:
    """The network named the caller after the line was seized."""

    call: int
    caller: Caller
    number: str


@value
class CallLocated:
    call: int
    location: Location


@value
class CallQueued:
    """T1: the announcement is over, or the desk that had the call lost its phone."""

    call: int


@value
class CallRinging:
    """T2: these desks ring too."""

    call: int
    desks: tuple[str, ...]


@value
class CallClaimed:
    """A call taker took it on the screen; only that desk's phone rings, and answers by itself."""

    call: int
    desk: str
    taker: str


@value
class DeskReleased:
    """`desk` no longer rings for `call`."""

    call: int
    desk: str
    why: str


@value
class CallAnswered:
    """T3: caller and call taker hear each other."""

    call: int
    desk: str
    taker: str


@value
class CallEnded:
    """Te. `ended_utc_ms` only when it is not now."""

    call: int
    reason: EndReason
    ended_utc_ms: int | None = None


@value
class CallFiled:
    """Tw: the call taker is done with it; `disposition` None when the time for it ran out."""

    call: int
    disposition: Disposition | None
    by: str


@value
class RecordingDue:
    """The call is over; what was recorded of `leg` must become a file."""

    call: int
    leg: str


@value
class RecordingStored:
    """`part` of `parts`; a modem's call has a new part after each restart of the exchange."""

    call: int
    path: str
    sha256: str
    duration_ms: int
    part: int = 1
    parts: int = 1


@value
class RecordingFailed:
    """NENA i3 RecordingFailed: there is no recording, or it cannot be read."""

    call: int
    why: str


@value
class CallbackOpened:
    """Somebody who was not helped is to be called back."""

    callback: int
    call: int
    number: str
    reason: EndReason


@value
class CallbackClosed:
    """`call` is the later call of the same number that closed it, None when a person did."""

    callback: int
    by: str
    call: int | None = None


# --- desks --------------------------------------------------------------------------------------


@value
class DeskOpened:
    desk: str
    taker: str


@value
class DeskClosed:
    desk: str


# --- incidents and their dispatches -------------------------------------------------------------


@value
class IncidentOpened:
    incident: int
    call: int
    line: str
    number: str
    location: Location | None


@value
class IncidentVerified:
    """T4."""

    incident: int
    by: str


@value
class IncidentClassified:
    """T5. The kind's words are copied, so that a later table does not rewrite history."""

    incident: int
    kind: str
    name: str
    priority: int
    cap: str
    place: str
    narrative: str
    by: str
    routing: str  # version of the table that named the kind


@value
class IncidentLocated:
    incident: int
    location: Location


@value
class IncidentSilenced:
    """The siren has been heard; silencing is not acknowledging (ISA-18.1)."""

    incident: int
    by: str


@value
class IncidentClosed:
    """T12. Ends the incident with whatever its dispatches had come to."""

    incident: int
    by: str
    outcome: str


@value
class IncidentCancelled:
    incident: int
    by: str
    reason: str


@value
class DispatchRaised:
    """T6. One per incident and agency."""

    dispatch: int
    incident: int
    agency: str
    role: Role
    by: str


@value
class DispatchSent:
    """`channel` took it over; nobody has read it yet."""

    dispatch: int
    incident: int
    channel: Channel


@value
class DispatchUnreached:
    """`channel` did not get it to anybody; `why` is for people."""

    dispatch: int
    incident: int
    channel: Channel
    why: str


@value
class DispatchDelivered:
    """T7: the agency's client has it on its screen."""

    dispatch: int
    incident: int
    channel: Channel


@value
class DispatchAcknowledged:
    """T8: `by` is a person."""

    dispatch: int
    incident: int
    channel: Channel
    by: str


@value
class DispatchRefused:
    dispatch: int
    incident: int
    channel: Channel
    by: str
    reason: str


@value
class DispatchAdvanced:
    """T9, T10: on the way, on scene, cleared."""

    dispatch: int
    incident: int
    state: DispatchState
    by: str


@value
class DispatchEscalated:
    """The rung before brought no answer in time. `to` is a phone number on the SMS rung."""

    dispatch: int
    incident: int
    rung: int
    channel: Channel
    to: str


# --- messages and devices -----------------------------------------------------------------------


@value
class SmsKept:
    """Somebody wrote to 112. Open until a person has read it."""

    sms: int
    line: str
    sender: str
    text: str
    sent_utc_ms: int
    damaged: bool


@value
class SmsRead:
    sms: int
    by: str


@value
class TroubleRaised:
    """`part` of the box does not work."""

    part: str
    why: str


@value
class TroubleAcknowledged:
    part: str
    by: str


@value
class TroubleCleared:
    """`part` works again; its lamp stays until somebody has seen that it did not (lock-in)."""

    part: str


@value
class TroubleReset:
    """Gone and seen: over."""

    part: str


@value
class BoxStarted:
    version: str


CallEvent = (
    CallOffered
    | CallIdentified
    | CallLocated
    | CallQueued
    | CallRinging
    | CallClaimed
    | DeskReleased
    | CallAnswered
    | CallEnded
    | CallFiled
)
RecordingEvent = RecordingDue | RecordingStored | RecordingFailed
CallbackEvent = CallbackOpened | CallbackClosed
DeskEvent = DeskOpened | DeskClosed
DispatchEvent = (
    DispatchRaised
    | DispatchSent
    | DispatchUnreached
    | DispatchDelivered
    | DispatchAcknowledged
    | DispatchRefused
    | DispatchAdvanced
    | DispatchEscalated
)
IncidentEvent = (
    IncidentOpened
    | IncidentVerified
    | IncidentClassified
    | IncidentLocated
    | IncidentSilenced
    | IncidentClosed
    | IncidentCancelled
    | DispatchEvent
)
SmsEvent = SmsKept | SmsRead
TroubleEvent = TroubleRaised | TroubleAcknowledged | TroubleCleared | TroubleReset
Event = (
    CallEvent
    | RecordingEvent
    | CallbackEvent
    | DeskEvent
    | IncidentEvent
    | SmsEvent
    | TroubleEvent
    | BoxStarted
)


@value
class Entry:
    """An event as the journal knows it.

    `at_ms` is CLOCK_BOOTTIME of this boot, 0 for an entry of an earlier boot: what waited then
    waits anew. `utc_ms` is the wall clock, which may step; it is for people only.
    """

    seq: int
    at_ms: int
    utc_ms: int
    event: Event


def stream(event: Event) -> str:
    """The thing the event is about. Restart reads the streams that are still open."""
    match event:
        case RecordingDue() | RecordingStored() | RecordingFailed():
            return f"recording/{event.call}"
        case CallbackOpened() | CallbackClosed():
            return f"callback/{event.callback}"
        case DeskOpened() | DeskClosed():
            return f"desk/{event.desk}"
        case SmsKept() | SmsRead():
            return f"sms/{event.sms}"
        case TroubleRaised() | TroubleAcknowledged() | TroubleCleared() | TroubleReset():
            return f"trouble/{event.part}"
        case BoxStarted():
            return "box"
        case _ if isinstance(event, CallEvent):
            return f"call/{event.call}"
        case _:
            return f"incident/{event.incident}"


_CLOSING = (
    CallFiled
    | RecordingFailed
    | CallbackClosed
    | DeskClosed
    | IncidentClosed
    | IncidentCancelled
    | SmsRead
    | TroubleReset
    | BoxStarted
)


def closes(event: Event) -> bool:
    """Whether nothing of the event's stream is open after it."""
    if isinstance(event, CallEnded):
        return event.reason not in ANSWERED  # an answered call waits to be filed
    if isinstance(event, RecordingStored):
        return event.part == event.parts
    return isinstance(event, _CLOSING)
