"""The pump: every order in the outbox to its receiver, and what agencies say back to the engine.

An order goes out when its transaction is on disk and is forgotten when it is settled, which for an
alert means that the agency's own client has said so; that the broker took it over is not enough.
At most `WINDOW` alerts are on their way and not yet written down as taken, so that a crash sends no
more than those twice. How long anybody waits for an answer is the domain's ladder, not this.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from appliance.clock import Clock
from appliance.disk import Disk
from appliance.domain.events import Channel, DispatchState
from appliance.domain.orders import Alert, Order, settled
from appliance.domain.requests import AlertTaken, Refused
from appliance.engine import Step
from appliance.formats.dispatch import message
from appliance.formats.identifiers import Site
from appliance.formats.presence import Presence, presence
from appliance.formats.receipt import Malformed, receipt
from appliance.formats.sms_text import sms_text
from appliance.journal import Journal
from drivers.api import Broker, Down, DriverError, MessageReceived, Up, VoiceLine

WINDOW = 20
AHEAD = 200  # orders held in memory before the pump has sent them
PAUSE_S = 0.25  # between tries of one order; the broker's own probe is as quick
SMS_PAUSE_S = 15.0
UNHEARD_MS = 60_000  # nobody was subscribed: try whether somebody is now
UNCONFIRMED_MS = 15 * 60_000  # the broker holds it for the agency; more often only fills its queue

_LOG = logging.getLogger(__name__)


class Outbox:
    def __init__(
        self,
        disk: Disk,
        journal: Journal,
        clock: Clock,
        site: Site,
        broker: Broker,
        modems: Sequence[VoiceLine],
    ) -> None:
        self._disk, self._journal, self._clock, self._site = disk, journal, clock, site
        self._broker, self._modems = broker, modems
        self._queues: dict[Channel, asyncio.Queue[Order]] = {
            channel: asyncio.Queue(AHEAD) for channel in (Channel.MQTT, Channel.SMS)
        }
        self._open: set[str] = set()  # keys seen and not settled
        self._again_ms: dict[str, int] = {}  # keys taken over and not confirmed
        self._unheard: defaultdict[str, set[str]] = defaultdict(set)  # agency -> keys
        self._last = 0  # id of the newest order read from the outbox
        self._was_away = False  # the broker, since we started
        self._abreast = False  # every order of the outbox has been seen
        self._connected = asyncio.Event()
        self._wake = asyncio.Event()
        self.beats = 0
        disk.follow(self._on_step)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(), name="outbox")
            for _ in range(WINDOW):
                tasks.create_task(self._work(Channel.MQTT, self._publish, PAUSE_S))
            for modem in self._modems:
                tasks.create_task(self._work(Channel.SMS, _texting(modem, self._site), SMS_PAUSE_S))

    async def listen(self) -> None:
        """Take in what the broker brings; it is on disk before the next is asked for."""
        async for fact in self._broker.facts():
            match fact:
                case MessageReceived():
                    await self._heard(fact)
                case Up():
                    self._connected.set()
                    if self._was_away:
                        self._repeat_now()
                    await self._disk.ask(fact)
                case Down():
                    self._was_away = True
                    self._connected.clear()
                    await self._disk.ask(fact)

    def beat(self) -> None:
        """Have the pump look whether an order is due again."""
        self._wake.set()

    # --- out --------------------------------------------------------------------------------

    def _on_step(self, step: Step) -> None:
        for key in settled(step.entry.event, step.before):
            self._forget(key)
        for order in step.orders:
            queue = self._queues[order.channel]
            if self._abreast and not queue.full():
                self._open.add(order.key)
                queue.put_nowait(order)
            else:  # a backlog waits on disk, not in memory
                self._abreast = False
                self._wake.set()

    def _forget(self, key: str) -> None:
        self._open.discard(key)
        self._again_ms.pop(key, None)

    async def _read(self) -> None:
        while True:
            self._wake.clear()
            if not self._abreast:
                await self._catch_up()
            await self._repeat()
            self.beats += 1
            await self._wake.wait()

    async def _catch_up(self) -> None:
        """Read the outbox to its end: what a restart or a backlog has left there."""
        self._abreast = True  # unless an order comes meanwhile that cannot be taken at once
        while batch := await self._disk.run(lambda: self._journal.outgoing(self._last, AHEAD)):
            for out in batch:
                self._last = out.id
                if out.order.key not in self._open:
                    self._open.add(out.order.key)
                    await self._sort(out.order)

    async def _sort(self, order: Order) -> None:
        body = order.body
        if isinstance(body, Alert) and self._was_taken(body, order.channel):
            self._remember(order.key, UNCONFIRMED_MS)
        else:
            await self._queues[order.channel].put(order)

    def _was_taken(self, alert: Alert, channel: Channel) -> bool:
        """Whether `channel` took the alert over before a restart."""
        found = self._disk.world.dispatch(alert.dispatch)
        if found is None or channel is not Channel.MQTT:
            return False
        return found[1].state is DispatchState.SENT and found[1].channel is channel

    async def _repeat(self) -> None:
        now_ms = self._clock.now_ms()
        for key in [key for key, due_ms in self._again_ms.items() if due_ms <= now_ms]:
            self._again_ms.pop(key, None)
            order = await self._disk.run(partial(self._journal.order, key))
            if order is not None:
                await self._queues[order.channel].put(order)

    def _repeat_now(self) -> None:
        """The broker was away and may have lost what it held: send what is unconfirmed again."""
        self._again_ms = dict.fromkeys(self._again_ms, self._clock.now_ms())
        self._wake.set()

    def _remember(self, key: str, wait_ms: int) -> None:
        if key in self._open:
            self._again_ms[key] = self._clock.now_ms() + wait_ms

    async def _work(
        self, channel: Channel, send: Callable[[Order], Awaitable[bool]], pause_s: float
    ) -> None:
        """Send one order after the other; each as often as it takes, unless it is settled."""
        while True:
            order = await self._queues[channel].get()
            while order.key in self._open:
                try:
                    reached = await send(order)
                except DriverError as error:
                    _LOG.warning("%s: %s", order.key, error)
                    await asyncio.sleep(pause_s)
                    continue
                await self._write_down(order, reached)
                break

    async def _publish(self, order: Order) -> bool:
        await self._connected.wait()
        return await self._broker.publish(message(order, self._site))

    async def _write_down(self, order: Order, reached: bool) -> None:
        if isinstance(order.body, Alert):
            self._remember(order.key, UNCONFIRMED_MS if reached else UNHEARD_MS)
            if not reached:
                self._unheard[order.to].add(order.key)
            await self._disk.ask(AlertTaken(order.body.dispatch, order.channel, reached))
        else:
            self._forget(order.key)
            await self._disk.run(partial(self._journal.settle, [order.key]))

    # --- in ---------------------------------------------------------------------------------

    async def _heard(self, fact: MessageReceived) -> None:
        try:
            if fact.topic.endswith("/presence"):
                self._present(*presence(fact.topic, fact.payload, self._site))
            else:
                await self._disk.ask(receipt(fact.topic, fact.payload, self._site))
        except (Malformed, Refused) as error:
            _LOG.warning("%s: %s", fact.topic, error)

    def _present(self, agency: str, state: Presence) -> None:
        """Who has just come gets at once what nobody there heard."""
        if state is Presence.ONLINE:
            now_ms = self._clock.now_ms()
            for key in self._unheard.pop(agency, set()) & self._again_ms.keys():
                self._again_ms[key] = now_ms
            self._wake.set()


def _texting(modem: VoiceLine, site: Site) -> Callable[[Order], Awaitable[bool]]:
    async def send(order: Order) -> bool:
        assert isinstance(order.body, Alert)
        await modem.send_sms(order.to, sms_text(order.body, site))
        return True

    return send
