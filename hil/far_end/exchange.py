"""A real Asterisk beside the daemon, for the demo and the tests: configured, started, killed.

It runs in the root that `image/asterisk-root` builds, in a mount namespace of its own, on free
loopback ports, so that any number of them share a machine and nothing stays mounted behind them.
Needs root (mount, chroot). In production systemd does the same with RootDirectory=, see systemd/.

    async with started_exchange(directory, trunks, desks, restarts=True) as far_end:
        async with open_exchange("exchange", far_end.ari_url, ...) as exchange: ...
        far_end.kill()
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from drivers.api import DriverError
from drivers.asterisk.rendering import Desk, ExchangePlan, Trunk, render, start_conf
from hil.far_end.ports import free_port

PROJECT = Path(__file__).parents[2]
SOUNDS = PROJECT / "config" / "sounds"
RESTART_S = 0.1  # RestartSec= of systemd/siaga-asterisk.service
READY_S = 30.0
STOP_S = 10.0
PROBE_S = 0.05

# Nothing mounted here is seen outside, and it is gone with the process.
_START = """
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount --bind "$WORK/etc" "$ROOT/etc/asterisk"
mount --bind "$WORK/lib" "$ROOT/var/lib/asterisk"
mount --bind "$WORK/log" "$ROOT/var/log/asterisk"
mount --bind "$WORK/spool" "$ROOT/var/spool/asterisk"
mount --bind "$SOUNDS" "$ROOT/usr/share/asterisk/sounds"
mount --bind "$WORK/etc/hosts" "$ROOT/etc/hosts"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
mount -t tmpfs tmpfs "$ROOT/tmp"
mkdir -p "$ROOT/run/asterisk"
chown "$OWNER" "$ROOT/run/asterisk"
exec chroot "$ROOT" /usr/bin/setpriv --reuid asterisk --regid asterisk --clear-groups \\
    --pdeathsig KILL /usr/sbin/asterisk -f -C /etc/asterisk/asterisk.conf
"""


@dataclass(slots=True)
class FarExchange:
    """Where the Asterisk is; `recordings` and `unattended` as seen from outside its root."""

    plan: ExchangePlan
    root: Path
    directory: Path
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def ari_url(self) -> str:
        return f"http://127.0.0.1:{self.plan.ari_port}/ari"

    @property
    def sip(self) -> tuple[str, int]:
        return "127.0.0.1", self.plan.sip_port

    @property
    def recordings(self) -> Path:
        return self.directory / "spool" / "recordings"

    @property
    def unattended(self) -> Path:
        return self.directory / "spool" / "unattended"

    @property
    def log(self) -> Path:
        return self.directory / "log" / "messages.log"

    def kill(self) -> None:
        """kill -9, as the kernel does it when memory runs out."""
        assert self.process is not None
        self.process.kill()

    async def console(self, command: str) -> str:
        """Run one command of Asterisk's own console (`core show channels`) and return its text."""
        assert self.process is not None
        inside = ["nsenter", f"--target={self.process.pid}", "--mount", "--root", "--wd"]
        asked = await asyncio.create_subprocess_exec(
            *inside, "/usr/sbin/asterisk", "-rx", command, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asked.communicate()
        return said.decode(errors="replace")

    async def subscribed(self, app: str) -> None:
        """Return when a daemon listens as `app`; a call before that is the fallback's.

        Raises DriverError when none comes.
        """
        end = asyncio.get_running_loop().time() + READY_S
        while app not in await self.console("ari show apps"):
            if asyncio.get_running_loop().time() > end:
                raise DriverError(f"tidak ada yang mendengar / nobody listens as {app}")
            await asyncio.sleep(PROBE_S)


def asterisk_root() -> Path | None:
    """Return the built root, None when there is none yet (image/asterisk-root builds it)."""
    cache = Path(os.environ.get("SIAGA_CACHE", "/var/cache/siaga"))
    roots = sorted(cache.glob("asterisk-*/usr/sbin/asterisk"), key=lambda p: p.stat().st_mtime)
    return roots[-1].parents[2] if roots else None


def loopback_plan(trunks: tuple[Trunk, ...], desks: tuple[Desk, ...]) -> ExchangePlan:
    """Return a plan on free loopback ports with a password of its own."""
    rtp_first = 10_000 + 100 * secrets.randbelow(200)  # below the ports the kernel gives away
    return ExchangePlan(
        trunks,
        desks,
        ari_password=secrets.token_hex(16),
        ari_port=free_port(socket.SOCK_STREAM),
        sip_host="127.0.0.1",
        sip_port=free_port(),
        rtp_first=rtp_first,
        rtp_last=rtp_first + 399,
    )


@asynccontextmanager
async def started_exchange(
    directory: Path,
    trunks: tuple[Trunk, ...],
    desks: tuple[Desk, ...],
    *,
    restarts: bool = False,
    plan: ExchangePlan | None = None,
) -> AsyncIterator[FarExchange]:
    """Start an Asterisk that keeps its files in `directory`; yield when ARI answers.

    `restarts` starts it again 0.1 s after its death, as systemd does. Raises DriverError, saying
    what to do, without root or without the file tree.
    """
    root = asterisk_root()
    if os.geteuid() != 0:
        raise DriverError("Asterisk perlu root untuk chroot. / Asterisk needs root: use sudo.")
    if root is None:
        raise DriverError(
            "Akar Asterisk belum ada. / No Asterisk root yet: run image/asterisk-root"
        )
    far_end = FarExchange(plan or loopback_plan(trunks, desks), root, directory)
    await asyncio.to_thread(_lay_out, far_end)
    await _start(far_end)
    keeper = asyncio.create_task(_keep(far_end)) if restarts else None
    try:
        await _answering(far_end)
        yield far_end
    finally:
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        await _stop(far_end)


def _lay_out(far_end: FarExchange) -> None:
    owner = _owner(far_end.root)
    for name in ("etc", "lib", "log", "spool", "spool/recordings", "spool/unattended"):
        folder = far_end.directory / name
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, *owner)
    for name, text in render(far_end.plan).items():
        (far_end.directory / "etc" / name).write_text(text, encoding="utf-8")
    # Asterisk looks its own name up at each call: unknown here, it would ask the DNS and wait.
    hosts = f"127.0.0.1 localhost {socket.gethostname()}\n"
    (far_end.directory / "etc" / "hosts").write_text(hosts, encoding="ascii")


def _owner(root: Path) -> tuple[int, int]:
    for line in (root / "etc" / "passwd").read_text(encoding="utf-8").splitlines():
        if line.startswith("asterisk:"):
            uid, gid = line.split(":")[2:4]
            return int(uid), int(gid)
    raise DriverError(f"there is no user asterisk in {root}")


async def _start(far_end: FarExchange) -> None:
    token = secrets.token_hex(4)
    (far_end.directory / "etc" / "start.conf").write_text(start_conf(token), encoding="utf-8")
    uid, gid = _owner(far_end.root)
    unshare = shutil.which("unshare") or "/usr/bin/unshare"
    far_end.process = await asyncio.create_subprocess_exec(
        *(unshare, "--mount", "sh", "-euc", _START),
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "ROOT": str(far_end.root),
            "WORK": str(far_end.directory),
            "SOUNDS": str(SOUNDS),
            "OWNER": f"{uid}:{gid}",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    far_end.starts += 1


async def _keep(far_end: FarExchange) -> None:
    while True:
        assert far_end.process is not None
        await far_end.process.wait()
        await asyncio.sleep(RESTART_S)
        await _start(far_end)


async def _answering(far_end: FarExchange) -> None:
    """Return when ARI does: 503 as long as Asterisk is loading."""
    end = asyncio.get_running_loop().time() + READY_S
    while not await _ari_answers(far_end.plan):
        assert far_end.process is not None
        if far_end.process.returncode is not None or asyncio.get_running_loop().time() > end:
            raise DriverError(f"Asterisk does not come up; see {far_end.log}")
        await asyncio.sleep(0.02)


async def _ari_answers(plan: ExchangePlan) -> bool:
    secret = b64encode(f"{plan.ari_user}:{plan.ari_password}".encode()).decode()
    ask = f"GET /ari/asterisk/ping HTTP/1.0\r\nAuthorization: Basic {secret}\r\n\r\n"
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", plan.ari_port)
    except OSError:
        return False
    try:
        writer.write(ask.encode())
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()


async def _stop(far_end: FarExchange) -> None:
    process = far_end.process
    if process is None or process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()
