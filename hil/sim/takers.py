"""Call takers and their supervisor: what they do, when, and what they do when it fails.

They act on what they see and hear; a dead console is nothing they wait for.
"""

from __future__ import annotations

from appliance.domain.calls import CallState
from appliance.domain.events import Channel, Disposition, IncidentOpened
from appliance.domain.requests import (
    Answer,
    CancelIncident,
    Classify,
    CloseCallback,
    CloseIncident,
    Dispatch,
    DispatchAtOnce,
    EndCall,
    FileCall,
    LocateCall,
    ReadSms,
    Receipt,
    SignIn,
    SignOut,
    Verify,
    VerifyIncident,
)
from appliance.domain.world import World
from appliance.engine import Step
from drivers.api import Cause, Location, LocationSource, Pressed
from hil.sim.agenda import START_UTC_MS
from hil.sim.surroundings import HOUR_MS, MINUTE_MS, Surroundings

_KINDS = ("KBK-BGN", "LKL-LKA", "MED-UMM", "PHN-TBG", "PHN-PTG")


class Taker:
    """A call taker with a phone and a console."""

    def __init__(self, around: Surroundings, desk: str) -> None:
        self._around, self.desk, self.name = around, desk, f"petugas {desk[-1]}"
        self._at_phone = ""  # the leg at the ear
        self._present = True
        around.soon(MINUTE_MS, self._signs_in)

    # --- coming and going -------------------------------------------------------------------

    def _signs_in(self) -> None:
        self._present = True
        self._around.console.ask(SignIn(self.desk, self.name))
        self._around.soon(3 * HOUR_MS, self._leaves)

    def _leaves(self) -> None:
        if self._around.random.random() < 0.7:  # else just goes, and the phone rings in vain
            self._around.console.ask(SignOut(self.desk))
        self._present = False
        self._around.soon(10 * MINUTE_MS, self._signs_in)

    # --- the phone --------------------------------------------------------------------------

    def rings(self, leg: str, call: int, at_once: bool) -> None:
        random = self._around.random
        if self._at_phone:
            busy = Cause.BUSY
            self._around.agenda.after(50, lambda: self._around.telephony.phone_drops(leg, busy))
        elif at_once:
            self._around.agenda.after(300, lambda: self._picks_up(leg))
        elif self._present:
            delay_ms = random.uniform(2_000, 12_000)
            by_phone = random.random() < 0.5
            answer = Answer(call, self.desk)
            self._around.agenda.after(
                delay_ms,
                lambda: (self._picks_up if by_phone else self._clicks)(leg, answer),
            )

    def _clicks(self, leg: str, answer: Answer) -> None:
        if leg in self._around.telephony.legs:
            self._around.console.ask(answer)

    def _picks_up(self, leg: str, answer: Answer | None = None) -> None:
        if not self._at_phone and leg in self._around.telephony.legs:
            self._at_phone = leg
            if not self._around.telephony.picks_up(leg):
                self._at_phone = ""

    def takes_alone(self, leg: str) -> bool:
        if self._at_phone or not self._present or self._around.random.random() < 0.3:
            return False
        self._at_phone = leg
        return True

    def cut(self, leg: str) -> None:
        if self._at_phone == leg:
            self._at_phone = ""

    def joined(self, call: int) -> None:
        around, leg = self._around, self._at_phone
        around.soon(15_000, lambda: self._hears(call))
        around.soon(80_000, lambda: self._ends(call, leg))
        if around.random.random() < 0.01:
            around.soon(20_000, lambda: self._phone_fails(leg))

    def _phone_fails(self, leg: str) -> None:
        if leg and self._at_phone == leg:
            self._around.telephony.phone_drops(leg, Cause.NETWORK)

    def _ends(self, call: int, leg: str) -> None:
        if self._at_phone != leg:
            return
        if self._around.random.random() < 0.5:
            self._around.console.ask(EndCall(call, self.name))
        else:
            self._around.telephony.phone_drops(leg, Cause.NORMAL)

    # --- the console ------------------------------------------------------------------------

    def _hears(self, id: int) -> None:
        """What the caller wants becomes clear."""
        around = self._around
        world = around.console.see()
        call = world.calls.get(id) if world else None
        if call is None or call.desk != self.desk or call.state is not CallState.ANSWERED:
            return
        what = around.random.choice([*Disposition])
        if around.random.random() < 0.04:
            what = Disposition.EMERGENCY
            self._alarms(id)
        around.soon(90_000, lambda: around.console.ask(FileCall(id, what, self.name)))

    def _alarms(self, id: int) -> None:
        random, ask = self._around.random, self._around.console.ask
        if random.random() < 0.4:
            ask(LocateCall(id, _somewhere(self._around)))
        kind = random.choice(_KINDS)
        if random.random() < 0.5:
            ask(DispatchAtOnce(id, kind, "Jl. Sao-Sao 1", "api besar", (), self.name))
        else:
            ask(Verify(id, self.name), lambda steps: self._classifies(steps, kind))

    def _classifies(self, steps: list[Step], kind: str) -> None:
        opened = next((s.entry.seq for s in steps if isinstance(s.entry.event, IncidentOpened)), 0)
        if opened:
            request = Classify(opened, kind, "Kel. Korumba", "dua orang luka", self.name)
            ask, then = self._around.console.ask, lambda _: self._dispatches(opened)
            self._around.soon(10_000, lambda: ask(request, then))

    def _dispatches(self, incident: int) -> None:
        request = Dispatch(incident, (), self.name)
        self._around.soon(8_000, lambda: self._around.console.ask(request))


class Supervisor:
    """Looks at the wall every few minutes and ends what nobody else has ended."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        around.soon(5 * MINUTE_MS, self._looks)

    def _looks(self) -> None:
        self._around.soon(5 * MINUTE_MS, self._looks)
        world = self._around.console.see()
        if world is None:
            return
        ask, by = self._around.console.ask, "pengawas"
        ask(Pressed("acknowledge"))
        for callback in world.callbacks:
            ask(CloseCallback(callback, by))
        for sms in world.messages:
            ask(ReadSms(sms, by))
        for id in world.incidents:
            self._tends(world, id, by)

    def _tends(self, world: World, id: int, by: str) -> None:
        ask, incident = self._around.console.ask, world.incidents[id]
        age_ms = START_UTC_MS + self._around.agenda.now_ms - incident.opened_utc_ms
        if not incident.verified_by:
            ask(VerifyIncident(id, by))
        if age_ms < 40 * MINUTE_MS:
            return
        for dispatch in incident.dispatches.values():
            if dispatch.must_answer:  # by telephone
                said = Receipt(dispatch.id, dispatch.agency, "accepted", by, Channel.CONSOLE)
                ask(said)
        if self._around.random.random() < 0.2:
            ask(CancelIncident(id, "laporan palsu", by))
        else:
            ask(CloseIncident(id, "selesai", by))


def _somewhere(around: Surroundings) -> Location:
    lat, lon = around.random.uniform(-4.1, -3.9), around.random.uniform(122.4, 122.6)
    utc_ms = START_UTC_MS + around.agenda.now_ms
    return Location(lat, lon, 150, LocationSource.CALLER, utc_ms)
