"""What does not work, and whether somebody has seen it: alarm states of ISA-18.1, sequence A."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from appliance.domain.events import (
    Entry,
    TroubleAcknowledged,
    TroubleCleared,
    TroubleEvent,
    TroubleRaised,
    TroubleReset,
)
from appliance.domain.mappings import drop, put
from drivers.value import value


@value
class Trouble:
    part: str
    why: str
    raised_at_ms: int
    raised_utc_ms: int
    active: bool = True
    acknowledged: bool = False


Troubles = Mapping[str, Trouble]


def evolve(troubles: Troubles, entry: Entry, event: TroubleEvent) -> Troubles:
    match event:
        case TroubleRaised(part, why):
            return put(troubles, part, Trouble(part, why, entry.at_ms, entry.utc_ms))
        case TroubleAcknowledged(part):
            return put(troubles, part, replace(troubles[part], acknowledged=True))
        case TroubleCleared(part):
            return put(troubles, part, replace(troubles[part], active=False))
        case TroubleReset(part):
            return drop(troubles, part)
        case _:
            assert_never(event)
