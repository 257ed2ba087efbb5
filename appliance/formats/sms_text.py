"""An alert as an SMS for the officer on duty, when MQTT has reached nobody.

In Indonesian, in letters of the GSM alphabet: one letter outside of it would halve the room of the
whole message. What it takes to go there and to answer comes first and may need a second part; the
rest is added as far as there is room.

3GPP TS 23.038 6.2.1 (alphabet), TS 23.040 9.2.3.24.1 (153 septets in each of several parts).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from appliance.domain.orders import Alert
from appliance.formats.identifiers import Site
from drivers.wire import gsm7

PART_MAX = 160  # septets
PARTS_MAX = 2 * 153
_NAME_MAX = 60
_NARRATIVE_MIN = 12  # fewer letters say nothing
_CUT = "..."

# What people type and Unicode does not take apart into a letter and a mark.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032\u0060\u00b4\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\u2022\u00b7", "-"),
        "\u00d7": "x",
    }
)


def sms_text(alert: Alert, site: Site) -> str:
    """What, where, and how to answer, in one part if it goes in, in two at most."""
    name = _cut(plain(alert.name or alert.kind), _NAME_MAX)
    head = f"112-{site.kode} P{alert.priority} {name}: "
    answer = f" Balas: OK {alert.dispatch}"
    room = PARTS_MAX - septets(head + "." + answer)
    text = head + _cut(plain(alert.place), room) + "."
    longest = PART_MAX if septets(text + answer) <= PART_MAX else PARTS_MAX
    for detail in _details(alert):
        if septets(text + " " + detail + answer) <= longest:
            text += " " + detail
    return text + _narrative(alert, longest - septets(text + answer)) + answer


def _details(alert: Alert) -> Iterator[str]:
    if found := alert.location:
        radius = f" (+-{found.radius_m} m)" if found.radius_m else ""
        yield f"{found.lat:.5f},{found.lon:.5f}{radius}."
    if alert.callback:
        yield f"Pelapor {plain(alert.callback)}."


def _narrative(alert: Alert, room: int) -> str:
    room -= len(" .")
    narrative = plain(alert.narrative)
    return f" {_cut(narrative, room)}." if narrative and room >= _NARRATIVE_MIN else ""


def plain(text: str) -> str:
    """`text` on one line in the GSM alphabet; accents it lacks go, other letters are left out."""
    letters = "".join(_letter(char) for char in text.translate(_PLAIN))
    return " ".join(letters.split())


def _letter(char: str) -> str:
    if char.isspace():
        return " "
    if gsm7.encode(char):
        return char
    return "".join(part for part in unicodedata.normalize("NFKD", char) if gsm7.encode(part))


def septets(text: str) -> int:
    """How many septets `text` takes; it must be in the GSM alphabet."""
    encoded = gsm7.encode(text)
    assert encoded is not None, text
    return sum(map(len, encoded))


def _cut(text: str, longest: int) -> str:
    """`text` in at most `longest` septets, cut between words if there is one to cut at."""
    if septets(text) <= longest:
        return text
    while septets(text) > longest - len(_CUT):
        head, space, _ = text.rpartition(" ")
        text = head if space else text[:-1]
    return text.rstrip(" ,.;:-") + _CUT
