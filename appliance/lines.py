"""Carries out line commands: answer, announce, hold, ring, connect, hang up.

Each command is done once, for the present situation; what cannot be done any more is dropped,
since the party that has gone is reported as a fact. Commands of one call run in order, those of
different calls side by side. Knows which legs were made for whom; what they say is `switchboard`'s.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Mapping

from appliance import legs
from appliance.disk import Disk
from appliance.domain.calls import Call
from appliance.domain.line_commands import (
    Connect,
    Greet,
    Hold,
    LineCommand,
    Release,
    Ring,
    StopRinging,
    line_commands,
)
from appliance.domain.requests import DeskHungUp, Greeted
from appliance.engine import Step
from appliance.legs import DeskLeg, MediaLeg
from drivers.api import Cause, DriverError, Exchange, LegGone, VoiceLine

GREETING = "greeting"
RING_S = 120  # the domain gives a phone up sooner; this ends a ringing that everybody forgot

_LOG = logging.getLogger(__name__)


class Lines:
    def __init__(
        self,
        disk: Disk,
        exchange: Exchange,
        modems: Mapping[str, VoiceLine],
        phones: Mapping[str, str],
    ) -> None:
        """`phones` maps a desk to its endpoint."""
        self._disk, self._exchange = disk, exchange
        self._modems, self._phones = modems, phones
        self.desk_legs: dict[tuple[int, str], str] = {}  # (call, desk) -> its phone's leg
        self.media_legs: dict[int, str] = {}  # call of a modem -> its leg in the exchange
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._commands: asyncio.Queue[tuple[LineCommand, int]] = asyncio.Queue()
        disk.follow(self._on_step)

    def _on_step(self, step: Step) -> None:
        for command in line_commands(step.entry, step.before, step.after):
            self.start(command, step.entry.seq)

    def start(self, command: LineCommand, seq: int) -> None:
        self._commands.put_nowait((command, seq))

    async def run(self) -> None:
        """Carry out line commands as they come."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                command, seq = await self._commands.get()
                tasks.create_task(self._in_turn(command, seq), name=str(command))

    async def _in_turn(self, command: LineCommand, seq: int) -> None:
        async with self._turns[command.call]:
            await self._carry_out(command, seq)
        if isinstance(command, Release):
            self._turns.pop(command.call, None)

    async def _carry_out(self, command: LineCommand, seq: int) -> None:
        match command:
            case Greet(call):
                await self._greet(call, seq)
            case Hold(call):
                await self._hold(call, seq)
            case Ring(call, desk, at_once):
                await self._ring(DeskLeg(call, seq, desk), at_once)
            case StopRinging(call, desk):
                if leg := self.desk_legs.pop((call, desk), None):
                    await self.carefully(self._exchange.hang_up(leg))
            case Connect(call, desk):
                await self._connect(call, desk)
            case Release():
                await self._release(command)

    async def _greet(self, id: int, seq: int) -> None:
        call = self._disk.world.calls.get(id)
        if call is None:
            return
        try:
            await self._exchange.play(await self.take(call, seq), GREETING)
        except LegGone:
            _LOG.info("call %d: the caller went before the announcement", id)
        except DriverError as error:
            _LOG.warning("call %d: no announcement: %s", id, error)
            await self._disk.ask(Greeted(id))

    async def take(self, call: Call, seq: int) -> str:
        """Take the call; return the leg on which the exchange hears the caller."""
        modem = self._modems.get(call.line)
        if modem is None:
            await self._exchange.answer(call.leg)
            return call.leg
        await modem.answer(call.leg)
        leg = str(MediaLeg(call.id, seq))
        peer = await self._exchange.open_media(leg, call.line, modem.media_port)
        self.media_legs[call.id] = leg
        await modem.start_audio(call.leg, peer)
        return leg

    async def _hold(self, id: int, seq: int) -> None:
        call = self._disk.world.calls.get(id)
        if call is not None:
            leg = self.media_legs.get(id, call.leg)
            await self.carefully(self._exchange.hold(leg))

    async def _ring(self, leg: DeskLeg, at_once: bool) -> None:
        call = self._disk.world.calls.get(leg.call)
        if call is None or leg.desk not in call.ringing:
            return
        self.desk_legs[leg.call, leg.desk] = str(leg)
        try:
            await self._exchange.dial(
                str(leg), self._phones[leg.desk], call.caller, RING_S, at_once
            )
        except DriverError as error:
            _LOG.warning("call %d: %s cannot be rung: %s", leg.call, leg.desk, error)
            if self.desk_legs.pop((leg.call, leg.desk), None):
                await self._disk.ask(DeskHungUp(leg.call, leg.desk, Cause.REFUSED))

    async def _connect(self, id: int, desk: str) -> None:
        call = self._disk.world.calls.get(id)
        leg = self.desk_legs.get((id, desk))
        if call is None or leg is None:
            return
        try:
            caller = self.media_legs.get(id, call.leg)
            await self._exchange.join(legs.bridge(id), [caller, leg])
        except LegGone:
            _LOG.info("call %d: somebody went while being connected", id)
        except DriverError as error:
            _LOG.warning("call %d: %s cannot be connected: %s", id, desk, error)
            await self._disk.ask(DeskHungUp(id, desk, Cause.NETWORK))

    async def _release(self, command: Release) -> None:
        for key in [key for key in self.desk_legs if key[0] == command.call]:
            await self.carefully(self._exchange.hang_up(self.desk_legs.pop(key)))
        if modem := self._modems.get(command.line):
            await self.carefully(modem.hang_up(command.leg))
        heard_on = self.media_legs.pop(command.call, command.leg)
        await self.carefully(self._exchange.hang_up(heard_on))
        await self.carefully(self._exchange.dissolve(legs.bridge(command.call)))

    async def carefully(self, doing: Awaitable[None]) -> None:
        """A party that has gone, or an exchange that is away, will be reported as a fact."""
        try:
            await doing
        except DriverError as error:
            _LOG.info("%s", error)
