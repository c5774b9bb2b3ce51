"""What a portal prints around the body, and what remains at its edges."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from saring.dates import read_date
from saring.parsing.metadata import find_dateline, parse_credits
from saring.parsing.rules import Places, Rule, Rules, take_line
from saring.parsing.teasers import Span
from saring.parsing.words import PROSE_CHARS, is_prose, is_title_case, may_be_headline

# What a portal puts around an article's paragraphs, found line by line.


HEAD_LINES = 15  # no portal read prints more before the first paragraph
TAIL_LINES = 80  # three boxes of ten headlines, each with its date or desk
MAX_TITLE_CHARS = 250
MAX_SURE_TITLE_CHARS = 130  # without a date under it or its repetition; a lead may lack its stop
MAX_CREDIT_CHARS = 120  # what a caption that repeats the title adds to it
MAX_CAPTION_CHARS = MAX_TITLE_CHARS + MAX_CREDIT_CHARS

_CONTINUES = ",.;:?!)"
_CREDIT = re.compile(  # behind the title, what makes of its repetition a photo's caption
    r"\s{1,3}/\S.*|\s{0,3}/.+/"
    r"|[\s.,|–—-]{1,4}[(\[](?:[^()]*[^\W\d_])?[/:@][^()]*[)\]]"
    r"|[\s.,|–—-]{1,4}(?:foto|photo|sumber|credit|ilustrasi|dok(?:umentasi)?|ist(?:imewa)?)"
    r"(?:\s?[:/.].*)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[^\S\r\n]*(?:\r\n?|\n)[^\S\r\n]*(?:\r\n?|\n)")


class Page(NamedTuple):
    """What the finders read.

    The text, title and publisher (empty where unknown), the rules, and where they may match.
    """

    text: str
    title: str
    publisher: str
    rules: Rules
    places: Places


class Find(NamedTuple):
    """A stretch of boilerplate, its kind, and what it tells of the article (by field name)."""

    kind: str
    start: int
    end: int
    values: Mapping[str, str] = {}


def find_inside(page: Page) -> list[Find]:
    """Return the boilerplate that may stand inside a line, in order, disjoint."""
    found = []
    for at, rule in page.places.inside:
        match = rule.pattern.match(page.text, at)
        if match:
            found.append(find_of(rule, match, at, at + len(match.group().rstrip())))
    return _disjoint(found)


def find_lines(page: Page, lines: Sequence[Span]) -> list[Find]:
    """Return the lines that are boilerplate wherever they stand."""
    rules, signs, text = page.rules.at("line"), page.rules.line_starts, page.text
    held: dict[int, set[int]] = {}  # lines with what rules need, and the numbers of these
    for at, number in page.places.lines if lines else ():
        line = bisect_right(lines, (at, len(text))) - 1
        if lines[line][1] - lines[line][0] <= rules[number].max_chars:
            held.setdefault(line, set()).add(number)
    for line in [n for n, (start, _) in enumerate(lines) if text[start] in signs]:
        held.setdefault(line, set())
    return _take_lines(page, lines, held) if held else []


def _take_lines(page: Page, lines: Sequence[Span], held: Mapping[int, set[int]]) -> list[Find]:
    """Return the finds among lines that have what some rules need, and among those behind a find.

    `held`: the numbers of these rules, by the number of the line.
    """
    rules, needless = page.rules.at("line"), page.rules.needless
    found: list[Find] = []
    done = -1
    for line in sorted(held):
        before = ""
        while done < line < len(lines):
            done = line
            fitting = [rules[n] for n in sorted({*held.get(line, ()), *needless})]
            start, end = lines[line]
            taken = take_line(fitting, page.text[start:end], before)
            if taken:
                found.append(find_of(*taken, start, end))
                before = taken[0].kind
                line += 1
    return found


def find_title(text: str, lines: Sequence[Span], rules: Rules) -> str:
    """Return the first line if it reads as the title of the lines under it, else an empty text."""
    if len(lines) < 2:
        return ""
    (start, end), (below, below_end) = lines[:2]
    line, following = text[start:end], text[below:below_end]
    if len(line) > MAX_TITLE_CHARS or not may_be_headline(line) or find_dateline(text, start):
        return ""
    if rules.whole_line("head", line) or rules.whole_line("line", line):
        return ""
    if following[0].islower() or following[0] in _CONTINUES:
        return ""  # each node of a page got a line: the sentence goes on
    proven = rules.whole_line("head", following) is not None or _words(line) == _words(following)
    follows = _GAP.match(text, end) is not None or is_prose(text, below, below_end)
    return line if proven or (follows and _stands_alone(line)) else ""


def _stands_alone(line: str) -> bool:
    """Return whether a line is a title by its own looks, and not a short first paragraph."""
    asks = line.rstrip("\"”'’)")[-1:] in "?!"
    return len(line) <= MAX_SURE_TITLE_CHARS and (is_title_case(line) or not asks)


def find_head(page: Page, lines: Sequence[Span]) -> list[Find]:
    """Return the boilerplate before the first paragraph: title, date, caption, byline."""
    found: list[Find] = []
    longest = max(page.rules.longest("head"), MAX_CAPTION_CHARS)
    for start, end in lines[:HEAD_LINES]:
        if end - start > longest:
            break  # a paragraph, and nothing else
        line = page.text[start:end]
        kind = _title_kind(line, page.title)
        taken = None if kind else page.rules.whole_line("head", line)
        if kind:
            found.append(Find(kind, start, end))
        elif taken:
            found.append(find_of(*taken, start, end))
        elif is_prose(page.text, start, end):
            break
    return found


def find_tail(page: Page, lines: Sequence[Span]) -> list[Find]:
    """Return the boilerplate after the last paragraph: credits, tags, lists of other articles."""
    first = len(lines)
    taken: dict[int, tuple[Rule, re.Match[str]]] = {}
    longest = page.rules.longest("tail")
    while first > max(0, len(lines) - TAIL_LINES):
        start, end = lines[first - 1]
        if end - start > max(longest, PROSE_CHARS):
            break  # a paragraph, and nothing else
        rule = page.rules.whole_line("tail", page.text[start:end])
        if rule:
            taken[first - 1] = rule
        elif is_prose(page.text, start, end):
            break
        first -= 1
    return _tail_finds(page, lines, first, taken)


def _tail_finds(
    page: Page, lines: Sequence[Span], first: int, taken: Mapping[int, tuple[Rule, re.Match[str]]]
) -> list[Find]:
    """Return the finds among the lines after the last paragraph, from line `first` on."""
    found: list[Find] = []
    header = before = ""
    for number in range(first, len(lines)):
        start, end = lines[number]
        line = page.text[start:end]
        heading = page.rules.whole_line("tail_header", line)
        rule = taken.get(number) or take_line(page.rules.following("tail", before), line, before)
        before = ""
        if heading:
            header = line.rstrip(" :").lower()
            found.append(Find(heading[0].kind, start, end))
        elif rule:
            before = rule[0].kind
            found.append(find_of(*rule, start, end))
        elif header:
            values = {"tags": line} if header.startswith(("tag", "topik")) else {}
            found.append(Find("tail", start, end, values))
    return found


def _title_kind(line: str, given: str) -> str:
    """Return "title" or "photo_caption" for a line that repeats the title, else an empty string."""
    if len(line) > MAX_CAPTION_CHARS:
        return ""
    first, other = line[:1], given[:1]
    if first.isalnum() and other.isalnum() and first.lower()[0] != other.lower()[0]:
        return ""  # most lines start with another word than the title
    opening = _opening(given)
    if not opening or opening != _opening(line):
        return ""
    words, title = list(_WORD.finditer(line)), _words(given)
    if [word.group().lower() for word in words[: len(title)]] != title:
        return ""
    if len(words) == len(title):
        return "" if line[0].islower() else "title"
    credit = line[words[len(title) - 1].end() :]
    credited = len(credit) <= MAX_CREDIT_CHARS and _CREDIT.fullmatch(credit)
    return "photo_caption" if credited else ""


def _opening(line: str) -> str:
    """Return a line's first word in lower case."""
    word = _WORD.search(line)
    return word.group().lower() if word else ""


def _words(line: str) -> list[str]:
    """Return a line's words in lower case, for comparing titles."""
    return [word.lower() for word in _WORD.findall(line)]


def find_of(rule: Rule, match: re.Match[str], start: int, end: int) -> Find:
    """Return the find of a rule, with what its line tells."""
    return Find(rule.kind, start, end, _values(rule, match))


def _values(rule: Rule, match: re.Match[str]) -> dict[str, str]:
    """Return the fields a match names, dates as `read_date` writes them."""
    values = {name: value.strip() for name, value in match.groupdict().items() if value}
    if rule.kind in ("credit", "syndication"):
        values |= parse_credits(match.group())
    if "published" in values:
        values["published"] = read_date(values["published"])
    return {name: value for name, value in values.items() if value}


def _disjoint(found: list[Find]) -> list[Find]:
    """Return finds in order without those that start within an earlier one."""
    if len(found) < 2:
        return found
    kept: list[Find] = []
    for find in sorted(found, key=lambda find: (find.start, -find.end)):
        if not kept or find.start >= kept[-1].end:
            kept.append(find)
    return kept


# What opens an article's first paragraph and what closes its last line.


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
