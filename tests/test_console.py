"""The console's server: who gets in, what the screen is told, what a person may ask."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar

from appliance.clock import SystemClock
from appliance.console import actions
from appliance.console.routes import application
from appliance.console.server import open_console
from appliance.console.words import LANGUAGES, WORDS
from appliance.disk import Disk
from appliance.domain.calls import CallState
from appliance.domain.events import Channel, DispatchState, Disposition, EndReason
from appliance.domain.incidents import IncidentState
from appliance.domain.levels import OUTPUTS
from appliance.domain.requests import DeskAnswered, Greeted, Offer, SignIn
from appliance.domain.routing import Role
from appliance.domain.world import World
from drivers.api import Caller, Location, LocationSource, Presentation, Signal, SmsReceived
from tests.centre import RULES, TOKEN, centre

NUMBER = "+6281234567890"
OFFER = Offer("trunk-1", "leg-1", Caller(NUMBER, Presentation.SHOWN), NUMBER)
CONSOLE = Path(actions.__file__).parent
WITHIN_S = 20
Shown = Mapping[str, Any]


class Desk:
    """A browser at a desk: knows the cookie, the origin and the header that the page sends."""

    def __init__(self, session: ClientSession, origin: str, disk: Disk) -> None:
        self.session, self.origin, self.disk = session, origin, disk

    def get(self, path: str) -> Awaitable[ClientResponse]:
        return self.session.get(self.origin + path, allow_redirects=False)

    def do(self, action: str, fields: object, **headers: str) -> Awaitable[ClientResponse]:
        given = {"Origin": self.origin, "X-Siaga": "console", **headers}
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return self.session.post(f"{self.origin}/do/{action}", data=body, headers=given)

    @asynccontextmanager
    async def pictures(self) -> AsyncIterator[Callable[[], Awaitable[Shown]]]:
        """What the screen is told, one picture after the other."""
        async with self.session.get(self.origin + "/live") as response:
            assert response.content_type == "text/event-stream"

            async def picture() -> Shown:
                while not (line := await response.content.readline()).startswith(b"data:"):
                    assert line, "the stream has ended"
                shown: Shown = json.loads(line[5:])
                return shown

            yield picture


def browser() -> ClientSession:
    return ClientSession(cookie_jar=CookieJar(unsafe=True))  # cookies for an IP address too


def run(directory: Path, story: Callable[[Desk], Awaitable[None]], enter: bool = True) -> None:
    async def told() -> None:
        async with centre(directory) as (disk, console), browser() as session:
            desk = Desk(session, f"http://127.0.0.1:{console.port}", disk)
            if enter:
                await desk.get(f"/?token={TOKEN}")
            await asyncio.wait_for(story(desk), WITHIN_S)

    asyncio.run(told())


async def answered(desk: Desk) -> int:
    await desk.disk.ask(SignIn("desk-1", "Siti"))
    await desk.disk.ask(OFFER)
    [id] = desk.disk.world.calls
    await desk.disk.ask(Greeted(id))
    await desk.disk.ask(DeskAnswered(id, "desk-1"))
    return id


# --- who gets in --------------------------------------------------------------------------------


def test_the_printed_address_opens_the_console_and_leaves_no_key_in_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        entered = await desk.get(f"/?token={TOKEN}")
        assert (entered.status, entered.headers["Location"]) == (303, "/")
        cookie = entered.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        page = await desk.get("/")
        assert page.status == 200
        assert 'lang="id"' in await page.text()

    run(tmp_path, story, enter=False)


@pytest.mark.parametrize("token", ["", "salah", TOKEN + "x", "kunci-ü", "%ff%fe"])
def test_a_wrong_key_opens_nothing_and_says_so_in_both_languages(
    tmp_path: Path, token: str
) -> None:
    async def story(desk: Desk) -> None:
        turned_away = await desk.get(f"/?token={token}")
        text = await turned_away.text()
        assert turned_away.status == 401
        assert "terkunci" in text and "locked" in text
        assert "Set-Cookie" not in turned_away.headers

    run(tmp_path, story, enter=False)


def test_every_address_needs_the_key_and_forbids_foreign_scripts(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        app = application(
            desk.disk, SystemClock(), RULES, token="x", timezone="Asia/Makassar", language="id"
        )
        routes = [(r.method, r.resource) for r in app.router.routes()]
        assert len(routes) >= 5
        paths = {(m, (r.canonical if r else "/")) for m, r in routes} | {("GET", "/no/such/page")}
        for method, path in paths:
            url = desk.origin + path.replace("{action}", "answer")
            url += "/console.js" if path == "/static" else ""
            response = await desk.session.request(method, url, data=b"{}")
            assert response.status == 401, (method, path)
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'; script-src 'self'; style-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert response.headers["Cache-Control"] == "no-store"

    run(tmp_path, story, enter=False)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://jahat.example"}, {"Origin": ""}, {"Origin": "null"}],
)
def test_an_action_from_another_page_is_turned_away(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async def story(desk: Desk) -> None:
        fields = {"desk": "desk-1", "taker": "Mallory"}
        assert (await desk.do("sign-in", fields, **headers)).status == 403
        bare = await desk.session.post(
            desk.origin + "/do/sign-in", json=fields, headers={"Origin": desk.origin}
        )
        assert bare.status == 403  # a form of another site cannot set our header
        assert desk.disk.world.desks == {}

    run(tmp_path, story)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.112.10", "::", "siaga.example"])
def test_it_opens_on_loopback_only(tmp_path: Path, host: str) -> None:
    async def refused() -> None:
        async with centre(tmp_path) as (disk, _):
            opening = open_console(
                disk, SystemClock(), RULES, host=host, port=0, token="x", timezone="Asia/Makassar"
            )
            with pytest.raises(PermissionError, match=r"127\.0\.0\.1 / the console"):
                async with opening:
                    pass

    asyncio.run(refused())


def test_importing_the_console_is_cheap() -> None:
    code = "import sys, appliance.console.server; print({'aiohttp', 'jinja2'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CONSOLE.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "set()\n"


# --- what the screen is told --------------------------------------------------------------------


def test_the_screen_hears_of_a_call_when_it_is_on_disk(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        async with desk.pictures() as picture:
            assert (await picture())["calls"] == []
            where = Location(-3.9946, 122.513, 50, LocationSource.AML, 1_795_000_000_000)
            await desk.disk.ask(
                Offer("trunk-1", "leg-1", Caller(NUMBER, Presentation.SHOWN), NUMBER, where)
            )
            shown = await picture()
            [call] = shown["calls"]
            assert (call["number"], call["line"], call["waits"]) == (NUMBER, "trunk-1", True)
            assert call["location"]["radius_m"] == 50
            assert 0 <= shown["now_ms"] - call["offered_ms"] < 60_000
            assert shown["levels"]["red"] == Signal.STEADY

    run(tmp_path, story)


def test_a_burst_costs_few_pictures_and_the_last_one_has_it_all(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        async with desk.pictures() as picture:
            await picture()
            for n in range(200):
                await desk.disk.ask(Offer("trunk-1", f"leg-{n}", Caller(), ""))
            pictures = [await picture()]
            while len(pictures[-1]["calls"]) < 200:
                pictures.append(await picture())
            assert len(pictures) < 200

    run(tmp_path, story)


def test_nothing_runs_when_nobody_looks(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        before = asyncio.all_tasks()
        async with desk.pictures() as picture:
            await picture()
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  (bounded by WITHIN_S)
            await asyncio.sleep(0.01)

    run(tmp_path, story)


def test_closing_ends_the_streams(tmp_path: Path) -> None:
    async def told() -> None:
        async with browser() as session:
            async with centre(tmp_path) as (disk, console):
                desk = Desk(session, f"http://127.0.0.1:{console.port}", disk)
                await desk.get(f"/?token={TOKEN}")
                stream = await session.get(desk.origin + "/live")
                await stream.content.readuntil(b"\n\n")
            await asyncio.wait_for(stream.content.read(), WITHIN_S)

    asyncio.run(told())


def test_what_a_caller_writes_reaches_the_screen_letter_by_letter(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        text = "</script><script>alert(1)</script> \u2028 \u202e"
        await desk.disk.ask(SmsReceived("modem-1", "<b>INFO</b>", text, 1_795_000_000_000))
        async with desk.pictures() as picture:
            [sms] = (await picture())["messages"]
        assert (sms["sender"], sms["text"]) == ("<b>INFO</b>", text)

    run(tmp_path, story)


# --- what a person may ask ----------------------------------------------------------------------


def test_a_call_from_answer_to_closed_incident(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        async def does(action: str, **fields: object) -> None:
            response = await desk.do(action, {"desk": "desk-1", **fields})
            assert (response.status, await response.json()) == (200, {"message": ""})

        def world() -> World:
            return desk.disk.world

        await does("sign-in", taker="  Siti  ")
        assert world().desks == {"desk-1": "Siti"}
        await desk.disk.ask(OFFER)
        [call] = world().calls
        await does("answer", call=call)
        await desk.disk.ask(DeskAnswered(call, "desk-1"))
        await does("verify", call=call)
        [incident] = world().incidents
        report = {"kind": "KBK-BGN", "place": "Jl. Ahmad Yani 12", "narrative": "api"}
        await does("classify", incident=incident, priority=2, **report)
        assert world().incidents[incident].priority == 2
        await does("dispatch", incident=incident, agencies={"pln": "informational"})
        [dispatch] = world().incidents[incident].dispatches.values()
        assert (dispatch.agency, dispatch.role) == ("pln", Role.INFORMATIONAL)
        await does("end-call", call=call)
        await does("file-call", call=call, disposition="emergency")
        assert world().calls == {}
        await does("close-incident", incident=incident, text="padam")
        assert world().incidents == {}
        await does("acknowledge-alarms")
        await does("sign-out")
        assert world().desks == {}

    run(tmp_path, story)


def test_priority_one_goes_out_in_one_action(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        call = await answered(desk)
        roles = {"damkarmat": "dispatched", "psc119": "assisting"}
        report = {"kind": "KBK-BGN", "place": "Pasar Baru", "narrative": ""}
        given = {"desk": "desk-1", "call": call, "agencies": roles, **report}
        assert (await desk.do("dispatch-at-once", given)).status == 200
        [incident] = desk.disk.world.incidents.values()
        assert {d.agency: d.role for d in incident.dispatches.values()} == roles

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("action", "fields", "says"),
    [
        ("answer", {"desk": "desk-1", "call": 999}, "sudah tidak ada / call 999 is no longer"),
        ("answer", {"desk": "desk-2", "call": 1}, "masuk dahulu di meja ini / sign in"),
        ("sign-in", {"desk": "desk-9", "taker": "Ani"}, "tidak ada meja desk-9 / there is no"),
        ("sign-in", {"desk": "desk-2", "taker": " \n "}, "tulis nama petugas / write"),
        ("sign-in", {"desk": "desk-2", "taker": "x" * 201}, "terlalu panjang"),
        ("dispatch", {"desk": "desk-1", "incident": 1, "agencies": {}}, "pilih sedikitnya satu"),
        ("close-incident", {"desk": "desk-1", "incident": 1, "text": " "}, "tulis hasil"),
        ("cancel-incident", {"desk": "desk-1", "incident": 1, "text": ""}, "tulis alasan"),
        ("close-callback", {"desk": "desk-1", "callback": 7}, "panggilan balik 7 sudah selesai"),
        ("read-sms", {"desk": "desk-1", "sms": 7}, "pesan 7 sudah dibaca"),
    ],
)
def test_the_impossible_is_refused_with_a_reason_and_changes_nothing(
    tmp_path: Path, action: str, fields: Shown, says: str
) -> None:
    async def story(desk: Desk) -> None:
        await desk.disk.ask(SignIn("desk-1", "Siti"))
        before = desk.disk.world
        response = await desk.do(action, fields)
        assert response.status == 409
        assert says in (await response.json())["message"]
        assert desk.disk.world == before

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("sign-in", b""),
        ("sign-in", b"\xff\xfe"),
        ("sign-in", b"[" * 10_000),
        ("sign-in", b"[]"),
        ("sign-in", b'{"desk": "desk-1", "taker": 5}'),
        ("sign-in", b'{"desk": "desk-1", "taker": "\\ud800"}'),
        ("sign-in", b'{"desk": "desk-1", "taker": "a\\u0000b"}'),
        ("sign-in", b'{"desk": null, "taker": "Siti"}'),
        ("answer", b'{"desk": "desk-1", "call": true}'),
        ("answer", b'{"desk": "desk-1", "call": -1}'),
        ("answer", b'{"desk": "desk-1", "call": 1.5}'),
        ("answer", b'{"desk": "desk-1", "call": 99999999999999999999}'),
        ("answer", b'{"desk": "desk-1", "call": ' + b"9" * 5000 + b"}"),
        ("file-call", b'{"desk": "desk-1", "call": 1, "disposition": "lucu"}'),
        ("dispatch", b'{"desk": "desk-1", "incident": 1, "agencies": ["pln"]}'),
        ("dispatch", b'{"desk": "desk-1", "incident": 1, "agencies": {"pln": "boss"}}'),
        ("dispatch", b'{"desk": "desk-1", "incident": 1, "agencies": {"pln": []}}'),
    ],
)
def test_a_form_that_no_page_of_ours_sends_changes_nothing(
    tmp_path: Path, action: str, body: bytes
) -> None:
    async def story(desk: Desk) -> None:
        await desk.disk.ask(SignIn("desk-1", "Siti"))
        before = desk.disk.world
        response = await desk.do(action, body)
        assert response.status == 400
        assert "isian rusak" in (await response.json())["message"]
        assert desk.disk.world == before

    run(tmp_path, story)


def test_too_big_a_form_and_unknown_actions_are_turned_away(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert (await desk.do("sign-in", b" " * 100_000)).status == 413
        assert (await desk.do("reboot", {"desk": "desk-1"})).status == 404

    run(tmp_path, story)


# --- words --------------------------------------------------------------------------------------

SAID = re.compile(r"""\bword\(\s*(?:\w+ \? )?"(\w+)"(?: : "(\w+)")?\s*[,)]|\bw\("(\w+)"\)""")


def test_every_word_on_the_screen_is_in_the_catalogue_in_both_languages() -> None:
    assert LANGUAGES == ("id", "en")
    assert all(text.strip() for pair in WORDS.values() for text in pair)
    slots = re.compile(r"\{\w+\}")
    for key, (indonesian, english) in WORDS.items():
        assert sorted(slots.findall(indonesian)) == sorted(slots.findall(english)), key
    for path in (*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.js")):
        for found in SAID.findall(path.read_text()):
            assert {key for key in found if key} <= WORDS.keys(), (path.name, found)
    assert wanted_by_states() <= WORDS.keys()


def test_no_word_is_kept_that_nobody_says() -> None:
    said = "\n".join(p.read_text() for p in (*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.js")))
    idle = {key for key in WORDS if not re.search(rf'["`]{key}["`]', said)}
    assert idle - wanted_by_states() == set()


def wanted_by_states() -> set[str]:
    """Keys that scripts put together from what the domain can say."""
    families: dict[str, list[str]] = {
        "call_": list(CallState),
        "incident_": list(IncidentState),
        "dispatch_": [*DispatchState, "informed"],
        "channel_": list(Channel),
        "reason_": [r for r in EndReason if not r.startswith(("completed", "transferred"))],
        "role_": list(Role),
        "disposition_": list(Disposition),
        "source_": list(LocationSource),
        "signal_": list(Signal),
        "lamp_": list(OUTPUTS),
        "clock_": ["holdover", "unset"],
        "rung_": ["1", "2"],
    }
    return {start + end for start, ends in families.items() for end in ends}


def test_no_page_speaks_past_the_catalogue() -> None:
    for path in CONSOLE.rglob("*.html"):
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<kbd>.*?</kbd>|<!doctype.*?>", "", path.read_text())
        words = re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", " ", text))
        assert words == [], path.name
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=\"[^\"]*:", text)
