"""Every check of this tree, run one after the other, in one report.

    siaga test                    all of them
    siaga test -k something       pytest alone, with these options

Linters first, because they are fast, then the tests, live. A check that fails does not keep the
next from being run. What the checks demand is written in pyproject.toml.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", ".mypy_cache", ".pytest_cache", ".hypothesis"}
PYTHON = (sys.executable, "-P", "-m")
# import-linter has no __main__, and the script that pip makes breaks when the tree is moved.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"


@dataclass(frozen=True, slots=True)
class Check:
    """`live`: what it says is shown as it comes; otherwise only when it fails."""

    name: str
    command: tuple[str, ...]
    live: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    check: Check
    passed: bool
    took_s: float

    def __str__(self) -> str:
        word = "ok" if self.passed else "GAGAL / FAILED"
        return f"{self.check.name:<24} {self.took_s:6.1f} s  {word}"


def shell_scripts(root: Path) -> list[Path]:
    """The files of this tree that begin with #!/bin/sh."""
    own = [top for top in root.iterdir() if top.name not in NOT_OURS]
    files = [path for top in own for path in (top.rglob("*") if top.is_dir() else [top])]
    return sorted(path for path in files if path.is_file() and _begins(path, b"#!/bin/sh"))


def _begins(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


def pytest_command(options: Sequence[str]) -> tuple[str, ...]:
    """pytest runs in ROOT: a path (or path::test) of the caller's directory is made absolute."""
    resolved = (
        str(Path(option).resolve()) if Path(option.split("::")[0]).exists() else option
        for option in options
    )
    return (*PYTHON, "pytest", *resolved)


def all_checks() -> list[Check]:
    ruff = (*PYTHON, "ruff")
    scripts = map(str, shell_scripts(ROOT))
    return [
        Check("ruff check", (*ruff, "check", "--no-cache", ".")),
        Check("ruff format", (*ruff, "format", "--no-cache", "--check", ".")),
        Check("mypy --strict", (*PYTHON, "mypy")),
        Check("who imports whom", (sys.executable, "-P", "-c", LINT_IMPORTS, "--no-cache")),
        Check("shell syntax", ("sh", "-c", 'for s; do sh -n "$s" || exit; done', "sh", *scripts)),
        Check("pytest", pytest_command(()), live=True),
    ]


def run(check: Check) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=None if check.live else subprocess.PIPE,
        stderr=None if check.live else subprocess.STDOUT,
        check=False,
    )
    if done.returncode and not check.live:
        sys.stdout.write(done.stdout.decode(errors="replace"))
    return Outcome(check, done.returncode == 0, time.monotonic() - started)


def report(checks: Sequence[Check]) -> int:
    """Run `checks`, say how each went, and all again at the end; the exit status."""
    outcomes = []
    for check in checks:
        if check.live:
            print(f"{check.name} ...", flush=True)
        outcomes.append(run(check))
        print(outcomes[-1], flush=True)
    failed = [outcome.check.name for outcome in outcomes if not outcome.passed]
    print("\nLaporan / Report")
    for outcome in outcomes:
        print(f"  {outcome}")
    if failed:
        print(f"{len(failed)} dari {len(outcomes)} gagal / failed: {', '.join(failed)}")
    else:
        print(f"Semua {len(outcomes)} pemeriksaan lulus / all checks passed")
    return 1 if failed else 0


def main(options: Sequence[str]) -> int:
    if options:
        return 0 if run(Check("pytest", pytest_command(options), live=True)).passed else 1
    return report(all_checks())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
