"""Around every route: known hosts, bounded bodies, headers that keep a page to itself, and a log without secrets."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
"""Bytes of a request's body; the longest form has a tenth."""
MAX_QUERY = 8 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise."""
WENT_WRONG = (
    "Something went wrong. Please try again later.\n問題が発生しました。しばらくしてからもう一度お試しください。"
)
_log = logging.getLogger("ccm.api")


class BodyTooLong(Exception):
    """The request's body passes `MAX_BODY`."""


class Guard:
    """Middleware. `open_paths` answer under any host name: a load balancer asks for them by address."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], open_paths: Collection[str]) -> None:
        self._app, self._hosts, self._open = app, hosts, frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        began = time.perf_counter()
        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, answer)
            else:
                await self._app(scope, _Bounded(receive), answer)
        except BodyTooLong:
            if not answer.status:
                await _refused(413, "The request is too long.")(scope, receive, answer)
        except Exception as error:
            # By type only: the words of an error can quote a token or a customer.
            _log.error("an error of type %s", type(error).__name__)
            if not answer.status:
                await _refused(500, WENT_WRONG)(scope, receive, answer)
        finally:
            # The route's pattern instead of the path, and no query: a token is a credential.
            route = getattr(scope.get("route"), "path", "-")
            passed = (time.perf_counter() - began) * 1000
            method = scope["method"] if scope["method"].isalpha() else "-"
            _log.info("%s %s %d %.0f ms", method, route, answer.status, passed)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if scope["path"] not in self._open and _host(headers.get("host", "")) not in self._hosts:
            return _refused(400, "No such host.")
        if len(scope.get("query_string", b"")) > MAX_QUERY:
            return _refused(414, "The address is too long.")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > MAX_BODY:
            return _refused(413, "The request is too long.")
        return None


class _Bounded:
    """Counts the body as it comes: a length can be missing, or a lie."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._read = receive, 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > MAX_BODY:
            raise BodyTooLong
        return message


class _Answer:
    """Puts `HEADERS` on what is sent, and keeps its status."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _host(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _refused(status: int, words: str) -> PlainTextResponse:
    return PlainTextResponse(words + "\n", status)
