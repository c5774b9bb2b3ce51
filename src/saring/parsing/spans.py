"""The lines of a text as spans, and what is left of them once teasers and boilerplate are taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

Span = tuple[int, int]
"""Where a stretch of text starts and ends; a tight one has no white space at its ends."""

MAX_COMMA_DUMP_LINES = 3  # a dump that joins paragraphs by commas has no line breaks left

_LINE = re.compile(r"\S[^\r\n]*")
_COMMA_LINE = re.compile(r"[^\s,](?:[^,\r\n]++|,(?![A-Z\"“‘'(\[#,‚]))*")
# A stop, and a comma where white space should be: no prose. It starts with what few texts have, a
# comma before no blank, so that the others cost a search for commas.
_SIGNS = r"[^\sA-Za-z\d,]"
_COMMA_JOINT = re.compile(rf",(?=,{{0,8}}[^\s\d,])(?:{'|'.join(rf'(?<=[.?!:]{_SIGNS * size},)' for size in range(5))})")
_ZERO_WIDTH = "\u200b\ufeff"


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
