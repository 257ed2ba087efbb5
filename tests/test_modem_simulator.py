"""The simulated modem, checked by a client nobody here wrote: gammu."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from hil.far_end.modem import (
    QUECTEL,
    SIMCOM,
    Dialect,
    ModemSimulator,
    level_of,
    open_modem_simulator,
    tone,
)
from hil.far_end.modem.commands import Commands, State
from tests.waiting import eventually

CLIENTS = json.loads(
    (Path(__file__).parent / "vectors" / "gsm" / "client_command_sets.json").read_text()
)["clients"]
BOTH = pytest.mark.parametrize("dialect", [QUECTEL, SIMCOM], ids=lambda d: d.maker.split()[0])
with_gammu = pytest.mark.skipif(not shutil.which("gammu"), reason="apt-get install gammu")


async def gammu(tmp: Path, *what: str) -> str:
    """Run gammu against the modem at `tmp`/modem; return what it says."""
    settings = tmp / "gammurc"
    settings.write_text(f"[gammu]\nport = {tmp / 'modem'}\nconnection = at115200\n")
    process = await asyncio.create_subprocess_exec(
        "gammu", "-c", str(settings), *what,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said.decode()
    return said.decode()


@with_gammu
@BOTH
def test_gammu_recognises_the_modem(tmp_path: Path, dialect: Dialect) -> None:
    async def run() -> None:
        async with open_modem_simulator(tmp_path / "modem", dialect=dialect):
            said = await gammu(tmp_path, "identify")
            assert "490154203237518" in said
            assert "510101234567890" in said
            assert dialect.revision in said

    asyncio.run(run())


@with_gammu
@BOTH
def test_gammu_reads_what_the_network_brought(tmp_path: Path, dialect: Dialect) -> None:
    async def run() -> None:
        async with open_modem_simulator(tmp_path / "modem", dialect=dialect) as modem:
            await modem.receive_sms("+6281234567890", "Tolong! Api di Jl. Ahmad Yani {12}")
            await modem.receive_sms("PLN-123", "Listrik padam 🔥")
            await modem.receive_sms("+62811", "panjang " * 40)
            said = await gammu(tmp_path, "geteachsms")
            assert '"+6281234567890"' in said
            assert "Tolong! Api di Jl. Ahmad Yani {12}" in said
            assert '"PLN-123"' in said
            assert "Listrik padam 🔥" in said
            assert said.count("panjang") == 40

    asyncio.run(run())


@with_gammu
@BOTH
def test_gammu_sends(tmp_path: Path, dialect: Dialect) -> None:
    async def run() -> None:
        async with open_modem_simulator(tmp_path / "modem", dialect=dialect) as modem:
            text = "Damkar: kebakaran, segera berangkat. " * 6
            await gammu(tmp_path, "sendsms", "TEXT", "+628111", "-len", "400", "-text", text)
            assert [sent.to for sent in modem.sent] == ["+628111"] * 2
            assert "".join(sent.text for sent in modem.sent).strip() == text.strip()

    asyncio.run(run())


@with_gammu
def test_gammu_deletes(tmp_path: Path) -> None:
    async def run() -> None:
        async with open_modem_simulator(tmp_path / "modem") as modem:
            await modem.receive_sms("+62811", "satu")
            await modem.receive_sms("+62811", "dua")
            await gammu(tmp_path, "deleteallsms", "1")
            assert modem.stored == 0

    asyncio.run(run())


SIMPLE = [
    pytest.param(command["cmd"], command["reply"], id=f"{client.split()[0]} {command['cmd']}")
    for client in ("gammu 1.42.0-8 (Debian 12)", "smstools 3.1.21-4 smsd (Debian 12)")
    for command in CLIENTS[client]["commands"]
    if not command["cmd"].startswith(("AT+CMG", "AT+CPMS?"))
]


@pytest.mark.parametrize(("command", "reply"), SIMPLE)
def test_commands_of_independent_clients_are_known(command: str, reply: str) -> None:
    state = State(SIMCOM)
    _, code = Commands(state, lambda _: None).run(command)
    assert (code == "OK") == reply.rstrip().endswith("OK"), code


# --- by hand ------------------------------------------------------------------------------------


class Terminal:
    """A person at a terminal program."""

    def __init__(self, link: Path) -> None:
        self._file = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.screen = b""
        asyncio.get_running_loop().add_reader(self._file, self._read)

    def _read(self) -> None:
        self.screen += os.read(self._file, 4_096)

    async def type(self, text: bytes, until: bytes = b"OK\r\n") -> bytes:
        """Type `text`; return what is shown up to `until`."""
        self.screen = b""
        os.write(self._file, text)
        await eventually(lambda: until in self.screen, what=f"{until!r} after {text!r}")
        return self.screen

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._file)
        os.close(self._file)


def at_a_terminal(tmp: Path, dialect: Dialect = QUECTEL) -> "_Session":
    return _Session(tmp, dialect)


class _Session:
    def __init__(self, tmp: Path, dialect: Dialect) -> None:
        self._opening = open_modem_simulator(
            tmp / "modem", tmp / "pcm", dialect=dialect, ring_every_s=0.2
        )
        self._tmp = tmp

    async def __aenter__(self) -> tuple[ModemSimulator, Terminal]:
        modem = await self._opening.__aenter__()
        self._terminal = Terminal(self._tmp / "modem")
        return modem, self._terminal

    async def __aexit__(self, *_: object) -> None:
        self._terminal.close()
        await self._opening.__aexit__(None, None, None)


def test_it_echoes_until_told_not_to(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_a_terminal(tmp_path) as (_, terminal):
            assert await terminal.type(b"AT\r") == b"AT\r\r\nOK\r\n"
            await terminal.type(b"ATE0\r")
            assert await terminal.type(b"AT+CMEE=1;+CREG=2\r") == b"\r\nOK\r\n"
            assert await terminal.type(b"AT+NONSENSE\r", b"ERROR\r\n") == b"\r\nERROR\r\n"

    asyncio.run(run())


def test_it_rings_until_the_call_is_taken(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_a_terminal(tmp_path, SIMCOM) as (modem, terminal):
            await terminal.type(b"AT+CLIP=1\r")
            terminal.screen = b""
            await modem.ring("+62811")
            await eventually(lambda: terminal.screen.count(b'RING\r\n\r\n+CLIP: "+62811",145') >= 3)
            assert b'+CLCC: 1,1,4,0,0,"+62811",145' in await terminal.type(b"AT+CLCC\r")
            assert b"VOICE CALL: BEGIN" in await terminal.type(b"ATA\r")
            assert b"+CLCC: 1,1,0,0,0" in await terminal.type(b"AT+CLCC\r")
            await modem.hang_up()
            await eventually(lambda: b"VOICE CALL: END" in terminal.screen)
            assert b"+CLCC" not in (await terminal.type(b"AT+CLCC\r")).partition(b"\n")[2]

    asyncio.run(run())


def test_escape_leaves_the_prompt(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_a_terminal(tmp_path) as (modem, terminal):
            await terminal.type(b"AT+CMGS=20\r", b"> ")
            await terminal.type(b"0011\x1b")
            assert modem.sent == []
            await terminal.type(b"AT\r")

    asyncio.run(run())


def test_a_message_that_is_none_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_a_terminal(tmp_path) as (modem, terminal):
            await terminal.type(b"AT+CMGS=20\r", b"> ")
            await terminal.type(b"zz\x1a", b"+CMS ERROR: 304")
            assert modem.sent == []

    asyncio.run(run())


def test_the_voice_path_is_refused_before_the_call_stands(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_a_terminal(tmp_path, SIMCOM) as (modem, terminal):
            await modem.ring("+62811")
            await terminal.type(b"AT+CPCMREG=1\r", b"ERROR")
            await terminal.type(b"ATA\r")
            await terminal.type(b"AT+CPCMREG=1\r")

    asyncio.run(run())


def test_a_tone_is_told_from_another_and_from_silence() -> None:
    second = tone(440, samples=8_000)
    assert level_of(second, 440) > 0.99
    assert level_of(second, 1_000) < 0.001
    assert level_of(bytes(16_000), 440) == 0.0
