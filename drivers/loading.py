"""Heavy libraries are imported when they are needed, beside the loop and one at a time.

Two threads that import one package at once can meet in the middle: Python then gives one of them a
half-made module rather than let both wait for ever (importlib, _DeadlockError).
"""

from __future__ import annotations

from importlib import import_module
from threading import Lock
from types import ModuleType

_TURN = Lock()


def load(module: str) -> ModuleType:
    """Import `module` by its full name. Blocks for up to a second: call it off the loop."""
    with _TURN:
        return import_module(module)
