"""What a benchmark says: each figure beside its floor, its goal, and whether it is met.

Only what does not depend on this machine's speed can fail a run: counts of flushes and bytes, and
ratios to a floor measured in the same run (reference/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HEAD = ("ukuran / figure", "terukur / measured", "dasar / floor", "sasaran / goal", "")
_MET, _MISSED = "ok", "GAGAL / MISSED"


@dataclass(frozen=True, slots=True)
class Figure:
    """`floor` is the least, or most, that is possible; goals left out are not judged."""

    name: str
    value: float
    unit: str = ""
    floor: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    digits: int = 0

    @property
    def met(self) -> bool:
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)


def render(title: str, figures: Sequence[Figure]) -> str:
    """Columns as wide as their widest cell: names to the left, numbers to the right."""
    rows = [_HEAD, *(tuple(_cells(figure)) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if n in (0, len(widths) - 1) else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return "\n".join([title, *lines])


def _cells(figure: Figure) -> Iterator[str]:
    def number(value: float) -> str:
        return f"{value:,.{figure.digits}f}"

    yield figure.name
    yield f"{number(figure.value)} {figure.unit}".rstrip()
    yield "" if figure.floor is None else number(figure.floor)
    if figure.at_most is None and figure.at_least is None:
        yield from ("", "")
        return
    yield f"<= {number(figure.at_most)}" if figure.at_most is not None else _at_least(figure)
    yield _MET if figure.met else _MISSED


def _at_least(figure: Figure) -> str:
    assert figure.at_least is not None
    return f">= {figure.at_least:,.{figure.digits}f}"
