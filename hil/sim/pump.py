"""The outbox pump without its event loop; the rules are those of `appliance.outbox`.

At most `WINDOW` orders are on their way and not yet written down, so that a crash doubles no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from appliance.domain.events import Channel, DispatchState
from appliance.domain.orders import Alert, Order, settled
from appliance.domain.requests import AlertTaken, Input
from appliance.domain.world import World
from appliance.engine import Step
from appliance.journal import Outgoing
from drivers.api import DriverError
from hil.sim.agenda import Action
from hil.sim.broker import Sent, SimBroker
from hil.sim.faults import FragileJournal, Gremlin

WINDOW = 20
PAUSE_MS = 5_000
UNHEARD_MS = 60_000
UNCONFIRMED_MS = 15 * 60_000
_RISK = 30  # there is one alert to five hundred events; crashes must meet them


@dataclass
class Pump:
    life: int
    journal: FragileJournal
    world: Callable[[], World]
    now_ms: Callable[[], int]
    later: Callable[[float, Action], None]  # forgets what it was given when the daemon dies
    ask: Callable[[Input, Action], None]
    broker: SimBroker
    text: Callable[[Order, Alert], None]
    gremlin: Gremlin
    random: Random
    in_memory: list[Outgoing] = field(default_factory=list)
    in_flight: set[str] = field(default_factory=set)
    _again_ms: dict[str, int] = field(default_factory=dict)
    _sent: set[str] = field(default_factory=set)
    _wakes: bool = False
    _came_back: bool = False

    def followed(self, step: Step) -> None:
        for key in settled(step.entry.event, step.before):
            self._forget(key)
        self.wake(20)

    def again_now(self) -> None:
        """The broker was away and may have lost what it held."""
        self._came_back = True
        self._again_ms.clear()
        self.wake(20)

    def wake(self, delay_ms: float) -> None:
        if not self._wakes:
            self._wakes = True
            self.later(delay_ms, self._run)

    def _run(self) -> None:
        self._wakes = False
        now_ms = self.now_ms()
        waiting = [*self.in_memory, *self.journal.outgoing(limit=10_000)]
        for out in waiting:
            if len(self.in_flight) >= WINDOW:
                break
            if out.order.key not in self.in_flight and self._due(out.order, now_ms):
                self._start(out)
        if waiting:
            self.wake(PAUSE_MS)

    def _due(self, order: Order, now_ms: int) -> bool:
        if order.key not in self._again_ms and self._taken_before(order):
            self._again_ms[order.key] = now_ms + (0 if self._came_back else UNCONFIRMED_MS)
            self._sent.add(order.key)
        return now_ms >= self._again_ms.get(order.key, 0)

    def _taken_before(self, order: Order) -> bool:
        """Whether the world says that the broker had it, before this run."""
        body = order.body
        if order.channel is not Channel.MQTT or order.key in self._sent:
            return False
        found = self.world().dispatch(body.dispatch) if isinstance(body, Alert) else None
        return bool(found and found[1].state.rank >= DispatchState.SENT.rank)

    def _start(self, out: Outgoing) -> None:
        self.in_flight.add(out.order.key)
        by_sms = out.order.channel is Channel.SMS
        self.later(self.random.uniform(2_000, 6_000) if by_sms else 5, lambda: self._send(out))

    def _send(self, out: Outgoing) -> None:
        order, key, reached = out.order, out.order.key, True
        if key not in self.in_flight:
            return  # settled meanwhile
        try:
            if order.channel is Channel.SMS:
                assert isinstance(order.body, Alert)
                self.text(order, order.body)
            else:
                sent = Sent(order, self.life, again=key in self._sent)
                reached = self.broker.publish(sent)
                self._sent.add(key)
        except DriverError:
            self.in_flight.discard(key)
            self._again_ms[key] = self.now_ms() + PAUSE_MS
            return
        self.gremlin(
            times=_RISK if isinstance(order.body, Alert) else 1
        )  # taken over, and nobody has written it down
        self.later(self.random.uniform(1, 40), lambda: self._write_down(out, reached))

    def _write_down(self, out: Outgoing, reached: bool) -> None:
        key, body = out.order.key, out.order.body
        self.gremlin(times=_RISK if isinstance(body, Alert) else 1)
        self.in_memory = [other for other in self.in_memory if other is not out]
        self._again_ms[key] = self.now_ms() + (UNCONFIRMED_MS if reached else UNHEARD_MS)
        if isinstance(body, Alert):
            taken = AlertTaken(body.dispatch, out.order.channel, reached)
            self.ask(taken, lambda: self.in_flight.discard(key))
        else:
            self.journal.settle([key])
            self._forget(key)

    def _forget(self, key: str) -> None:
        self.in_flight.discard(key)
        self._again_ms.pop(key, None)
        self._sent.discard(key)
