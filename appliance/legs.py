"""Names of the legs that the switchboard makes, so that a restarted daemon knows them again.

A desk's phone rung for call 17 by entry 19 is `desk-17-19-desk-1`; the exchange's end of a modem's
call is `media-17-18`. A new try gets a new name, since a leg's name is used once.
"""

from __future__ import annotations

import re

from drivers.value import value

_DESK = re.compile(r"desk-(\d+)-(\d+)-([a-z0-9-]+)")
_MEDIA = re.compile(r"media-(\d+)-(\d+)")


@value
class DeskLeg:
    call: int
    seq: int
    desk: str

    def __str__(self) -> str:
        return f"desk-{self.call}-{self.seq}-{self.desk}"


@value
class MediaLeg:
    call: int
    seq: int

    def __str__(self) -> str:
        return f"media-{self.call}-{self.seq}"


def parse(leg: str) -> DeskLeg | MediaLeg | None:
    """What we called `leg` for; None: a caller's own leg."""
    if desk := _DESK.fullmatch(leg):
        return DeskLeg(int(desk[1]), int(desk[2]), desk[3])
    if media := _MEDIA.fullmatch(leg):
        return MediaLeg(int(media[1]), int(media[2]))
    return None


def bridge(call: int) -> str:
    return f"call-{call}"
