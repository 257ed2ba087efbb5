"""The broker and the agencies behind it, and the officers who read text messages.

The broker stands in the box: it outlives the daemon, but what it holds for an agency that is
offline dies with the power (mosquitto saves its queues every half hour). An agency knows an alert
by its dispatch and shows it once, however often it comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from appliance.domain.events import Channel
from appliance.domain.orders import Alert, CallNotice, Order, Update
from appliance.domain.requests import Input, Receipt
from appliance.domain.routing import Role
from drivers.api import Down, DriverError, Up
from hil.sim.agenda import Agenda

BROKER = "broker"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the pump sent it. `again`: it was sent before, and this run knows so."""

    order: Order
    life: int
    again: bool


@dataclass
class Told:
    """What reached the agencies, dispatch by dispatch."""

    times: dict[int, int] = field(default_factory=dict)
    delivered: int = 0
    resent: int = 0  # duplicates that were meant: nobody had confirmed
    doubled: dict[int, int] = field(default_factory=dict)  # by the run that sent again unknowingly
    updates: int = 0


class SimAgency:
    def __init__(
        self, id: str, agenda: Agenda, random: Random, told: Told, say: Callable[[Receipt], None]
    ) -> None:
        self.id, self._agenda, self._random, self._told, self._say = id, agenda, random, told, say
        self.online = True
        self.subscribed = True
        self.kept: list[Sent] = []  # by the broker, while the agency is offline
        self._open: set[int] = set()

    def receive(self, sent: Sent) -> None:
        body = sent.order.body
        assert not isinstance(body, CallNotice)
        if isinstance(body, Update):
            self._told.updates += 1
            self._open.discard(body.dispatch)
            return
        times = self._told.times[body.dispatch] = self._told.times.get(body.dispatch, 0) + 1
        if times == 1:
            self._told.delivered += 1
            self._open.add(body.dispatch)
            if body.role is not Role.INFORMATIONAL:
                self._agenda.after(self._random.expovariate(1 / 40_000), lambda: self._decide(body))
        elif sent.again:
            self._told.resent += 1
        else:
            self._told.doubled[sent.life] = self._told.doubled.get(sent.life, 0) + 1
        delay_ms = self._random.uniform(50, 1_500)
        self._agenda.after(delay_ms, lambda: self._report(body.dispatch, "received"))

    def _decide(self, alert: Alert) -> None:
        chance = self._random.random()
        if chance < 0.08:
            return  # nobody looks at the screen
        if chance < 0.11:
            self._report(alert.dispatch, "rejected")
            if self._random.random() < 0.7:
                return
        self._report(alert.dispatch, "accepted")
        delay_ms = 0.0
        for status in ("enroute", "onscene", "done"):
            delay_ms += self._random.expovariate(1 / 400_000)
            self._later(delay_ms, alert.dispatch, status)

    def _later(self, delay_ms: float, dispatch: int, status: str) -> None:
        self._agenda.after(delay_ms, lambda: self._report(dispatch, status))

    def _report(self, dispatch: int, status: str) -> None:
        if dispatch in self._open:
            self._say(Receipt(dispatch, self.id, status, "Sersan Ali", Channel.MQTT))
            if status == "done":
                self._open.discard(dispatch)


class SimBroker:
    def __init__(self, agenda: Agenda, random: Random) -> None:
        self._agenda, self._random = agenda, random
        self.agencies: dict[str, SimAgency] = {}
        self.up = True
        self._powered, self._power_ons = True, 1
        self.tell: Callable[[Input], None] | None = None
        self.notices: set[int] = set()  # calls the province has heard of
        self._kept: list[Receipt] = []  # for the daemon while it is away

    def publish(self, sent: Sent) -> bool:
        """Take `sent` over. False: nobody is subscribed. Raises DriverError when it is away."""
        if not self.up:
            raise DriverError("broker: away")
        if isinstance(sent.order.body, CallNotice):
            self.notices.add(sent.order.body.call)
            return True
        agency = self.agencies[sent.order.to]
        if not agency.subscribed:
            return False
        if agency.online:
            power_on = self._power_ons
            self._agenda.after(
                self._random.uniform(0, 60),
                lambda: self._hand(agency, sent) if self._power_ons == power_on else None,
            )
        else:
            agency.kept.append(sent)
        return True

    def _hand(self, agency: SimAgency, sent: Sent) -> None:
        if self.up and self._powered and agency.online:
            agency.receive(sent)
        else:
            agency.kept.append(sent)

    def say(self, receipt: Receipt) -> None:
        """An agency publishes; its own client waits while the broker is away."""
        if not (self.up and self._powered):
            delay_ms = self._random.uniform(1_000, 10_000)
            self._agenda.after(delay_ms, lambda: self.say(receipt))
        elif self.tell:
            self.tell(receipt)
        else:
            self._kept.append(receipt)

    def connect(self, tell: Callable[[Input], None]) -> None:
        self.tell = tell
        tell(Up(BROKER) if self.up else Down(BROKER, "connection refused"))
        self._hand_over()

    def flip(self) -> None:
        self.up = not self.up
        if self.up:
            for agency in self.agencies.values():
                self.comes_back(agency)
        if self.tell:
            self.tell(Up(BROKER) if self.up else Down(BROKER, "connection reset"))
            self._hand_over()

    def comes_back(self, agency: SimAgency) -> None:
        kept, agency.kept = agency.kept, []
        for sent in kept:
            self._hand(agency, sent)

    def power_cut(self) -> None:
        self._powered = False
        self._kept.clear()
        for agency in self.agencies.values():
            agency.kept.clear()

    def power_on(self) -> None:
        self.up = self._powered = True
        self._power_ons += 1

    def _hand_over(self) -> None:
        if self.up and self.tell:
            kept, self._kept = self._kept, []
            for receipt in kept:
                self.tell(receipt)
