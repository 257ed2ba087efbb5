"""A daemon to be killed: takes the first call, rings both desks, joins the caller and desk-1.

    python -m tests.exchange_client ARI_URL PASSWORD

Prints `up` when it is subscribed, and the caller's leg when they talk; then waits for its end.
"""

import asyncio
import sys

from drivers.api import PickedUp, Ringing, Up
from drivers.asterisk.exchange import open_exchange


async def main(url: str, password: str) -> None:
    leg = ""
    async with open_exchange("exchange", url, "siaga", password) as exchange:
        async for fact in exchange.facts():
            match fact:
                case Up():
                    print("up", flush=True)  # noqa: T201
                case Ringing(leg=leg, caller=caller):
                    await exchange.answer(leg)
                    await exchange.dial("leg-desk-2", "desk-2", caller, 60, at_once=False)
                    await exchange.dial("leg-desk", "desk-1", caller, 60, at_once=False)
                case PickedUp("leg-desk"):
                    await exchange.join("bridge-1", [leg, "leg-desk"])
                    print(leg, flush=True)  # noqa: T201
                case _:
                    pass


asyncio.run(main(*sys.argv[1:]))
