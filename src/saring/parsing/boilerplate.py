"""Boilerplate: what a portal prints around an article's body, from the title repeated to the editor's credit."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from saring.dates import read_date
from saring.parsing.datelines import Dateline, find_dateline, find_inner_dateline, names_portal, portal_lines
from saring.parsing.lines import PROSE_CHARS, Span, is_prose, is_title_case, may_be_headline
from saring.parsing.metadata import parse_credits
from saring.parsing.rules import Draft, Rule, Rules, take_line

HEAD_LINES = 15  # no portal read prints more before the first paragraph
TAIL_LINES = 80  # three boxes of ten headlines, each with its date or section
OPENING_LINES = 5  # a first paragraph may be short, and lines before it of no known kind
DATELINE_LINES = 3  # "Jakarta", "-" and the paragraph, where each node of a page got a line
END_CHARS = 700  # credits, initials, tags and an agency's notice behind the last sentence
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


class Boilerplate(NamedTuple):
    """A stretch of boilerplate, its kind, and the article's metadata in it."""

    kind: str
    start: int
    end: int
    values: Mapping[str, str] = {}


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
    if rules.whole_line("head", following) or _words(line) == _words(following):
        return line
    is_question = line.rstrip("\"'”’)")[-1:] in "?!"  # of a text's first paragraph more often than of a title
    stands_alone = len(line) <= MAX_SURE_TITLE_CHARS and (is_title_case(line) or not is_question)
    parted = _GAP.match(text, end) is not None or is_prose(text, below, below_end)
    return line if parted and stands_alone else ""


def find_inside(draft: Draft) -> list[Boilerplate]:
    """Return the boilerplate that may stand inside a line, in order, disjoint."""
    found = [
        _by_rule(rule, match, at, at + len(match.group().rstrip()))
        for at, rule in draft.places.inside
        if (match := rule.pattern.match(draft.text, at))
    ]
    disjoint: list[Boilerplate] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not disjoint or one.start >= disjoint[-1].end:
            disjoint.append(one)
    return disjoint


def find_lines(draft: Draft, lines: Sequence[Span]) -> list[Boilerplate]:
    """Return the lines that are boilerplate wherever they stand."""
    text, rules, starts = draft.text, draft.rules.at["line"], draft.rules.line_starts
    held: dict[int, set[Rule]] = {}  # by a line's number: the rules of which it holds a literal
    for at, rule in draft.places.line if lines else ():
        line = bisect_right(lines, (at, len(text))) - 1
        if lines[line][1] - lines[line][0] <= rule.max_chars:
            held.setdefault(line, set()).add(rule)
    for line in [number for number, (start, _) in enumerate(lines) if text[start] in starts]:
        held.setdefault(line, set())
    found: list[Boilerplate] = []
    done = -1
    for line in sorted(held):
        before = ""
        while done < line < len(lines):  # a line behind one that was taken may be taken for that
            done = line
            start, end = lines[line]
            fitting = [rule for rule in rules if not rule.needs or rule in held.get(line, ())]
            if taken := take_line(fitting, text[start:end], before):
                found.append(_by_rule(*taken, start, end))
                before = taken[0].kind
                line += 1
    return found


def find_head(draft: Draft, lines: Sequence[Span]) -> list[Boilerplate]:
    """Return the boilerplate before the first paragraph: title, date, caption, byline."""
    found: list[Boilerplate] = []
    longest = max(MAX_CAPTION_CHARS, draft.rules.longest["head"])
    for start, end in lines[:HEAD_LINES]:
        if end - start > longest:
            break  # a paragraph, and nothing else
        line = draft.text[start:end]
        if kind := _title_kind(line, draft.title):
            found.append(Boilerplate(kind, start, end))
        elif taken := draft.rules.whole_line("head", line):
            found.append(_by_rule(*taken, start, end))
        elif is_prose(draft.text, start, end):
            break
    return found


def _title_kind(line: str, title: str) -> str:
    """Return "title" or "photo_caption" for a line that repeats the title, else an empty string."""
    first, other = line[:1], title[:1]
    if len(line) > MAX_CAPTION_CHARS or (first.isalnum() and other.isalnum() and first.lower()[0] != other.lower()[0]):
        return ""  # most lines start with another word than the title
    words, expected = list(_WORD.finditer(line)), _words(title)
    size = len(expected)
    if not expected or [word.group().lower() for word in words[:size]] != expected:
        return ""
    if len(words) == size:
        return "" if line[0].islower() else "title"
    credit = line[words[size - 1].end() :]
    return "photo_caption" if len(credit) <= MAX_CREDIT_CHARS and _CREDIT.fullmatch(credit) else ""


def _words(line: str) -> list[str]:
    """Return a line's words in lower case, for comparing titles."""
    return [word.lower() for word in _WORD.findall(line)]


def find_tail(draft: Draft, lines: Sequence[Span]) -> list[Boilerplate]:
    """Return the boilerplate after the last paragraph: credits, tags, lists of other articles."""
    text, rules = draft.text, draft.rules
    first = len(lines)
    taken: dict[int, tuple[Rule, re.Match[str]]] = {}
    longest = max(PROSE_CHARS, rules.longest["tail"])
    while first > max(0, len(lines) - TAIL_LINES):
        start, end = lines[first - 1]
        if end - start > longest:
            break  # a paragraph, and nothing else
        if rule := rules.whole_line("tail", text[start:end]):
            taken[first - 1] = rule
        elif is_prose(text, start, end):
            break
        first -= 1
    found: list[Boilerplate] = []
    header = before = ""
    for number in range(first, len(lines)):
        start, end = lines[number]
        line = text[start:end]
        heading = rules.whole_line("tail_header", line)
        rule = taken.get(number) or (take_line(rules.at["tail"], line, before) if before else None)
        before = ""
        if heading:
            header = line.rstrip(" :").lower()
            found.append(Boilerplate(heading[0].kind, start, end))
        elif rule:
            before = rule[0].kind
            found.append(_by_rule(*rule, start, end))
        elif header:
            values = {"tags": line} if header.startswith(("tag", "topik")) else {}
            found.append(Boilerplate("tail", start, end, values))
    return found


def find_start(draft: Draft, lines: Sequence[Span]) -> list[Boilerplate]:
    """Return what opens the first paragraph: a reporter's line, the dateline; below it datelines that name a portal.

    Captions, a summary or another article may stand before a dateline.
    """
    text = draft.text
    found: list[Boilerplate] = []
    signed = portal_lines(draft.places.portals, lines)
    opened = 0  # lines before which the first paragraph does not end
    while opened < min(OPENING_LINES, len(lines)):
        found = _opening(draft, lines, opened)
        opened += 1
        if found or is_prose(text, *lines[opened - 1]):
            break
    for number in signed:
        start, end = lines[number]
        if inner := find_inner_dateline(text, start, end):
            found.append(_as_boilerplate(*inner))
        if number < opened or (found and start < found[-1].end):
            continue
        opening = _opening(draft, lines, number)
        if opening and names_portal(text[opening[-1].start : opening[-1].end]):
            byline = draft.rules.whole_line("head", text[slice(*lines[number - 1])])
            if byline and byline[0].kind == "byline":
                found.append(_by_rule(*byline, *lines[number - 1]))
            found += opening
    return found


def _opening(draft: Draft, lines: Sequence[Span], number: int) -> list[Boilerplate]:
    """Return what opens a line if it is the first paragraph."""
    text, (start, end) = draft.text, lines[number]
    found: list[Boilerplate] = []
    at = start
    for rule in draft.rules.at["start"]:
        may_be = not rule.starts or text[at : at + 1] in rule.starts
        if may_be and (match := rule.pattern.match(text, at, end)):
            found.append(_by_rule(rule, match, *match.span()))
            at = end - len(text[match.end() : end].lstrip())
    if dateline := find_dateline(text, at, draft.publisher):
        stop = at + len(text[at : dateline.end].rstrip())
        free = end  # a dateline may go on in the next lines, if nothing was taken from between them
        for below, below_end in lines[number + 1 : number + DATELINE_LINES]:
            if text[free:below].strip():
                break
            free = below_end
        if stop <= free:
            found.append(_as_boilerplate(at, dateline._replace(end=stop)))
    return found


def _as_boilerplate(start: int, dateline: Dateline) -> Boilerplate:
    """Return a dateline as a stretch of boilerplate."""
    return Boilerplate("dateline", start, dateline.end, {"publisher": dateline.publisher, "place": dateline.place})


def find_end(draft: Draft, lines: Sequence[Span]) -> list[Boilerplate]:
    """Return what closes the last line, from its end inwards: stars, initials, credits."""
    found: list[Boilerplate] = []
    if not lines:
        return found
    text, (start, end) = draft.text, lines[-1]
    first = max(start, end - END_CHARS)
    held = {rule for at, rule in draft.places.end if first <= at < end}
    tail = ""
    while first < end:
        for rule in draft.rules.at["end"]:
            if rule.ends:
                if not rule.ends.match(text, end - 1):
                    continue
                tail = tail or text[first:end].lower()
                needed = any([need in tail for need in rule.needs])
            else:
                needed = rule in held
            match = rule.pattern.search(text, max(first, end - rule.max_chars), end) if needed else None
            if match:
                break
        else:
            break
        at = end - len(match.group().lstrip())
        found.append(_by_rule(rule, match, at, end))
        end = first + len(text[first:at].rstrip())
    return found


def _by_rule(rule: Rule, match: re.Match[str], start: int, end: int) -> Boilerplate:
    """Return what a rule takes, with the metadata that its match names; dates as `read_date` writes them."""
    values = {name: value.strip() for name, value in match.groupdict().items() if value}
    if rule.kind in ("credit", "syndication"):
        values |= parse_credits(match.group())
    if "published" in values:
        values["published"] = read_date(values["published"])
    return Boilerplate(rule.kind, start, end, {name: value for name, value in values.items() if value})
