"""Reading a text file that people edit on whatever machine: UTF-8, any line ends, a size limit."""

from __future__ import annotations

from pathlib import Path

from appliance.settings import messages
from appliance.settings.problems import BadSettings, Problem
from appliance.settings.wording import Wording

SIZE_MAX = 1_048_576  # bytes; Kendari's file has 10,000


def read_text(path: Path) -> str:
    """Return the text of `path` with lines ended by "\\n". Raises BadSettings."""
    try:
        return _text(path, _content(path))
    except OSError as error:
        raise _bad(path, messages.UNREADABLE.of(why=error.strerror)) from None


def _content(path: Path) -> bytes:
    if not path.exists():
        raise _bad(path, messages.NO_FILE)
    if not path.is_file():  # a pipe or a terminal would be waited for
        raise _bad(path, messages.NOT_A_FILE)
    with path.open("rb") as file:
        content = file.read(SIZE_MAX + 1)
    if len(content) > SIZE_MAX:
        raise _bad(path, messages.TOO_BIG.of(limit=SIZE_MAX // 1024))
    return content


def _text(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")  # Windows editors put a mark in front
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise _bad(path, messages.NOT_UTF8.of(byte=content[error.start]), line, column) from None
    return text.replace("\r\n", "\n")


def _bad(path: Path, says: Wording, line: int = 0, column: int = 0) -> BadSettings:
    return BadSettings(path, [Problem(path, line, column, "", says)])
