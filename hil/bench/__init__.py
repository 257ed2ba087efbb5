"""siaga bench: what the box costs, each figure beside its floor and its goal, in one run.

Only counts and ratios to a floor of the same run are worth comparing between machines.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

BENCHES = {
    "journal": ("byte dan flush per kejadian", "bytes and flushes an incident costs"),
    "chain": ("dari RING sampai pelanggan MQTT", "from RING to an MQTT subscriber"),
    "drain": ("mengosongkan kotak keluar", "emptying a full outbox"),
    "outage": ("perantara mati di bawah beban", "a broker outage under load"),
    "start": ("dari kill -9 sampai siap", "from kill -9 to ready"),
    "idle": ("tanpa kejadian apa pun", "nothing happening at all"),
}


def main(argv: Sequence[str]) -> int:
    """Run one benchmark; its exit status is 0 when every goal is met."""
    if not argv or argv[0] not in BENCHES:
        asked = bool(argv) and argv[0] in ("-h", "--help")
        print(_usage(), file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    status: int = import_module(f"hil.bench.{argv[0]}").main(argv[1:])
    return status


def _usage() -> str:
    rows = [f"  {name:<8} {words[0]} / {words[1]}" for name, words in BENCHES.items()]
    return "\n".join(["siaga bench UKURAN / BENCHMARK [-n N] [--help]", "", *rows])
