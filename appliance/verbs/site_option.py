"""The option `--config FILE` of every verb that is about one site."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from appliance.settings import BadSettings, Settings, language_of, load

DEFAULT = Path("/etc/siaga/site.toml")


def parser(verb: str, says: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"siaga {verb}", description=says)
    made.add_argument(
        "--config",
        type=Path,
        default=DEFAULT,
        metavar="FILE",
        help=f"berkas pengaturan / the site file ({DEFAULT})",
    )
    return made


def loaded(path: Path) -> Settings | None:
    """The settings in `path`; None when they are wrong, which has been said then."""
    try:
        return load(path)
    except BadSettings as bad:
        sys.stderr.write(f"{bad.describe(language_of(os.environ))}\n")
        return None
