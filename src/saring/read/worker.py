"""Pages read in a process of their own, which a page may crash or hang at the cost of one row.

One worker lives for many pages and is started anew after a crash or a time-out. Parent and worker
speak JSON over pipes, never pickle: a page that took over the parser could say nothing worse than
a wrong record.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import IO, Any, Self

import orjson

from saring.article import Record
from saring.errors import InputError, MissingExtraError
from saring.processes import WorkerProcess, name_of, named
from saring.read.html import page_record, without_images

__all__ = ["MAX_SAVED_BYTES", "PAGE_SECONDS", "PageReader"]

MAX_SAVED_BYTES = 100_000_000  # of a page with the images that are written out in it
MAX_PAGE_BYTES = 20_000_000  # the largest news page seen is 4 MB; lxml needs some 10 times the size
PAGE_SECONDS = 30.0  # a page of the largest size takes 5 to 10 seconds
START_SECONDS = 60.0  # a cold disk on a busy machine; usually 0.2
MAX_MEMORY_BYTES = 4 << 30  # address space of the worker, so that a page cannot take the machine

ParsePage = Callable[[bytes, str], Record]


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
        if any(find_spec(name) is None for name in ("lxml", "trafilatura")):
            raise MissingExtraError("html", "reading HTML")
        self._seconds = seconds
        self._parse_page = parse_page
        self._process: WorkerProcess | None = None

    def read(self, html: bytes, name: str) -> Record:
        """Return the record of one page.

        Raises
        ------
        InputError
            The page is too large or holds no text, or reading it took too long or crashed.
        """
        if MAX_PAGE_BYTES < len(html) <= MAX_SAVED_BYTES:
            html = without_images(html.decode("latin-1")).encode("latin-1")
        if len(html) > MAX_PAGE_BYTES:
            raise InputError(
                f"{name}: found a page of more than {MAX_PAGE_BYTES:,} bytes; expected a saved "
                "article page; take it out or cut it down"
            )
        process = self._running()
        request = orjson.dumps({"name": name, "bytes": len(html)}) + b"\n" + html
        answer, late = _ask(process, request, self._seconds)
        if answer is None:
            how = (
                f"took longer than {self._seconds:g} seconds and was given up"
                if late
                else f"crashed the page reader ({process.ending()})"
            )
            self.close()
            raise InputError(f"{name}: the page {how}; expected a saved article page; take it out")
        if late:
            self.close()
        if answer["error"]:
            raise InputError(answer["error"])
        return Record(**answer["record"])

    def close(self) -> None:
        """End the worker, if one runs."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _running(self) -> WorkerProcess:
        """Return the worker, started if there is none."""
        if self._process is not None and self._process.runs:
            return self._process
        self.close()
        parse_page = self._parse_page
        # The parsers' remarks on bad markup are no news to the user.
        process = WorkerProcess(serve, name_of(parse_page), needs=parse_page, quiet=True)
        self._process = process
        ready, _ = _ask(process, b"", START_SECONDS)
        if ready is None:
            self._process = None
            raise InputError(
                f"the page reader did not start ({process.ending()}); try: "
                f'{sys.executable} -I -c "import saring.read.worker, lxml.html, trafilatura"'
            )
        return process


def serve(answers: IO[bytes], parse: str) -> None:
    """Answer the parent's pages one by one until its end of the pipe closes; runs in the worker."""
    _limit_memory()
    parse_page: ParsePage = named(parse)
    import_module("lxml.html")  # before the clock runs
    gc.enable()
    _answer(answers, {})
    while header := sys.stdin.buffer.readline():
        request = orjson.loads(header)
        html = sys.stdin.buffer.read(request["bytes"])
        _answer(answers, _outcome(parse_page, html, request["name"]))


def _outcome(parse_page: ParsePage, html: bytes, name: str) -> dict[str, Any]:
    try:
        return {"record": asdict(parse_page(html, name)), "error": ""}
    except InputError as error:
        return {"record": None, "error": str(error)}
    except Exception as error:  # the boundary of the process: what a page breaks is one row's error
        what = f"{type(error).__name__}: {error}"
        return {"record": None, "error": f"{name}: the page broke the page reader ({what:.200})"}


def _ask(
    process: WorkerProcess, request: bytes, seconds: float
) -> tuple[dict[str, Any] | None, bool]:
    """Return the worker's answer, None if it died first, and whether time ran out."""
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
    except OSError:  # it ended before it had read all
        line = b""
    finally:
        timer.cancel()
        timer.join()
    return (orjson.loads(line) if line.endswith(b"\n") else None), late.is_set()


def _answer(answers: IO[bytes], value: dict[str, Any]) -> None:
    answers.write(orjson.dumps(value) + b"\n")
    answers.flush()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
