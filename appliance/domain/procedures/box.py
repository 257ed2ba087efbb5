"""What is done when a part of the box speaks up: devices, buttons, messages, the start itself."""

from __future__ import annotations

import re
from typing import assert_never

from appliance.domain.events import (
    BoxStarted,
    Channel,
    DispatchAcknowledged,
    EndReason,
    Event,
    IncidentSilenced,
    SmsKept,
    SmsRead,
    TroubleAcknowledged,
    TroubleCleared,
    TroubleRaised,
    TroubleReset,
)
from appliance.domain.procedures.calls import ended
from appliance.domain.requests import AcknowledgeAlarms, Booted, BoxInput, ReadSms, Refused
from appliance.domain.rules import Rules
from appliance.domain.world import Sms, World, after
from drivers.api import Down, Pressed, SmsReceived, Up

ACKNOWLEDGE_BUTTON = "acknowledge"


def decide(world: World, given: BoxInput, now_ms: int, rules: Rules) -> list[Event]:
    match given:
        case Booted(version):
            return [BoxStarted(version)]
        case Up(part):
            return _up(world, part)
        case Down(part, why):
            return _down(world, part, why, now_ms, rules)
        case Pressed(button):
            return _acknowledged(world, "panel") if button == ACKNOWLEDGE_BUTTON else []
        case AcknowledgeAlarms(by):
            return _acknowledged(world, by)
        case SmsReceived():
            return _sms(world, given, rules)
        case ReadSms(sms, by):
            if sms not in world.messages:
                raise Refused(f"pesan {sms} sudah dibaca", f"message {sms} has been read")
            return [SmsRead(sms, by)]
        case _:
            assert_never(given)


def _down(world: World, part: str, why: str, now_ms: int, rules: Rules) -> list[Event]:
    trouble = world.troubles.get(part)
    if trouble and trouble.active:
        return []
    events: list[Event] = []
    for call in world.calls.values():
        if part in rules.modems and call.line == part and call.in_progress:
            so_far = after(world, events, now_ms)
            events += ended(so_far, call, EndReason.LOST_SYSTEM, now_ms, rules)
    return [*events, TroubleRaised(part, why)]


def _up(world: World, part: str) -> list[Event]:
    trouble = world.troubles.get(part)
    if trouble is None or not trouble.active:
        return []
    over: list[Event] = [TroubleReset(part)] if trouble.acknowledged else []
    return [TroubleCleared(part), *over]


def _acknowledged(world: World, by: str) -> list[Event]:
    events: list[Event] = [
        IncidentSilenced(incident.id, by)
        for incident in world.incidents.values()
        if not incident.silenced and any(d.must_answer for d in incident.dispatches.values())
    ]
    for trouble in world.troubles.values():
        if not trouble.acknowledged:
            events.append(TroubleAcknowledged(trouble.part, by))
            if not trouble.active:
                events.append(TroubleReset(trouble.part))
    return events


def _same(given: SmsReceived, message: Sms) -> bool:
    known = (message.line, message.sender, message.text, message.sent_utc_ms)
    return known == (given.line, given.sender, given.text, given.sent_utc_ms)


_OK = re.compile(r"\s*(?:OK|YA)\s+(\d{1,12})\b", re.IGNORECASE)


def _sms(world: World, given: SmsReceived, rules: Rules) -> list[Event]:
    """An officer's "OK 123" takes dispatch 123; whatever else people write is kept and shown."""
    if any(_same(given, message) for message in world.messages.values()):
        return []  # the modem brings a message again that it had not deleted when we stopped
    id = world.seq + 1
    kept = SmsKept(id, given.line, given.sender, given.text, given.sent_utc_ms, given.damaged)
    answer = _OK.match(given.text)
    found = world.dispatch(int(answer[1])) if answer else None
    if found is None:
        return [kept]
    incident, dispatch = found
    agency = rules.agencies.get(dispatch.agency)
    if agency is None or given.sender not in agency.phones:
        return [kept]
    by = f"{agency.name} {given.sender}"
    read = SmsRead(id, by)
    if dispatch.state.taken:
        return [kept, read]
    return [kept, read, DispatchAcknowledged(dispatch.id, incident.id, Channel.SMS, by)]
