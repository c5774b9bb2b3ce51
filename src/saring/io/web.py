"""Pages and files by their web addresses, read with the standard library alone.

What a server says is not trusted: it may be endless, slow, another file than before, or point elsewhere.
"""

from __future__ import annotations

import io
import re
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from threading import Thread
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from saring import __version__
from saring.errors import LostConnectionError, masked
from saring.io.connections import MAX_REASON_CHARS, WEB, Absent, Changed, Facts, Refused, T, tried

SILENCE_SECONDS = 60  # a server that sends nothing for so long sends nothing more
ANSWER_SECONDS = 30  # until the file begins, redirects and all: somebody waits
MAX_SECONDS = 6 * 3600  # for all of it: a server may send a byte a minute
TRIES = (0.5, 1.0)  # seconds before each further try: somebody waits for a page
BY_HAND = "save the page in a browser and give the file"


class Silent(Refused):
    """A server took a request and answered nothing; asking again would only double the wait."""


_NO_HEAD = (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
_UNSAFE = re.compile(r"[^!-~]+")  # what no request line may hold


def is_web_address(given: str) -> bool:
    """Return whether a source is a web address rather than a path."""
    scheme, colon, _ = given.partition("://")
    return bool(colon) and scheme.lower() in WEB


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, ten at most, to web addresses alone, and from https to https alone."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Return the request that follows, or raise URLError."""
        if not is_web_address(newurl) or (req.type == "https" and not newurl.startswith("https://")):
            fp.close()
            raise urllib.error.URLError(f"redirected to {newurl[:MAX_REASON_CHARS]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def answer(request: urllib.request.Request) -> HTTPResponse:
    """Return what a server answers; a thread waits, as looking up a name has no time limit."""
    found: Future[HTTPResponse] = Future()

    def open_address() -> None:
        try:
            found.set_result(urllib.request.build_opener(Redirects).open(request, timeout=SILENCE_SECONDS))
        except Exception as error:  # raised again for the caller
            found.set_exception(error)

    Thread(target=open_address, daemon=True).start()
    wait([found], timeout=ANSWER_SECONDS)
    if not found.done():
        raise TimeoutError(f"no answer within {ANSWER_SECONDS} seconds")
    return found.result()


def facts(address: str) -> Facts:
    """Return what a server says of a page; it is opened for that where the server answers no HEAD."""
    with _opened(address, "HEAD") as response:
        return _facts(response)


def _facts(response: HTTPResponse) -> Facts:
    headers = response.headers
    etag = headers.get("ETag", "")
    tag = "" if etag.startswith("W/") else etag  # a weak one promises nothing about bytes
    length = headers.get("Content-Length", "")
    size = int(length) if re.fullmatch(r"[0-9]{1,15}", length) and not headers.get("Transfer-Encoding") else None
    kind = headers.get_content_type() if headers.get("Content-Type") else ""
    return Facts(False, size, tag or headers.get("Last-Modified", "") or etag, kind)


def _opened(address: str, method: str = "GET", **headers: str) -> HTTPResponse:
    """Return the response, whose body is still to be read; `Refused` where there is none."""

    def ask() -> HTTPResponse:
        nonlocal method
        try:
            return answer(_request(address, method, headers))
        except urllib.error.HTTPError as error:
            error.close()
            if method == "HEAD" and error.code in _NO_HEAD:
                method = "GET"
                return ask()
            raise
        except TimeoutError:
            found = f"the server does not answer: it sent nothing for {ANSWER_SECONDS} seconds"
            raise Silent(found, f"try again later, or {BY_HAND}") from None

    return _said(address, ask)


def _said(address: str, action: Callable[[], T]) -> T:
    """Return what an action on a page returns; `Refused` in words that fit a page."""
    try:
        return tried(action, masked(address), TRIES)
    except LostConnectionError as error:
        why = str(error).partition("(")[2].rpartition(");")[0]
        raise Refused(
            f"the server does not answer: {why}", f"check the address and the network, or {BY_HAND}"
        ) from None
    except Absent:
        raise Absent("the server has no such page", "check the address") from None
    except (Changed, Silent):
        raise
    except Refused as error:
        raise Refused(f"the server says: {error.strerror}", f"check the address, or {BY_HAND}") from None


def _request(address: str, method: str, headers: dict[str, str]) -> urllib.request.Request:
    """Return a request; name and password in an address become a header that no redirect takes along."""
    parts = urlsplit(_UNSAFE.sub(lambda found: quote(found[0]), address.partition("#")[0]))
    account, _, server = parts.netloc.rpartition("@")
    with suppress(UnicodeError):
        server = unquote(server).encode("idna").decode()
    clean = urlunsplit(parts._replace(netloc=server))
    request = urllib.request.Request(clean, headers={"User-Agent": f"saring/{__version__}", **headers}, method=method)
    if account:
        word = b64encode(unquote(account).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {word}")
    return request


class WebReader(io.RawIOBase):
    """A page or file of the web from front to back; a read that breaks goes on if the server has the same still."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._at = 0
        self._response = _opened(address)
        self._facts = _facts(self._response)
        self._ends = time.monotonic() + MAX_SECONDS

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Put the next bytes into a buffer and return how many; 0 at the end."""
        data = _said(self._address, partial(self._next, len(buffer)))
        self._at += len(data)
        if time.monotonic() > self._ends:
            raise Refused(f"it is not there after {MAX_SECONDS / 3600:g} hours", BY_HAND)
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        """Return the next bytes; on an error the next call asks for what follows them."""
        if self._response.closed and not self._is_complete():
            self._go_on()
        try:
            data = self._response.read1(size)
        except (OSError, HTTPException):
            self._response.close()
            raise
        if not data and self._facts.size is not None and not self._is_complete():
            self._response.close()
            raise TimeoutError(f"the server ended after {self._at:,} of {self._facts.size:,} bytes")
        return data

    def _is_complete(self) -> bool:
        return self._at == self._facts.size

    def _go_on(self) -> None:
        """Ask for what follows the bytes that were read."""
        tag = self._facts.tag
        if tag.startswith("W/") or not tag:
            raise Refused(f"the server broke off after {self._at:,} bytes, and cannot say what follows", BY_HAND)
        response = answer(_request(self._address, "GET", {"Range": f"bytes={self._at}-", "If-Range": tag}))
        begins = response.headers.get("Content-Range", "").startswith(f"bytes {self._at}-")
        if response.status != HTTPStatus.PARTIAL_CONTENT or not begins or _facts(response).tag != tag:
            response.close()
            raise Changed(f"it broke off after {self._at:,} bytes and is another one now, or comes as a whole only",
                          "run again")  # fmt: skip
        self._response = response

    def close(self) -> None:
        """Close the connection."""
        if not self.closed:
            self._response.close()
        super().close()
