"""Nonsense from every side of the running box: a clear line in its log, and nothing changes."""

import subprocess
from pathlib import Path

from aiohttp import ClientSession, encode_basic_auth

from appliance.domain.events import CallAnswered, CallOffered
from hil.far_end.agency import ACK
from tests.running import Bench, bench, needs_site, run
from tests.waiting import eventually

pytestmark = needs_site


def _publish(b: Bench, party: str, payload: str) -> None:
    """As any client could, with a tool nobody here wrote."""
    at = ["-h", "127.0.0.1", "-p", str(b.site.broker.port), "-V", "5", "-q", "1"]
    topic = f"ntpd112/v1/7471/from/{party}/ack"
    subprocess.run(["mosquitto_pub", *at, "-t", topic, "-m", payload], check=True, timeout=20)


def _answer(dispatch: int) -> str:
    return (
        f'{{"specversion":"1.0","id":"1","source":"//x","type":"{ACK}",'
        f'"data":{{"dispatch":{dispatch},"status":"accepted","by":"Budi"}}}}'
    )


async def _says(b: Bench, what: str) -> None:
    log = b.daemon.log
    await eventually(lambda: what in log.read_text(errors="replace"), 20.0, f'"{what}" in the log')


async def _user_event(b: Bench) -> None:
    """An ARI event of a type the daemon has never heard of, sent by the real Asterisk."""
    plan = b.site.exchange.plan
    key = encode_basic_auth(plan.ari_user, plan.ari_password)
    async with ClientSession(headers={"Authorization": key}) as ari:
        url = f"{b.site.exchange.ari_url}/events/user/gempa?application=siaga"
        async with ari.post(url) as answer:
            assert answer.status == 204


def test_nonsense_is_named_and_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await eventually(lambda: "AT+CLIP=1" in b.site.modem.commands_seen)
            before = b.observer.entries()
            _publish(b, "damkarmat-7471", "{ini bukan JSON")
            await _says(b, "JSON")
            _publish(b, "hantu-7471", _answer(4711))
            await _says(b, "4711")
            b.site.modem.noise(b"\xff\x00RIN\r\nNG\r\n+CLIP: \x80\x81\r\n^NONSENSE: 1,,\r\n")
            await _user_event(b)
            # Whatever that was, it has been read when the modem's next caller is there.
            await b.site.modem.ring("+6281398765432")
            await b.seen(CallAnswered)
            [offered] = b.observer.events(CallOffered)
            assert offered.line == "modem-1"
            first_new = b.observer.entries()[len(before)]
            assert first_new.event == offered
            assert "Traceback" not in b.daemon.log.read_text()

    run(story)
