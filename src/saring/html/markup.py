"""The bytes of a page to lines of text, as a browser would break them, in one pass of the parser over the page.

An element is told by the lines that stand in it, a range of them: whatever asks for the sum of an element's lines,
or for all elements around a line, takes no walk through a tree, and there is none.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from saring.errors import InputError
from saring.html.names import Named, hidden_by, named, page_rules

MAX_DEPTH = 256  # of elements in elements; libxml2's own limit for a tree
TOLD = frozenset({"meta", "time", "link"})  # they say something of the page, wherever they stand
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
CELLS = frozenset({"td", "th"})
HIDING = frozenset({"style", "hidden", "role"})  # attributes that may hide an element
DIALOGS = frozenset({"dialog", "alertdialog"})
STYLE_CHARS = 80_000  # of a style sheet; the longest that AMP allows has 75,000
PROSE_CHARS = 40  # a shorter line is a label, a date or a name, unless a <p> says otherwise
CELL_CHARS = 60  # cells of a row no longer than this are one line: "Editor | : Name"

_TAGS: Mapping[str, list[str]] = page_rules()["tags"]
BLOCKS = frozenset(_TAGS["blocks"])
# Kinds of elements. One that tells something beside its text has NOTED added to its kind.
INLINE, LINK, VOID, SKIPPED, SPAN, BLOCK, NOTED = 0, 1, 2, 3, 4, 5, 8
_KINDS = {"a": LINK, "span": SPAN} | {
    tag: kind for kind, name in ((BLOCK, "blocks"), (VOID, "void"), (SKIPPED, "skipped")) for tag in _TAGS[name]
}
KINDS = _KINDS | {tag: _KINDS.get(tag, INLINE) + NOTED for tag in _TAGS["noted"]}
STYLES = re.compile(page_rules()["hidden"]["styles"], re.IGNORECASE)

_ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060\ufeff\xad\x00]+")


class Element:
    """An element of a page; the lines from `first` to before `end` stand in it."""

    __slots__ = ("end", "first", "headings", "images", "named", "parent", "tag")
    end: int

    def __init__(self, tag: str, named: Named, images: int, headings: int, first: int, parent: Element | None) -> None:
        self.tag = tag
        self.named = named  # what its names say of it
        self.images = images  # how many images it holds; until it ends, how many stand before it
        self.headings = headings  # the same for <h1> to <h6>
        self.first = first
        self.parent = parent

    @property
    def above(self) -> Element | None:
        """What is two levels up, or one where there are no two."""
        return self.parent and (self.parent.parent or self.parent)


class Line:
    """One line of a page as a browser would break it."""

    is_item = False  # it stands in a list that tells something; set by `layout`
    is_boilerplate = False  # its place or its links say that it is no body text; set by `layout`
    is_boxed = False  # an element around it says by its name that it holds teasers; set by `page_metadata`
    is_teaser = False  # a teaser, or the label of a box of them; set by `page_metadata`

    def __init__(self, text: str, links: list[tuple[str, str]], owner: Element, link_chars: int) -> None:
        self.text = text  # white space collapsed; never empty
        self.links = links  # text and address of each link
        self.owner = owner  # the block element that the line stands in
        self.plain_chars = plain = len(text) - link_chars  # how much of the text is no link
        self.is_links = plain < link_chars  # most of it is links
        self.is_prose = plain >= PROSE_CHARS and plain >= link_chars  # a paragraph rather than a label


@dataclass(slots=True)
class Markup:
    """What is read of a page: its lines, the elements that hold them, and what its head says."""

    lines: list[Line] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)  # inner before outer ones
    named: list[Element] = field(default_factory=list)  # those of them whose names say something
    told: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)  # <meta>, <time> and <link>, wherever
    titles: list[str] = field(default_factory=list)  # texts of <title>
    scripts: list[str] = field(default_factory=list)  # texts of JSON-LD


def read_markup(source: bytes, name: str, *, sees_all: bool = False) -> Markup:
    """Return what `page_source` holds, without what is hidden unless told otherwise.

    InputError where the page is too deep or too long to parse.
    """
    _of_thread.reader.sees_all = sees_all
    try:
        markup: Markup = etree.fromstring(source, _of_thread.parser)
    except _TooDeepError:
        raise InputError(f"{name}: the page is too deep or too long to read ({MAX_DEPTH} elements deep)") from None
    for problem in _of_thread.parser.error_log:
        if problem.type_name == "ERR_RESOURCE_LIMIT":  # the parser stopped there: text is missing
            raise InputError(f"{name}: the page is too deep or too long to read ({problem.message.strip()})")
    return markup


Inline = tuple[str, Mapping[str, str], int, int]  # tag and attributes, images and headings before it


class _Reader:
    """Takes the parser's events and fills the markup.

    A page has some 2,500 of them. `start`, `end` and `data` take as few steps as can be: they are half of the time that
    a page takes.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.markup = Markup()
        self.lines = self.markup.lines
        # An inline element becomes an Element with the first block in it; a void one stands here as None.
        self.open: list[Element | Inline | None] = []
        self.block: Element | None = None  # the innermost block that is open
        self.blocks: list[Element | None] = []  # those around it
        self.anchor: Inline | None = None  # the innermost link that is open
        self.anchors: list[Inline | None] = []  # those around it
        self.skipped = 0  # how many elements are open that no reader sees
        self.parts: list[str] = []  # of the line so far
        self.linked: list[Inline | None] = []  # the link that each part stands in
        self.kept: list[str] | None = None  # of a <title> or a JSON-LD script, while it is open
        self.unseen: set[str] = set()  # the classes and ids that the page's style sheets hide
        self.sees_all = False
        self.images = self.headings = self.block_end = 0

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        kind, opened = KINDS.get(tag, INLINE), self.open
        if kind >= NOTED:
            kind -= NOTED
            self._note(tag, attrib)
        if self.skipped or kind == SKIPPED:
            self.skipped += 1
        elif kind >= SPAN:
            names = _names(tag, attrib) if attrib else named(tag)
            if (
                attrib
                and (names.is_hidden or self.unseen or not HIDING.isdisjoint(attrib))
                and self._hides(attrib, names)
            ):
                self.skipped = 1
            elif kind == BLOCK:
                self._open_block(tag, names)
            else:
                opened.append((tag, attrib, self.images, self.headings))
        elif kind == VOID:
            opened.append(None)
            return
        else:
            one = (tag, attrib, self.images, self.headings)
            opened.append(one)
            if kind == LINK:
                self.anchors.append(self.anchor)
                self.anchor = one
        if self.skipped + len(opened) > MAX_DEPTH:
            raise _TooDeepError

    def _hides(self, attrib: Mapping[str, str], names: Named) -> bool:
        """Return whether an element is hidden from all readers, by its attributes or the page's style sheets."""
        hidden = names.is_hidden or not self.unseen.isdisjoint(names.selectors)
        hidden = hidden or "hidden" in attrib or attrib.get("role") in DIALOGS
        hidden = hidden or STYLES.search(attrib.get("style", "")) is not None
        return hidden and not self.sees_all and len(self.open) > 1 and not names.unfolds

    def _open_block(self, tag: str, names: Named) -> None:
        if self.parts:
            self._end_line()
        parent = self.block if not self.open or self.open[-1] is self.block else self._holding()
        self.blocks.append(self.block)
        self.block = Element(tag, names, self.images, self.headings, len(self.lines), parent)
        self.open.append(self.block)

    def _holding(self) -> Element | None:
        """Return the innermost open element, once all inline ones that now hold a block are Elements."""
        parent: Element | None = None
        for n, one in enumerate(self.open):
            if isinstance(one, tuple):
                tag, attrib, images, headings = one
                self.open[n] = one = Element(tag, _names(tag, attrib), images, headings, len(self.lines), parent)
            parent = one or parent
        return parent

    def _note(self, tag: str, attrib: Mapping[str, str]) -> None:
        if tag == "br":
            if self.parts and not self.skipped:
                self._end_line()
        elif tag == "img":
            self.images += 1
        elif tag in ("title", "style") or (tag == "script" and "ld+json" in attrib.get("type", "")):
            self.kept = []
        elif tag in TOLD:
            self.markup.told.append((tag, attrib))
        elif tag in HEADINGS:
            self.headings += 1

    def end(self, tag: str) -> None:
        if self.kept is not None and tag in ("title", "script", "style"):
            self._keep(tag, "".join(self.kept))
        if self.skipped:
            self.skipped -= 1
            return
        element = self.open.pop()
        if element is None:
            return
        if element is self.block:
            if self.parts:
                self._end_line()
            self.block = self.blocks.pop()
            self.block_end = len(self.lines)
        else:
            if tag == "a":
                self.anchor = self.anchors.pop()
            if isinstance(element, tuple):
                return
        if element.first < self.block_end:
            element.end = self.block_end
            element.images = self.images - element.images
            element.headings = self.headings - element.headings
            self.markup.elements.append(element)
            if element.named.says:
                self.markup.named.append(element)

    def _keep(self, tag: str, text: str) -> None:
        self.kept = None
        if tag == "title":
            self.markup.titles.append(text)
        elif tag == "script":
            self.markup.scripts.append(text)
        elif len(text) <= STYLE_CHARS and "none" in text:
            for name, is_hidden in hidden_by(text).items():
                (self.unseen.add if is_hidden else self.unseen.discard)(name)

    def data(self, text: str) -> None:
        if self.kept is not None:
            self.kept.append(text)
        if not self.skipped and (self.parts or not text.isspace()):
            self.parts.append(text)
            self.linked.append(self.anchor)

    def _end_line(self) -> None:
        lines, parts, linked, owner = self.lines, self.parts, self.linked, self.block
        assert owner is not None  # the parser puts all text into a <body>
        if text := _collapsed("".join(parts)):
            links: list[tuple[str, str]] = []
            if len(parts) == 1:  # mostly all of the line is one link
                if link := linked[0]:
                    links = [(text, link[1].get("href", "").strip())]
            elif any(linked):
                links = self._links()
            line = Line(text, links, owner, sum([len(label) for label, _ in links]) if links else 0)
            if owner.tag in CELLS and lines and _in_one_row(lines[-1], line, len(lines) - 1):
                last = lines.pop()
                chars = len(last.text) + len(text) - last.plain_chars - line.plain_chars
                line = Line(f"{last.text} {text}", last.links + links, last.owner, chars)
            lines.append(line)
        parts.clear()
        linked.clear()

    def _links(self) -> list[tuple[str, str]]:
        """Return text and address of each link in the line."""
        texts: dict[int, tuple[Inline, list[str]]] = {}
        for link, part in zip(self.linked, self.parts, strict=True):
            if link:
                texts.setdefault(id(link), (link, []))[1].append(part)
        found = [(_collapsed("".join(some)), link) for link, some in texts.values()]
        return [(label, link[1].get("href", "").strip()) for label, link in found if label]

    def close(self) -> Markup:
        """Return the page and be ready for the next one."""
        markup = self.markup
        self.begin()
        return markup


class _TooDeepError(Exception):
    """More than MAX_DEPTH elements stand in each other."""


class _OfThread(threading.local):
    """A thread's parser, for to make one takes as long as to parse a short page."""

    def __init__(self) -> None:
        self.reader = _Reader()
        self.parser = etree.HTMLParser(recover=True, encoding="utf-8", target=self.reader)


_of_thread = _OfThread()


def _in_one_row(a: Line, b: Line, at: int) -> bool:
    """Return whether two lines are short cells of one row of a table, `at` the first one's number."""
    cells = a.owner is not b.owner and {a.owner.tag, b.owner.tag} <= CELLS and a.owner.first == at
    row = cells and a.owner.parent is b.owner.parent
    return row and max(len(a.text), len(b.text)) <= CELL_CHARS


def _names(tag: str, attrib: Mapping[str, str]) -> Named:
    get = attrib.get
    return named(tag, get("class"), get("id"), get("itemprop"))


def _collapsed(text: str) -> str:
    return " ".join((text if text.isascii() else _ZERO_WIDTH.sub("", text)).split())
