"""Brings a journal file to the schema this version writes: numbered files, one transaction each."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from appliance.journal.error import JournalError

SCHEMA = 1


def to_current(db: sqlite3.Connection) -> None:
    """Run the schema files the file lacks. Raises JournalError for a file of a newer version."""
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > SCHEMA:
        raise JournalError(
            f"jurnal ini ditulis versi yang lebih baru (skema {found}, program ini {SCHEMA});"
            " pasang versi itu lagi / the journal was written by a newer version"
            f" (schema {found}, this program {SCHEMA}); install that version again"
        )
    for number in range(found + 1, SCHEMA + 1):
        script = (Path(__file__).parent / f"schema_{number}.sql").read_text()
        db.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")
