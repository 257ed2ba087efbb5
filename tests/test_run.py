"""The daemon refuses to start with one clear sentence, never with a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from appliance.occupancy import occupied

PROJECT = Path(__file__).parents[1]
SITE = PROJECT / "config" / "sites" / "kendari.toml"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    text = SITE.read_text(encoding="utf-8")
    text = text.replace('"/var/lib/siaga"', f'"{tmp_path}/state"')
    text = text.replace("../routing", str(PROJECT / "config" / "routing"))
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _run(site: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli", "run", "--config", str(site)],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "CREDENTIALS_DIRECTORY": str(site.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_the_exchange_password_it_says_which_file_is_missing(site: Path) -> None:
    ended = _run(site)
    assert ended.returncode == 3
    assert "ari-password: kata sandi tidak terbaca / the secret cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_two_daemons_do_not_share_a_journal(site: Path) -> None:
    (site.parent / "ari-password").write_text("rahasia-sekali")
    with occupied(site.parent / "state"):
        ended = _run(site)
    assert ended.returncode == 3
    assert "sudah berjalan" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_is_no_journal_is_left_alone(site: Path) -> None:
    state = site.parent / "state"
    state.mkdir()
    (state / "journal.db").write_bytes(b"ini bukan SQLite" * 200)
    ended = _run(site)
    assert ended.returncode == 3
    assert "jurnal tidak dapat dibuka / the journal cannot be opened" in ended.stderr
    assert "Traceback" not in ended.stderr
