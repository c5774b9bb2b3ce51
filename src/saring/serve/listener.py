"""A server on a port: uvicorn, with a time limit for clients that do not say what they want, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import orjson

from saring.errors import ConfigError, MissingExtraError, UsageError
from saring.kernel.text_arrays import cores
from saring.predict import Model
from saring.serve.limits import PROBLEM_TYPE, Limits, Problem
from saring.serve.security import TOKEN_CHARS, Access, hosts, is_loopback

try:
    import h11
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as error:
    raise MissingExtraError("serve", "serving") from error

HEAD_SECONDS = 10.0  # that the head of a first request may take to arrive
REST_SECONDS = 60.0  # after an answer, for reading it and for the head of the next request
HEAD_BYTES = 32_768
IDLE_SECONDS = 15  # that a connection is kept for another request
BACKLOG = 1_024  # connections that may wait to be taken: 200 clients come at once
TOKEN_VARIABLE = "SARING_TOKEN"


class _Connection(H11Protocol):
    """A connection that ends when a request's head takes too long, or reading an answer, and that knows problems."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._wait(REST_SECONDS)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait(None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with bytes that are no request; the error is the one that uvicorn is handling."""
        problem = Problem("no-http", str(sys.exc_info()[1] or msg), "a request of HTTP/1.1", "check the client")
        body = orjson.dumps(problem.body())
        headers = {"Content-Type": PROBLEM_TYPE, "Content-Length": str(len(body)), "Connection": "close"}
        with suppress(h11.LocalProtocolError):  # an answer has begun already
            head = h11.Response(status_code=problem.status, headers=list(headers.items()))
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait(self, seconds: float | None) -> None:
        if self._late:
            self._late.cancel()
        self._late = None if seconds is None else self.loop.call_later(seconds, self._end_idle)

    def _end_idle(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


def access_to(host: str, token: str | None, allowed: Sequence[str]) -> Access:
    """Return who may ask a server that listens on `host`; UsageError where others could without a token."""
    token = os.environ.get(TOKEN_VARIABLE, "") if token is None else token
    if token and len(token) < TOKEN_CHARS:
        raise UsageError(
            f"--token: found {len(token)} characters; expected at least {TOKEN_CHARS}, which nobody guesses; "
            "make one with: openssl rand -hex 32"
        )
    if not token and not is_loopback(host):
        raise UsageError(
            f"--host {host}: other machines can reach it; expected a token that they must know; add --token TOKEN or "
            f"set {TOKEN_VARIABLE}, and put a proxy with TLS before it where the network is not yours"
        )
    return Access(hosts(host, allowed), token)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; ConfigError where the port is taken or the host is none of this machine."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(*found[:3])  # asyncio sends at once where the protocol is named, as TCP
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(found[4])
            listener.listen(BACKLOG)  # who comes before the server has started waits for it
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{host}:{port}: cannot listen there ({why}); expected an address of this machine and a free port; "
            "name another with --port, 0 for any that is free"
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(
    model: Model,
    listener: socket.socket,
    access: Access,
    *,
    workers: int | None = None,
    limits: Limits | None = None,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests until the process is told to end, and then those that are under way.

    `started` is called once, before the first request is answered.
    """
    from saring.serve.app import make_app

    limits = limits or Limits()
    config = uvicorn.Config(
        make_app(model, access, limits, workers or cores()),
        http=_Connection,
        ws="none",
        lifespan="on",
        log_config=None,  # what is asked is not logged: it would name the texts of others
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=round(limits.body_seconds + limits.answer_seconds),
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.ERROR)  # what clients do wrong is told to them
    log.addHandler(logging.StreamHandler(sys.stderr))
    # uvicorn ends in order, and then raises the signal again: there is nothing left to end.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        started()
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
