"""What a call taker does on the screen, turned into requests.

A form comes from a browser: hostile until checked. Who acts is who sits at the desk, as the world
has it, never a name that a form brings along.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.domain.events import Disposition
from appliance.domain.requests import (
    AcknowledgeAlarms,
    Answer,
    CancelIncident,
    Classify,
    CloseCallback,
    CloseIncident,
    Dispatch,
    DispatchAtOnce,
    EndCall,
    FileCall,
    Input,
    ReadSms,
    Refused,
    SignIn,
    SignOut,
    Verify,
    VerifyIncident,
)
from appliance.domain.routing import Role
from appliance.domain.world import World

FORM_BYTES_MAX = 16_384
LINE_MAX = 200  # characters of a name or a place
TEXT_MAX = 2_000  # characters of a narrative; agencies read it on a telephone
AGENCIES_MAX = 100


class Malformed(Exception):
    """No page of ours sends such a form."""

    def __init__(self, what: str) -> None:
        super().__init__(f"isian rusak: {what} / malformed form: {what}")


@dataclass(frozen=True, slots=True)
class Form:
    fields: Mapping[str, object]

    @classmethod
    def read(cls, body: bytes) -> Form:
        """Raises Malformed."""
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Malformed("JSON") from error
        if not isinstance(fields, dict):
            raise Malformed("JSON")
        return cls(fields)

    def text(self, name: str, most: int = LINE_MAX) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise Malformed(name)
        if not all(letter.isprintable() or letter in "\n\t" for letter in value):
            raise Malformed(name)  # control characters, and halves of surrogate pairs
        if len(value) > most:
            raise Refused(
                f"terlalu panjang: paling banyak {most} huruf", f"too long: at most {most} letters"
            )
        return value.strip()

    def written(self, name: str, indonesian: str, english: str) -> str:
        """A text that a person must have written; Refused with these words otherwise."""
        if not (value := self.text(name)):
            raise Refused(indonesian, english)
        return value

    def number(self, name: str) -> int:
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
            raise Malformed(name)
        return value

    def disposition(self) -> Disposition:
        try:
            return Disposition(self.text("disposition"))
        except ValueError as error:
            raise Malformed("disposition") from error

    def agencies(self) -> tuple[tuple[str, Role], ...]:
        """At least one: an empty choice must never become the whole proposal."""
        chosen = self.fields.get("agencies")
        if not isinstance(chosen, dict) or len(chosen) > AGENCIES_MAX:
            raise Malformed("agencies")
        if not chosen:
            raise Refused("pilih sedikitnya satu instansi", "choose at least one agency")
        try:
            return tuple((Form({"id": a}).text("id"), Role(role)) for a, role in chosen.items())
        except ValueError as error:
            raise Malformed("agencies") from error


def request(action: str, form: Form, world: World) -> Input:
    """What `action` asks of the engine. Raises KeyError for no such action, Malformed, Refused."""
    ask = _ACTIONS[action]
    desk = form.text("desk")
    if ask is _sign_in:
        return _sign_in(form, desk, "")
    by = world.desks.get(desk)
    if by is None:
        raise Refused("masuk dahulu di meja ini", "sign in at this desk first")
    return ask(form, desk, by)


def _sign_in(form: Form, desk: str, by: str) -> Input:
    taker = form.written("taker", "tulis nama petugas", "write the call taker's name")
    return SignIn(desk, taker)


def _verify(form: Form, desk: str, by: str) -> Input:
    if "incident" in form.fields:
        return VerifyIncident(form.number("incident"), by)
    return Verify(form.number("call"), by)


def _classify(form: Form, desk: str, by: str) -> Input:
    return Classify(
        form.number("incident"),
        form.text("kind"),
        form.text("place"),
        form.text("narrative", TEXT_MAX),
        by,
        form.number("priority"),
    )


def _dispatch_at_once(form: Form, desk: str, by: str) -> Input:
    return DispatchAtOnce(
        form.number("call"),
        form.text("kind"),
        form.text("place"),
        form.text("narrative", TEXT_MAX),
        form.agencies(),
        by,
    )


def _close(form: Form, desk: str, by: str) -> Input:
    outcome = form.written("text", "tulis hasil penanganan", "write the outcome")
    return CloseIncident(form.number("incident"), outcome, by)


def _cancel(form: Form, desk: str, by: str) -> Input:
    reason = form.written("text", "tulis alasan pembatalan", "write the reason")
    return CancelIncident(form.number("incident"), reason, by)


_ACTIONS: Mapping[str, Callable[[Form, str, str], Input]] = {
    "sign-in": _sign_in,
    "sign-out": lambda form, desk, by: SignOut(desk),
    "answer": lambda form, desk, by: Answer(form.number("call"), desk),
    "end-call": lambda form, desk, by: EndCall(form.number("call"), by),
    "file-call": lambda form, desk, by: FileCall(form.number("call"), form.disposition(), by),
    "verify": _verify,
    "classify": _classify,
    "dispatch": lambda form, desk, by: Dispatch(form.number("incident"), form.agencies(), by),
    "dispatch-at-once": _dispatch_at_once,
    "close-incident": _close,
    "cancel-incident": _cancel,
    "close-callback": lambda form, desk, by: CloseCallback(form.number("callback"), by),
    "read-sms": lambda form, desk, by: ReadSms(form.number("sms"), by),
    "acknowledge-alarms": lambda form, desk, by: AcknowledgeAlarms(by),
}
ACTIONS = tuple(_ACTIONS)
