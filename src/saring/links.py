"""Teasers in an article's lines: a marker, the headline it advertises, and where both end.

A marker may stand on a line with its headline, on a line before its headlines (a box), in brackets
or in the middle of a paragraph whose line breaks were lost; `runon` then finds the headline's end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from saring.markers import Marker, Rules
from saring.marks import CLOSING, Mark, Span, find_marks
from saring.runon import headline_end
from saring.shape import MAX_HEADLINE_CHARS, is_title_case, may_be_headline, sentence_ends
from saring.window import Host
from saring.word import joints

__all__ = ["Teaser", "find_teasers"]

MIN_HEADLINE_WORDS = 2
MAX_BOX = 3  # portals' boxes hold up to three headlines
MAX_BULLETS = 5  # or five behind bullets
MIN_BOX_CHARS = 38  # in a box of several: a shorter line is more often a subheading of the body
MIN_SOLE_CHARS = 45  # under a label without colon, whose headlines scrapers often lose
MIN_BOX_SHARE = 0.75  # of capitals, where no colon tells that a headline follows
SURE_SHARE = 0.9  # of capitals in a headline that ends with a full stop
MIN_GLUED_WORDS = 5  # of each headline in a box without line breaks; fewer are a glued name
WHOLE_LINE_CHARS = 150  # up to this length a stretch without a sentence's end is all headline

_ITEM = re.compile(r"\s[-–•]\s(?=[A-Z\d\"“'‘])")
_QUOTED = re.compile(  # a video's title, and what stands behind it
    r"['\"‘“][^\r\n]{5,180}?['\"’”](?:\s{0,2}(?::|(?=\[))|(?:\s{1,2}di sini:)|(?=\s{0,3}\Z))"
    r"|['\"‘“][^'\"’”\r\n]{5,180}['\"’”]"
)
_MARKDOWN = re.compile(
    r"\[(?P<headline>[^\[\]\r\n]{3,220})\]\((?P<url>[^()\s]{1,500})\)[*_)\]]{0,4}"
)
_INITIALS = re.compile(r"\([a-z]{2,4}/[a-z]{2,4}\)")  # an article's last words, behind the teaser
_BULLET = re.compile(r"[-–—•●▪◦‣→►▶»>*✓✔·+|]{1,3}[\s\u200b]{0,4}")
_NUMBERED = re.compile(r"\d{1,2}\s?[.)]")  # under a lost headline, the body's own list
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


class _Page(NamedTuple):
    """What finding teasers reads.

    `taken`: numbers of the lines with a marker or furniture of their own; `dump`: the lines are
    joined by commas, as in dumps that dropped the text of links, and so the headlines.
    """

    host: Host
    lines: Sequence[Span]
    taken: set[int]
    rules: Rules
    dump: bool


def find_teasers(
    text: str,
    lines: Sequence[Span],
    cuts: Sequence[Span],
    places: Iterable[tuple[int, Marker]],
    rules: Rules,
) -> list[Teaser]:
    """Return the teasers of an article in order; their spans are tight and disjoint.

    Parameters
    ----------
    text : str
        The article's text.
    lines : sequence of (start, end)
        Its lines, stripped, in order.
    cuts : sequence of (start, end)
        Furniture inside lines, in order: no teaser starts in one or runs over one.
    places : iterable of (int, Marker)
        Where which marker may match.
    rules : Rules
        The rules, which tell a headline's line from furniture.
    """
    marks = find_marks(text, lines, places)
    starts = [start for start, _ in lines]
    taken = {mark.line for mark in marks if mark.opens}
    taken.update(bisect_right(starts, start) - 1 for start, _ in cuts)
    dump = len(lines) > 1 and "," in text[lines[-2][1] : lines[-1][0]]
    page = _Page(Host(text), lines, taken, rules, dump)
    found: list[Teaser] = []
    at = 0
    for number, mark in enumerate(marks):
        cut = bisect_right(cuts, (mark.start, len(text)))
        if mark.lead < at or (cut and cuts[cut - 1][1] > mark.lead):
            continue
        stop = lines[mark.line][1]
        for other in marks[number + 1 : number + 3]:
            # "Baca juga: Video: ..." advertises an article about a video
            same = other.marker.kind == mark.marker.kind
            if other.start >= mark.after and (same or other.lead > mark.after):
                stop = min(stop, other.lead)
                break
        if cut < len(cuts):
            stop = min(stop, cuts[cut][0])
        teasers = _teasers(page, mark, stop)
        found += teasers
        at = teasers[-1].end
    return found


def _teasers(page: _Page, mark: Mark, stop: int) -> list[Teaser]:
    """Return what a mark opens: links, or a removal, or a label and the box under it."""
    text, kind = page.host.text, mark.marker.kind
    words = text[slice(*_tight(text, mark.start, mark.after, "*_-•·"))]
    if mark.after < stop:
        found = _inline(page.host, mark, stop)
        if found and (kind != "link" or _is_worded(text[slice(*found[0][1])])):
            (_, end), headline, url = found[0]
            rest = [Teaser(kind, *span, line, words, url) for span, line, url in found[1:]]
            return [Teaser(kind, mark.lead, end, headline, words, url), *rest]
    end = max(mark.end, _tight(text, mark.start, min(mark.after, stop), "-*_")[1])
    if mark.bracket and text[end : end + 1] == CLOSING[mark.bracket]:
        end += 1
    if kind != "link":
        return [Teaser(kind, mark.lead, end)]
    ends_line = end >= page.lines[mark.line][1]
    box = _box(page, mark, words) if ends_line else []
    return [Teaser("link_label" if box else "bare_label", mark.lead, end), *box]


def _is_worded(headline: str) -> bool:
    """Return whether a headline says anything: dumps leave "Baca Juga : BMKG :" of some."""
    return len(headline.split()) >= MIN_HEADLINE_WORDS and headline[-1] not in ":,"


def _inline(host: Host, mark: Mark, stop: int) -> list[tuple[Span, Span, str]]:
    """Return the headlines behind a mark on its line: (span, span of the headline, address)."""
    text, after = host.text, mark.after
    markdown = _MARKDOWN.match(text, after, stop)
    if markdown:
        return [(markdown.span(), markdown.span("headline"), markdown["url"])]
    full = stop
    initials = _INITIALS.search(text, after, min(stop, after + MAX_HEADLINE_CHARS))
    stop = _tight(text, after, initials.start() if initials else stop)[1]
    if stop <= after:
        return []
    close = _bracket_end(text, mark, stop)
    if close:
        return [((after, close + 1), _tight(text, after, close), "")]
    if mark.marker.kind != "link":
        quoted = _QUOTED.match(text, after, stop)
        end = quoted.end() if quoted else stop if text[full : full + 7].lower() == "[gambas" else 0
        if 0 < end - after < MAX_HEADLINE_CHARS:
            return [((after, end), (after, end), "")]
    if _is_all_headline(text[after : min(stop, after + WHOLE_LINE_CHARS + 1)]):
        return [((after, stop), _tight(text, after, stop, "*_"), "")]
    return _run_on(host, mark, stop)


def _run_on(host: Host, mark: Mark, stop: int) -> list[tuple[Span, Span, str]]:
    """Return the headlines of a run-on text behind a mark, as `_inline` does."""
    text = host.text
    until = min(stop, mark.after + MAX_BOX * MAX_HEADLINE_CHARS)
    spans = _glued_headlines(text, mark.after, until)
    if len(spans) < 2:
        starts = [mark.after]
        if "-" in text[mark.end : mark.after] and mark.sign != "-":  # "Baca Juga: - Satu - Dua"
            items = [item.end() for item in _ITEM.finditer(text, mark.after, until)]
            starts += items[: MAX_BOX - 1]
        spans = [_tight(text, start, end - 3) for start, end in pairwise(starts)]
        last = starts[-1], headline_end(host, starts[-1], stop)
        if last[0] < last[1] and (mark.sign or is_title_case(text[slice(*last)])):
            spans.append(_tight(text, *last))
    return [(span, span, "") for span in spans]


def _glued_headlines(text: str, start: int, stop: int) -> list[Span]:
    """Return the headlines of a box that lost its line breaks: "... Harga TurunPanen Raya ..."."""
    spans: list[Span] = []
    for joint in joints(text, start, stop):
        line = text[start:joint]
        if not is_title_case(line) or not may_be_headline(line) or sentence_ends(line):
            break
        if len(line.split()) < MIN_GLUED_WORDS or len(line) > WHOLE_LINE_CHARS:
            break
        spans.append((start, joint))
        start = joint
    return spans[:MAX_BOX]


def _is_all_headline(rest: str) -> bool:
    """Return whether a stretch between a marker and the next break is nothing but a headline."""
    if len(rest) > WHOLE_LINE_CHARS:
        return False
    return not sentence_ends(rest) or (rest.endswith(".") and is_title_case(rest[:-1], SURE_SHARE))


def _bracket_end(text: str, mark: Mark, stop: int) -> int:
    """Return where the bracket around a teaser closes, 0 if it does not."""
    depth = 1 if mark.bracket else 0
    for at in range(mark.after, min(stop, mark.after + MAX_HEADLINE_CHARS) if depth else 0):
        depth += (text[at] == mark.bracket) - (text[at] == CLOSING[mark.bracket])
        if depth == 0:
            return at
    return 0


def _box(page: _Page, mark: Mark, words: str) -> list[Teaser]:
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
        markdown = _MARKDOWN.match(page.host.text, inner, end)
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


def _is_box_line(page: _Page, span: Span, sure: bool, follows: bool) -> bool:
    """Return whether a line under a label is one of the box's headlines.

    Parameters
    ----------
    page : _Page
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


def _tight(text: str, start: int, end: int, extra: str = "") -> Span:
    """Return a span without white space, and characters of `extra`, at its ends."""
    inner, before = text[start:end], ""
    while inner != before:
        before = inner
        inner = inner.strip().strip(_ZERO_WIDTH + extra)
    at = text.find(inner, start, end)
    return at, at + len(inner)
