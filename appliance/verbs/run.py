"""siaga run: the daemon, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence

from appliance.credentials import NoSecret
from appliance.journal import JournalError
from appliance.main import Watcher, run
from appliance.notices import log_to_journal
from appliance.occupancy import Occupied
from appliance.settings import Settings
from appliance.verbs import site_option
from drivers.api import DriverError

# The disk thread and the loop take turns. Python's own turn is 5 ms; with 0.3 ms the slowest of a
# hundred RINGs was an alert after 8 and 12 ms instead of 17 and 20 (hil/bench/chain.py).
SWITCH_S = 0.0005


def main(arguments: Sequence[str]) -> int:
    parser = site_option.parser("run", "Jalankan kotak siaga / run the box")
    settings = site_option.loaded(parser.parse_args(arguments).config)
    if settings is None:
        return 1
    log_to_journal()
    # aiohttp reads every certificate the machine trusts when it is imported: 2.5 MB, 60 ms. Nothing
    # here goes by those: the broker's is named in the site file, everything else is loopback.
    os.environ["SSL_CERT_FILE"] = os.devnull
    status = 0
    sys.setswitchinterval(SWITCH_S)
    try:
        asyncio.run(_until_stopped(settings))
    except* (Occupied, JournalError, NoSecret, DriverError, OSError) as failed:
        for error in _single(failed):
            sys.stderr.write(f"siaga run: {error}\n")
        status = 3
    return status


def _single(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """What is in `group`, however deep: tasks of parts fail in groups of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _single(error)
        else:
            yield error


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
