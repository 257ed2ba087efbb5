"""An incident and its dispatches, one per agency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import assert_never

from appliance.domain.events import (
    Channel,
    DispatchAcknowledged,
    DispatchAdvanced,
    DispatchDelivered,
    DispatchEscalated,
    DispatchEvent,
    DispatchRaised,
    DispatchRefused,
    DispatchSent,
    DispatchState,
    DispatchUnreached,
    Entry,
    IncidentCancelled,
    IncidentClassified,
    IncidentClosed,
    IncidentEvent,
    IncidentLocated,
    IncidentOpened,
    IncidentSilenced,
    IncidentVerified,
)
from appliance.domain.mappings import drop, put
from appliance.domain.routing import Role
from drivers.api import Location
from drivers.value import value


class IncidentState(StrEnum):
    NEW = "new"
    VERIFIED = "verified"
    CLASSIFIED = "classified"
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    ENROUTE = "enroute"
    ONSCENE = "onscene"
    RESOLVED = "resolved"


@value
class Dispatch:
    id: int
    agency: str
    role: Role
    raised_at_ms: int
    raised_utc_ms: int
    state: DispatchState = DispatchState.PENDING
    channel: Channel | None = None  # of the last answer
    by: str = ""
    reason: str = ""  # of a refusal, or why a channel reached nobody
    rung: int = 0

    @property
    def acts(self) -> bool:
        """Whether the agency does something there, rather than know of it or decline."""
        return self.role is not Role.INFORMATIONAL and self.state is not DispatchState.REFUSED

    @property
    def must_answer(self) -> bool:
        """Whether a person there must say yes or no; who is only informed need not."""
        return self.role is not Role.INFORMATIONAL and not self.state.taken


@value
class Incident:
    id: int
    call: int
    line: str
    number: str
    location: Location | None
    opened_at_ms: int
    opened_utc_ms: int
    verified_by: str = ""
    kind: str = ""
    name: str = ""
    priority: int = 0
    cap: str = ""
    place: str = ""
    narrative: str = ""
    silenced: bool = False
    dispatches: Mapping[int, Dispatch] = field(default_factory=dict)

    @property
    def state(self) -> IncidentState:
        reached = {d.state for d in self.dispatches.values()}
        for state, evidence in _EVIDENCE:
            if reached & evidence:
                return state
        if self.dispatches:
            acting = {d.state for d in self.dispatches.values() if d.acts}
            return (
                IncidentState.RESOLVED
                if acting == {DispatchState.CLEARED}
                else IncidentState.DISPATCHED
            )
        if self.kind:
            return IncidentState.CLASSIFIED
        return IncidentState.VERIFIED if self.verified_by else IncidentState.NEW


# The furthest dispatch tells how far the incident is.
_EVIDENCE = (
    (IncidentState.ONSCENE, {DispatchState.ONSCENE}),
    (IncidentState.ENROUTE, {DispatchState.ENROUTE}),
    (IncidentState.ACKNOWLEDGED, {DispatchState.ACKNOWLEDGED}),
)

Incidents = Mapping[int, Incident]


def evolve(incidents: Incidents, entry: Entry, event: IncidentEvent) -> Incidents:
    match event:
        case IncidentOpened(id, call, line, number, location):
            incident = Incident(id, call, line, number, location, entry.at_ms, entry.utc_ms)
            return put(incidents, id, incident)
        case IncidentClosed(id) | IncidentCancelled(id):
            return drop(incidents, id)
        case _:
            incident = incidents[event.incident]
            return put(incidents, event.incident, _changed(incident, entry, event))


def _changed(incident: Incident, entry: Entry, event: IncidentEvent) -> Incident:
    match event:
        case IncidentVerified(_, by):
            return replace(incident, verified_by=by)
        case IncidentClassified():
            return replace(
                incident,
                kind=event.kind,
                name=event.name,
                priority=event.priority,
                cap=event.cap,
                place=event.place,
                narrative=event.narrative,
            )
        case IncidentLocated(_, location):
            return replace(incident, location=location)
        case IncidentSilenced():
            return replace(incident, silenced=True)
        case DispatchRaised(id, _, agency, role):
            dispatch = Dispatch(id, agency, role, entry.at_ms, entry.utc_ms)
            # A new alarm sounds again, whoever silenced the one before (ISA-18.1).
            return replace(
                incident, dispatches=put(incident.dispatches, id, dispatch), silenced=False
            )
        case _ if isinstance(event, DispatchEvent):
            dispatch = _moved(incident.dispatches[event.dispatch], event)
            return replace(incident, dispatches=put(incident.dispatches, dispatch.id, dispatch))
        case _:
            raise AssertionError(f"{event} makes or ends an incident, it changes none")


def _moved(dispatch: Dispatch, event: DispatchEvent) -> Dispatch:
    match event:
        case DispatchSent(_, _, channel):
            return _at_least(dispatch, DispatchState.SENT, channel)
        case DispatchUnreached(_, _, _, why):
            return replace(dispatch, reason=why)
        case DispatchDelivered(_, _, channel):
            return _at_least(dispatch, DispatchState.DELIVERED, channel)
        case DispatchAcknowledged(_, _, channel, by):
            if dispatch.state is DispatchState.REFUSED:  # they have found somebody after all
                dispatch = replace(dispatch, state=DispatchState.DELIVERED)
            taken = replace(dispatch, by=by, reason="")
            return _at_least(taken, DispatchState.ACKNOWLEDGED, channel)
        case DispatchRefused(_, _, channel, by, reason):
            return replace(
                dispatch, state=DispatchState.REFUSED, channel=channel, by=by, reason=reason
            )
        case DispatchAdvanced(_, _, state, by):
            return replace(dispatch, state=state, by=by or dispatch.by)
        case DispatchEscalated(_, _, rung):
            return replace(dispatch, rung=rung)
        case DispatchRaised():
            raise AssertionError(f"{event} makes a dispatch, it changes none")
        case _:
            assert_never(event)


def _at_least(dispatch: Dispatch, state: DispatchState, channel: Channel) -> Dispatch:
    if dispatch.state.rank >= state.rank:
        return dispatch
    return replace(dispatch, state=state, channel=channel)
