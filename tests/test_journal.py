"""The journal file: what goes in comes out, all or nothing, in order, and nobody can change it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.clock import Quality
from appliance.domain.events import (
    CallAnswered,
    CallEnded,
    CallFiled,
    CallOffered,
    CallQueued,
    CallRinging,
    DeskOpened,
    EndReason,
    Entry,
    Event,
    RecordingDue,
    SmsKept,
    SmsRead,
    TroubleCleared,
    TroubleRaised,
    TroubleReset,
)
from appliance.domain.orders import Alert, Order, Update, orders
from appliance.domain.world import World, evolve
from appliance.engine import restore
from appliance.journal import (
    Journal,
    JournalError,
    JournalReader,
    Written,
    chain,
    codec,
    read_journal,
)
from appliance.journal.store import CHECKPOINT_PAGES, PAGE_BYTES
from drivers.api import Caller
from tests.stories import ALARM, DAMKAR, FIRE, OFFERED, after

EVENTS: tuple[Any, ...] = get_args(Event)
STORED = (*EVENTS, Alert, Update)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., Journal]]:
    """Opens journals at `path` and closes them in the end."""
    made: list[Journal] = []

    def open_one(boot: str = "boot-1", kind: type[Journal] = Journal) -> Journal:
        made.append(kind(path, boot, 1_000))
        return made[-1]

    yield open_one
    for journal in made:
        journal.close()


def entries(events: Sequence[Event], first: int = 1, at_ms: int = 0) -> list[Entry]:
    return [Entry(seq, at_ms, 5_000 + seq, event) for seq, event in enumerate(events, first)]


def write(journal: Journal, *events: Event, at_ms: int = 0) -> list[Entry]:
    """Append `events` in one transaction."""
    batch = entries(events, journal.last_seq() + 1, at_ms)
    journal.append([Written(entry) for entry in batch], Quality.SYNCED)
    return batch


# --- rows and back ------------------------------------------------------------------------------


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of the annotation `kind`, the ugliest text included."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        parts = st.fixed_dictionaries({f.name: anything(hints[f.name]) for f in fields(kind)})
        return parts.map(lambda made: kind(**made))  # type: ignore[operator]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        if args[-1] is Ellipsis:
            return st.lists(anything(args[0]), max_size=3).map(tuple)
        return st.tuples(*map(anything, args))
    if origin in (Union, UnionType):
        return st.one_of([st.none() if arg is NoneType else anything(arg) for arg in args])
    text = st.text(st.characters(), max_size=8)  # half surrogate pairs, NUL, quotes
    return {
        str: text,
        bool: st.booleans(),
        int: st.integers(-(2**63), 2**63 - 1),
        float: st.floats(allow_nan=False, allow_infinity=False),
    }[kind]


def stored(kind: Any, row: str) -> Any:
    if kind in (Alert, Update):
        return codec.decode_body(kind.__name__, row)
    return codec.decode_event(kind.__name__, row)


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_back_the_same(kind: Any, data: st.DataObject) -> None:
    value = data.draw(anything(kind))
    row = codec.encode(value)
    assert row.isascii()
    assert stored(kind, row) == value
    assert codec.encode(stored(kind, row)) == row


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_a_field_an_old_row_does_not_have_takes_its_default(kind: Any, data: st.DataObject) -> None:
    row = json.loads(codec.encode(data.draw(anything(kind))))
    defaults = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    for name in defaults:
        del row[name]
    read = stored(kind, json.dumps(row))
    assert {name: getattr(read, name) for name in defaults} == defaults


def test_a_field_that_only_a_newer_version_knows_is_passed_over() -> None:
    row = {**json.loads(codec.encode(DeskOpened("desk-1", "siti"))), "chair": "blue"}
    assert codec.decode_event("DeskOpened", json.dumps(row)) == DeskOpened("desk-1", "siti")


def test_an_event_that_only_a_newer_version_knows_is_refused(
    path: Path, opened: Callable[..., Journal]
) -> None:
    journal = opened()
    write(journal, OFFERED)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE journal SET type = 'CallTeleported'")
    db.close()
    with pytest.raises(JournalError, match="row 1: CallTeleported is unknown"):
        restore(journal)


# --- appending ----------------------------------------------------------------------------------


def test_a_batch_is_written_whole_or_not_at_all(opened: Callable[..., Journal]) -> None:
    journal = opened()
    write(journal, OFFERED)
    twin = [Written(entry) for entry in entries([DeskOpened("desk-1", "siti"), OFFERED], first=2)]
    with pytest.raises(JournalError, match="the journal failed"):
        journal.append(twin, Quality.SYNCED)
    assert [entry.event for entry in journal.all_entries()] == [OFFERED]
    assert [entry.seq for entry in write(journal, CallQueued(1))] == [2]


def test_a_failed_batch_leaves_the_chain_whole(path: Path, opened: Callable[..., Journal]) -> None:
    test_a_batch_is_written_whole_or_not_at_all(opened)
    assert chain.verify(path).fault == ""
    assert chain.verify(path).rows == 2


def test_a_message_no_column_could_take_is_kept(opened: Callable[..., Journal]) -> None:
    journal = opened()
    event = SmsKept(1, "modem-1", "+62811\ud800", "\udfff\x00'", 0, damaged=True)
    write(journal, event)
    assert [entry.event for entry in journal.all_entries()] == [event]


def alarm(journal: Journal) -> Order:
    """Write the story of a house fire; return the alert's order."""
    write(journal, *FIRE)
    entry = Entry(8, 0, 0, DAMKAR)
    [order] = orders(entry, after(*FIRE), after(*ALARM))
    journal.append([Written(entry, [order])], Quality.SYNCED)
    return order


def test_an_order_is_there_with_its_event_and_goes_when_settled(
    opened: Callable[..., Journal],
) -> None:
    journal = opened()
    order = alarm(journal)
    [out] = journal.outgoing()
    assert (out.order, out.seq) == (order, 8)
    assert journal.outgoing(after=out.id) == []
    journal.settle(["unknown", order.key])
    assert journal.outgoing() == []


def test_an_order_is_settled_by_the_event_that_ends_the_waiting(
    opened: Callable[..., Journal],
) -> None:
    journal = opened()
    order = alarm(journal)
    entry = Entry(9, 0, 0, DeskOpened("desk-1", "siti"))
    journal.append([Written(entry, settled=[order.key])], Quality.SYNCED)
    assert journal.outgoing() == []


class SmallDisk(Journal):
    """A journal on a disk that can be filled."""

    def fill(self) -> None:
        [pages] = self._db.execute("PRAGMA page_count").fetchone()
        self._db.execute(f"PRAGMA max_page_count = {pages}")

    def make_room(self) -> None:
        self._db.execute("PRAGMA max_page_count = 1000000")


def test_a_full_disk_is_said_and_changes_nothing(
    path: Path, opened: Callable[..., Journal]
) -> None:
    journal = opened(kind=SmallDisk)
    assert isinstance(journal, SmallDisk)
    write(journal, OFFERED)
    journal.fill()
    with pytest.raises(JournalError, match="full"):
        write(journal, SmsKept(2, "modem-1", "+62811", "x" * 20_000, 0, damaged=False))
    assert journal.last_seq() == 1
    journal.make_room()
    write(journal, CallQueued(1))
    assert chain.verify(path).fault == ""


# --- opening ------------------------------------------------------------------------------------


def test_a_journal_of_a_newer_version_is_left_alone(
    path: Path, opened: Callable[..., Journal]
) -> None:
    opened().close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match=r"newer version \(schema 99, this program 1\)"):
        opened()


def test_a_file_that_is_no_journal_is_left_alone(
    path: Path, opened: Callable[..., Journal]
) -> None:
    path.write_text("Selamat pagi. " * 500)
    with pytest.raises(JournalError, match=f"{path}: .* cannot be opened"):
        opened()
    assert path.read_text().startswith("Selamat pagi.")


def test_reading_a_journal_that_is_not_there_is_said(path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        read_journal(path, "boot-1")


def test_a_grown_wal_grows_no_more(path: Path, opened: Callable[..., Journal]) -> None:
    full_bytes = CHECKPOINT_PAGES * PAGE_BYTES
    wal = path.with_name("journal.db-wal")
    for _ in range(2):
        journal = opened()
        journal.grow_wal()
        before_bytes = wal.stat().st_size
        assert before_bytes > full_bytes
        write(journal, DeskOpened("desk-1", "siti"))
        assert wal.stat().st_size == before_bytes
        journal.close()


def test_times_of_an_earlier_boot_mean_nothing_in_this_one(
    opened: Callable[..., Journal],
) -> None:
    first = opened("boot-1")
    write(first, OFFERED, at_ms=70_000)
    first.close()
    again = opened("boot-1")
    assert [entry.at_ms for entry in again.all_entries()] == [70_000]
    again.close()
    second = opened("boot-2")
    write(second, CallQueued(1), at_ms=9)
    assert [entry.at_ms for entry in second.open_entries()] == [0, 9]
    assert (again.boots(), second.boots()) == (1, 2)


# --- restoring ----------------------------------------------------------------------------------

STORY: tuple[Event, ...] = (
    *ALARM,  # 1 .. 8, stays open
    CallOffered(9, "trunk-1", "leg-9", Caller(), ""),
    CallEnded(1, EndReason.COMPLETED_CALLER),
    RecordingDue(1, "leg-1"),
    TroubleRaised("broker", "refused"),
    CallQueued(9),
    CallEnded(9, EndReason.ABANDONED_QUEUE),
    CallFiled(1, None, "siti"),
    TroubleCleared("broker"),
    TroubleReset("broker"),
    SmsKept(18, "modem-1", "+62811", "tolong", 0, damaged=False),
    TroubleRaised("broker", "refused again"),
    CallOffered(20, "trunk-1", "leg-20", Caller(), ""),
    CallQueued(20),
    CallRinging(20, ("desk-1",)),
    CallAnswered(20, "desk-1", "siti"),
    SmsRead(18, "siti"),
    SmsKept(25, "modem-1", "+62811", "tolong!", 0, damaged=False),
)


@pytest.mark.parametrize("length", range(len(STORY) + 1))
def test_open_streams_alone_give_the_world_of_the_whole_journal(
    length: int, opened: Callable[..., Journal]
) -> None:
    journal = opened()
    write(journal, *STORY[:length])
    world = World()
    for entry in journal.all_entries():
        world = evolve(world, entry)
    assert restore(journal) == world


def test_closed_streams_are_not_read_again(opened: Callable[..., Journal]) -> None:
    journal = opened()
    write(journal, *STORY)
    read = {entry.seq for entry in journal.open_entries()}
    assert {9, 13, 14, 16, 17, 18}.isdisjoint(read)
    assert {5, 8, 19, 20, 23, 25} <= read


# --- legs ---------------------------------------------------------------------------------------


def test_a_leg_is_known_for_good(opened: Callable[..., Journal]) -> None:
    journal = opened()
    assert not journal.knows_leg("leg-9")
    write(journal, *STORY)
    assert journal.knows_leg("leg-9")
    assert journal.knows_leg("leg-20")
    assert not journal.knows_leg("leg-")


def test_a_leg_is_found_by_its_index(path: Path, opened: Callable[..., Journal]) -> None:
    """A scan would take longer with every call that the box has ever had."""
    opened()
    asked: list[str] = []
    db = sqlite3.connect(path)
    db.set_trace_callback(asked.append)
    JournalReader(db, "boot-1").knows_leg("leg-1")
    db.set_trace_callback(None)
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {asked[-1]}")]
    db.close()
    assert "journal_by_leg" in plan[0]


# --- the hash chain -----------------------------------------------------------------------------


def test_an_honest_journal_verifies(path: Path, opened: Callable[..., Journal]) -> None:
    journal = opened()
    empty = chain.verify(path)
    assert (empty.rows, empty.head) == (0, chain.START.hex())
    write(journal, *STORY)
    verdict = chain.verify(path)
    assert (verdict.rows, verdict.fault) == (len(STORY), "")
    assert verdict.head not in ("", empty.head)


@pytest.mark.parametrize(
    ("forgery", "fault"),
    [
        ("UPDATE journal SET utc_ms = utc_ms + 1 WHERE seq = 9", "row 9 was changed"),
        ("UPDATE journal SET clock = 'unset' WHERE seq = 9", "row 9 was changed"),
        ("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 9", "row 9 was changed"),
        ("UPDATE journal SET type = 'CallQueued' WHERE seq = 9", "row 9 was changed"),
        ("UPDATE journal SET stream = 'box' WHERE seq = 9", "row 9 was changed"),
        ("UPDATE journal SET data = '{}' WHERE seq = 9", "row 9 was changed"),
        ("UPDATE journal SET chain = zeroblob(32) WHERE seq = 9", "row 9 was changed"),
        ("DELETE FROM journal WHERE seq = 9", "row 9 is missing"),
        ("DELETE FROM journal WHERE seq = 1", "row 1 is missing"),
        ("UPDATE journal SET seq = 90 WHERE seq = 9", "row 9 is missing"),
        (
            "UPDATE journal SET seq = -10 WHERE seq = 10; UPDATE journal SET seq = 10 WHERE"
            " seq = 11; UPDATE journal SET seq = 11 WHERE seq = -10",
            "row 10 was changed",
        ),
    ],
)
def test_a_forgery_is_found(
    forgery: str, fault: str, path: Path, opened: Callable[..., Journal]
) -> None:
    write(opened(), *STORY)
    db = sqlite3.connect(path)
    db.executescript(forgery)
    db.close()
    assert fault in chain.verify(path).fault


def test_rows_cut_off_at_the_end_show_in_the_head(
    path: Path, opened: Callable[..., Journal]
) -> None:
    write(opened(), *STORY)
    exported = chain.verify(path).head
    db = sqlite3.connect(path)
    db.executescript("DELETE FROM journal WHERE seq > 20")
    db.close()
    assert chain.verify(path).fault == ""
    assert chain.verify(path).head != exported


def test_the_chain_goes_on_over_restarts(path: Path, opened: Callable[..., Journal]) -> None:
    for boot in ("boot-1", "boot-1", "boot-2"):
        journal = opened(boot)
        leg = f"leg-{journal.last_seq()}"
        write(journal, replace(OFFERED, call=journal.last_seq() + 1, leg=leg))
        journal.close()
    assert chain.verify(path).rows == 3
    assert chain.verify(path).fault == ""
