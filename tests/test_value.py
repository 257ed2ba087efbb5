"""`@value` does what a frozen dataclass does, and mypy knows it."""

from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from drivers.value import value


@value
class Place:
    street: str
    number: int = 1
    marks: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Twin:
    street: str
    number: int = 1
    marks: tuple[str, ...] = field(default_factory=tuple)


@value(kw_only=True)
class Named:
    street: str


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("Sao-Sao",), {}),
        (("Sao-Sao", 2), {}),
        (("Sao-Sao", 2, ("x",)), {}),
        ((), {"number": 3, "street": "Sao-Sao"}),
        (("Sao-Sao",), {"marks": ("y",)}),
    ],
)
def test_it_is_made_and_shown_as_a_dataclass_is(given: Any, named: Any) -> None:
    made, twin = Place(*given, **named), Twin(*given, **named)
    assert repr(made) == repr(twin).replace("Twin", "Place")
    assert [getattr(made, f.name) for f in fields(Place)] == [
        getattr(twin, f.name) for f in fields(Twin)
    ]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((), {}),
        (("a", 1, (), 4), {}),
        (("a",), {"street": "b"}),
        (("a",), {"nubmer": 1}),
    ],
)
def test_it_refuses_what_a_dataclass_refuses(given: Any, named: Any) -> None:
    for kind in (Place, Twin):
        with pytest.raises(TypeError):
            kind(*given, **named)
    with pytest.raises(TypeError):
        Named(*given, **named)


def test_equal_means_the_same_class_and_fields() -> None:
    assert Place("a", 1) == Place(number=1, street="a")
    assert hash(Place("a", 1)) == hash(Place(number=1, street="a"))
    assert Place("a") != Place("b")
    twin: object = Twin("a")
    assert Place("a") != twin


def test_it_is_read_only_and_replaced_whole() -> None:
    place = Place("a")
    with pytest.raises(FrozenInstanceError, match="street"):
        place.street = "b"  # type: ignore[misc]
    assert is_dataclass(place)
    assert replace(place, number=7) == Place("a", 7)


def test_it_is_matched_by_position() -> None:
    match Place("a", 5):
        case Place(street, number):
            assert (street, number) == ("a", 5)
        case _:
            pytest.fail("no match")
