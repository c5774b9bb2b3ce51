"""A page as lines with what they tell, and which of them are the article."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

# A web page's elements to lines, as a browser would break them.


Element = Any  # lxml ships no types

PROSE_CHARS = 40  # a shorter line is a label, a date or a name, unless a <p> says otherwise
CELL_CHARS = 60  # cells of a row no longer than this are one line: "Editor | : Name"

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\xad\x00"))


@cache
def page_rules() -> dict[str, Any]:
    """Return pages.toml, read once."""
    return tomllib.loads(files("saring.html").joinpath("pages.toml").read_text("utf-8"))


@dataclass(slots=True)
class Line:
    """One line of a page as a browser would break it.

    Attributes
    ----------
    text : str
        Its text, white space collapsed; never empty.
    links : list of (str, str)
        Text and address of each link in it.
    owner : Element
        The block element the line stands in.
    plain_chars : int
        How much of the text is no link.
    is_links, is_prose : bool
        Whether most of it is links; whether it reads like a paragraph rather than a label.
    is_item : bool
        Whether it stands in a list that tells something; set by `saring.html.layout`.
    is_teaser : bool
        Whether it is a teaser, or the label of a box of them; set by `saring.html.page_metadata`.
    is_boilerplate : bool
        Whether its place or its links say that it is no body text; set by `saring.html.layout`.
    """

    text: str
    links: list[tuple[str, str]]
    owner: Element
    plain_chars: int = field(init=False)
    is_links: bool = field(init=False)
    is_prose: bool = field(init=False)
    is_item: bool = False
    is_teaser: bool = False
    is_boilerplate: bool = False

    def __post_init__(self) -> None:
        link_chars = sum(len(text) for text, _ in self.links)
        self.plain_chars = len(self.text) - link_chars
        self.is_links = self.plain_chars < link_chars
        self.is_prose = not self.is_links and self.plain_chars >= PROSE_CHARS


def page_lines(root: Element) -> list[Line]:
    """Return the lines of the page under an lxml root element, in order."""
    tags = page_rules()["tags"]
    skipped = frozenset(tags["skipped"])
    maker = _LineMaker(frozenset(tags["blocks"]))
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start" and element.tag in skipped:
            walk.skip_subtree()
        elif event == "start":
            maker.open(element)
        else:
            if event == "end":
                maker.close(element)
            maker.add(element.tail)
    maker.flush()
    return maker.lines


class _LineMaker:
    """Collects text until the line breaks."""

    def __init__(self, block_tags: frozenset[str]) -> None:
        self._block_tags = block_tags
        self.lines: list[Line] = []
        self._parts: list[tuple[str, Element | None]] = []  # text and the link it stands in
        self._owner: Element | None = None
        self._blocks: list[Element] = []
        self._anchors: list[Element] = []

    def open(self, element: Element) -> None:
        if element.tag in self._block_tags:
            self.flush()
            self._blocks.append(element)
        elif element.tag == "br":
            self.flush()
        elif element.tag == "a":
            self._anchors.append(element)
        self.add(element.text)

    def close(self, element: Element) -> None:
        if element.tag in self._block_tags:
            self.flush()
            self._blocks.pop()
        elif element.tag == "a":
            self._anchors.pop()

    def add(self, text: str | None) -> None:
        if text and self._blocks:
            if self._owner is None and text.strip():
                self._owner = self._blocks[-1]
            self._parts.append((text, self._anchors[-1] if self._anchors else None))

    def flush(self) -> None:
        if text := _collapse("".join(text for text, _ in self._parts)):
            line = Line(text, _links(self._parts), self._owner)
            if self.lines and _same_row(self.lines[-1], line):
                last = self.lines.pop()
                line = Line(f"{last.text} {text}", last.links + line.links, last.owner)
            self.lines.append(line)
        self._parts.clear()
        self._owner = None


def _same_row(a: Line, b: Line) -> bool:
    """Return whether two lines are short cells of one row of a table."""
    cells = a.owner is not b.owner and {a.owner.tag, b.owner.tag} <= {"td", "th"}
    row = cells and a.owner.getparent() is b.owner.getparent()
    return row and max(len(a.text), len(b.text)) <= CELL_CHARS


def _links(parts: Sequence[tuple[str, Element | None]]) -> list[tuple[str, str]]:
    """Return text and address of each link, in order, empty ones left out."""
    texts: dict[Element, str] = {}
    for text, anchor in parts:
        if anchor is not None:
            texts[anchor] = texts.get(anchor, "") + text
    pairs = [(_collapse(text), (anchor.get("href") or "").strip()) for anchor, text in texts.items()]
    return [pair for pair in pairs if pair[0]]


def _collapse(text: str) -> str:
    return " ".join(text.translate(_ZERO_WIDTH).split())


# Which lines of a web page are the article.


LINE_COST = 20  # what a line of links or a label costs a container, beside its length
FURNITURE_SHARE = 0.4  # an element with more of the page's prose than this is no boilerplate
SURE_SHARE = 0.9  # the same for comments, which may outweigh a short article
LIST_LINKS = 3  # so many lines of links in a row are a list
BEHIND_LIST = 0.5  # what prose counts behind a list, once for each list
NAMED_SHARE = 0.5  # a container known by name must hold this much of the best one's prose
CAPTION_CHARS = 300  # an element that holds a picture and no more text than this is a caption
CAPTION_LINES = 2  # nor more lines than this: the caption and who took the picture
CAPTION_LEVELS = 4  # how far above the text the picture may stand: td, tr, tbody, table
INVITATION_CHARS = 250  # "follow our channel" takes one or two sentences
LISTS = ("ul", "ol")
ITEM_WORDS = 2.5  # an item of a list that tells something, on average; towns and buttons have fewer
FULLER_SHARE = 0.5  # a body with less text than this beside one with lists lost the better part
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")  # what has one is no caption

_WORD = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")


class Page:
    """A page's lines in order, and which of them are boilerplate by name or place."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self._prose = _sums(lines, [max(0, value) for value in _values(lines)])
        self._total = max(self._prose.values(), default=0)
        self._texts = _sums(lines, [len(line.text) for line in lines])
        self._counts = _sums(lines, [1] * len(lines))
        self._named: dict[Element, bool] = {}
        for line in lines:
            line.is_boilerplate = _invites(line) or self._in_boilerplate(line.owner) or self._is_caption(line)
        _mark_items(lines)

    def body(self, first: int = 0) -> list[Line]:
        """Return the lines of the container that holds the article, from line `first` on.

        Every line adds to each element around it: prose its length, a line of links or a label
        less than nothing. The element with the highest sum is the body; a container known by
        name goes before it. Boilerplate inside is still among the lines.

        Items of lists are labels first. Of a page that is lists more than paragraphs, a recipe,
        that loses the better part: where they count as prose, the body may be fuller.
        """
        lines = self.lines[first:]
        body = _container(lines, _values(lines))
        if any(line.is_item for line in lines):
            listed = _container(lines, _values_with_items(lines))
            return listed if _is_fuller(listed, body) else body
        return body

    def _in_boilerplate(self, element: Element) -> bool:
        path: list[Element] = []
        verdict = False
        for e in _upwards(element):
            if e in self._named:
                verdict = self._named[e]
                break
            path.append(e)
        for e in reversed(path):
            verdict = verdict or self._prose[e] < _boilerplate_share(e) * self._total
            self._named[e] = verdict
        return verdict

    def _is_caption(self, line: Line) -> bool:
        """Return whether the line stands with a picture in an element that holds little else."""
        for e, _ in zip(_upwards(line.owner), range(CAPTION_LEVELS), strict=False):
            if self._texts[e] > CAPTION_CHARS or self._counts[e] > CAPTION_LINES:
                return False
            if e.tag == "body" or self._holds_prose(e):
                return False
            if e.tag != "p" and e.find(".//img") is not None:
                return all(e.find(f".//{heading}") is None for heading in HEADINGS)
        return False

    def _holds_prose(self, element: Element) -> bool:
        return self._prose[element] >= max(1, FURNITURE_SHARE * self._total)


def _upwards(element: Element) -> Iterator[Element]:
    while element is not None:
        yield element
        element = element.getparent()


def _mark_items(lines: Sequence[Line]) -> None:
    """Set `is_item` on the lines of lists that tell something: ingredients, steps, tips.

    A list of links leads elsewhere.
    """
    lists: dict[Element, list[Line]] = {}
    for line in lines:
        for e in _upwards(line.owner):
            if e.tag in LISTS and not line.is_teaser:
                lists.setdefault(e, []).append(line)
    for items in lists.values():
        text = " ".join(line.text for line in items)
        tells = len(text) >= PROSE_CHARS and len(text.split()) >= ITEM_WORDS * len(items)
        if tells and not any(line.is_links for line in items):
            for line in items:
                line.is_item = True


def _sums(lines: Sequence[Line], values: Sequence[int]) -> dict[Element, int]:
    """Return for every element the sum of its lines' values, inner elements first."""
    sums: dict[Element, int] = {}
    for line, value in zip(lines, values, strict=True):
        for e in _upwards(line.owner):
            sums[e] = sums.get(e, 0) + value
    return sums


def _container(lines: Sequence[Line], values: list[int]) -> list[Line]:
    """Return the lines of the element with the highest sum of values; see `Page.body`."""
    for i, line in enumerate(lines):
        if line.is_boilerplate:
            values[i] = min(values[i], 0)
    blocks = page_rules()["tags"]["blocks"]  # an inline element may hold a part of a line
    sums = {e: total for e, total in _sums(lines, values).items() if e.tag in blocks}
    best = max(sums, key=lambda e: sums[e], default=None)
    if best is None or sums[best] <= 0:
        return []
    chosen = {best, *_like(best, sums)}
    for known in _named_bodies(sums):
        if sum(sums[e] for e in known) >= NAMED_SHARE * sums[best]:
            chosen = set(known)
            break
    return [line for line in lines if chosen & set(_upwards(line.owner))]


def _is_fuller(listed: list[Line], body: list[Line]) -> bool:
    """Return whether a body with lists is all of another and more, or tells twice as much."""
    known = set(map(id, body))
    added = [line for line in listed if id(line) not in known]
    whole = len(listed) - len(added) == len(body)
    if whole and sum(line.is_links and not line.is_teaser for line in added) < LIST_LINKS:
        return True
    return told_chars(body) < FULLER_SHARE * told_chars(listed)


def told_chars(lines: Sequence[Line]) -> int:
    """Return how much text is paragraphs and items of lists."""
    return sum(len(line.text) for line in lines if line.is_prose or line.is_item)


def _values(lines: Sequence[Line]) -> list[int]:
    """Return what each line adds to a container: its length for prose, a cost for all else."""
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
    return values


def _values_with_items(lines: Sequence[Line]) -> list[int]:
    """Return what each line adds where items of lists count as prose; what heads them is free."""
    values = _values(lines)
    for i, line in enumerate(lines):
        if line.is_item and not line.is_prose:
            values[i] = line.plain_chars
        elif not line.is_links and any(following.is_item for following in lines[i + 1 : i + 2]):
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


def _names(element: Element) -> list[str]:
    return f"{element.get('class') or ''} {element.get('id') or ''}".split()


def _boilerplate_share(element: Element) -> float:
    """Return below what share of the page's prose an element is boilerplate; 0 for never."""
    rules = page_rules()["boilerplate"]
    words = {word.lower() for name in _names(element) for word in _WORD.split(name)}
    if not words.isdisjoint(rules["sure"]):
        return SURE_SHARE
    named = element.tag in rules["tags"] or not words.isdisjoint(rules["words"])
    return FURNITURE_SHARE if named else 0.0


def _like(element: Element, sums: dict[Element, int]) -> list[Element]:
    """Return the elements like one, beside it or under the next parent: pages of an article."""
    if not element.get("class"):
        return []
    near = list(_upwards(element))[1:3]
    return [
        e
        for e, total in sums.items()
        if total > 0
        and (e.tag, e.get("class")) == (element.tag, element.get("class"))
        and list(_upwards(e))[1:3][-1:] == near[-1:]
    ]


def _invites(line: Line) -> bool:
    """Return whether the line asks to follow the portal elsewhere."""
    if not line.links or len(line.text) > INVITATION_CHARS:
        return False
    places = page_rules()["boilerplate"]["channels"]
    return any(place in to for _, to in line.links for place in places)


def _named_bodies(sums: dict[Element, int]) -> Iterator[list[Element]]:
    """Yield for each container name of pages.toml, in its order, the elements that carry it."""
    rules = page_rules()["body"]
    found: dict[str, list[Element]] = {}
    for e in sums:
        for name in _names(e):
            found.setdefault(name.lower(), []).append(e)
        found.setdefault("itemprop=" + (e.get("itemprop") or "").lower(), []).append(e)
    for key in [*("itemprop=" + value for value in rules["itemprop"]), *rules["names"]]:
        if key in found:
            yield found[key]
