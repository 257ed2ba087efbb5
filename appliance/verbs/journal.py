"""siaga journal verify: whether every row is as it was written (hash chain)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from appliance.journal import JournalError, chain
from appliance.main import JOURNAL
from appliance.verbs import site_option


def main(arguments: Sequence[str]) -> int:
    parser = site_option.parser("journal", "Periksa jurnal / verify the journal")
    parser.add_argument("what", choices=("verify",))
    parser.add_argument(
        "--file", type=Path, help="jurnal lain, mis. cadangan / another journal, e.g. a backup"
    )
    options = parser.parse_args(arguments)
    path = options.file or _journal_of(options.config)
    if path is None:
        return 1
    try:
        verdict = chain.verify(path)
    except JournalError as error:
        sys.stderr.write(f"siaga journal: {error}\n")
        return 3
    if verdict.fault:
        sys.stderr.write(f"{path}: RUSAK / BROKEN: {verdict.fault}\n")
        return 1
    sys.stdout.write(f"{path}: {verdict.rows} baris utuh / rows intact, head {verdict.head}\n")
    return 0


def _journal_of(config: Path) -> Path | None:
    settings = site_option.loaded(config)
    return Path(settings.site.state) / JOURNAL if settings else None
