"""Where each key and value of a TOML text stands, which `tomllib` does not tell.

The text has already been parsed by `tomllib`, so it is valid; this only walks it. It is asked for
when something is wrong, and costs a clean file nothing.

TOML 1.0.0: keys, strings, arrays, inline tables, tables, arrays of tables.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

from drivers.value import value

Key = tuple[str | int, ...]
"""The way to a value: ("modem", 0, "baud"). Arrays count from 0."""

_BLANK = re.compile(r"(?:[ \t\n\r]|#[^\n]*)*")
_KEY_PART = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
# The long quotes first: "" would pass for an empty string. They may end in up to five quotes.
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'"
    r"|[^,\]}#\n]+",
    re.DOTALL,
)


@value
class Place:
    """Line and column, both from 1, of a key (or table header) and of its value."""

    key: tuple[int, int]
    value: tuple[int, int]


def places(text: str) -> dict[Key, Place]:
    """Return the place of every table, array, key and value of the valid TOML `text`."""
    walk = _Walk(text)
    walk.document()
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(offset: int) -> tuple[int, int]:
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    return {key: Place(place(at), place(value_at)) for key, (at, value_at) in walk.found.items()}


class _Walk:
    def __init__(self, text: str) -> None:
        self.found: dict[Key, tuple[int, int]] = {}
        self._text, self._at = text, 0
        self._lengths: dict[Key, int] = {}

    def document(self) -> None:
        table: Key = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Key:
        start = self._at
        array = self._text.startswith("[[", start)
        self._at += 2 if array else 1
        *parents, last = self._key_parts()
        self._at = self._text.index("]", self._at) + (2 if array else 1)
        key = (*self._inside(parents), last)
        for length in range(1, len(key) + 1):
            self._note(key[:length], start, start)
        if array:
            self._lengths[key] = self._lengths.get(key, 0) + 1
        table = self._inside_last(key)
        self._note(table, start, start)
        return table

    def _inside(self, parts: list[str]) -> Key:
        """`parts` with each array of tables standing for its last table, as in a header."""
        key: Key = ()
        for part in parts:
            key = self._inside_last((*key, part))
        return key

    def _inside_last(self, key: Key) -> Key:
        return (*key, self._lengths[key] - 1) if key in self._lengths else key

    def _pair(self, table: Key) -> None:
        start = self._at
        parts = self._key_parts()
        self._skip(_EQUALS)
        key = (*table, *parts)
        for length in range(len(table) + 1, len(key)):
            self._note(key[:length], start, start)
        self._value(key, start)

    def _key_parts(self) -> list[str]:
        self._skip(_BLANK)
        parts = [self._key_part()]
        while self._skip(_DOT):
            parts.append(self._key_part())
        return parts

    def _key_part(self) -> str:
        raw = self._skip(_KEY_PART)
        if raw[0] not in "\"'":
            return raw
        return str(tomllib.loads(f"key = {raw}")["key"])

    def _value(self, key: Key, key_at: int) -> None:
        self._note(key, key_at, self._at)
        match self._text[self._at]:
            case "[":
                self._array(key)
            case "{":
                self._inline_table(key)
            case _:
                self._skip(_SCALAR)

    def _array(self, key: Key) -> None:
        self._at += 1
        index = 0
        while not self._closed_by("]"):
            self._value((*key, index), self._at)
            index += 1

    def _inline_table(self, key: Key) -> None:
        self._at += 1
        while not self._closed_by("}"):
            self._pair(key)

    def _closed_by(self, bracket: str) -> bool:
        """Step over blanks and a comma, and over the closing `bracket` if that is what follows."""
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _note(self, key: Key, at: int, value_at: int) -> None:
        self.found.setdefault(key, (at, value_at))
