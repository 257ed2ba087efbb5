"""Which agencies an incident of a kind concerns. The table is the centre's own data.

Loading it from its file is `appliance.settings.routing`; this is only its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from drivers.value import value


class Role(StrEnum):
    """What an agency is asked to be in an incident; it decides what it is told (`formats`)."""

    DISPATCHED = "dispatched"  # goes; gets the caller's number
    ASSISTING = "assisting"  # helps those who go
    INFORMATIONAL = "informational"  # is told kind and area only


@value
class Kind:
    """A kind of incident, one row of the routing table. `priority` 1 (at once) to 5."""

    code: str  # KBK-BGN
    name: str  # Kebakaran bangunan
    priority: int
    apco: str  # APCO 2.103.2 common incident type
    cap: str  # CAP 1.2 category
    dispatched: tuple[str, ...] = ()
    assisting: tuple[str, ...] = ()
    informational: tuple[str, ...] = ()

    def proposal(self) -> tuple[tuple[str, Role], ...]:
        """The agencies to propose, the ones that go first."""
        return (
            *((agency, Role.DISPATCHED) for agency in self.dispatched),
            *((agency, Role.ASSISTING) for agency in self.assisting),
            *((agency, Role.INFORMATIONAL) for agency in self.informational),
        )


@value
class RoutingTable:
    """`version` is stored with every incident classified by it."""

    version: str
    kinds: Mapping[str, Kind]
