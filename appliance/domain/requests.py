"""What the engine can be given: requests of people, and what drivers report.

Requests are imperative or name what a part of the box has done; facts are `drivers.api`'s.
"""

from __future__ import annotations

from appliance.domain.events import Channel, Disposition
from appliance.domain.routing import Role
from drivers.api import Caller, Cause, Down, HungUp, Location, Pressed, SmsReceived, Unattended, Up
from drivers.value import value


class Refused(Exception):
    """The request makes no sense in the present state. The text is shown to the person."""

    def __init__(self, indonesian: str, english: str) -> None:
        super().__init__(f"{indonesian} / {english}")


# --- calls --------------------------------------------------------------------------------------


@value
class Offer:
    """A line has been seized, or more is known of who seized it. `number` in E.164 or empty."""

    line: str
    leg: str
    caller: Caller
    number: str
    location: Location | None = None


@value
class Greeted:
    """The announcement is over, or could not be played."""

    call: int


@value
class Answer:
    """A call taker takes the call on the screen."""

    call: int
    desk: str


@value
class DeskAnswered:
    """The desk's phone was picked up for the call."""

    call: int
    desk: str


@value
class DeskHungUp:
    """The desk's phone is no longer in the call, or does not ring for it any more."""

    call: int
    desk: str
    cause: Cause


@value
class EndCall:
    call: int
    by: str


@value
class FileCall:
    call: int
    disposition: Disposition
    by: str


@value
class LocateCall:
    call: int
    location: Location


@value
class RecordingKept:
    call: int
    path: str
    sha256: str
    duration_ms: int
    part: int = 1
    parts: int = 1


@value
class RecordingLost:
    call: int
    why: str


@value
class CloseCallback:
    callback: int
    by: str


@value
class SignIn:
    desk: str
    taker: str


@value
class SignOut:
    desk: str


# --- incidents ----------------------------------------------------------------------------------


@value
class Verify:
    """The report is real. Opens the call's incident if there is none."""

    call: int
    by: str


@value
class VerifyIncident:
    """Verification after the fact, the call being over."""

    incident: int
    by: str


@value
class Classify:
    """`priority` 0: the kind's own. Given again, it corrects."""

    incident: int
    kind: str
    place: str
    narrative: str
    by: str
    priority: int = 0


@value
class LocateIncident:
    incident: int
    location: Location


@value
class Dispatch:
    """Alert these agencies at once; empty: those the routing table proposes."""

    incident: int
    agencies: tuple[tuple[str, Role], ...]
    by: str


@value
class DispatchAtOnce:
    """Priority 1: from the call to the agencies in one action; verification is recorded after."""

    call: int
    kind: str
    place: str
    narrative: str
    agencies: tuple[tuple[str, Role], ...]
    by: str


@value
class Receipt:
    """What an agency says about a dispatch.

    `status` is received, read, accepted, rejected, enroute, onscene or done (mqtt.md).
    """

    dispatch: int
    agency: str
    status: str
    by: str
    channel: Channel
    reason: str = ""


@value
class AlertTaken:
    """A channel took the alert over; `reached` False: nobody listens there."""

    dispatch: int
    channel: Channel
    reached: bool = True


@value
class CloseIncident:
    incident: int
    outcome: str
    by: str


@value
class CancelIncident:
    incident: int
    reason: str
    by: str


# --- the box ------------------------------------------------------------------------------------


@value
class AcknowledgeAlarms:
    """Somebody has heard and seen: the siren stops, fault lamps go steady (ISA-18.1)."""

    by: str


@value
class ReadSms:
    sms: int
    by: str


@value
class Booted:
    version: str


@value
class DeadlinePassed:
    """Some time that `deadline_ms` named has come."""


CallInput = (
    Offer
    | Greeted
    | Answer
    | DeskAnswered
    | DeskHungUp
    | EndCall
    | FileCall
    | LocateCall
    | RecordingKept
    | RecordingLost
    | CloseCallback
    | SignIn
    | SignOut
    | HungUp
    | Unattended
)
IncidentInput = (
    Verify
    | VerifyIncident
    | Classify
    | LocateIncident
    | Dispatch
    | DispatchAtOnce
    | Receipt
    | AlertTaken
    | CloseIncident
    | CancelIncident
)
BoxInput = AcknowledgeAlarms | ReadSms | Booted | Up | Down | Pressed | SmsReceived
Input = CallInput | IncidentInput | BoxInput | DeadlinePassed
