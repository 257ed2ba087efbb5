"""The calls that the dialplan took by itself while the daemon was away, one small file for each.

The dialplan appends to `unattended/LEG`:

    began 1700000000123 e1 allowed_not_screened 081234567890
    ended 1700000031456 PJSIP/desk-1-00000007

A call that the daemon took over again before its end, and one that Asterisk did not survive, has
no `ended`. A file is forgotten only when its call has been reported and taken in, so a power cut
in between reports it again: the leg is the same, and whoever knows it already lets it be.
"""

from __future__ import annotations

import re
from pathlib import Path

from drivers.api import Unattended
from drivers.wire.ari import read_caller

_BEGAN = re.compile(r"began (\d{13}) ([a-z][a-z0-9-]*) ([a-z_]*) ?([0-9+*#]*)")
_ENDED = re.compile(r"ended (\d{13}) ?(?:PJSIP/([a-z][a-z0-9-]*)-[0-9a-f]{8})?")
FILE_MAX = 64 * 1024  # bytes; a round of ringing is 80


def read_unattended(leg: str, text: str, last_ms: int) -> Unattended | None:
    """Read one file of an ended call; None when it makes no sense.

    `last_ms` stands in for a missing end: the last time anything was written about the call.
    """
    lines = text.splitlines()
    began = next((found for line in lines if (found := _BEGAN.fullmatch(line))), None)
    ended = next((found for line in reversed(lines) if (found := _ENDED.fullmatch(line))), None)
    if began is None:
        return None
    return Unattended(
        line=began[2],
        leg=leg,
        caller=read_caller(began[4], began[3]),
        began_utc_ms=int(began[1]),
        ended_utc_ms=int(ended[1]) if ended else max(last_ms, int(began[1])),
        desk=(ended[2] or "") if ended else "",
    )


class UnattendedCalls:
    """The files in `directory`. Blocks for the disk, briefly: call it off the loop."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def legs(self) -> list[str]:
        if not self._directory.is_dir():
            return []
        return sorted(p.name for p in self._directory.iterdir() if p.suffix != ".unreadable")

    def read(self, leg: str) -> Unattended | None:
        """Read the file of `leg`, whose call is over; one that makes no sense is put aside."""
        path = self._directory / leg
        with path.open("rb") as file:
            text = file.read(FILE_MAX).decode("ascii", errors="replace")
        call = read_unattended(leg, text, last_ms=int(path.stat().st_mtime * 1000))
        if call is None:
            path.rename(path.with_name(f"{leg}.unreadable"))
        return call

    def forget(self, leg: str) -> None:
        (self._directory / leg).unlink(missing_ok=True)
