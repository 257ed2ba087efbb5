"""The command `siaga`: finds the verb and leaves the rest to it.

Exit status: 0 done, 1 something is wrong with what was asked about, 2 wrong use, 3 cannot run here.
A verb is imported when it is called; those of `hil` by name, for a box ships without it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

# verb -> module, Indonesian, English
VERBS = {
    "run": ("appliance.verbs.run", "jalankan kotak siaga", "run the box"),
    "check": ("appliance.verbs.check", "periksa berkas pengaturan", "check a site file"),
    "status": ("appliance.verbs.status", "apa yang sedang terbuka", "what is open right now"),
    "journal": ("appliance.verbs.journal", "periksa jurnal", "verify the journal"),
    "exchange": ("appliance.verbs.exchange", "tulis konfigurasi Asterisk", "configure Asterisk"),
    "demo": ("hil.demo", "satu pusat lengkap, tersimulasi", "a whole site, simulated"),
    "sim": ("hil.sim", "simulasi berhari-hari", "days of simulated operation"),
    "bench": ("hil.bench", "ukur kinerja", "measure performance"),
    "test": ("hil.checks", "semua pemeriksaan", "every check"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        _say(_usage())
        return 0 if given else 2
    verb, *rest = given
    if verb not in VERBS:
        from difflib import get_close_matches  # 3 ms that a right verb does not need

        near = get_close_matches(verb, VERBS, n=1)
        hint = f"; maksud Anda / did you mean {near[0]}?" if near else f"\n{_usage()}"
        _say(f'siaga: tidak ada perintah "{verb}" / there is no verb "{verb}"{hint}')
        return 2
    try:
        module = import_module(VERBS[verb][0])
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "hil":
            raise
        _say(f"siaga {verb}: hanya ada di repositori / comes with the repository only")
        return 3
    try:
        status: int = module.main(rest)
    except KeyboardInterrupt:
        return 130
    return status


def _usage() -> str:
    rows = [f"  {verb:<9} {words[1]} / {words[2]}" for verb, words in VERBS.items()]
    head = ["siaga PERINTAH / VERB [...]", "", *rows, ""]
    return "\n".join([*head, "siaga PERINTAH --help: selengkapnya / more"])


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
