"""Teasers in an article's text: on lines of their own, in boxes, in brackets, in running text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from saring.parsing.boilerplate import Boilerplate
from saring.parsing.headline_ends import headline_end
from saring.parsing.lines import (
    MAX_HEADLINE_CHARS,
    Span,
    capital_share,
    is_title_case,
    may_be_headline,
    sentence_ends,
    tight,
)
from saring.parsing.rules import Draft, Marker, Rules
from saring.parsing.words import ArticleWords, next_joint

WHOLE_LINE_CHARS = 150  # up to this length a stretch without a sentence's end is all headline
MIN_BRACKET_WORDS = 3  # "(baca: polisi)" and "(Baca: tumpang tindih)" explain a word
MIN_TITLE_SHARE = 0.6  # of capitals, where no colon tells that a headline follows
MELTED_WORDS, MELTED_SHARE = 8, 0.85  # of a headline that runs on, and its capitals
TITLE_WORDS = 6  # words that show whether a title follows
MAX_SHOW_CHARS = 30  # "Saksikan Live KabarSore:"
MIN_HEADLINE_WORDS = 2
SURE_SHARE = 0.9  # of capitals in a headline that ends with a full stop
JOINT_CHARS = 8  # behind a joint tell that it is one
REACH_CHARS = 2_000  # three headlines and what tells their ends; what stands farther says nothing
MIN_GLUED_WORDS = 5  # of each headline in a box without line breaks; fewer are a glued name
MAX_BOX = 3  # portals' boxes hold up to three headlines
MAX_BULLETS = 5  # or five behind bullets
MIN_BOX_CHARS = 38  # in a box of several: a shorter line is more often a subheading of the body
MIN_SOLE_CHARS = 45  # under a label without colon, whose headlines scrapers often lose
MIN_BOX_SHARE = 0.75  # of capitals, where no colon tells that a headline follows

CLOSING = {"(": ")", "[": "]"}  # what closes a bracket around a teaser

_MARKDOWN = re.compile(  # a link, with the signs that close bold type or a bracket around it
    r"\[(?P<headline>[^\[\]\r\n]{3,220})\]\((?P<url>[^()\s]{1,500})\)[*_)\]]{0,4}"
)
_LEAD = re.compile(r"[^\w\"“”'‘’.!?:;,%&+=/$°()\[\]\r\n]{0,12}[(\[]?[\s*_]{0,4}\Z")
_LEAD_CHARS = 18
_SEPARATOR = re.compile(
    r"[\s\u200b\ufeff*_]{0,6}(?P<separator>[:：]|[|>»→–—-]|[,;])?[:：,;|>»→–—\-\s\u200b\ufeff*_•·]{0,12}"
)
_SENTENCE_END = frozenset('.!?"”…')
_ITEM = re.compile(r"\s[-–•]\s(?=[A-Z\d\"“'‘])")
_QUOTED = re.compile(  # a video's title, and what stands behind it
    r"['\"‘“][^\r\n]{5,180}?['\"’”](?:\s{0,2}(?::|(?=\[))|(?:\s{1,2}di sini:)|(?=\s{0,3}\Z))"
    r"|['\"‘“][^'\"’”\r\n]{5,180}['\"’”]"
)
_BEHIND = re.compile(  # on the teaser's line: an article's last words, who wrote it, or the number of a list
    r"\([a-z]{2,4}/[a-z]{2,4}\)|\(\s?[\w-]{3,30}\.(?:com|co\.id|id|net)\s?/[^()\r\n]{2,60}\)"
    r"|(?<=\s)(?:\((?-i:[a-z]{3})\)|\d{1,2}\.)\Z|(?<=\s\s)\([a-z]{2,4}\)\Z|(?<=\w)\((?-i:[a-z]{2,4})\)\Z"
    r"|(?<=\s)(?-i:Editor|Pewarta|Penerjemah)\s?:\s",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[-–—•●▪◦‣→►▶»>*✓✔·+|]{1,3}[\s\u200b]{0,4}")
_NUMBERED = re.compile(r"\d{1,2}\s?[.)]")  # under a lost headline, the body's own list


class Teaser(NamedTuple):
    """A stretch that is not body: a link, or a removal of another kind."""

    kind: str
    start: int
    end: int
    headline: str = ""
    marker: str = ""  # as printed
    url: str = ""  # empty where no address is printed


class Mark(NamedTuple):
    """A place where a marker stands."""

    marker: Marker
    lead: int  # where its bullets or bracket start
    start: int  # its words
    end: int
    after: int  # where what it advertises starts
    separator: str  # the colon or dash behind it
    bracket: str  # the bracket around it
    line: int
    opens: bool  # it opens its line


class TeaserContext(NamedTuple):
    """What tells a teaser's end: the text, its words and lines."""

    text: str
    words: ArticleWords
    lines: Sequence[Span]
    taken: set[int]  # lines with a marker or boilerplate of their own
    rules: Rules
    is_dump: bool  # commas join the lines, as in dumps that dropped the text of links, and so the headlines


def find_teasers(draft: Draft, lines: Sequence[Span], cuts: Sequence[Boilerplate]) -> list[Teaser]:
    """Return the teasers of an article in order; their spans are tight and disjoint.

    `cuts` is the boilerplate inside lines, in order: no teaser starts in it or runs over it.
    """
    text = draft.text
    marks = find_marks(text, lines, draft.places.marks)
    if not marks:
        return []
    cut_starts = [cut.start for cut in cuts]
    taken = {mark.line for mark in marks if mark.opens}
    taken.update(bisect_right(lines, (start, len(text))) - 1 for start in cut_starts)
    is_dump = len(lines) > 1 and "," in text[lines[-2][1] : lines[-1][0]]
    context = TeaserContext(text, ArticleWords(text, draft.title), lines, taken, draft.rules, is_dump)
    found: list[Teaser] = []
    at = 0
    for number, mark in enumerate(marks):
        cut = bisect_right(cut_starts, mark.start)
        if mark.lead < at or (cut and cuts[cut - 1].end > mark.lead):
            continue
        stop = lines[mark.line][1]
        for other in marks[number + 1 : number + 3]:
            # "Baca juga: Video: ..." advertises an article about a video
            same = other.marker.kind == mark.marker.kind
            if other.start >= mark.after and (same or other.lead > mark.after):
                stop = min(stop, other.lead)
                break
        if cut < len(cuts):
            stop = min(stop, cut_starts[cut])
        found += _teasers_behind(context, mark, stop)
        at = found[-1].end
    return found


def find_addressed(text: str, lines: Sequence[Span], addresses: Mapping[str, str]) -> list[Teaser]:
    """Return the lines that are teasers because the page gives an address of their headline."""
    found = []
    for start, end in lines:
        marker, colon, headline = text[start:end].partition(": ")
        headline = headline.strip()
        if colon and headline in addresses:
            found.append(Teaser("link", start, end, headline, marker + ":"))
    return found


def find_marks(text: str, lines: Sequence[Span], places: Iterable[tuple[int, Sequence[Marker]]]) -> list[Mark]:
    """Return the marks of a text in order; of markers that match at one place the first."""
    found: dict[int, Mark] = {}
    for at, markers in places:
        if at in found:
            continue
        if not text[at].isupper():
            before = text[max(0, at - 2) : at]
            if before[-1:].isalnum() or (before[-1:] == " " and before[0].isalnum()):
                continue  # a small word within another or right behind one is part of a sentence
        line = bisect_right(lines, (at, len(text))) - 1
        for marker in markers:
            match = marker.pattern.match(text, at, lines[line][1])
            mark = _mark(text, marker, match, lines[line], line) if match else None
            if mark:
                found[at] = mark
                break
    return [found[at] for at in sorted(found)]


def _mark(text: str, marker: Marker, match: re.Match[str], line: Span, number: int) -> Mark | None:
    """Return the mark at a match, None if the words are part of a sentence there."""
    start, end = match.span()
    found = _SEPARATOR.match(text, end, line[1])
    after, separator = (found.end(), found["separator"] or "") if found else (end, "")
    if marker.separator == "needed" and separator != ":":
        return None
    is_glued = start > line[0] and text[start - 1].isalnum()
    if is_glued and separator != ":" and marker.kind == "link":
        return None
    before = None if is_glued else _LEAD.search(text, max(line[0], start - _LEAD_CHARS), start)
    lead = before.start() if before else start
    bracket = next((char for char in text[lead:start] if char in CLOSING), "")
    while lead < start and text[lead].isspace():
        lead += 1
    mark = Mark(marker, lead, start, end, after, separator, bracket, number, lead == line[0])
    rest = text[after : min(line[1], after + MAX_HEADLINE_CHARS + 1)]
    return mark if _introduces(text, mark, rest) else None


def _introduces(text: str, mark: Mark, rest: str) -> bool:
    """Return whether a teaser stands where a mark is: by what surrounds it, and by the rest of the line."""
    capital, is_link = text[mark.start].isupper(), mark.marker.kind == "link"
    if mark.bracket:
        inside = rest.partition(CLOSING[mark.bracket])[0].split()
        if inside and len(inside) < MIN_BRACKET_WORDS:
            return False
        return bool(mark.separator) and (capital or capital_share(inside) >= MIN_TITLE_SHARE)
    if not capital and not (mark.opens and mark.separator == ":"):
        return not rest and text[mark.start - 1 : mark.start] in _SENTENCE_END  # lagi.baca juga
    if mark.marker.separator == "needed" and not is_link:
        return capital_share(rest.split()[:TITLE_WORDS]) >= MIN_TITLE_SHARE  # "Judul Video: ..."
    if mark.separator and mark.separator not in ",;":
        return mark.separator == ":" or not rest[:1].islower()
    if not is_link:  # a video's title without a colon before it
        if not rest or rest[0] in "'\"‘“[" or "[gambas" in rest.lower():
            return True
        is_show = len(rest) < MAX_SHOW_CHARS and rest.endswith(":")
        return mark.opens and (is_show or may_be_headline(rest.rstrip(" :"), MIN_TITLE_SHARE))
    if mark.opens:  # a headline without a colon before it; it may run on into a paragraph
        words = rest.split()[: MELTED_WORDS + 1]
        runs_on = len(words) > MELTED_WORDS and capital_share(words[:-1]) >= MELTED_SHARE
        return not rest or may_be_headline(rest, MIN_TITLE_SHARE) or runs_on
    # A box's label that ran into a paragraph: "... katanya. Baca Juga Menurut dia"
    before = text[max(0, mark.lead - 2) : mark.lead].rstrip()[-1:]
    is_titled = all(word[0].isupper() for word in text[mark.start : mark.end].split())
    return before in _SENTENCE_END and is_titled and not text[mark.after : mark.after + 1].islower()


def _teasers_behind(context: TeaserContext, mark: Mark, stop: int) -> list[Teaser]:
    """Return what a mark introduces: links, or a removal, or a label and the box under it."""
    text, kind = context.text, mark.marker.kind
    marker = text[slice(*tight(text, mark.start, mark.after, "*_-•·"))]
    if mark.after < stop:
        found = _headlines_behind(context, mark, stop)
        first = found[0][1] if found else ""
        # Dumps leave no more than "Baca Juga : BMKG :" of some.
        if first and (kind != "link" or (len(first.split()) >= MIN_HEADLINE_WORDS and first[-1] not in ":,")):
            teasers = [Teaser(kind, *span, headline, marker, url) for span, headline, url in found]
            return [teasers[0]._replace(start=mark.lead), *teasers[1:]]
    end = max(mark.end, tight(text, mark.start, min(mark.after, stop), "-*_")[1])
    if mark.bracket and text[end : end + 1] == CLOSING[mark.bracket]:
        end += 1
    if kind != "link":
        return [Teaser(kind, mark.lead, end)]
    box = find_box(context, mark, marker) if end >= context.lines[mark.line][1] else []
    return [Teaser("link_label" if box else "bare_label", mark.lead, end), *box]


def _headlines_behind(context: TeaserContext, mark: Mark, stop: int) -> list[tuple[Span, str, str]]:
    """Return the headlines behind a mark on its line: (span, headline, address)."""
    text, after = context.text, mark.after
    if markdown := _MARKDOWN.match(text, after, stop):
        return [(markdown.span(), markdown["headline"], markdown["url"])]
    stop = full = min(stop, after + REACH_CHARS)
    behind = _BEHIND.search(text, after, min(stop, after + MAX_HEADLINE_CHARS))
    if behind and (not behind[0][0].isdigit() or is_title_case(text[after : behind.start()])):
        stop = behind.start()
    stop = tight(text, after, stop)[1]
    if stop <= after:
        return []
    if mark.bracket:
        depth = 1
        for at in range(after, min(stop, after + MAX_HEADLINE_CHARS)):
            depth += (text[at] == mark.bracket) - (text[at] == CLOSING[mark.bracket])
            if not depth:
                return [((after, at + 1), text[slice(*tight(text, after, at))], "")]
    if mark.marker.kind != "link":
        quoted = _QUOTED.match(text, after, stop)
        end = quoted.end() if quoted else stop if text[full : full + 7].lower() == "[gambas" else 0
        if 0 < end - after < MAX_HEADLINE_CHARS:
            return [((after, end), text[after:end], "")]
    rest = text[after : min(stop, after + WHOLE_LINE_CHARS + 1)]
    is_headline = not sentence_ends(rest) or (rest.endswith(".") and is_title_case(rest[:-1], SURE_SHARE))
    if len(rest) <= WHOLE_LINE_CHARS and is_headline:
        return [((after, stop), text[slice(*tight(text, after, stop, "*_"))], "")]
    return [(span, text[slice(*span)], "") for span in _run_on_headlines(context, mark, stop)]


def _run_on_headlines(context: TeaserContext, mark: Mark, stop: int) -> list[Span]:
    """Return the headlines behind a mark in a text that runs on behind them."""
    text = context.text
    until = min(stop, mark.after + MAX_BOX * MAX_HEADLINE_CHARS)
    spans = _glued_headlines(text, mark.after, until)
    if len(spans) > 1:
        return spans
    starts = [mark.after]
    if "-" in text[mark.end : mark.after] and mark.separator != "-":  # "Baca Juga: - Satu - Dua"
        items = [item.end() for item in _ITEM.finditer(text, mark.after, until)]
        starts += items[: MAX_BOX - 1]
    spans = [tight(text, start, end - 3) for start, end in pairwise(starts)]
    last = starts[-1], headline_end(context.words, starts[-1], stop)
    if last[0] < last[1] and (mark.separator or is_title_case(text[slice(*last)])):
        spans.append(tight(text, *last))
    return spans


def _glued_headlines(text: str, start: int, stop: int) -> list[Span]:
    """Return the headlines of a box that lost its line breaks: "... Harga TurunPanen Raya ..."."""
    spans: list[Span] = []
    at = start
    while len(spans) < MAX_BOX:
        joint = next_joint(text, at, min(stop, start + WHOLE_LINE_CHARS + JOINT_CHARS))
        line = text[start : max(start, joint)]
        fits = len(line) <= WHOLE_LINE_CHARS and len(line.split()) >= MIN_GLUED_WORDS
        if not (fits and is_title_case(line) and may_be_headline(line)) or sentence_ends(line):
            break
        spans.append((start, joint))
        start, at = joint, joint + 1
    return spans


def find_box(context: TeaserContext, mark: Mark, marker: str) -> list[Teaser]:
    """Return the headlines on the lines under a label: "Baca juga:" on one line, what it advertises below.

    A label with a colon is followed by one headline, by three, or by bullets; two lines are a
    headline and the body's next subheading. A label without a colon often stands alone, its
    headlines lost, so that what follows must look like headlines beyond doubt.
    """
    text = context.text
    box: list[Teaser] = []
    bullets = 0
    for number in range(mark.line + 1, min(mark.line + 1 + MAX_BULLETS, len(context.lines))):
        start, end = context.lines[number]
        bullet = _BULLET.match(text, start, end)
        if len(box) == MAX_BOX and not bullet:
            break
        inner = bullet.end() if bullet else start
        markdown = _MARKDOWN.match(text, inner, end)
        line, url = (markdown["headline"], markdown["url"]) if markdown else (text[inner:end], "")
        is_sure = bool(markdown or bullet or (mark.separator and not box)) and not context.is_dump
        if number in context.taken or len(line) > WHOLE_LINE_CHARS or _NUMBERED.match(line):
            break
        if not may_be_headline(line, 0.0 if is_sure else MIN_BOX_SHARE):
            break
        if box and not is_sure and len(line) < MIN_BOX_CHARS:
            break
        if context.rules.whole_line("line", line) or context.rules.whole_line("head", line):
            break
        if any(line == one.headline for one in box):
            break  # a photo's caption, printed twice
        bullets += bool(bullet or markdown)
        box.append(Teaser("link", start, end, line, marker, url))
    if bullets == len(box) or len(box) == MAX_BOX:
        return box
    if mark.separator and not context.is_dump:
        return box[:1]
    return [] if len(box) == 1 and box[0].end - box[0].start < MIN_SOLE_CHARS else box
