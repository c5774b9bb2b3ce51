"""Where a marker ("Baca juga") stands as a marker, and not as a phrase of a sentence.

"tapi baca juga isi artikelnya" is text. A marker starts a line, or has a colon, or stands in
brackets, or is the label of a box that melted into a paragraph.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from saring.parse.rules import Marker
from saring.parse.shape import MAX_HEADLINE_CHARS, capital_share, may_be_headline
from saring.parse.teaser import Span

__all__ = ["CLOSING", "Mark", "find_marks"]

CLOSING = {"(": ")", "[": "]"}
"""What closes a bracket around a teaser."""

MIN_BRACKET_WORDS = 3  # "(baca: polisi)" and "(Baca: tumpang tindih)" explain a word
MIN_TITLE_SHARE = 0.6  # of capitals, where no colon tells that a headline follows
MELTED_WORDS, MELTED_SHARE = 8, 0.85  # of a headline that runs on, and its capitals
TITLE_WORDS = 6  # words that show whether a title follows
MAX_SHOW_CHARS = 30  # "Saksikan Live KabarSore:"

_LEAD = re.compile(r"[^\w\"“”'‘’.!?:;,%&+=/$°()\[\]\r\n]{0,12}[(\[]?[\s*_]{0,4}\Z")
_LEAD_CHARS = 18
_SEPARATOR = re.compile(
    r"[\s\u200b\ufeff*_]{0,6}(?P<sign>[:：]|[|>»→–—-]|[,;])?[:：,;|>»→–—\-\s\u200b\ufeff*_•·]{0,12}"
)
_SENTENCE_END = frozenset('.!?"”…')


class Mark(NamedTuple):
    """A marker in the text.

    `lead` is where its bullets or bracket start, `start` and `end` hold its words, `after` is where
    what it advertises starts; `sign` is the colon or dash behind it, `bracket` the one around it;
    `line` the number of its line, which it `opens` or not.
    """

    marker: Marker
    lead: int
    start: int
    end: int
    after: int
    sign: str
    bracket: str
    line: int
    opens: bool


def find_marks(
    text: str, lines: Sequence[Span], places: Iterable[tuple[int, Sequence[Marker]]]
) -> list[Mark]:
    """Return the marks of a text in order, at most one at each place.

    Parameters
    ----------
    text : str
        The text.
    lines : sequence of (start, end)
        Its lines, stripped, in order.
    places : iterable of (int, sequence of Marker)
        Where which markers may match; of two at one place the first that matches is taken.
    """
    starts: list[int] = []
    found: dict[int, Mark] = {}
    for at, markers in places:
        if at in found or _is_within_sentence(text, at):
            continue
        starts = starts or [start for start, _ in lines]
        line = bisect_right(starts, at) - 1
        for marker in markers:
            match = marker.pattern.match(text, at, lines[line][1])
            mark = _mark(text, marker, match, lines[line], line) if match else None
            if mark:
                found[at] = mark
                break
    return [found[at] for at in sorted(found)]


def _is_within_sentence(text: str, at: int) -> bool:
    """Return whether a small word stands within another or right behind one, where no mark does."""
    if text[at].isupper():
        return False
    before = text[max(0, at - 2) : at]
    return before[-1:].isalnum() or (before[-1:] == " " and before[0].isalnum())


def _mark(text: str, marker: Marker, match: re.Match[str], line: Span, number: int) -> Mark | None:
    """Return the mark at a match, None if the words are part of a sentence there."""
    start, end = match.span()
    separator = _SEPARATOR.match(text, end, line[1])
    after, sign = (separator.end(), separator["sign"] or "") if separator else (end, "")
    if marker.separator == "needed" and sign != ":":
        return None
    glued = start > line[0] and text[start - 1].isalnum()
    lead_match = _LEAD.search(text, max(line[0], start - _LEAD_CHARS), start)
    lead = lead_match.start() if lead_match and not glued else start
    bracket = next((char for char in text[lead:start] if char in CLOSING), "")
    while lead < start and text[lead].isspace():
        lead += 1
    if glued and sign != ":" and marker.kind == "link":
        return None
    mark = Mark(marker, lead, start, end, after, sign, bracket, number, lead == line[0])
    rest = text[after : min(line[1], after + MAX_HEADLINE_CHARS + 1)]
    return mark if _stands(text, mark, rest) else None


def _stands(text: str, mark: Mark, rest: str) -> bool:
    """Return whether a mark's surroundings, `rest` behind it, are those of a teaser."""
    capital = text[mark.start].isupper()
    if mark.bracket:
        inside = rest.partition(CLOSING[mark.bracket])[0].split()
        if inside and len(inside) < MIN_BRACKET_WORDS:
            return False
        return bool(mark.sign) and (capital or capital_share(inside) >= MIN_TITLE_SHARE)
    if not capital and not (mark.opens and mark.sign == ":"):
        return not rest and text[mark.start - 1 : mark.start] in _SENTENCE_END  # lagi.baca juga
    if mark.marker.separator == "needed" and mark.marker.kind != "link":
        return capital_share(rest.split()[:TITLE_WORDS]) >= MIN_TITLE_SHARE  # "Judul Video: ..."
    if mark.sign and mark.sign not in ",;":
        return mark.sign == ":" or not rest[:1].islower()
    if mark.marker.kind != "link":
        return _stands_before_video(mark, rest)
    if mark.opens:
        return not rest or may_be_headline(rest, MIN_TITLE_SHARE) or _is_melted_headline(rest)
    return _is_melted_label(text, mark)


def _stands_before_video(mark: Mark, rest: str) -> bool:
    """Return whether a video's title follows a mark without a colon."""
    if not rest or rest[0] in "'\"‘“[" or "[gambas" in rest.lower():
        return True
    show = len(rest) < MAX_SHOW_CHARS and rest.endswith(":")
    return mark.opens and (show or may_be_headline(rest.rstrip(" :"), MIN_TITLE_SHARE))


def _is_melted_headline(rest: str) -> bool:
    """Return whether a headline without a colon melted into the paragraph behind it."""
    words = rest.split()[: MELTED_WORDS + 1]
    return len(words) > MELTED_WORDS and capital_share(words[:-1]) >= MELTED_SHARE


def _is_melted_label(text: str, mark: Mark) -> bool:
    """Return whether "Baca Juga" without a colon is a box's label melted into a paragraph."""
    words = text[mark.start : mark.end].split()
    before = text[max(0, mark.lead - 2) : mark.lead].rstrip()[-1:]
    small = text[mark.after : mark.after + 1].islower()
    return before in _SENTENCE_END and not small and all(word[0].isupper() for word in words)
