"""What stands before the application: who may ask, how much may arrive and how long, and the headers of each answer."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson

from saring.html_reports.rendering import code_hash
from saring.serve.limits import PROBLEM_TYPE, Limits, Problem

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
OPEN_PATHS = ("/healthz", "/readyz", "/login")  # that need no token
COOKIE = "saring"
TOKEN_CHARS = 16  # of the shortest token that nobody guesses
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"  # the policy of answers that are no page


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask."""

    hosts: frozenset[str]  # names that requests may be addressed to, without port, in lower case
    token: str = ""  # that each request needs; none where only this machine can ask

    def has_cookie(self, value: str) -> bool:
        """Return whether a cookie is the one that `cookie` gives."""
        return hmac.compare_digest(value.encode(), self.cookie().encode())

    def cookie(self) -> str:
        """Return what a browser holds in place of the token."""
        return hashlib.sha256(b"saring cookie " + self.token.encode()).hexdigest()

    def has_token(self, token: str) -> bool:
        """Return whether this is the token, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())


def is_loopback(host: str) -> bool:
    """Return whether nobody but this machine can reach a host.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("example.id")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def hosts(host: str, allowed: Iterable[str] = ()) -> frozenset[str]:
    """Return the names that requests may be addressed to."""
    names = {*LOOPBACK, *allowed} | ({host} - {"0.0.0.0", "::"})
    return frozenset(host_of(name) or name.lower().strip("[]") for name in names)  # one may be given with its port


def host_of(address: str) -> str:
    """Return the name in a Host header, without its port; empty where there is none.

    >>> host_of("localhost:8765"), host_of("[::1]:80"), host_of("Example.ID."), host_of("a@b")
    ('localhost', '::1', 'example.id', '')
    """
    try:
        parts = urlsplit(f"//{address}")
        _ = parts.port  # raises for one that is no number
    except ValueError:
        return ""
    if parts.netloc != address or "@" in address:
        return ""
    return (parts.hostname or "").rstrip(".")


def page_policy(script: str, styles: Iterable[str]) -> str:
    """Return the content-security policy of a page: its own script and styles, and nothing else from anywhere."""
    return (
        f"default-src 'none'; script-src '{code_hash(script)}'; "
        f"style-src {' '.join(repr(code_hash(style)) for style in styles)}; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


class Guard:
    """Lets requests through to the application that may ask, arrive in time, and are not too large."""

    def __init__(self, app: Application, access: Access, limits: Limits) -> None:
        self._app, self._access, self.limits = app, access, limits
        self._arriving = 0  # bytes of requests that have not arrived whole

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = _Body(self, receive, headers.get("content-length", ""))
        send = _with_headers(_draining(send, body))
        try:
            self._check(scope, headers)
            if scope["method"] == "HEAD":  # the same as GET, of which uvicorn leaves out the body
                scope = {**scope, "method": "GET"}
            await self._app(scope, body.receive, send)
        except Problem as problem:
            if problem.name == "token" and "text/html" in headers.get("accept", ""):
                await _to_login(send)
            else:
                await _answer(problem, send)
        finally:
            body.close()

    def _check(self, scope: MutableMapping[str, Any], headers: dict[str, str]) -> None:
        """Raise Problem for a request that may not be answered."""
        host = headers.get("host", "")
        if host_of(host) not in self._access.hosts:
            raise Problem(
                "foreign-host",
                f"the host {host[:200]!r}",
                f"one of {', '.join(sorted(self._access.hosts))}",
                "ask under one of these, or start the server with --allowed-host NAME",
            )
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            _check_origin(headers, host)
        if self._access.token and scope["path"] not in OPEN_PATHS:
            self._check_token(headers)
        if (packed := headers.get("content-encoding", "identity")).lower() != "identity":
            raise Problem("media-type", f"the encoding {packed[:100]!r}", "a body as it is", "send it unpacked")

    def _check_token(self, headers: dict[str, str]) -> None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._access.has_token(token.strip()):
            return
        cookies = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
        if any(name == COOKIE and self._access.has_cookie(value) for name, _, value in cookies):
            return
        raise Problem(
            "token",
            "another token" if token else "no token",
            "the one that the server was started with, as in `Authorization: Bearer TOKEN`",
            "send it, or type it in at /login",
            {"WWW-Authenticate": "Bearer"},
        )

    def too_large(self, found: str) -> Problem:
        """Return the problem of a request that is too large."""
        expected = f"at most {self.limits.body_bytes:,} bytes"
        return Problem("too-large", found, expected, "send fewer articles in a request", {"Connection": "close"})

    def arrived(self, size: int) -> None:
        """Count bytes of a request that arrive, or, negative, that are dropped."""
        self._arriving += size
        if size > 0 and self._arriving > self.limits.arriving_bytes:
            found = f"{self._arriving:,} bytes that arrive from all"
            expected = f"at most {self.limits.arriving_bytes:,}"
            raise Problem("busy", found, expected, "try again", {"Retry-After": "2", "Connection": "close"})


class _Body:
    """The body of one request as it arrives."""

    def __init__(self, guard: Guard, receive: Receive, announced: str) -> None:
        self._guard, self._receive = guard, receive
        self._announced = int(announced) if announced.isdecimal() else 0
        self._end = time.monotonic() + guard.limits.body_seconds
        self._size = 0
        self._whole = False

    async def receive(self) -> Message:
        """Return the next message; Problem where it does not come in time, or all together is too large."""
        if self._whole:
            return await self._receive()
        # Who reads the body answers what is too large: the page in words, the API as a problem.
        if self._announced > self._guard.limits.body_bytes:
            raise self._guard.too_large(f"{self._announced:,} bytes")
        try:
            async with asyncio.timeout(self._end - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise Problem(
                "slow-body",
                f"a request that had not arrived after {self._guard.limits.body_seconds:g} seconds",
                "one that arrives sooner",
                "send less at a time",
                {"Connection": "close"},
            ) from None
        size = len(message.get("body", b""))
        self._size += size
        self._whole = not message.get("more_body")
        self._guard.arrived(size)
        if self._size > self._guard.limits.body_bytes:
            raise self._guard.too_large(f"more than {self._guard.limits.body_bytes:,} bytes")
        return message

    async def drain(self) -> None:
        """Drop some of what still arrives: a client that sends does not read its answer."""
        dropped = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(self._end - time.monotonic()):
                while not self._whole and dropped < 10 * self._guard.limits.body_bytes:
                    message = await self._receive()
                    dropped += len(message.get("body", b""))
                    self._whole = not message.get("more_body")

    def close(self) -> None:
        """Count the body as dropped."""
        self._guard.arrived(-self._size)


def _check_origin(headers: dict[str, str], host: str) -> None:
    """Raise Problem where a browser sends a form of another site's page."""
    site = headers.get("sec-fetch-site", "none")
    origin = headers.get("origin", "null")  # browsers say "null" for a page that tells no referrer
    if site not in ("none", "same-origin") or (origin != "null" and origin.lower().partition("://")[2] != host.lower()):
        raise Problem(
            "foreign-page",
            f"a request from {origin[:200]!r} ({site})",
            "one of this server's own page",
            "open the server's own page, or call the API from a program",
        )


def _with_headers(send: Send) -> Send:
    """Return a `send` that adds the headers of every answer."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            wanted = {**_HEADERS, "Content-Security-Policy": NO_PAGE, "Cache-Control": "no-store"}
            added = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]
            message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in given)]
        await send(message)

    return with_headers


def _draining(send: Send, body: _Body) -> Send:
    """Return a `send` that closes the connection of a request that is too large only after some more has arrived."""
    status = 0

    async def draining(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and message["type"] == "http.response.body":
            await send({**message, "more_body": True})
            await body.drain()
            message = {"type": "http.response.body"}
        await send(message)

    return draining


async def _to_login(send: Send) -> None:
    """Send a person's browser to where the token is typed in."""
    headers = [(b"location", b"/login"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body"})


async def _answer(problem: Problem, send: Send) -> None:
    """Answer a request with a problem."""
    body = orjson.dumps(problem.body())
    headers = {**problem.headers, "Content-Type": PROBLEM_TYPE, "Content-Length": str(len(body))}
    pairs = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
