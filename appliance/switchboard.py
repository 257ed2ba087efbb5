"""Tells the engine what telephones did, and makes the two agree after each (re)connect.

What should be is the world's business; what is, Asterisk's and the modems'. A call that is still
there after a restart is adopted, one that is gone is ended. Commands are carried out by `lines`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from appliance import legs
from appliance.disk import Disk
from appliance.domain.calls import Call, CallState
from appliance.domain.line_commands import (
    Connect,
    Greet,
    Hold,
)
from appliance.domain.requests import (
    DeskAnswered,
    DeskHungUp,
    Greeted,
    Input,
    Offer,
    Refused,
)
from appliance.engine import Step
from appliance.legs import DeskLeg, MediaLeg
from appliance.lines import Lines
from appliance.numbers import e164
from drivers.api import (
    Caller,
    Cause,
    DigitHeard,
    Down,
    DriverError,
    Exchange,
    HungUp,
    LegState,
    PickedUp,
    Ringing,
    SmsReceived,
    SoundFinished,
    Unattended,
    Up,
    VoiceLine,
)

GREETING = "greeting"
RING_S = 120  # the domain gives a phone up sooner; this ends a ringing that everybody forgot

_LOG = logging.getLogger(__name__)


class Switchboard:
    def __init__(
        self,
        disk: Disk,
        exchange: Exchange,
        modems: Mapping[str, VoiceLine],
        lines: Lines,
        desks: Mapping[str, str],
        knows_leg: Callable[[str], bool],
    ) -> None:
        """`desks` tells whose phone it is; `knows_leg` asks the journal, on the disk thread."""
        self._disk, self._exchange, self._modems = disk, exchange, modems
        self._lines, self._desks, self._knows_leg = lines, desks, knows_leg

    # --- what the exchange and the modems say -----------------------------------------------

    async def listen_exchange(self) -> None:
        async for fact in self._exchange.facts():
            match fact:
                case Up():
                    await self._reconcile()
                    await self._ask(fact)
                case Down():
                    await self._ask(fact)
                case Ringing():
                    await self._ask(_offer(fact))
                case SoundFinished(leg):
                    await self._greeted(leg)
                case PickedUp(leg):
                    await self._picked_up(leg)
                case HungUp(leg, cause):
                    await self._hung_up(leg, cause)
                case Unattended():
                    await self._unattended(fact)
                case DigitHeard():
                    pass  # nothing is asked of a caller's keys yet

    async def listen_modem(self, modem: VoiceLine) -> None:
        async for fact in modem.facts():
            match fact:
                case Ringing():
                    await self._ask(_offer(fact))
                case SmsReceived(sender=sender):
                    await self._ask(_with_number(fact, e164(sender)))
                case Up(line):
                    await self._ask(fact)
                    await self._resume(line)
                case HungUp() | Down():
                    await self._ask(fact)

    async def _ask(self, given: Input) -> list[Step]:
        try:
            return await self._disk.ask(given)
        except Refused as refusal:
            _LOG.warning("%s: %s", given, refusal)
            return []

    async def _greeted(self, leg: str) -> None:
        call = self._call_heard_on(leg)
        if call is not None:
            await self._ask(Greeted(call.id))

    async def _picked_up(self, leg: str) -> None:
        made = legs.parse(leg)
        if not isinstance(made, DeskLeg):
            return
        steps: list[Step] = []
        if self._lines.desk_legs.get((made.call, made.desk)) == leg:
            steps = await self._ask(DeskAnswered(made.call, made.desk))
        if not steps:  # the caller has gone, or another desk was faster
            await self._lines.carefully(self._exchange.hang_up(leg))

    async def _hung_up(self, leg: str, cause: Cause) -> None:
        match legs.parse(leg):
            case DeskLeg(call, _, desk):
                if self._lines.desk_legs.get((call, desk)) == leg:
                    del self._lines.desk_legs[call, desk]
                    await self._ask(DeskHungUp(call, desk, cause))
            case MediaLeg(call):
                _LOG.info("call %d: the exchange's end of the modem's call is gone", call)
            case None:
                await self._ask(HungUp(leg, cause))

    async def _unattended(self, fact: Unattended) -> None:
        if not await self._disk.run(lambda: self._knows_leg(fact.leg)):
            number = Caller(e164(fact.caller.number), fact.caller.presentation)
            desk = self._desks.get(fact.desk, fact.desk)
            await self._ask(replace(fact, caller=number, desk=desk))

    def _call_heard_on(self, leg: str) -> Call | None:
        made = legs.parse(leg)
        if isinstance(made, MediaLeg):
            return self._disk.world.calls.get(made.call)
        return self._disk.world.call_of(leg)

    # --- after a (re)connect ----------------------------------------------------------------

    async def _reconcile(self) -> None:
        try:
            there = {state.leg: state for state in await self._exchange.legs()}
        except DriverError as error:
            _LOG.warning("the exchange went away again: %s", error)
            return
        for call in [c for c in self._disk.world.calls.values() if c.in_progress]:
            await self._adopt(call, there)
        for state in there.values():
            await self._claim(state)

    async def _adopt(self, call: Call, there: Mapping[str, LegState]) -> None:
        """Make `call` and the exchange agree."""
        if call.line in self._modems:
            if self._lines.media_legs.get(call.id) not in there:
                self._lines.media_legs.pop(call.id, None)
                await self._reopen_media(call)
        elif call.leg not in there:
            await self._ask(HungUp(call.leg, Cause.LOST))
            return
        await self._adopt_desks(call, there)
        if (now := self._disk.world.calls.get(call.id)) is not None:
            self._go_on(now)

    async def _adopt_desks(self, call: Call, there: Mapping[str, LegState]) -> None:
        for desk in sorted(call.ringing | ({call.desk} if call.desk else set())):
            state = _desk_leg(call.id, desk, there)
            if state is None:
                self._lines.desk_legs.pop((call.id, desk), None)
                await self._ask(DeskHungUp(call.id, desk, Cause.LOST))
                continue
            self._lines.desk_legs[call.id, desk] = state.leg
            if state.up and desk in call.ringing:
                await self._ask(DeskAnswered(call.id, desk))

    async def _resume(self, line: str) -> None:
        """A modem is there after the exchange was: what its call missed meanwhile is done now."""
        for call in [c for c in self._disk.world.calls.values() if c.line == line]:
            if call.in_progress and call.id not in self._lines.media_legs:
                await self._reopen_media(call)
                self._go_on(call)

    def _go_on(self, call: Call) -> None:
        """Have the caller hear what belongs to the call's state."""
        seq = self._disk.world.seq
        if call.state is CallState.ANNOUNCE:
            self._lines.start(Greet(call.id), seq)
        elif call.state is CallState.QUEUED:
            self._lines.start(Hold(call.id), seq)
        elif call.state is CallState.ANSWERED:
            self._lines.start(Connect(call.id, call.desk), seq)

    async def _reopen_media(self, call: Call) -> None:
        """The modem's caller is still there; give the exchange a new end of that call."""
        if call.state is CallState.ANNOUNCE:
            return  # the announcement opens it
        try:
            await self._lines.take(call, self._disk.world.seq)
        except DriverError as error:
            _LOG.warning("call %d: no sound from the modem: %s", call.id, error)

    async def _claim(self, state: LegState) -> None:
        """Somebody the world does not know: a caller who came meanwhile, or a leg left over."""
        made = legs.parse(state.leg)
        if made is None:
            if state.line and self._disk.world.call_of(state.leg) is None:
                await self._newcomer(state)
            return
        if isinstance(made, DeskLeg):
            wanted = self._lines.desk_legs.get((made.call, made.desk)) == state.leg
        else:
            wanted = self._lines.media_legs.get(made.call) == state.leg
        if not wanted:
            await self._lines.carefully(self._exchange.hang_up(state.leg))

    async def _newcomer(self, state: LegState) -> None:
        if await self._disk.run(lambda: self._knows_leg(state.leg)):
            # Its call is over; we died before we could hang up.
            await self._lines.carefully(self._exchange.hang_up(state.leg))
        else:
            await self._ask(_offer(Ringing(state.line, state.leg, state.caller)))


def _offer(fact: Ringing) -> Offer:
    number = e164(fact.caller.number)
    return Offer(fact.line, fact.leg, fact.caller, number, fact.location)


def _with_number(fact: SmsReceived, number: str) -> SmsReceived:
    sender = number or fact.sender  # a name, such as an operator's, is no number
    return replace(fact, sender=sender)


def _desk_leg(call: int, desk: str, there: Mapping[str, LegState]) -> LegState | None:
    for state in there.values():
        made = legs.parse(state.leg)
        if isinstance(made, DeskLeg) and (made.call, made.desk) == (call, desk):
            return state
    return None
