"""A web page as lines of text, and which of them are the article.

`page_lines` breaks the page into lines as a browser would. Each line then counts for or against the
elements around it: paragraphs for them, links and labels against. The element with the highest sum
holds the article (`body_lines`). Names that portals give to their elements are data, in pages.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from lxml import etree

Element = Any  # lxml ships no types

PROSE_CHARS = 40  # a shorter line is a label, a date or a name, unless a <p> says otherwise
CELL_CHARS = 60  # cells of a row no longer than this are one line: "Editor | : Name"
LINE_COST = 20  # what a line of links or a label costs a container, beside its length
BOILERPLATE_SHARE = 0.4  # an element with more of the page's prose than this is no boilerplate
COMMENTS_SHARE = 0.9  # the same for comments, which may outweigh a short article
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

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\xad\x00"))
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")


@cache
def page_rules() -> dict[str, Any]:
    """Return pages.toml, read once."""
    return tomllib.loads(files("saring.html").joinpath("pages.toml").read_text("utf-8"))


@dataclass(slots=True, eq=False)
class Line:
    """One line of a page as a browser would break it."""

    text: str  # white space collapsed; never empty
    links: list[tuple[str, str]]  # text and address of each link
    owner: Element  # the block element that the line stands in
    plain_chars: int = field(init=False)  # how much of the text is no link
    is_links: bool = field(init=False)  # most of it is links
    is_prose: bool = field(init=False)  # it reads like a paragraph rather than a label
    is_item: bool = False  # it stands in a list that tells something; set by `mark_lines`
    is_boilerplate: bool = False  # its place or its links say that it is no body text; set by `mark_lines`
    is_teaser: bool = False  # a teaser, or the label of a box of them; set by `page_metadata.mark_teasers`

    def __post_init__(self) -> None:
        link_chars = sum(len(text) for text, _ in self.links)
        self.plain_chars = len(self.text) - link_chars
        self.is_links = self.plain_chars < link_chars
        self.is_prose = not self.is_links and self.plain_chars >= PROSE_CHARS


def upwards(element: Element) -> Iterator[Element]:
    """Yield an element and all around it."""
    while element is not None:
        yield element
        element = element.getparent()


def names(element: Element) -> str:
    """Return the classes and the id of an element."""
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def page_lines(root: Element) -> list[Line]:
    """Return the lines of the page under an lxml root element, in order."""
    skipped, block_tags = (frozenset(page_rules()["tags"][kind]) for kind in ("skipped", "blocks"))
    lines: list[Line] = []
    parts: list[tuple[str, Element | None]] = []  # of the line so far: text and the link it stands in
    blocks: list[Element] = []
    anchors: list[Element] = []

    def end_line() -> None:
        if line := _line(parts, blocks):
            if lines and _in_one_row(lines[-1], line):
                last = lines.pop()
                line = Line(f"{last.text} {line.text}", last.links + line.links, last.owner)
            lines.append(line)
        parts.clear()

    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag, starts = element.tag, event == "start"
        if starts and tag in skipped:
            walk.skip_subtree()
            continue
        if tag in block_tags or tag == "br":
            end_line()
        if tag in block_tags or tag == "a":
            stack = anchors if tag == "a" else blocks
            if starts:
                stack.append(element)
            else:
                stack.pop()
        text = element.text if starts else element.tail
        if text and blocks:
            parts.append((text, anchors[-1] if anchors else None))
    return lines


def _line(parts: Sequence[tuple[str, Element | None]], blocks: Sequence[Element]) -> Line | None:
    """Return the line of these texts, each with the link it stands in; None where they are blank."""
    text = _collapsed("".join(text for text, _ in parts))
    if not text:
        return None
    linked: dict[Element, str] = {}
    for part, anchor in parts:
        if anchor is not None:
            linked[anchor] = linked.get(anchor, "") + part
    links = [(_collapsed(part), (anchor.get("href") or "").strip()) for anchor, part in linked.items()]
    return Line(text, [link for link in links if link[0]], blocks[-1])


def _in_one_row(a: Line, b: Line) -> bool:
    """Return whether two lines are short cells of one row of a table."""
    cells = a.owner is not b.owner and {a.owner.tag, b.owner.tag} <= {"td", "th"}
    row = cells and a.owner.getparent() is b.owner.getparent()
    return row and max(len(a.text), len(b.text)) <= CELL_CHARS


def _collapsed(text: str) -> str:
    return " ".join(text.translate(_ZERO_WIDTH).split())


def mark_lines(lines: Sequence[Line]) -> None:
    """Set `is_boilerplate` by name, place and links of each line, and `is_item` in lists that tell something."""
    prose = _sums(lines, [max(0, value) for value in _values(lines)])
    chars = _sums(lines, [len(line.text) for line in lines])
    counts = _sums(lines, [1] * len(lines))
    total = max(prose.values(), default=0)
    named = {e for e, inside in prose.items() if inside < _boilerplate_share(e) * total}

    def is_caption(line: Line) -> bool:
        """Return whether the line stands with a picture in an element that holds little else."""
        for e in islice(upwards(line.owner), CAPTION_LEVELS):
            holds_more = chars[e] > CAPTION_CHARS or counts[e] > CAPTION_LINES
            if holds_more or e.tag == "body" or prose[e] >= max(1, BOILERPLATE_SHARE * total):
                return False
            if e.tag != "p" and e.find(".//img") is not None:
                return all(e.find(f".//h{level}") is None for level in range(1, 7))
        return False

    channels = page_rules()["boilerplate"]["channels"]
    for line in lines:
        invites = len(line.text) <= INVITATION_CHARS and any(place in to for _, to in line.links for place in channels)
        line.is_boilerplate = invites or not named.isdisjoint(upwards(line.owner)) or is_caption(line)
    _mark_items(lines)


def _mark_items(lines: Sequence[Line]) -> None:
    lists: dict[Element, list[Line]] = {}
    for line in lines:
        for e in upwards(line.owner):
            if e.tag in ("ul", "ol") and not line.is_teaser:
                lists.setdefault(e, []).append(line)
    for items in lists.values():  # ingredients, steps, tips; a list of links leads elsewhere
        text = " ".join(line.text for line in items)
        tells = len(text) >= PROSE_CHARS and len(text.split()) >= ITEM_WORDS * len(items)
        if tells and not any(line.is_links for line in items):
            for line in items:
                line.is_item = True


def body_lines(lines: Sequence[Line], start: int) -> list[Line]:
    """Return the lines of the container that holds the article; boilerplate inside is still among them.

    `start` is the line below the headline. The lines above count only when most of the page's prose
    stands there, which means that the headline was none.
    """
    below, anywhere = _body(lines[start:]), _body(lines)
    return below if _told_chars(below) >= BELOW_SHARE * _told_chars(anywhere) else anywhere


def _body(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of the best container, which may be fuller where items of lists count as prose.

    Items of lists are labels first. Of a page that is lists more than paragraphs, such as a recipe,
    that loses the better part.
    """
    body = _container(lines, _values(lines))
    if not any(line.is_item for line in lines):
        return body
    listed = _container(lines, _values(lines, with_items=True))
    added = set(listed).difference(body)
    is_whole = len(listed) - len(added) == len(body)
    is_article = is_whole and sum(line.is_links and not line.is_teaser for line in added) < LIST_LINKS
    return listed if is_article or _told_chars(body) < FULLER_SHARE * _told_chars(listed) else body


def _told_chars(lines: Sequence[Line]) -> int:
    """Return how much text is paragraphs and items of lists."""
    return sum(len(line.text) for line in lines if line.is_prose or line.is_item)


def _container(lines: Sequence[Line], values: Sequence[int]) -> list[Line]:
    """Return the lines of the element with the highest sum of values, or of one known by name.

    Elements like the best one, beside it or under the next parent, are pages of the same article.
    """
    rules = page_rules()
    values = [min(value, 0) if line.is_boilerplate else value for line, value in zip(lines, values, strict=True)]
    blocks = rules["tags"]["blocks"]  # an inline element may hold a part of a line
    sums = {e: total for e, total in _sums(lines, values).items() if e.tag in blocks}
    best = max(sums, key=lambda e: sums[e], default=None)
    if best is None or sums[best] <= 0:
        return []
    chosen = {best}
    if kind := best.get("class"):
        twins = (e for e, total in sums.items() if total > 0 and e.tag == best.tag and e.get("class") == kind)
        chosen |= {e for e in twins if list(upwards(e))[1:3][-1:] == list(upwards(best))[1:3][-1:]}
    named: dict[str, list[Element]] = {}
    for e in sums:
        for name in names(e).split():
            named.setdefault(name.lower(), []).append(e)
        named.setdefault("itemprop=" + (e.get("itemprop") or "").lower(), []).append(e)
    for name in [*("itemprop=" + value for value in rules["body"]["itemprop"]), *rules["body"]["names"]]:
        if name in named and sum(sums[e] for e in named[name]) >= NAMED_SHARE * sums[best]:
            chosen = set(named[name])
            break
    return [line for line in lines if not chosen.isdisjoint(upwards(line.owner))]


def _sums(lines: Sequence[Line], values: Sequence[int]) -> dict[Element, int]:
    """Return for every element the sum of its lines' values, inner elements first."""
    sums: dict[Element, int] = {}
    for line, value in zip(lines, values, strict=True):
        for e in upwards(line.owner):
            sums[e] = sums.get(e, 0) + value
    return sums


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


def _boilerplate_share(element: Element) -> float:
    """Return below what share of the page's prose an element is boilerplate by its name; 0 for never."""
    rules = page_rules()["boilerplate"]
    words = {word.lower() for name in names(element).split() for word in _WORD_BREAK.split(name)}
    if not words.isdisjoint(rules["sure"]):
        return COMMENTS_SHARE
    return BOILERPLATE_SHARE if element.tag in rules["tags"] or not words.isdisjoint(rules["words"]) else 0.0
