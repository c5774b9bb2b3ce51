"""The lines of an article's body to its text, with the teaser links kept in place.

A teaser stands in the text as a line of its own, ``Baca juga: HEADLINE``, the marker as the portal
prints it. A box (a label, then links) gives one such line for each link. The rest of what stands in
the body container and is not body (share bars, captions, lists of other articles) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from saring.read.pagelines import Line, page_rules

__all__ = ["body_text", "mark_teasers"]

PREFIX_CHARS = 48  # the longest marker as printed, with brackets and bullets before it
REST_CHARS = 20  # more text than this behind the link, and the line is a sentence with a link in it
BOX_LINKS = 10  # a label owns at most so many links; portals print one to six


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The marker rules of pages.toml, compiled."""

    prefix: re.Pattern[str]  # text before a link that makes the link a teaser
    ending: re.Pattern[str]  # the same inside a paragraph, where a colon is needed
    inside: re.Pattern[str]  # a marker printed within the link text
    label: re.Pattern[str]  # a line that is nothing but a marker
    list_label: re.Pattern[str]  # a line that heads a list of other articles
    other_label: re.Pattern[str]  # a line that heads other links
    box: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    rules = page_rules()["teaser"]
    markers, lists = _any_of(rules["markers"]), _any_of(rules["lists"])
    others = _any_of(rules["others"])
    two_words = _any_of(marker for marker in rules["markers"] if " " in marker)

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    return _Patterns(
        # "Baca juga", "Simak juga Video:"; a single word needs its colon: "Baca buku" is a sentence
        prefix=compiled(
            rf"\W{{0,4}}(?:(?:{markers}|{lists})(?: \w+){{0,3}} ?:|{two_words})\W{{0,4}}"
        ),
        ending=compiled(rf"\b(?:{markers}) ?: ?\Z"),
        inside=compiled(rf"\W{{0,4}}(?:(?:{markers}) ?:|(?:{two_words}) ?[:,-]?) ?"),
        label=compiled(rf"\W{{0,4}}(?:{markers})\W{{0,4}}"),
        list_label=compiled(rf"\W{{0,4}}(?:{lists})\W{{0,4}}"),
        other_label=compiled(rf"\W{{0,4}}(?:{others})\W{{0,4}}"),
        box=compiled("|".join(rules["boxes"])),
    )


def mark_teasers(lines: Sequence[Line]) -> None:
    """Set `is_teaser` on the lines that are teasers by their marker, wherever they stand."""
    label = _patterns().label
    for at, line in enumerate(lines):
        if _inline_teaser(line) or (line.is_links and _in_box(line)):
            line.is_teaser = True
        elif label.fullmatch(line.text):
            for teaser in (line, *_box_links(lines, at + 1)):
                teaser.is_teaser = True


def body_text(body: Sequence[Line]) -> tuple[str, dict[str, str]]:
    """Return the text of a body, a paragraph a line, and the address of each teaser's headline."""
    texts: list[str] = []
    addresses: dict[str, str] = {}
    for text, links in _paragraphs(body):
        texts.append(text)
        for headline, address in links:
            addresses.setdefault(headline, address)
    return "\n".join(texts), addresses


def _paragraphs(body: Sequence[Line]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each line of the text with the teaser links that stand in it."""
    rules = _patterns()
    prose = [i for i, line in enumerate(body) if line.is_prose and not line.is_furniture]
    first, last = (prose[0], prose[-1]) if prose else (0, 0)
    at = 0
    while at < len(body):
        line = body[at]
        at += 1
        between = first < at <= last
        if teaser := _inline_teaser(line):
            yield from teaser
        elif _is_label(line):
            if at < len(body) and _is_label(body[at]):
                continue  # a heading and the box's own label say the same
            box = _box_links(body, at)
            at += len(box)
            listed = between and box and rules.list_label.fullmatch(line.text)
            if listed or rules.label.fullmatch(line.text):
                yield from _box_teasers(line.text, box)
            elif not box and not line.is_furniture:
                yield line.text, []
        elif line.is_links and _in_box(line):
            yield from _box_teasers(page_rules()["teaser"]["default"], [line])
        elif not line.is_furniture and not (line.is_links and line.owner.tag != "p"):
            yield line.text, _embedded(line)


def _inline_teaser(line: Line) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the teasers of a line that starts with a marker and goes on with links, else []."""
    if not line.links:
        return []
    rules = _patterns()
    prefix, _, rest = line.text.partition(line.links[0][0])
    prefix = prefix.strip()
    links = line.links
    if not prefix and (found := rules.inside.match(links[0][0])):
        prefix = found.group().strip()
        links = [
            (text[found.end() :] if n == 0 else text, to) for n, (text, to) in enumerate(links)
        ]
    elif len(prefix) > PREFIX_CHARS or not rules.prefix.fullmatch(prefix):
        return []
    for text, _ in links[1:]:
        rest = rest.replace(text, "", 1)
    links = [link for link in links if link[0]]
    if len(rest.strip()) > REST_CHARS or not links:
        return []
    close = rest.strip() if len(links) == 1 else ""
    return [(f"{_marker(prefix)} {text}{close}", [(text, to)]) for text, to in links]


def _box_links(body: Sequence[Line], at: int) -> list[Line]:
    """Return the lines of links that follow a label at once, labels between them left out."""
    box: list[Line] = []
    for line in body[at : at + BOX_LINKS]:
        if not line.is_links or _inline_teaser(line) or _is_label(line):
            break
        box.append(line)
    return box


def _box_teasers(label: str, box: Sequence[Line]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield a teaser for each line of a box, or the bare label where the box is empty."""
    if not box:
        yield label, []
    for line in box:
        headline = " ".join(text for text, _ in line.links)
        yield f"{_marker(label)} {headline}", [(headline, line.links[0][1])]


def _embedded(line: Line) -> list[tuple[str, str]]:
    """Return the links inside a paragraph that a marker with a colon stands before."""
    found: list[tuple[str, str]] = []
    at = 0
    for text, address in line.links:
        start = line.text.find(text, at)
        if start < 0:
            continue
        if _patterns().ending.search(line.text, max(0, start - PREFIX_CHARS), start):
            found.append((text, address))
        at = start + len(text)
    return found


def _is_label(line: Line) -> bool:
    rules = _patterns()
    kinds = (rules.label, rules.list_label, rules.other_label)
    return any(kind.fullmatch(line.text) for kind in kinds)


def _in_box(line: Line) -> bool:
    """Return whether an element around the line says by its name that it holds teasers."""
    element = line.owner
    while element is not None:
        if _patterns().box.search(f"{element.get('class') or ''} {element.get('id') or ''}"):
            return True
        element = element.getparent()
    return False


def _marker(label: str) -> str:
    """Return a label with the colon that sets it off from a headline."""
    return label.rstrip(" :,.!-–—»›>→") + ":"


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
