"""A whole command centre on a simulated clock: people, telephones, agencies, faults, and the box.

    site = Site(seed=3, path=tmp / "journal.db", load=5)
    site.run(days=40)      # AssertionError when an invariant breaks
    site.settle_down()     # faults over, callers gone: everything must have reached somebody

No threads, no event loop; one seed is one story, always the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from appliance.domain.orders import Alert, CallNotice
from appliance.domain.requests import Input
from appliance.domain.world import World, evolve
from appliance.journal import chain
from hil.sim import centre
from hil.sim.agenda import Agenda
from hil.sim.box import Box
from hil.sim.broker import SimAgency, SimBroker, Told
from hil.sim.callers import Town
from hil.sim.faults import Crash, Gremlin, Killed, PowerCut
from hil.sim.invariants import Ledger, check_legs, check_same, check_world
from hil.sim.outages import Faults, Outages
from hil.sim.pump import WINDOW
from hil.sim.surroundings import DAY_MS, HOUR_MS, MINUTE_MS, Surroundings, Then
from hil.sim.takers import Supervisor, Taker
from hil.sim.telephony import Telephony
from hil.sim.texts import Texts

INSPECT_MS = 7 * MINUTE_MS + 1  # never in step with anything else


@dataclass
class Site:
    seed: int
    path: Path
    load: float = 1.0
    desks: int = 4
    remembers_orders: bool = True
    faults: Faults = field(default_factory=Faults)
    power_cuts: int = 0
    kills: int = 0

    def __post_init__(self) -> None:
        self.agenda, self.random = Agenda(), Random(self.seed)
        self.told, self.ledger = Told(), Ledger()
        self._gremlin = Gremlin(self.random, self.faults.crash_chance)
        self.telephony = Telephony(self.agenda, self.random)
        self.broker = SimBroker(self.agenda, self.random)
        self.box = self._made_box()
        self._around = Surroundings(self.agenda, self.random, self.telephony, self, self.box.rules)
        self.box.checked = self._check_restored
        self.texts = Texts(self._around)
        self._populate()
        self._boot(behind_ms=0)

    def _made_box(self) -> Box:
        return Box(
            self.path,
            centre.rules(self.desks, hub=self.remembers_orders),
            self.agenda,
            self.random,
            self._gremlin,
            self.telephony,
            self.broker,
            lambda order, alert: self.texts.send(order, alert),
            self.remembers_orders,
        )

    def _populate(self) -> None:
        for id in self.box.rules.agencies:
            agency = SimAgency(id, self.agenda, self.random, self.told, self.broker.say)
            self.broker.agencies[id] = agency
        self.broker.agencies["satpolpp"].subscribed = False  # has never opened its app
        for desk in self.box.rules.desks:
            self.telephony.desks[desk] = Taker(self._around, desk)
        Supervisor(self._around)
        self.town = Town(self._around, self.load)
        self.outages = Outages(self._around, self.broker, self.faults)
        self._crash_some_day()
        self.agenda.after(INSPECT_MS, self._inspect)

    # --- time -------------------------------------------------------------------------------

    def run(self, days: float) -> None:
        """Let `days` pass, and then some if the box is dark."""
        end_ms = self.agenda.now_ms + int(days * DAY_MS)
        while self.agenda.now_ms < end_ms or not self.box.alive:
            due_ms = self.box.due_ms if self.box.alive else None
            if due_ms is not None and due_ms <= self.agenda.next_ms():
                self.agenda.now_ms = max(self.agenda.now_ms, due_ms)
                self.box.time_passes()
                continue
            action = self.agenda.pop()
            try:
                action()
            except Crash as crash:
                self._crash(crash)

    def settle_down(self) -> None:
        """No more callers and no more faults: in an hour and a half everything must be done."""
        self.town.quiet = self.texts.over = True
        self._gremlin.chance = 0.0
        self.outages.end()
        self.run(days=1.5 * HOUR_MS / DAY_MS)
        self.check()
        world, outbox = self.box.engine.world, self.box.journal.outgoing(limit=10)
        assert not outbox, f"orders that never went out: {outbox}"
        assert not world.calls, f"calls that nobody ends: {world.calls}"
        assert not world.recordings, f"recordings that nobody stores: {world.recordings}"
        assert not world.incidents, f"incidents that nobody can close: {world.incidents}"

    # --- people's console -------------------------------------------------------------------

    def see(self) -> World | None:
        return self.box.see()

    def ask(self, given: Input, then: Then | None = None) -> None:
        self.box.ask(given, then)

    # --- crashes ----------------------------------------------------------------------------

    def _crash(self, crash: Crash) -> None:
        if not self.box.alive:
            return
        in_flight = len(self.box.pump.in_flight)
        assert in_flight <= WINDOW, f"{in_flight} alerts on their way"
        self.box.die()
        if isinstance(crash, PowerCut):
            self.power_cuts += 1
            self.telephony.power_cut()
            self.broker.power_cut()
            dark_ms = 20_000 + int(self.random.expovariate(1 / 120_000))
            self.agenda.after(dark_ms, lambda: self._boot(dark_ms))
        else:
            self.kills += 1
            self.agenda.after(self.random.uniform(250, 8_000), self._restart)

    def _boot(self, behind_ms: int) -> None:
        self.ledger.power_off()
        self.broker.power_on()
        self.box.power_on(behind_ms)
        self.texts.hand_over()

    def _restart(self) -> None:
        self.box.start()
        self.texts.hand_over()

    def _crash_some_day(self) -> None:
        if self.faults.crashes_a_day:
            self._around.soon(DAY_MS / self.faults.crashes_a_day, self._crash_now)

    def _crash_now(self) -> None:
        self._crash_some_day()
        if not self.outages.over:
            raise PowerCut if self.random.random() < 0.5 else Killed

    # --- checks -----------------------------------------------------------------------------

    def _check_restored(self) -> None:
        """After every crash: the world from the open streams is the journal's, to the letter."""
        self._check_journal("restored after a crash")

    def check(self) -> None:
        self._check_journal("while running")
        check_world(self.box.engine.world, self.box.clock.now_ms(), self.box.rules)

    def check_whole(self) -> None:
        """At the end: the chain, and the whole journal folded anew from its first row."""
        self.check()
        world = World()
        for entry in self.box.journal.all_entries():
            world = evolve(world, entry)
        check_same(world, self.box.engine.world, "the whole journal")
        verdict = chain.verify(self.path)
        assert not verdict.fault, verdict.fault
        assert verdict.rows == world.seq

    def _inspect(self) -> None:
        """Now and then, when nothing is under way, look at everything that is open."""
        self.agenda.after(INSPECT_MS, self._inspect)
        box = self.box
        if box.alive and box.idle and self.telephony.running:
            world = box.engine.world
            check_world(world, box.clock.now_ms(), box.rules)
            check_legs(world, self.telephony.legs)

    def _check_journal(self, what: str) -> None:
        self.ledger.read(self.box.journal.entries_after(self.ledger.world.seq))
        check_same(self.ledger.world, self.box.engine.world, what)
        self.ledger.check_calls()
        outbox = self.box.journal.outgoing(limit=100_000)
        bodies = [out.order.body for out in outbox]
        waiting = {body.dispatch for body in bodies if isinstance(body, Alert)}
        self.ledger.check_alerts(self.told.times, waiting)
        if self.box.rules.hub:
            unheard = {body.call for body in bodies if isinstance(body, CallNotice)}
            self.ledger.check_notices(self.broker.notices, unheard)
        doubled = max(self.told.doubled.values(), default=0)
        assert doubled <= WINDOW, f"{doubled} alerts doubled by one crash"
