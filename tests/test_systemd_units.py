"""The units as systemd itself judges them, without a running systemd."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parent.parent / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def settings(unit: str) -> dict[str, list[str]]:
    """Every directive of `unit` with its values, in order; an empty value resets, as in systemd."""
    found: dict[str, list[str]] = {}
    text = (UNITS / unit).read_text(encoding="utf-8").replace("\\\n", "")
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("unit", SERVICES)
def test_the_exposure_of_each_service_is_at_most_1_5(unit: str) -> None:
    judged = analyze("security", "--offline=true", "--threshold=15", str(UNITS / unit))
    assert judged.returncode == 0, [*judged.stdout.splitlines()[-1:], judged.stderr]


def test_a_service_without_hardening_would_be_noticed(tmp_path: Path) -> None:
    unit = tmp_path / "soft.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    judged = analyze("security", "--offline=true", "--threshold=15", str(unit))
    assert judged.returncode != 0


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in a root where what they start is there: verify looks for it."""
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for unit in SERVICES:
        shutil.copy(UNITS / unit, units)
    for command in ("opt/siaga/.venv/bin/siaga", "usr/sbin/asterisk", "bin/sh"):
        path = tmp_path / command
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    for target in ("multi-user", "sysinit", "basic", "shutdown", "network"):
        (units / f"{target}.target").write_text(f"[Unit]\nDescription={target}\n")
    return tmp_path


@pytest.mark.parametrize("unit", SERVICES)
def test_systemd_understands_every_line(installed: Path, unit: str) -> None:
    judged = analyze("verify", f"--root={installed}", "--man=no", unit)
    complaints = [line for line in judged.stderr.splitlines() if "siaga" in line]
    assert (judged.returncode, complaints) == (0, []), judged.stderr


def test_systemd_does_not_understand_a_slip(installed: Path) -> None:
    unit = installed / "etc/systemd/system/siaga.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=10", "WatchdogSecs=10"))
    judged = analyze("verify", f"--root={installed}", "--man=no", "siaga.service")
    assert "WatchdogSecs" in judged.stderr


@pytest.mark.parametrize("unit", ["siaga.service", "siaga-asterisk.service"])
def test_a_service_that_dies_is_back_at_once_and_for_ever(unit: str) -> None:
    of = settings(unit)
    assert of["Type"] == ["notify"]
    assert of["NotifyAccess"] == ["main"]
    assert of["Restart"] == ["always"]
    assert of["RestartSec"] == ["100ms"]
    assert of["StartLimitIntervalSec"] == ["0"]


@pytest.mark.parametrize("unit", SERVICES)
def test_no_service_falls_with_another(unit: str) -> None:
    """A call outlives the daemon, an incident outlives Asterisk (architecture.md)."""
    for tie in ("Requires", "Requisite", "BindsTo", "PartOf", "Upholds"):
        assert tie not in settings(unit)


def test_the_daemon_wants_its_exchange_and_its_broker() -> None:
    wanted = " ".join(settings("siaga.service")["Wants"]).split()
    assert {"siaga-asterisk.service", "mosquitto.service"} <= set(wanted)


def test_a_hung_daemon_is_killed_after_ten_seconds() -> None:
    assert settings("siaga.service")["WatchdogSec"] == ["10"]


def test_the_users_of_the_units_are_those_that_are_made() -> None:
    made = (UNITS / "siaga.sysusers.conf").read_text(encoding="utf-8")
    users = set(re.findall(r"^u\s+(\S+)", made, re.MULTILINE))
    groups = users | set(re.findall(r"^g\s+(\S+)", made, re.MULTILINE))
    for unit in SERVICES:
        of = settings(unit)
        assert set(of.get("User", [])) <= users, unit
        assert set(" ".join(of.get("SupplementaryGroups", [])).split()) <= groups, unit
    directories = (UNITS / "siaga.tmpfiles.conf").read_text(encoding="utf-8")
    bound = [value.partition(":")[0] for value in settings("siaga-asterisk.service")["BindPaths"]]
    assert all(re.search(rf"^d\s+{path}\s", directories, re.MULTILINE) for path in bound)


def test_users_and_directories_are_made_in_a_fresh_root(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for tool in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        file = UNITS / f"siaga.{tool[0].removeprefix('systemd-')}.conf"
        made = subprocess.run(
            [*tool, f"--root={tmp_path}", str(file)], capture_output=True, text=True, check=False
        )
        assert (made.returncode, made.stderr.count("siaga.")) == (0, 0), made.stderr
    assert "siaga-asterisk:" in (tmp_path / "etc/passwd").read_text(encoding="utf-8")
    assert (tmp_path / "var/spool/siaga/recordings").stat().st_mode & 0o7777 == 0o2770
