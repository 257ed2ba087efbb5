"""Who may look and act: whoever holds the token printed at start, from this page only.

Accounts come later; until then the console listens on loopback. The token travels once, in the
address; then a cookie carries it that scripts cannot read and other sites cannot send. An action
must also come from this origin and bear a header that no other site's form can set (OWASP
Cross-Site Request Forgery Prevention: SameSite, Origin, custom header).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hmac import compare_digest

from aiohttp import web

HEADER = "X-Siaga"
_GUARDS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; frame-ancestors 'none';"
        " base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # callers' numbers must not stay on the disk of a browser
}
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """`locked` is the page for whoever has no key."""

    def __init__(self, token: str, locked: str) -> None:
        self._token, self._locked = token.encode(), locked

    @web.middleware
    async def watch(self, request: web.Request, handler: Answering) -> web.StreamResponse:
        if (given := request.query.get("token")) is not None and request.path == "/":
            return self._enter(request) if self._is_key(given) else self._turned_away()
        if not self._is_key(request.cookies.get(_cookie(request), "")):
            return self._turned_away()
        if request.method == "POST" and not _from_our_page(request):
            raise web.HTTPForbidden(text="bukan dari konsol ini / not from this console")
        return await handler(request)

    def _is_key(self, given: str) -> bool:
        return compare_digest(given.encode("utf-8", "replace"), self._token)

    def _enter(self, request: web.Request) -> web.Response:
        response = web.Response(status=303, headers={"Location": "/"})
        key = self._token.decode()
        response.set_cookie(_cookie(request), key, httponly=True, samesite="Strict")
        return response

    def _turned_away(self) -> web.Response:
        return web.Response(status=401, text=self._locked, content_type="text/html")


async def guard(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the browser what this page may do: for every response, errors too."""
    response.headers.update(_GUARDS)


def _cookie(request: web.Request) -> str:
    # Cookies know no ports: a second box on this machine must not overwrite the first one's key.
    sockname = request.transport.get_extra_info("sockname") if request.transport else None
    return f"siaga-{sockname[1]}" if sockname else "siaga"


def _from_our_page(request: web.Request) -> bool:
    origin = request.headers.get("Origin", "")
    return origin == f"{request.scheme}://{request.host}" and HEADER in request.headers
