"""The bytes of a page to lines of text, as a browser would break them, in one pass of the parser over the page.

An element is told by the lines that stand in it, a range of them: whatever asks for the sum of an element's lines,
or for all elements around a line, takes no walk through a tree, and there is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

from saring.errors import InputError

MAX_DEPTH = 256  # of elements in elements; libxml2's own limit for a tree
PROSE_CHARS = 40  # a shorter line is a label, a date or a name, unless a <p> says otherwise
CELL_CHARS = 60  # cells of a row no longer than this are one line: "Editor | : Name"
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\xad\x00"))


@cache
def page_rules() -> dict[str, Any]:
    """Return pages.toml, read once."""
    return tomllib.loads(files("saring.html").joinpath("pages.toml").read_text("utf-8"))


@dataclass(slots=True, eq=False)
class Element:
    """An element of a page that holds lines: those from `first` to before `end`."""

    tag: str
    attrib: Mapping[str, str]
    parent: Element | None
    depth: int
    images: int  # how many images it holds; until it ends, how many stand before it
    headings: int  # the same for <h1> to <h6>
    first: int = -1
    end: int = -1

    @property
    def names(self) -> str:
        """The classes and the id."""
        return f"{self.attrib.get('class', '')} {self.attrib.get('id', '')}"

    @property
    def above(self) -> Element | None:
        """What is two levels up, or one where there are no two."""
        return self.parent and (self.parent.parent or self.parent)


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
    is_boxed: bool = False  # an element around it says by its name that it holds teasers; set by `mark_teasers`
    is_teaser: bool = False  # a teaser, or the label of a box of them; set by `mark_teasers`

    def __post_init__(self) -> None:
        link_chars = sum([len(text) for text, _ in self.links]) if self.links else 0
        self.plain_chars = len(self.text) - link_chars
        self.is_links = self.plain_chars < link_chars
        self.is_prose = not self.is_links and self.plain_chars >= PROSE_CHARS


@dataclass(slots=True)
class Markup:
    """What is read of a page: its lines, the elements that hold them, and what its head says."""

    lines: list[Line] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)  # inner before outer ones
    told: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)  # <meta>, <time> and <link>, wherever
    titles: list[str] = field(default_factory=list)  # texts of <title>
    scripts: list[str] = field(default_factory=list)  # texts of JSON-LD


def read_markup(source: bytes, name: str) -> Markup:
    """Return what `page_source` holds; InputError where it is too deep or too long to parse."""
    from lxml.etree import HTMLParser, fromstring

    events = _events(page := Markup(), name)
    parser = HTMLParser(recover=True, encoding="utf-8", target=events)
    fromstring(source, parser)
    for problem in parser.error_log:
        if problem.type_name == "ERR_RESOURCE_LIMIT":  # the parser stopped there: text is missing
            raise InputError(f"{name}: the page is too deep or too long to read ({problem.message.strip()})")
    return markup


def _events(page: Page, name: str) -> SimpleNamespace:
    """Return what takes the parser's events and fills the markup."""
    skipped, blocks, told = (frozenset(page_rules()["tags"][kind]) for kind in ("skipped", "blocks", "told"))
    lines, elements = page.lines, page.elements
    around: list[Element] = []  # the elements that are open
    owners: list[Element] = []  # of these the blocks
    anchors: list[Element] = []  # and the links
    parts: list[str] = []  # of the line so far
    linked: dict[Element, list[str]] = {}  # and of its links
    kept: list[str] | None = None  # of a <title> or a JSON-LD script, while it is open
    depth = skips_from = images = headings = block_end = 0

    def start(tag: str, attrib: Mapping[str, str]) -> None:
        nonlocal depth, skips_from, images, headings, kept
        depth += 1
        if depth > MAX_DEPTH:
            raise InputError(f"{name}: the page is too deep or too long to read (more than {MAX_DEPTH} elements deep)")
        if tag == "img":
            images += 1
        elif tag in HEADINGS:
            headings += 1
        elif tag in told:
            page.told.append((tag, attrib))
        elif tag == "title" or (tag == "script" and "ld+json" in attrib.get("type", "")):
            kept = []
        if skips_from:
            return
        if tag in skipped:
            skips_from = depth
            return
        element = Element(tag, attrib, around[-1] if around else None, depth, images, headings)
        if tag in blocks:
            end_line()
            for one in reversed(around):  # an inline element begins with the first block in it
                if one.first >= 0:
                    break
                one.first = len(lines)
            element.first = len(lines)
            owners.append(element)
        elif tag == "br":
            end_line()
        elif tag == "a":
            anchors.append(element)
        around.append(element)

    def end(tag: str) -> None:
        nonlocal depth, skips_from, block_end, kept
        depth -= 1
        if kept is not None and tag in ("title", "script"):
            (page.titles if tag == "title" else page.scripts).append("".join(kept))
            kept = None
        if skips_from:
            if depth < skips_from:
                skips_from = 0
            return
        element = around.pop()
        if tag in blocks:
            end_line()
            owners.pop()
            block_end = len(lines)
        elif tag == "a":
            anchors.pop()
        if 0 <= element.first < block_end:
            element.end = block_end
            element.images = images - element.images
            element.headings = headings - element.headings
            elements.append(element)

    def data(text: str) -> None:
        if kept is not None:
            kept.append(text)
        if skips_from or not (parts or text.strip()):
            return
        parts.append(text)
        if anchors:
            linked.setdefault(anchors[-1], []).append(text)

    def end_line() -> None:
        if not parts:
            return
        if text := _collapsed("".join(parts)):
            links = [(_collapsed("".join(some)), one.attrib.get("href", "").strip()) for one, some in linked.items()]
            line = Line(text, [link for link in links if link[0]], owners[-1])
            if lines and _in_one_row(lines[-1], line):
                last = lines.pop()
                line = Line(f"{last.text} {line.text}", last.links + line.links, last.owner)
            lines.append(line)
        parts.clear()
        linked.clear()

    return SimpleNamespace(start=start, end=end, data=data, close=lambda: None)


def _in_one_row(a: Line, b: Line) -> bool:
    """Return whether two lines are short cells of one row of a table."""
    cells = a.owner is not b.owner and {a.owner.tag, b.owner.tag} <= {"td", "th"}
    row = cells and a.owner.parent is b.owner.parent
    return row and max(len(a.text), len(b.text)) <= CELL_CHARS


def _collapsed(text: str) -> str:
    return " ".join((text if text.isascii() else text.translate(_ZERO_WIDTH)).split())
