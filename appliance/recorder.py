"""Turns what was recorded of an ended call into a file, and says in the journal which.

A call of a modem may have several parts: the exchange gets a new end of it after each restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from appliance import legs
from appliance.disk import Disk
from appliance.domain.events import RecordingDue
from appliance.domain.requests import RecordingKept, RecordingLost
from appliance.engine import Step
from appliance.legs import MediaLeg
from drivers.api import DriverError
from drivers.asterisk.recordings import Recordings


class Recorder:
    def __init__(self, disk: Disk, recordings: Recordings) -> None:
        self._disk, self._recordings = disk, recordings
        self._due: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        for call, leg in disk.world.recordings.items():
            self._due.put_nowait((call, leg))  # left over from before a restart
        disk.follow(self._on_step)

    def _on_step(self, step: Step) -> None:
        if isinstance(step.entry.event, RecordingDue):
            self._due.put_nowait((step.entry.event.call, step.entry.event.leg))

    async def run(self) -> None:
        while True:
            await self._store(*await self._due.get())

    async def _store(self, call: int, leg: str) -> None:
        try:
            parts = await asyncio.to_thread(self._parts, call, leg)
            kept = [await asyncio.to_thread(self._recordings.store, part) for part in parts]
        except DriverError as error:
            await self._disk.ask(RecordingLost(call, str(error)))
            return
        for part, recording in enumerate(kept, 1):
            path, sha256 = str(recording.path), recording.sha256
            await self._disk.ask(
                RecordingKept(call, path, sha256, recording.duration_ms, part, len(kept))
            )

    def _parts(self, call: int, leg: str) -> Sequence[str]:
        names = {*self._recordings.unstored(), *self._recordings.stored()}
        parts = [name for name in names if _is_part(name, call)]
        return sorted(parts, key=lambda name: int(name.rpartition("-")[2])) or [leg]


def _is_part(name: str, call: int) -> bool:
    made = legs.parse(name)
    return isinstance(made, MediaLeg) and made.call == call
