"""SIPp as a far end: one process playing one scenario of `sipp/`, its hook pressed, its log read.

What a scenario logs (`<log message=.../>`) tells how far the call has come; the messages file has
every SIP message with all its headers. SIPp 3.6 takes no order to end one call (`q` on its control
port waits for the calls to end by themselves), so our scenarios take a MESSAGE for it.
"""

from __future__ import annotations

import asyncio
import math
import re
import shutil
import socket
from array import array
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.api import DriverError
from drivers.asterisk.rendering import fill
from hil.far_end.goertzel import RATE_HZ, power_at

SCENARIOS = Path(__file__).parent / "sipp"
START_S = 10.0


@dataclass(slots=True)
class SippProcess:
    directory: Path
    port: int  # where it speaks SIP
    process: asyncio.subprocess.Process

    def log(self) -> list[str]:
        """What the scenario has logged so far."""
        path = self.directory / "log"
        return path.read_text(errors="replace").splitlines() if path.exists() else []

    def messages(self) -> str:
        """Every SIP message sent and received so far."""
        path = self.directory / "messages"
        return path.read_text(errors="replace") if path.exists() else ""

    def press_hook(self) -> None:
        """Pick up or hang up the newest call: the scenario waits for a MESSAGE with its Call-ID."""
        calls = re.findall(r"^Call-ID: *(\S+)", self.messages(), re.MULTILINE | re.IGNORECASE)
        if not calls:
            raise DriverError(f"there is no call at {self.directory}")
        me = f"127.0.0.1:{self.port}"
        message = (
            f"MESSAGE sip:hook@{me} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKhook\r\n"
            f"From: <sip:hook@{me}>;tag=hook\r\nTo: <sip:hook@{me}>\r\nCall-ID: {calls[-1]}\r\n"
            "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hook:
            hook.sendto(message.encode(), ("127.0.0.1", self.port))

    async def ended(self) -> int:
        """Return its status: 0 when every call went as the scenario has it."""
        return await self.process.wait()


@asynccontextmanager
async def started_sipp(
    scenario: str,
    directory: Path,
    port: int,
    blanks: Mapping[str, str],
    tone_hz: int,
    *options: str,
) -> AsyncIterator[SippProcess]:
    """Play `scenario` in the new `directory`. Raises DriverError when SIPp is not installed."""
    if (sipp := shutil.which("sipp")) is None:
        raise DriverError("SIPp belum terpasang. / No SIPp: apt-get install sip-tester")
    await asyncio.to_thread(_lay_out, scenario, directory, blanks, tone_hz)
    process = await asyncio.create_subprocess_exec(
        *(sipp, "-sf", "scenario.xml", "-i", "127.0.0.1", "-p", str(port)),
        "-nostdin",
        *("-trace_logs", "-log_file", "log", "-trace_msg", "-message_file", "messages"),
        *("-trace_err", "-error_file", "errors", *options),
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    started = SippProcess(directory, port, process)
    try:
        await _listening(started)
        yield started
    finally:
        await _stop(started)


def _lay_out(scenario: str, directory: Path, blanks: Mapping[str, str], tone_hz: int) -> None:
    directory.mkdir(parents=True)
    (directory / "tone.al").write_bytes(alaw_tone(tone_hz))
    text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
    filled = fill(text, {"tone": "tone.al", **blanks})
    (directory / "scenario.xml").write_text(filled, encoding="utf-8")


def alaw_tone(hz: int, seconds: int = 1) -> bytes:
    """Return a tone at -10 dBm0 in A-law (ITU-T G.711), `seconds` long, to be repeated."""
    step = 2 * math.pi * hz / RATE_HZ
    return bytes(_alaw(int(8_000 * math.sin(step * n))) for n in range(RATE_HZ * seconds))


def loudness(samples: array[int], hz: int) -> float:
    """Return how much of `hz` is in `samples` (8 kHz): about its amplitude."""
    return 2 * math.sqrt(max(power_at(samples, hz), 0.0)) / max(len(samples), 1)


def _alaw(sample: int) -> int:
    """G.711 table 1a; `sample` has 16 bits, of which A-law keeps 13."""
    value = min(abs(sample) >> 3, 0xFFF)
    exponent = max(value.bit_length() - 5, 0)
    mantissa = (value >> max(exponent, 1)) & 0x0F
    code = exponent << 4 | mantissa
    return (code | 0x80 if sample >= 0 else code) ^ 0x55


async def _listening(sipp: SippProcess) -> None:
    """Return when SIPp has its port: an INVITE before that would wait for its repetition."""
    end = asyncio.get_running_loop().time() + START_S
    while not _is_bound(sipp.port):
        over = asyncio.get_running_loop().time() > end
        if over or sipp.process.returncode not in (None, 0):
            raise DriverError(f"SIPp does not start; see {sipp.directory}")
        if sipp.process.returncode == 0:  # its call is over already
            return
        await asyncio.sleep(0.01)


def _is_bound(port: int) -> bool:
    # Each line of proc(5) net/udp has the local address as ADDRESS:PORT in hexadecimal.
    lines = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    return any(int(line.split()[1].rpartition(":")[2], 16) == port for line in lines)


async def _stop(sipp: SippProcess) -> None:
    if sipp.process.returncode is not None:
        return
    sipp.process.kill()
    await sipp.process.wait()
