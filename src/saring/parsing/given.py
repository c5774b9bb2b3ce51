"""What a program gives as an article, seen before it is parsed: a page's source, a file's name, nothing of the kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike

from saring.article import Record

EXPECTED = "expected a text, a mapping with 'text', a Record or an Article"
PAGE = (
    "found the source of a web page; expected an article's text; "
    "give it to Model.predict, or read the file: saring.read(path)"
)
LONGEST_NAME = 500  # characters of a file's name or an address
SNIFFED_CHARS = 4_000
_TAGS = ("<!doctype html", "<html", "<head", "<body", "<article", "<div", "<p>", "<p ")
_TAGGED = re.compile(r"[\ufeff \t\r\n]*<")
_FILE = re.compile(
    r"(?:\w+://\S+|(?:\S+|(?:[~.]{0,2}/|\w:\\).+)\.(?:txt|html?|csv|tsv|jsonl?|ndjson|parquet|feather|arrow|xlsx|warc|wet)"
    r"(?:\.(?:gz|zst))?)\s*"
)


def looks_like_page(text: str) -> bool:
    """Return whether a text is the source of a web page.

    >>> looks_like_page("<!DOCTYPE html><html>..."), looks_like_page("Laba naik <5 persen")
    (True, False)
    """
    if not (begins := _TAGGED.match(text)):
        return False
    start = text[begins.end() - 1 : begins.end() + SNIFFED_CHARS].lower()
    return any(tag in start for tag in _TAGS)


def refusal(given: object, expected: str = EXPECTED) -> str:
    """Return why something is no article, or not what else was expected, and what to do; empty for what may be one.

    >>> refusal("berita/halaman.html")
    "found the name of a file, 'berita/halaman.html'; expected a text; read it: saring.read('berita/halaman.html')"
    """
    if isinstance(given, str):
        if len(given) > LONGEST_NAME or not _FILE.fullmatch(given):
            return ""
        name = given.strip()
        return f"found the name of a file, {name!r}; expected a text; read it: saring.read({name!r})"
    if isinstance(given, Mapping | Record):
        return ""
    found = f"found {type(given).__name__}; {expected}"
    if isinstance(given, PathLike):
        return f"{found}; read a file with saring.read(path)"
    if isinstance(given, list | tuple):
        return f"{found}; give one article at a time, or all of them to Model.predict"
    return found
