"""The wrapper ./siaga and image/asterisk-root, run as a person or a machine would run them."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NETWORKLESS = ("unshare", "--net")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/nonexistent")
SAYS_WHERE_AND_WHAT = """
import os, sys
print(os.getcwd(), *sys.argv[1:])
"""
UNKNOWN_LOCK = f"siaga-has-no-such-library==1 --hash=sha256:{'0' * 64}\n"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes rights or the network away")


@pytest.fixture
def tree() -> Iterator[Path]:
    """A checkout without .venv that other users may read (pytest's own tmp_path they may not)."""
    with tempfile.TemporaryDirectory(prefix="siaga-tree-") as name:
        root = Path(name)
        root.chmod(0o755)
        for part in ("image", "locks"):
            shutil.copytree(ROOT / part, root / part)
        shutil.copy(ROOT / "siaga", root)
        (root / "appliance").mkdir()
        (root / "appliance" / "__init__.py").touch()
        (root / "appliance" / "cli.py").write_text(SAYS_WHERE_AND_WHAT)
        yield root


def set_up_already(root: Path) -> None:
    bin_directory = root / ".venv" / "bin"
    bin_directory.mkdir(parents=True)
    (bin_directory / "pip").touch(mode=0o755)
    (bin_directory / "python").symlink_to("/usr/bin/python3")
    for name in ("run", "systemd", "gpio"):
        lock = hashlib.sha256((root / "locks" / f"{name}.txt").read_bytes()).hexdigest()
        interpreter = Path("/usr/bin/python3").resolve()
        (root / ".venv" / f"siaga-{name}").write_text(f"{lock}  - {interpreter}")


def run(
    *command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def last_line(text: str) -> str:
    return text.splitlines()[-1]


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_tree_that_is_set_up_starts_at_once_in_the_callers_directory(
    tree: Path, tmp_path: Path, shell: str
) -> None:
    set_up_already(tree)
    done = run(shell, tree / "siaga", "check", "my site.toml", cwd=tmp_path)
    assert (done.stdout, done.stderr) == (f"{tmp_path} check my site.toml\n", "")


def test_it_works_through_a_link(tree: Path, tmp_path: Path) -> None:
    set_up_already(tree)
    (tmp_path / "siaga").symlink_to(tree / "siaga")
    assert run("./siaga", "status", cwd=tmp_path).stdout == f"{tmp_path} status\n"


def test_a_folder_named_like_ours_where_the_caller_stands_is_not_run(
    tree: Path, tmp_path: Path
) -> None:
    set_up_already(tree)
    (tmp_path / "appliance").mkdir()
    (tmp_path / "appliance" / "cli.py").write_text("raise SystemExit('the wrong one')")
    assert run(tree / "siaga", "status", cwd=tmp_path).returncode == 0


@needs_root
def test_without_rights_it_says_so_in_one_sentence(tree: Path) -> None:
    done = run(*NOBODY, tree / "siaga", "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert "perlu hak root" in last_line(done.stderr)
    assert "root is needed" in last_line(done.stderr)


@needs_root
def test_without_network_it_says_so_and_the_next_try_begins_anew(tree: Path) -> None:
    for name in ("run", "build"):
        (tree / "locks" / f"{name}.txt").write_text(UNKNOWN_LOCK)
    done = run(*NETWORKLESS, tree / "siaga", "setup", "run")
    assert (done.returncode, done.stdout) == (1, "")
    assert "tidak ada jaringan" in last_line(done.stderr)
    assert "there is no network" in last_line(done.stderr)
    assert "Traceback" not in done.stderr
    assert not (tree / ".venv" / "siaga-run").exists()


@needs_root
def test_a_changed_lock_is_noticed(tree: Path) -> None:
    set_up_already(tree)
    assert run(*NETWORKLESS, tree / "siaga", "status").returncode == 0
    (tree / "locks" / "run.txt").write_text(UNKNOWN_LOCK)
    assert run(*NETWORKLESS, tree / "siaga", "status").returncode == 1


def test_every_pinned_package_has_a_hash() -> None:
    for lock in (ROOT / "locks").glob("*.txt"):
        lines = lock.read_text().replace("\\\n", " ").splitlines()
        requirements = [line for line in lines if not line.startswith("#")]
        assert requirements, lock
        for requirement in requirements:
            assert "==" in requirement and "--hash=sha256:" in requirement, requirement


def test_what_runs_is_what_was_tested() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
        return {line.split()[0] for line in lines if "==" in line}

    assert pins("run") <= pins("test")


def test_another_recipe_is_another_asterisk_root(tree: Path, tmp_path: Path) -> None:
    script = tree / "image" / "asterisk-root"
    cache = {"SIAGA_CACHE": str(tmp_path)}
    first = run(script, "--path", env=cache)
    assert first.returncode == 1, "nothing is built in an empty cache"
    assert run(script, "--path", env=cache).stdout == first.stdout
    Path(first.stdout.strip()).mkdir()
    assert run(script, env=cache).stdout == first.stdout, "a root that is there is not built again"
    script.write_text(script.read_text().replace("PACKAGES=asterisk", "PACKAGES='asterisk sox'"))
    assert run(script, "--path", env=cache).stdout != first.stdout
