"""The simulated command centre's settings: Kendari's agencies, desks, lines and some kinds."""

from __future__ import annotations

from appliance.domain.routing import Kind, RoutingTable
from appliance.domain.rules import Agency, Rules

TRUNK = "trunk-1"
MODEMS = ("modem-1", "modem-2")
_PHONES = {
    "damkarmat": ("+6281100000001", "+6281100000011"),
    "psc119": ("+6281100000002",),
    "polresta": ("+6281100000003",),
    "bpbd": ("+6281100000004",),
    "pln": (),  # reached by its app or not at all
    "dlhk": ("+6281100000006",),
    "satpolpp": (),
    "pimpinan": ("+6281100000008",),
}
_KINDS = (
    Kind(
        "KBK-BGN",
        "Kebakaran bangunan",
        1,
        "FSTRU",
        "Fire",
        ("damkarmat",),
        ("polresta", "pln", "psc119", "satpolpp"),
        ("bpbd", "pimpinan"),
    ),
    Kind("LKL-LKA", "Kecelakaan", 1, "MVAINJY", "Transport", ("psc119", "polresta")),
    Kind("MED-UMM", "Permintaan ambulans", 1, "SICK", "Health", ("psc119",)),
    Kind("PHN-TBG", "Pohon tumbang", 2, "HAZ", "Env", ("dlhk", "bpbd"), ("pln",)),
    Kind("PHN-PTG", "Penebangan pohon", 4, "PUBWKS", "Env", ("dlhk",)),
)


def rules(desks: int, hub: bool) -> Rules:
    return Rules(
        desks=tuple(f"desk-{n}" for n in range(1, desks + 1)),
        trunks=frozenset({TRUNK}),
        modems=frozenset(MODEMS),
        hub=hub,
        agencies={id: Agency(id, id.capitalize(), phones) for id, phones in _PHONES.items()},
        routing=RoutingTable("2025-06-10/1", {kind.code: kind for kind in _KINDS}),
    )
