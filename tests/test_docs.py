"""README.md and docs/ say what is in the tree: names, paths, keys, lamps, what commands print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from appliance.cli import VERBS
from appliance.console.words import WORDS
from appliance.domain.events import Disposition, SmsKept, TroubleAcknowledged, TroubleRaised
from appliance.domain.levels import OUTPUTS, levels
from appliance.domain.world import World
from appliance.settings import Settings
from appliance.settings.setting import spec_of
from drivers.api import Signal
from hil.bench import BENCHES
from tests.stories import ALARM, CONVERSATION, FIRE, RULES, after

ROOT = Path(__file__).parent.parent
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in
         (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}  # fmt: skip
HOUSE = ("appliance", "config", "docs", "drivers", "hil", "image", "locks", "systemd", "tests")
SOURCE = re.compile(r"[\w.*-]+\.(?:py|sql|toml|tsv|md|service|rules|conf|js|txt)")
# Of the box or of the reader, not of this tree.
ELSEWHERE = {"routing.tsv", "siaga.conf"}
WRAPPER_VERBS = {"setup"}
COMMAND = re.compile(r"(?:^|[\s/`(])siaga ([a-z][a-z-]*)((?: [^\s|`]+)*)", re.MULTILINE)
WITHIN_S = 120
Rows = list[list[str]]

pages = pytest.mark.parametrize("page", PAGES)


def fenced(text: str, language: str = r"\w*") -> list[str]:
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def spans(text: str) -> list[str]:
    """What stands in backticks within a line."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


def commands(text: str) -> str:
    """Every line that somebody may type."""
    return "\n".join([*spans(text), *fenced(text, "(?:sh|console)")])


def tables(text: str) -> list[Rows]:
    """The tables of a page, each as its rows without the head."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    split = [[row.strip("|").split(" | ") for row in block.splitlines()[2:]] for block in blocks]
    return [[[cell.strip() for cell in row] for row in rows] for rows in split]


# --- what a page may get wrong -------------------------------------------------------------------


def broken_links(page: str, text: str) -> list[str]:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    return [
        target
        for target in targets
        if not target.startswith(("http:", "https:"))
        and not ((ROOT / page).parent / target).exists()
    ]


def unknown_verbs(text: str) -> set[str]:
    return {verb for verb, _ in COMMAND.findall(commands(text))} - VERBS.keys() - WRAPPER_VERBS


def unknown_options(text: str) -> set[str]:
    """Options that the verb's own --help does not know; what follows `test` is pytest's."""
    unknown = set()
    for verb, rest in COMMAND.findall(commands(text)):
        if verb in VERBS and verb != "test":
            what = tuple(word for word in rest.split() if word in BENCHES)
            for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest):
                if option not in help_of(verb, *what):
                    unknown.add(f"{verb} {option}")
    return unknown


@cache
def help_of(*verb: str) -> str:
    return siaga(*verb, "--help").stdout


def unknown_benches(text: str) -> set[str]:
    return set(re.findall(r"siaga bench (\w+)", commands(text))) - BENCHES.keys()


def missing_paths(text: str) -> list[str]:
    words = [word for block in fenced(text, "sh") for word in block.split()]
    named = [*words, *(word for span in spans(text) for word in span.split())]
    return [word for word in named if is_ours(word) and not is_there(word)]


def is_ours(word: str) -> bool:
    if (
        word.startswith(("/", "-", ".venv"))
        or word in ELSEWHERE
        or not re.match(r"[\w.*/-]+$", word)
    ):
        return False
    return (word.split("/")[0] in HOUSE and "/" in word) or bool(SOURCE.fullmatch(word))


def is_there(word: str) -> bool:
    if any(ROOT.glob(word.rstrip("/"))):
        return True
    return "/" not in word and any(fnmatch(name, word) for name in source_names())


@cache
def source_names() -> frozenset[str]:
    return frozenset(path.name for top in HOUSE for path in (ROOT / top).rglob("*"))


def unknown_settings(text: str) -> list[str]:
    """`[section]`s, and the settings in the rows of tables that name one, or with _s at the end."""
    known, unknown = sections(), []
    unknown += [s for s in re.findall(r"`\[+([a-z.]+)\]+`", text) if s not in known]
    everything = {name for names in known.values() for name in names}
    unknown += [s for s in spans(text) if re.fullmatch(r"[a-z_]+_s", s) and s not in everything]
    for row in (row for rows in tables(text) for row in rows if row[0].startswith("`[")):
        here = {name for s in re.findall(r"\[+([a-z.]+)\]+", row[0]) for name in known.get(s, ())}
        named = re.findall(r"`([a-z_]+)(?: = [^`]*)?`", " ".join(row[1:]))
        unknown += [f"{row[0]} {name}" for name in named if name not in here]
    return unknown


@cache
def sections() -> Mapping[str, frozenset[str]]:
    return dict(_sections(Settings, ""))


def _sections(cls: Any, at: str) -> Iterator[tuple[str, frozenset[str]]]:
    kinds = get_type_hints(cls)
    for field in fields(cls):
        kind = kinds[field.name]
        element = next((k for k in (kind, *get_args(kind)) if is_dataclass(k)), None)
        if spec_of(field) and element:
            yield f"{at}{field.name}", frozenset(f.name for f in fields(element) if spec_of(f))
            yield from _sections(element, f"{at}{field.name}.")


# --- the pages -----------------------------------------------------------------------------------


@pages
def test_a_page_names_only_what_there_is(page: str) -> None:
    text = PAGES[page]
    assert broken_links(page, text) == []
    assert unknown_verbs(text) == set()
    assert unknown_benches(text) == set()
    assert missing_paths(text) == []
    assert unknown_settings(text) == []


@pages
def test_a_command_has_the_options_that_a_page_gives_it(page: str) -> None:
    assert unknown_options(PAGES[page]) == set()


def test_each_of_these_checks_can_fail() -> None:
    assert broken_links("docs/panel.md", "[x](README.md) [y](../README.md#top)") == ["README.md"]
    assert unknown_verbs("`siaga fly` and `siaga check x`") == {"fly"}
    assert unknown_verbs("```sh\nsudo .venv/bin/siaga flee now\n```\n") == {"flee"}
    assert unknown_options("`siaga sim --days 3 --weeks 2`") == {"sim --weeks"}
    assert unknown_benches("`siaga bench warp`") == {"warp"}
    assert missing_paths("`hil/fly.py` `levels.py` `panel.pi` `gone.py` `/etc/x.toml`") == [
        "hil/fly.py",
        "gone.py",
    ]
    assert missing_paths("```sh\ninstall systemd/*.timer systemd/*.service\n```\n") == [
        "systemd/*.timer"
    ]
    rows = "| `[[phone]]` | `contact`, `pin`, `file = 3` |\n"
    table = f"| Section | What |\n|---|---|\n{rows}"
    assert unknown_settings(table) == ["`[[phone]]` pin", "`[[phone]]` file"]
    assert unknown_settings("`[panels]` `[panel.lamp]` `ring_for_s` `sing_for_s`") == [
        "panels",
        "sing_for_s",
    ]


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+)", PAGES["README.md"]))
    assert linked == PAGES.keys() - {"README.md"}


def test_the_readme_has_every_verb_in_the_words_of_the_command_itself() -> None:
    rows = next(rows for rows in tables(PAGES["README.md"]) if rows[0][0].startswith("`siaga "))
    told = {cells[0].strip("`").split()[1]: (cells[1], cells[2]) for cells in rows}
    assert told.keys() == VERBS.keys()
    ours = {"journal", "exchange", "status"}  # said at more length on the page
    assert {v: told[v] for v in told if v not in ours} == {
        verb: words[1:] for verb, words in VERBS.items() if verb not in ours
    }


def test_the_benchmarks_are_those_of_the_command() -> None:
    rows = next(rows for rows in tables(PAGES["docs/testing.md"]) if "bench " in rows[0][0])
    assert {row[0].strip("`").split()[2] for row in rows} == BENCHES.keys()


# --- commands and what they print ----------------------------------------------------------------


def siaga(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "LANG" and not k.startswith("LC_")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "appliance.cli", *arguments],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def sessions(text: str) -> list[tuple[str, str]]:
    """Each command after `$ ` of a console block, with what it is said to print."""
    blocks = "".join(fenced(text, "console"))
    return [
        (c, said) for c, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", blocks, re.MULTILINE)
    ]


def agrees(said: str, printed: str) -> bool:
    """`...` on a line of its own stands for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", said, flags=re.MULTILINE)]
    return re.fullmatch("(?s:.*)".join(parts), printed) is not None


SESSIONS = [(page, *session) for page, text in PAGES.items() for session in sessions(text)]


@pytest.mark.parametrize(("page", "command", "said"), SESSIONS)
def test_a_command_prints_what_the_page_shows(page: str, command: str, said: str) -> None:
    assert command.startswith("./siaga ")
    printed = siaga(*command.split()[1:]).stdout
    assert agrees(said, printed), printed


def test_the_readme_and_the_page_on_testing_show_sessions() -> None:
    assert {page for page, _, _ in SESSIONS} >= {"README.md", "docs/testing.md"}
    assert agrees("one\n...\nthree\n", "one\ntwo\nthree\n")
    assert not agrees("one\nthree\n", "one\ntwo\nthree\n")


# --- the console's keys --------------------------------------------------------------------------


CONSOLE = ROOT / "appliance" / "console"


def keys_of_the_help() -> list[tuple[str, str, str]]:
    """(key, Indonesian, English) of the console's own help."""
    page = (CONSOLE / "templates" / "console.html").read_text(encoding="utf-8")
    found = re.findall(r'<dt>(.*?)<dd>{{ w\("(\w+)"\) }}', page)
    return [(re.sub(r"</?kbd>", "`", key), *WORDS[word]) for key, word in found]


def test_the_shortcuts_are_those_of_the_console() -> None:
    rows = next(rows for rows in tables(PAGES["docs/console.md"]) if rows[0][0] == "`F2`")
    assert [tuple(row) for row in rows] == keys_of_the_help()


def test_the_consoles_help_has_every_key_that_the_page_obeys() -> None:
    script = (CONSOLE / "static" / "keys.js").read_text(encoding="utf-8")
    blocks = re.findall(r"^const (?:KEYS|LETTERS) = {\n(.*?)^};", script, re.MULTILINE | re.DOTALL)
    obeyed = {
        key for block in blocks for key in re.findall(r'^  "?([^":\s]+)"?:', block, re.MULTILINE)
    }
    assert len(blocks) == 2
    helped = {key.strip("`") for key, _, _ in keys_of_the_help()}
    assert helped == {key if len(key) > 1 else key.upper() for key in obeyed} | {
        "1`\N{EN DASH}`8",
        "Esc",
    }


def test_each_step_of_a_call_presses_the_key_it_names() -> None:
    words = {key.strip("`"): (id.lower(), en.lower()) for key, id, en in keys_of_the_help()}
    steps = PAGES["docs/console.md"].partition("## Tombol cepat")[0]
    pressed = re.findall(r"`(F\d)` (\w+)", steps)
    assert {key for key, _ in pressed} >= {"F4", "F8", "F9"}
    assert [(key, word) for key, word in pressed if word not in words[key]] == []


def test_the_outcomes_have_the_numbers_of_the_console() -> None:
    shown = re.findall(r"`(\d)` ([^·\n]+?) / ([^·\n]+?)(?= ·|\n|$)", PAGES["docs/console.md"])
    assert shown == [
        (str(n), *WORDS[f"disposition_{disposition}"])
        for n, disposition in enumerate(Disposition, 1)
    ]


# --- the panel -----------------------------------------------------------------------------------


FAULT = TroubleRaised("trunk-1", "E1")
SMS = SmsKept(1, "modem-1", "+62811", "tolong", 0, False)
SHOWS: Mapping[tuple[str, Signal], World] = {
    ("red", Signal.FAST): after(*ALARM),
    ("red", Signal.STEADY): after(*FIRE),
    ("yellow", Signal.FAST): after(FAULT),
    ("yellow", Signal.STEADY): after(FAULT, TroubleAcknowledged("trunk-1", "siti")),
    ("blue", Signal.SLOW): after(SMS),
    ("green", Signal.STEADY): after(),
    ("white", Signal.STEADY): after(*CONVERSATION),
    ("siren", Signal.STEADY): after(*ALARM),
}


def lamp_rows() -> list[tuple[str, Signal]]:
    rows = next(rows for rows in tables(PAGES["docs/panel.md"]) if "red" in rows[0][0])
    return [(row[0].split("`")[1], Signal(row[1].rpartition("/ ")[2])) for row in rows]


def test_the_lamp_table_names_every_output_and_signal_once() -> None:
    assert sorted(lamp_rows()) == sorted(SHOWS)
    assert {output for output, _ in lamp_rows()} == set(OUTPUTS)


@pytest.mark.parametrize(("output", "signal"), SHOWS)
def test_a_lamp_shows_what_the_table_says(output: str, signal: Signal) -> None:
    assert levels(SHOWS[output, signal], 0, RULES)[output] is signal


# --- the box -------------------------------------------------------------------------------------


def test_every_file_of_systemd_is_installed_where_the_units_look() -> None:
    page = PAGES["docs/installing.md"]
    installed = [
        word
        for line in re.findall(r"^sudo install .*$", page, re.MULTILINE)
        for word in line.split()
    ]
    for file in sorted((ROOT / "systemd").iterdir()):
        name = f"systemd/{file.name}"
        assert any(fnmatch(name, word) for word in installed), name


def test_the_directories_of_the_box_are_those_of_the_units() -> None:
    units = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "systemd").iterdir())
    rows = next(rows for rows in tables(PAGES["docs/installing.md"]) if "/opt/siaga" in rows[0][0])
    named = [path for row in rows for path in re.findall(r"`(/[^`]+)`", row[0])]
    assert len(named) >= 8
    runtime = re.findall(r"^RuntimeDirectory=(.+)$", units, re.MULTILINE)
    state = re.findall(r"^StateDirectory=(.+)$", units, re.MULTILINE)
    made = {*(f"/run/{name}" for name in runtime), *(f"/var/lib/{name}" for name in state)}
    seen = made | set(re.findall(r"/(?:[\w.-]+/)*[\w.-]+", units)) | {"/opt/siaga"}
    assert [path for path in named if path not in seen] == []
