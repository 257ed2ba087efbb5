"""The exchange against a real Asterisk, with SIPp as gateway and phones."""

import asyncio
import math
import os
import random
import sys
import wave
from array import array
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from drivers.api import (
    Caller,
    Cause,
    Down,
    DriverError,
    ExchangeFact,
    HungUp,
    LegGone,
    LegState,
    PickedUp,
    Presentation,
    Ringing,
    SoundFinished,
    Unattended,
    Up,
)
from drivers.asterisk.exchange import AsteriskExchange, open_exchange
from drivers.asterisk.recordings import Recordings
from drivers.asterisk.rendering import Desk, Trunk
from drivers.wire.rtp import FRAME_BYTES, L16Receiver, L16Sender
from hil.far_end.exchange import PROJECT, FarExchange, asterisk_root, started_exchange
from hil.far_end.gateway import caller
from hil.far_end.phone import busy_phone, contact_at, phone
from hil.far_end.ports import free_port
from hil.far_end.sipp_process import loudness
from tests.waiting import eventually

WITHIN_S = 20.0
CALLER_HZ, AGENT_HZ, MODEM_HZ = 440, 620, 850
BUDI = Caller("081234567890", Presentation.SHOWN)

Fact = TypeVar("Fact")

if not os.environ.get("CI"):  # there it must run, and failing is the right answer
    pytestmark = [
        pytest.mark.skipif(os.geteuid() != 0, reason="Asterisk needs root for its chroot"),
        pytest.mark.skipif(asterisk_root() is None, reason="no Asterisk: run image/asterisk-root"),
    ]


@dataclass
class Site:
    """An Asterisk with one trunk and two desks, and the driver connected to it."""

    far_end: FarExchange
    ports: dict[str, int]
    directory: Path
    exchange: AsteriskExchange
    told: list[ExchangeFact] = field(default_factory=list)

    async def next(self, kind: type[Fact], leg: str | None = None) -> Fact:
        """Take the first fact of `kind` (about `leg`) out of what the exchange told."""

        def found() -> Fact | None:
            for fact in self.told:
                if isinstance(fact, kind) and leg in (None, getattr(fact, "leg", None)):
                    self.told.remove(fact)
                    return fact
            return None

        fact = await eventually(found, WITHIN_S, f"{kind.__name__} {leg or ''}; had {self.told}")
        assert fact is not None
        return fact

    async def listen(self) -> None:
        async for fact in self.exchange.facts():
            self.told.append(fact)

    def recording(self, leg: str) -> "Stereo":
        return Stereo(Recordings(self.far_end.recordings).store(leg).path)


class Stereo:
    def __init__(self, path: Path) -> None:
        with wave.open(str(path)) as sound:
            assert (sound.getnchannels(), sound.getframerate()) == (2, 8000)
            both = array("h", sound.readframes(sound.getnframes()))
        self.left, self.right = both[0::2], both[1::2]

    def has(self, side: "array[int]", hz: int) -> bool:
        """Whether a tone of `hz` sounds in some half second of `side`."""
        pieces = (side[n : n + 4000] for n in range(0, len(side), 4000))
        return max((loudness(piece, hz) for piece in pieces), default=0) > 2000


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 120))


@asynccontextmanager
async def connected(far_end: FarExchange) -> AsyncIterator[AsteriskExchange]:
    plan = far_end.plan
    async with open_exchange(
        "exchange",
        far_end.ari_url,
        plan.ari_user,
        plan.ari_password,
        unattended=far_end.unattended,
    ) as exchange:
        yield exchange


@asynccontextmanager
async def site(directory: Path, restarts: bool = False) -> AsyncIterator[Site]:
    ports = {"desk-1": free_port(), "desk-2": free_port()}
    desks = (
        *(Desk(name, contact_at(port)) for name, port in ports.items()),
        Desk("desk-3", password="never-registered"),
    )
    trunks = (Trunk("e1", "127.0.0.1"),)
    async with AsyncExitStack() as stack:
        far_end = await stack.enter_async_context(
            started_exchange(directory / "asterisk", trunks, desks, restarts=restarts)
        )
        exchange = await stack.enter_async_context(connected(far_end))
        here = Site(far_end, ports, directory, exchange)
        listening = asyncio.create_task(here.listen())
        stack.callback(listening.cancel)
        await here.next(Up)
        yield here


@asynccontextmanager
async def talking(here: Site) -> AsyncIterator[tuple[str, Any, Any]]:
    """A caller on the trunk and desk-1 joined: yields the caller's leg, the gateway, the phone."""
    async with (
        phone(here.directory / "phone", here.ports["desk-1"], tone_hz=AGENT_HZ) as desk,
        caller(here.far_end.sip, here.directory / "gateway", tone_hz=CALLER_HZ) as gateway,
    ):
        ringing = await here.next(Ringing)
        await here.exchange.answer(ringing.leg)
        await here.exchange.dial("leg-desk", "desk-1", ringing.caller, 20, at_once=False)
        await here.next(PickedUp, "leg-desk")
        await here.exchange.join("bridge-1", [ringing.leg, "leg-desk"])
        yield ringing.leg, gateway, desk


def test_a_call_by_trunk_is_greeted_held_answered_and_recorded_on_both_sides(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with (
            site(tmp_path) as here,
            phone(tmp_path / "phone", here.ports["desk-1"], tone_hz=AGENT_HZ) as desk,
            caller(here.far_end.sip, tmp_path / "gateway", tone_hz=CALLER_HZ) as gateway,
        ):
            exchange = here.exchange
            ringing = await here.next(Ringing)
            assert (ringing.line, ringing.caller) == ("e1", BUDI)
            leg = ringing.leg
            await exchange.answer(leg)
            await exchange.play(leg, "greeting")
            await here.next(SoundFinished, leg)
            await exchange.hold(leg)
            await exchange.dial("leg-desk", "desk-1", ringing.caller, 20, at_once=True)
            await here.next(PickedUp, "leg-desk")
            await exchange.join("bridge-1", [leg, "leg-desk"])
            await exchange.join("bridge-1", [leg, "leg-desk"])  # does no harm
            assert {(state.leg, state.bridge) for state in await exchange.legs()} == {
                (leg, "bridge-1"),
                ("leg-desk", "bridge-1"),
            }
            raw = here.far_end.recordings / f"{leg}-agent.sln"
            long_enough = raw.stat().st_size + 4 * 16_000
            await eventually(lambda: raw.stat().st_size > long_enough, WITHIN_S, "speech")
            gateway.hang_up()
            assert await here.next(HungUp, leg) == HungUp(leg, Cause.NORMAL)
            assert await gateway.ended()
            await exchange.hang_up("leg-desk")
            assert await here.next(HungUp, "leg-desk") == HungUp("leg-desk", Cause.NORMAL)
            await exchange.dissolve("bridge-1")
            assert not [fact for fact in here.told if isinstance(fact, HungUp)], "told once"
            assert await exchange.legs() == []
            with pytest.raises(LegGone):
                await exchange.answer(leg)
            with pytest.raises(LegGone):
                await exchange.join("bridge-1", [leg])
            await exchange.hang_up(leg)  # no error when it is gone
            sound = here.recording(leg)
            assert sound.has(sound.left, CALLER_HZ) and not sound.has(sound.left, AGENT_HZ)
            assert sound.has(sound.right, AGENT_HZ) and not sound.has(sound.right, CALLER_HZ)
            asked = desk.sipp.messages()
            assert "answer-after=0" in asked
            assert 'From: "081234567890" <sip:081234567890@' in asked

    run(story)


def test_the_desk_hangs_up_and_the_caller_is_still_there(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here, talking(here) as (leg, gateway, desk):
            desk.press_hook()
            assert await here.next(HungUp, "leg-desk") == HungUp("leg-desk", Cause.NORMAL)
            assert [state.leg for state in await here.exchange.legs()] == [leg]
            await here.exchange.hang_up(leg)
            assert await here.next(HungUp, leg) == HungUp(leg, Cause.NORMAL)
            assert await gateway.ended()
            assert gateway.far_end_hung_up

    run(story)


def test_a_caller_who_gives_up_while_it_rings_is_hung_up_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            site(tmp_path) as here,
            caller(here.far_end.sip, tmp_path / "gateway", withheld=True) as gateway,
        ):
            ringing = await here.next(Ringing)
            assert ringing.caller == Caller("", Presentation.WITHHELD)
            await eventually(lambda: gateway.ringing)
            gateway.hang_up()
            assert await here.next(HungUp, ringing.leg) == HungUp(ringing.leg, Cause.NORMAL)
            assert await gateway.ended()
            assert here.told == []

    run(story)


def test_a_phone_that_is_absent_busy_or_silent_says_why(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            site(tmp_path) as here,
            busy_phone(tmp_path / "busy", here.ports["desk-1"]),
            phone(tmp_path / "silent", here.ports["desk-2"], ring_ms=600_000) as silent,
        ):
            for desk, cause in (
                ("desk-1", Cause.BUSY),
                ("desk-2", Cause.UNANSWERED),
                ("desk-3", Cause.REFUSED),
                ("desk-4", Cause.REFUSED),
            ):
                await here.exchange.dial(f"leg-{desk}", desk, BUDI, 1, at_once=False)
                assert await here.next(HungUp) == HungUp(f"leg-{desk}", cause)
            await eventually(lambda: silent.count("cancelled"))

    run(story)


def test_asterisk_killed_is_down_then_up_and_empty(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, restarts=True) as here, talking(here) as (leg, _, _):
            names = {leg}
            here.far_end.kill()
            loop = asyncio.get_running_loop()
            killed_s = loop.time()
            assert (await here.next(Down)).part == "exchange"
            with pytest.raises(DriverError):
                await here.exchange.answer(leg)
            await here.next(Up)
            print(f"kill -9 to subscribed: {loop.time() - killed_s:.3f} s")  # noqa: T201
            assert here.far_end.starts == 2
            assert await here.exchange.legs() == []
            assert not [fact for fact in here.told if isinstance(fact, Down)], "told once"
            assert Recordings(here.far_end.recordings).unstored() == [leg]
            async with caller(here.far_end.sip, tmp_path / "after"):
                names.add((await here.next(Ringing)).leg)
            assert len({name.split("-")[0] for name in names}) == 2, "each start names its own"

    run(story)


class Daemon:
    """tests/exchange_client.py in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), WITHIN_S)
        return line.decode().strip()

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()


@asynccontextmanager
async def started_daemon(far_end: FarExchange) -> AsyncIterator[Daemon]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.exchange_client"),
        *(far_end.ari_url, far_end.plan.ari_password),
        stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT,
    )
    daemon = Daemon(process)
    try:
        yield daemon
    finally:
        await daemon.kill()


def test_a_call_survives_the_daemon_and_the_next_daemon_adopts_it(tmp_path: Path) -> None:
    ports = {"desk-1": free_port(), "desk-2": free_port()}
    desks = tuple(Desk(name, contact_at(port)) for name, port in ports.items())

    async def story() -> None:
        async with (
            started_exchange(tmp_path / "asterisk", (Trunk("e1", "127.0.0.1"),), desks) as far_end,
            phone(tmp_path / "phone", ports["desk-1"]) as desk,
            phone(tmp_path / "silent", ports["desk-2"], ring_ms=600_000) as silent,
            started_daemon(far_end) as daemon,
        ):
            assert await daemon.says() == "up"
            async with caller(far_end.sip, tmp_path / "gateway") as gateway:
                leg = await daemon.says()
                await daemon.kill()
                async with connected(far_end) as exchange:
                    here = Site(far_end, ports, tmp_path, exchange)
                    listening = asyncio.create_task(here.listen())
                    await here.next(Up)
                    assert {state.leg: state for state in await exchange.legs()} == {
                        leg: LegState(leg, "e1", up=True, bridge="bridge-1", caller=BUDI),
                        "leg-desk": LegState("leg-desk", "", up=True, bridge="bridge-1"),
                        "leg-desk-2": LegState("leg-desk-2", "", up=False),
                    }
                    silent.press_hook()
                    assert await here.next(PickedUp) == PickedUp("leg-desk-2")
                    await exchange.join("bridge-1", [leg, "leg-desk", "leg-desk-2"])
                    gateway.hang_up()
                    assert await here.next(HungUp, leg) == HungUp(leg, Cause.NORMAL)
                    desk.press_hook()
                    assert await here.next(HungUp, "leg-desk") == HungUp("leg-desk", Cause.NORMAL)
                    listening.cancel()

    run(story)


def test_a_second_daemon_does_not_fight_the_first(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here, connected(here.far_end) as second:
            other = Site(here.far_end, here.ports, here.directory, second)
            listening = asyncio.create_task(other.listen())
            await other.next(Up)
            assert "another daemon" in (await here.next(Down)).why
            async with caller(here.far_end.sip, tmp_path / "gateway"):
                await other.next(Ringing)
            assert here.told == []
            listening.cancel()

    run(story)


def test_without_the_daemon_the_phones_ring_and_it_is_told_once(tmp_path: Path) -> None:
    ports = {"desk-1": free_port(), "desk-2": free_port()}
    desks = tuple(Desk(name, contact_at(port)) for name, port in ports.items())

    async def story() -> None:
        async with (
            started_exchange(tmp_path / "asterisk", (Trunk("e1", "127.0.0.1"),), desks) as far_end,
            phone(tmp_path / "silent", ports["desk-1"], ring_ms=600_000),
            phone(tmp_path / "phone", ports["desk-2"], tone_hz=AGENT_HZ) as desk,
            caller(far_end.sip, tmp_path / "gateway", tone_hz=CALLER_HZ) as gateway,
        ):
            await eventually(lambda: desk.count("answered") and gateway.answered, WITHIN_S)
            async with connected(far_end) as exchange:
                here = Site(far_end, ports, tmp_path, exchange)
                listening = asyncio.create_task(here.listen())
                await here.next(Up)
                assert await exchange.legs() == [], "the fallback keeps what it has"
                gateway.hang_up()
                told = await here.next(Unattended)
                assert (told.line, told.caller, told.desk) == ("e1", BUDI, "desk-2")
                assert 0 < told.ended_utc_ms - told.began_utc_ms < 60_000
                assert here.recording(told.leg).left
                await eventually(lambda: not list(far_end.unattended.iterdir()), WITHIN_S)
                assert here.told == []
                listening.cancel()

    run(story)


def test_a_caller_waiting_in_the_fallback_comes_back_to_the_daemon(tmp_path: Path) -> None:
    async def story() -> None:
        trunks, desks = (Trunk("e1", "127.0.0.1"),), (Desk("desk-1", password="never-there"),)
        async with (
            started_exchange(tmp_path / "asterisk", trunks, desks) as far_end,
            caller(far_end.sip, tmp_path / "gateway") as gateway,
        ):
            await eventually(lambda: gateway.answered, WITHIN_S, "the fallback answers")
            async with connected(far_end) as exchange:
                here = Site(far_end, {}, tmp_path, exchange)
                listening = asyncio.create_task(here.listen())
                assert (await here.next(Ringing)).caller == BUDI
                listening.cancel()

    run(story)


def test_a_modems_sound_passes_both_ways_and_is_recorded(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            site(tmp_path) as here,
            phone(tmp_path / "phone", here.ports["desk-1"], tone_hz=AGENT_HZ),
        ):
            modem = await opened_modem()
            peer = await here.exchange.open_media("leg-modem", "modem-1", modem.port)
            sending = asyncio.create_task(modem.send_tone(peer))
            [state] = await here.exchange.legs()
            assert state == LegState("leg-modem", "modem-1", up=True)
            await here.exchange.dial("leg-desk", "desk-1", BUDI, 20, at_once=True)
            await here.next(PickedUp, "leg-desk")
            await here.exchange.join("bridge-1", ["leg-modem", "leg-desk"])
            await eventually(lambda: len(modem.heard) > 8 * FRAME_BYTES * 50, WITHIN_S, "sound")
            await here.exchange.hang_up("leg-modem")
            assert await here.next(HungUp, "leg-modem") == HungUp("leg-modem", Cause.NORMAL)
            sending.cancel()
            modem.transport.close()
            assert loudness(array("h", bytes(modem.heard[-16_000:])), AGENT_HZ) > 2000
            sound = here.recording("leg-modem")
            assert sound.has(sound.left, MODEM_HZ) and not sound.has(sound.left, AGENT_HZ)
            assert sound.has(sound.right, AGENT_HZ) and not sound.has(sound.right, MODEM_HZ)

    run(story)


class ModemSound(asyncio.DatagramProtocol):
    """The far side of a modem's sound path: sends a tone, keeps what it hears."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.receiver = L16Receiver()
        self.port = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard += self.receiver.receive(data)

    async def send_tone(self, peer: tuple[str, int]) -> None:
        sender = L16Sender(random.getrandbits(32))
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            self.transport.sendto(sender.send(tone_frame()), peer)
            due_s += 0.02
            await asyncio.sleep(max(0.0, due_s - loop.time()))


def tone_frame() -> bytes:
    """20 ms of MODEM_HZ: whole periods, so that frames join without a click."""
    step = 2 * math.pi * MODEM_HZ / 8000
    return array("h", (int(8000 * math.sin(step * n)) for n in range(160))).tobytes()


async def opened_modem() -> ModemSound:
    loop = asyncio.get_running_loop()
    _, modem = await loop.create_datagram_endpoint(ModemSound, local_addr=("127.0.0.1", 0))
    return modem
