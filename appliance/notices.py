"""What the daemon tells systemd, and where its log goes (sd_notify(3), systemd.journal-fields(7)).

Run by hand it logs to standard error and notifies nobody.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from importlib import import_module

_LOG = logging.getLogger(__name__)
Notify = Callable[[str], None]


def notifier() -> Notify:
    """What sends a line such as `READY=1` to systemd, if it started us."""
    if "NOTIFY_SOCKET" not in os.environ:
        return _nobody
    # systemd-python: an extra that only a box under systemd needs.
    tell = import_module("systemd.daemon").notify

    def notify(line: str) -> None:
        # Whoever started us may have gone; sd_notify(3): its failure is no reason to stop.
        try:
            tell(line)
        except OSError as error:
            _LOG.warning("systemd: %s", error)

    return notify


def log_to_journal() -> None:
    """Send the log to systemd's journal when it is our standard error, else to standard error."""
    if "JOURNAL_STREAM" in os.environ and "NOTIFY_SOCKET" in os.environ:
        journal = import_module("systemd.journal")
        logging.basicConfig(
            level=logging.INFO,
            handlers=[journal.JournalHandler(SYSLOG_IDENTIFIER="siaga")],
            format="%(name)s: %(message)s",
        )
    else:
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        )


def _nobody(line: str) -> None:
    """Nobody asked to be notified."""
