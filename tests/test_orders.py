"""Which events make somebody be told what, and which end the waiting for an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.events import (
    Channel,
    DispatchAcknowledged,
    DispatchAdvanced,
    DispatchDelivered,
    DispatchEscalated,
    DispatchRefused,
    DispatchSent,
    DispatchState,
    DispatchUnreached,
    Entry,
    Event,
    IncidentCancelled,
    IncidentClosed,
    IncidentLocated,
)
from appliance.domain.orders import Alert, Change, Order, Update, orders, settled
from appliance.domain.routing import Role
from appliance.domain.world import World, evolve
from tests.stories import (
    ALARM,
    CLASSIFIED,
    CONVERSATION,
    DAMKAR,
    FIRE,
    NUMBER,
    OFFICER,
    OPENED,
    PLACE,
    VERIFIED,
    after,
)

MQTT, SMS = "alert/8/mqtt", "alert/8/sms"


def follow(before: World, event: Event) -> list[Order]:
    entry = Entry(before.seq + 1, 0, 77, event)
    return orders(entry, before, evolve(before, entry))


def alert(role: Role) -> Alert:
    story = (*CONVERSATION, OPENED, VERIFIED, replace(CLASSIFIED, narrative="dua orang luka"))
    [order] = follow(
        after(*story, IncidentLocated(5, PLACE)), replace(DAMKAR, dispatch=9, role=role)
    )
    assert isinstance(order.body, Alert)
    return order.body


def test_a_dispatch_is_an_alert_to_the_agency() -> None:
    [order] = follow(after(*FIRE), DAMKAR)
    assert (order.key, order.channel, order.to) == (MQTT, Channel.MQTT, "damkarmat")
    assert isinstance(order.body, Alert)
    assert (order.body.kind, order.body.place) == ("KBK-BGN", "Jl. Sao-Sao 1")
    assert order.body.agencies == (("damkarmat", Role.DISPATCHED),)


def test_the_callers_number_goes_only_to_who_goes_there() -> None:
    assert alert(Role.DISPATCHED).callback == NUMBER
    assert alert(Role.ASSISTING).callback == ""
    assert alert(Role.INFORMATIONAL).callback == ""


def test_who_is_only_informed_gets_kind_and_area() -> None:
    assert (alert(Role.ASSISTING).narrative, alert(Role.ASSISTING).location) == (
        "dua orang luka",
        PLACE,
    )
    informed = alert(Role.INFORMATIONAL)
    assert (informed.narrative, informed.location) == ("", None)
    assert informed.place == "Jl. Sao-Sao 1"


def test_the_sms_rung_sends_the_same_alert_to_a_phone() -> None:
    [order] = follow(after(*ALARM), DispatchEscalated(8, 5, 1, Channel.SMS, OFFICER))
    assert (order.key, order.channel, order.to) == (SMS, Channel.SMS, OFFICER)
    assert follow(after(*ALARM), DispatchEscalated(8, 5, 2, Channel.CONSOLE, "")) == []


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (IncidentClosed(5, "siti", "padam"), Change.CLOSED),
        (IncidentCancelled(5, "siti", "padam"), Change.CANCELLED),
    ],
)
def test_every_alerted_agency_hears_of_the_end(event: Event, change: Change) -> None:
    second = replace(DAMKAR, dispatch=9, agency="psc119")
    told = follow(after(*ALARM, second), event)
    assert [order.to for order in told] == ["damkarmat", "psc119"]
    assert [order.key for order in told] == ["update/8/10", "update/9/10"]
    for order in told:
        assert isinstance(order.body, Update)
        assert (order.body.change, order.body.text, order.body.raised_utc_ms) == (
            change,
            "padam",
            77,
        )


@pytest.mark.parametrize(
    ("event", "keys"),
    [
        (DispatchSent(8, 5, Channel.MQTT), set()),  # the broker has it; the agency may not
        (DispatchUnreached(8, 5, Channel.MQTT, "nobody"), set()),
        (DispatchDelivered(8, 5, Channel.MQTT), {MQTT}),
        (DispatchSent(8, 5, Channel.SMS), {SMS}),
        (DispatchAcknowledged(8, 5, Channel.SMS, "Ali"), {MQTT, SMS}),
        (DispatchRefused(8, 5, Channel.MQTT, "Ali", ""), {MQTT, SMS}),
        (DispatchAdvanced(8, 5, DispatchState.ENROUTE, "Ali"), {MQTT, SMS}),
        (IncidentClosed(5, "siti", "padam"), {MQTT, SMS}),
        (IncidentCancelled(5, "siti", "prank"), {MQTT, SMS}),
    ],
)
def test_what_ends_the_waiting(event: Event, keys: set[str]) -> None:
    assert set(settled(event, after(*ALARM))) == keys
