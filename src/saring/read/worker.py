"""Pages read in a process of their own, which a page may crash or hang at the cost of one row.

One worker lives for many pages and is started anew after a crash or a time-out. Parent and worker
speak JSON over pipes, never pickle: a page that took over the parser could say nothing worse than
a wrong record.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import orjson

from saring.article import Record
from saring.errors import InputError, MissingExtraError
from saring.read.html import page_record

__all__ = ["MAX_PAGE_BYTES", "PAGE_SECONDS", "PageReader"]

MAX_PAGE_BYTES = 20_000_000  # the largest news page seen is 4 MB; lxml needs some 10 times the size
PAGE_SECONDS = 30.0  # a page of the largest size takes 5 to 10 seconds
START_SECONDS = 60.0  # a cold disk on a busy machine; usually 0.2
STOP_SECONDS = 2.0  # an idle worker ends at once when its input closes
ORPHAN_SECONDS = 10  # a worker whose parent was killed ends itself so long after the time limit
MAX_MEMORY_BYTES = 4 << 30  # address space of the worker, so that a page cannot take the machine

ParsePage = Callable[[bytes, str], Record]

_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from saring.read.worker import serve; serve(sys.argv[2], float(sys.argv[3]))"
)


class PageReader:
    """Reads web pages in a worker process; use as a context manager or call `close`.

    Parameters
    ----------
    seconds : float
        Time limit for one page.
    parse_page : callable
        What the worker runs, `page_record` by default. It must stand at the top level of a module
        that can be imported by name. Tests pass functions that crash or hang.

    Raises
    ------
    MissingExtraError
        The extra "html" is not installed.
    """

    def __init__(self, seconds: float = PAGE_SECONDS, parse_page: ParsePage = page_record) -> None:
        if any(importlib.util.find_spec(name) is None for name in ("lxml", "trafilatura")):
            raise MissingExtraError("html", "reading HTML")
        self._seconds = seconds
        self._target = f"{parse_page.__module__}:{parse_page.__qualname__}"
        self._stop: weakref.finalize[Any, Any] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, html: bytes, name: str) -> Record:
        """Return the record of one page.

        Raises
        ------
        InputError
            The page is too large or holds no text, or reading it took too long or crashed.
        """
        if len(html) > MAX_PAGE_BYTES:
            raise InputError(
                f"{name}: found a page of more than {MAX_PAGE_BYTES:,} bytes; expected a saved "
                "article page; take it out or cut it down"
            )
        process = self._running()
        request = orjson.dumps({"name": name, "bytes": len(html)}) + b"\n" + html
        answer, late = _ask(process, request, self._seconds)
        if answer is None:
            status = self.close()
            how = (
                f"took longer than {self._seconds:g} seconds and was given up"
                if late
                else f"crashed the page reader ({_ending(status)})"
            )
            raise InputError(f"{name}: the page {how}; expected a saved article page; take it out")
        if late:
            self.close()
        if answer["error"]:
            raise InputError(answer["error"])
        return Record(**answer["record"])

    def close(self) -> int | None:
        """End the worker, if one runs, and return its exit status."""
        process, self._process = self._process, None
        if self._stop is not None:
            self._stop()
        return process.returncode if process else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the worker, started if there is none."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        path = orjson.dumps([entry or str(Path.cwd()) for entry in sys.path]).decode()
        process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, path, self._target, str(self._seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the parsers' remarks on bad markup are no news to the user
        )
        self._process = process
        self._stop = weakref.finalize(self, _end, process)
        ready, _ = _ask(process, b"", START_SECONDS)
        if ready is None:
            status = self.close()
            raise InputError(
                f"the page reader did not start ({_ending(status)}); try: "
                f'{sys.executable} -c "import saring.read.worker, lxml.html, trafilatura"'
            )
        return process


def serve(target: str, seconds: float) -> None:
    """Answer the parent's pages one by one until its end of the pipe closes; runs in the worker."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not run into the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _limit_memory()
    module, _, name = target.partition(":")
    parse_page: ParsePage = getattr(importlib.import_module(module), name)
    importlib.import_module("lxml.html")  # before the clock runs
    _answer(answers, {})
    while header := sys.stdin.buffer.readline():
        request = orjson.loads(header)
        html = sys.stdin.buffer.read(request["bytes"])
        if hasattr(signal, "alarm"):
            signal.alarm(int(seconds) + ORPHAN_SECONDS)
        _answer(answers, _outcome(parse_page, html, request["name"]))
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def _outcome(parse_page: ParsePage, html: bytes, name: str) -> dict[str, Any]:
    try:
        return {"record": asdict(parse_page(html, name)), "error": ""}
    except InputError as error:
        return {"record": None, "error": str(error)}
    except Exception as error:  # the boundary of the process: what a page breaks is one row's error
        what = f"{type(error).__name__}: {error}"
        return {"record": None, "error": f"{name}: the page broke the page reader ({what:.200})"}


def _ask(
    process: subprocess.Popen[bytes], request: bytes, seconds: float
) -> tuple[dict[str, Any] | None, bool]:
    """Return the worker's answer, None if it died first, and whether time ran out."""
    assert process.stdin is not None and process.stdout is not None
    late = threading.Event()

    def give_up() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        process.stdin.write(request)
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = b""
    finally:
        timer.cancel()
        timer.join()
    return (orjson.loads(line) if line.endswith(b"\n") else None), late.is_set()


def _answer(answers: IO[bytes], value: dict[str, Any]) -> None:
    answers.write(orjson.dumps(value) + b"\n")
    answers.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a worker and collect it; called once, by hand, by the collector or at exit."""
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _ending(status: int | None) -> str:
    """Return in words how a process ended."""
    if status is not None and status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
