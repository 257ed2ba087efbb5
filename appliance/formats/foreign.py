"""Text that others wrote, made fit to be kept, logged and shown."""

from __future__ import annotations

import json
import unicodedata

_SHOWN_MAX = 40  # characters of theirs in a sentence of ours


def clean(text: str, longest: int) -> str:
    """`text` on one line, nothing invisible in it, at most `longest` characters.

    Unicode's categories C: line feeds forge log lines, direction marks turn a name around, and a
    lone surrogate cannot be written to disk.
    """
    seen = (" " if char.isspace() else char for char in text if _visible(char))
    return " ".join("".join(seen).split())[:longest].rstrip()


def shown(value: object) -> str:
    """A value out of JSON, or a text, as an error message quotes it."""
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, list):
        return "[...]"
    if isinstance(value, str):
        return f'"{clean(value, _SHOWN_MAX)}"'
    return json.dumps(value)[:_SHOWN_MAX]


def _visible(char: str) -> bool:
    return char.isspace() or not unicodedata.category(char).startswith("C")
