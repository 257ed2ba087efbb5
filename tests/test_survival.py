"""kill -9 at any moment: calls go on, nothing is lost, nothing is done twice. Real parts only."""

from pathlib import Path

import pytest

from appliance.domain.events import (
    CallAnswered,
    CallbackOpened,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRinging,
    DispatchAcknowledged,
    DispatchDelivered,
    DispatchRaised,
    EndReason,
    Event,
    RecordingStored,
    TroubleCleared,
    TroubleRaised,
)
from hil.far_end.call_taker import CallTaker
from tests.running import AGENCIES, Bench, bench, needs_site, run
from tests.waiting import eventually

pytestmark = needs_site


@pytest.mark.parametrize("stage", [CallOffered, CallQueued, CallRinging, CallAnswered])
def test_a_trunk_call_outlives_the_daemon(stage: type[Event], tmp_path: Path) -> None:
    """Killed at `stage`, restarted, the call is taken up again, answered, and ends as it does."""

    async def story() -> None:
        slow_phone_ms = 4_000 if stage is CallRinging else 200
        async with bench(tmp_path, ring_ms=slow_phone_ms) as b:
            call = await b.call()
            await b.seen(stage)
            await b.restart()
            await b.seen(CallAnswered)
            assert not call.far_end_hung_up
            call.hang_up()
            await b.seen(CallEnded)
            await b.seen(RecordingStored)
            assert b.reasons() == [EndReason.COMPLETED_CALLER]
            assert len(b.offered()) == 1
            assert len(b.observer.events(CallAnswered)) == 1

    run(story)


def test_a_gsm_call_outlives_the_daemon(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await eventually(lambda: "AT+CLIP=1" in b.site.modem.commands_seen)
            await b.site.modem.ring("+6281398765432")
            await b.seen(CallAnswered)
            await b.restart()
            modem = b.site.modem
            assert modem.call is not None
            heard = len(modem.heard)
            await eventually(lambda: len(modem.heard) > heard + 16_000, what="sound comes back")
            await modem.hang_up()
            await b.seen(CallEnded)
            assert b.reasons() == [EndReason.COMPLETED_CALLER]
            assert len(b.offered()) == 1

    run(story)


def test_a_caller_who_hangs_up_while_the_daemon_is_dead_is_not_open_for_ever(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            call = await b.call()
            await b.seen(CallAnswered)
            await b.daemon.kill()
            call.hang_up()
            await call.ended()
            await b.daemon.start()
            await b.seen(CallEnded)
            assert b.reasons() == [EndReason.LOST_SYSTEM]
            await b.seen(RecordingStored)

    run(story)


def test_a_call_while_the_daemon_is_dead_rings_the_phones_and_is_written_down(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.daemon.kill()
            call = await b.call()
            phones = b.site.phones.values()
            await eventually(lambda: any(phone.count("answered") for phone in phones), 20.0)
            call.hang_up()
            await call.ended()
            await b.daemon.start()
            await b.seen(CallEnded)
            [offered] = b.observer.events(CallOffered)
            assert offered.unattended
            assert offered.number == "+6281234567890"
            assert b.reasons() == [EndReason.COMPLETED_CALLER]
            [answered] = b.observer.events(CallAnswered)
            assert answered.desk in ("desk-1", "desk-2")

    run(story)


def test_when_the_exchange_dies_its_callers_are_lost_and_called_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.call()
            await b.seen(CallAnswered)
            b.site.exchange.kill()
            await b.seen(CallEnded)
            await b.seen(CallbackOpened)
            await b.seen(TroubleCleared)
            assert b.reasons() == [EndReason.LOST_SYSTEM]
            [callback] = b.observer.events(CallbackOpened)
            assert callback.number == "+6281234567890"
            # It is really back: the next caller is answered.
            await b.subscribed()
            await b.call("again", "081311112222")
            await b.seen(CallAnswered, 2)

    run(story)


async def _fire(b: Bench) -> None:
    """A verified fire, classified; the agencies are not yet alerted."""
    await b.call()
    await b.seen(CallAnswered)
    [answered] = b.observer.events(CallAnswered)
    async with CallTaker(await b.daemon.console_url(), "desk-1", "Siti") as siti:
        await siti.do(
            "dispatch-at-once",
            call=answered.call,
            kind="KBK-BGN",
            place="Jl. Sao-Sao 12",
            narrative="",
            agencies=AGENCIES,
        )


def test_no_alert_is_lost_or_shown_twice_when_the_daemon_dies_over_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.site.broker.stop()  # nothing goes out before the daemon dies
            await b.seen(TroubleRaised)
            await _fire(b)
            await b.seen(DispatchRaised, len(AGENCIES))
            await b.daemon.kill()
            await b.site.broker.start()
            await b.daemon.start()
            await b.seen(DispatchAcknowledged, len(AGENCIES))
            for agency in b.site.agencies.values():
                assert len(agency.alerts) == 1
            await eventually(lambda: b.observer.waiting() == 0)

    run(story)


def test_alerts_wait_for_the_broker_and_go_out_when_it_is_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.site.broker.kill()
            await b.seen(TroubleRaised)
            await _fire(b)
            assert b.observer.events(DispatchDelivered) == []
            await b.site.broker.start()
            await b.seen(DispatchDelivered, len(AGENCIES))
            await b.seen(DispatchAcknowledged, len(AGENCIES))

    run(story)
