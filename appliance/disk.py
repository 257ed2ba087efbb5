"""The disk thread: the engine and the journal behind an async call.

A slow SD card stops nothing but the next decision. Everything that waits goes into one
transaction (group commit), so that a burst costs one flush.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from appliance.domain.requests import Input, Refused
from appliance.domain.world import World
from appliance.engine import Engine, Outcome, Step
from appliance.journal import JournalError
from drivers.value import value

R = TypeVar("R")
Follower = Callable[[Step], None]
GROUP = 256  # inputs in one transaction; bounds how long the first one waits for the last


@value
class _Asked:
    given: Input
    answer: asyncio.Future[list[Step]]


@value
class _Errand:
    """Something else to do with the journal between two transactions."""

    do: Callable[[], object]
    answer: asyncio.Future[object]


class Disk:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[_Asked | _Errand | None] = SimpleQueue()
        self._followers: list[Follower] = []
        self.world: World = engine.world  # as of the last commit the loop has heard of
        self._thread = Thread(target=self._work, name="disk", daemon=True)
        self._thread.start()

    def follow(self, follower: Follower) -> None:
        """Have `follower` called on the loop with every step, in order, after its commit."""
        self._followers.append(follower)

    async def ask(self, given: Input) -> list[Step]:
        """Have `given` decided; return what followed, on disk. Raises Refused, JournalError."""
        answer: asyncio.Future[list[Step]] = self._loop.create_future()
        self._waiting.put(_Asked(given, answer))
        return await answer

    async def run(self, do: Callable[[], R]) -> R:
        """Run `do` on the disk thread; for what else needs the journal."""
        answer: asyncio.Future[R] = self._loop.create_future()
        self._waiting.put(_Errand(do, answer))  # type: ignore[arg-type]
        return await answer

    def close(self) -> None:
        """Finish what waits and stop the thread. Blocks while the disk writes."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            for kind, run in groupby(self._batch(), key=type):
                if kind is _Asked:
                    self._decide([item for item in run if isinstance(item, _Asked)])
                elif kind is _Errand:
                    for item in run:
                        assert isinstance(item, _Errand)
                        self._run(item)
                else:
                    return

    def _batch(self) -> list[_Asked | _Errand | None]:
        """Everything that waits, at least one item."""
        batch = [self._waiting.get()]
        with suppress(Empty):
            while len(batch) < GROUP:
                batch.append(self._waiting.get_nowait())
        return batch

    def _decide(self, asked: list[_Asked]) -> None:
        outcomes = self._outcomes([item.given for item in asked])
        tell = partial(self._tell, asked, outcomes, self._engine.world)
        self._loop.call_soon_threadsafe(tell)

    def _outcomes(self, inputs: list[Input]) -> list[Outcome | JournalError]:
        try:
            return [*self._engine.handle_all(inputs)]
        except JournalError as error:
            if len(inputs) == 1:
                return [error]
            # What the journal does not take must not take the others with it.
            return [outcome for given in inputs for outcome in self._outcomes([given])]

    def _tell(
        self, asked: list[_Asked], outcomes: list[Outcome | JournalError], world: World
    ) -> None:
        self.world = world
        for item, outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, Refused | JournalError):
                _refuse(item.answer, outcome)
                continue
            for step in outcome:
                for follower in self._followers:
                    follower(step)
            if not item.answer.done():
                item.answer.set_result(outcome)

    def _run(self, errand: _Errand) -> None:
        try:
            done = errand.do()
        except JournalError as error:
            self._loop.call_soon_threadsafe(_refuse, errand.answer, error)
        else:
            self._loop.call_soon_threadsafe(_resolve, errand.answer, done)


def _resolve(answer: asyncio.Future[object], value: object) -> None:
    if not answer.done():
        answer.set_result(value)


def _refuse(answer: asyncio.Future[R], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
