"""The routing table's file: tab-separated, edited by the centre in any spreadsheet.

    # berlaku: 2026-11-23
    # revisi: 1
    kode	jenis	prio	apco	cap	dispatched	assisting	informational	dasar
    KBK-BGN	Kebakaran bangunan	1	FSTRU	Fire	damkarmat	polresta,pln		S2+S3

`berlaku` is the date it takes effect. The version stored with every incident is both: 2026-11-23/1.
`dasar` is the evidence for the row, for people. CAP 1.2 3.2.2 (category), APCO 2.103.2 (codes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from appliance.domain.routing import Kind, Role, RoutingTable
from appliance.settings import forms, messages
from appliance.settings.problems import BadSettings, Problem
from appliance.settings.reader import near, shown
from appliance.settings.text_file import read_text
from appliance.settings.wording import Wording
from drivers.value import value

COLUMNS = ("kode", "jenis", "prio", "apco", "cap", *Role, "dasar")
_FORMS = {
    "kode": forms.KIND_CODE,
    "jenis": forms.TEXT,
    "prio": forms.PRIORITY,
    "apco": forms.APCO,
}
_CATEGORIES = (
    *("Geo", "Met", "Safety", "Security", "Rescue", "Fire"),
    *("Health", "Env", "Transport", "Infra", "CBRNE", "Other"),
)
_NOTE = re.compile(r"#\s*(\w+)\s*:\s*(.*\S)\s*")


@value
class Cell:
    """What one column of one row holds. Line and column count from 1, in characters."""

    text: str
    line: int
    column: int
    heading: str

    def cut(self) -> Iterator[Cell]:
        """The items of a list, each where it stands."""
        at = self.column
        for item in self.text.split(","):
            yield Cell(item, self.line, at, self.heading)
            at += len(item) + 1


Row = Mapping[str, Cell]


@value
class RoutingSheet:
    """What was read. `agencies` has the first mention of each; `table` holds if no problem does."""

    file: Path
    table: RoutingTable
    agencies: Mapping[str, Cell]
    problems: tuple[Problem, ...]


def load_routing(file: Path) -> RoutingTable:
    """Return the table in `file`. Raises BadSettings with every problem."""
    sheet = read_sheet(file)
    if sheet.problems:
        raise BadSettings(file, sheet.problems)
    return sheet.table


def read_sheet(file: Path) -> RoutingSheet:
    """Read `file` as far as it goes. Raises BadSettings if it is no text at all."""
    reading = _Reading(file, read_text(file).split("\n"))
    reading.read()
    table = RoutingTable(reading.version(), reading.kinds)
    problems = sorted(reading.problems, key=lambda problem: (problem.line, problem.column))
    return RoutingSheet(file, table, reading.agencies, tuple(problems))


class _Reading:
    def __init__(self, file: Path, lines: list[str]) -> None:
        self.problems: list[Problem] = []
        self.kinds: dict[str, Kind] = {}
        self.agencies: dict[str, Cell] = {}
        self._file, self._lines = file, lines
        self._notes: dict[str, Cell] = {}
        self._kind_lines: dict[str, int] = {}

    def read(self) -> None:
        heading: tuple[str, ...] = ()
        for number, line in enumerate(self._lines, 1):
            if not line.strip():
                continue
            if line.startswith("#"):
                self._note(number, line)
            elif not heading:
                heading = self._heading(number, line)
                if not set(COLUMNS) <= set(heading):
                    return  # no row can be understood
            elif row := self._row(number, line, heading):
                self._kind(row)
        if not heading:
            self._say(1, 1, "", messages.NO_HEADING.of(columns=" ".join(COLUMNS)))
        elif not self._kind_lines:
            self._say(len(self._lines), 1, "", messages.NO_KINDS)

    def version(self) -> str:
        effective = self._noted("berlaku", messages.NO_EFFECTIVE)
        revision = self._noted("revisi", messages.NO_REVISION)
        if effective.text and not _is_date(effective.text):
            self._bad(effective, messages.NOT_A_DATE)
        if revision.text and not revision.text.isdecimal():
            self._bad(revision, messages.NOT_A_REVISION)
        return f"{effective.text}/{revision.text}"

    def _note(self, number: int, line: str) -> None:
        if note := _NOTE.fullmatch(line):
            self._notes[note[1]] = Cell(note[2], number, note.start(2) + 1, note[1])

    def _noted(self, name: str, missing: Wording) -> Cell:
        if name not in self._notes:
            self._say(1, 1, name, missing)
        return self._notes.get(name, Cell("", 1, 1, name))

    def _heading(self, number: int, line: str) -> tuple[str, ...]:
        names: list[str] = []
        for cell in _cells(number, line):
            name = cell.text.strip()
            if name in names:
                self._say(number, cell.column, name, messages.COLUMN_TWICE)
            elif name not in COLUMNS:
                self._say(number, cell.column, name, _unknown_column(name))
            names.append(name)
        for name in COLUMNS:
            if name not in names:
                self._say(number, len(line) + 1, name, messages.NO_COLUMN)
        return tuple(names)

    def _row(self, number: int, line: str, heading: tuple[str, ...]) -> Row | None:
        cells = list(_cells(number, line, heading))
        if len(cells) != len(heading):
            says = messages.WRONG_CELLS.of(count=len(cells), wanted=len(heading))
            self._say(number, 1, "", says)
            return None
        for cell in cells:
            if cell.text != cell.text.strip():
                self._bad(cell, messages.STRAY_BLANK)
        return {
            cell.heading: Cell(cell.text.strip(), number, cell.column, cell.heading)
            for cell in cells
        }

    def _kind(self, row: Row) -> None:
        before = len(self.problems)
        for column, form in _FORMS.items():
            if not form.fits(row[column].text):
                self._bad(row[column], messages.NOT_SO, looks=form.looks)
        self._category(row["cap"])
        self._code(row["kode"])
        roles = self._roles(row)
        if len(self.problems) == before:
            code, name, priority, apco, cap = (row[column].text for column in COLUMNS[:5])
            self.kinds[code] = Kind(code, name, int(priority), apco, cap, **roles)

    def _code(self, cell: Cell) -> None:
        first = self._kind_lines.setdefault(cell.text, cell.line)
        if first != cell.line:
            self._bad(cell, messages.KIND_TWICE, line=first)

    def _category(self, cell: Cell) -> None:
        if cell.text in _CATEGORIES:
            return
        if like := near(cell.text.capitalize(), _CATEGORIES):
            self._bad(cell, messages.NOT_A_CHOICE_NEAR, near=like)
        else:
            self._bad(cell, messages.NOT_A_CHOICE, choices=", ".join(_CATEGORIES))

    def _roles(self, row: Row) -> dict[str, tuple[str, ...]]:
        roles: dict[str, tuple[str, ...]] = {}
        mentioned: dict[str, str] = {}
        for role in Role:
            cells = list(row[role].cut()) if row[role].text else []
            for cell in cells:
                self._agency(cell, mentioned)
            roles[role.value] = tuple(cell.text for cell in cells)
        return roles

    def _agency(self, cell: Cell, mentioned: dict[str, str]) -> None:
        if not cell.text:
            self._bad(cell, messages.BLANK_AGENCY)
        elif not forms.AGENCY.fits(cell.text):
            self._bad(cell, messages.NOT_SO, looks=forms.AGENCY.looks)
        elif cell.text in mentioned:
            self._bad(cell, messages.AGENCY_TWICE, other=mentioned[cell.text])
        else:
            mentioned[cell.text] = cell.heading
            self.agencies.setdefault(cell.text, cell)

    def _bad(self, cell: Cell, says: Wording, **given: object) -> None:
        filled = says.of(value=shown(cell.text), **given)
        self._say(cell.line, cell.column, cell.heading, filled)

    def _say(self, line: int, column: int, setting: str, says: Wording) -> None:
        self.problems.append(Problem(self._file, line, column, setting, says))


def _cells(number: int, line: str, heading: tuple[str, ...] = ()) -> Iterator[Cell]:
    column = 1
    for index, text in enumerate(line.split("\t")):
        yield Cell(text, number, column, heading[index] if index < len(heading) else "")
        column += len(text) + 1


def _unknown_column(name: str) -> Wording:
    if like := near(name, COLUMNS):
        return messages.UNKNOWN_COLUMN_NEAR.of(near=like)
    return messages.UNKNOWN_COLUMN.of(columns=", ".join(COLUMNS))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None
