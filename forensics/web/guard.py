"""The guard: lets in whoever knows the token, under the names that this server was given, and nobody else.

The token stands in the path, not in a cookie: cookies of 127.0.0.1 go to every port, also to those of other
people on this machine, and a page elsewhere cannot make the browser add a path that it does not know.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS: Final = ("GET", "HEAD")
_OWN_SITES: Final = ("same-origin", "none")

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of everything but reports: nothing from elsewhere, nothing inline."""

REPORT_POLICY: Final = "sandbox allow-scripts; frame-ancestors 'self'"
"""On top of the report's own: an origin of its own, which can reach neither the page nor the API."""

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def report_key(token: str, case_id: str) -> str:
    """What opens one report and nothing else: a report that is open does not know the token."""
    return hmac.new(token.encode(), f"report {case_id}".encode(), hashlib.sha256).hexdigest()[:32]


class Guard:
    """Checks Host, token and origin of every request; hands on the path without the token.

    Args:
        hosts: values of ``Host`` that are this server's, with the port.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Iterable[str]) -> None:
        self._app = app
        self._token = token
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        guarded = _with_headers(send)
        headers = Headers(scope=scope)
        path = self._inner_path(scope["path"])
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            refusal = _refusal(
                421, "This server does not go by that name", "Use the address that it printed."
            )
        elif path is None:
            refusal = _refusal(404, "There is nothing here", "Use the whole address that the server printed.")
        elif path == "":
            await RedirectResponse(scope["path"] + "/")(scope, receive, guarded)
            return
        elif scope["method"] not in _SAFE_METHODS and not self._own(headers):
            refusal = _refusal(403, "The request comes from another page", "Use the page of this server.")
        else:
            await self._app(dict(scope, path=path, raw_path=path.encode()), receive, guarded)
            return
        await refusal(scope, receive, guarded)

    def _inner_path(self, path: str) -> str | None:
        """The path behind the token, or of a report with its own key; None for whoever knows neither."""
        _, first, *rest = path.split("/")
        if hmac.compare_digest(first.encode(), self._token.encode()):
            return "/".join(["", *rest]) if rest else ""
        if first == "reports" and len(rest) == 2 and _is_key(rest[1], report_key(self._token, rest[0])):
            return f"/reports/{rest[0]}"
        return None

    def _own(self, headers: Headers) -> bool:
        """Whether nothing says that another page made the browser send it."""
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "none")
        return site in _OWN_SITES and (
            origin is None or origin.lower().removeprefix("http://").removeprefix("https://") in self._hosts
        )


def _is_key(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", PAGE_POLICY)
            for name, value in _HEADERS.items():
                headers[name] = value
        await send(message)

    return guarded


def _refusal(status: int, message: str, hint: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "hint": hint}}, status)
