"""One web page to a `Record`: main text with its teaser links in place, and metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from saring.article import Record
from saring.errors import InputError

if TYPE_CHECKING:
    from saring.read.pagelines import Line

__all__ = ["page_record", "without_images"]

DECLARED_BYTES = 4096  # how far into a page its charset may be declared; browsers stop at 1024
BELOW_SHARE = 0.5  # with less prose below it than this, the line taken for the headline was none

IMAGE_CHARS = 1_000  # of an image within a page; shorter ones are dots and arrows

_CHARSET = re.compile(
    rb"""(?:charset|<\?xml\s[^<>]{0,200}?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
# An image or typeface written out in the page itself, in lines or in one.
_INLINE = re.compile(
    r"""(data:[\w.+-]{1,99}\\?/[\w.+-]{1,99}[;,])(?:(?:[^\s"'<>\\]|\\/){40,}+\s*+)++""",
    re.IGNORECASE,
)
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
    in `Record.addresses`. The text comes from `saring.read.layout`; where that finds no body,
    trafilatura extracts it.
    """
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, document_fromstring

    from saring.read.layout import Page
    from saring.read.pagelines import page_lines
    from saring.read.pagemeta import page_meta
    from saring.read.teasers import body_text, mark_teasers

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
    from saring.read.layout import told_chars

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
