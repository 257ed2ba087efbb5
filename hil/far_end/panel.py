"""The face of a simulated panel: presses its buttons, sees its lamps and hears its siren.

It stands on the other side of the pins (gpiozero's MockPin), so what it sees is what was driven.

    async with open_panel("panel", OUTPUTS, BUTTONS, chip="simulated") as panel:
        face = PanelFace(panel, OUTPUTS, BUTTONS)
        face.press("ack")
        assert face.is_lit("siren")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from drivers.contact import Button
from drivers.panel import GpioPanel, Output


class PanelFace:
    """`panel` must have been opened with chip="simulated"."""

    def __init__(
        self, panel: GpioPanel, outputs: Sequence[Output], buttons: Sequence[Button]
    ) -> None:
        self._outputs = {output.name: output for output in outputs}
        self._buttons = {button.name: button for button in buttons}
        # Kept here, because the board forgets its pins when the panel is closed.
        numbers = [*(output.pin for output in outputs), *(button.pin for button in buttons)]
        self._pins = {number: panel.board.factory.pin(number) for number in numbers}

    def is_lit(self, output: str) -> bool:
        """Whether current flows now."""
        plan = self._outputs[output]
        return bool(self._pins[plan.pin].state) == plan.active_high

    def driven(self, output: str) -> list[bool]:
        """Each level the output has had since its pin was claimed: True is lit."""
        plan = self._outputs[output]
        return [level == plan.active_high for level in self._pins[plan.pin].driven]

    def press(self, button: str, bounces: int = 0) -> None:
        """Close the contact, which opens and closes `bounces` times before it stays closed."""
        for _ in range(bounces):
            self._drive(button, closed=True)
            self._drive(button, closed=False)
        self._drive(button, closed=True)

    def release(self, button: str, bounces: int = 0) -> None:
        for _ in range(bounces):
            self._drive(button, closed=False)
            self._drive(button, closed=True)
        self._drive(button, closed=False)

    @contextmanager
    def held(self, output: str, lit: bool) -> Iterator[None]:
        """Hold the output's wire at one level, as a short circuit does."""
        plan = self._outputs[output]
        pin = self._pins[plan.pin]
        pin.held = lit == plan.active_high
        try:
            yield
        finally:
            pin.held = None

    def _drive(self, button: str, closed: bool) -> None:
        plan = self._buttons[button]
        pin = self._pins[plan.pin]
        if closed == plan.pull_up:
            pin.drive_low()
        else:
            pin.drive_high()
