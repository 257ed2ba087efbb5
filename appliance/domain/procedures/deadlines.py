"""What happens because nothing happened: every time limit of the rules, in one place."""

from __future__ import annotations

from itertools import chain

from appliance.domain.calls import Call, CallState
from appliance.domain.events import CallFiled, CallQueued, DeskReleased, EndReason, Event
from appliance.domain.procedures import escalation, queue
from appliance.domain.procedures.calls import ended
from appliance.domain.rules import Rules
from appliance.domain.world import World, after


def decide(world: World, now_ms: int, rules: Rules) -> list[Event]:
    """Every event whose time has come by `now_ms`."""
    events: list[Event] = []
    for call in world.calls.values():
        if (limit := _limit(world, call, rules)) and limit[0] <= now_ms:
            events += _expired(after(world, events, now_ms), call, now_ms, rules)
    for step in escalation.steps(world, rules):
        if step.due_ms <= now_ms:
            events.append(step.event(rules))
    return events


def deadline_ms(world: World, rules: Rules, now_ms: int) -> int | None:
    """When `DeadlinePassed` is next due; a time that has passed means at once."""
    calls = world.calls.values()
    limits = (limit[0] for call in calls if (limit := _limit(world, call, rules)))
    steps = (step.due_ms for step in escalation.steps(world, rules))
    return min(chain(limits, steps, queue.rest_ends_ms(world, rules)), default=None)


def _limit(world: World, call: Call, rules: Rules) -> tuple[int, CallState] | None:
    """When `call` has been in its state too long."""
    away_ms = _exchange_away_ms(world, call, rules)
    if away_ms is not None and call.in_progress:
        return away_ms, call.state
    match call.state:
        case CallState.ANNOUNCE:
            return call.since_ms + rules.greeting_max_ms, call.state
        case CallState.RINGING:
            return call.since_ms + rules.ring_for_ms, call.state
        case CallState.WRAPUP:
            return call.since_ms + rules.wrap_up_ms, call.state
        case _:
            return None


def _exchange_away_ms(world: World, call: Call, rules: Rules) -> int | None:
    trouble = world.troubles.get(rules.exchange)
    if trouble is None or not trouble.active or call.line not in rules.trunks:
        return None
    return max(trouble.raised_at_ms, call.offered_at_ms) + rules.lost_after_ms


def _expired(world: World, call: Call, now_ms: int, rules: Rules) -> list[Event]:
    if _exchange_away_ms(world, call, rules) is not None and call.in_progress:
        return ended(world, call, EndReason.LOST_SYSTEM, now_ms, rules)
    match call.state:
        case CallState.ANNOUNCE:
            return [CallQueued(call.id)]
        case CallState.RINGING:
            return [DeskReleased(call.id, d, "no answer") for d in sorted(call.ringing)]
        case CallState.WRAPUP:
            return [CallFiled(call.id, None, call.taker)]
        case _:
            return []
