"""The reference of all settings, docs/settings.md, made from `sections`.

python -m appliance.settings.manual docs/settings.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import EnumType
from pathlib import Path
from typing import Any, get_args, get_type_hints

from appliance.settings import messages
from appliance.settings.sections import Settings
from appliance.settings.setting import Spec, spec_of
from appliance.settings.wording import Wording

_HEAD = """\
# Pengaturan situs / Site settings

Dibuat dari kode, `appliance/settings/`; jangan disunting di sini. / Made from the code; do not
edit: `python -m appliance.settings.manual docs/settings.md`.

Satu berkas TOML, diperiksa seluruhnya sebelum apa pun dijalankan: `siaga check BERKAS`. Contoh
lengkap: `config/sites/kendari.toml`. Tanda ● : wajib ditulis.
One TOML file, checked as a whole before anything starts: `siaga check --lang en FILE`. A complete
example: `config/sites/kendari.toml`. A ● marks what must be written.
"""
_COLUMNS = (
    "| Pengaturan / Setting | Nilai / Value | Baku / Default | Arti | Meaning |",
    "|---|---|---|---|---|",
)
_REQUIRED = "●"


def manual() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *_sections(Settings, "")])


def _sections(cls: Any, at: str) -> Iterator[str]:
    kinds = get_type_hints(cls)
    for field in fields(cls):
        if spec := spec_of(field):
            kind = kinds[field.name]
            element = (get_args(kind) or (None,))[0]
            if is_dataclass(kind):
                yield from _section(kind, spec, f"{at}{field.name}", "[{}]")
            elif is_dataclass(element):
                yield from _section(element, spec, f"{at}{field.name}", "[[{}]]")


def _section(cls: Any, spec: Spec, name: str, brackets: str) -> Iterator[str]:
    least = f" ({_REQUIRED})" if spec.least else ""
    yield f"## `{brackets.format(name)}`{least}"
    yield f"{_sentence(spec.says.id)} / {_sentence(spec.says.en)}\n"
    yield from _COLUMNS
    yield from _rows(cls)
    yield ""
    yield from _sections(cls, f"{name}.")


def _rows(cls: Any) -> Iterator[str]:
    kinds = get_type_hints(cls)
    for field in fields(cls):
        spec, kind = spec_of(field), kinds[field.name]
        element = (get_args(kind) or (None,))[0]
        if spec and not is_dataclass(kind) and not is_dataclass(element):
            cells = (f"`{field.name}`", _value(spec, kind), _default(field))
            yield f"| {' | '.join((*cells, spec.says.id, spec.says.en))} |"


def _value(spec: Spec, kind: Any) -> str:
    """What may be written: choices, a range with its unit, or the form of a text."""
    if spec.within:
        unit = spec.unit.id if spec.unit.id == spec.unit.en else _both(spec.unit)
        return f"{spec.within[0]} … {spec.within[1]} {unit}".rstrip()
    choices = tuple(kind.__members__.values()) if isinstance(kind, EnumType) else spec.choices
    if choices:
        return ", ".join(f'`"{choice}"`' for choice in choices)
    if kind is bool:
        return _both(messages.TRUTH)
    return _both(spec.form.looks if spec.form else messages.TEXT)


def _default(field: Field[Any]) -> str:
    match field.default:
        case value if value is MISSING:
            return _REQUIRED
        case bool() as value:
            return f"`{str(value).lower()}`"
        case str() as value:
            return f'`"{value}"`'
        case ():
            return "`[]`"
        case value:
            return f"`{value}`"


def _both(wording: Wording) -> str:
    return f"{wording.id} / {wording.en}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(manual(), encoding="utf-8")
