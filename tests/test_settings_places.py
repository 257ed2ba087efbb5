import tomllib
from collections.abc import Iterator
from itertools import count
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from appliance.settings.places import Key, places

NASTY = r'''
title = "a # not a comment = [x]" # one
"quoted key" . 'b.c' = 1
multi = """
[not.a.table]
key = "no key" \""" """""
literal = '''
NASTY += "'''\n[[neither]]''''\n"
NASTY += r"""path = 'C:\new' # a literal has no escapes
list = [ 1, [2, 3], # comment ] here
  "x,]", { a = 4, b.c = [5] } ,
]
date = 1979-05-27 07:32:00
[ table . "sub table" ]
x = 6
[[array]]
x = 7
[[array]]
[array.inner]
x = 8
[[array.deep]]
x = 9
[[array.deep]]
x = 10
"""


def leaves(value: Any, at: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every value of a parsed TOML that is no table or array."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for part, inside in items:
            yield from leaves(inside, (*at, part))
    else:
        yield at, value


def text_at(text: str, place: tuple[int, int]) -> str:
    line, column = place
    return text.split("\n", line - 1)[-1][column - 1 :]


def test_every_value_of_a_nasty_document_is_found() -> None:
    found = places(NASTY)
    for key, value in leaves(tomllib.loads(NASTY)):
        rest = text_at(NASTY, found[key].value)
        if isinstance(value, int):
            assert rest.startswith(str(value)), key
        if isinstance(value, str):
            assert rest[0] in "\"'", key


def test_a_header_is_the_place_of_its_table() -> None:
    found = places(NASTY)
    for key, header in [
        (("table",), '[ table . "sub table" ]'),
        (("table", "sub table"), '[ table . "sub table" ]'),
        (("array",), "[[array]]"),
        (("array", 1), "[[array]]\n[array.inner]"),
        (("array", 1, "inner"), "[array.inner]"),
        (("array", 1, "deep", 1), "[[array.deep]]\nx = 10"),
    ]:
        assert text_at(NASTY, found[key].key).startswith(header), key


def test_key_and_value_have_places_of_their_own() -> None:
    text = dedent("""\
        [a]
          b = 1
        c.d = { e = 2 }
        """)
    found = places(text)
    assert (found["a", "b"].key, found["a", "b"].value) == ((2, 3), (2, 7))
    assert (found["a", "c", "d"].key, found["a", "c", "d"].value) == ((3, 1), (3, 7))
    assert (found["a", "c", "d", "e"].key, found["a", "c", "d", "e"].value) == ((3, 9), (3, 13))


names = st.from_regex(r"[a-z][a-z0-9-]{0,4}", fullmatch=True)
trees = st.recursive(
    st.none(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(names, inside, max_size=3),
    max_leaves=12,
)


class Writer:
    """Writes a tree of names as TOML, each leaf another number, in a style that is drawn."""

    def __init__(self, draw: st.DataObject) -> None:
        self._draw, self._numbers = draw, count(1000)

    def document(self, tables: dict[str, Any]) -> str:
        return "\n".join(line for name in tables for line in self._entry(name, tables[name]))

    def _entry(self, name: str, value: Any) -> Iterator[str]:
        if isinstance(value, dict) and self._flip():
            yield f"[ {self._name(name)} ] # note"
            yield from (f"  {self._name(key)} = {self._inline(value[key])}" for key in value)
        elif isinstance(value, list) and value and self._all_tables(value) and self._flip():
            for table in value:
                yield f"[[{self._name(name)}]]"
                yield from (f"{self._name(key)}={self._inline(table[key])}" for key in table)
        else:
            yield f"[over-{name}]"
            yield f"{self._name(name)}\t= {self._inline(value)} # ] }} '"

    def _inline(self, value: Any) -> str:
        match value:
            case dict():
                inside = (f"{self._name(key)} = {self._inline(value[key])}" for key in value)
                return f"{{ {', '.join(inside)} }}"
            case list():
                between = ",\n # ]\n " if self._flip() else ", "
                return f"[{between.join(map(self._inline, value))}]"
            case _:
                return str(next(self._numbers))

    def _name(self, name: str) -> str:
        return f'"{name}"' if self._flip() else name

    def _flip(self) -> bool:
        return self._draw.draw(st.booleans())

    @staticmethod
    def _all_tables(values: list[Any]) -> bool:
        return all(isinstance(value, dict) for value in values)


@trials(deadline=None)  # other tests run beside it
@given(st.data(), st.dictionaries(names, trees, max_size=4))
def test_the_place_of_every_value_holds_that_value(
    draw: st.DataObject, tables: dict[str, Any]
) -> None:
    text = Writer(draw).document(tables)
    found = places(text)
    for key, number in leaves(tomllib.loads(text)):
        assert text_at(text, found[key].value).startswith(str(number)), (key, text)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a note", "a=1"])
def test_short_documents(text: str) -> None:
    assert set(places(text)) == {key for key, _ in leaves(tomllib.loads(text))}
