"""Keeps lamps and sirens equal to levels(world): on every change, and again every few seconds.

Nothing is queued: after a restart, or when a device comes back, it shows what is true then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from appliance.clock import Clock
from appliance.disk import Disk
from appliance.domain.levels import levels, next_change_ms
from appliance.domain.rules import Rules
from appliance.engine import Step
from drivers.api import DriverError, Panel, Signal

_LOG = logging.getLogger(__name__)


class Levels:
    def __init__(
        self, disk: Disk, clock: Clock, rules: Rules, panel: Panel, shows: Mapping[str, str]
    ) -> None:
        """`shows` names the level that each output of `panel` shows."""
        self._disk, self._clock, self._rules, self._panel = disk, clock, rules, panel
        self._shows = shows
        self._wake = asyncio.Event()
        self.beats = 0
        disk.follow(self._on_step)

    def _on_step(self, step: Step) -> None:
        self._wake.set()

    def beat(self) -> None:
        """Have every output told again what it must show."""
        self._wake.set()

    async def listen(self) -> None:
        async for fact in self._panel.facts():
            await self._disk.ask(fact)

    async def run(self) -> None:
        while True:
            self._wake.clear()
            now_ms = self._clock.now_ms()
            wanted = levels(self._disk.world, now_ms, self._rules)
            for output, level in self._shows.items():
                await self._show(output, wanted[level])
            self.beats += 1
            change_ms = next_change_ms(self._disk.world, now_ms, self._rules)
            await self._woken(None if change_ms is None else (change_ms - now_ms) / 1000)

    async def _show(self, output: str, signal: Signal) -> None:
        try:
            await self._panel.show(output, signal)
        except DriverError as error:
            _LOG.warning("%s: %s", output, error)

    async def _woken(self, timeout_s: float | None) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout_s)
