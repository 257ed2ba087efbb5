"""How a setting is declared: its meaning in both languages, its unit, its range, its default.

    port: int = setting("porta konsol", "the console's port", default=8112, within=(1, 65_535))

A section of the file is a frozen dataclass whose fields are settings, sections or, for an array of
tables, a tuple of sections; `sections` holds them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, field
from typing import Any, cast

from appliance.settings.wording import Wording
from drivers.value import value

NO_UNIT = Wording("", "")
SECONDS = Wording("detik", "seconds")
BAUD = Wording("baud", "baud")
CALLS = Wording("panggilan", "calls")

PORT = (1, 65_535)


@value
class Form:
    """What a text must look like. `looks` says what to write, and why if that is not plain."""

    looks: Wording
    fits: Callable[[str], bool]


@value
class Spec:
    """What is known of a setting beyond its name and type."""

    says: Wording
    unit: Wording = NO_UNIT
    within: tuple[int, int] | None = None  # the least and the most a number may be
    form: Form | None = None
    choices: tuple[str, ...] = ()
    least: int = 0  # of an array: so many there must be


def setting(
    id: str,
    en: str,
    *,
    default: Any = MISSING,
    unit: Wording = NO_UNIT,
    within: tuple[int, int] | None = None,
    form: Form | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """One line of the file. A text with `choices` may also have the `form`, if one is given."""
    spec = Spec(Wording(id, en), unit, within, form, tuple(choices))
    return field(default=default, metadata={"spec": spec})


def section(id: str, en: str) -> Any:
    """A `[table]` of the file. Left out, it is read as an empty one."""
    return field(metadata={"spec": Spec(Wording(id, en))})


def sections(id: str, en: str, *, least: int = 0) -> Any:
    """An array of `[[tables]]` of the file."""
    return field(metadata={"spec": Spec(Wording(id, en), least=least)})


def spec_of(field: Field[Any]) -> Spec | None:
    """What `field` declares; None for a field that is not in the file."""
    return cast("Spec | None", field.metadata.get("spec"))
