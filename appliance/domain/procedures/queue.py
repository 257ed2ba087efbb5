"""Who is rung for whom: the desks that are free ring for the head of the queue."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.domain.calls import Call, CallState
from appliance.domain.events import CallRinging, Event
from appliance.domain.rules import Rules
from appliance.domain.world import World


def move(world: World, now_ms: int, rules: Rules) -> list[Event]:
    """Let the free desks ring for the longest waiting call, if there is one."""
    call = head(world)
    if call is None or not world.works(rules.exchange):
        return []
    desks = tuple(d for d in staffed(world, rules) if _free(world, d, call, now_ms, rules))
    return [CallRinging(call.id, desks)] if desks else []


def head(world: World) -> Call | None:
    """The call whose turn it is: the first one offered that no desk has claimed."""
    waiting = (
        call
        for call in world.calls.values()
        if call.state in (CallState.QUEUED, CallState.RINGING) and not call.claimed
    )
    return min(waiting, key=lambda call: call.id, default=None)


def staffed(world: World, rules: Rules) -> tuple[str, ...]:
    """The desks that somebody sits at; all of them when nobody has signed in anywhere.

    A centre whose console is away answers by phone alone: better every phone than none.
    """
    return tuple(d for d in rules.desks if d in world.desks) or rules.desks


def rest_ends_ms(world: World, rules: Rules) -> Iterator[int]:
    """When each phone that nobody picked up may ring again for the head of the queue."""
    call = head(world)
    if call is not None and world.works(rules.exchange):
        for desk in staffed(world, rules):
            if desk in call.rested and not _busy(world, desk):
                yield call.rested[desk] + rules.desk_rest_ms


def _free(world: World, desk: str, call: Call, now_ms: int, rules: Rules) -> bool:
    rested_ms = call.rested.get(desk)
    rests = rested_ms is not None and now_ms < rested_ms + rules.desk_rest_ms
    return not rests and not _busy(world, desk)


def _busy(world: World, desk: str) -> bool:
    return any(call.desk == desk or desk in call.ringing for call in world.calls.values())
