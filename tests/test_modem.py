"""The modem driver against a simulated modem on a real pseudo-terminal."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from drivers.api import (
    Caller,
    Cause,
    Down,
    DriverError,
    HungUp,
    LegGone,
    Presentation,
    Ringing,
    SmsReceived,
    Up,
    VoiceFact,
    VoiceLine,
)
from drivers.modem import Modem, open_modem
from drivers.modem.calls import ECHO_RING_MS, RING_HELD_MS, Calls
from drivers.modem.modem import BEAT_S
from drivers.wire.at_lines import CallRow, CallState
from drivers.wire.rtp import FRAME_BYTES, L16Receiver, L16Sender
from hil.far_end.modem import (
    QUECTEL,
    SIMCOM,
    Dialect,
    ModemSimulator,
    level_of,
    open_modem_simulator,
    tone,
)
from tests.waiting import eventually

NUMBER = "+6281234567890"
SHOWN = Caller(NUMBER, Presentation.SHOWN)
BOTH = pytest.mark.parametrize("dialect", [QUECTEL, SIMCOM], ids=lambda d: d.maker.split()[0])

F = TypeVar("F")


class Reader:
    """Reads the facts of a modem as the appliance does; slow to file SMS without `patience`."""

    def __init__(self, modem: Modem) -> None:
        self.modem = modem
        self.facts: list[VoiceFact] = []
        self.patience = asyncio.Event()
        self.patience.set()

    async def read(self) -> None:
        async for fact in self.modem.facts():
            self.facts.append(fact)
            if isinstance(fact, SmsReceived):
                await self.patience.wait()

    def all(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def first(self, kind: type[F], count: int = 1, within_s: float = 20.0) -> F:
        """Wait for the `count`th fact of `kind` and return it."""
        what = f"{kind.__name__} number {count} among {self.facts}"
        await eventually(lambda: len(self.all(kind)) >= count, within_s, what)
        return self.all(kind)[count - 1]


@asynccontextmanager
async def reading(modem: Modem) -> AsyncIterator[Reader]:
    reader = Reader(modem)
    task = asyncio.create_task(reader.read())
    try:
        yield reader
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


Story = Callable[[ModemSimulator, Reader], Coroutine[Any, Any, None]]


def tell(story: Story, tmp: Path, **how: Any) -> None:
    """Run `story` with a modem that is up."""

    async def run() -> None:
        link, pcm = tmp / "modem", tmp / "modem-pcm"
        async with (
            open_modem_simulator(link, pcm, ring_every_s=0.5, **how) as simulator,
            open_modem("modem-1", str(link), pcm_port=str(pcm)) as modem,
            reading(modem) as reader,
        ):
            await reader.first(Up)
            await story(simulator, reader)

    asyncio.run(run())


def test_a_modem_is_a_voice_line() -> None:
    line: type[VoiceLine] = Modem
    assert line


# --- calls --------------------------------------------------------------------------------------


@BOTH
def test_a_caller_rings_is_answered_and_hangs_up(tmp_path: Path, dialect: Dialect) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        assert (await reader.first(Ringing, 2)) == Ringing("modem-1", leg, SHOWN)
        await reader.modem.answer(leg)
        assert simulator.call is not None
        assert simulator.call.active
        await simulator.hang_up()
        assert await reader.first(HungUp) == HungUp(leg, Cause.NORMAL)
        assert {fact.leg for fact in reader.all(Ringing)} == {leg}

    tell(story, tmp_path, dialect=dialect)


def test_a_call_exists_before_its_number_is_known(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        assert (await reader.first(Ringing)).caller == Caller("", Presentation.UNAVAILABLE)

    tell(story, tmp_path)


def test_a_withheld_number_is_told_from_an_unknown_one(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring("")
        assert (await reader.first(Ringing, 2)).caller == Caller("", Presentation.WITHHELD)

    tell(story, tmp_path)


def test_ringing_ten_times_is_one_call(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        simulator._ring_every_s = 0.02
        await simulator.ring(NUMBER)
        await reader.first(Ringing, 2)
        rings = len(simulator.commands_seen)
        await eventually(lambda: len(simulator.commands_seen) >= rings + 10)
        assert len(reader.all(Ringing)) == 2
        assert reader.all(HungUp) == []

    tell(story, tmp_path)


@BOTH
def test_a_caller_who_gives_up_is_noticed(tmp_path: Path, dialect: Dialect) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        await simulator.hang_up()
        assert await reader.first(HungUp) == HungUp(leg, Cause.NORMAL)
        with pytest.raises(LegGone):
            await reader.modem.answer(leg)
        await simulator.ring("+62811")
        await eventually(lambda: len({fact.leg for fact in reader.all(Ringing)}) == 2)

    tell(story, tmp_path, dialect=dialect)


def test_we_hang_up(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        await reader.modem.answer(leg)
        await reader.modem.hang_up(leg)
        assert simulator.call is None
        assert await reader.first(HungUp) == HungUp(leg, Cause.NORMAL)
        await reader.modem.hang_up(leg)  # gone already: no error
        assert len(reader.all(HungUp)) == 1

    tell(story, tmp_path)


@pytest.mark.parametrize("answered", [True, False])
def test_a_lost_no_carrier_does_not_keep_the_line_busy(tmp_path: Path, answered: bool) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        simulator.lose_no_carrier = True
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        if answered:
            await reader.modem.answer(leg)
        await simulator.hang_up()
        assert await reader.first(HungUp) == HungUp(leg, Cause.NORMAL)

    tell(story, tmp_path)


def test_garbage_on_the_line_makes_no_call_and_loses_none(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        simulator.noise(bytes(range(256)) * 12 + b"\r\n")
        simulator.noise(b"\r\n+CLIP: \r\n+CLCC: x,y\r\n+CREG: ,,,\r\n+CMTI:\r\n+CMT: 1\r\nzz\r\n")
        await simulator.receive_sms("+62811", "masih hidup")
        await reader.first(SmsReceived)
        legs = {fact.leg for fact in reader.all(Ringing)}
        await simulator.ring(NUMBER)
        await eventually(lambda: SHOWN in [fact.caller for fact in reader.all(Ringing)])
        assert len(legs) <= 1  # "+CLIP:" without a number is a call; the list then ends it

    tell(story, tmp_path)


# --- sound --------------------------------------------------------------------------------------


class Exchange(asyncio.DatagramProtocol):
    """Stands for the telephone exchange's end of the sound: whistles, and listens."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self._receiver = L16Receiver()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard += self._receiver.receive(data)

    async def whistle(self, sock: asyncio.DatagramTransport, port: int, hz: float) -> None:
        loop = asyncio.get_running_loop()
        sender, begun_s, frame = L16Sender(ssrc=1), loop.time(), 0
        while True:
            sock.sendto(sender.send(tone(hz, frame * FRAME_BYTES // 2)), ("127.0.0.1", port))
            frame += 1
            await asyncio.sleep(begun_s + frame * 0.02 - loop.time())


SECOND = 16_000  # bytes


@asynccontextmanager
async def exchange_of(modem: Modem) -> AsyncIterator[tuple[Exchange, tuple[str, int]]]:
    loop = asyncio.get_running_loop()
    transport, exchange = await loop.create_datagram_endpoint(
        Exchange, ("127.0.0.1", 0), family=socket.AF_INET
    )
    whistling = asyncio.create_task(exchange.whistle(transport, modem.media_port, 1_000))
    try:
        yield exchange, transport.get_extra_info("sockname")
    finally:
        whistling.cancel()
        transport.close()


@BOTH
def test_caller_and_exchange_hear_each_other(tmp_path: Path, dialect: Dialect) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        modem = reader.modem
        async with exchange_of(modem) as (exchange, peer):
            await simulator.ring(NUMBER)
            leg = (await reader.first(Ringing)).leg
            await modem.answer(leg)
            await modem.start_audio(leg, peer)
            await eventually(lambda: len(exchange.heard) > 2 * SECOND)
            await eventually(lambda: len(simulator.heard) > 2 * SECOND)
            caller_heard, desk_heard = simulator.heard[SECOND:], bytes(exchange.heard[SECOND:])
            assert level_of(desk_heard, 440) > 0.9
            assert level_of(desk_heard, 1_000) < 0.01
            assert level_of(caller_heard[: SECOND // 2], 1_000) > 0.5
            assert level_of(caller_heard, 440) < 0.01
            await modem.hang_up(leg)
            off = f"AT{dialect.sound_off}"
            await eventually(lambda: off in simulator.commands_seen, what=off)

    tell(story, tmp_path, dialect=dialect)


def test_sound_comes_back_with_the_port(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        async with exchange_of(reader.modem) as (exchange, peer):
            await simulator.ring(NUMBER)
            leg = (await reader.first(Ringing)).leg
            await reader.modem.answer(leg)
            await reader.modem.start_audio(leg, peer)
            await eventually(lambda: len(exchange.heard) > SECOND)
            simulator.disconnect()
            await reader.first(Down)
            simulator.plug_in()
            await reader.first(Up, 2)
            exchange.heard.clear()
            await eventually(lambda: level_of(bytes(exchange.heard[-SECOND:]), 440) > 0.9)
            assert reader.all(HungUp) == []

    tell(story, tmp_path)


def test_sound_of_a_leg_that_is_gone_is_refused(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        with pytest.raises(LegGone):
            await reader.modem.start_audio("modem-1/0", ("127.0.0.1", 9))

    tell(story, tmp_path)


# --- the port -----------------------------------------------------------------------------------


def test_a_port_that_comes_later_is_found(tmp_path: Path) -> None:
    async def run() -> None:
        link = tmp_path / "modem"
        async with open_modem("modem-1", str(link)) as modem, reading(modem) as reader:
            assert str(link) in (await reader.first(Down)).why
            async with open_modem_simulator(link):
                await reader.first(Up)
                assert modem.media_port == 0

    asyncio.run(run())


def test_unplugged_and_plugged_in_again_under_another_number(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        for time in (1, 2):
            simulator.unplug()
            await reader.first(Down, time)
            with pytest.raises(DriverError):
                await reader.modem.send_sms("+62811", "x")
            simulator.plug_in()
            await reader.first(Up, 1 + time)
        await simulator.ring(NUMBER)
        await reader.first(Ringing)

    tell(story, tmp_path)


def test_pulling_the_plug_is_noticed_at_once(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        idle = "AT+CMGL=4"
        await eventually(lambda: simulator.commands_seen.count(idle) == 2, what="set up and idle")
        simulator.unplug()
        await reader.first(Down, within_s=BEAT_S / 2)  # not by asking into the void

    tell(story, tmp_path)


def test_a_call_ends_as_lost_when_the_modem_is_gone_for_good(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        simulator.unplug()
        assert await reader.first(HungUp) == HungUp(leg, Cause.LOST)

    tell(story, tmp_path)


def test_a_call_ends_as_lost_when_the_modem_has_restarted(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        await reader.modem.answer(leg)
        simulator.restart()
        assert await reader.first(HungUp) == HungUp(leg, Cause.LOST)
        await reader.first(Up, 2)
        assert simulator.state.clip  # the start sequence was sent again

    tell(story, tmp_path)


def test_a_call_outlives_a_reset_of_the_port(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        await reader.modem.answer(leg)
        simulator.disconnect()
        await reader.first(Down)
        simulator.plug_in()
        await reader.first(Up, 2)
        assert reader.all(HungUp) == []
        await reader.modem.hang_up(leg)
        assert simulator.call is None

    tell(story, tmp_path)


def test_a_mute_modem_is_down_and_comes_back(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        simulator.mute = True
        with pytest.raises(DriverError, match="no answer"):
            await reader.modem.hang_up(leg)
        assert (await reader.first(Down)).why
        simulator.mute = False
        await reader.first(Up, 2)

    tell(story, tmp_path)


def test_a_slow_modem_is_waited_for(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        simulator.slow_s = 0.3
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        await reader.modem.answer(leg)
        await reader.modem.hang_up(leg)
        assert await reader.first(HungUp) == HungUp(leg, Cause.NORMAL)

    tell(story, tmp_path)


def test_a_modem_without_a_network_is_down_until_it_has_one(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        simulator.register(0)
        assert "not registered" in (await reader.first(Down)).why
        simulator.register(5)
        await reader.first(Up, 2)

    tell(story, tmp_path)


def test_the_pin_is_tried_once_and_never_at_the_last_tries(tmp_path: Path) -> None:
    async def run() -> None:
        link = tmp_path / "modem"
        async with open_modem_simulator(link, pin="1234") as simulator:
            async with open_modem("m", str(link), pin="9999") as modem, reading(modem) as reader:
                await eventually(lambda: any("2 tries" in d.why for d in reader.all(Down)))
                assert simulator.state.pin_tries == 2
            simulator.state.pin_tries = 3
            async with open_modem("m", str(link), pin="1234") as modem, reading(modem) as reader:
                await reader.first(Up)
            entered = [text for text in simulator.commands_seen if text.startswith("AT+CPIN=")]
            assert len(entered) == 2

    asyncio.run(run())


# --- adoption -----------------------------------------------------------------------------------

# The daemon, as far as this is about it: answers the first call and is killed.
DAEMON = """
import asyncio, sys
from drivers.api import Ringing
from drivers.modem import open_modem
async def main():
    async with open_modem("modem-1", sys.argv[1]) as modem:
        async for fact in modem.facts():
            if isinstance(fact, Ringing) and fact.caller.number:
                if sys.argv[2] == "answer":
                    await modem.answer(fact.leg)
                print(fact.leg, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("answered", [True, False])
def test_a_call_goes_on_without_us_and_is_adopted(tmp_path: Path, answered: bool) -> None:
    async def run() -> None:
        link = tmp_path / "modem"
        async with open_modem_simulator(link, ring_every_s=0.5) as simulator:
            leg = await leg_of_killed_daemon(link, simulator, answered)
            assert simulator.call is not None
            async with (
                open_modem("modem-1", str(link), adopt=leg, adopt_up=answered) as modem,
                reading(modem) as reader,
            ):
                await reader.first(Up)
                expected = [] if answered else [Ringing("modem-1", leg, SHOWN)]
                assert reader.all(Ringing) == expected
                assert reader.all(HungUp) == []
                await modem.answer(leg)
                await modem.hang_up(leg)
                assert await reader.first(HungUp) == HungUp(leg, Cause.NORMAL)

    asyncio.run(run())


async def leg_of_killed_daemon(link: Path, simulator: ModemSimulator, answers: bool) -> str:
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DAEMON, str(link), "answer" if answers else "wait",
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert daemon.stdout is not None
    await eventually(lambda: simulator.state.announces, 20.0, "the start sequence")
    await simulator.ring(NUMBER)
    leg = (await asyncio.wait_for(daemon.stdout.readline(), 20)).decode().strip()
    os.kill(daemon.pid, signal.SIGKILL)
    await daemon.wait()
    return leg


def test_a_call_that_ended_while_we_were_away_is_lost(tmp_path: Path) -> None:
    async def run() -> None:
        link = tmp_path / "modem"
        async with (
            open_modem_simulator(link),
            open_modem("modem-1", str(link), adopt="modem-1/17") as modem,
            reading(modem) as reader,
        ):
            assert await reader.first(HungUp) == HungUp("modem-1/17", Cause.LOST)
            await reader.first(Up)

    asyncio.run(run())


def test_a_call_nobody_knew_of_is_found_at_opening(tmp_path: Path) -> None:
    async def run() -> None:
        link = tmp_path / "modem"
        async with open_modem_simulator(link, ring_every_s=60) as simulator:
            await simulator.ring(NUMBER)
            async with open_modem("modem-1", str(link)) as modem, reading(modem) as reader:
                assert (await reader.first(Ringing)).caller == SHOWN

    asyncio.run(run())


def test_a_leg_is_named_after_the_millisecond_it_began(tmp_path: Path) -> None:
    calls = Calls("modem-1", lambda: 0x19A_0000_0001)
    [fact] = calls.rang(now_ms=0)
    assert fact.leg == "modem-1/19a00000001"


# --- SMS ----------------------------------------------------------------------------------------

LONG = "Tolong 🔥 kebakaran di Jl. Ahmad Yani, dekat pasar; ada orang terjebak. " * 6


def test_an_sms_comes_in_and_is_deleted_once_the_next_fact_is_asked_for(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        at = datetime(2026, 11, 23, 12, 34, 56, tzinfo=UTC)
        reader.patience.clear()
        await simulator.receive_sms(NUMBER, "Tolong!", at)
        expected = SmsReceived("modem-1", NUMBER, "Tolong!", int(at.timestamp() * 1000))
        assert await reader.first(SmsReceived) == expected
        await simulator.receive_sms(NUMBER, "Cepat!")
        await eventually(lambda: simulator.commands_seen.count("AT+CMGL=4") > 2)
        assert simulator.stored == 2
        reader.patience.set()
        await reader.first(SmsReceived, 2)
        await eventually(lambda: simulator.stored == 0)

    tell(story, tmp_path)


def test_a_long_sms_with_pictures_comes_in_whole(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.receive_sms("PLN-123", LONG)
        sms = await reader.first(SmsReceived)
        assert (sms.sender, sms.text, sms.damaged) == ("PLN-123", LONG, False)
        await eventually(lambda: simulator.stored == 0)

    tell(story, tmp_path)


def test_messages_from_before_the_start_are_not_forgotten(tmp_path: Path) -> None:
    async def run() -> None:
        link = tmp_path / "modem"
        async with open_modem_simulator(link) as simulator:
            for number in range(3):
                await simulator.receive_sms(NUMBER, f"pesan {number}")
            async with open_modem("modem-1", str(link)) as modem, reading(modem) as reader:
                await reader.first(SmsReceived, 3)
                texts = [sms.text for sms in reader.all(SmsReceived)]
                assert texts == ["pesan 0", "pesan 1", "pesan 2"]
                await eventually(lambda: simulator.stored == 0)

    asyncio.run(run())


def test_an_sms_nobody_took_comes_again(tmp_path: Path) -> None:
    async def run() -> None:
        link = tmp_path / "modem"
        seen: list[SmsReceived] = []
        async with open_modem_simulator(link) as simulator:
            await simulator.receive_sms(NUMBER, LONG)
            for _ in range(2):
                async with open_modem("modem-1", str(link)) as modem, reading(modem) as reader:
                    reader.patience.clear()  # dies before it has the message on disk
                    seen.append(await reader.first(SmsReceived))
            assert seen[0] == seen[1]
            assert simulator.stored > 0

    asyncio.run(run())


def test_the_same_sms_twice_is_one(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        at = datetime.now(UTC)
        for _ in range(3):
            await simulator.receive_sms(NUMBER, "Tolong!", at)
        await simulator.receive_sms(NUMBER, "lain", at)
        await reader.first(SmsReceived, 2)
        assert [sms.text for sms in reader.all(SmsReceived)] == ["Tolong!", "lain"]
        await eventually(lambda: simulator.stored == 0)

    tell(story, tmp_path)


def test_a_damaged_sms_is_shown_and_marked(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.receive_pdu(
            "07911326040000F0040B911346610089F60000208062917314080CC8F71D14"
        )
        sms = await reader.first(SmsReceived)
        assert (sms.sender, sms.text, sms.damaged) == ("+31641600986", "How ", True)

    tell(story, tmp_path)


def test_a_pushed_sms_comes_in_too(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        simulator.state.stores = False
        await simulator.receive_sms(NUMBER, "kilat")
        assert (await reader.first(SmsReceived)).text == "kilat"

    tell(story, tmp_path)


@pytest.mark.parametrize(("text", "parts"), [("Damkar: kebakaran", 1), (LONG, 7)])
def test_an_sms_goes_out(tmp_path: Path, text: str, parts: int) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await reader.modem.send_sms("+628111", text)
        assert [sent.to for sent in simulator.sent] == ["+628111"] * parts
        assert "".join(sent.text for sent in simulator.sent) == text

    tell(story, tmp_path)


def test_an_sms_to_nowhere_is_refused(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        with pytest.raises(DriverError, match="not a telephone number"):
            await reader.modem.send_sms("siti", "x")

    tell(story, tmp_path)


def test_a_ringing_call_comes_before_an_sms(tmp_path: Path) -> None:
    async def story(simulator: ModemSimulator, reader: Reader) -> None:
        await simulator.ring(NUMBER)
        leg = (await reader.first(Ringing)).leg
        sending = asyncio.create_task(reader.modem.send_sms("+62811", "x"))
        await reader.modem.answer(leg)
        await sending
        answered = simulator.commands_seen.index("ATA")
        [sent] = [n for n, text in enumerate(simulator.commands_seen) if re.match("AT.CMGS", text)]
        assert answered < sent

    tell(story, tmp_path)


# --- the call by itself -------------------------------------------------------------------------

INCOMING = CallRow(1, True, CallState.INCOMING, SHOWN)
ACTIVE = CallRow(1, True, CallState.ACTIVE, SHOWN)


def a_call() -> Calls:
    return Calls("m", iter(range(1, 100)).__next__)


def test_a_number_before_the_ring_is_one_call() -> None:
    calls = a_call()
    assert calls.named(SHOWN, 0) == [Ringing("m", "m/1", SHOWN)]
    assert calls.rang(10) == []


def test_an_answer_overtaken_by_events_is_not_believed() -> None:
    calls = a_call()
    calls.rang(0)
    epoch = calls.epoch
    assert calls.ended(Cause.NORMAL) == [HungUp("m/1", Cause.NORMAL)]
    assert calls.listed([INCOMING], epoch, 10) == []
    assert calls.leg is None


def test_a_young_call_may_miss_on_the_list() -> None:
    calls = a_call()
    calls.rang(0)
    for now_ms in (10, 20, RING_HELD_MS - 1):
        assert calls.listed([], calls.epoch, now_ms) == []
    assert calls.listed([], calls.epoch, RING_HELD_MS) == [HungUp("m/1", Cause.NORMAL)]


def test_one_empty_list_does_not_end_a_conversation() -> None:
    calls = a_call()
    calls.rang(0)
    calls.answered()
    assert calls.listed([], calls.epoch, 10_000) == []
    assert calls.listed([ACTIVE], calls.epoch, 11_000) == [Ringing("m", "m/1", SHOWN)]
    assert calls.listed([], calls.epoch, 12_000) == []
    assert calls.listed([], calls.epoch, 13_000) == [HungUp("m/1", Cause.NORMAL)]


def test_a_ring_just_after_our_hang_up_is_no_new_call_unless_the_list_has_one() -> None:
    calls = a_call()
    calls.rang(0)
    calls.hung_up(now_ms=1_000)
    assert calls.rang(1_100) == []
    assert calls.named(SHOWN, 1_110) == []
    assert calls.listed([], calls.epoch, 1_200) == []
    assert calls.listed([INCOMING], calls.epoch, 1_300) == [Ringing("m", "m/2", SHOWN)]
    calls.hung_up(now_ms=2_000)
    assert calls.rang(2_000 + ECHO_RING_MS) != []


def test_a_ringing_call_is_not_the_answered_one_of_before() -> None:
    calls = Calls("m", lambda: 1, adopt="m/0", adopt_up=True)
    assert calls.rang(0) + calls.named(SHOWN, 0) == []
    assert calls.listed([INCOMING], calls.epoch, 10) == [
        HungUp("m/0", Cause.LOST),
        Ringing("m", "m/1", SHOWN),
    ]


def test_another_number_on_a_ringing_line_is_another_call() -> None:
    calls = a_call()
    calls.named(SHOWN, 0)
    other = Caller("+6285550000", Presentation.SHOWN)
    assert calls.named(Caller("081234567890", Presentation.SHOWN), 10) == []  # the same caller
    assert calls.named(other, 20) == [HungUp("m/1", Cause.NORMAL), Ringing("m", "m/2", other)]
