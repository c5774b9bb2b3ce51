"""Teasers in an article's lines: a marker, the headline it advertises, and where both end.

A marker may stand on a line with its headline, on a line before its headlines (a box), in brackets
or in the middle of a paragraph whose line breaks were lost; `runon` then finds the headline's end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from saring.parse.box import MAX_BOX, Page, find_box
from saring.parse.host import Host
from saring.parse.marks import CLOSING, Mark, find_marks
from saring.parse.rules import Marker, Rules
from saring.parse.runon import headline_end
from saring.parse.shape import MAX_HEADLINE_CHARS, is_title_case, may_be_headline, sentence_ends
from saring.parse.teaser import MARKDOWN, WHOLE_LINE_CHARS, Span, Teaser, tight
from saring.parse.word import next_joint

__all__ = ["find_addressed", "find_teasers"]

MIN_HEADLINE_WORDS = 2
SURE_SHARE = 0.9  # of capitals in a headline that ends with a full stop
JOINT_CHARS = 8  # behind a joint tell that it is one
REACH_CHARS = 2_000  # three headlines and what tells their ends; what stands farther says nothing
MIN_GLUED_WORDS = 5  # of each headline in a box without line breaks; fewer are a glued name

_ITEM = re.compile(r"\s[-–•]\s(?=[A-Z\d\"“'‘])")
_QUOTED = re.compile(  # a video's title, and what stands behind it
    r"['\"‘“][^\r\n]{5,180}?['\"’”](?:\s{0,2}(?::|(?=\[))|(?:\s{1,2}di sini:)|(?=\s{0,3}\Z))"
    r"|['\"‘“][^'\"’”\r\n]{5,180}['\"’”]"
)
_BEHIND = re.compile(  # on the teaser's line: an article's last words, or the number of a list
    r"\([a-z]{2,4}/[a-z]{2,4}\)|\(\s?[\w-]{3,30}\.(?:com|co\.id|id|net)\s?/[^()\r\n]{2,60}\)"
    r"|(?<=\s)(?:\((?-i:[a-z]{3})\)|\d{1,2}\.)\Z|(?<=\s\s)\([a-z]{2,4}\)\Z",
    re.IGNORECASE,
)


def find_teasers(
    text: str,
    lines: Sequence[Span],
    cuts: Sequence[Span],
    places: Iterable[tuple[int, Sequence[Marker]]],
    rules: Rules,
    title: str = "",
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
    places : iterable of (int, sequence of Marker)
        Where which markers may match.
    rules : Rules
        The rules, which tell a headline's line from furniture.
    title : str
        The article's title: headlines of a portal are alike in length.
    """
    marks = find_marks(text, lines, places)
    if not marks:
        return []
    starts = [start for start, _ in lines]
    taken = {mark.line for mark in marks if mark.opens}
    taken.update(bisect_right(starts, start) - 1 for start, _ in cuts)
    dump = len(lines) > 1 and "," in text[lines[-2][1] : lines[-1][0]]
    page = Page(Host(text, title), lines, taken, rules, dump)
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


def find_addressed(text: str, lines: Sequence[Span], addresses: Mapping[str, str]) -> list[Teaser]:
    """Return the lines whose headline is one of the page's teasers, whatever their marker is.

    Parameters
    ----------
    text : str
        The article's text.
    lines : sequence of (start, end)
        The lines no teaser was found in.
    addresses : Mapping[str, str]
        The page's teasers: address by headline.
    """
    found = []
    for start, end in lines:
        marker, colon, headline = text[start:end].partition(": ")
        headline = headline.strip()
        if colon and headline in addresses:
            span = end - len(headline), end
            found.append(Teaser("link", start, end, span, marker + ":"))
    return found


def _teasers(page: Page, mark: Mark, stop: int) -> list[Teaser]:
    """Return what a mark opens: links, or a removal, or a label and the box under it."""
    text, kind = page.host.text, mark.marker.kind
    words = text[slice(*tight(text, mark.start, mark.after, "*_-•·"))]
    if mark.after < stop:
        found = _inline(page.host, mark, stop)
        if found and (kind != "link" or _is_worded(text[slice(*found[0][1])])):
            (_, end), headline, url = found[0]
            rest = [Teaser(kind, *span, line, words, url) for span, line, url in found[1:]]
            return [Teaser(kind, mark.lead, end, headline, words, url), *rest]
    end = max(mark.end, tight(text, mark.start, min(mark.after, stop), "-*_")[1])
    if mark.bracket and text[end : end + 1] == CLOSING[mark.bracket]:
        end += 1
    if kind != "link":
        return [Teaser(kind, mark.lead, end)]
    ends_line = end >= page.lines[mark.line][1]
    box = find_box(page, mark, words) if ends_line else []
    return [Teaser("link_label" if box else "bare_label", mark.lead, end), *box]


def _is_worded(headline: str) -> bool:
    """Return whether a headline says anything: dumps leave "Baca Juga : BMKG :" of some."""
    return len(headline.split()) >= MIN_HEADLINE_WORDS and headline[-1] not in ":,"


def _inline(host: Host, mark: Mark, stop: int) -> list[tuple[Span, Span, str]]:
    """Return the headlines behind a mark on its line: (span, span of the headline, address)."""
    text, after = host.text, mark.after
    markdown = MARKDOWN.match(text, after, stop)
    if markdown:
        return [(markdown.span(), markdown.span("headline"), markdown["url"])]
    stop = full = min(stop, after + REACH_CHARS)
    behind = _BEHIND.search(text, after, min(stop, after + MAX_HEADLINE_CHARS))
    if behind and (behind[0][0] == "(" or is_title_case(text[after : behind.start()])):
        stop = behind.start()
    stop = tight(text, after, stop)[1]
    if stop <= after:
        return []
    close = _bracket_end(text, mark, stop)
    if close:
        return [((after, close + 1), tight(text, after, close), "")]
    if mark.marker.kind != "link":
        quoted = _QUOTED.match(text, after, stop)
        end = quoted.end() if quoted else stop if text[full : full + 7].lower() == "[gambas" else 0
        if 0 < end - after < MAX_HEADLINE_CHARS:
            return [((after, end), (after, end), "")]
    if _is_all_headline(text[after : min(stop, after + WHOLE_LINE_CHARS + 1)]):
        return [((after, stop), tight(text, after, stop, "*_"), "")]
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
        spans = [tight(text, start, end - 3) for start, end in pairwise(starts)]
        last = starts[-1], headline_end(host, starts[-1], stop)
        if last[0] < last[1] and (mark.sign or is_title_case(text[slice(*last)])):
            spans.append(tight(text, *last))
    return [(span, span, "") for span in spans]


def _glued_headlines(text: str, start: int, stop: int) -> list[Span]:
    """Return the headlines of a box that lost its line breaks: "... Harga TurunPanen Raya ..."."""
    spans: list[Span] = []
    at = start
    while len(spans) < MAX_BOX:
        joint = next_joint(text, at, min(stop, start + WHOLE_LINE_CHARS + JOINT_CHARS))
        line = text[start : max(start, joint)]
        if not is_title_case(line) or not may_be_headline(line) or sentence_ends(line):
            break
        if len(line.split()) < MIN_GLUED_WORDS or len(line) > WHOLE_LINE_CHARS:
            break
        spans.append((start, joint))
        start, at = joint, joint + 1
    return spans


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
