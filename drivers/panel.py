"""The panel on GPIO pins: lamps and sirens that show a signal, buttons that are pressed.

What a lamp means and when a siren sounds is left to the levels; the pins are
`drivers.gpio`, a button is `drivers.contact`.

A process that hangs leaves its outputs as they are, and no timer in here helps against that: the
dead-man belongs in the hardware, with the yellow lamp on a normally-closed contact and a timed
relay before each public siren. Do not flash through a relay either: 0.5 Hz wears one out in 2 to
3 days. (reference/hardware.md 3)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from drivers.api import Down, DriverError, PanelFact, Pressed, Signal, Up
from drivers.contact import Button, Contact
from drivers.gpio import Board, Chip, OutputPin, open_board

QUARTER_S = 0.25  # half a period of FAST (2 Hz); SLOW (0.5 Hz) is four on, four off

_LOG = logging.getLogger(__name__)

OnChange = Callable[[str, bool, Signal], None]


@dataclass(frozen=True, slots=True)
class Output:
    """A lamp or a siren. `max_on_s` 0: no limit; a siren must have one.

    The limit counts from the first signal that is not OFF, however often that is asked again or
    changed; once reached, the output stays off until OFF has been asked.
    """

    name: str
    pin: int  # BCM number
    active_high: bool = True
    max_on_s: int = 0


@asynccontextmanager
async def open_panel(
    name: str,
    outputs: Sequence[Output],
    buttons: Sequence[Button],
    *,
    chip: Chip | str = Chip.LGPIO,
) -> AsyncIterator[GpioPanel]:
    """Claim the pins, all outputs off; release them, all off, at the end. Raises DriverError."""
    _check_pins(name, [*outputs, *buttons])
    board = await asyncio.to_thread(open_board, name, Chip(chip))
    try:
        panel = GpioPanel(name, board)
        try:
            for output in outputs:
                panel.add_output(output)
            for button in buttons:
                panel.add_button(button)
            yield panel
        finally:
            panel.put_out()
    finally:
        board.close()


def _check_pins(name: str, plan: Sequence[Output | Button]) -> None:
    users: dict[int, str] = {}
    for part in plan:
        if part.pin in users:
            raise DriverError(
                f"{name}: pin {part.pin} dipakai dua kali / is used twice:"
                f" {users[part.pin]}, {part.name}"
            )
        users[part.pin] = part.name


@dataclass(slots=True)
class _Lamp:
    output: Output
    pin: OutputPin
    signal: Signal = Signal.OFF
    shown: tuple[bool, Signal] = (False, Signal.OFF)  # as the watchers know it
    spent: bool = False  # its max_on_s has passed since it was last OFF
    limit: asyncio.TimerHandle | None = None


class GpioPanel:
    """`drivers.api.Panel` over gpiozero."""

    def __init__(self, name: str, board: Board) -> None:
        self.name = name
        self.board = board
        self._loop = asyncio.get_running_loop()
        self._lamps: dict[str, _Lamp] = {}
        self._contacts: list[Contact] = []
        self._watchers: list[OnChange] = []
        self._troubles: dict[str, str] = {}
        self._facts: asyncio.Queue[PanelFact] = asyncio.Queue()
        self._facts.put_nowait(Up(name))
        self._flashing_since = 0.0
        self._beat: asyncio.TimerHandle | None = None  # None: nothing flashes, nothing wakes us

    async def facts(self) -> AsyncIterator[PanelFact]:
        while True:
            yield await self._facts.get()

    async def show(self, output: str, signal: Signal) -> None:
        """See `drivers.api.Panel`. The pin is written and read back each time it is asked."""
        lamp = self._lamps.get(output)
        if lamp is None:
            known = ", ".join(self._lamps)
            raise DriverError(
                f"{self.name}: tidak ada keluaran / there is no output {output!r}; ada / known:"
                f" {known}"
            )
        lamp.signal = signal
        self._limit(lamp)
        self._set_beat()
        self._drive(lamp)

    def watch(self, on_change: OnChange) -> Callable[[], None]:
        """Call `on_change(output, on, signal)` for each output now and at each change.

        Called on the event loop; at each flash too. Returns what ends it.
        """
        for lamp in self._lamps.values():
            on_change(lamp.output.name, *lamp.shown)
        self._watchers.append(on_change)
        return partial(self._watchers.remove, on_change)

    def add_output(self, output: Output) -> None:
        pin = self.board.output(output.pin, output.active_high)
        self._lamps[output.name] = _Lamp(output, pin)

    def add_button(self, button: Button) -> None:
        pin = self.board.input(button.pin, button.pull_up)
        self._contacts.append(Contact(button, pin, self._on_press, self._on_stuck, self._cured))

    def put_out(self) -> None:
        """Everything off and nothing pending: the end."""
        if self._beat:
            self._beat.cancel()
        for contact in self._contacts:
            contact.close()
        for lamp in self._lamps.values():
            lamp.signal = Signal.OFF
            self._limit(lamp)
            with suppress(DriverError):  # the others must go off all the same
                self._drive(lamp)

    # --- outputs ---------------------------------------------------------------------------------

    def _limit(self, lamp: _Lamp) -> None:
        if lamp.signal is Signal.OFF:
            lamp.spent = False
            if lamp.limit:
                lamp.limit.cancel()
                lamp.limit = None
        elif lamp.output.max_on_s and not lamp.limit and not lamp.spent:
            lamp.limit = self._loop.call_later(lamp.output.max_on_s, self._on_limit, lamp)

    def _on_limit(self, lamp: _Lamp) -> None:
        lamp.limit, lamp.spent = None, True
        _LOG.warning(
            "%s: %s dimatikan setelah / off after %d s",
            self.name,
            lamp.output.name,
            lamp.output.max_on_s,
        )
        self._set_beat()
        with suppress(DriverError):  # reported as Down
            self._drive(lamp)

    def _drive(self, lamp: _Lamp) -> None:
        """Put the pin where the signal has it now. Raises DriverError if it does not follow."""
        on = self._wanted(lamp)
        try:
            if on:
                lamp.pin.on()
            else:
                lamp.pin.off()
            followed = lamp.pin.is_active == on
        except self.board.errors as error:
            raise self._failed(lamp, str(error)) from error
        if not followed:
            raise self._failed(lamp, "tidak mengikuti / does not follow")
        self._cured(lamp.output.name)
        if lamp.shown != (on, lamp.signal):
            lamp.shown = (on, lamp.signal)
            for on_change in tuple(self._watchers):
                on_change(lamp.output.name, *lamp.shown)

    def _failed(self, lamp: _Lamp, why: str) -> DriverError:
        text = f"{lamp.output.name} (pin {lamp.output.pin}): {why}"
        self._trouble(lamp.output.name, text)
        return DriverError(f"{self.name}: {text}")

    # --- flashing --------------------------------------------------------------------------------

    def _wanted(self, lamp: _Lamp) -> bool:
        match lamp.signal:
            case _ if lamp.spent:
                return False
            case Signal.OFF:
                return False
            case Signal.STEADY:
                return True
            case Signal.FAST:
                return self._quarter() % 2 == 0
            case Signal.SLOW:
                return self._quarter() % 8 < 4

    def _quarter(self) -> int:
        """Quarter seconds since flashing began: all lamps flash in phase, the first lit at once."""
        # A timer of the loop may be early by its clock's resolution, never by 10 ms.
        return int((self._loop.time() - self._flashing_since + 0.01) / QUARTER_S)

    def _set_beat(self) -> None:
        """Wake up when the next lamp has to change, and not at all when none flashes."""
        signals = {lamp.signal for lamp in self._lamps.values() if not lamp.spent}
        if self._beat:
            self._beat.cancel()
        if not signals & {Signal.FAST, Signal.SLOW}:
            self._beat = None
            return
        if self._beat is None:
            self._flashing_since = self._loop.time()
        step = 1 if Signal.FAST in signals else 4
        due = (self._quarter() // step + 1) * step
        self._beat = self._loop.call_at(self._flashing_since + due * QUARTER_S, self._on_beat)

    def _on_beat(self) -> None:
        self._set_beat()
        for lamp in self._lamps.values():
            if lamp.signal in (Signal.FAST, Signal.SLOW):
                with suppress(DriverError):  # reported as Down
                    self._drive(lamp)

    # --- facts -----------------------------------------------------------------------------------

    def _on_press(self, button: str) -> None:
        self._facts.put_nowait(Pressed(button))

    def _on_stuck(self, button: str) -> None:
        self._trouble(button, f"tombol macet / button stuck: {button}")

    def _trouble(self, part: str, text: str) -> None:
        if self._troubles.get(part) != text:
            self._troubles[part] = text
            self._facts.put_nowait(Down(self.name, "; ".join(self._troubles.values())))

    def _cured(self, part: str) -> None:
        if self._troubles.pop(part, None) is None:
            return
        if self._troubles:
            self._facts.put_nowait(Down(self.name, "; ".join(self._troubles.values())))
        else:
            self._facts.put_nowait(Up(self.name))
