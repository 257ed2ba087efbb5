"""Given events, when something comes in, then these follow: the words of the policy stories."""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.decide import decide
from appliance.domain.events import (
    CallAnswered,
    CallOffered,
    CallQueued,
    CallRinging,
    DispatchRaised,
    Entry,
    Event,
    IncidentClassified,
    IncidentOpened,
    IncidentVerified,
)
from appliance.domain.requests import Input
from appliance.domain.routing import Kind, Role, RoutingTable
from appliance.domain.rules import Agency, Rules
from appliance.domain.world import World, evolve
from drivers.api import Caller, Location, LocationSource, Presentation

UTC_MS = 1_795_000_000_000
NUMBER = "+6281234567890"
CALLER = Caller("081234567890", Presentation.SHOWN)
OFFICER = "+6281100000001"
PLACE = Location(-3.97, 122.51, 150, LocationSource.CALLER, UTC_MS)
HOUSE_FIRE = Kind(
    "KBK-BGN",
    "Kebakaran bangunan",
    1,
    "FSTRU",
    "Fire",
    ("damkarmat",),
    ("psc119",),
    ("pimpinan",),
)
TREE = Kind("PHN-TBG", "Pohon tumbang", 2, "HAZ", "Env", ("damkarmat",))
RULES = Rules(
    desks=("desk-1", "desk-2"),
    trunks=frozenset({"trunk-1"}),
    modems=frozenset({"modem-1"}),
    agencies={
        "damkarmat": Agency("damkarmat", "Damkarmat", (OFFICER,)),
        "psc119": Agency("psc119", "PSC 119"),
        "pimpinan": Agency("pimpinan", "Wali Kota", ("+6281100000008",)),
    },
    routing=RoutingTable("2026-11-23/1", {"KBK-BGN": HOUSE_FIRE, "PHN-TBG": TREE}),
)

OFFERED = CallOffered(1, "trunk-1", "leg-1", CALLER, NUMBER)
QUEUED = CallQueued(1)
BOTH_RING = CallRinging(1, ("desk-1", "desk-2"))
ANSWERED = CallAnswered(1, "desk-1", "siti")
CONVERSATION = (OFFERED, QUEUED, BOTH_RING, ANSWERED)
OPENED = IncidentOpened(5, 1, "trunk-1", NUMBER, None)
VERIFIED = IncidentVerified(5, "siti")
CLASSIFIED = IncidentClassified(
    5, "KBK-BGN", "Kebakaran bangunan", 1, "Fire", "Jl. Sao-Sao 1", "", "siti", "2026-11-23/1"
)
DAMKAR = DispatchRaised(8, 5, "damkarmat", Role.DISPATCHED, "siti")
FIRE = (*CONVERSATION, OPENED, VERIFIED, CLASSIFIED)
ALARM = (*FIRE, DAMKAR)


def after(*events: Event, at_ms: int = 0, world: World | None = None) -> World:
    """The world when `events` have happened at `at_ms`, after those of `world`."""
    world = world or World()
    for event in events:
        world = evolve(world, Entry(world.seq + 1, at_ms, UTC_MS + at_ms, event))
    return world


def when(world: World, given: Input, now_ms: int = 0, rules: Rules = RULES) -> list[Event]:
    return decide(world, given, now_ms, rules)


def no_desks(rules: Rules = RULES) -> Rules:
    """A centre whose queue stands still, for stories about something else."""
    return replace(rules, desks=())
