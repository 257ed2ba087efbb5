"""The daemon's telephone side without its event loop: facts to inputs, line commands to telephones.

Does what `appliance.switchboard` and `appliance.lines` do, including the reconciliation after a
restart, in one thread and one step at a time. Dies with the daemon.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from appliance import legs
from appliance.domain.calls import Call, CallState
from appliance.domain.line_commands import (
    Connect,
    Greet,
    Hold,
    LineCommand,
    Release,
    Ring,
    StopRinging,
)
from appliance.domain.requests import DeskAnswered, DeskHungUp, Greeted, Input, Offer
from appliance.domain.world import World
from appliance.legs import DeskLeg
from drivers.api import (
    Cause,
    Down,
    DriverError,
    HungUp,
    LegGone,
    PickedUp,
    Ringing,
    SmsReceived,
    SoundFinished,
    Unattended,
    Up,
)
from hil.sim.centre import MODEMS
from hil.sim.telephony import EXCHANGE, Fact, Telephony

Ask = Callable[[Input], None]


class SimSwitchboard:
    def __init__(
        self,
        telephony: Telephony,
        ask: Ask,
        world: Callable[[], World],
        knows_leg: Callable[[str], bool],
    ) -> None:
        self._telephony, self._ask, self._world = telephony, ask, world
        self._knows_leg = knows_leg
        self._desk_legs: dict[tuple[int, str], str] = {}

    # --- facts ------------------------------------------------------------------------------

    def hear(self, fact: Fact) -> None:
        match fact:
            case Ringing(line, leg, caller, location):
                self._offer(Offer(line, leg, caller, caller.number, location))
            case PickedUp(leg):
                self._picked_up(leg)
            case SoundFinished(leg):
                if call := self._world().call_of(leg):
                    self._ask(Greeted(call.id))
            case HungUp(leg, cause):
                self._hung_up(leg, cause)
            case Unattended():
                if not self._knows_leg(fact.leg):
                    self._ask(fact)
            case Up(part):
                self._ask(fact)
                if part == EXCHANGE:
                    self.reconcile()
            case Down() | SmsReceived():
                self._ask(fact)

    def _offer(self, offer: Offer) -> None:
        if self._world().call_of(offer.leg) is None and self._knows_leg(offer.leg):
            self._hang_up(offer.leg)  # its call is over; the daemon died before it hung up
        else:
            self._ask(offer)

    def _picked_up(self, leg: str) -> None:
        made = legs.parse(leg)
        assert isinstance(made, DeskLeg)
        call = self._world().calls.get(made.call)
        if self._desk_legs.get((made.call, made.desk)) == leg and call and call.in_progress:
            self._ask(DeskAnswered(made.call, made.desk))
        else:
            self._telephony.hang_up(leg)

    def _hung_up(self, leg: str, cause: Cause) -> None:
        made = legs.parse(leg)
        if not isinstance(made, DeskLeg):
            self._ask(HungUp(leg, cause))
        elif self._desk_legs.get((made.call, made.desk)) == leg:
            del self._desk_legs[made.call, made.desk]
            self._ask(DeskHungUp(made.call, made.desk, cause))

    # --- commands ---------------------------------------------------------------------------

    def carry_out(self, command: LineCommand, seq: int) -> None:
        """Done once, for the present situation; whoever has gone is reported as a fact."""
        match command:
            case Greet(id):
                self._greet(id)
            case Ring(id, desk, at_once):
                self._ring(DeskLeg(id, seq, desk), at_once)
            case StopRinging(id, desk):
                if leg := self._desk_legs.pop((id, desk), None):
                    self._hang_up(leg)
            case Connect(id, desk):
                self._connect(id, desk)
            case Release():
                self._release(command)
            case Hold():
                pass  # music; nobody here listens

    def _greet(self, id: int) -> None:
        call = self._world().calls.get(id)
        if call is None:
            return
        try:
            self._telephony.play(call.leg)
        except LegGone:
            pass
        except DriverError:
            self._ask(Greeted(id))

    def _ring(self, leg: DeskLeg, at_once: bool) -> None:
        call = self._world().calls.get(leg.call)
        if call is None or leg.desk not in call.ringing:
            return
        self._desk_legs[leg.call, leg.desk] = str(leg)
        try:
            self._telephony.dial(str(leg), leg.desk, at_once)
        except DriverError:
            del self._desk_legs[leg.call, leg.desk]
            self._ask(DeskHungUp(leg.call, leg.desk, Cause.REFUSED))

    def _connect(self, id: int, desk: str) -> None:
        call, leg = self._world().calls.get(id), self._desk_legs.get((id, desk))
        if call is None or leg is None:
            return
        try:
            self._telephony.join(legs.bridge(id), [call.leg, leg])
        except LegGone:
            pass
        except DriverError:
            self._ask(DeskHungUp(id, desk, Cause.NETWORK))

    def _release(self, command: Release) -> None:
        for key in [key for key in self._desk_legs if key[0] == command.call]:
            self._hang_up(self._desk_legs.pop(key))
        self._hang_up(command.leg)

    def _hang_up(self, leg: str) -> None:
        with suppress(DriverError):
            self._telephony.hang_up(leg)

    # --- after a (re)connect ----------------------------------------------------------------

    def reconcile(self) -> None:
        there = {state.leg: state for state in self._telephony.states()}
        for call in [call for call in self._world().calls.values() if call.in_progress]:
            if call.line in MODEMS:
                if call.leg not in self._telephony.legs:
                    self._ask(HungUp(call.leg, Cause.LOST))
                    continue
            elif call.leg not in there:
                self._ask(HungUp(call.leg, Cause.LOST))
                continue
            self._adopt(call)
        for state in there.values():
            self._claim(state.leg, state.line)
        for fact in self._telephony.untold:
            self.hear(fact)

    def _adopt(self, call: Call) -> None:
        for desk in sorted(call.ringing | ({call.desk} if call.desk else set())):
            leg = self._desk_leg(call.id, desk)
            if leg is None:
                self._desk_legs.pop((call.id, desk), None)
                self._ask(DeskHungUp(call.id, desk, Cause.LOST))
                continue
            self._desk_legs[call.id, desk] = leg
            if desk == call.desk:
                self.carry_out(Connect(call.id, desk), self._world().seq)
            elif self._telephony.legs[leg].up:
                self._ask(DeskAnswered(call.id, desk))
        if call.state is CallState.ANNOUNCE:
            self.carry_out(Greet(call.id), self._world().seq)

    def _claim(self, leg: str, line: str) -> None:
        """Somebody the world does not know: a caller who came meanwhile, or a leg left over."""
        made = legs.parse(leg)
        if isinstance(made, DeskLeg):
            if self._desk_legs.get((made.call, made.desk)) != leg:
                self._hang_up(leg)
        elif self._world().call_of(leg) is None:
            caller = self._telephony.legs[leg].caller
            self._offer(Offer(line, leg, caller, caller.number))

    def _desk_leg(self, call: int, desk: str) -> str | None:
        for name in self._telephony.legs:
            made = legs.parse(name)
            if isinstance(made, DeskLeg) and (made.call, made.desk) == (call, desk):
                return name
        return None
