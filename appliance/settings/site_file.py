"""Loading the site file: read, parse, check everything, and only then say what was found."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os.path import normpath
from pathlib import Path
from typing import Any

from appliance.settings import messages
from appliance.settings.contradictions import Repeat, contradictions, each, touches
from appliance.settings.places import Key, Place, places
from appliance.settings.problems import BadSettings, Problem
from appliance.settings.reader import Flaw, Reader, named, near, shown
from appliance.settings.routing import RoutingSheet, read_sheet
from appliance.settings.sections import Settings
from appliance.settings.text_file import read_text
from appliance.settings.wording import Wording

_ROUTING_FILE: Key = ("routing", "file")
_START = Place((1, 1), (1, 1))


def load(path: Path) -> Settings:
    """Return the settings in `path` and the routing table it names.

    Raises BadSettings with every problem of both files.
    """
    text = read_text(path)
    reader = Reader()
    settings: Settings = reader.section(Settings, _parsed(path, text))
    flawed = {flaw.key for flaw in reader.flaws}
    flaws = [*reader.flaws, *contradictions(reader.values, flawed)]
    sheet = _routing(path, reader.values.get(_ROUTING_FILE))
    problems = _located(path, text, [*flaws, *_of_file(sheet)])
    if isinstance(sheet, RoutingSheet):
        problems += sheet.problems
        if not touches(flawed, "agency"):
            problems += _unknown_agencies(path, sheet, reader.values)
    if problems:
        raise BadSettings(path, problems)
    assert isinstance(sheet, RoutingSheet)
    return replace(settings, file=path, routing_table=sheet.table)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    # A number of thousands of digits is a bare ValueError, brackets without end recurse.
    except (ValueError, RecursionError) as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)$", str(error))
        line, column = (int(at[1]), int(at[2])) if at else _end(text)
        says = messages.NOT_TOML.of(why=_toml_fault(str(error)))
        raise BadSettings(path, [Problem(path, line, column, "", says)]) from None


def _end(text: str) -> tuple[int, int]:
    lines = text.removesuffix("\n").split("\n")
    return len(lines), len(lines[-1]) + 1


def _toml_fault(error: str) -> Wording:
    for begins, says in messages.TOML_FAULTS.items():
        if error.startswith(begins):
            return says
    detail = error.partition(" (at ")[0]
    return Wording(detail, detail)


def _routing(path: Path, name: str | None) -> RoutingSheet | BadSettings | None:
    """Return the table that the site file at `path` names, or why it is none."""
    if name is None:
        return None
    try:
        return read_sheet(Path(normpath(path.parent / name)))
    except BadSettings as bad:
        return bad


def _of_file(sheet: RoutingSheet | BadSettings | None) -> Iterator[Flaw]:
    """A file that is no table is a mistake where it is named."""
    if isinstance(sheet, BadSettings):
        for problem in sheet.problems:
            says = messages.FILE_OF_SETTING.of(file=problem.place, why=problem.says)
            yield Flaw(_ROUTING_FILE, says)


def _unknown_agencies(
    path: Path, sheet: RoutingSheet, values: Mapping[Key, Any]
) -> Iterator[Problem]:
    codes = [code for _, code in each(values, "agency[].code")]
    for agency, cell in sheet.agencies.items():
        if agency not in codes:
            like = near(agency, codes)
            hint = messages.ADD_AGENCY.of(value=agency)
            if like:
                hint = messages.NEAR_OR.of(near=shown(like), otherwise=hint)
            says = messages.NO_AGENCY.of(value=shown(agency), file=path.name, hint=hint)
            yield Problem(sheet.file, cell.line, cell.column, cell.heading, says)


def _located(path: Path, text: str, flaws: Sequence[Flaw | Repeat]) -> list[Problem]:
    """Return `flaws` as problems, in the order of the file."""
    where = places(text) if flaws else {}
    problems = [_problem(path, where, flaw) for flaw in flaws]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _problem(path: Path, where: Mapping[Key, Place], flaw: Flaw | Repeat) -> Problem:
    match flaw:
        case Flaw(key, says, on_key):
            place = _place(where, key)
            return Problem(path, *(place.key if on_key else place.value), named(key), says)
        case Repeat(key, first, value, template):
            before, after = sorted((first, key), key=lambda one: _place(where, one).value)
            line, _ = _place(where, before).value
            says = template.of(value=shown(value), other=named(before), line=line)
            return Problem(path, *_place(where, after).value, named(after), says)


def _place(where: Mapping[Key, Place], key: Key) -> Place:
    """Where `key` is, or else the section it is missing from."""
    while key and key not in where:
        key = key[:-1]
    return where.get(key, _START)
