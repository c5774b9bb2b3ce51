"""Which lines of a page are the article.

Each line counts for or against the elements around it: paragraphs for them, links and labels against. The element with
the highest sum holds the article (`body_lines`). Names that portals give to their elements are data, in pages.toml.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from operator import attrgetter
from typing import NamedTuple

from saring.html.markup import BLOCKS, HEADINGS, PROSE_CHARS, Element, Line, Markup
from saring.html.names import BOILERPLATE_SHARE, COMMENTS_SHARE, body_names, page_rules

LINE_COST = 20  # what a line of links or a label costs a container, beside its length
LIST_LINKS = 3  # so many lines of links in a row are a list
BEHIND_LIST = 0.5  # what prose counts behind a list, once for each list
NAMED_SHARE = 0.5  # a container known by name must hold this much of the best one's prose
BELOW_SHARE = 0.5  # with less prose below it than this, the line taken for the headline was none
ARTICLE_LINES, ARTICLE_CHARS = 3, 200  # of prose below a headline: no lead alone, but an article
SHORT_CHARS = 100  # the same where a name says that it is an article
CAPTION_CHARS = 300  # an element that holds a picture and no more text than this is a caption
CAPTION_LINES = 2  # nor more lines than this: the caption and who took the picture
CAPTION_LEVELS = 4  # how far above the text the picture may stand: td, tr, tbody, table
FORM_LINES = 4  # of a form that asks for an address
MAX_LISTS = 100  # how many labels of lists are looked at
INVITATION_CHARS = 250  # "follow our channel" takes one or two sentences
ITEM_WORDS = 2.5  # an item of a list that tells something, on average; towns and buttons have fewer
FULLER_SHARE = 0.5  # a body with less text than this beside one with lists lost the better part

_OTHER_PART = re.compile(rf"\W*(?:{'|'.join(page_rules()['boilerplate']['headings'])})\W*", re.IGNORECASE)
_NO_TEXT = re.compile(rf"\W*(?:{'|'.join(page_rules()['boilerplate']['lines'])})\W*", re.IGNORECASE)
_CHANNEL, _PROFILE = (
    re.compile("|".join(map(re.escape, page_rules()["boilerplate"][kind]))) for kind in ("channels", "profiles")
)
_ASKS = re.compile(rf"\W{{0,4}}(?:{'|'.join(page_rules()['boilerplate']['asks'])})\b", re.IGNORECASE)
_LISTS = "|".join(map(re.escape, [*page_rules()["teaser"]["lists"], *page_rules()["teaser"]["others"]]))
_LIST = re.compile(rf"\W{{0,4}}(?:{_LISTS})\W{{0,4}}", re.IGNORECASE)

_END = attrgetter("end")


def inside(spans: Iterable[tuple[int, int]], count: int) -> list[bool]:
    """Return for each of `count` lines whether it stands in one of the spans."""
    found = [False] * count
    for first, end in spans:
        found[first:end] = [True] * (end - first)
    return found


class Part(NamedTuple):
    """The lines of a page from one to before another, and the elements that hold some of them."""

    start: int
    lines: Sequence[Line]
    elements: Sequence[Element]
    spans: Sequence[tuple[int, int]]  # where each element's lines are among these
    named: Sequence[tuple[Element, int, int]]  # the elements whose names say something, and their spans


def _part(markup: Markup, start: int, stop: int) -> Part:
    ends = bisect_right(markup.elements, start, key=_END)  # an element ends no earlier than those before it
    over = bisect_right(markup.elements, stop, key=_END)
    elements = markup.elements[ends:over] + [e for e in markup.elements[over:] if e.first < stop]
    spans = [(e.first - start if e.first > start else 0, (e.end if e.end < stop else stop) - start) for e in elements]
    named = [
        (e, max(e.first - start, 0), min(e.end, stop) - start) for e in markup.named if e.first < stop and e.end > start
    ]
    return Part(start, markup.lines[start:stop], elements, spans, named)


def body_lines(markup: Markup, start: int) -> list[Line]:
    """Return the lines of the container that holds the article; boilerplate inside is still among them.

    `start` is the line below the headline. Where no article is told by it, most of the page's prose may as well stand
    above, which means that the headline was none.
    """
    lines = markup.lines
    if stop := _article_end(markup, start):
        part = _part(markup, start, stop)
        if body := _body(part, _mark_lines(part, spare=ARTICLE_CHARS)):
            return body
    whole = _part(markup, 0, len(lines))
    anywhere = _body(whole, _mark_lines(whole))
    rest = _part(markup, start, len(lines))
    below = _body(rest, _values(rest.lines))
    body = below if _told_chars(below) >= BELOW_SHARE * _told_chars(anywhere) else anywhere
    tells = any(line.is_prose and not line.is_boilerplate and line.owner.tag not in HEADINGS for line in body)
    return body if tells else _captions(lines[start:]) or body


def _captions(lines: Sequence[Line]) -> list[Line]:
    """Return the captions that a gallery tells its article in."""
    captions = [line for line in lines if line.is_prose and _stands_in(line, "figcaption")]
    for line in captions:
        line.is_boilerplate = False
    return captions


def _article_end(markup: Markup, start: int) -> int:
    """Return the line behind the innermost element around the headline that holds an article below it, else 0.

    What is farther from the headline is another part of the page, however long: terms of use, the next article.
    """
    lines = markup.lines
    sure = [(e.first, e.end) for e in markup.named if e.named.share == COMMENTS_SHARE and not e.first < start <= e.end]
    tells = [
        line.is_prose and not (line.is_teaser or is_in or _stands_in(line, "li") or line.owner.tag in HEADINGS)
        for line, is_in in zip(lines, inside(sure, len(lines)), strict=True)
    ]
    counts = [0, *accumulate(tells)]
    chars = [0, *accumulate([len(line.text) if told else 0 for line, told in zip(lines, tells, strict=True)])]
    bodies = [
        e for e in markup.named if e.named.bodies and e.first >= start and chars[e.end] - chars[e.first] >= SHORT_CHARS
    ]
    e = lines[start - 1].owner if start else None
    while e:
        told, length = counts[e.end] - counts[start], chars[e.end] - chars[start]
        is_known = length >= SHORT_CHARS and (e.tag == "article" or any(body.end <= e.end for body in bodies))
        if is_known or (told >= ARTICLE_LINES and length >= ARTICLE_CHARS):
            return _next_headline(lines, start, e.end, chars)
        e = e.parent
    return 0


def _stands_in(line: Line, tag: str) -> bool:
    """Return whether a line is in an element or in one at once in it, such as a point of a summary or a caption."""
    return line.owner.tag == tag or (line.owner.parent is not None and line.owner.parent.tag == tag)


def _next_headline(lines: Sequence[Line], start: int, stop: int, chars: Sequence[int]) -> int:
    """Return the first line from an article's start to its end that is the headline of another one, else its end."""
    own = lines[start - 1].owner
    for i in range(start, stop):
        owner = lines[i].owner
        if owner.tag not in HEADINGS or chars[i] - chars[start] < SHORT_CHARS:
            continue
        if owner.tag == "h1" or (owner.tag == own.tag and owner.named.classes == (own.named.classes or "")):
            return i
    return stop


def _mark_lines(part: Part, spare: float = math.inf) -> list[int]:
    """Set `is_boilerplate` by name, place and links, and `is_item` in lists that tell something; return the values.

    An element whose name is sure to be no article's is none either where that leaves so much prose beside it.
    """
    _mark_lists(part)
    lines = part.lines
    values = _values(lines)
    prose = [0, *accumulate([value if value > 0 else 0 for value in values])]  # until each line
    boilerplate = _other_parts(part)
    total = 0
    for share in (COMMENTS_SHARE, BOILERPLATE_SHARE):
        kept = zip(prose, prose[1:], inside(boilerplate, len(lines)), strict=False)
        total = sum([0 if is_other else until - before for before, until, is_other in kept])
        for e, first, end in part.named:
            told = prose[end] - prose[first]
            is_spared = share == COMMENTS_SHARE and total - told >= spare
            if e.named.share == share and (told < share * total or is_spared):
                boilerplate.append((first, end))
    boilerplate += _mark_small(part, prose, max(1, BOILERPLATE_SHARE * total))
    for line, is_other in zip(lines, inside(boilerplate, len(lines)), strict=True):
        is_short = len(line.text) <= PROSE_CHARS and _NO_TEXT.fullmatch(line.text)
        if is_other or is_short or (line.links and len(line.text) <= INVITATION_CHARS and _invites(line)):
            line.is_boilerplate = True
    return values


def _other_parts(part: Part) -> list[tuple[int, int]]:
    """Return where what its heading calls no article stands: a glossary, terms of use."""
    return [
        (i, min(line.owner.parent.end - part.start, len(part.lines)))
        for i, line in enumerate(part.lines)
        if line.owner.tag in HEADINGS and line.owner.parent and _OTHER_PART.fullmatch(line.text)
    ]


def _mark_small(part: Part, prose: Sequence[int], little: float) -> list[tuple[int, int]]:
    """Mark captions and the items of lists; return where forms stand that ask for an address."""
    lines = part.lines
    chars = [0, *accumulate([len(line.text) for line in lines])]
    forms: list[tuple[int, int]] = []
    for e, (first, end) in zip(part.elements, part.spans, strict=True):
        if e.tag in ("ul", "ol"):
            _mark_items(lines[first:end])
        elif (
            end - first > FORM_LINES or chars[end] - chars[first] > CAPTION_CHARS or prose[end] - prose[first] >= little
        ):
            continue
        elif e.tag == "form":
            forms.append((first, end))
        elif e.images and not e.headings and end - first <= CAPTION_LINES and e.tag not in ("p", "body", "html"):
            _mark_caption(lines[first:end], e)
    return forms


def _invites(line: Line) -> bool:
    """Return whether a line leads to a portal's channel, or asks to follow the portal elsewhere."""
    addresses = [to for _, to in line.links]
    return any(map(_CHANNEL.search, addresses)) or (
        bool(_ASKS.match(line.text)) and any(map(_PROFILE.search, addresses))
    )


def _mark_lists(part: Part) -> None:
    """Mark lists of other pages that end a body: label, links and summaries cost it nothing and are no part of it."""
    lines = part.lines
    told = [0, *accumulate([line.is_prose and not line.is_teaser and line.owner.tag not in HEADINGS for line in lines])]
    labels = (i for i, line in enumerate(lines) if len(line.text) <= PROSE_CHARS and _LIST.fullmatch(line.text))
    for i in islice(labels, MAX_LISTS):
        e = lines[i].owner.parent
        while e and told[i] == told[max(0, e.first - part.start)]:
            e = e.parent
        rest = lines[i + 1 : e.end - part.start] if e and not lines[i].is_teaser else []
        if not any([line.is_links for line in rest[:2]]):
            continue
        if all([not line.is_prose or _is_summary(line, i + part.start) for line in rest]):
            for line in (lines[i], *rest):
                line.is_teaser = line.is_boilerplate = True


def _is_summary(line: Line, label: int) -> bool:
    """Return whether a paragraph stands in a box with a link of its own, in the list under a label."""
    box = line.owner.parent
    return box is not None and box.first > label and box.end - box.first > 1


def _mark_caption(lines: Sequence[Line], picture: Element) -> None:
    """Mark the lines that stand a few levels below an element with a picture and little else."""
    for line in lines:
        levels = [line.owner]
        while len(levels) < CAPTION_LEVELS and levels[-1].parent:
            levels.append(levels[-1].parent)
        line.is_boilerplate |= picture in levels


def _mark_items(lines: Sequence[Line]) -> None:
    """Mark the lines of a list that tells something: ingredients, steps, tips; one of links leads elsewhere."""
    if any(line.is_links and not line.is_teaser for line in lines):
        return
    items = [line for line in lines if not line.is_teaser]
    if sum([len(line.text) + 1 for line in items]) <= PROSE_CHARS:
        return
    if sum([len(line.text.split()) for line in items]) >= ITEM_WORDS * len(items):
        for line in items:
            line.is_item = True


def _body(part: Part, values: Sequence[int]) -> list[Line]:
    """Return the lines of the best container, which may be fuller where items of lists count as prose.

    Items of lists are labels first. Of a page that is lists more than paragraphs, such as a recipe,
    that loses the better part.
    """
    lines = part.lines
    body = _container(part, values)
    if not any(line.is_item for line in lines):
        return body
    listed = _container(part, _values(lines, with_items=True))
    added = set(listed).difference(body)
    is_whole = len(listed) - len(added) == len(body)
    is_article = is_whole and sum(line.is_links and not line.is_teaser for line in added) < LIST_LINKS
    return listed if is_article or _told_chars(body) < FULLER_SHARE * _told_chars(listed) else body


def _told_chars(lines: Sequence[Line]) -> int:
    """Return how much text is paragraphs and items of lists."""
    return sum(len(line.text) for line in lines if line.is_prose or line.is_item)


def _container(part: Part, values: Sequence[int]) -> list[Line]:
    """Return the lines of the element with the highest sum of values, or of one known by name.

    Elements like the best one, beside it or under the next parent, are pages of the same article.
    """
    lines, blocks = part.lines, part.elements
    until = [0, *accumulate([0 if line.is_boilerplate and v > 0 else v for line, v in zip(lines, values, strict=True)])]
    # Of an inline element a part of a line may stand outside.
    sums = [
        until[end] - until[first] if e.tag in BLOCKS else 0 for e, (first, end) in zip(blocks, part.spans, strict=True)
    ]
    highest = max(sums, default=0)
    if highest <= 0:
        return []
    # The one that begins first, and of these the innermost: it ended first.
    at = min([n for n, total in enumerate(sums) if total == highest], key=lambda n: part.spans[n][0])
    best, chosen = blocks[at], [part.spans[at]]
    if kind := best.named.classes:
        chosen += [
            span
            for e, total, span in zip(blocks, sums, part.spans, strict=True)
            if total > 0 and e.tag == best.tag and e.named.classes == kind and e.above is best.above
        ]
    known: dict[str, list[tuple[Element, int, int]]] = {}
    for one in part.named:
        for name in one[0].named.bodies:
            known.setdefault(name, []).append(one)
    for name in sorted(known, key=body_names().index):
        if sum(until[end] - until[first] for e, first, end in known[name] if e.tag in BLOCKS) >= NAMED_SHARE * highest:
            chosen = [(first, end) for _, first, end in known[name]]
            break
    return [line for line, is_in in zip(lines, inside(chosen, len(lines)), strict=True) if is_in]


def _values(lines: Sequence[Line], *, with_items: bool = False) -> list[int]:
    """Return what each line adds to a container: its length for prose, a cost for all else.

    `with_items`: items of lists count as prose, and a line that heads them is free.
    """
    values = [_value(line) for line in lines]
    # A paragraph alone between two lines of links is the summary on a card of another article.
    long = [i for i, line in enumerate(lines) if (line.is_links or line.is_prose) and not line.is_teaser]
    for before, here, after in zip(long, long[1:], long[2:], strict=False):
        if lines[before].is_links and lines[after].is_links and lines[here].is_prose:
            values[here] = 0
    # Prose behind a list of links is more often another part of the page than more of the article.
    links, weight, begun = 0, 1.0, False
    for i in long:
        if lines[i].is_links:
            links += 1
        elif values[i]:
            if begun and links >= LIST_LINKS:
                weight *= BEHIND_LIST
            links, begun = 0, True
            values[i] = int(values[i] * weight)
    for i, line in enumerate(lines):
        if with_items and line.is_item and not line.is_prose:
            values[i] = line.plain_chars
        elif with_items and not line.is_links and any(following.is_item for following in lines[i + 1 : i + 2]):
            values[i] = max(values[i], 0)
    return values


def _value(line: Line) -> int:
    if line.is_teaser:
        return 0
    if line.is_links:
        return line.plain_chars - len(line.text) - LINE_COST
    if line.is_prose:
        return line.plain_chars
    return len(line.text) if line.owner.tag == "p" else -LINE_COST
