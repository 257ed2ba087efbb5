"""The ladder: what is tried next for an alert that nobody has taken (domain.md, Dispatch).

First level: SMS to the officer on duty, then the supervisor's alarm. Second contacts, voice calls
and substitutes follow with the rosters.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.events import Channel, DispatchEscalated, DispatchState
from appliance.domain.incidents import Dispatch, Incident
from appliance.domain.rules import Rules
from appliance.domain.world import World
from drivers.value import value

SMS_RUNG = 1
SUPERVISOR_RUNG = 2


@value
class Step:
    """`dispatch` climbs to `rung` at `due_ms` unless somebody has taken it."""

    due_ms: int
    incident: Incident
    dispatch: Dispatch
    rung: int

    def event(self, rules: Rules) -> DispatchEscalated:
        id, incident = self.dispatch.id, self.incident.id
        if self.rung == SMS_RUNG:
            to = rules.agencies[self.dispatch.agency].phones[0]
            return DispatchEscalated(id, incident, self.rung, Channel.SMS, to)
        return DispatchEscalated(id, incident, self.rung, Channel.CONSOLE, "")


def steps(world: World, rules: Rules) -> Iterator[Step]:
    """The next step of every dispatch that still waits for a person."""
    for incident in world.incidents.values():
        for dispatch in incident.dispatches.values():
            if dispatch.must_answer and (step := _next(incident, dispatch, rules)):
                yield step


def _next(incident: Incident, dispatch: Dispatch, rules: Rules) -> Step | None:
    pace, since_ms = rules.pace(incident.priority), dispatch.raised_at_ms
    agency = rules.agencies.get(dispatch.agency)
    if dispatch.rung < SMS_RUNG and agency and agency.phones and rules.modems:
        delivered = dispatch.state.rank >= DispatchState.DELIVERED.rank
        within_ms = rules.acknowledged_within_ms if delivered else rules.delivered_within_ms
        return Step(since_ms + pace * within_ms, incident, dispatch, SMS_RUNG)
    if dispatch.rung < SUPERVISOR_RUNG:
        due_ms = since_ms + pace * rules.supervisor_after_ms
        return Step(due_ms, incident, dispatch, SUPERVISOR_RUNG)
    return None
