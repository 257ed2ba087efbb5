"""`@value`: a frozen dataclass that is cheap to define.

    @value
    class Ringing:
        line: str
        leg: str

It is a real dataclass (`fields`, `replace`, `match`), compared by class and fields, hashable and
read-only. `@dataclass(frozen=True, slots=True)` compiles seven functions for each class: 0.96 ms on
the box's class of machine, 0.12 s for all our events, facts and requests, half of what a restart
may take. Here all classes share six functions: 0.07 ms each (hil/bench/start.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def value(cls: type[T], /) -> type[T]: ...
@overload
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(
    cls: type[T] | None = None, /, *, kw_only: bool = False
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make `cls` a value. Fields must not be underscored; defaults as in a dataclass."""

    def made(cls: type[T]) -> type[T]:
        for name, shared in _SHARED.items():
            setattr(cls, name, shared)
        # dataclass() would spend 0.1 ms on a signature for the doc string it invents.
        cls.__doc__ = cls.__doc__ or cls.__name__
        return dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)

    return made if cls is None else made(cls)


def _init(self: Any, *given: Any, **named: Any) -> None:
    fields = self.__dataclass_fields__
    if len(given) > len(self.__match_args__):
        raise TypeError(f"{type(self).__name__} takes {len(self.__match_args__)} values at most")
    found = dict(zip(self.__match_args__, given, strict=False))
    if twice := found.keys() & named.keys():
        raise TypeError(f"{type(self).__name__}: {', '.join(twice)} given twice")
    found.update(named)
    if len(found) != len(fields) or not found.keys() <= fields.keys():
        found = _completed(type(self), found)
    self.__dict__.update(found)


def _completed(cls: Any, found: dict[str, Any]) -> dict[str, Any]:
    """`found` with its defaults, in the order of the fields."""
    fields = cls.__dataclass_fields__
    if unknown := found.keys() - fields.keys():
        raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")
    whole = {name: found[name] if name in found else _default(of) for name, of in fields.items()}
    if missing := [name for name, what in whole.items() if what is MISSING]:
        raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")
    return whole


def _default(of: Any) -> Any:
    return of.default if of.default_factory is MISSING else of.default_factory()


def _eq(self: Any, other: Any) -> bool:
    return other.__class__ is self.__class__ and self.__dict__ == other.__dict__


def _hash(self: Any) -> int:
    return hash((type(self), *(self.__dict__[name] for name in self.__dataclass_fields__)))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.__dataclass_fields__)
    return f"{type(self).__qualname__}({shown})"


def _frozen(self: Any, name: str, *_: Any) -> None:
    raise FrozenInstanceError(f"{type(self).__name__}.{name} is read-only")


_SHARED: dict[str, Any] = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _frozen,
    "__delattr__": _frozen,
}
