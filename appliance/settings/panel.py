"""The sections of the site file on the panel: lamps, sirens, buttons and their pins.

GPIO numbers are the Raspberry Pi's BCM numbers, 2 to 27: 0 and 1 of the 40-pin header belong to a
HAT's EEPROM.
"""

from __future__ import annotations

from enum import StrEnum

from appliance.settings import forms
from appliance.settings.setting import SECONDS, sections, setting
from drivers.value import value

_PIN = (2, 27)


class Colour(StrEnum):
    """The lamps of the tower, from the top (IEC 60073)."""

    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"
    GREEN = "green"
    WHITE = "white"


class ButtonRole(StrEnum):
    ACKNOWLEDGE = "acknowledge"


@value(kw_only=True)
class LampSettings:
    colour: Colour = setting("warna lampu", "the colour of the lamp")
    pin: int = setting("nomor GPIO (BCM)", "the GPIO number (BCM)", within=_PIN)
    active_high: bool = setting(
        "menyala ketika pin tinggi", "lit when the pin is high", default=True
    )


@value(kw_only=True)
class SirenSettings:
    name: str = setting("nama sirene", "the name of the siren", form=forms.SLUG)
    pin: int = setting("nomor GPIO (BCM)", "the GPIO number (BCM)", within=_PIN)
    max_on_s: int = setting(
        "paling lama berbunyi; sesudah itu sirene mati sendiri, apa pun perintahnya",
        "the longest it may sound; then it goes off by itself, whatever was asked",
        unit=SECONDS,
        within=(1, 600),
    )
    active_high: bool = setting(
        "berbunyi ketika pin tinggi", "sounds when the pin is high", default=True
    )


@value(kw_only=True)
class ButtonSettings:
    role: ButtonRole = setting("arti tombol", "what the button means")
    pin: int = setting("nomor GPIO (BCM)", "the GPIO number (BCM)", within=_PIN)


@value(kw_only=True)
class PanelSettings:
    driver: str = setting(
        "penggerak panel",
        "the panel's driver",
        choices=("gpio", "simulated"),
        form=forms.FACTORY,
    )
    lamp: tuple[LampSettings, ...] = sections("satu per lampu", "one for each lamp")
    siren: tuple[SirenSettings, ...] = sections("satu per sirene", "one for each siren")
    button: tuple[ButtonSettings, ...] = sections("satu per tombol", "one for each button")
