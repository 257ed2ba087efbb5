"""The box: the real engine on the real journal, and around them the daemon's parts in one thread.

`ask` waits its turn for the disk, several in one transaction, as on the product's disk thread. The
gremlin is asked around every write and between any two effects; after a crash `boot` starts anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from appliance.domain.decide import deadline_ms
from appliance.domain.events import CallOffered, Channel, DispatchRaised
from appliance.domain.line_commands import line_commands
from appliance.domain.orders import Alert, Order
from appliance.domain.requests import (
    Booted,
    DeadlinePassed,
    Input,
    RecordingKept,
    RecordingLost,
    Refused,
)
from appliance.domain.rules import Rules
from appliance.domain.world import World
from appliance.engine import Engine, Step
from appliance.journal import Outgoing
from drivers.api import Up
from hil.sim.agenda import Action, Agenda, SimClock
from hil.sim.broker import BROKER, SimBroker
from hil.sim.faults import FragileJournal, Gremlin
from hil.sim.pump import Pump
from hil.sim.surroundings import Then
from hil.sim.switchboard import SimSwitchboard
from hil.sim.telephony import Telephony


@dataclass(frozen=True, slots=True)
class _Asked:
    given: Input
    then: Then | None


class Box:
    def __init__(
        self,
        path: Path,
        rules: Rules,
        agenda: Agenda,
        random: Random,
        gremlin: Gremlin,
        telephony: Telephony,
        broker: SimBroker,
        text: Callable[[Order, Alert], None],
        remembers_orders: bool,
    ) -> None:
        self._path, self.rules, self._agenda, self._random = path, rules, agenda, random
        self._gremlin, self._telephony, self._broker = gremlin, telephony, broker
        self._text, self._remembers_orders = text, remembers_orders
        self.clock = SimClock(agenda)
        self.due_ms: int | None = None
        self._last_due_ms: int | None = None
        self.life = 0  # runs of the daemon
        self.power_ons = 0
        self.alive = False
        self.refused = 0
        self.checked: Callable[[], None] = lambda: None  # between restoring and the first input

    # --- birth and death --------------------------------------------------------------------

    def power_on(self, behind_ms: int) -> None:
        self.power_ons += 1
        self.clock.power_on(behind_ms)
        self.start()

    def start(self) -> None:
        """Start the daemon: open the journal, restore the world, connect to everything."""
        boot = f"boot-{self.power_ons}"
        self.journal = FragileJournal(self._path, boot, self.clock.utc_ms())
        self.journal.remembers_orders = self._remembers_orders
        self.engine = Engine(self.journal, self.clock, self.rules)
        self.life, self.alive = self.life + 1, True
        self.checked()
        self.journal.gremlin = self._gremlin
        self._waiting: list[_Asked] = []
        self._disk_turns = False
        self._same_due, self._last_due_ms = 0, None
        self._switchboard = SimSwitchboard(
            self._telephony, self.ask, lambda: self.engine.world, self.journal.knows_leg
        )
        self.pump = self._pump()
        self.ask(Booted("sim"))
        self._telephony.connect(self._switchboard.hear)
        self._broker.connect(self._from_broker)
        self.pump.wake(0)
        for call in self.engine.world.recordings:
            self._record(call)
        self._reckon()

    def die(self) -> None:
        self.alive = False
        self._telephony.tell = self._broker.tell = None
        self.journal.close()

    def _pump(self) -> Pump:
        return Pump(
            self.life,
            self.journal,
            lambda: self.engine.world,
            self.clock.now_ms,
            self._later,
            lambda given, then: self.ask(given, lambda _: then()),
            self._broker,
            self._text,
            self._gremlin,
            self._random,
        )

    def _later(self, delay_ms: float, action: Action) -> None:
        life = self.life
        self._agenda.after(delay_ms, lambda: action() if self._is(life) else None)

    def _is(self, life: int) -> bool:
        return self.alive and self.life == life

    # --- what people see and ask ------------------------------------------------------------

    def see(self) -> World | None:
        return self.engine.world if self.alive else None

    def ask(self, given: Input, then: Then | None = None) -> None:
        if self.alive:
            self._waiting.append(_Asked(given, then))
            self._call_disk()

    @property
    def idle(self) -> bool:
        """Nothing waits for the disk and no deadline has come."""
        late = self.due_ms is not None and self.due_ms <= self._agenda.now_ms
        return not self._waiting and not late

    def _from_broker(self, given: Input) -> None:
        self.ask(given)
        if given == Up(BROKER):
            self.pump.again_now()

    # --- the disk ---------------------------------------------------------------------------

    def _call_disk(self) -> None:
        if not self._disk_turns:
            self._disk_turns = True
            slow = self._random.random() < 0.002  # an SD card stalls now and then
            self._later(self._random.uniform(200, 900) if slow else 2, self._write)

    def _write(self) -> None:
        self._disk_turns = False
        asked, self._waiting = self._waiting, []
        outcomes = self.engine.handle_all([item.given for item in asked])
        for item, outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, Refused):
                self.refused += 1
                continue
            for step in outcome:
                self._follow(step)
            if item.then:
                item.then(outcome)
        self._reckon()

    def _follow(self, step: Step) -> None:
        entry = step.entry
        for command in line_commands(entry, step.before, step.after):
            self._switchboard.carry_out(command, entry.seq)
            self._gremlin()
        match entry.event:
            case CallOffered(_, _, leg, unattended=True):
                self._telephony.written_down(leg)
            case DispatchRaised() if not self._remembers_orders:
                self._keep_in_memory(step)
            case _:
                pass
        for call in step.after.recordings.keys() - step.before.recordings.keys():
            self._record(call)
        self.pump.followed(step)

    def _keep_in_memory(self, step: Step) -> None:
        for order in step.orders:
            if order.channel is Channel.MQTT:
                self.pump.in_memory.append(Outgoing(0, step.entry.seq, order))

    def _record(self, call: int) -> None:
        lost = self._random.random() < 0.02
        kept = RecordingKept(call, f"{call}.wav", "0" * 64, 1)
        given = RecordingLost(call, "empty") if lost else kept
        self._later(self._random.uniform(500, 5_000), lambda: self.ask(given))

    # --- time -------------------------------------------------------------------------------

    def time_passes(self) -> None:
        """The deadline has come."""
        due_ms, self.due_ms = self.due_ms, None
        self._same_due = self._same_due + 1 if due_ms == self._last_due_ms else 0
        self._last_due_ms = due_ms
        assert self._same_due < 5, f"the deadline {due_ms} ms passes and nothing follows"
        self.ask(DeadlinePassed())

    def _reckon(self) -> None:
        due_ms = deadline_ms(self.engine.world, self.rules, self.clock.now_ms())
        self.due_ms = None if due_ms is None else self.clock.site_ms(due_ms)
