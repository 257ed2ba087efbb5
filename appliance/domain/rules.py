"""What the site decides: how long people get, who is there, which agencies exist.

Set in the site file (`appliance.settings`); times in milliseconds. Defaults are domain.md's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from appliance.domain.routing import RoutingTable
from drivers.value import value


@value
class Agency:
    """An agency (OPD). `phones` are E.164 numbers of the officers on duty, the first one first."""

    id: str  # damkarmat
    name: str  # Dinas Pemadam Kebakaran
    phones: tuple[str, ...] = ()


@value
class Rules:
    desks: tuple[str, ...] = ()
    trunks: frozenset[str] = frozenset()
    modems: frozenset[str] = frozenset()
    exchange: str = "asterisk"
    hub: bool = False  # the province is told of every call
    agencies: Mapping[str, Agency] = field(default_factory=dict)
    routing: RoutingTable = field(default_factory=lambda: RoutingTable("", {}))

    greeting_max_ms: int = 15_000  # then the caller is queued, whatever the announcement does
    answer_target_ms: int = 10_000  # red flashes from then on
    desk_rest_ms: int = 5_000  # a phone that did not answer is left alone that long
    ring_for_ms: int = 30_000  # then the phone is given up and the next round begins
    wrap_up_ms: int = 60_000
    lost_after_ms: int = 10_000  # callers of an exchange that stays away are lost
    callback_after_ms: int = 5_000  # shorter waits are misdials

    delivered_within_ms: int = 15_000
    acknowledged_within_ms: int = 60_000
    supervisor_after_ms: int = 120_000
    siren_max_on_ms: int = 180_000

    def pace(self, priority: int) -> int:
        """How many times longer than at priority 1 an agency has (domain.md, Dispatch)."""
        return {1: 1, 2: 3}.get(priority, 15)
