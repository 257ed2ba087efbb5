"""One daemon to a state directory: two would write one journal.

The kernel drops the lock with the process, however it ends.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Occupied(Exception):
    """Another daemon works in this directory. The text says so to people."""


@contextmanager
def occupied(state: Path) -> Iterator[None]:
    """Hold `state` for this process. Raises Occupied, OSError."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "siaga.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Occupied(
                f"siaga sudah berjalan di {state} / siaga runs in {state} already"
            ) from None
        yield


def is_occupied(state: Path) -> bool:
    """Whether a daemon works in `state`."""
    path = state / "siaga.lock"
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
