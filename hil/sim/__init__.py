"""A whole site on a simulated clock, with the power failing at the worst moments."""

from hil.sim.outages import Faults
from hil.sim.report import main
from hil.sim.site import Site

__all__ = ["Faults", "Site", "main"]
