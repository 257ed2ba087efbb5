"""What fails outside the box, how often: broker, exchange, modems, agencies' connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hil.sim import centre
from hil.sim.broker import SimAgency, SimBroker
from hil.sim.surroundings import HOUR_MS, MINUTE_MS, Surroundings


@dataclass
class Faults:
    """How often what fails; 0 for never. Means, exponentially distributed."""

    crash_chance: float = 0.0003  # at each of the places where the box may die, ~4 an event
    crashes_a_day: float = 4.0  # beside those, at any other moment
    broker_up_ms: float = 4 * HOUR_MS
    broker_down_ms: float = 8 * MINUTE_MS
    agency_up_ms: float = 20 * HOUR_MS
    agency_down_ms: float = 30 * MINUTE_MS
    exchange_up_ms: float = 12 * HOUR_MS
    exchange_down_ms: float = 8_000
    modem_up_ms: float = 10 * HOUR_MS
    modem_down_ms: float = MINUTE_MS


class Outages:
    def __init__(self, around: Surroundings, broker: SimBroker, faults: Faults) -> None:
        self._around, self._broker, self._faults = around, broker, faults
        self._telephony = around.telephony
        self.over = False  # from now on everything works
        self.of_broker = 0
        self._soon(faults.broker_up_ms, self._broker_flips)
        self._soon(faults.exchange_up_ms, self._exchange_stops)
        for agency in broker.agencies.values():
            self._agency_leaves(agency)
        for modem in centre.MODEMS:
            self._modem_works(modem)

    def _soon(self, mean_ms: float, action: Callable[[], object]) -> None:
        self._around.soon(mean_ms, action)

    def end(self) -> None:
        """Everything works from now on."""
        self.over = True
        if not self._broker.up:
            self._broker.flip()
        for agency in self._broker.agencies.values():
            agency.online = agency.subscribed = True
            self._broker.comes_back(agency)

    def _broker_flips(self) -> None:
        if not self.over:
            self.of_broker += self._broker.up
            self._broker.flip()
        up = self._broker.up
        self._soon(
            self._faults.broker_up_ms if up else self._faults.broker_down_ms, self._broker_flips
        )

    def _agency_leaves(self, agency: SimAgency) -> None:
        def leaves() -> None:
            agency.online = self.over
            self._soon(self._faults.agency_down_ms, returns)

        def returns() -> None:
            agency.online = True
            self._broker.comes_back(agency)
            self._agency_leaves(agency)

        self._soon(self._faults.agency_up_ms, leaves)

    def _exchange_stops(self) -> None:
        self._soon(self._faults.exchange_up_ms, self._exchange_stops)
        if self._telephony.running and not self.over:
            self._telephony.stop_exchange()
            self._soon(self._faults.exchange_down_ms, self._exchange_starts)

    def _exchange_starts(self) -> None:
        if not self._telephony.running:
            self._telephony.start_exchange()

    def _modem_works(self, modem: str) -> None:
        def breaks() -> None:
            if not self.over:
                self._telephony.stop_modem(modem)
            self._soon(self._faults.modem_down_ms, mends)

        def mends() -> None:
            self._telephony.start_modem(modem)
            self._modem_works(modem)

        self._soon(self._faults.modem_up_ms, breaks)
