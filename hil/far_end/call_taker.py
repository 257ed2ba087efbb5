"""A call taker at the console: presses its buttons over HTTP, as the page does.

    async with CallTaker(console_url, "desk-1", "Siti") as siti:
        await siti.do("answer", call=17)

Refusals are raised with the text that the page would show.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import ClientSession, CookieJar


class ConsoleRefused(Exception):
    """The console said no; the text is what a person would read."""


class CallTaker:
    def __init__(self, console_url: str, desk: str, name: str) -> None:
        self.desk, self.name = desk, name
        at = urlsplit(console_url)
        self._door, self._origin = console_url, f"{at.scheme}://{at.netloc}"
        # The console is on an address, which browsers allow cookies for and aiohttp does not.
        self._browser = ClientSession(cookie_jar=CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        async with self._browser.get(self._door) as page:
            if page.status != 200:
                raise ConsoleRefused(f"{page.status} {await page.text()}")
        await self.do("sign-in", taker=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._browser.close()

    async def do(self, action: str, **fields: Any) -> None:
        """Press the button `action` with the form `fields`. Raises ConsoleRefused."""
        async with self._browser.post(
            f"{self._origin}/do/{action}",
            json={"desk": self.desk, **fields},
            headers={"X-Siaga": "1", "Origin": self._origin},
        ) as answer:
            if answer.status != 200:
                raise ConsoleRefused((await answer.json())["message"])
