"""The far end of a modem line: a simulated GSM/LTE modem on a pseudo-terminal, with its caller.

async with open_modem_simulator(tmp / "modem", tmp / "modem-pcm") as modem:
    await modem.ring("+6281234567890")
"""

from hil.far_end.modem.dialects import QUECTEL, SIMCOM, Dialect
from hil.far_end.modem.simulator import ModemSimulator, Sent, open_modem_simulator
from hil.far_end.modem.tone import level_of, tone

__all__ = [
    "QUECTEL",
    "SIMCOM",
    "Dialect",
    "ModemSimulator",
    "Sent",
    "level_of",
    "open_modem_simulator",
    "tone",
]
