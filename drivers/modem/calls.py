"""The one call of a modem line, from what the modem says: pure, and suspicious of every report.

A call is open from the first sign of it, RING, +CRING, +CLIP or AT+CLCC, whichever comes first (B1)
and is one call until it is over, however often it rings (B2). AT+CLCC is the truth: two answers
without the call end it, for a NO CARRIER can be lost (B11). Asking for the list is left to the
caller of this module; `epoch` tells it that an answer was overtaken by events.
3GPP TS 27.007 6.11 (+CRC), 7.6 (+CLIP), 7.18 (+CLCC).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drivers.api import Caller, Cause, HungUp, Presentation, Ringing
from drivers.wire.at_lines import CallRow, CallState

EMPTY_MAX = 2  # call lists without the call that end it
RING_HELD_MS = 2_000  # after a RING the call may take so long to come on the list
ECHO_RING_MS = 2_000  # a RING so soon after our hang-up belongs to the call hung up (B12)
_SAME_TAIL = 7  # digits that tell two callers apart, however the prefix is written (B5)

CallFact = Ringing | HungUp


class Calls:
    """`leg` is the open call, None when there is none."""

    def __init__(
        self,
        line: str,
        utc_ms: Callable[[], int],
        adopt: str | None = None,
        adopt_up: bool = False,
    ) -> None:
        self._line = line
        self._utc_ms = utc_ms
        self.leg = adopt
        self.up = adopt is not None and adopt_up  # answered
        self.epoch = 0  # changes whenever a call begins or ends
        self._adopting = adopt is not None  # nothing is known of it yet
        self._caller = Caller()
        self._empty = 0
        self._rang_ms = 0
        self._left_ms: int | None = None  # when we hung up the last one

    @property
    def ringing(self) -> bool:
        return self.leg is not None and not self.up and not self._adopting

    def rang(self, now_ms: int) -> list[CallFact]:
        """RING or +CRING: VOICE."""
        self._rang_ms = now_ms
        if self.leg is not None or self._just_left(now_ms):
            return []
        return self._open(Caller(), up=False)

    def named(self, caller: Caller, now_ms: int) -> list[CallFact]:
        """+CLIP, which may come without a RING and again with each."""
        self._rang_ms = now_ms
        if self._adopting:
            return []  # the list will say whether it is the call we look for
        if self.leg is None:
            return [] if self._just_left(now_ms) else self._open(caller, up=False)
        if self._is_another(caller):
            return [*self.ended(Cause.NORMAL), *self._open(caller, up=False)]
        return self._learn(caller)

    def listed(self, rows: Sequence[CallRow], epoch: int, now_ms: int) -> list[CallFact]:
        """The answer of an AT+CLCC that was asked at `epoch`."""
        if epoch != self.epoch:
            return []
        found = [row for row in rows if row.state in _OURS]
        return self._seen(found[0]) if found else self._unseen(now_ms)

    def answered(self) -> None:
        self.up = True

    def hung_up(self, now_ms: int) -> list[CallFact]:
        """We ended the call and it is gone, by the list or by the modem's own word."""
        self._left_ms = now_ms
        return self.ended(Cause.NORMAL)

    def ended(self, cause: Cause) -> list[CallFact]:
        leg, self.leg = self.leg, None
        if leg is None:
            return []
        self.up = self._adopting = False
        self.epoch += 1
        return [HungUp(leg, cause)]

    def line_lost(self) -> None:
        """The port is gone; the call may go on without us: it is looked for afterwards."""
        self._adopting = self.leg is not None

    def _seen(self, row: CallRow) -> list[CallFact]:
        self._empty = 0
        up = row.state is not CallState.INCOMING
        if self.leg is None:
            return self._open(row.caller, up=up)
        if self._adopting:
            return self._adopt(self.leg, row.caller, up)
        self.up = self.up or up
        return self._learn(row.caller)

    def _adopt(self, leg: str, caller: Caller, up: bool) -> list[CallFact]:
        if self.up and not up:  # ours was answered and has ended, this is the next one
            return [*self.ended(Cause.LOST), *self._open(caller, up=False)]
        self._adopting, self.up, self._caller = False, up, caller
        return [] if up else [Ringing(self._line, leg, caller)]

    def _unseen(self, now_ms: int) -> list[CallFact]:
        if self._adopting:
            return self.ended(Cause.LOST)
        if self.leg is None:
            return []
        self._empty += 1
        young = not self.up and now_ms - self._rang_ms < RING_HELD_MS
        return self.ended(Cause.NORMAL) if self._empty >= EMPTY_MAX and not young else []

    def _open(self, caller: Caller, *, up: bool) -> list[CallFact]:
        self.leg = f"{self._line}/{self._utc_ms():x}"
        self.up, self._adopting = up, False
        self.epoch += 1
        self._empty = 0
        self._caller = caller
        return [Ringing(self._line, self.leg, caller)]

    def _learn(self, caller: Caller) -> list[CallFact]:
        """Say again who it is if more is known: a number, or that it is withheld."""
        known = caller.presentation is not Presentation.UNAVAILABLE
        if self.leg is None or not known or self._caller.presentation is Presentation.SHOWN:
            return []
        if caller == self._caller:
            return []
        self._caller = caller
        return [Ringing(self._line, self.leg, caller)]

    def _is_another(self, caller: Caller) -> bool:
        ours, theirs = self._caller.number[-_SAME_TAIL:], caller.number[-_SAME_TAIL:]
        return not self.up and bool(ours) and bool(theirs) and ours != theirs

    def _just_left(self, now_ms: int) -> bool:
        return self._left_ms is not None and now_ms - self._left_ms < ECHO_RING_MS


# Calls that we dial do not exist, and a second caller hears the busy tone (AT+CCWA=0, B14).
_OURS = (CallState.ACTIVE, CallState.HELD, CallState.INCOMING)
