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
from saring.html.names import NAMELESS, Named, hidden_by, hides, named, page_rules

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
SKIPPED, BLOCK, VOID, NOTED, MAY_HIDE = 1, 2, 4, 8, 16  # kinds of elements; one may be of two; all others are inline
_NAMED_TAGS = frozenset(page_rules()["boilerplate"]["tags"])
STYLES, UNFOLDED = (re.compile(page_rules()["hidden"][name], re.IGNORECASE) for name in ("styles", "unfolded"))
_KINDS = {
    SKIPPED: _TAGS["skipped"],
    BLOCK: _TAGS["blocks"],
    VOID: _TAGS["void"],
    NOTED: _TAGS["noted"],
    MAY_HIDE: [*_TAGS["blocks"], "span"],
}
KINDS = {tag: sum(kind for kind, some in _KINDS.items() if tag in some) for tags in _KINDS.values() for tag in tags}

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\xad\x00"))


@dataclass(slots=True, eq=False)
class Element:
    """An element of a page; the lines from `first` to before `end` stand in it."""

    tag: str
    attrib: Mapping[str, str]
    images: int  # how many images it holds; until it ends, how many stand before it
    headings: int  # the same for <h1> to <h6>
    first: int
    parent: Element | None
    end: int = -1
    named: Named = NAMELESS  # what its names say of it

    @property
    def above(self) -> Element | None:
        """What is two levels up, or one where there are no two."""
        return self.parent and (self.parent.parent or self.parent)


class Line:
    """One line of a page as a browser would break it."""

    is_item = False  # it stands in a list that tells something; set by `mark_lines`
    is_boilerplate = False  # its place or its links say that it is no body text; set by `mark_lines`
    is_boxed = False  # an element around it says by its name that it holds teasers; set by `mark_teasers`
    is_teaser = False  # a teaser, or the label of a box of them; set by `mark_teasers`

    def __init__(self, text: str, links: list[tuple[str, str]], owner: Element) -> None:
        self.text = text  # white space collapsed; never empty
        self.links = links  # text and address of each link
        self.owner = owner  # the block element that the line stands in
        chars = len(text)
        link_chars = sum([len(label) for label, _ in links]) if links else 0
        self.plain_chars = plain = chars - link_chars  # how much of the text is no link
        self.is_links = plain < link_chars  # most of it is links
        self.is_prose = plain >= PROSE_CHARS and plain >= link_chars  # a paragraph rather than a label


@dataclass(slots=True)
class Markup:
    """What is read of a page: its lines, the elements that hold them, and what its head says."""

    lines: list[Line] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)  # inner before outer ones
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


Inline = tuple[str, Mapping[str, str], int, int]  # the first four fields of an Element


class _Reader:
    """Takes the parser's events and fills the markup."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.markup = Markup()
        self.lines = self.markup.lines
        self.open: list[Element | Inline] = []  # an inline one becomes an Element with the first block in it
        self.blocks: list[Element] = []  # the blocks that are open
        self.anchors: list[list[str]] = []  # the address of each link that is open
        self.skipped = 0  # how many elements are open that no reader sees
        self.parts: list[str] = []  # of the line so far
        self.linked: list[tuple[list[str], str]] = []  # and of its links
        self.kept: list[str] | None = None  # of a <title> or a JSON-LD script, while it is open
        self.unseen: set[str] = set()  # the classes and ids that the page's style sheets hide
        self.sees_all = False
        self.images = self.headings = self.block_end = 0

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        kind = KINDS.get(tag, 0)
        if kind & NOTED:
            self._note(tag, attrib)
        if self.skipped or kind & SKIPPED or (attrib and kind & MAY_HIDE and self._hides(attrib)):
            self.skipped += 1
        elif kind & BLOCK:
            if self.parts:
                self._end_line()
            parent = self.open[-1] if self.open else None
            if isinstance(parent, tuple):
                parent = self._holding()
            element = Element(tag, attrib, self.images, self.headings, len(self.lines), parent)
            self.blocks.append(element)
            self.open.append(element)
        elif not kind & VOID:
            self.open.append((tag, attrib, self.images, self.headings))
            if tag == "a":
                self.anchors.append([attrib.get("href", "").strip()])
        if len(self.open) + self.skipped > MAX_DEPTH:
            raise _TooDeepError

    def _hides(self, attrib: Mapping[str, str]) -> bool:
        """Return whether an element is hidden from all readers, by its attributes or the page's style sheets."""
        classes = attrib.get("class", "")
        hidden = hides(classes) if classes else False
        if not hidden and HIDING.isdisjoint(attrib) and not self.unseen:
            return False
        names = [f".{name}" for name in classes.split()] + [f"#{attrib.get('id', '')}"]
        hidden = hidden or "hidden" in attrib or attrib.get("role") in DIALOGS or not self.unseen.isdisjoint(names)
        hidden = hidden or STYLES.search(attrib.get("style", "")) is not None
        return hidden and not self.sees_all and len(self.open) > 1 and not UNFOLDED.search(" ".join(names))

    def _holding(self) -> Element | None:
        """Return the innermost open element, once all inline ones that now hold a block are Elements."""
        parent: Element | None = None
        for n, one in enumerate(self.open):
            if isinstance(one, tuple):
                self.open[n] = one = Element(*one, first=len(self.lines), parent=parent)
            parent = one
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
        kind = KINDS.get(tag, 0)
        if kind & NOTED and self.kept is not None and tag in ("title", "script", "style"):
            self._keep(tag, "".join(self.kept))
        if self.skipped:
            self.skipped -= 1
        elif not kind & VOID:
            element = self.open.pop()
            if kind & BLOCK:
                if self.parts:
                    self._end_line()
                self.blocks.pop()
                self.block_end = len(self.lines)
            elif tag == "a":
                self.anchors.pop()
            if isinstance(element, Element) and element.first < self.block_end:
                self._hold(element)

    def _keep(self, tag: str, text: str) -> None:
        self.kept = None
        if tag == "title":
            self.markup.titles.append(text)
        elif tag == "script":
            self.markup.scripts.append(text)
        elif len(text) <= STYLE_CHARS and "none" in text:
            for name, is_hidden in hidden_by(text).items():
                (self.unseen.add if is_hidden else self.unseen.discard)(name)

    def _hold(self, element: Element) -> None:
        """Note an element that has ended and holds lines."""
        element.end = self.block_end
        element.images = self.images - element.images
        element.headings = self.headings - element.headings
        if element.attrib or element.tag in _NAMED_TAGS:
            get = element.attrib.get
            element.named = named(element.tag, get("class", ""), get("id", ""), get("itemprop", ""))
        self.markup.elements.append(element)

    def data(self, text: str) -> None:
        if self.kept is not None:
            self.kept.append(text)
        if not self.skipped and (self.parts or not text.isspace()):
            self.parts.append(text)
            if self.anchors:
                self.linked.append((self.anchors[-1], text))

    def _end_line(self) -> None:
        lines, parts, linked = self.lines, self.parts, self.linked
        if text := _collapsed("".join(parts)):
            links: list[tuple[str, str]] = []
            if len(linked) == 1:  # mostly all of the line is one link
                [(anchor, part)] = linked
                label = text if len(parts) == 1 else _collapsed(part)
                links = [(label, anchor[0])] if label else []
            elif linked:
                texts: dict[int, tuple[str, list[str]]] = {}
                for anchor, part in linked:
                    texts.setdefault(id(anchor), (anchor[0], []))[1].append(part)
                links = [(label, to) for to, some in texts.values() if (label := _collapsed("".join(some)))]
            line = Line(text, links, self.blocks[-1])
            if line.owner.tag in CELLS and lines and _in_one_row(lines[-1], line, len(lines) - 1):
                last = lines.pop()
                line = Line(f"{last.text} {line.text}", last.links + line.links, last.owner)
            lines.append(line)
        parts.clear()
        linked.clear()

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


def _collapsed(text: str) -> str:
    return " ".join((text if text.isascii() else text.translate(_ZERO_WIDTH)).split())
