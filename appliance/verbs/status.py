"""siaga status: what is open right now, read from the journal without disturbing the daemon."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.clock import boot_id
from appliance.domain.world import World
from appliance.engine import restore
from appliance.journal import JournalError, read_journal
from appliance.main import JOURNAL
from appliance.occupancy import is_occupied
from appliance.verbs import site_option


def main(arguments: Sequence[str]) -> int:
    parser = site_option.parser("status", "Apa yang sedang terbuka / what is open right now")
    parser.add_argument("--json", action="store_true", help="untuk program / for programs")
    options = parser.parse_args(arguments)
    settings = site_option.loaded(options.config)
    if settings is None:
        return 1
    state = Path(settings.site.state)
    try:
        reader = read_journal(state / JOURNAL, boot_id())
    except JournalError as error:
        sys.stderr.write(f"siaga status: {error}\n")
        return 3
    figures = _figures(restore(reader), running=is_occupied(state), waiting=reader.waiting())
    reader.close()
    text = json.dumps(figures, indent=2) if options.json else _table(figures)
    sys.stdout.write(f"{text}\n")
    return 0 if figures["running"] and not figures["troubles"] else 1


def _figures(world: World, *, running: bool, waiting: int) -> dict[str, Any]:
    return {
        "running": running,
        "entries": world.seq,
        "calls": {str(call.id): call.state for call in world.calls.values()},
        "desks": dict(world.desks),
        "incidents": {str(i.id): f"{i.kind} {i.state}" for i in world.incidents.values()},
        "callbacks": len(world.callbacks),
        "messages": len(world.messages),
        "orders_waiting": waiting,
        "troubles": {t.part: t.why for t in world.troubles.values() if t.active},
    }


_LABELS = {
    "running": "daemon berjalan / runs",
    "entries": "baris jurnal / journal entries",
    "calls": "panggilan / calls",
    "desks": "meja / desks",
    "incidents": "kejadian / incidents",
    "callbacks": "panggilan balik / call-backs",
    "messages": "pesan belum dibaca / unread messages",
    "orders_waiting": "pesan belum sampai / orders not settled",
    "troubles": "gangguan / troubles",
}


def _table(figures: dict[str, Any]) -> str:
    return "\n".join(f"{_LABELS[name]:<42} {_shown(value)}" for name, value in figures.items())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "ya / yes" if value else "TIDAK / NO"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {what}" for key, what in value.items()) or "-"
    return str(value)
