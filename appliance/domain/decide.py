"""What follows from what: `decide(world, given, now_ms, rules) -> [event]`.

Pure. The procedures are in `procedures/`, one module a noun; this module sends each input to
its own and lets the queue move on after it.
"""

from __future__ import annotations

from appliance.domain.events import Event
from appliance.domain.procedures import box, deadlines, incidents, queue
from appliance.domain.procedures import calls as call_procedures
from appliance.domain.requests import BoxInput, CallInput, DeadlinePassed, IncidentInput, Input
from appliance.domain.rules import Rules
from appliance.domain.world import World, after

deadline_ms = deadlines.deadline_ms


def decide(world: World, given: Input, now_ms: int, rules: Rules) -> list[Event]:
    """Return what follows from `given`; empty when nothing does. Raises Refused."""
    events = _procedure(world, given, now_ms, rules)
    return [*events, *queue.move(after(world, events, now_ms), now_ms, rules)]


def _procedure(world: World, given: Input, now_ms: int, rules: Rules) -> list[Event]:
    if isinstance(given, CallInput):
        return call_procedures.decide(world, given, now_ms, rules)
    if isinstance(given, IncidentInput):
        return incidents.decide(world, given, rules)
    if isinstance(given, BoxInput):
        return box.decide(world, given, now_ms, rules)
    assert isinstance(given, DeadlinePassed)
    return deadlines.decide(world, now_ms, rules)
