"""Teasers to links: on lines of their own, in boxes, in brackets, in running text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from saring.parsing.headline_ends import headline_end
from saring.parsing.rules import Marker, Rules
from saring.parsing.window import ArticleWords
from saring.parsing.words import (
    MAX_HEADLINE_CHARS,
    capital_share,
    is_title_case,
    may_be_headline,
    next_joint,
    sentence_ends,
)

# One teaser in a text: its span, its headline, its marker; and the shapes teasers share.


Span = tuple[int, int]

WHOLE_LINE_CHARS = 150  # up to this length a stretch without a sentence's end is all headline

MARKDOWN = re.compile(r"\[(?P<headline>[^\[\]\r\n]{3,220})\]\((?P<url>[^()\s]{1,500})\)[*_)\]]{0,4}")
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


# Where a marker ("Baca juga") stands as a marker, and not as a phrase of a sentence.


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


def find_marks(text: str, lines: Sequence[Span], places: Iterable[tuple[int, Sequence[Marker]]]) -> list[Mark]:
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


# The headlines on the lines under a label: "Baca juga:" on one line, what it advertises below.


MAX_BOX = 3  # portals' boxes hold up to three headlines
MAX_BULLETS = 5  # or five behind bullets
MIN_BOX_CHARS = 38  # in a box of several: a shorter line is more often a subheading of the body
MIN_SOLE_CHARS = 45  # under a label without colon, whose headlines scrapers often lose
MIN_BOX_SHARE = 0.75  # of capitals, where no colon tells that a headline follows

_BULLET = re.compile(r"[-–—•●▪◦‣→►▶»>*✓✔·+|]{1,3}[\s\u200b]{0,4}")
_NUMBERED = re.compile(r"\d{1,2}\s?[.)]")  # under a lost headline, the body's own list


class Page(NamedTuple):
    """What finding teasers reads.

    `taken`: numbers of the lines with a marker or boilerplate of their own; `dump`: the lines are
    joined by commas, as in dumps that dropped the text of links, and so the headlines.
    """

    article_words: ArticleWords
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
        bullet = _BULLET.match(page.article_words.text, start, end)
        if len(box) == MAX_BOX and not bullet:
            break
        inner = bullet.end() if bullet else start
        markdown = MARKDOWN.match(page.article_words.text, inner, end)
        span, url = (markdown.span("headline"), markdown["url"]) if markdown else ((inner, end), "")
        sure = bool(markdown or bullet or (mark.sign and not box)) and not page.dump
        if number in page.taken or not _is_box_line(page, span, sure, bool(box)):
            break
        if any(page.article_words.text[slice(*span)] == page.article_words.text[slice(*one.headline)] for one in box):
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
    line = page.article_words.text[slice(*span)]
    if len(line) > WHOLE_LINE_CHARS or _NUMBERED.match(line):
        return False
    if follows and not sure and len(line) < MIN_BOX_CHARS:
        return False
    if not may_be_headline(line, 0.0 if sure else MIN_BOX_SHARE):
        return False
    return not any(page.rules.whole_line(place, line) for place in ("line", "head"))


# Teasers in an article's lines: a marker, the headline it advertises, and where both end.


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
        Boilerplate inside lines, in order: no teaser starts in one or runs over one.
    places : iterable of (int, sequence of Marker)
        Where which markers may match.
    rules : Rules
        The rules, which tell a headline's line from boilerplate.
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
    page = Page(ArticleWords(text, title), lines, taken, rules, dump)
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
    text, kind = page.article_words.text, mark.marker.kind
    words = text[slice(*tight(text, mark.start, mark.after, "*_-•·"))]
    if mark.after < stop:
        found = _inline(page.article_words, mark, stop)
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


def _inline(article_words: ArticleWords, mark: Mark, stop: int) -> list[tuple[Span, Span, str]]:
    """Return the headlines behind a mark on its line: (span, span of the headline, address)."""
    text, after = article_words.text, mark.after
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
    return _run_on(article_words, mark, stop)


def _run_on(article_words: ArticleWords, mark: Mark, stop: int) -> list[tuple[Span, Span, str]]:
    """Return the headlines of a run-on text behind a mark, as `_inline` does."""
    text = article_words.text
    until = min(stop, mark.after + MAX_BOX * MAX_HEADLINE_CHARS)
    spans = _glued_headlines(text, mark.after, until)
    if len(spans) < 2:
        starts = [mark.after]
        if "-" in text[mark.end : mark.after] and mark.sign != "-":  # "Baca Juga: - Satu - Dua"
            items = [item.end() for item in _ITEM.finditer(text, mark.after, until)]
            starts += items[: MAX_BOX - 1]
        spans = [tight(text, start, end - 3) for start, end in pairwise(starts)]
        last = starts[-1], headline_end(article_words, starts[-1], stop)
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
