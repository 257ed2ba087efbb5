"""Brings a journal file to the schema this version writes: numbered files, one transaction each."""

from __future__ import annotations

import sqlite3
from importlib.resources import files

SCHEMA = 1


def to_current(db: sqlite3.Connection, refused: type[Exception]) -> None:
    """Run the schema files the file lacks. Raises `refused` for a file of a newer version."""
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > SCHEMA:
        raise refused(
            f"jurnal ini ditulis versi yang lebih baru (skema {found}, program ini {SCHEMA});"
            " pasang versi itu lagi / the journal was written by a newer version"
            f" (schema {found}, this program {SCHEMA}); install that version again"
        )
    for number in range(found + 1, SCHEMA + 1):
        script = files(__package__).joinpath(f"schema_{number}.sql").read_text()
        db.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")
