"""A page to a record, in a worker process that may crash or stall.

`page_record` does the work for one page. `PageReader` calls it in a process of its own, so that a
page that crashes or hangs the parser costs one row.
"""

from __future__ import annotations

import gc
import re
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from typing import IO, Any
from urllib.parse import urljoin

import orjson

from saring.article import Record
from saring.errors import InputError, MissingExtraError
from saring.processes import WorkerProcess, name_of, named

DECLARED_BYTES = 4096  # how far into a page its charset may be declared; browsers stop at 1024
IMAGE_CHARS = 1_000  # of an image within a page; shorter ones are dots and arrows
MAX_SAVED_BYTES = 100_000_000  # of a page with the images that are written out in it
MAX_PAGE_BYTES = 20_000_000  # the largest news page seen is 4 MB; lxml needs some 10 times the size
PAGE_SECONDS = 30.0  # a page of the largest size takes 5 to 10 seconds
START_SECONDS = 60.0  # a cold disk on a busy machine; usually 0.2
MAX_MEMORY_BYTES = 4 << 30  # address space of the worker, so that a page cannot take the machine

_CHARSET = re.compile(rb"""(?:charset|<\?xml\s[^<>]{0,200}?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
# An image or typeface written out in the page itself, in lines or in one.
_INLINE = re.compile(r"""(data:[\w.+-]{1,99}\\?/[\w.+-]{1,99}[;,])(?:(?:[^\s"'<>\\]|\\/){40,}+\s*+)++""", re.IGNORECASE)
_XHTML = re.compile(r"\s*<\?xml\s", re.IGNORECASE)
# A tag that closes itself; of HTML's own only these may.
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_CLOSED = re.compile(rf"<(?!(?:{_VOID})(?![\w:-]))([a-z][\w:-]*)([^<>]*)/>", re.IGNORECASE)

ParsePage = Callable[[bytes, str], Record]


def page_record(html: bytes, name: str) -> Record:
    """Return the article of a web page; `name` is its id and its place for messages.

    Each teaser link in the body is a line of its own, ``Baca juga: HEADLINE``, and its address is
    in `Record.addresses`. Where `saring.html.layout` finds no body, trafilatura extracts the text.
    InputError when the page holds no text, or is too deep or too long to parse.
    """
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, document_fromstring

    from saring.html.layout import body_lines, mark_lines, page_lines
    from saring.html.page_metadata import body_text, find_metadata, mark_teasers

    page = without_images(_decoded(html))
    if _XHTML.match(page):
        page = _CLOSED.sub(r"<\1\2></\1>", page)
    # As bytes: lxml takes no characters behind a declaration of their encoding.
    parser = HTMLParser(recover=True, encoding="utf-8")
    try:
        root = document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except ParserError:
        raise InputError(f"{name}: found no HTML; expected a saved article page") from None
    for problem in parser.error_log:
        if problem.type_name == "ERR_RESOURCE_LIMIT":  # the parser stopped there: text is missing
            raise InputError(f"{name}: the page is too deep or too long to read ({problem.message.strip()})")
    lines = page_lines(root)
    mark_teasers(lines)
    mark_lines(lines)
    found = find_metadata(root, lines)
    text, addresses = body_text(body_lines(lines, found.start))
    if not text:
        from trafilatura import extract

        text = extract(root, include_comments=False) or ""
    if not text:
        raise InputError(
            f"{name}: found no article text on the page ({len(lines)} lines); "
            "expected a saved article page; take it out"
        )
    for headline, address in addresses.items():
        with suppress(ValueError):  # an address no browser would follow stays as it is
            addresses[headline] = urljoin(found.url, address)
    return Record(
        id=name,
        title=found.title,
        text=text,
        published=found.published,
        publisher=found.publisher,
        url=found.url,
        addresses=addresses,
        where=name,
    )


def without_images(page: str) -> str:
    """Return a page without the images and typefaces that are written out in it.

    The parser takes no value of ten million characters, and there is no text in them.
    """
    return _INLINE.sub(lambda m: m[1] if len(m[0]) > IMAGE_CHARS else m[0], page)


def _decoded(html: bytes) -> str:
    """Return a page as characters: UTF-8 where it is, else the declared charset, else cp1252.

    UTF-8 goes before the declaration: old portals declare iso-8859-1 above UTF-8 text.
    """
    declared = _CHARSET.search(html[:DECLARED_BYTES])
    codec = declared[1].decode("ascii").lower() if declared else ""
    if codec in ("", "iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        codec = "cp1252"  # what browsers do
    tried = [("utf-8-sig", "strict"), (codec, "replace"), ("cp1252", "replace")]
    if html.startswith((b"\xff\xfe", b"\xfe\xff")):
        tried = [("utf-16", "replace")]
    for codec, errors in tried:
        with suppress(LookupError, UnicodeError):  # not of this codec; no codec, or none of characters
            return html.decode(codec, errors).replace("\x00", "")
    raise AssertionError("cp1252 and UTF-16 replace what they cannot decode")


class PageReader(AbstractContextManager["PageReader"]):
    """Reads web pages in a worker process; use as a context manager or call `close`.

    The worker runs `parse_page`, a function at the top level of a module, for `seconds` at most for
    each page. MissingExtraError when the extra "html" is not installed.
    """

    def __init__(self, seconds: float = PAGE_SECONDS, parse_page: ParsePage = page_record) -> None:
        self._seconds = seconds
        self._parse_page = parse_page
        self._process: WorkerProcess | None = None

    def read(self, html: bytes, name: str) -> Record:
        """Return the record of one page.

        InputError when it is too large or holds no text, or when reading it took too long or crashed.
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
        answer, late = _answer(process, request, self._seconds)
        if answer is None:
            crashed = f"crashed the page reader ({process.ending()})"
            how = f"took longer than {self._seconds:g} seconds and was given up" if late else crashed
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

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _running(self) -> WorkerProcess:
        """Return the worker, started if there is none."""
        if self._process is not None and self._process.runs:
            return self._process
        if any(find_spec(name) is None for name in ("lxml", "trafilatura")):
            raise MissingExtraError("html", "reading HTML")
        self.close()
        # The parsers' remarks on bad markup are no news to the user.
        self._process = process = WorkerProcess(serve, name_of(self._parse_page), needs=self._parse_page, quiet=True)
        ready, _ = _answer(process, b"", START_SECONDS)
        if ready is None:
            self._process = None
            raise InputError(
                f"the page reader did not start ({process.ending()}); try: "
                f'{sys.executable} -I -c "import saring.html.page, lxml.html, trafilatura"'
            )
        return process


def _answer(process: WorkerProcess, request: bytes, seconds: float) -> tuple[dict[str, Any] | None, bool]:
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


def serve(answers: IO[bytes], parse: str) -> None:
    """Answer the parent's pages one by one until its end of the pipe closes; runs in the worker.

    An answer is a line of JSON; the first, empty one says that the worker is ready.
    """
    _limit_memory()
    parse_page: ParsePage = named(parse)
    import_module("lxml.html")  # before the clock runs
    gc.enable()
    answer: dict[str, Any] = {}
    while True:
        answers.write(orjson.dumps(answer) + b"\n")
        answers.flush()
        if not (header := sys.stdin.buffer.readline()):
            return
        request = orjson.loads(header)
        html, name = sys.stdin.buffer.read(request["bytes"]), request["name"]
        answer = {"record": None, "error": ""}
        try:
            answer["record"] = asdict(parse_page(html, name))
        except InputError as error:
            answer["error"] = str(error)
        except Exception as error:  # the boundary of the process: what a page breaks is one row's error
            what = f"{type(error).__name__}: {error}"
            answer["error"] = f"{name}: the page broke the page reader ({what:.200})"


def _limit_memory() -> None:
    with suppress(ImportError):  # on Windows
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
