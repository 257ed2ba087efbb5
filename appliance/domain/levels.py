"""Levels: what lamps and sirens must show now. Recomputed from the world, never queued.

Colours after IEC 60073 and the meanings of hardware.md 3: red a call or an alert nobody has
taken, yellow a fault, blue something that waits for a person, green able to take calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from appliance.domain.calls import Call, CallState
from appliance.domain.rules import Rules
from appliance.domain.world import World
from drivers.api import Signal

OUTPUTS = ("red", "yellow", "blue", "green", "white", "siren")


def levels(world: World, now_ms: int, rules: Rules) -> Mapping[str, Signal]:
    """What each output must show at `now_ms`."""
    return {
        "red": _red(world, now_ms, rules),
        "yellow": _yellow(world),
        "blue": Signal.SLOW if world.callbacks or world.messages else Signal.OFF,
        "green": Signal.STEADY if _can_take_calls(world, rules) else Signal.OFF,
        "white": Signal.STEADY if _recording(world) else Signal.OFF,
        "siren": Signal.STEADY if any(_sounding(world, now_ms, rules)) else Signal.OFF,
    }


def next_change_ms(world: World, now_ms: int, rules: Rules) -> int | None:
    """When the levels change by themselves; None: not before the next event."""
    late = (_late_ms(c, rules) for c in world.calls.values() if c.waits)
    silent = _sounding(world, now_ms, rules)
    return min((ms for ms in (*late, *silent) if ms > now_ms), default=None)


def _late_ms(call: Call, rules: Rules) -> int:
    return call.offered_at_ms + rules.answer_target_ms


def _red(world: World, now_ms: int, rules: Rules) -> Signal:
    late = any(c.waits and now_ms >= _late_ms(c, rules) for c in world.calls.values())
    dispatches = [d for i in world.incidents.values() for d in i.dispatches.values()]
    if late or any(d.must_answer for d in dispatches):
        return Signal.FAST
    waiting = any(c.waits for c in world.calls.values())
    return Signal.STEADY if world.incidents or waiting else Signal.OFF


def _yellow(world: World) -> Signal:
    if any(not t.acknowledged for t in world.troubles.values()):
        return Signal.FAST
    return Signal.STEADY if world.troubles else Signal.OFF


def _can_take_calls(world: World, rules: Rules) -> bool:
    trunk = bool(rules.trunks) and all(world.works(p) for p in (rules.exchange, *rules.trunks))
    return trunk or any(world.works(modem) for modem in rules.modems)


def _recording(world: World) -> bool:
    return any(c.state is not CallState.WRAPUP for c in world.calls.values())


def _sounding(world: World, now_ms: int, rules: Rules) -> Iterator[int]:
    """When each siren that sounds now falls silent by itself."""
    for incident in world.incidents.values():
        waiting = [d for d in incident.dispatches.values() if d.must_answer]
        if waiting and incident.priority == 1 and not incident.silenced:
            until_ms = max(d.raised_at_ms for d in waiting) + rules.siren_max_on_ms
            if now_ms < until_ms:
                yield until_ms
