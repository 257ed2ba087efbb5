"""Who may import whom, who writes SQL, and how long a file and a function may be."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RANK = {"drivers": 0, "appliance": 1, "hil": 2}
SOURCES = sorted(path for top in RANK for path in (ROOT / top).rglob("*.py"))

PURE = ("appliance/domain/", "drivers/wire/", "drivers/api.py", "drivers/value.py")
PURE_MAY_IMPORT = ("appliance.domain", "drivers.wire", "drivers.api", "drivers.value")
IO_CLOCK_CHANCE = {
    "asyncio", "concurrent", "logging", "os", "pathlib", "random", "secrets", "select", "signal",
    "socket", "sqlite3", "subprocess", "threading", "time",
}  # fmt: skip

# Of the appliance and the drivers, only these touch that library. hil has far ends of its own.
OWNERS = {
    "gpiozero": ("drivers/gpio", "drivers/panel"),
    "lgpio": ("drivers/gpio", "drivers/panel"),
    "paho": ("drivers/broker", "drivers/mqtt/"),
    "pymodbus": ("drivers/relay",),
    "serial": ("drivers/modem",),
    "sqlite3": ("appliance/journal/", "appliance/reports/"),
}
WRITES = re.compile(
    r"\b(INSERT\s+(OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM"
    r"|(CREATE|DROP|ALTER)\s+(TABLE|INDEX|VIEW|TRIGGER)|wal_checkpoint)\b"
)
FILE_LINES_MAX = 400  # what one sitting reads; most files stay between 55 and 250
CATALOGUES = ("appliance/domain/events.py", "appliance/settings/sections.py")
CATALOGUE_LINES_MAX = 700  # plain records one after the other, looked up, not read through
FUNCTION_LINES_MAX = 40


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names: `from drivers import api` gives drivers and drivers.api."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def faults(name: str, source: str) -> list[str]:
    """What is wrong with the module `name` (a path from the root)."""
    tree = ast.parse(source)
    return [
        *import_faults(name, set(imported(tree))),
        *sql_faults(name, tree),
        *length_faults(name, source, tree),
    ]


def import_faults(name: str, modules: set[str]) -> Iterator[str]:
    tops = {module.split(".")[0] for module in modules}
    package = name.split("/")[0]
    yield from (f"reaches up to {t}" for t in tops & RANK.keys() if RANK[t] > RANK[package])
    if name.startswith(PURE):
        yield from (f"is pure, and imports {m}" for m in modules if not is_pure(m))
    elif package != "hil":
        strangers = (top for top in tops & OWNERS.keys() if not name.startswith(OWNERS[top]))
        yield from (f"imports {top}, which belongs to {OWNERS[top]}" for top in strangers)


def is_pure(module: str) -> bool:
    top = module.split(".")[0]
    if top in RANK:
        return any(f"{module}.".startswith(f"{own}.") for own in PURE_MAY_IMPORT) or module == top
    return top in sys.stdlib_module_names and top not in IO_CLOCK_CHANCE


def sql_faults(name: str, tree: ast.AST) -> Iterator[str]:
    if not name.startswith(("appliance/journal/", "appliance/hub/", "hil/")):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and WRITES.search(str(node.value)):
                yield f"line {node.lineno} writes SQL: {node.value!r}"


def length_faults(name: str, source: str, tree: ast.AST) -> Iterator[str]:
    limit = CATALOGUE_LINES_MAX if name in CATALOGUES else FILE_LINES_MAX
    if (lines := source.count("\n")) > limit:
        yield f"has {lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"line {node.lineno}: {node.name} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_house_stands_as_drawn(path: Path) -> None:
    assert faults(name_of(path), path.read_text()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("drivers/relay.py", "from appliance import engine"),
        ("appliance/engine.py", "import hil.sim"),
        ("appliance/domain/calls.py", "import time"),
        ("appliance/domain/calls.py", "from pydantic import BaseModel"),
        ("appliance/domain/calls.py", "from appliance.journal import store"),
        ("drivers/wire/at.py", "def f() -> None:\n    import asyncio"),
        ("drivers/api.py", "from drivers import broker"),
        ("drivers/relay.py", "import paho.mqtt.client"),
        ("appliance/console/pages.py", "import sqlite3"),
        ("appliance/outbox.py", "SQL = 'UPDATE outbox SET sent_ms = ?'"),
        ("appliance/engine.py", "pass\n" * 401),
        ("appliance/engine.py", "def f():\n" + "    pass\n" * 40),
    ],
)
def test_each_rule_can_be_broken(name: str, source: str) -> None:
    assert faults(name, source) != []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("drivers/modem/port.py", "import serial"),
        ("drivers/wire/at.py", "from drivers import api\nimport re, dataclasses"),
        ("appliance/domain/world.py", "from drivers.api import Ringing"),
        ("appliance/journal/store.py", "import sqlite3\nSQL = 'INSERT INTO entry VALUES (?)'"),
        ("hil/far_end/agency.py", "import paho.mqtt.client"),
    ],
)
def test_what_is_allowed_is_not_refused(name: str, source: str) -> None:
    assert faults(name, source) == []
