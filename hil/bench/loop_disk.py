"""A small ext4 of its own that counts what reaches the device: bytes, writes and flushes.

A loop device over a file, mounted where only this process and its children see it. Image, loop
device and mount all go with the last process that uses them, also when it is killed: the image has
no name any more, the device clears itself, the mount namespace ends. An empty folder may stay.

    with loop_disk(Path("/var/tmp")) as disk:
        before = disk.counts()
        ...write below disk.folder...
        disk.sync()
        print(disk.counts() - before)

Needs root. Fields of /sys/block/loopN/stat: Documentation/block/stat.rst of the kernel.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 512  # of the kernel's counters, whatever the device has
IMAGE_MB = 512
# Nothing that the file system would write later by itself, into somebody's measurement.
_MKFS = ("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0")


class NoLoopDisk(Exception):
    """This machine does not let us have one. The text, in both languages, says why."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the device has been given."""

    bytes: int
    writes: int
    flushes: int

    def __sub__(self, before: Counts) -> Counts:
        return Counts(
            self.bytes - before.bytes,
            self.writes - before.writes,
            self.flushes - before.flushes,
        )


@dataclass(frozen=True, slots=True)
class LoopDisk:
    folder: Path
    device: str  # loop3

    def counts(self) -> Counts:
        stat = Path(f"/sys/block/{self.device}/stat").read_text().split()
        return Counts(int(stat[6]) * SECTOR_BYTES, int(stat[4]), int(stat[15]))

    def sync(self) -> None:
        """Bring everything of this file system to the device, and of no other."""
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(fd):
                raise OSError(ctypes.get_errno(), "syncfs", str(self.folder))
        finally:
            os.close(fd)


def in_private_mounts(module: str, argv: Sequence[str]) -> int:
    """Run `python -m module argv...` where its mounts are its own; return its exit status.

    Raises NoLoopDisk without root.
    """
    if os.geteuid() != 0:
        raise NoLoopDisk(
            "perlu root untuk cakram loop: jalankan dengan sudo"
            " / a loop disk takes root: run it with sudo"
        )
    unshare = ("unshare", "--mount", "--propagation", "private")
    command = [*unshare, sys.executable, "-m", module, *argv]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(command, env=found, check=False).returncode


@contextmanager
def loop_disk(store: Path, image_mb: int = IMAGE_MB) -> Iterator[LoopDisk]:
    """Make one whose image lies in `store`. Call it in private mounts. Raises NoLoopDisk."""
    with tempfile.TemporaryDirectory(prefix="siaga-loop-") as folder:
        device = _attach(store, image_mb)
        try:
            _run(*_MKFS, device)
            _run("mount", "-o", "noatime", device, folder)
        finally:
            _run("losetup", "--detach", device)  # when it is mounted no longer
        try:
            yield LoopDisk(Path(folder), Path(device).name)
        finally:
            _run("umount", folder)


def _attach(store: Path, image_mb: int) -> str:
    try:
        with tempfile.NamedTemporaryFile(prefix="siaga-", suffix=".img", dir=store) as image:
            image.truncate(image_mb << 20)
            return _run("losetup", "--find", "--show", image.name).strip()
    except OSError as error:
        raise NoLoopDisk(f"{store}: {error.strerror}") from error


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise NoLoopDisk(f"tidak ada / there is no {error.filename}") from error
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip() or f"status {error.returncode}"
        raise NoLoopDisk(f"{command[0]}: {why}") from error
