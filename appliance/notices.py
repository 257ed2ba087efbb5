"""What the daemon tells systemd, and where its log goes (sd_notify(3), systemd.journal-fields(7)).

Run by hand it logs to standard error and notifies nobody. The notification is a datagram, as
sd_notify(3) has it under "Standalone implementations": a box whose extra package is missing must
still come up. The journal's fields are systemd-python's.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from importlib import import_module

_LOG = logging.getLogger(__name__)
Notify = Callable[[str], None]


def notifier() -> Notify:
    """What sends a line such as `READY=1` to systemd, if it started us."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return _nobody
    # A leading @ is the abstract name space, which the kernel writes as a zero byte (unix(7)).
    place = f"\0{address[1:]}" if address.startswith("@") else address

    def notify(line: str) -> None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.sendto(line.encode(), place)
        except OSError as error:  # whoever started us may have gone: no reason to stop
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
