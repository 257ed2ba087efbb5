"""What every person of the site has to do with: the time, chance, telephones, a console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from appliance.domain.requests import Input
from appliance.domain.rules import Rules
from appliance.domain.world import World
from appliance.engine import Step
from hil.sim.agenda import Agenda
from hil.sim.telephony import Telephony

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
Then = Callable[[list[Step]], object]


class Console(Protocol):
    """What a person sees and may ask of the box; nothing when it is dead."""

    def see(self) -> World | None: ...

    def ask(self, given: Input, then: Then | None = None) -> None: ...


@dataclass
class Surroundings:
    """What every person of the site has to do with."""

    agenda: Agenda
    random: Random
    telephony: Telephony
    console: Console
    rules: Rules

    def soon(self, mean_ms: float, action: Callable[[], object]) -> None:
        self.agenda.after(self.random.expovariate(1 / mean_ms), action)
