"""A simulated modem for a person: `python -m hil.far_end.modem /tmp/modem --pcm /tmp/modem-pcm`.

Then type: `ring +62811...`, `hangup`, `sms +62811... the text`, `unplug`, `plug`, `quit`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from hil.far_end.modem.dialects import QUECTEL, SIMCOM
from hil.far_end.modem.simulator import ModemSimulator, open_modem_simulator

DIALECTS = {"quectel": QUECTEL, "simcom": SIMCOM}


async def serve(link: Path, pcm: Path | None, dialect: str) -> None:
    async with open_modem_simulator(link, pcm, dialect=DIALECTS[dialect]) as modem:
        print(f"{DIALECTS[dialect].model} di / at {link}", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            word, _, rest = line.strip().partition(" ")
            if word == "quit":
                return
            print(await obey(modem, word, rest), flush=True)


async def obey(modem: ModemSimulator, word: str, rest: str) -> str:
    """Do what a typed line says; return what to show."""
    match word:
        case "ring" if modem.call is None:
            await modem.ring(rest)
        case "hangup":
            await modem.hang_up()
        case "sms" if " " in rest:
            number, _, text = rest.partition(" ")
            await modem.receive_sms(number, text)
        case "unplug":
            modem.unplug()
        case "plug" if not modem.plugged_in:
            modem.plug_in()
        case _:
            return "ring NUMBER | hangup | sms NUMBER TEXT | unplug | plug | quit"
    return f"call: {modem.call}, sent: {len(modem.sent)}, on the SIM: {modem.stored}"


def main() -> None:
    parser = argparse.ArgumentParser(description="A simulated GSM/LTE modem on a pseudo-terminal")
    parser.add_argument("link", type=Path, help="where the AT port shall be, e.g. /tmp/modem")
    parser.add_argument("--pcm", type=Path, help="where the PCM port shall be")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="quectel")
    given = parser.parse_args()
    asyncio.run(serve(given.link, given.pcm, given.dialect))


if __name__ == "__main__":
    main()
