"""From a parsed TOML table to the sections of `sections`, noting every flaw on the way.

A flaw is known by the way to its setting; where that stands in the file is found later (`places`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import EnumType, StrEnum
from functools import cache
from typing import Any, get_args, get_type_hints

from appliance.settings import messages
from appliance.settings.places import Key
from appliance.settings.setting import Spec, spec_of
from appliance.settings.wording import Wording
from drivers.value import value

SHOWN_MAX = 48  # characters of a wrong value that a message repeats
_SECRETS = {"password", "secret", "token", "passphrase", "sandi"}


@value
class Flaw:
    """`on_key`: it is the name that is wrong, not the value."""

    key: Key
    says: Wording
    on_key: bool = False


class Reader:
    """`values` has every setting that is right by itself, for checks of one against another."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self.values: dict[Key, Any] = {}

    def section(self, cls: Any, table: Mapping[str, Any], at: Key = ()) -> Any:
        """Return `table` as a `cls`; worthless if there are flaws."""
        specs = {field.name: spec for field in fields(cls) if (spec := spec_of(field))}
        for name in table:
            if name not in specs:
                self._flaw((*at, name), _unknown(name, specs), on_key=True)
        read = {}
        for field in fields(cls):
            if spec := specs.get(field.name):
                kind = _kinds(cls)[field.name]
                read[field.name] = self._field(field, spec, kind, table, at)
        return cls(**read)

    def _field(
        self, field: Field[Any], spec: Spec, kind: Any, table: Mapping[str, Any], at: Key
    ) -> Any:
        key = (*at, field.name)
        if is_dataclass(kind):
            return self._table(kind, table.get(field.name, {}), key)
        if is_dataclass(element := (get_args(kind) or (None,))[0]):
            return self._tables(element, spec, table.get(field.name, []), key)
        if field.name in table:
            return self._value(spec, kind, table[field.name], key, field.default == "")
        if field.default is MISSING:
            return self._flaw(key, messages.MISSING.of(says=spec.says))
        self.values[key] = field.default
        return field.default

    def _table(self, cls: Any, value: Any, key: Key) -> Any:
        match value:
            case dict():
                return self.section(cls, value, key)
            case [dict(), *_]:
                return self._flaw(key, messages.TWO_BRACKETS.of(name=key[-1]), on_key=True)
            case _:
                return self._flaw(key, _wrong_type(value, messages.TABLE))

    def _tables(self, cls: Any, spec: Spec, value: Any, key: Key) -> Any:
        if isinstance(value, dict):
            return self._flaw(key, messages.ONE_BRACKET.of(name=named(key)), on_key=True)
        if not isinstance(value, list):
            return self._flaw(key, _wrong_type(value, messages.LIST))
        if len(value) < spec.least:
            return self._flaw(key, messages.TOO_FEW.of(says=spec.says))
        return tuple(self._table(cls, table, (*key, i)) for i, table in enumerate(value))

    def _value(self, spec: Spec, kind: Any, value: Any, key: Key, may_be_empty: bool) -> Any:
        if get_args(kind):  # tuple[str, ...]
            return self._texts(spec, value, key)
        if wrong := _wrong(spec, kind, value, may_be_empty):
            return self._flaw(key, wrong)
        self.values[key] = kind(value) if isinstance(kind, EnumType) else value
        return self.values[key]

    def _texts(self, spec: Spec, value: Any, key: Key) -> Any:
        if not isinstance(value, list):
            return self._flaw(key, _wrong_type(value, messages.LIST))
        return tuple(self._value(spec, str, v, (*key, i), False) for i, v in enumerate(value))

    def _flaw(self, key: Key, says: Wording, on_key: bool = False) -> None:
        self.flaws.append(Flaw(key, says, on_key))


def named(key: Key) -> str:
    """`key` as people read it: modem[0].baud."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return "".join(parts).removeprefix(".")


def shown(value: object) -> str | Wording:
    """`value` as it would stand in the file, short enough for a message."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{_short(value)}"'
        case dict():
            return messages.A_TABLE
        case list():
            return messages.A_LIST
        case int() if value.bit_length() > 128:
            return _short(hex(value))  # Python refuses to write very long numbers in tens
        case _:
            return _short(str(value))


def near(name: str, known: Sequence[str]) -> str:
    """The one of `known` that `name` was meant to be; empty if none is like it."""
    from difflib import get_close_matches  # 3 ms that a clean file does not need

    return next(iter(get_close_matches(name.lower(), known, n=1)), "")


@cache
def _kinds(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls)


def _unknown(name: str, specs: Mapping[str, Spec]) -> Wording:
    if name.lower() in _SECRETS:
        return messages.SECRET
    if like := near(name, list(specs)):
        return messages.UNKNOWN_NEAR.of(near=like)
    return messages.UNKNOWN.of(known=", ".join(specs))


def _wrong(spec: Spec, kind: Any, value: Any, may_be_empty: bool) -> Wording | None:
    """What is wrong with `value` by itself."""
    if kind is int:
        return _wrong_number(spec, value)
    if kind is bool:
        return _wrong_truth(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return messages.BARE_NUMBER.of(value=shown(value))
    if not isinstance(value, str):
        return _wrong_type(value, messages.TEXT)
    if not value and may_be_empty:
        return None
    if not value.strip():
        return messages.EMPTY.of(says=spec.says)
    return _wrong_text(spec, _choices(spec, kind), value)


def _wrong_number(spec: Spec, value: Any) -> Wording | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return messages.QUOTED_NUMBER.of(value=_short(value.strip()))
    if isinstance(value, float):
        return messages.NOT_WHOLE.of(value=value)
    if type(value) is not int:  # a bool is an int, but not here
        return _wrong_type(value, messages.NUMBER)
    if spec.within and not spec.within[0] <= value <= spec.within[1]:
        low, high = spec.within
        return messages.OUT_OF_RANGE.of(value=shown(value), low=low, high=high, unit=spec.unit)
    return None


def _wrong_truth(value: Any) -> Wording | None:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return messages.QUOTED_TRUTH.of(value=value.lower())
    return None if isinstance(value, bool) else _wrong_type(value, messages.TRUTH)


def _wrong_text(spec: Spec, choices: Sequence[str], value: str) -> Wording | None:
    if value in choices:
        return None
    if choices and not (spec.form and spec.form.fits(value)):
        return _no_choice(choices, value)
    if spec.form and not spec.form.fits(value):
        return messages.NOT_SO.of(value=shown(value), looks=spec.form.looks)
    return None


def _no_choice(choices: Sequence[str], value: str) -> Wording:
    if like := near(value, choices):
        return messages.NOT_A_CHOICE_NEAR.of(value=shown(value), near=f'"{like}"')
    quoted = ", ".join(f'"{choice}"' for choice in choices)
    return messages.NOT_A_CHOICE.of(value=shown(value), choices=quoted)


def _choices(spec: Spec, kind: Any) -> tuple[str, ...]:
    if isinstance(kind, EnumType) and issubclass(kind, StrEnum):
        return tuple(choice.value for choice in kind)
    return spec.choices


def _wrong_type(value: Any, wanted: Wording) -> Wording:
    return messages.WRONG_TYPE.of(value=shown(value), wanted=wanted)


def _short(text: str) -> str:
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"
