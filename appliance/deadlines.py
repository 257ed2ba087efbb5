"""Tells the engine when a time limit of the rules has passed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from appliance.clock import Clock
from appliance.disk import Disk
from appliance.domain.decide import deadline_ms
from appliance.domain.requests import DeadlinePassed
from appliance.domain.rules import Rules
from appliance.engine import Step

_LEAST_S = 0.05  # between two questions, should a limit pass without anything following


class Deadlines:
    def __init__(self, disk: Disk, clock: Clock, rules: Rules) -> None:
        self._disk, self._clock, self._rules = disk, clock, rules
        self._wake = asyncio.Event()
        self.beats = 0
        disk.follow(self._on_step)

    def _on_step(self, step: Step) -> None:
        self._wake.set()

    def beat(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            self.beats += 1
            now_ms = self._clock.now_ms()
            due_ms = deadline_ms(self._disk.world, self._rules, now_ms)
            if due_ms is not None and due_ms <= now_ms:
                await self._disk.ask(DeadlinePassed())
                await asyncio.sleep(_LEAST_S)
                continue
            with suppress(TimeoutError):
                wait_s = None if due_ms is None else (due_ms - now_ms) / 1000
                await asyncio.wait_for(self._wake.wait(), wait_s)
