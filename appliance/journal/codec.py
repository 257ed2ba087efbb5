"""Events and orders to JSON rows and back.

By the dataclasses' own annotations and the standard library: validating packages cost 50 to 110 ms
to import, and a restart has 250 ms until it must take calls again (hil/bench/start.py).
A field that a row does not have takes its default: events are only ever added to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from appliance.domain.events import Event
from appliance.domain.orders import Body

Decoder = Callable[[Any], Any]
_EVENTS: dict[str, Hashable] = {kind.__name__: kind for kind in get_args(Event)}
_BODIES: dict[str, Hashable] = {kind.__name__: kind for kind in get_args(Body)}


def encode(value: Event | Body) -> str:
    return _JSON.encode(vars(value))  # a value holds its fields and nothing else


def decode_event(type: str, data: str) -> Event:
    """Raises KeyError for a type this version does not know: the journal is of a newer one."""
    event: Event = _decoder(_EVENTS[type])(json.loads(data))
    return event


def decode_body(form: str, data: str) -> Body:
    body: Body = _decoder(_BODIES[form])(json.loads(data))
    return body


# As ASCII: a text message may hold half a surrogate pair, which no UTF-8 column takes.
_JSON = json.JSONEncoder(separators=(",", ":"), default=vars)


@cache
def _decoder(kind: Any) -> Decoder:
    """What turns a JSON value into a `kind`, worked out once."""
    if is_dataclass(kind):
        return _dataclass_decoder(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _tuple_decoder(args)
    if origin in (Union, UnionType):
        [inner] = (arg for arg in args if arg is not NoneType)
        decode = _decoder(inner)
        return lambda value: None if value is None else decode(value)
    return lambda value: value


def _dataclass_decoder(kind: Any) -> Decoder:
    hints = get_type_hints(kind)
    decoders = {f.name: _decoder(hints[f.name]) for f in fields(kind)}
    return lambda row: kind(**{k: decoders[k](v) for k, v in row.items() if k in decoders})


def _tuple_decoder(args: tuple[Any, ...]) -> Decoder:
    if args[-1] is Ellipsis:
        item = _decoder(args[0])
        return lambda values: tuple(item(value) for value in values)
    items = [_decoder(arg) for arg in args]
    return lambda values: tuple(d(value) for d, value in zip(items, values, strict=True))
