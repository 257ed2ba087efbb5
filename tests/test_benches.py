"""Each benchmark runs on the real parts and prints its figures; each judges itself."""

import os

import pytest

from hil.bench import main
from hil.far_end.exchange import asterisk_root

needs_asterisk = pytest.mark.skipif(
    os.geteuid() != 0 or asterisk_root() is None, reason="Asterisk takes root and its file tree"
)


def table_of(*argv: str, capfd: pytest.CaptureFixture[str]) -> str:
    """What the benchmark prints; it ends with a verdict and not with an error."""
    status = main(argv)
    table, errors = capfd.readouterr()
    assert "Traceback" not in errors
    assert status == ("MISSED" in table), errors
    return table


@needs_asterisk
def test_a_start_is_measured_beside_the_start_of_python(capfd: pytest.CaptureFixture[str]) -> None:
    table = table_of("start", "-n", "1", "--entries", "100", capfd=capfd)
    for figure in ("siap / ready, median", "x python", "exchange heard", "console answers"):
        assert figure in table
    assert "heard again" in table


@needs_asterisk
def test_idling_is_measured_beside_a_bare_loop(capfd: pytest.CaptureFixture[str]) -> None:
    table = table_of("idle", "-n", "1", capfd=capfd)
    for figure in ("RSS", "PSS", "CPU", "wake-ups", "written", "mosquitto"):
        assert figure in table


@needs_asterisk
def test_a_ring_is_followed_to_a_subscriber_beside_a_script(
    capfd: pytest.CaptureFixture[str],
) -> None:
    table = table_of("chain", "-n", "2", capfd=capfd)
    assert "RING -> MQTT p50" in table
    assert "RING -> MQTT p99" in table
    assert "hilang / lost" in table


def test_a_backlog_is_drained_beside_the_c_client(capfd: pytest.CaptureFixture[str]) -> None:
    table = table_of("drain", "-n", "60", capfd=capfd)
    assert "60 alert" in table
    for figure in ("mosquitto_pub", "raw Python", "outbox", "pertama / first", "terakhir / last"):
        assert figure in table


@pytest.mark.parametrize("argv", [(), ("speed",), ("--help",)])
def test_whoever_asks_for_no_benchmark_is_told_which_there_are(
    argv: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == (0 if argv == ("--help",) else 2)
    told = "".join(capfd.readouterr())
    for name in ("journal", "chain", "drain", "start", "idle"):
        assert name in told
