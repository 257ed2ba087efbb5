"""What the site file means for each part of the daemon: settings to rules, pins and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from appliance.domain.rules import Agency, Rules
from appliance.formats.identifiers import Site
from appliance.settings import PanelSettings, RuleSettings, Settings

if TYPE_CHECKING:
    from drivers.contact import Button
    from drivers.panel import Output

EXCHANGE, BROKER, PANEL = "asterisk", "mqtt", "panel"


def site(settings: Settings) -> Site:
    of = settings.site
    rules = settings.rules
    return Site(of.kode, of.box, of.timezone, rules.delivered_within_s, rules.acknowledged_within_s)


def rules(settings: Settings) -> Rules:
    return Rules(
        desks=tuple(desk.name for desk in settings.desk),
        trunks=frozenset(trunk.name for trunk in settings.trunk),
        modems=frozenset(modem.name for modem in settings.modem),
        exchange=EXCHANGE,
        agencies={a.code: Agency(a.code, a.name, a.sms) for a in settings.agency},
        hub=settings.broker.hub,
        routing=settings.routing_table,
        **_times_ms(settings.rules),
    )


def _times_ms(rules: RuleSettings) -> dict[str, Any]:
    return {
        "greeting_max_ms": rules.greeting_max_s * 1000,
        "answer_target_ms": rules.answer_target_s * 1000,
        "desk_rest_ms": rules.desk_rest_s * 1000,
        "ring_for_ms": rules.ring_for_s * 1000,
        "wrap_up_ms": rules.wrap_up_s * 1000,
        "lost_after_ms": rules.lost_after_s * 1000,
        "callback_after_ms": rules.callback_after_s * 1000,
        "delivered_within_ms": rules.delivered_within_s * 1000,
        "acknowledged_within_ms": rules.acknowledged_within_s * 1000,
        "supervisor_after_ms": rules.supervisor_after_s * 1000,
        "siren_max_on_ms": rules.siren_max_on_s * 1000,
    }


def phones(settings: Settings) -> Mapping[str, str]:
    """The endpoint of each desk's phone."""
    endpoints = {phone.name: phone.endpoint for phone in settings.phone}
    return {desk.name: endpoints[desk.phone] for desk in settings.desk}


def desks(settings: Settings) -> Mapping[str, str]:
    """The desk that each phone stands on."""
    return {desk.phone: desk.name for desk in settings.desk}


def outputs(panel: PanelSettings) -> Sequence[Output]:
    """Lamps by their colour, sirens all as the one level "siren"."""
    from drivers.panel import Output  # 8 ms that a call does not wait for

    lamps = [Output(lamp.colour, lamp.pin, lamp.active_high) for lamp in panel.lamp]
    sirens = [Output(s.name, s.pin, s.active_high, s.max_on_s) for s in panel.siren]
    return [*lamps, *sirens]


def shows(panel: PanelSettings) -> Mapping[str, str]:
    """The level that each output shows."""
    lamps = {str(lamp.colour): str(lamp.colour) for lamp in panel.lamp}
    return lamps | {siren.name: "siren" for siren in panel.siren}


def buttons(panel: PanelSettings) -> Sequence[Button]:
    from drivers.contact import Button

    return [Button(button.role, button.pin) for button in panel.button]
