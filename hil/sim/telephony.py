"""The exchange, its trunk, the desks' phones and the modems, and who is on them.

Outlives the daemon, not a power cut. While the daemon is away the exchange rings the phones by
itself and tells afterwards (`Unattended`), as the product's dialplan does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from appliance import legs
from appliance.legs import DeskLeg
from drivers.api import (
    Caller,
    Cause,
    Down,
    DriverError,
    HungUp,
    LegGone,
    LegState,
    PickedUp,
    Ringing,
    SoundFinished,
    Unattended,
    Up,
    VoiceFact,
)
from hil.sim.agenda import START_UTC_MS, Agenda
from hil.sim.centre import MODEMS, TRUNK

EXCHANGE = "asterisk"
GREETING_MS = 8_000
Fact = VoiceFact | PickedUp | SoundFinished | Unattended


class Party(Protocol):
    """Somebody with a telephone at the ear."""

    def joined(self, call: int) -> None:
        """Caller and call taker hear each other."""
        ...

    def cut(self, leg: str) -> None:
        """The line is dead."""
        ...


class Desk(Party, Protocol):
    def rings(self, leg: str, call: int, at_once: bool) -> None: ...

    def takes_alone(self, leg: str) -> bool:
        """Whether the call taker picks up a call that the exchange offers by itself."""
        ...


@dataclass
class Leg:
    name: str
    line: str  # empty: a desk's phone
    caller: Caller
    party: Party
    since_ms: int
    up: bool = False
    bridge: str = ""
    alone: bool = False  # the exchange has it without the daemon
    taken_by: str = ""  # the desk that took such a call


class Telephony:
    def __init__(self, agenda: Agenda, random: Random) -> None:
        self._agenda, self._random = agenda, random
        self.legs: dict[str, Leg] = {}
        self.desks: dict[str, Desk] = {}
        self.running = True  # the exchange
        self.broken: set[str] = set()  # modems that are away
        self.untold: list[Unattended] = []
        self.tell: Callable[[Fact], None] | None = None  # None: no daemon listens
        self._n = 0

    # --- callers ----------------------------------------------------------------------------

    def seize(self, line: str, caller: Caller, party: Party) -> str | None:
        """A caller comes in; None: congestion, or the modem is busy."""
        if not self._can_take(line):
            return None
        self._n += 1
        leg = Leg(f"{line}-{self._n}", line, caller, party, self._agenda.now_ms)
        self.legs[leg.name] = leg
        if self.tell:
            self._ringing(leg)
        elif line == TRUNK:
            leg.alone = True
            self._agenda.after(self._random.uniform(4_000, 15_000), lambda: self._fall_back(leg))
        return leg.name

    def _can_take(self, line: str) -> bool:
        if line == TRUNK:
            return self.running
        return line not in self.broken and not any(x.line == line for x in self.legs.values())

    def _ringing(self, leg: Leg) -> None:
        if leg.line in MODEMS:  # RING comes before +CLIP
            self._tell(Ringing(leg.line, leg.name, Caller()))
        self._tell(Ringing(leg.line, leg.name, leg.caller))

    def _fall_back(self, leg: Leg) -> None:
        for name, desk in self.desks.items():
            if leg.name in self.legs and not leg.taken_by and desk.takes_alone(leg.name):
                leg.taken_by = name
                leg.party.joined(0)

    def gives_up(self, name: str, cause: Cause = Cause.NORMAL) -> None:
        """The caller hangs up, or the network drops the caller."""
        leg = self.legs.pop(name, None)
        if leg is None:
            return
        if leg.alone:
            began_ms = START_UTC_MS + leg.since_ms
            ended_ms = START_UTC_MS + self._agenda.now_ms
            fact = Unattended(leg.line, name, leg.caller, began_ms, ended_ms, leg.taken_by)
            self.untold.append(fact)
            self._tell(fact)
            if leg.taken_by:
                self.desks[leg.taken_by].cut(name)
        else:
            self._tell(HungUp(name, cause))

    def written_down(self, leg: str) -> None:
        """The daemon has the call of `leg` on disk."""
        self.untold = [fact for fact in self.untold if fact.leg != leg]

    # --- phones -----------------------------------------------------------------------------

    def picks_up(self, name: str) -> bool:
        leg = self.legs.get(name)
        if leg is None:
            return False
        leg.up = True
        self._tell(PickedUp(name))
        return True

    def phone_drops(self, name: str, cause: Cause) -> None:
        """A desk's phone ends its leg: put down, out of order, busy."""
        if leg := self.legs.pop(name, None):
            leg.party.cut(name)
            self._tell(HungUp(name, cause))

    # --- what the switchboard asks ----------------------------------------------------------

    def states(self) -> Sequence[LegState]:
        self._must_run()
        return [
            LegState(x.name, x.line, x.up, x.bridge, x.caller)
            for x in self.legs.values()
            if x.line not in MODEMS and not x.alone
        ]

    def play(self, name: str) -> None:
        leg = self._leg(name)
        leg.up = True
        if self._random.random() < 0.98:  # else the announcement never ends
            self._agenda.after(GREETING_MS, lambda: self._finished(name))

    def _finished(self, name: str) -> None:
        if name in self.legs:
            self._tell(SoundFinished(name))

    def dial(self, name: str, desk: str, at_once: bool) -> None:
        self._must_run()
        made = legs.parse(name)
        assert isinstance(made, DeskLeg)
        phone = self.desks[desk]
        self.legs[name] = Leg(name, "", Caller(), phone, self._agenda.now_ms)
        if self._random.random() < 0.01:  # the phone has lost its registration
            self._agenda.after(50, lambda: self.phone_drops(name, Cause.REFUSED))
            return
        phone.rings(name, made.call, at_once)

    def join(self, bridge: str, names: Sequence[str]) -> None:
        joined = [self._leg(name) for name in names]
        call = int(bridge.removeprefix("call-"))
        for leg in joined:
            if not leg.bridge:
                leg.bridge = bridge
                leg.party.joined(call)

    def hang_up(self, name: str) -> None:
        leg = self.legs.get(name)
        if leg is None:
            return
        if leg.line not in MODEMS:
            self._must_run()
        del self.legs[name]
        leg.party.cut(name)
        self._tell(HungUp(name, Cause.NORMAL))

    def _leg(self, name: str) -> Leg:
        leg = self.legs.get(name)
        if leg is None:
            raise LegGone(name)
        if leg.line not in MODEMS:
            self._must_run()
        return leg

    def _must_run(self) -> None:
        if not self.running:
            raise DriverError(f"{EXCHANGE}: away")

    # --- failures ---------------------------------------------------------------------------

    def stop_exchange(self) -> None:
        self.running = False
        self._lose(lambda leg: leg.line not in MODEMS)
        self._tell(Down(EXCHANGE, "websocket closed"))

    def start_exchange(self) -> None:
        self.running = True
        self._tell(Up(EXCHANGE))

    def stop_modem(self, modem: str) -> None:
        self.broken.add(modem)
        self._lose(lambda leg: leg.line == modem)
        self._tell(Down(modem, "USB gone"))

    def start_modem(self, modem: str) -> None:
        self.broken.discard(modem)
        self._tell(Up(modem))

    def power_cut(self) -> None:
        self.untold.clear()
        self.broken.clear()
        self.running = True
        self._lose(lambda leg: True)

    def connect(self, tell: Callable[[Fact], None]) -> None:
        """The daemon listens again."""
        self.tell = tell
        for modem in MODEMS:
            tell(Down(modem, "USB gone") if modem in self.broken else Up(modem))
        tell(Up(EXCHANGE) if self.running else Down(EXCHANGE, "connection refused"))
        for leg in [leg for leg in self.legs.values() if leg.line in MODEMS]:
            self._ringing(leg)

    def _lose(self, which: Callable[[Leg], bool]) -> None:
        for leg in [leg for leg in self.legs.values() if which(leg)]:
            del self.legs[leg.name]
            leg.party.cut(leg.name)
            if leg.taken_by:
                self.desks[leg.taken_by].cut(leg.name)

    def _tell(self, fact: Fact) -> None:
        if self.tell:
            self.tell(fact)
