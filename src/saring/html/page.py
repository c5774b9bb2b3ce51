"""A page to a record, in a worker process that may crash or stall.

`page_record` does the work for one page. `PageReader` has it called in a process of its own, so that a page that
crashes or hangs the parser costs one row.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import IO, Any, TypeVar
from urllib.parse import urljoin

import orjson

from saring.article import Record
from saring.errors import InputError, MissingExtraError
from saring.html.source import in_utf8, is_text, page_source, without_images
from saring.processes import WorkerProcess, name_of, named, search_garbage_seldom

MAX_SAVED_BYTES = 100_000_000  # of a page with the images that are written out in it
MAX_PAGE_BYTES = 20_000_000  # the largest news page seen is 4 MB; lxml needs some 10 times the size
PAGE_SECONDS = 30.0  # a page of the largest size takes 5 to 10 seconds
START_SECONDS = 60.0  # a cold disk on a busy machine; usually 0.2
GROUP_ITEMS, GROUP_BYTES = 64, 4 << 20  # given to the worker at once: enough for the way there and back to vanish
MAX_MEMORY_BYTES = 4 << 30  # address space of the worker, so that a page cannot take the machine

ParsePage = Callable[[bytes, str], Record]
T = TypeVar("T")


def page_record(html: bytes, name: str) -> Record:
    """Return the article of a web page; `name` is its id and its place for messages.

    Each teaser link in the body is a line of its own, ``Baca juga: HEADLINE``, and its address is
    in `Record.addresses`. Where `saring.html.layout` finds no body, trafilatura extracts the text.
    InputError when the bytes are no text, the page holds none, or is too deep or too long to parse.
    """
    from saring.html.layout import body_lines
    from saring.html.markup import read_markup
    from saring.html.page_metadata import body_text, find_metadata, mark_teasers

    if not is_text(html):
        raise InputError(f"{name}: found bytes that are no text; expected a saved page; unpack it, or take it out")
    source = page_source(html)
    for sees_all in (False, True):  # some pages are hidden until their scripts have run
        markup = read_markup(source, name, sees_all=sees_all)
        mark_teasers(markup)
        found = find_metadata(markup)
        text, addresses = body_text(body_lines(markup, found.start))
        if len(text) > len(found.title):
            break
    if not text:
        from lxml.etree import ParserError
        from lxml.html import HTMLParser, document_fromstring
        from trafilatura import extract

        with suppress(ParserError):
            root = document_fromstring(source, parser=HTMLParser(encoding="utf-8"))
            text = extract(root, include_comments=False) or ""
    if not text:
        raise InputError(
            f"{name}: found no article text on the page ({len(markup.lines)} lines); "
            "expected a saved article page; take it out"
        )
    return Record(
        id=name,
        title=found.title,
        text=text,
        published=found.published,
        publisher=found.publisher,
        url=found.url,
        addresses=whole_addresses(addresses, found.url),
        where=name,
    )


def whole_addresses(addresses: Mapping[str, str], url: str) -> dict[str, str]:
    """Return the addresses of headlines as seen from a page's own."""
    found = dict(addresses)
    for headline, address in addresses.items():
        with suppress(ValueError):  # an address no browser would follow stays as it is
            found[headline] = urljoin(url, address)
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """A web page that is yet to be read, and what is known of it from elsewhere."""

    html: bytes
    name: str  # its place for messages
    id: str
    url: str = ""  # where it was fetched from; an address that the page itself gives goes first
    charset: str = ""  # as the server named it; one that the page itself declares goes first


class PageReader(AbstractContextManager["PageReader"]):
    """Reads web pages in a worker process; use as a context manager or call `close`.

    The worker is sent a group of pages at a time and answers them one by one. The first that has no answer when it
    dies, or for `seconds`, is to blame and costs its own record; those behind it go to a new worker. `parse_page` is a
    function at the top level of a module. MissingExtraError when the extra "html" is not installed.
    """

    def __init__(self, seconds: float = PAGE_SECONDS, parse_page: ParsePage = page_record) -> None:
        self._seconds = seconds
        self._parse_page = parse_page
        self._process: WorkerProcess | None = None

    def read(self, html: bytes, name: str) -> Record:
        """Return the record of one page.

        InputError when it is too large or holds no text, or when reading it took too long or crashed.
        """
        [record] = self.records([Page(html, name, name)])
        if record.error:
            raise InputError(record.error)
        return record

    def records(self, items: Iterable[Page | T]) -> Iterator[Record | T]:
        """Yield the record of each page, with `error` filled where there is none, and any other item as it is."""
        group: list[Any] = []
        size = 0
        for item in items:
            group.append(_fitting(item) if isinstance(item, Page) else item)
            size += len(item.html) if isinstance(item, Page) else 0
            if len(group) == GROUP_ITEMS or size >= GROUP_BYTES:
                yield from self._group(group)
                group, size = [], 0
        yield from self._group(group)

    def close(self) -> None:
        """End the worker, if one runs."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _group(self, items: list[Any]) -> Iterator[Any]:
        """Yield items, each page as its record."""
        records = iter(self._read([item for item in items if isinstance(item, Page)]))
        return (next(records) if isinstance(item, Page) else item for item in items)

    def _read(self, pages: Sequence[Page]) -> list[Record]:
        """Return the record of each page."""
        found: list[Record] = []
        while rest := pages[len(found) :]:
            process = self._running()
            heads = [{**asdict(replace(page, html=b"")), "html": len(page.html)} for page in rest]
            request = b"".join([orjson.dumps(heads), b"\n", *(page.html for page in rest)])
            answers, late = _answers(process, request, len(rest), self._seconds)
            found += [Record(**answer) for answer in answers]
            if len(answers) < len(rest):
                crashed = f"crashed the page reader ({process.ending()})"
                how = f"took longer than {self._seconds:g} seconds and was given up" if late else crashed
                found.append(_unread(rest[len(answers)], f"the page {how}; expected a saved article page; take it out"))
            if late or len(answers) < len(rest):
                self.close()
        return found

    def _running(self) -> WorkerProcess:
        """Return the worker, started if there is none."""
        if self._process is not None and self._process.runs:
            return self._process
        if any(find_spec(name) is None for name in ("lxml", "trafilatura")):
            raise MissingExtraError("html", "reading HTML")
        self.close()
        # The parsers' remarks on bad markup are no news to the user.
        self._process = process = WorkerProcess(serve, name_of(self._parse_page), needs=self._parse_page, quiet=True)
        if not _answers(process, b"", 1, START_SECONDS)[0]:
            self._process = None
            raise InputError(
                f"the page reader did not start ({process.ending()}); try: "
                f'{sys.executable} -I -c "import saring.html.page, lxml.html, trafilatura"'
            )
        return process


def _fitting(page: Page) -> Page | Record:
    """Return a page of a size that can be read, without its images where it is large, or why it cannot."""
    if MAX_PAGE_BYTES < len(page.html) <= MAX_SAVED_BYTES:
        page = replace(page, html=without_images(page.html.decode("latin-1")).encode("latin-1"))
    if len(page.html) <= MAX_PAGE_BYTES:
        return page
    why = (
        f"found a page of more than {MAX_PAGE_BYTES:,} bytes; expected a saved article page; take it out or cut it down"
    )
    return _unread(page, why)


def _unread(page: Page, why: str) -> Record:
    """Return the record of a page that cannot be read."""
    return Record(id=page.id, url=page.url, where=page.name, error=f"{page.name}: {why}")


def _answers(process: WorkerProcess, request: bytes, count: int, seconds: float) -> tuple[list[dict[str, Any]], bool]:
    """Return the worker's answers, fewer than `count` if it died first, and whether time ran out for one of them."""
    answers: list[dict[str, Any]] = []
    done, late = threading.Event(), threading.Event()
    until = time.monotonic() + seconds

    def watch() -> None:
        while not done.wait(max(0.0, until - time.monotonic())):
            if time.monotonic() >= until:
                late.set()
                process.kill()
                return

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        process.stdin.write(request)
        process.stdin.flush()
        while len(answers) < count and (line := process.stdout.readline()).endswith(b"\n"):
            until = time.monotonic() + seconds
            answers.append(orjson.loads(line))
    except OSError:  # it ended before it had read all
        pass
    finally:
        done.set()
        watching.join()
    return answers, late.is_set()


def serve(answers: IO[bytes], parse: str) -> None:
    """Answer the parent's groups of pages until its end of the pipe closes; runs in the worker.

    A request is a line of JSON, a list of pages with the lengths of their bytes, and the bytes. Each page is answered
    by its record, a line of JSON; the first, empty answer says that the worker is ready.
    """
    _limit_memory()
    parse_page: ParsePage = named(parse)
    import_module("saring.html.page_metadata")  # before the clock runs
    search_garbage_seldom()
    answers.write(b"{}\n")
    answers.flush()
    while header := sys.stdin.buffer.readline():
        heads = orjson.loads(header)
        for page in [Page(**{**head, "html": sys.stdin.buffer.read(head["html"])}) for head in heads]:
            answers.write(orjson.dumps(asdict(_record(page, parse_page))) + b"\n")
            answers.flush()


def _record(page: Page, parse_page: ParsePage) -> Record:
    """Return the record of a page, or what is wrong with it as one."""
    try:
        found = parse_page(in_utf8(page.html, page.charset), page.name)
    except InputError as error:
        return _unread(page, str(error).removeprefix(f"{page.name}: "))
    except Exception as error:  # the boundary of the process: what a page breaks is one row's error
        return _unread(page, f"the page broke the page reader ({f'{type(error).__name__}: {error}':.200})")
    if page.url and not found.url:
        found = replace(found, url=page.url, addresses=whole_addresses(found.addresses, page.url))
    return replace(found, id=page.id, where=page.name)


def _limit_memory() -> None:
    with suppress(ImportError):  # on Windows
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
