"""The caller's end of a simulated call: a tone into the modem's PCM port, an ear for what comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hil.far_end.modem.pty import PtyPort
from hil.far_end.modem.tone import FRAME_SAMPLES, tone

FRAME_S = 0.02


class CallerSound:
    """Silent and deaf until `begin`; `heard` is the PCM of the present or last call."""

    def __init__(self, link: Path, hz: float) -> None:
        self.port = PtyPort(link, self._hear)
        self.hz = hz
        self.heard = bytearray()
        self._speaking: asyncio.Task[None] | None = None

    @property
    def begun(self) -> bool:
        return self._speaking is not None

    def begin(self) -> None:
        if self._speaking is None:
            self.heard.clear()
            self._speaking = asyncio.create_task(self._speak(), name=f"caller at {self.port.link}")

    def end(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            self._speaking = None

    def _hear(self, pcm: bytes) -> None:
        if self._speaking is not None:
            self.heard += pcm

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        frame = 0
        while True:
            self.port.write(tone(self.hz, frame * FRAME_SAMPLES))
            frame += 1
            await asyncio.sleep(begun_s + frame * FRAME_S - loop.time())
