"""The pins of a Raspberry Pi, real or simulated: the only importer of gpiozero.

An output is claimed at the level that means off. Gpiozero claims it low and sets it after, which
pulses every active-low relay at each start (measured, reference/hardware.md). Between boot and
claim, and after release, a pin is an input: a resistor on the board has to hold it at off.

gpiozero 2.0.1: `Pin.output_with_state` ("descendents may override this in order to provide the
smallest possible delay"), `pins.mock.MockFactory`. lgpio 0.2.2.0: `gpio_claim_output(level)`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from drivers.api import DriverError


class Chip(StrEnum):
    LGPIO = "lgpio"  # /dev/gpiochip*
    SIMULATED = "simulated"  # only where the site file says so


class OutputPin(Protocol):
    @property
    def is_active(self) -> bool: ...
    def on(self) -> None: ...
    def off(self) -> None: ...


class InputPin(Protocol):
    when_activated: Callable[[], None] | None
    when_deactivated: Callable[[], None] | None

    @property
    def is_active(self) -> bool: ...


class Board:
    """`factory` is gpiozero's; the far end of a simulated board drives its pins by it."""

    def __init__(self, name: str, factory: Any, errors: tuple[type[Exception], ...]) -> None:
        self.factory = factory
        self.errors = errors  # what its pins may raise
        self._name = name
        self._claimed: list[Any] = []

    def output(self, pin: int, active_high: bool) -> OutputPin:
        """Claim `pin` as an output that is off. Raises DriverError."""
        from gpiozero import OutputDevice

        claimed: OutputPin = self._claim(
            OutputDevice, pin, active_high=active_high, initial_value=False
        )
        return claimed

    def input(self, pin: int, pull_up: bool) -> InputPin:
        """Claim `pin` for a contact to ground (`pull_up`) or to 3.3 V. Raises DriverError."""
        from gpiozero import DigitalInputDevice

        claimed: InputPin = self._claim(DigitalInputDevice, pin, pull_up=pull_up)
        return claimed

    def _claim(self, device: Any, pin: int, **options: bool) -> Any:
        try:
            claimed = device(pin, pin_factory=self.factory, **options)
        except self.errors as error:
            raise DriverError(f"{self._name}: pin {pin}: {error}") from error
        self._claimed.append(claimed)
        return claimed

    def close(self) -> None:
        """Give every pin back, as an input."""
        for claimed in self._claimed:
            with suppress(*self.errors):  # a chip that has gone gives nothing back
                claimed.close()
        self.factory.close()


def open_board(name: str, chip: Chip) -> Board:
    """Open the GPIO chip. Blocks for 130 ms while gpiozero is imported. Raises DriverError."""
    return _open_simulated(name) if chip is Chip.SIMULATED else _open_lgpio(name)


def _open_lgpio(name: str) -> Board:
    if not any(Path("/dev").glob("gpiochip*")):
        raise DriverError(
            f"{name}: tidak ada /dev/gpiochip* di kotak ini; tanpa panel fisik tulis"
            ' driver = "simulated" di bagian panel pada berkas lokasi / there is no /dev/gpiochip*'
            ' on this box; without a physical panel write driver = "simulated" in the panel'
            " section of the site file"
        )
    # lgpio makes a pipe .lgd-nfy* in LG_WD, else in the working directory, as it is imported.
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY") or tempfile.gettempdir())
    try:
        import lgpio
        from gpiozero import GPIOZeroError
        from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin
    except ImportError as error:
        raise DriverError(f"{name}: lgpio tidak terpasang / is not installed: {error}") from error
    try:
        factory = LGPIOFactory()
    except (GPIOZeroError, lgpio.error, OSError) as error:
        raise DriverError(f"{name}: GPIO tidak dapat dibuka / cannot be opened: {error}") from error

    class LevelPin(LGPIOPin):  # type: ignore[misc]
        def output_with_state(self, state: bool) -> None:
            lgpio.gpio_claim_output(self.factory._handle, self._number, level=int(state))

    factory.pin_class = LevelPin
    return Board(name, factory, (GPIOZeroError, lgpio.error))


def _open_simulated(name: str) -> Board:
    from gpiozero import GPIOZeroError
    from gpiozero.pins.mock import MockFactory, MockPin

    class SimulatedPin(MockPin):  # type: ignore[misc]
        """Keeps in `driven` each level it put on its wire, from the claim on.

        `held`: the level a short circuit holds the wire at, whatever is driven.
        """

        def __init__(self, factory: Any, info: Any) -> None:
            self.driven: list[bool] = []
            self.held: bool | None = None
            super().__init__(factory, info)

        def _get_state(self) -> bool:
            return bool(super()._get_state() if self.held is None else self.held)

        def output_with_state(self, state: bool) -> None:
            self._change_state(state)
            self._set_function("output")

        def _set_function(self, value: str) -> None:
            super()._set_function(value)
            if value == "output":
                self.driven.append(self._state)

        def _change_state(self, value: bool) -> bool:
            changed = super()._change_state(value)
            if changed and self._function == "output":
                self.driven.append(value)
            return bool(changed)

    return Board(name, MockFactory(pin_class=SimulatedPin), (GPIOZeroError,))
