"""Which lines of a page are the article.

Each line counts for or against the elements around it: paragraphs for them, links and labels against. The element with
the highest sum holds the article (`body_lines`). Names that portals give to their elements are data, in pages.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from saring.html.markup import PROSE_CHARS, Element, Line, Page, page_rules

LINE_COST = 20  # what a line of links or a label costs a container, beside its length
BOILERPLATE_SHARE = 0.4  # an element with more of the page's prose than this is no boilerplate
COMMENTS_SHARE = 0.9  # the same for comments, which may outweigh a short article
LIST_LINKS = 3  # so many lines of links in a row are a list
BEHIND_LIST = 0.5  # what prose counts behind a list, once for each list
NAMED_SHARE = 0.5  # a container known by name must hold this much of the best one's prose
BELOW_SHARE = 0.5  # with less prose below it than this, the line taken for the headline was none
NAMES_KEPT = 1 << 14  # portals name their elements alike on every page
CAPTION_CHARS = 300  # an element that holds a picture and no more text than this is a caption
CAPTION_LINES = 2  # nor more lines than this: the caption and who took the picture
CAPTION_LEVELS = 4  # how far above the text the picture may stand: td, tr, tbody, table
INVITATION_CHARS = 250  # "follow our channel" takes one or two sentences
ITEM_WORDS = 2.5  # an item of a list that tells something, on average; towns and buttons have fewer
FULLER_SHARE = 0.5  # a body with less text than this beside one with lists lost the better part

_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")
_BLOCKS = frozenset(page_rules()["tags"]["blocks"])
_BODIES = [*("itemprop=" + value for value in page_rules()["body"]["itemprop"]), *page_rules()["body"]["names"]]
_CHANNEL = re.compile("|".join(map(re.escape, page_rules()["boilerplate"]["channels"])))


class Named(NamedTuple):
    """What the names of an element say of it."""

    share: float  # below what share of the page's prose it is boilerplate; 0 for never
    is_box: bool  # it holds teasers
    bodies: frozenset[str]  # the names of an article's container that it has


@lru_cache(maxsize=NAMES_KEPT)
def named(tag: str, names: str, itemprop: str) -> Named:
    """Return what an element's tag, its classes and id, and its itemprop say of it."""
    rules = page_rules()
    words = {word.lower() for name in names.split() for word in _WORD_BREAK.split(name)}
    share = BOILERPLATE_SHARE if tag in rules["boilerplate"]["tags"] else 0.0
    if not words.isdisjoint(rules["boilerplate"]["words"]):
        share = BOILERPLATE_SHARE
    if not words.isdisjoint(rules["boilerplate"]["sure"]):
        share = COMMENTS_SHARE
    is_box = any(re.search(box, names, re.IGNORECASE) for box in rules["teaser"]["boxes"])
    return Named(share, is_box, frozenset(_BODIES) & {*names.lower().split(), f"itemprop={itemprop.lower()}"})


def names_of(element: Element) -> Named:
    """Return what the names of an element say of it."""
    return named(element.tag, element.names, element.attrib.get("itemprop", ""))


def inside(spans: Iterable[tuple[int, int]], count: int) -> list[bool]:
    """Return for each of `count` lines whether it stands in one of the spans."""
    steps = [0] * (count + 1)
    for first, end in spans:
        steps[first] += 1
        steps[end] -= 1
    return [open_now > 0 for open_now in accumulate(steps)][:count]


def _sums(spans: Iterable[tuple[int, int]], values: Iterable[int]) -> list[int]:
    """Return for each span the sum of its lines' values."""
    until = [0, *accumulate(values)]
    return [until[end] - until[first] for first, end in spans]


def mark_lines(markup: Markup) -> None:
    """Set `is_boilerplate` by name, place and links of each line, and `is_item` in lists that tell something."""
    lines, elements = markup.lines, markup.elements
    spans = [(e.first, e.end) for e in elements]
    values = [max(0, value) for value in _values(lines)]
    total = sum(values)
    prose = _sums(spans, values)
    chars = _sums(spans, [len(line.text) for line in lines])
    boilerplate = [span for span, e, told in zip(spans, elements, prose, strict=True) if told < names_of(e).share * total]
    for line, is_named in zip(lines, inside(boilerplate, len(lines)), strict=True):
        invites = line.links and len(line.text) <= INVITATION_CHARS and any(_CHANNEL.search(to) for _, to in line.links)
        line.is_boilerplate = is_named or bool(invites)
    for e, told, length in zip(elements, prose, chars, strict=True):
        little = length <= CAPTION_CHARS and e.end - e.first <= CAPTION_LINES and told < max(1, BOILERPLATE_SHARE * total)
        if e.images and little and not e.headings and e.tag not in ("p", "body", "html"):
            for line in lines[e.first : e.end]:
                line.is_boilerplate |= line.owner.depth - e.depth < CAPTION_LEVELS
    for e in elements:  # ingredients, steps, tips; a list of links leads elsewhere
        items = [line for line in lines[e.first : e.end] if not line.is_teaser] if e.tag in ("ul", "ol") else []
        if items and not any(line.is_links for line in items):
            words = sum(len(line.text.split()) for line in items)
            tells = sum(len(line.text) + 1 for line in items) > PROSE_CHARS and words >= ITEM_WORDS * len(items)
            for line in items:
                line.is_item |= tells


def body_lines(markup: Markup, start: int) -> list[Line]:
    """Return the lines of the container that holds the article; boilerplate inside is still among them.

    `start` is the line below the headline. The lines above count only when most of the page's prose
    stands there, which means that the headline was none.
    """
    below, anywhere = _body(markup, start), _body(markup, 0)
    return below if _told_chars(below) >= BELOW_SHARE * _told_chars(anywhere) else anywhere


def _body(markup: Markup, start: int) -> list[Line]:
    """Return the lines of the best container, which may be fuller where items of lists count as prose.

    Items of lists are labels first. Of a page that is lists more than paragraphs, such as a recipe,
    that loses the better part.
    """
    lines = markup.lines[start:]
    blocks = [e for e in markup.elements if e.end > start and e.tag in _BLOCKS]  # others may hold a part of a line
    spans = [(max(0, e.first - start), e.end - start) for e in blocks]
    body = _container(lines, blocks, spans, _values(lines))
    if not any(line.is_item for line in lines):
        return body
    listed = _container(lines, blocks, spans, _values(lines, with_items=True))
    added = set(listed).difference(body)
    is_whole = len(listed) - len(added) == len(body)
    is_article = is_whole and sum(line.is_links and not line.is_teaser for line in added) < LIST_LINKS
    return listed if is_article or _told_chars(body) < FULLER_SHARE * _told_chars(listed) else body


def _told_chars(lines: Sequence[Line]) -> int:
    """Return how much text is paragraphs and items of lists."""
    return sum(len(line.text) for line in lines if line.is_prose or line.is_item)


def _container(
    lines: Sequence[Line], blocks: Sequence[Element], spans: Sequence[tuple[int, int]], values: Sequence[int]
) -> list[Line]:
    """Return the lines of the element with the highest sum of values, or of one known by name.

    Elements like the best one, beside it or under the next parent, are pages of the same article.
    """
    sums = _sums(spans, [min(v, 0) if line.is_boilerplate else v for line, v in zip(lines, values, strict=True)])
    highest = max(sums, default=0)
    if highest <= 0:
        return []
    ties = [n for n, total in enumerate(sums) if total == highest]
    best = blocks[max(ties, key=lambda n: (-spans[n][0], blocks[n].depth))]  # the first, and of these the innermost
    chosen = {n for n in ties if blocks[n] is best}
    if kind := best.attrib.get("class"):
        for n, e in enumerate(blocks):
            if sums[n] > 0 and e.tag == best.tag and e.attrib.get("class") == kind and e.above is best.above:
                chosen.add(n)
    known: dict[str, set[int]] = {}
    for n, e in enumerate(blocks):
        for name in names_of(e).bodies:
            known.setdefault(name, set()).add(n)
    for name in sorted(known, key=_BODIES.index):
        if sum(sums[n] for n in known[name]) >= NAMED_SHARE * highest:
            chosen = known[name]
            break
    return [line for line, is_in in zip(lines, inside([spans[n] for n in chosen], len(lines)), strict=True) if is_in]


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
