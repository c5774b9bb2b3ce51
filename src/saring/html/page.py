"""A page to a record, in a worker process that may crash or stall."""

from __future__ import annotations

import gc
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import urljoin

import orjson

from saring.article import Record
from saring.errors import InputError, MissingExtraError
from saring.processes import WorkerProcess, name_of, named

if TYPE_CHECKING:
    from saring.html.layout import Line

# One web page to a `Record`: main text with its teaser links in place, and metadata.


DECLARED_BYTES = 4096  # how far into a page its charset may be declared; browsers stop at 1024
BELOW_SHARE = 0.5  # with less prose below it than this, the line taken for the headline was none

IMAGE_CHARS = 1_000  # of an image within a page; shorter ones are dots and arrows

_CHARSET = re.compile(rb"""(?:charset|<\?xml\s[^<>]{0,200}?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
# An image or typeface written out in the page itself, in lines or in one.
_INLINE = re.compile(r"""(data:[\w.+-]{1,99}\\?/[\w.+-]{1,99}[;,])(?:(?:[^\s"'<>\\]|\\/){40,}+\s*+)++""", re.IGNORECASE)
_XHTML = re.compile(r"\s*<\?xml\s", re.IGNORECASE)
_CLOSED = re.compile(r"<([a-z][\w:-]*)([^<>]*)/>", re.IGNORECASE)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905


def page_record(html: bytes, name: str) -> Record:
    """Return the article of a web page.

    Parameters
    ----------
    html : bytes
        The page as saved.
    name : str
        What it is called; becomes the record's id and its place for messages.

    Raises
    ------
    InputError
        The page holds no text.

    Notes
    -----
    Each teaser link in the body is a line of its own, ``Baca juga: HEADLINE``, and its address is
    in `Record.addresses`. The text comes from `saring.html.layout`; where that finds no body,
    trafilatura extracts it.
    """
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, document_fromstring

    from saring.html.layout import Page, page_lines
    from saring.html.page_metadata import body_text, mark_teasers, page_meta

    page = without_images(_decoded(html))
    if _XHTML.match(page):
        page = _CLOSED.sub(_opened, page)
    # As bytes: lxml takes no characters behind a declaration of their encoding.
    parser = HTMLParser(recover=True, encoding="utf-8")
    try:
        root = document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except ParserError:
        raise InputError(f"{name}: found no HTML; expected a saved article page") from None
    for problem in parser.error_log:
        if problem.type_name == "ERR_RESOURCE_LIMIT":  # the parser stopped there: text is missing
            why = problem.message.strip()
            raise InputError(f"{name}: the page is too deep or too long to read ({why})")
    lines = page_lines(root)
    mark_teasers(lines)
    layout = Page(lines)
    meta = page_meta(root, lines)
    body = _longer(layout.body(meta.start), layout.body())
    text, addresses = body_text(body)
    text = text or _extracted(root)
    if not text:
        raise InputError(
            f"{name}: found no article text on the page ({len(lines)} lines); "
            "expected a saved article page; take it out"
        )
    return Record(
        id=name,
        title=meta.title,
        text=text,
        published=meta.published,
        publisher=meta.publisher,
        url=meta.url,
        addresses={headline: _absolute(meta.url, to) for headline, to in addresses.items()},
        where=name,
    )


def without_images(page: str) -> str:
    """Return a page without the images and typefaces that are written out in it.

    The parser takes no value of ten million characters, and there is no text in them.
    """
    return _INLINE.sub(lambda m: m[1] if len(m[0]) > IMAGE_CHARS else m[0], page)


def _opened(tag: re.Match[str]) -> str:
    """Return a tag of XHTML that closes itself as HTML, in which most must be closed."""
    return tag[0] if tag[1].lower() in _VOID else f"<{tag[1]}{tag[2]}></{tag[1]}>"


def _decoded(html: bytes) -> str:
    """Return a page as characters: UTF-8 where it is, else the declared charset, else cp1252.

    UTF-8 goes before the declaration: old portals declare iso-8859-1 above UTF-8 text.
    """
    if html.startswith((b"\xff\xfe", b"\xfe\xff")):
        return html.decode("utf-16", "replace").replace("\x00", "")
    try:
        return html.decode("utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(html[:DECLARED_BYTES])
    codec = declared[1].decode("ascii").lower() if declared else "cp1252"
    if codec in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        codec = "cp1252"  # what browsers do
    try:
        return html.decode(codec, "replace").replace("\x00", "")
    except (LookupError, UnicodeError):  # no codec, or none of characters
        return html.decode("cp1252", "replace").replace("\x00", "")


def _longer(below: list[Line], anywhere: list[Line]) -> list[Line]:
    """Return the body found below the headline, unless most of the page's prose is elsewhere."""
    from saring.html.layout import told_chars

    return below if told_chars(below) >= BELOW_SHARE * told_chars(anywhere) else anywhere


def _extracted(root: Any) -> str:
    """Return trafilatura's main text of a page on which no body container was found."""
    from trafilatura import extract

    return extract(root, include_comments=False) or ""


def _absolute(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # an address no browser would follow stays as it is
        return address


# Pages read in a process of their own, which a page may crash or hang at the cost of one row.


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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
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
                f'{sys.executable} -I -c "import saring.html.page, lxml.html, trafilatura"'
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


def _ask(process: WorkerProcess, request: bytes, seconds: float) -> tuple[dict[str, Any] | None, bool]:
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
