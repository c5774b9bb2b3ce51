"""One teaser in a text: its span, its headline, its marker; and the shapes teasers share."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MARKDOWN", "WHOLE_LINE_CHARS", "Span", "Teaser", "tight"]

Span = tuple[int, int]

WHOLE_LINE_CHARS = 150  # up to this length a stretch without a sentence's end is all headline

MARKDOWN = re.compile(
    r"\[(?P<headline>[^\[\]\r\n]{3,220})\]\((?P<url>[^()\s]{1,500})\)[*_)\]]{0,4}"
)
"""A link as Markdown prints it, with the signs that close bold type or a bracket around it."""

_ZERO_WIDTH = "\u200b\ufeff"


class Teaser(NamedTuple):
    """One stretch that is not body: a link, or a removal when `kind` says so.

    `headline` is the span of the headline, `marker` the words as printed, `url` the address where
    one is printed.
    """

    kind: str
    start: int
    end: int
    headline: Span = (0, 0)
    marker: str = ""
    url: str = ""


def tight(text: str, start: int, end: int, extra: str = "") -> Span:
    """Return a span without white space, and characters of `extra`, at its ends."""
    inner, before = text[start:end], ""
    while inner != before:
        before = inner
        inner = inner.strip().strip(_ZERO_WIDTH + extra)
    at = text.find(inner, start, end)
    return at, at + len(inner)
