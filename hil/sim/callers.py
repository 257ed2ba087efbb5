"""The town: who dials 112 when, how long they wait, and whether they try again.

Loads and habits: domain.md, Figures (evening peak x 1.8; preset S2: 247.5 base calls a day,
patience 53 s, pranks 21 s, 30 % pranks, 45 % redial after 45 s, talk lognormal 55 s, pranks 1 to
9.9 s).
"""

from __future__ import annotations

import math

from drivers.api import Caller, Cause, Presentation
from hil.sim.centre import MODEMS, TRUNK
from hil.sim.surroundings import DAY_MS, HOUR_MS, Surroundings

CALLS_A_DAY = 247.5
# Share of an hour, mean 1: domain.md gives the peak, the night is ours.
_HOURS = (
    *(0.5, 0.3, 0.3, 0.3, 0.3, 0.4, 0.6, 0.8, 1.0, 1.1, 1.1, 1.1),
    *(1.1, 1.1, 1.2, 1.3, 1.5, 1.7, 1.8, 1.8, 1.7, 1.4, 0.9, 0.7),
)
_PEAK = max(_HOURS)


class SimCaller:
    """Somebody who dials 112."""

    def __init__(self, around: Surroundings, number: str, prank: bool) -> None:
        self._around, self.number, self.prank = around, number, prank
        self.emergency = not prank and around.random.random() < 0.06
        self._leg = ""
        self._helped = False
        withheld = around.random.random() < 0.08
        presentation = Presentation.WITHHELD if withheld else Presentation.SHOWN
        self._caller = Caller("" if withheld else number, presentation)

    def dial(self) -> None:
        random = self._around.random
        line = TRUNK if random.random() < 0.75 else random.choice(MODEMS)
        leg = self._around.telephony.seize(line, self._caller, self)
        if leg is None:
            self._redial()
            return
        self._leg = leg
        patience_ms = 21_000 if self.prank else 53_000
        self._around.soon(patience_ms, lambda: self._loses_patience(leg))

    def _loses_patience(self, leg: str) -> None:
        if self._leg == leg and not self._helped:
            self._hang_up(leg, Cause.NORMAL)
            self._redial()

    def joined(self, call: int) -> None:
        self._helped = True
        leg, random = self._leg, self._around.random
        talk_ms = 1000 * (
            random.uniform(1, 9.9) if self.prank else random.lognormvariate(math.log(55), 0.7)
        )
        cause = Cause.NETWORK if random.random() < 0.02 else Cause.NORMAL
        self._around.agenda.after(talk_ms, lambda: self._hang_up(leg, cause))

    def cut(self, leg: str) -> None:
        if not self._helped:
            self._redial()
        self._leg = ""

    def _hang_up(self, leg: str, cause: Cause) -> None:
        if self._leg == leg:
            self._leg = ""
            self._around.telephony.gives_up(leg, cause)

    def _redial(self) -> None:
        if self._around.random.random() < 0.45:
            self._around.soon(45_000, self.dial)


class Town:
    """Everybody who may call. Calls come at random, more of them in the evening."""

    def __init__(self, around: Surroundings, load: float) -> None:
        self._around, self._a_day = around, CALLS_A_DAY * load
        self.quiet = False
        self._next()

    def _next(self) -> None:
        self._around.soon(DAY_MS / (self._a_day * _PEAK), self._perhaps)

    def _perhaps(self) -> None:
        if self.quiet:
            return
        self._next()
        random = self._around.random
        hour = self._around.agenda.now_ms // HOUR_MS % 24
        if random.random() * _PEAK < _HOURS[hour]:
            number = f"+62812{random.randrange(4_000):08}"
            SimCaller(self._around, number, prank=random.random() < 0.3).dial()
