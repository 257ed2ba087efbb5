"""siaga run: the daemon, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence

from appliance.credentials import NoSecret
from appliance.journal import JournalError
from appliance.main import Watcher, run
from appliance.notices import log_to_journal
from appliance.occupancy import Occupied
from appliance.settings import Settings
from appliance.verbs import site_option
from drivers.api import DriverError


def main(arguments: Sequence[str]) -> int:
    parser = site_option.parser("run", "Jalankan kotak siaga / run the box")
    settings = site_option.loaded(parser.parse_args(arguments).config)
    if settings is None:
        return 1
    log_to_journal()
    try:
        asyncio.run(_until_stopped(settings))
    except (Occupied, JournalError, NoSecret, DriverError, OSError) as error:
        sys.stderr.write(f"siaga run: {error}\n")
        return 3
    return 0


async def _until_stopped(settings: Settings) -> None:
    watcher = Watcher(console=_print_url)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, watcher.stop.set)
    logging.getLogger("siaga").info("%s", settings.site.name)
    await run(settings, watcher)


def _print_url(url: str) -> None:
    sys.stdout.write(f"Konsol / console: {url}\n")
    sys.stdout.flush()
