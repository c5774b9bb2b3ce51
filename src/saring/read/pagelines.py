"""A web page's elements to lines, as a browser would break them.

Indonesian portals set paragraphs as ``<p>``, as text between ``<br>``, as nested ``<div>`` and as
``<span>`` in ``<td>``; read as lines they are all alike.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

__all__ = ["Element", "Line", "page_lines", "page_rules"]

Element = Any  # lxml ships no types

PROSE_CHARS = 40  # a shorter line is a label, a date or a name, unless a <p> says otherwise
CELL_CHARS = 60  # cells of a row no longer than this are one line: "Editor | : Name"

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\xad\x00"))


@cache
def page_rules() -> dict[str, Any]:
    """Return pages.toml, read once."""
    return tomllib.loads(files("saring.read").joinpath("pages.toml").read_text("utf-8"))


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
        Whether it stands in a list that tells something; set by `saring.read.layout`.
    is_teaser : bool
        Whether it is a teaser, or the label of a box of them; set by `saring.read.teasers`.
    is_furniture : bool
        Whether its place or its links say that it is no body text; set by `saring.read.layout`.
    """

    text: str
    links: list[tuple[str, str]]
    owner: Element
    plain_chars: int = field(init=False)
    is_links: bool = field(init=False)
    is_prose: bool = field(init=False)
    is_item: bool = False
    is_teaser: bool = False
    is_furniture: bool = False

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
    pairs = [
        (_collapse(text), (anchor.get("href") or "").strip()) for anchor, text in texts.items()
    ]
    return [pair for pair in pairs if pair[0]]


def _collapse(text: str) -> str:
    return " ".join(text.translate(_ZERO_WIDTH).split())
