"""The watchdog is fed only while every critical loop goes round."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.clock import SystemClock, boot_id
from appliance.disk import Disk
from appliance.domain.rules import Rules
from appliance.engine import Engine
from appliance.journal import Journal
from appliance.pulse import Pulse
from tests.waiting import eventually

EVERY_S = 0.02


class Round:
    """A loop that goes round when it is asked to, unless it hangs."""

    def __init__(self) -> None:
        self.beats, self.hangs, self.asked = 0, False, 0

    def beat(self) -> None:
        self.asked += 1
        if not self.hangs:
            self.beats += 1


def _watched(path: Path, story: Callable[[dict[str, Round], list[int]], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = SystemClock()
        journal = Journal(path / "journal.db", boot_id(), clock.utc_ms())
        disk = Disk(Engine(journal, clock, Rules()))
        loops, fed = {"outbox": Round(), "levels": Round()}, list[int]()
        pulse = Pulse(disk, loops, lambda: fed.append(1), EVERY_S)
        beating = asyncio.create_task(pulse.run())
        try:
            await story(loops, fed)
        finally:
            beating.cancel()
            disk.close()
            journal.close()

    asyncio.run(run())


def test_it_is_fed_while_all_go_round(tmp_path: Path) -> None:
    async def story(loops: dict[str, Round], fed: list[int]) -> None:
        await eventually(lambda: len(fed) >= 3)

    _watched(tmp_path, story)


def test_one_loop_that_hangs_starves_it_and_going_on_feeds_it_again(tmp_path: Path) -> None:
    async def story(loops: dict[str, Round], fed: list[int]) -> None:
        loops["levels"].hangs = True
        await eventually(lambda: loops["levels"].asked >= 5)
        assert fed == []
        loops["levels"].hangs = False
        await eventually(lambda: fed)

    _watched(tmp_path, story)


def test_a_panel_that_is_closed_need_not_beat(tmp_path: Path) -> None:
    async def story(loops: dict[str, Round], fed: list[int]) -> None:
        loops["levels"].hangs = True
        await eventually(lambda: loops["levels"].asked >= 3)
        del loops["levels"]
        await eventually(lambda: fed)

    _watched(tmp_path, story)
