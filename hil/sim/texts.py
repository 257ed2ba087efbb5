"""Text messages: officers who read an alert and answer it, and people who write to 112.

The network holds a message until the box has it on disk, as a modem's store does.
"""

from __future__ import annotations

from appliance.domain.orders import Alert, Order
from drivers.api import SmsReceived
from hil.sim.agenda import START_UTC_MS
from hil.sim.centre import MODEMS
from hil.sim.surroundings import HOUR_MS, Surroundings

_WORDS = ("tolong", "OK 12", "", "banjir di Lepo-Lepo")


class Texts:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._held: list[SmsReceived] = []
        self.sent = 0  # by the box
        self.over = False  # nobody writes any more
        around.soon(6 * HOUR_MS, self._somebody_writes)

    def send(self, order: Order, alert: Alert) -> None:
        """An officer reads an alert and may answer."""
        self.sent += 1
        if self._around.random.random() < 0.7:
            answer = self._sms(order.to, f"ok {alert.dispatch}")
            self._around.soon(60_000, lambda: self._arrives(answer))

    def hand_over(self) -> None:
        """The daemon is there again."""
        for sms in self._held:
            self._give(sms)

    def _somebody_writes(self) -> None:
        self._around.soon(6 * HOUR_MS, self._somebody_writes)
        if not self.over:
            random = self._around.random
            sender = f"+62813{random.randrange(10**8):08}"
            self._arrives(self._sms(sender, random.choice(_WORDS)))

    def _sms(self, sender: str, text: str) -> SmsReceived:
        return SmsReceived(MODEMS[0], sender, text, START_UTC_MS + self._around.agenda.now_ms)

    def _arrives(self, sms: SmsReceived) -> None:
        self._held.append(sms)
        self._give(sms)

    def _give(self, sms: SmsReceived) -> None:
        def kept(_: object) -> None:
            self._held = [other for other in self._held if other is not sms]

        self._around.console.ask(sms, kept)
