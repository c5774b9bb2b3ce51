"""The headlines on the lines under a label: "Baca juga:" on one line, what it advertises below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from saring.parse.host import Host
from saring.parse.marks import Mark
from saring.parse.rules import Rules
from saring.parse.shape import may_be_headline
from saring.parse.teaser import MARKDOWN, WHOLE_LINE_CHARS, Span, Teaser

__all__ = ["Page", "find_box"]

MAX_BOX = 3  # portals' boxes hold up to three headlines
MAX_BULLETS = 5  # or five behind bullets
MIN_BOX_CHARS = 38  # in a box of several: a shorter line is more often a subheading of the body
MIN_SOLE_CHARS = 45  # under a label without colon, whose headlines scrapers often lose
MIN_BOX_SHARE = 0.75  # of capitals, where no colon tells that a headline follows

_BULLET = re.compile(r"[-–—•●▪◦‣→►▶»>*✓✔·+|]{1,3}[\s\u200b]{0,4}")
_NUMBERED = re.compile(r"\d{1,2}\s?[.)]")  # under a lost headline, the body's own list


class Page(NamedTuple):
    """What finding teasers reads.

    `taken`: numbers of the lines with a marker or furniture of their own; `dump`: the lines are
    joined by commas, as in dumps that dropped the text of links, and so the headlines.
    """

    host: Host
    lines: Sequence[Span]
    taken: set[int]
    rules: Rules
    dump: bool


def find_box(page: Page, mark: Mark, words: str) -> list[Teaser]:
    """Return the headlines on the lines under a label.

    A label with a colon is followed by one headline, by three, or by bullets; two lines are a
    headline and the body's next subheading. A label without a colon often stands alone, its
    headlines lost, so that what follows must look like headlines beyond doubt.
    """
    box: list[Teaser] = []
    bullets = 0
    below = range(mark.line + 1, min(mark.line + 1 + MAX_BULLETS, len(page.lines)))
    for number in below:
        start, end = page.lines[number]
        bullet = _BULLET.match(page.host.text, start, end)
        if len(box) == MAX_BOX and not bullet:
            break
        inner = bullet.end() if bullet else start
        markdown = MARKDOWN.match(page.host.text, inner, end)
        span, url = (markdown.span("headline"), markdown["url"]) if markdown else ((inner, end), "")
        sure = bool(markdown or bullet or (mark.sign and not box)) and not page.dump
        if number in page.taken or not _is_box_line(page, span, sure, bool(box)):
            break
        if any(page.host.text[slice(*span)] == page.host.text[slice(*one.headline)] for one in box):
            break  # a photo's caption, printed twice
        bullets += bool(bullet or markdown)
        box.append(Teaser("link", start, end, span, words, url))
    if bullets == len(box) or len(box) == MAX_BOX:
        return box
    if mark.sign and not page.dump:
        return box[:1]
    return [] if len(box) == 1 and box[0].end - box[0].start < MIN_SOLE_CHARS else box


def _is_box_line(page: Page, span: Span, sure: bool, follows: bool) -> bool:
    """Return whether a line under a label is one of the box's headlines.

    Parameters
    ----------
    page : Page
        The article.
    span : (start, end)
        The line, without bullet.
    sure : bool
        Whether a colon or bullet tells that a headline is to be expected.
    follows : bool
        Whether it follows another headline of the box.
    """
    line = page.host.text[slice(*span)]
    if len(line) > WHOLE_LINE_CHARS or _NUMBERED.match(line):
        return False
    if follows and not sure and len(line) < MIN_BOX_CHARS:
        return False
    if not may_be_headline(line, 0.0 if sure else MIN_BOX_SHARE):
        return False
    return not any(page.rules.whole_line(place, line) for place in ("line", "head"))
