"""The hash chain: whoever changes, drops or reorders a row of the journal is found out.

Each row carries SHA-256 over its own columns and the chain of the row before. Removing rows at the
end is found by comparing with a head that was exported (MQTT, print).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from appliance.journal.error import JournalError
from drivers.value import value

START = bytes(32)
_COLUMNS = "seq, utc_ms, clock, boot, at_ms, type, stream, data"


def link(before: bytes, row: tuple[object, ...]) -> bytes:
    """The chain of `row`. A separator no column can hold keeps the columns apart."""
    return sha256(before + "\x1f".join(map(str, row)).encode()).digest()


@value
class Verdict:
    """`rows` were read; `fault` names the first that is wrong, empty when none is."""

    rows: int
    head: str
    fault: str = ""


def verify(path: Path) -> Verdict:
    """Recompute the chain of the journal at `path`. Raises JournalError if it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return _verify(db)
    except sqlite3.Error as error:
        raise JournalError(f"{path}: tidak terbaca / cannot be read: {error}") from error


def _verify(db: sqlite3.Connection) -> Verdict:
    before, rows = START, 0
    for *row, found in db.execute(f"SELECT {_COLUMNS}, chain FROM journal ORDER BY seq"):
        rows += 1
        if row[0] != rows:
            return Verdict(rows, before.hex(), f"baris {rows} hilang / row {rows} is missing")
        before = link(before, tuple(row))
        if before != found:
            return Verdict(rows, before.hex(), f"baris {rows} diubah / row {rows} was changed")
    return Verdict(rows, before.hex())
