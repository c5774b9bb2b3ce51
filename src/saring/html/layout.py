"""Which lines of a page are the article.

Each line counts for or against the elements around it: paragraphs for them, links and labels against. The element with
the highest sum holds the article (`body_lines`). Names that portals give to their elements are data, in pages.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

from saring.html.markup import BLOCKS, PROSE_CHARS, Element, Line, Markup
from saring.html.names import BOILERPLATE_SHARE, body_names, page_rules

LINE_COST = 20  # what a line of links or a label costs a container, beside its length
LIST_LINKS = 3  # so many lines of links in a row are a list
BEHIND_LIST = 0.5  # what prose counts behind a list, once for each list
NAMED_SHARE = 0.5  # a container known by name must hold this much of the best one's prose
BELOW_SHARE = 0.5  # with less prose below it than this, the line taken for the headline was none
CAPTION_CHARS = 300  # an element that holds a picture and no more text than this is a caption
CAPTION_LINES = 2  # nor more lines than this: the caption and who took the picture
CAPTION_LEVELS = 4  # how far above the text the picture may stand: td, tr, tbody, table
INVITATION_CHARS = 250  # "follow our channel" takes one or two sentences
ITEM_WORDS = 2.5  # an item of a list that tells something, on average; towns and buttons have fewer
FULLER_SHARE = 0.5  # a body with less text than this beside one with lists lost the better part

_CHANNEL = re.compile("|".join(map(re.escape, page_rules()["boilerplate"]["channels"])))


def inside(spans: Iterable[tuple[int, int]], count: int) -> list[bool]:
    """Return for each of `count` lines whether it stands in one of the spans."""
    steps = [0] * (count + 1)
    for first, end in spans:
        steps[first] += 1
        steps[end] -= 1
    return [open_now > 0 for open_now in accumulate(steps)][:count]


def mark_lines(markup: Markup) -> None:
    """Set `is_boilerplate` by name, place and links of each line, and `is_item` in lists that tell something."""
    lines, elements = markup.lines, markup.elements
    values = [value if value > 0 else 0 for value in _values(lines)]
    prose = [0, *accumulate(values)]  # until each line
    chars = [0, *accumulate([len(line.text) for line in lines])]
    enough = BOILERPLATE_SHARE * prose[-1]  # of the page's prose, for an element to be no boilerplate
    boilerplate = []
    for e in elements:
        if e.named.share and prose[e.end] - prose[e.first] < e.named.share * prose[-1]:
            boilerplate.append((e.first, e.end))
        if e.images and not e.headings and e.end - e.first <= CAPTION_LINES:
            is_little = chars[e.end] - chars[e.first] <= CAPTION_CHARS and prose[e.end] - prose[e.first] < max(
                1, enough
            )
            if is_little and e.tag not in ("p", "body", "html"):
                _mark_caption(lines[e.first : e.end], e)
        if e.tag in ("ul", "ol"):
            _mark_items([line for line in lines[e.first : e.end] if not line.is_teaser])
    for line, is_in in zip(lines, inside(boilerplate, len(lines)), strict=True):
        if is_in or (
            line.links
            and len(line.text) <= INVITATION_CHARS
            and any(map(_CHANNEL.search, [to for _, to in line.links]))
        ):
            line.is_boilerplate = True


def _mark_caption(lines: Sequence[Line], picture: Element) -> None:
    """Mark the lines that stand a few levels below an element with a picture and little else."""
    for line in lines:
        levels = [line.owner]
        while len(levels) < CAPTION_LEVELS and levels[-1].parent:
            levels.append(levels[-1].parent)
        line.is_boilerplate |= picture in levels


def _mark_items(items: Sequence[Line]) -> None:
    """Mark the lines of a list that tells something: ingredients, steps, tips; one of links leads elsewhere."""
    if any([line.is_links for line in items]) or sum([len(line.text) + 1 for line in items]) <= PROSE_CHARS:
        return
    if sum([len(line.text.split()) for line in items]) >= ITEM_WORDS * len(items):
        for line in items:
            line.is_item = True


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
    blocks = [e for e in markup.elements if e.end > start and e.tag in BLOCKS]  # others may hold a part of a line
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
    until = [0, *accumulate([min(v, 0) if line.is_boilerplate else v for line, v in zip(lines, values, strict=True)])]
    sums = [until[end] - until[first] for first, end in spans]
    highest = max(sums, default=0)
    if highest <= 0:
        return []
    # The one that begins first, and of these the innermost: it ended first.
    chosen = {min((n for n, total in enumerate(sums) if total == highest), key=lambda n: spans[n][0])}
    best = blocks[min(chosen)]
    if kind := best.attrib.get("class"):
        for n, e in enumerate(blocks):
            if sums[n] > 0 and e.tag == best.tag and e.attrib.get("class") == kind and e.above is best.above:
                chosen.add(n)
    known: dict[str, set[int]] = {}
    for n, e in enumerate(blocks):
        for name in e.named.bodies:
            known.setdefault(name, set()).add(n)
    for name in sorted(known, key=body_names().index):
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
