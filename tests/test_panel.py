"""The panel driver on gpiozero's simulated pins, in simulated time: an hour passes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from selectors import DefaultSelector, SelectorKey
from typing import Any

import pytest

from drivers.api import Down, DriverError, PanelFact, Pressed, Signal, Up
from drivers.contact import STUCK_S, Button
from drivers.gpio import Chip
from drivers.panel import GpioPanel, Output, open_panel
from hil.far_end.panel import PanelFace

RED = Output("red", 17)
BLUE = Output("blue", 27)
YELLOW = Output("yellow", 22, active_high=False)
SIREN = Output("siren", 23, active_high=False, max_on_s=180)
OUTPUTS = (RED, BLUE, YELLOW, SIREN)
ACK = Button("ack", 5)
TEST = Button("test", 6, pull_up=False)
BUTTONS = (ACK, TEST)

History = list[tuple[float, str, bool]]
Story = Callable[[GpioPanel, PanelFace], Awaitable[None]]


class SimulatedTime(asyncio.SelectorEventLoop):
    """An event loop that does not wait for its next timer but goes there at once."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        super().__init__(_Hurried(self))

    def time(self) -> float:
        return self.now_s


class _Hurried(DefaultSelector):
    def __init__(self, loop: SimulatedTime) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        events = super().select(None if timeout is None else 0)
        if not events and timeout:
            self._loop.now_s += timeout
        return events


def in_simulated_time(story: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SimulatedTime) as runner:
        runner.run(story)


def on_the_panel(story: Story) -> None:
    async def told() -> None:
        async with open_panel("panel", OUTPUTS, BUTTONS, chip="simulated") as panel:
            await story(panel, PanelFace(panel, OUTPUTS, BUTTONS))

    in_simulated_time(told())


async def pass_s(seconds: float) -> None:
    """Let simulated time pass."""
    await asyncio.sleep(seconds)


def recorded(panel: GpioPanel) -> History:
    """What the watchers are told from now on, with the seconds since now."""
    loop, history = asyncio.get_running_loop(), History()
    start_s = loop.time()
    watch = panel.watch(lambda name, on, _: history.append((loop.time() - start_s, name, on)))
    assert callable(watch)
    history.clear()
    return history


def changes_of(history: History, name: str) -> list[tuple[float, bool]]:
    return [(round(at_s, 3), on) for at_s, who, on in history if who == name]


async def facts_until_now(panel: GpioPanel) -> list[PanelFact]:
    """Everything reported so far."""
    found: list[PanelFact] = []
    facts = panel.facts()
    while True:
        try:
            async with asyncio.timeout(0.001):
                found.append(await anext(facts))
        except TimeoutError:
            return found


def test_fast_is_two_hertz_and_slow_half_a_hertz_with_equal_light_and_dark() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        history = recorded(panel)
        await panel.show("red", Signal.FAST)
        await panel.show("blue", Signal.SLOW)
        await pass_s(4.1)
        assert changes_of(history, "red") == [(n * 0.25, n % 2 == 0) for n in range(17)]
        assert changes_of(history, "blue") == [(n * 1.0, n % 2 == 0) for n in range(5)]
        assert face.driven("red") == [False, *(n % 2 == 0 for n in range(17))]

    on_the_panel(story)


def test_lamps_that_flash_alike_flash_together_whenever_they_began() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        await panel.show("red", Signal.FAST)
        await pass_s(0.37)
        await panel.show("blue", Signal.FAST)
        for _ in range(20):
            assert face.is_lit("red") == face.is_lit("blue")
            await pass_s(0.11)

    on_the_panel(story)


def test_asking_again_disturbs_no_flash() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        history = recorded(panel)
        for _ in range(39):
            await panel.show("red", Signal.FAST)
            await pass_s(0.1)
        assert changes_of(history, "red") == [(n * 0.25, n % 2 == 0) for n in range(16)]

    on_the_panel(story)


def test_nothing_wakes_us_when_no_lamp_flashes() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        await panel.show("red", Signal.FAST)
        await pass_s(1)
        await panel.show("red", Signal.STEADY)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedTime)
        began_s, beats = loop.time(), face.driven("red")
        await pass_s(3600)
        assert loop.time() == began_s + 3600  # one leap: no timer lay between
        assert face.driven("red") == beats

    on_the_panel(story)


def test_an_active_low_output_is_never_driven_on_while_it_is_claimed_or_released() -> None:
    seen: list[PanelFace] = []

    async def story(panel: GpioPanel, face: PanelFace) -> None:
        seen.append(face)
        assert face.driven("siren") == [False]
        await panel.show("siren", Signal.STEADY)
        assert face.is_lit("siren")

    on_the_panel(story)
    assert seen[0].driven("siren") == [False, True, False]


def test_a_siren_goes_off_at_its_limit_however_often_it_is_asked_for() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        history = recorded(panel)
        for _ in range(100):
            await panel.show("siren", Signal.STEADY)
            await pass_s(3)
        assert changes_of(history, "siren") == [(0.0, True), (180.0, False)]
        await panel.show("siren", Signal.FAST)
        assert not face.is_lit("siren")  # another signal is no new alarm
        await panel.show("siren", Signal.OFF)
        await panel.show("siren", Signal.STEADY)
        assert face.is_lit("siren")
        await pass_s(181)
        assert not face.is_lit("siren")

    on_the_panel(story)


def test_changing_the_signal_does_not_stretch_the_limit() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        await panel.show("siren", Signal.SLOW)
        await pass_s(100)
        await panel.show("siren", Signal.STEADY)
        await pass_s(79)
        assert face.is_lit("siren")
        await pass_s(2)
        assert not face.is_lit("siren")

    on_the_panel(story)


@pytest.mark.parametrize("button", ["ack", "test"])
def test_a_bouncing_button_is_one_press(button: str) -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        face.press(button, bounces=8)
        await pass_s(0.04)
        face.press(button, bounces=8)
        await pass_s(1)
        face.release(button, bounces=8)
        await pass_s(1)
        assert await facts_until_now(panel) == [Up("panel"), Pressed(button)]
        face.press(button)
        await pass_s(1)
        assert await facts_until_now(panel) == [Pressed(button)]

    on_the_panel(story)


def test_a_glitch_is_no_press() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        face.press("ack")
        await pass_s(0.02)
        face.release("ack")
        await pass_s(1)
        assert await facts_until_now(panel) == [Up("panel")]

    on_the_panel(story)


def test_a_stuck_button_is_one_press_and_a_trouble_until_it_is_let_go() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        face.press("ack")
        await pass_s(STUCK_S + 100)
        said = await facts_until_now(panel)
        assert said == [
            Up("panel"),
            Pressed("ack"),
            Down("panel", "tombol macet / button stuck: ack"),
        ]
        face.release("ack")
        await pass_s(1)
        assert await facts_until_now(panel) == [Up("panel")]

    on_the_panel(story)


def test_two_stuck_buttons_are_two_troubles_and_up_comes_after_the_last() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        face.press("ack")
        face.press("test")
        await pass_s(STUCK_S + 1)
        face.release("ack")
        await pass_s(1)
        *_, last = await facts_until_now(panel)
        assert last == Down("panel", "tombol macet / button stuck: test")
        face.release("test")
        await pass_s(1)
        assert await facts_until_now(panel) == [Up("panel")]

    on_the_panel(story)


def test_an_output_nobody_has_is_named_with_those_there_are() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        with pytest.raises(DriverError, match=r"'purple'; ada / known: red, blue, yellow, siren"):
            await panel.show("purple", Signal.STEADY)

    on_the_panel(story)


def test_an_output_that_does_not_follow_is_an_error_and_a_trouble_until_it_does() -> None:
    async def story(panel: GpioPanel, face: PanelFace) -> None:
        with face.held("red", lit=False):
            for _ in range(3):
                with pytest.raises(DriverError, match=r"red \(pin 17\): .*does not follow"):
                    await panel.show("red", Signal.STEADY)
        await panel.show("red", Signal.STEADY)
        why = "red (pin 17): tidak mengikuti / does not follow"
        assert await facts_until_now(panel) == [Up("panel"), Down("panel", why), Up("panel")]

    on_the_panel(story)


def test_two_parts_on_one_pin_are_refused_by_name() -> None:
    async def story() -> None:
        async with open_panel("panel", [RED, Output("horn", 17)], [], chip="simulated"):
            raise AssertionError("it opened")

    with pytest.raises(DriverError, match="pin 17 dipakai dua kali / is used twice: red, horn"):
        asyncio.run(story())


def test_a_pin_that_does_not_exist_is_refused() -> None:
    async def story() -> None:
        async with open_panel("panel", [Output("red", 99)], [], chip="simulated"):
            raise AssertionError("it opened")

    with pytest.raises(DriverError, match="panel: pin 99: 99 is not a valid pin name"):
        asyncio.run(story())


@pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this box has a GPIO chip")
def test_a_box_without_a_chip_is_never_simulated_by_itself() -> None:
    async def story() -> None:
        async with open_panel("panel", OUTPUTS, BUTTONS, chip=Chip.LGPIO):
            raise AssertionError("it opened")

    with pytest.raises(DriverError, match=r'/dev/gpiochip\* on this box; .* driver = "simulated"'):
        asyncio.run(story())
