"""Settings that are right by themselves and wrong together: names, wires, references, order.

Each check sees only the values that passed by themselves, so one mistake is one problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from appliance.settings import messages
from appliance.settings.places import Key
from appliance.settings.reader import Flaw, near, shown
from appliance.settings.wording import Wording
from drivers.value import value

Values = Mapping[Key, Any]
Found = Iterable[tuple[Key, Any]]

# Of each group no two may be equal: a fact names only its line, Asterisk a phone like a trunk, a
# level only its output.
_UNIQUE = (
    ("trunk[].name", "modem[].name", "phone[].name"),
    ("phone[].contact",),
    ("desk[].name",),
    ("desk[].phone",),
    ("agency[].code",),
    ("panel.lamp[].colour", "panel.siren[].name"),
    ("panel.button[].role",),
)
_PINS = ("panel.lamp[].pin", "panel.siren[].pin", "panel.button[].pin")
_DEVICES = ("modem[].port", "modem[].pcm_port")
# The later setting must be more than the earlier one.
_RISING = (
    ("exchange.rtp_first_port", "exchange.rtp_last_port"),
    ("rules.delivered_within_s", "rules.acknowledged_within_s"),
    ("rules.acknowledged_within_s", "rules.supervisor_after_s"),
)


@value
class Repeat:
    """`key` has the value of `first`. `says` has gaps for value, other and line (of `first`)."""

    key: Key
    first: Key
    value: object
    says: Wording


def contradictions(values: Values, flawed: Set[Key]) -> Iterator[Flaw | Repeat]:
    """Say what is wrong between `values`; `flawed` are the settings that are not among them."""
    for names in _UNIQUE:
        yield from _repeats(_all(values, names), messages.TWICE)
    yield from _repeats(_all(values, _PINS), messages.PIN_TWICE)
    devices = ((key, device) for key, device in _all(values, _DEVICES) if device)
    yield from _repeats(devices, messages.PORT_TWICE)
    yield from _repeats(_gateways(values), messages.TWICE)
    yield from _not_rising(values)
    if not touches(flawed, "phone"):
        yield from _unknown_phones(values)
    if not any(touches(set(values) | flawed, line) for line in ("trunk", "modem")):
        yield Flaw(("trunk",), messages.NO_LINE)


def touches(keys: Set[Key], section: str) -> bool:
    return any(key[0] == section for key in keys)


def each(values: Values, name: str) -> Iterator[tuple[Key, Any]]:
    """The values of all settings called `name`, e.g. modem[].port, in the order of the file."""
    path = tuple(name.replace("[]", ".[]").split("."))
    for key, given in values.items():
        if len(key) == len(path) and all(
            part == own or (part == "[]" and isinstance(own, int))
            for part, own in zip(path, key, strict=True)
        ):
            yield key, given


def _all(values: Values, names: Iterable[str]) -> Iterator[tuple[Key, Any]]:
    for name in names:
        yield from each(values, name)


def _repeats(found: Found, says: Wording) -> Iterator[Repeat]:
    first: dict[Any, Key] = {}
    for key, given in found:
        if first.setdefault(given, key) != key:
            yield Repeat(key, first[given], given, says)


def _gateways(values: Values) -> Iterator[tuple[Key, Any]]:
    """Where each trunk's calls come from: that alone tells one trunk from another."""
    ports = dict(each(values, "trunk[].port"))
    for key, host in each(values, "trunk[].host"):
        yield key, f"{host}:{ports.get((*key[:-1], 'port'), '')}"


def _unknown_phones(values: Values) -> Iterator[Flaw]:
    phones = [phone for _, phone in each(values, "phone[].name")]
    for key, phone in each(values, "desk[].phone"):
        if phone not in phones:
            like = near(phone, phones)
            hint = (
                messages.PHONE_NEAR.of(near=shown(like))
                if like
                else messages.PHONES_ARE.of(known=", ".join(phones))
            )
            yield Flaw(key, messages.NO_PHONE.of(value=shown(phone), hint=hint))


def _not_rising(values: Values) -> Iterator[Flaw]:
    for earlier, later in _RISING:
        for (_, low), (key, high) in zip(each(values, earlier), each(values, later), strict=False):
            if high <= low:
                says = messages.NOT_LATER.of(value=high, other=earlier, limit=low)
                yield Flaw(key, says)
