"""What makes one vendor's modem sound unlike another's, as data.

Quectel EC25: EC25 AT commands manual 1.3; SIMCom SIM7600: SIM7600 series AT command manual 2.0 and
the transcripts in reference/gsm (quirks A3, B7, C2, C7).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Dialect:
    """`answers` maps a command to its information lines; what is nowhere known gets ERROR."""

    maker: str
    model: str
    revision: str
    sound_on: str
    sound_off: str
    accepted: frozenset[str] = frozenset()
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    call_begin: tuple[str, ...] = ()
    call_end: tuple[str, ...] = ("NO CARRIER",)
    missed: tuple[str, ...] = ("NO CARRIER",)
    boot: tuple[str, ...] = ("RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE")


QUECTEL = Dialect(
    maker="Quectel",
    model="EC25",
    revision="EC25EFAR06A06M4G",
    sound_on="+QPCMV=1,0",
    sound_off="+QPCMV=0",
    accepted=frozenset({"+QSCLK=0", '+QURCCFG="urcport","usbat"'}),
    answers={"+QCCID": ("+QCCID: 89621012345678901234",)},
)

SIMCOM = Dialect(
    maker="SIMCOM INCORPORATED",
    model="SIMCOM_SIM7600E",
    revision="LE20B05SIM7600M22",
    sound_on="+CPCMREG=1",
    sound_off="+CPCMREG=0,1",
    accepted=frozenset({"+CSCLK=0"}),
    call_begin=("VOICE CALL: BEGIN",),
    call_end=("VOICE CALL: END: 000017", "NO CARRIER"),
    missed=("MISSED_CALL: 11:01AM {number}", "NO CARRIER"),
    boot=("RDY", "+CPIN: READY", "SMS DONE", "PB DONE"),
)
