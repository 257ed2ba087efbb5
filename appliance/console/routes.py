"""The console's addresses: the page, the site's words and tables, the live picture, the actions."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from appliance.clock import Clock
from appliance.console.access import Door, guard
from appliance.console.actions import ACTIONS, FORM_BYTES_MAX, Form, Malformed, request
from appliance.console.feed import Feed
from appliance.console.snapshot import site
from appliance.console.words import LANGUAGES, word
from appliance.disk import Disk
from appliance.domain.events import Disposition
from appliance.domain.levels import OUTPUTS
from appliance.domain.requests import Refused
from appliance.domain.routing import Role
from appliance.domain.rules import Rules
from appliance.journal import JournalError

_HERE = Path(__file__).parent


class Pages:
    def __init__(
        self, disk: Disk, clock: Clock, rules: Rules, timezone: str, language: str
    ) -> None:
        self._disk, self._clock, self._rules = disk, clock, rules
        self._timezone, self._language = timezone, language
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def page(self, asked: web.Request) -> web.Response:
        chosen = asked.cookies.get("language")
        language = chosen if chosen in LANGUAGES else self._language
        text = self._templates.get_template("console.html").render(
            language=language,
            word=lambda key: word(key, language),
            outputs=OUTPUTS,
            dispositions=list(Disposition),
            roles=list(Role),
        )
        return web.Response(text=text, content_type="text/html")

    async def site(self, asked: web.Request) -> web.Response:
        return web.json_response(site(self._rules, self._timezone, self._clock.utc_ms()))

    async def act(self, asked: web.Request) -> web.Response:
        """Do what a person asked; 409 with the reason when it makes no sense now."""
        action = asked.match_info["action"]
        if action not in ACTIONS:
            return _answer(404, "tidak ada tindakan itu / there is no such action")
        try:
            given = request(action, Form.read(await asked.read()), self._disk.world)
            await self._disk.ask(given)
        except Malformed as error:
            return _answer(400, str(error))
        except Refused as refusal:
            return _answer(409, str(refusal))
        except JournalError as error:
            return _answer(503, f"TIDAK tersimpan / NOT stored: {error}")
        return _answer(200, "")

    def locked(self) -> str:
        return self._templates.get_template("locked.html").render(languages=LANGUAGES, word=word)


def application(
    disk: Disk, clock: Clock, rules: Rules, *, token: str, timezone: str, language: str
) -> web.Application:
    pages = Pages(disk, clock, rules, timezone, language)
    feed = Feed(disk, clock, rules)
    door = Door(token, pages.locked())
    app = web.Application(middlewares=[door.watch], client_max_size=FORM_BYTES_MAX)
    app.on_response_prepare.append(guard)
    app.on_shutdown.append(feed.close)
    app.router.add_get("/", pages.page)
    app.router.add_get("/site", pages.site)
    app.router.add_get("/live", feed.stream)
    app.router.add_post("/do/{action}", pages.act)
    app.router.add_static("/static", _HERE / "static")
    return app


def _answer(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
