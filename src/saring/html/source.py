"""The bytes of a page as the parser takes them: in UTF-8, without images written out in them."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from contextlib import suppress

DECLARED_BYTES = 4096  # how far into a page its charset may be declared; browsers stop at 1024
CONTROL_SHARE = 0.02  # of control characters in what is no text; packed bytes have a tenth, pages none
IMAGE_CHARS = 1_000  # of an image within a page; shorter ones are dots and arrows

_CHARSET = re.compile(rb"""(?:charset|<\?xml\s[^<>]{0,200}?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
# An image or typeface written out in the page itself, in lines or in one.
_INLINE = re.compile(r"""(data:[\w.+-]{1,99}\\?/[\w.+-]{1,99}[;,])(?:(?:[^\s"'<>\\]|\\/){40,}+\s*+)++""")
_XHTML = re.compile(r"\s*<\?xml\s", re.IGNORECASE)
# A tag that closes itself; of HTML's own only these may.
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_CLOSED = re.compile(rf"<(?!(?:{_VOID})(?![\w:-]))([a-z][\w:-]*)([^<>]*)/>", re.IGNORECASE)
_CONTROLS = bytes([*range(1, 9), *range(14, 27), *range(28, 32), 127])  # but white space, NUL (UTF-16), ESC (ISO-2022)
_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16


def page_source(html: bytes) -> bytes:
    """Return a page in UTF-8, without images that are written out in it and with XHTML's tags closed."""
    decoded, codec = _decoded(html)
    page = without_images(decoded)
    if _XHTML.match(page):
        page = _CLOSED.sub(r"<\1\2></\1>", page)
    if codec == "utf-8-sig" and page == decoded and b"\0" not in html and not html.startswith(BOM_UTF8):
        return html  # as most pages are: nothing has changed, and to encode it takes as long as to decode it
    return page.encode("utf-8", "replace")


def is_text(html: bytes) -> bool:
    """Return whether a page may be text by its first bytes; one that is still packed, by Brotli for one, is not."""
    start = html[:DECLARED_BYTES]
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return html.startswith(_MARKS) or controls <= CONTROL_SHARE * len(start)


def without_images(page: str) -> str:
    """Return a page without the images and typefaces that are written out in it.

    The parser takes no value of ten million characters, and there is no text in them.
    """
    return _INLINE.sub(lambda m: m[1] if len(m[0]) > IMAGE_CHARS else m[0], page)


def _decoded(html: bytes) -> tuple[str, str]:
    """Return a page as characters, and their codec: UTF-8 where it is, else the declared charset, else cp1252.

    UTF-8 goes before the declaration: old portals declare iso-8859-1 above UTF-8 text.
    """
    declared = _CHARSET.search(html[:DECLARED_BYTES])
    codec = declared[1].decode("ascii").lower() if declared else ""
    if codec in ("", "iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        codec = "cp1252"  # what browsers do
    tried = [("utf-8-sig", "strict"), (codec, "replace"), ("cp1252", "replace")]
    if html.startswith(_MARKS):
        tried = [("utf-16", "replace")]
    for codec, errors in tried:
        with suppress(LookupError, UnicodeError):  # not of this codec; no codec, or none of characters
            page = html.decode(codec, errors)
            return page.replace("\0", "") if "\0" in page else page, codec
    raise AssertionError("cp1252 and UTF-16 replace what they cannot decode")


def in_utf8(html: bytes, charset: str) -> bytes:
    """Return a page as UTF-8 where the server alone named another charset; see `_decoded` for the others."""
    if not charset or _CHARSET.search(html[:DECLARED_BYTES]) or html.startswith(_MARKS):
        return html
    if b"\0" not in html:  # there are none in text, unless it is UTF-16 or UTF-32
        with suppress(UnicodeDecodeError):
            html.decode("utf-8")
            return html
    with suppress(LookupError, UnicodeError):  # no codec of characters, or none at all
        return html.decode(charset, "replace").encode("utf-8", "replace")
    return html
