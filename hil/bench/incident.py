"""A centre and the incidents that benchmarks put through it: real requests, in the order of a day.

centre = Centre(path)
fire = centre.report()      # a call, answered, verified and classified
centre.dispatch(fire)       # the transaction of the product: three agencies at once
centre.finish(fire)         # received, accepted, hung up, filed, closed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.clock import SystemClock, boot_id
from appliance.domain.events import Channel, Disposition
from appliance.domain.requests import (
    AlertTaken,
    Answer,
    Classify,
    CloseIncident,
    DeskAnswered,
    Dispatch,
    FileCall,
    Greeted,
    Input,
    Offer,
    Receipt,
    RecordingKept,
    SignIn,
    Verify,
)
from appliance.domain.routing import Kind, RoutingTable
from appliance.domain.rules import Agency, Rules
from appliance.engine import Engine, Step
from appliance.journal import Journal
from drivers.api import Caller, Cause, HungUp, Location, LocationSource, Presentation

AGENCIES = ("damkarmat", "psc119", "polresta")
_DESK, _TAKER, _TRUNK = "desk-1", "siti", "trunk-1"
_KIND = Kind("KBK-BGN", "Kebakaran bangunan", 1, "FSTRU", "Fire", AGENCIES[:1], AGENCIES[1:])
_PLACE = "Jl. Saranani 12, Mandonga, depan toko bangunan Sinar Jaya"
_STORY = "Rumah dua lantai, api dari dapur, ada orang di dalam; penelepon di seberang jalan"
RULES = Rules(
    desks=(_DESK,),
    trunks=frozenset({_TRUNK}),
    agencies={id: Agency(id, id) for id in AGENCIES},
    routing=RoutingTable("2026-11-23/1", {_KIND.code: _KIND}),
)


@dataclass(frozen=True, slots=True)
class Fire:
    call: int
    leg: str
    incident: int


class Centre:
    """A journal and its engine, and nothing else. `boot` tells one start from another."""

    def __init__(self, path: Path, boot: str = "") -> None:
        self._clock = SystemClock()
        self.journal = Journal(path, boot or boot_id(), self._clock.utc_ms())
        self.journal.grow_wal()
        self._engine = Engine(self.journal, self._clock, RULES)
        self._reported = 0

    def report(self) -> Fire:
        """Take a call as far as its incident is classified."""
        self._reported += 1
        utc_ms = self._clock.utc_ms()
        leg = f"{utc_ms / 1000:.3f}.{self._reported}"
        number = f"+62812{self._reported:08d}"
        location = Location(-3.97241, 122.51498, 50, LocationSource.AML, utc_ms)
        caller = Caller(number, Presentation.SHOWN)
        self.give(SignIn(_DESK, _TAKER))
        call = self.give(Offer(_TRUNK, leg, caller, number, location))[0].entry.seq
        self.give(Greeted(call))
        self.give(Answer(call, _DESK))
        self.give(DeskAnswered(call, _DESK))
        incident = self.give(Verify(call, _TAKER))[0].entry.seq
        self.give(Classify(incident, _KIND.code, _PLACE, _STORY, _TAKER))
        self.give(HungUp(leg, Cause.NORMAL))
        self.give(FileCall(call, Disposition.EMERGENCY, _TAKER))
        self.give(RecordingKept(call, f"2026/11/22/{call}.wav", "0" * 64, 55_000))
        return Fire(call, leg, incident)

    def dispatch(self, fire: Fire) -> list[Step]:
        return self.give(Dispatch(fire.incident, (), _TAKER))

    def finish(self, fire: Fire) -> None:
        """Every agency receives, accepts and clears it, each in its own time; it is closed."""
        dispatches = self._engine.world.incidents[fire.incident].dispatches.values()
        for dispatch in dispatches:
            self.give(AlertTaken(dispatch.id, Channel.MQTT))
        for status in ("received", "accepted", "enroute", "onscene", "done"):
            for dispatch in dispatches:
                self.give(Receipt(dispatch.id, dispatch.agency, status, "Budi", Channel.MQTT))
        self.give(CloseIncident(fire.incident, "padam, satu rumah rusak", _TAKER))
        for out in self.journal.outgoing():
            self.settle([out.order.key])  # as the pump does when the broker has the update

    def give(self, given: Input) -> list[Step]:
        """One input, one transaction unless nothing followed from it."""
        return self._engine.handle(given)

    def settle(self, keys: Sequence[str]) -> None:
        self.journal.settle(keys)

    def close(self) -> None:
        self.journal.close()
