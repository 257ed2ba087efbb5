"""Waiting for something to become true, with a bound: what tests use in place of sleeping."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

EVERY_S = 0.01


async def eventually(condition: Callable[[], T], within_s: float = 10.0, what: str = "") -> T:
    """Return the first truthy value of `condition()`, asked every 10 ms from now on.

    Raises AssertionError, naming `what` and the last value, if none comes `within_s`.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while not (value := condition()):
        if loop.time() >= end:
            raise AssertionError(f"{what or 'the condition'} not within {within_s} s: {value!r}")
        await asyncio.sleep(EVERY_S)
    return value
