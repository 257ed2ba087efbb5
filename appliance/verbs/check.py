"""siaga check FILE: every problem of a site file at once, with line and column."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance.settings import BadSettings, Language, Settings, language_of, load


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="siaga check", description="Periksa berkas pengaturan / check a site file"
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--lang",
        type=Language,
        choices=list(Language),
        default=language_of(os.environ),
        help="bahasa / language",
    )
    options = parser.parse_args(arguments)
    try:
        settings = load(options.file)
    except BadSettings as bad:
        sys.stderr.write(f"{bad.describe(options.lang)}\n")
        return 1
    sys.stdout.write(f"{_praise(options.file, settings, options.lang)}\n")
    return 0


def _praise(file: Path, settings: Settings, language: Language) -> str:
    counts = {
        "trunk": len(settings.trunk),
        "modem": len(settings.modem),
        "desk": len(settings.desk),
        "agency": len(settings.agency),
        "kind": len(settings.routing_table.kinds),
    }
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    verdict = "correct" if language is Language.ENGLISH else "benar"
    return f"{file}: {verdict} ({settings.site.name}: {words})"
