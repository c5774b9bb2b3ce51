"""The lines of a text: where they stand, whether they read like headlines or prose, what is left of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

Span = tuple[int, int]  # where a stretch of text starts and ends; a tight one has no white space at its ends

MAX_HEADLINE_CHARS = 220  # the longest teaser of 4,000 read had 190 characters
MAX_HEADLINE_WORDS = 32
MIN_HEADLINE_WORDS = 3
PROSE_CHARS = 200  # a line this long is a paragraph whatever its end
PROSE_END_CHARS = 60  # a shorter one is a paragraph when it ends like a sentence
MAX_COMMA_DUMP_LINES = 3  # a dump that joins paragraphs by commas has no line breaks left

_LINE = re.compile(r"\S[^\r\n]*")
_COMMA_LINE = re.compile(r"[^\s,](?:[^,\r\n]++|,(?![A-Z\"“‘'(\[#,‚]))*")
# A stop, and a comma where white space should be: no prose. It starts with what few texts have, a
# comma before no blank, so that the others cost a search for commas.
_MARK = r"[^\sA-Za-z\d,]"
_COMMA_JOINT = re.compile(rf",(?=,{{0,8}}[^\s\d,])(?:{'|'.join(rf'(?<=[.?!:]{_MARK * size},)' for size in range(5))})")
_ZERO_WIDTH = "\u200b\ufeff"

SMALL_WORDS = frozenset(
    """di ke dari yang dan untuk dengan pada dalam ini itu saat soal oleh atau tak bagi agar serta hingga usai karena
    jadi akan ada vs the of and to in a para sejak demi atas antara sampai lewat jelang seperti secara sebagai tapi
    bukan masih bisa""".split()  # noqa: SIM905
)
"""Words that Title Case leaves small."""

_STOPS = (".", '."', ".”", ".'", ".)", '",', "”,", ",", ";", ":")
_SENTENCE_BREAK = re.compile(  # it looks back from white space: a line has less of that than stops
    r"\s(?:(?<=[a-z]{3}[.]\s)|(?<=[\d)\"”][.]\s)|(?<=[.?!][\"”]\s))(?<!prof\.\s)\s*(?=[\"“A-Z])"
)


def split_lines(text: str) -> list[Span]:
    """Return the lines of a text that are not blank; where commas join the paragraphs, these are the lines."""
    lines = list(_LINE.finditer(text))
    if len(lines) <= MAX_COMMA_DUMP_LINES and _COMMA_JOINT.search(text):
        lines = list(_COMMA_LINE.finditer(text))
    return [(line.start(), line.start() + len(line[0].rstrip())) for line in lines]


def remaining(text: str, lines: Sequence[Span], taken: Iterable[tuple[Any, ...]]) -> list[Span]:
    """Return the lines, or the parts of them, that no teaser or boilerplate (kind, start, end, ...) takes."""
    spans = sorted([(start, end) for _, start, end, *_ in taken])
    left: list[Span] = []
    number, last = 0, len(spans)
    for line in lines:
        at, end = line
        while number < last and spans[number][1] <= at:
            number += 1
        if number == last or spans[number][0] >= end:
            left.append(line)
            continue
        while number < last and spans[number][0] < end:
            left += _stripped(text, at, spans[number][0])
            at = max(at, spans[number][1])
            if at > end:
                break  # it goes on in the next line
            number += 1
        left += _stripped(text, at, end)
    return left


def _stripped(text: str, start: int, end: int) -> list[Span]:
    """Return a span without white space at its ends, none if nothing else is in it."""
    inner = text[start:end].strip() if start < end else ""
    at = text.index(inner[0], start) if inner else start
    return [(at, at + len(inner))] if inner else []


def tight(text: str, start: int, end: int, extra: str = "") -> Span:
    """Return a span without white space, zero-width characters, and characters of `extra`, at its ends."""
    inner, before = text[start:end], ""
    while inner != before:
        before = inner
        inner = inner.strip().strip(_ZERO_WIDTH + extra)
    at = text.find(inner, start, end)
    return at, at + len(inner)


def capital_share(words: list[str]) -> float:
    """Return the share in [0, 1] of words, small ones aside, that start with a capital or digit."""
    firsts = [bare[0] for word in words if (bare := word.lstrip("\"'“‘([")) and bare.lower() not in SMALL_WORDS]
    return sum([first.isupper() or first.isdigit() for first in firsts]) / len(firsts) if firsts else 0.0


def may_be_headline(line: str, min_share: float = 0.0) -> bool:
    """Return whether a stripped line has a headline's length, start, end and at least this share of capitals."""
    if not 12 <= len(line) <= MAX_HEADLINE_CHARS or (line.endswith(_STOPS) and not line.endswith("..")):
        return False
    start = line.lstrip("\"'“‘([#")[:1]
    if not (start.isupper() or start.isdigit()):
        return False
    words = line.split()
    if not MIN_HEADLINE_WORDS <= len(words) <= MAX_HEADLINE_WORDS or _SENTENCE_BREAK.search(line):
        return False
    return capital_share(words[1:]) >= min_share


def is_prose(text: str, start: int, end: int) -> bool:
    """Return whether a line of a text is running text rather than a label or headline."""
    size = end - start
    return size >= PROSE_CHARS or (size >= PROSE_END_CHARS and text.endswith(_STOPS, start, end))


def sentence_ends(line: str) -> bool:
    """Return whether a full stop ends the line or a sentence within it."""
    return line.endswith(_STOPS[:5]) or _SENTENCE_BREAK.search(line) is not None


def is_title_case(line: str, min_share: float = 0.75) -> bool:
    """Return whether a line Is Written Like a Headline on Most Portals."""
    return capital_share(line.split()) >= min_share
