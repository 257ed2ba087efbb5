"""The disk thread: many asks, one flush; nothing is told before it is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from threading import Event as Flag

import pytest

from appliance.clock import Quality
from appliance.disk import GROUP, Disk
from appliance.domain.events import DeskOpened
from appliance.domain.requests import Answer, Input, Offer, Refused, SignIn
from appliance.engine import Engine, Step
from appliance.journal import Batch, Journal, JournalError, chain, read_journal
from drivers.api import Caller, Cause, HungUp, SmsReceived
from tests.stories import RULES
from tests.waiting import eventually

WAIT_S = 20


class StubbornClock:
    """Stands still; the disk does not care what time it is."""

    def now_ms(self) -> int:
        return 0

    def utc_ms(self) -> int:
        return 0

    def quality(self) -> Quality:
        return Quality.UNSET


class SlowDisk(Journal):
    """A journal whose disk can be kept busy, and filled."""

    def prepare(self) -> None:
        self.transactions = 0
        self.busy, self.free = Flag(), Flag()
        self.free.set()

    def append(self, batch: Batch, quality: Quality) -> None:
        self.busy.set()
        assert self.free.wait(WAIT_S)
        self.transactions += 1
        super().append(batch, quality)

    def fill(self) -> None:
        [pages] = self._db.execute("PRAGMA page_count").fetchone()
        self._db.execute(f"PRAGMA max_page_count = {pages}")

    def make_room(self) -> None:
        self._db.execute("PRAGMA max_page_count = 1000000")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SlowDisk]:
    made = SlowDisk(tmp_path / "journal.db", "boot-1", 0)
    made.prepare()
    yield made
    made.close()


def with_disk(journal: Journal, story: Callable[[Disk], Awaitable[None]]) -> None:
    """Tell `story` with a disk thread that is stopped in the end."""

    async def told() -> None:
        disk = Disk(Engine(journal, StubbornClock(), RULES))
        try:
            await asyncio.wait_for(story(disk), WAIT_S)
        finally:
            disk.close()

    asyncio.run(told())


def offer(n: int) -> Offer:
    return Offer("trunk-1", f"leg-{n}", Caller(), "")


async def keep_busy(disk: Disk, journal: SlowDisk) -> asyncio.Task[list[Step]]:
    """Ask one thing and return while the disk is at it."""
    journal.free.clear()
    journal.busy.clear()
    first = asyncio.create_task(disk.ask(SignIn("desk-1", "siti")))
    assert await asyncio.to_thread(journal.busy.wait, WAIT_S)
    return first


def test_an_answer_is_on_disk(journal: SlowDisk, tmp_path: Path) -> None:
    async def story(disk: Disk) -> None:
        [step] = await disk.ask(SignIn("desk-1", "siti"))
        assert step.entry.event == DeskOpened("desk-1", "siti")
        reader = read_journal(tmp_path / "journal.db", "boot-1")
        assert reader.last_seq() == 1
        reader.close()
        assert disk.world == step.after

    with_disk(journal, story)


def test_what_waits_while_the_disk_is_busy_is_one_transaction(journal: SlowDisk) -> None:
    async def story(disk: Disk) -> None:
        first = await keep_busy(disk, journal)
        others = [asyncio.create_task(disk.ask(offer(n))) for n in range(100)]
        await asyncio.sleep(0)  # let each of them ask
        journal.free.set()
        answers = await asyncio.gather(first, *others)
        assert [steps[0].entry.seq for steps in answers] == list(range(1, 102))
        assert journal.transactions == 2

    with_disk(journal, story)


def test_a_transaction_has_a_largest_size(journal: SlowDisk) -> None:
    async def story(disk: Disk) -> None:
        first = await keep_busy(disk, journal)
        others = [asyncio.create_task(disk.ask(offer(n))) for n in range(GROUP + 1)]
        await asyncio.sleep(0)
        journal.free.set()
        await asyncio.gather(first, *others)
        assert journal.transactions == 3

    with_disk(journal, story)


def test_a_refusal_changes_nothing_for_the_others(journal: SlowDisk) -> None:
    async def story(disk: Disk) -> None:
        first = await keep_busy(disk, journal)
        inputs: list[Input] = [offer(1), Answer(99, "desk-1"), offer(2), SignIn("desk-9", "x")]
        asked = [asyncio.create_task(disk.ask(given)) for given in inputs]
        await asyncio.sleep(0)
        journal.free.set()
        await first
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(answer, Refused) for answer in answers] == [False, True, False, True]
        assert journal.transactions == 2
        assert journal.last_seq() == 3
        assert len(disk.world.calls) == 2

    with_disk(journal, story)


def test_what_the_journal_does_not_take_spoils_nothing_for_the_others(journal: SlowDisk) -> None:
    """A leg whose call is long over must not be offered again; the journal alone knows."""

    async def story(disk: Disk) -> None:
        await disk.ask(offer(1))
        await disk.ask(HungUp("leg-1", Cause.NORMAL))
        first = await keep_busy(disk, journal)
        asked = [asyncio.create_task(disk.ask(offer(n))) for n in (2, 1, 3)]
        await asyncio.sleep(0)
        journal.free.set()
        await first
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(answer, JournalError) for answer in answers] == [False, True, False]
        assert {call.leg for call in disk.world.calls.values()} == {"leg-2", "leg-3"}

    with_disk(journal, story)


def test_followers_hear_every_step_in_order_and_after_its_commit(
    journal: SlowDisk, tmp_path: Path
) -> None:
    async def story(disk: Disk) -> None:
        heard: list[tuple[str, int]] = []
        reader = read_journal(tmp_path / "journal.db", "boot-1")

        def follower(name: str) -> Callable[[Step], None]:
            def hear(step: Step) -> None:
                assert reader.last_seq() >= step.entry.seq
                assert disk.world.seq >= step.entry.seq
                heard.append((name, step.entry.seq))

            return hear

        disk.follow(follower("switchboard"))
        disk.follow(follower("outbox"))
        first = await keep_busy(disk, journal)
        others = [asyncio.create_task(disk.ask(offer(n))) for n in range(3)]
        await asyncio.sleep(0)
        assert heard == []
        journal.free.set()
        await asyncio.gather(first, *others)
        expected = [(name, seq) for seq in range(1, 5) for name in ("switchboard", "outbox")]
        assert heard == expected
        reader.close()

    with_disk(journal, story)


def test_who_no_longer_waits_is_decided_for_all_the_same(journal: SlowDisk) -> None:
    async def story(disk: Disk) -> None:
        first = await keep_busy(disk, journal)
        asked = asyncio.create_task(disk.ask(offer(1)))
        await asyncio.sleep(0)
        asked.cancel()
        journal.free.set()
        await first
        await eventually(lambda: disk.world.calls)
        assert asked.cancelled()

    with_disk(journal, story)


def test_a_full_disk_changes_nothing_and_the_next_ask_works(
    journal: SlowDisk, tmp_path: Path
) -> None:
    async def story(disk: Disk) -> None:
        await disk.ask(SignIn("desk-1", "siti"))
        before = disk.world
        await disk.run(journal.fill)
        with pytest.raises(JournalError, match="full"):
            await disk.ask(SmsReceived("modem-1", "+62811", "x" * 50_000, 0))
        assert disk.world == before
        await disk.run(journal.make_room)
        [step] = await disk.ask(SignIn("desk-2", "budi"))
        assert step.entry.seq == 2

    with_disk(journal, story)
    assert chain.verify(tmp_path / "journal.db").fault == ""


def test_errands_run_between_transactions_and_their_errors_come_back(journal: SlowDisk) -> None:
    def fails() -> None:
        raise JournalError("no")

    async def story(disk: Disk) -> None:
        assert await disk.run(journal.last_seq) == 0
        await disk.ask(offer(1))
        assert await disk.run(journal.last_seq) == 1
        with pytest.raises(JournalError, match="no"):
            await disk.run(fails)
        assert await disk.run(journal.last_seq) == 1

    with_disk(journal, story)


def test_closing_finishes_what_waits(journal: SlowDisk) -> None:
    async def story(disk: Disk) -> None:
        asked = [asyncio.create_task(disk.ask(offer(n))) for n in range(5)]
        await asyncio.sleep(0)
        disk.close()
        await asyncio.gather(*asked)
        assert journal.last_seq() == 5

    with_disk(journal, story)
