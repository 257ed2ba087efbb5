"""The live picture of every browser: the whole world again after each change, as an event stream.

Nothing runs while no browser is connected. WHATWG HTML 9.2, Server-sent events.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from appliance.clock import Clock
from appliance.console.snapshot import world_now
from appliance.disk import Disk
from appliance.domain.levels import next_change_ms
from appliance.domain.rules import Rules
from appliance.engine import Step

PAUSE_S = 0.1  # at most ten pictures a second, whatever a burst of calls does
BEAT_MS = 15_000  # a picture at least so often: a page that gets none knows that it is cut off
RETRY_MS = 1_000


class Feed:
    def __init__(self, disk: Disk, clock: Clock, rules: Rules) -> None:
        self._disk, self._clock, self._rules = disk, clock, rules
        self._watching: set[asyncio.Event] = set()
        self._closed = False
        disk.follow(self._on_step)

    def _on_step(self, step: Step) -> None:
        self._wake()

    def _wake(self) -> None:
        for woken in self._watching:
            woken.set()

    async def close(self, app: web.Application) -> None:
        self._closed = True
        self._wake()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        woken = asyncio.Event()
        self._watching.add(woken)
        try:
            await response.write(f"retry: {RETRY_MS}\n\n".encode())
            while not self._closed:
                woken.clear()
                await response.write(self._picture())
                await asyncio.sleep(PAUSE_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), self._patience_s())
        except ConnectionResetError:
            pass  # the browser has gone
        finally:
            self._watching.remove(woken)
        return response

    def _picture(self) -> bytes:
        shown = world_now(self._disk.world, self._clock, self._rules)
        text = json.dumps(shown, separators=(",", ":"))
        return f"event: world\ndata: {text}\n\n".encode()

    def _patience_s(self) -> float:
        """Lamps change by themselves too: a call that waits too long begins to flash."""
        now_ms = self._clock.now_ms()
        change_ms = next_change_ms(self._disk.world, now_ms, self._rules)
        wait_ms = BEAT_MS if change_ms is None else min(BEAT_MS, change_ms - now_ms)
        return wait_ms / 1000
