"""What differs between makes of modem, as data: extra set-up and the switch of the voice path.

Quectel EC2x: AT commands manual QSCLK, QURCCFG; voice over PCM is QPCMV (quirks C2, C5).
SIMCom SIM7600: CSCLK, CPCMREG (quirk C7: only while a call stands, refused a moment too early).
"""

from __future__ import annotations

from drivers.value import value
from drivers.wire.at import Command


@value
class Model:
    """`maker` is how the answer to AT+CGMI begins, in capitals."""

    maker: bytes
    set_up: tuple[Command, ...] = ()
    sound_on: Command | None = None
    sound_off: Command | None = None


GENERIC = Model(b"")

MODELS = (
    Model(
        b"QUECTEL",
        set_up=(Command(b"AT+QSCLK=0"), Command(b'AT+QURCCFG="urcport","usbat"')),
        sound_on=Command(b"AT+QPCMV=1,0"),
        sound_off=Command(b"AT+QPCMV=0"),
    ),
    Model(
        b"SIMCOM",
        set_up=(Command(b"AT+CSCLK=0"),),
        sound_on=Command(b"AT+CPCMREG=1"),
        sound_off=Command(b"AT+CPCMREG=0,1"),
    ),
)


def model_of(maker: bytes) -> Model:
    name = maker.strip().upper()
    return next((model for model in MODELS if name.startswith(model.maker)), GENERIC)
