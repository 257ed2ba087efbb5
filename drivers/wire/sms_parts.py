"""Joining the parts of long SMS, in whatever order and however often they come.

A part that never comes does not hold the others back for ever: after PATIENCE_MS what is there is
given out, marked damaged. The class keeps time only by the `now_ms` it is given. `Origin` is
whatever the caller needs to find a part again, such as its place on the SIM.
3GPP TS 23.040 9.2.3.24.1 (concatenation).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from drivers.value import value
from drivers.wire.pdu import Part, Sms, text_of

PATIENCE_MS = 300_000  # parts of one message come within a minute when they come
SEEN_MAX = 256  # whole messages remembered, to know one that the network sends again (D5)
GAP = "[…]"

Origin = TypeVar("Origin")
_Key = tuple[str, int, int, int]


@value
class Joined(Generic[Origin]):
    """A whole message, or what there is of it. `repeated`: the same was given out before."""

    parts: tuple[Sms, ...]
    text: str
    origins: tuple[Origin, ...]
    repeated: bool = False
    missing: int = 0

    @property
    def damaged(self) -> bool:
        return self.missing > 0 or any(part.damage for part in self.parts)


@dataclass(slots=True)
class _Open(Generic[Origin]):
    """The parts of one message so far."""

    until_ms: int
    parts: dict[int, Sms] = field(default_factory=dict)
    origins: list[Origin] = field(default_factory=list)


class SmsParts(Generic[Origin]):
    def __init__(self) -> None:
        self._open: dict[_Key, _Open[Origin]] = {}
        self._seen: dict[tuple[object, ...], None] = {}

    def add(self, sms: Sms, origin: Origin, now_ms: int) -> list[Joined[Origin]]:
        """Take one received message; return what it completes, if anything."""
        part = sms.part
        if part is None or part.total == 1:
            return [self._joined({1: sms}, 1, [origin])]
        key = (sms.address, part.reference, part.reference_bits, part.total)
        given = self._reference_used_again(key, sms, part)
        group = self._open.setdefault(key, _Open(now_ms + PATIENCE_MS))
        group.parts.setdefault(part.number, sms)
        group.origins.append(origin)
        if len(group.parts) == part.total:
            del self._open[key]
            given.append(self._joined(group.parts, part.total, group.origins))
        return given

    @property
    def deadline_ms(self) -> int | None:
        """When to call `expire`. None: no message is incomplete."""
        return min((group.until_ms for group in self._open.values()), default=None)

    def expire(self, now_ms: int) -> list[Joined[Origin]]:
        """Give out what has waited for its missing parts long enough."""
        late = [key for key, group in self._open.items() if group.until_ms <= now_ms]
        return [self._give_up(key) for key in late]

    def _reference_used_again(self, key: _Key, sms: Sms, part: Part) -> list[Joined[Origin]]:
        """Another text under a number that is taken: the sender has begun a new message."""
        group = self._open.get(key)
        known = group.parts.get(part.number) if group else None
        return [self._give_up(key)] if known and known.units != sms.units else []

    def _give_up(self, key: _Key) -> Joined[Origin]:
        group = self._open.pop(key)
        return self._joined(group.parts, key[-1], group.origins)

    def _joined(self, parts: dict[int, Sms], total: int, origins: list[Origin]) -> Joined[Origin]:
        numbers = sorted(parts)
        there = tuple(parts[number] for number in numbers)
        missing = total - len(there)
        text = text_of(there) if not missing else _with_gaps(parts, total)
        identity = tuple((p.address, p.time, p.coding, p.units) for p in there)
        repeated = identity in self._seen
        self._seen[identity] = None
        while len(self._seen) > SEEN_MAX:
            del self._seen[next(iter(self._seen))]
        return Joined(there, text, tuple(origins), repeated, missing)


def _with_gaps(parts: dict[int, Sms], total: int) -> str:
    return "".join(parts[number].text if number in parts else GAP for number in range(1, total + 1))
