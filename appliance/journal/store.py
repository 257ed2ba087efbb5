"""The journal file: the only module that writes SQL, on the only writing connection.

One connection writes and checkpoints. SQLite before 3.51.3 can corrupt a WAL database when two
connections checkpoint at once (sqlite.org/wal.html#walresetbug), and Debian 12 ships 3.40.1.
Use it from one thread; readers open the file `mode=ro`.

The WAL is grown once at start: a commit then overwrites blocks that the file system has already
allocated and costs one flush instead of two (hil/bench/journal.py).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from appliance.clock import Quality
from appliance.domain.events import CallOffered, Channel, Entry, closes, stream
from appliance.domain.orders import Order
from appliance.journal import chain, codec, migrate
from appliance.journal.error import JournalError
from drivers.value import value

PAGE_BYTES = 1024  # half the bytes of 4-KB pages for our small rows
CHECKPOINT_PAGES = 4000
WARM_PAGES = 4400  # the WAL overshoots the checkpoint by at most one transaction
ORDERS_MAX = 1000  # of one entry; an incident has fewer agencies
_FRAME_BYTES = PAGE_BYTES + 24  # sqlite.org/fileformat2.html#walformat
_NOT_WRITTEN = "jurnal gagal ditulis / the journal failed"
_ORDER = "SELECT id, key, seq, channel, recipient, form, body FROM outbox"


@value
class Written:
    """An entry with the orders it gives rise to and those it settles."""

    entry: Entry
    orders: Sequence[Order] = ()
    settled: Sequence[str] = ()


Batch = Sequence[Written]


@value
class Outgoing:
    """An order in the outbox. `id` grows with time."""

    id: int
    seq: int
    order: Order


class JournalReader:
    """What the journal holds, for whoever may only read. `boot` names this boot's rows."""

    def __init__(self, db: sqlite3.Connection, boot: str) -> None:
        self._db = db
        row = db.execute("SELECT id FROM boot WHERE boot_id = ?", (boot,)).fetchone()
        self._boot = int(row[0]) if row else 0

    def close(self) -> None:
        self._db.close()

    def open_entries(self) -> Iterator[Entry]:
        """Entries of every stream still open, oldest first: enough to rebuild the World."""
        # CROSS JOIN keeps SQLite from scanning the whole journal in order of seq.
        rows = self._rows(
            "SELECT seq, boot, at_ms, utc_ms, type, data FROM open_stream"
            " CROSS JOIN journal USING (stream) WHERE seq >= first_seq ORDER BY seq"
        )
        return (self._entry(*row) for row in rows)

    def all_entries(self) -> Iterator[Entry]:
        rows = self._rows("SELECT seq, boot, at_ms, utc_ms, type, data FROM journal ORDER BY seq")
        return (self._entry(*row) for row in rows)

    def last_seq(self) -> int:
        [[seq]] = self._rows("SELECT coalesce(max(seq), 0) FROM journal")
        return int(seq)

    def boots(self) -> int:
        """How often the machine has started with this journal; never goes back."""
        return self._boot

    def knows_leg(self, leg: str) -> bool:
        """Whether a call of `leg` was ever written, open or not."""
        # The type stands here in full: a bound one could not use the partial index.
        calls = f"SELECT 1 FROM journal WHERE type = '{CallOffered.__name__}'"
        return any(self._rows(f"{calls} AND json_extract(data, '$.leg') = ?", leg))

    def waiting(self) -> int:
        """How many orders nobody has confirmed yet."""
        [[count]] = self._rows("SELECT count(*) FROM outbox")
        return int(count)

    def outgoing(self, after: int = 0, limit: int = 200) -> list[Outgoing]:
        """Orders in the outbox with an id greater than `after`, oldest first."""
        rows = self._rows(f"{_ORDER} WHERE id > ? ORDER BY id LIMIT ?", after, limit)
        return [_outgoing(*row) for row in rows]

    def order(self, key: str) -> Order | None:
        """The order `key`, None when it is settled."""
        found = [_outgoing(*row).order for row in self._rows(f"{_ORDER} WHERE key = ?", key)]
        return found[0] if found else None

    def _rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        with _failing("jurnal tidak terbaca / the journal cannot be read"):
            yield from self._db.execute(sql, values)

    def _entry(self, seq: int, boot: int, at_ms: int, utc_ms: int, kind: str, data: str) -> Entry:
        # Another boot's monotonic time means nothing now: count its waits from the start anew.
        here_ms = at_ms if boot == self._boot else 0
        try:
            return Entry(seq, here_ms, utc_ms, codec.decode_event(kind, data))
        except KeyError as error:
            raise JournalError(
                f"baris {seq}: {kind} tidak dikenal; jurnal ini ditulis versi yang lebih baru"
                f" / row {seq}: {kind} is unknown; the journal was written by a newer version"
            ) from error


class Journal(JournalReader):
    def __init__(self, path: Path, boot: str, utc_ms: int) -> None:
        """Open or make the journal at `path`. Raises JournalError."""
        with _failing(f"{path}: jurnal tidak dapat dibuka / the journal cannot be opened"):
            db = _open(path)
            db.execute("INSERT OR IGNORE INTO boot (boot_id, utc_ms) VALUES (?, ?)", (boot, utc_ms))
            super().__init__(db, boot)
        self._chain = self._last_chain()
        self._wal = path.with_name(path.name + "-wal")

    def append(self, batch: Batch, quality: Quality) -> None:
        """Write the batch, all or none. Durable on return.

        Raises JournalError when the disk is full or failing; nothing was written.
        """
        rows, link = [], self._chain
        for written in batch:
            row = self._row(written.entry, quality)
            link = chain.link(link, row)
            rows.append((*row, link))
        with _failing(_NOT_WRITTEN), self._transaction():
            self._db.executemany("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?)", rows)
            self._keep_streams([written.entry for written in batch])
            self._keep_orders(batch)
        self._chain = link

    def _row(self, entry: Entry, quality: Quality) -> tuple[object, ...]:
        event = entry.event
        kind, about, data = type(event).__name__, stream(event), codec.encode(event)
        return (entry.seq, entry.utc_ms, quality, self._boot, entry.at_ms, kind, about, data)

    def _keep_streams(self, entries: Sequence[Entry]) -> None:
        """Note which streams the entries leave open, and since when."""
        opened: dict[str, int] = {}
        closed: set[str] = set()
        for entry in entries:
            about = stream(entry.event)
            if closes(entry.event):
                opened.pop(about, None)
                closed.add(about)
            else:
                opened.setdefault(about, entry.seq)
        self._many("DELETE FROM open_stream WHERE stream = ?", [(about,) for about in closed])
        self._many("INSERT OR IGNORE INTO open_stream VALUES (?,?)", [*opened.items()])

    def _keep_orders(self, batch: Batch) -> None:
        rows = [
            _order_row(order, n, written.entry.seq)
            for written in batch
            for n, order in enumerate(written.orders)
        ]
        self._many("INSERT INTO outbox VALUES (?,?,?,?,?,?,?)", rows)
        self._settle([key for written in batch for key in written.settled])

    def _many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            self._db.executemany(sql, rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def settle(self, keys: Sequence[str]) -> None:
        """Nobody waits for these orders any more. Unknown keys do no harm. Raises JournalError."""
        with _failing(_NOT_WRITTEN):
            self._settle(keys)

    def _settle(self, keys: Sequence[str]) -> None:
        self._many("DELETE FROM outbox WHERE key = ?", [(key,) for key in keys])

    def _last_chain(self) -> bytes:
        row = self._db.execute("SELECT chain FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return row[0] if row else chain.START

    def grow_wal(self) -> None:
        """Grow the WAL to the size it will have; once after the first write, at a quiet moment.

        Zeros are appended: SQLite reads no frame whose salt differs.
        """
        # It only saves time: a full disk must not keep the centre from working.
        with suppress(OSError):
            missing = WARM_PAGES * _FRAME_BYTES - self._wal.stat().st_size
            with self._wal.open("ab", buffering=0) as file:
                file.write(bytes(max(missing, 0)))
                os.fsync(file.fileno())


def read_journal(path: Path, boot: str) -> JournalReader:
    """Open the journal at `path` for reading only. Raises JournalError."""
    with _failing(f"{path}: jurnal tidak dapat dibaca / the journal cannot be read"):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        return JournalReader(db, boot)


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Say `what` has failed in words of the journal."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"{what}: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    db.execute("PRAGMA foreign_keys = ON")
    migrate.to_current(db)
    return db


def _order_row(order: Order, n: int, seq: int) -> tuple[int, str, int, str, str, str, str]:
    assert n < ORDERS_MAX, f"{seq} gives rise to more orders than have an id"
    form, body = type(order.body).__name__, codec.encode(order.body)
    return (seq * ORDERS_MAX + n, order.key, seq, order.channel, order.to, form, body)


def _outgoing(id: int, key: str, seq: int, channel: str, to: str, form: str, body: str) -> Outgoing:
    return Outgoing(id, seq, Order(key, Channel(channel), to, codec.decode_body(form, body)))
