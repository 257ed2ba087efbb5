"""Whatever comes in, in whatever order: a refusal or events, never a broken world.

Inputs are made from the annotations of every request and fact, out of few names and numbers, so
that they meet. What a story-teller would not think of is found here; what is right, in test_world.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from random import Random
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from appliance.domain.decide import deadline_ms, decide
from appliance.domain.events import Entry
from appliance.domain.levels import levels, next_change_ms
from appliance.domain.line_commands import line_commands
from appliance.domain.orders import orders, settled
from appliance.domain.requests import (
    Classify,
    DeadlinePassed,
    DeskAnswered,
    Dispatch,
    DispatchAtOnce,
    Greeted,
    Input,
    Offer,
    Receipt,
    Refused,
    Verify,
)
from appliance.domain.world import World, evolve
from appliance.journal import codec
from hil.sim.invariants import Ledger, check_world
from tests.stories import OFFICER, PLACE, RULES, UTC_MS

# What makes things begin comes more often than what ends them, so that there is something open.
BEGINNING = (Offer, Greeted, DeskAnswered, Verify, Classify, DispatchAtOnce, Dispatch, Receipt)
INPUTS: tuple[Any, ...] = (*get_args(Input), *BEGINNING * 5)
WORDS = {
    "line": ("trunk-1", "modem-1"),
    "leg": tuple(f"leg-{n}" for n in range(400)),
    "desk": ("desk-1", "desk-2", "desk-9"),
    "part": ("asterisk", "broker", "modem-1", "trunk-1"),
    "agency": ("damkarmat", "psc119", "pimpinan", *("damkarmat",) * 9, "densus"),
    "status": ("received", "accepted", "rejected", "enroute", "onscene", "done", "maybe"),
    "kind": ("KBK-BGN", "PHN-TBG", "XYZ"),
    "place": ("Jl. Sao-Sao 1", " "),
    "number": ("", "+62811", "+62812", "+62813"),
    "sender": (OFFICER, "+62899"),
    "button": ("acknowledge", "door"),
    "text": ("OK 8", "ok 12", "tolong"),
}


class Somebody:
    """Asks for anything, mostly about things that exist."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.used: set[str] = set()

    def asks(self, world: World) -> Input:
        kind = self.random.choice(INPUTS)
        given: Input = self._made(kind, world)
        return given

    def _made(self, kind: Any, world: World) -> Any:
        hints = get_type_hints(kind)
        return kind(**{f.name: self._any(hints[f.name], f.name, world) for f in fields(kind)})

    def _any(self, kind: Any, name: str, world: World) -> Any:
        origin, args = get_origin(kind), get_args(kind)
        if kind is int:
            return self.random.choice(self._ids(name, world) or [self.random.randrange(7)])
        if kind in (str, bool, float):
            words = WORDS.get(name, ("siti", "budi"))
            if name == "leg" and world.calls and self.random.random() < 0.5:
                words = tuple(call.leg for call in world.calls.values())
            return self.random.choice(words) if kind is str else self.random.random() < 0.5
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self.random.choice([*kind])
        if origin is tuple:
            pair = tuple(self._any(arg, "agency", world) for arg in get_args(args[0]))
            return (pair,) * self.random.randrange(3)
        if origin in (Union, UnionType):
            return None if self.random.random() < 0.5 and NoneType in args else PLACE
        return PLACE if kind is type(PLACE) else self._made(kind, world)

    def _ids(self, name: str, world: World) -> list[int]:
        known = {
            "call": world.calls,
            "callback": world.callbacks,
            "incident": world.incidents,
            "sms": world.messages,
            "dispatch": {id for i in world.incidents.values() for id in i.dispatches},
        }
        return [*known.get(name, ())] if self.random.random() < 0.9 else []


@pytest.mark.parametrize("seed", range(60))
def test_whatever_comes_in_the_world_stays_whole(seed: int) -> None:
    somebody, world, ledger, now_ms = Somebody(seed), World(), Ledger(), 0
    for _ in range(300):
        now_ms += somebody.random.choice((0, 1, 900, 20_000))
        given = somebody.asks(world)
        leg = getattr(given, "leg", "")
        if type(given).__name__ in ("Offer", "Unattended") and world.call_of(leg) is None:
            if leg in somebody.used:
                continue  # a leg's name is used once
            somebody.used.add(leg)
        world = _goes_on(world, given, now_ms, ledger)
        due_ms = deadline_ms(world, RULES, now_ms)
        seq = world.seq
        world = _goes_on(world, DeadlinePassed(), now_ms, ledger)
        assert world.seq == seq or (due_ms is not None and due_ms <= now_ms), "nobody would ask"
        ledger.check_calls()
        check_world(world, now_ms, RULES)
        due_ms = deadline_ms(world, RULES, now_ms)
        assert due_ms is None or due_ms > now_ms, "a limit passes again and again"
        change_ms = next_change_ms(world, now_ms, RULES)
        assert change_ms is None or change_ms > now_ms


def _goes_on(world: World, given: Input, now_ms: int, ledger: Ledger) -> World:
    try:
        events = decide(world, given, now_ms, RULES)
    except Refused as refusal:
        assert " / " in str(refusal), "both languages"
        return world
    for event in events:
        entry = Entry(world.seq + 1, now_ms, UTC_MS, event)
        after = evolve(world, entry)
        ledger.read(iter([entry]))
        line_commands(entry, world, after)
        for order in orders(entry, world, after):
            row = codec.encode(order.body)
            assert codec.decode_body(type(order.body).__name__, row) == order.body
        assert isinstance([*settled(event, world)], list)
        levels(after, now_ms, RULES)
        world = after
    return world
