"""A push button on a GPIO pin: one press for each time it is pressed, however it bounces.

A level counts once it has been still for `bounce_ms`, so a glitch is no press and neither is a
contact held down while we start. Measured with the kernel's debouncing and the same rule: 48 ms of
bounce gave one press, a glitch of 20 ms none (reference/hardware.md 3). It is done here, on the
event loop, because the simulated pins have none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from drivers.gpio import InputPin

STUCK_S = 10.0  # nobody presses that long: the contact or its cable is faulty


@dataclass(frozen=True, slots=True)
class Button:
    """A contact to ground (`pull_up`) or to 3.3 V; `pin` is the BCM number."""

    name: str
    pin: int
    pull_up: bool = True
    bounce_ms: int = 50


class Contact:
    """Calls `on_press` at each press, `on_stuck` after STUCK_S and `on_release`, with the name."""

    def __init__(
        self,
        button: Button,
        pin: InputPin,
        on_press: Callable[[str], None],
        on_stuck: Callable[[str], None],
        on_release: Callable[[str], None],
    ) -> None:
        self._button = button
        self._pin = pin
        self._on_press, self._on_stuck, self._on_release = on_press, on_stuck, on_release
        self._loop = asyncio.get_running_loop()
        self._settling: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._pressed = pin.is_active
        self._expect_release()
        pin.when_activated = pin.when_deactivated = self._on_edge_elsewhere

    def close(self) -> None:
        self._pin.when_activated = self._pin.when_deactivated = None
        for timer in (self._settling, self._stuck):
            if timer:
                timer.cancel()

    def _on_edge_elsewhere(self) -> None:
        # Gpiozero calls from a thread of lgpio's.
        self._loop.call_soon_threadsafe(self._on_edge)

    def _on_edge(self) -> None:
        if self._settling:
            self._settling.cancel()
        self._settling = self._loop.call_later(self._button.bounce_ms / 1000, self._on_still)

    def _on_still(self) -> None:
        pressed = self._pin.is_active
        if pressed == self._pressed:
            return
        self._pressed = pressed
        self._expect_release()
        if pressed:
            self._on_press(self._button.name)
        else:
            self._on_release(self._button.name)

    def _expect_release(self) -> None:
        if self._stuck:
            self._stuck.cancel()
            self._stuck = None
        if self._pressed:
            self._stuck = self._loop.call_later(STUCK_S, self._on_stuck, self._button.name)
