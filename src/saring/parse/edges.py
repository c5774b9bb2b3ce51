"""What opens an article's first paragraph and what closes its last line."""

from __future__ import annotations

from collections.abc import Sequence

from saring.parse.dateline import find_dateline
from saring.parse.furniture import Find, Page, find_of
from saring.parse.shape import is_prose
from saring.parse.teaser import Span

__all__ = ["find_end", "find_start"]

DATELINE_LINES = 3  # "Jakarta", "-" and the paragraph, where each node of a page got a line
OPENING_LINES = 5  # a first paragraph may be short, and lines before it of no known kind
END_CHARS = 700  # credits, initials, tags and an agency's notice behind the last sentence


def find_start(page: Page, lines: Sequence[Span]) -> list[Find]:
    """Return what opens the first paragraph: a reporter's line, the dateline."""
    text = page.text
    for number, (start, end) in enumerate(lines[:OPENING_LINES]):
        found: list[Find] = []
        at = start
        for rule in page.rules.at("start"):
            opens = not rule.starts or text.startswith(rule.starts, at)
            match = rule.pattern.match(text, at, end) if opens else None
            if match:
                found.append(find_of(rule, match, *match.span()))
                at = end - len(text[match.end() : end].lstrip())
        dateline = find_dateline(text, at, page.publisher)
        if dateline:
            stop = at + len(text[at : dateline.end].rstrip())
            if stop <= _free_end(text, lines[number:]):
                values = {"publisher": dateline.publisher, "place": dateline.place}
                found.append(Find("dateline", at, stop, values))
        if found:
            return found
        if is_prose(text, start, end):
            break  # the first paragraph
    return []


def _free_end(text: str, lines: Sequence[Span]) -> int:
    """Return where the stretch ends that starts with the first line and holds only free lines."""
    end = lines[0][1]
    for start, until in lines[1:DATELINE_LINES]:
        if text[end:start].strip():
            break
        end = until
    return end


def find_end(page: Page, lines: Sequence[Span]) -> list[Find]:
    """Return what closes the last line, from its end inwards: stars, initials, credits."""
    found: list[Find] = []
    if not lines:
        return found
    start, end = lines[-1]
    first = max(start, end - END_CHARS)
    called = {number for at, number in page.places.end if first <= at < end}
    tail = ""
    while first < end:
        for number, rule in page.rules.ending(page.text[end - 1]):
            if rule.ends and not tail:
                tail = page.text[first:end].lower()
            needed = any([need in tail for need in rule.needs]) if rule.ends else number in called
            inner = max(first, end - rule.max_chars)
            match = rule.pattern.search(page.text, inner, end) if needed else None
            if match:
                break
        else:
            break
        at = end - len(match.group().lstrip())
        found.append(find_of(rule, match, at, end))
        end = first + len(page.text[first:at].rstrip())
    return found
