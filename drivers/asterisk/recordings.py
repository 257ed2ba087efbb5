"""The recordings of calls on disk: two raw files while a call lasts, one stereo WAV after.

Asterisk writes what each side said to `LEG-caller.sln` and `LEG-agent.sln` (s16le, 8 kHz), because
a WAV has length 0 in its header when Asterisk is killed. At the end of the call `store` makes
`LEG.wav` of them: caller left, agent right. Up to 4.1 s may be missing at the end after a kill
(measured: Asterisk writes 64 KB at a time).

Everything here blocks for as long as the disk takes: call it off the event loop. Which recordings
are kept for how long is the appliance's business.
"""

from __future__ import annotations

import hashlib
import os
import re
import wave
from array import array
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from drivers.api import DriverError
from drivers.value import value

RATE_HZ = 8_000
CHUNK_BYTES = 64 * 1024  # of one side: 4 s

_CALLER, _AGENT, _WAV = "-caller.sln", "-agent.sln", ".wav"
_LEG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


@value
class Recording:
    """A stored recording: it is on the disk, whole, under `path`."""

    path: Path
    sha256: str
    duration_ms: int


class Recordings:
    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def stored(self) -> list[str]:
        """The legs that have a WAV."""
        return sorted(path.name.removesuffix(_WAV) for path in self.directory.glob(f"*{_WAV}"))

    def unstored(self) -> list[str]:
        """The legs with raw files left: calls in progress, and orphans of a power cut or a kill."""
        raw = [*self.directory.glob(f"*{_CALLER}"), *self.directory.glob(f"*{_AGENT}")]
        return sorted({path.name.removesuffix(_CALLER).removesuffix(_AGENT) for path in raw})

    def store(self, leg: str) -> Recording:
        """Make the WAV of an ended call, once. Raises DriverError when there is no recording.

        Interrupted at any point it may be called again; the raw files go only after the WAV is
        safe on the disk.
        """
        if not _LEG.fullmatch(leg):
            raise DriverError(f"{leg!r} is not the name of a recording")
        wav = self.directory / f"{leg}{_WAV}"
        sides = [self.directory / f"{leg}{_CALLER}", self.directory / f"{leg}{_AGENT}"]
        try:
            if any(side.exists() for side in sides) and not wav.exists():
                _weave(sides[0], sides[1], wav)
            recording = _read(wav)
            for side in sides:
                side.unlink(missing_ok=True)
        except FileNotFoundError as error:
            raise DriverError(f"there is no recording of {leg} in {self.directory}") from error
        except (OSError, wave.Error) as error:
            raise DriverError(f"the recording of {leg} cannot be stored: {error}") from error
        return recording


def _weave(caller: Path, agent: Path, wav: Path) -> None:
    """Write both sides to `wav`, the shorter one padded with silence at its end."""
    part = wav.with_suffix(".part")
    with ExitStack() as files:
        left, right = (files.enter_context(_opened(side)) for side in (caller, agent))
        frames = max(_samples(left), _samples(right))
        raw = files.enter_context(part.open("wb"))
        with wave.open(raw, "wb") as out:
            out.setparams((2, 2, RATE_HZ, frames, "NONE", ""))
            while frames > 0:
                count = min(frames, CHUNK_BYTES // 2)
                out.writeframesraw(_stereo(left.read(count * 2), right.read(count * 2), count))
                frames -= count
        raw.flush()
        os.fsync(raw.fileno())
    part.rename(wav)
    _sync_directory(wav.parent)


def _opened(side: Path) -> BinaryIO:
    # A side of which Asterisk wrote nothing yet has no file: it was silent.
    return side.open("rb") if side.exists() else Path(os.devnull).open("rb")


def _samples(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size // 2  # a kill may leave half a sample


def _stereo(left: bytes, right: bytes, count: int) -> bytes:
    woven = array("h", bytes(count * 4))
    for offset, side in ((0, left), (1, right)):
        woven[offset::2] = array("h", side[: len(side) & ~1].ljust(count * 2, b"\0"))
    return woven.tobytes()


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(wav: Path) -> Recording:
    with wav.open("rb") as raw:
        with wave.open(raw) as sound:
            duration_ms = sound.getnframes() * 1000 // sound.getframerate()
        raw.seek(0)
        return Recording(wav, hashlib.file_digest(raw, "sha256").hexdigest(), duration_ms)
