"""Which function opens which driver: a name of the site file -> "module:function".

A name with a colon is used as it stands, so that a centre can bring a driver of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from drivers.api import DriverError

DRIVERS = {
    "asterisk": "drivers.asterisk.exchange:open_exchange",
    "modem": "drivers.modem:open_modem",
    "gpio": "drivers.panel:open_panel",
    "simulated": "drivers.panel:open_panel",
    "mqtt": "drivers.broker:open_broker",
}


def opener(driver: str) -> Callable[..., Any]:
    """The function that opens `driver`. Raises DriverError when there is none."""
    module, _, function = DRIVERS.get(driver, driver).partition(":")
    try:
        found: Callable[..., Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise DriverError(
            f"penggerak {driver} tidak dapat dimuat / driver {driver} cannot be loaded: {error}"
        ) from error
    return found
