"""What the journal is measured against: the least a disk can do, and what others would write.

The peers write the same rows as the product did, each transaction as one would write it with them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from appliance.clock import Quality, boot_id
from appliance.domain.events import Channel, Entry
from appliance.domain.orders import Order
from appliance.journal import Batch, Journal, Written, codec

PAGE_BYTES = 4096
_FILE_PAGES = 2048  # written round and round: all of it is allocated
_EVENTS = 3  # rows of the journal in a dispatch to three agencies


@dataclass(frozen=True, slots=True)
class Rows:
    """One transaction: its rows, column by name, and what our journal is given for it."""

    journal: list[dict[str, Any]]
    outbox: list[dict[str, Any]]
    batch: Batch


def dispatched(path: Path) -> Iterator[Rows]:
    """The transactions that dispatched, out of the journal at `path`."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    try:
        events = db.execute("SELECT * FROM journal WHERE type = 'DispatchRaised' ORDER BY seq")
        orders = db.execute("SELECT * FROM outbox WHERE form = 'Alert' ORDER BY seq")
        while journal := [dict(row) for row in islice(events, _EVENTS)]:
            outbox = [dict(row) for row in islice(orders, _EVENTS)]
            yield Rows(journal, outbox, [*map(_given, journal, outbox)])
    finally:
        db.close()


def _given(event: dict[str, Any], order: dict[str, Any]) -> Written:
    happened = codec.decode_event(event["type"], event["data"])
    body = codec.decode_body(order["form"], order["body"])
    sent = Order(order["key"], Channel(order["channel"]), order["recipient"], body)
    return Written(Entry(event["seq"], event["at_ms"], event["utc_ms"], happened), [sent])


class Writer(Protocol):
    def write(self, rows: Rows) -> None: ...

    def close(self) -> None: ...


class Overwrite:
    """One 4-KB page over an allocated file, and fdatasync: no durable write can be cheaper."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / "overwrite", os.O_RDWR | os.O_CREAT)
        os.pwrite(self._fd, bytes(PAGE_BYTES * _FILE_PAGES), 0)
        os.fsync(self._fd)
        self._page = os.urandom(PAGE_BYTES)
        self._next = 0

    def write(self, rows: Rows) -> None:
        os.pwrite(self._fd, self._page, self._next * PAGE_BYTES)
        os.fdatasync(self._fd)
        self._next = (self._next + 1) % _FILE_PAGES

    def close(self) -> None:
        os.close(self._fd)


class Product:
    """Our journal as it is, without the deciding."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder / "product.db", boot_id(), 0)
        self._journal.grow_wal()

    def write(self, rows: Rows) -> None:
        self._journal.append(rows.batch, Quality.SYNCED)

    def close(self) -> None:
        self._journal.close()


class StockWal:
    """Our schema as SQLite comes: 4-KB pages, a WAL that grows by itself, FULL."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "stock.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(files("appliance.journal").joinpath("schema_1.sql").read_text())

    def write(self, rows: Rows) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for table, written in (("journal", rows.journal), ("outbox", rows.outbox)):
            columns = ", ".join(written[0])
            marks = ", ".join(f":{column}" for column in written[0])
            self._db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", written)
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


class SqliteUtils:
    """sqlite-utils with its WAL switched on: a call for each table."""

    def __init__(self, folder: Path) -> None:
        from sqlite_utils import Database

        self._db = Database(folder / "utils.db")
        self._db.enable_wal()
        self._db.execute("PRAGMA synchronous = FULL")

    def write(self, rows: Rows) -> None:
        self._db.table("journal", pk="seq").insert_all(rows.journal)
        self._db.table("outbox", pk="id").insert_all(rows.outbox)

    def close(self) -> None:
        self._db.close()
