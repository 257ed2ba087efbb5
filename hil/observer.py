"""Watches a box from outside, by its journal: read-only, whether the daemon lives or not."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from appliance.clock import boot_id
from appliance.domain.events import Entry, Event
from appliance.domain.world import World
from appliance.engine import restore
from appliance.journal import JournalError, read_journal
from appliance.main import JOURNAL

E = TypeVar("E", bound=Event)


class Observer:
    def __init__(self, state: Path) -> None:
        self._path = state / JOURNAL

    def entries(self) -> list[Entry]:
        """Everything on disk so far; empty while there is no journal."""
        try:
            reader = read_journal(self._path, boot_id())
        except JournalError:
            return []
        try:
            return [*reader.all_entries()]
        finally:
            reader.close()

    def events(self, kind: type[E]) -> list[E]:
        return [entry.event for entry in self.entries() if isinstance(entry.event, kind)]

    def world(self) -> World:
        """What is open, as a restart would find it."""
        reader = read_journal(self._path, boot_id())
        try:
            return restore(reader)
        finally:
            reader.close()

    def waiting(self) -> int:
        """How many orders nobody has confirmed."""
        reader = read_journal(self._path, boot_id())
        try:
            return reader.waiting()
        finally:
            reader.close()
