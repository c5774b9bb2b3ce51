"""A record to an article: teasers become links, boilerplate removals, the rest is body."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import Any

from saring.article import Article, KeepLinks, Link, Record, Removal, clean_text
from saring.dates import read_date
from saring.errors import ConfigError, InputError
from saring.parsing import boilerplate
from saring.parsing.boilerplate import Find, Page
from saring.parsing.metadata import parse_tags, publisher_name
from saring.parsing.rules import load_rules
from saring.parsing.teasers import Span, Teaser, find_addressed, find_teasers

_START, _END = attrgetter("start"), itemgetter(1)
_SIGNS = r"[^\sA-Za-z\d,]"
# A stop, and a comma where white space should be: no prose. It starts with what few texts have, a
# comma before no blank, so that the others cost a search for commas.
_COMMA_JOINT = re.compile(
    r",(?=,{0,8}[^\s\d,])"
    rf"(?:{'|'.join(rf'(?<=[.?!:]{_SIGNS * size},)' for size in range(5))})"
)
_COMMA_BREAK = re.compile(r",(?=[A-Z\"“‘'(\[#,‚])")
_LEADING = re.compile(r"\A[\s,]+")
MAX_COMMA_DUMP_LINES = 3  # a dump that joins paragraphs by commas has no line breaks left


STAGES = (
    boilerplate.find_lines,
    boilerplate.find_head,
    boilerplate.find_tail,
    boilerplate.find_start,
    boilerplate.find_end,
)


def parse(source: Record | str | Mapping[str, Any]) -> Article:
    """Return the article in a record: its links, its removals and its metadata.

    Parameters
    ----------
    source : Record, str or Mapping
        A record; or a text, whose first line is its title if it reads like one; or a mapping with
        a record's fields, of which only ``text`` must be there (``date`` serves as ``published``).

    Returns
    -------
    Article
        `text` is the given text, unchanged; what no link and no removal covers is the body.

    Raises
    ------
    InputError
        If a mapping has no ``text``, or a field is not a string.

    Examples
    --------
    >>> article = parse("Harga cabai turun. (Baca juga: Cara Menanam Cabai di Pot) Warga lega.")
    >>> article.links[0].headline, article.body
    ('Cara Menanam Cabai di Pot', 'Harga cabai turun. Warga lega.')
    """
    record, rules = as_record(source), load_rules()
    text = record.text
    lines = _lines(text)
    title = record.title.strip() or boilerplate.find_title(text, lines, rules)
    places = rules.places(rules.literals.find(text))
    page = Page(text, title, record.publisher.strip(), rules, places)

    finds = boilerplate.find_inside(page)
    cuts = [(find.start, find.end) for find in finds]
    teasers = find_teasers(text, lines, cuts, places.marks, rules, title)
    lines = _left(text, lines, [*finds, *teasers])
    if record.addresses:
        addressed = find_addressed(text, lines, record.addresses)
        teasers = sorted([*teasers, *addressed], key=_START)
        lines = _left(text, lines, addressed)
    for stage in STAGES:
        found = stage(page, lines)
        if found:
            finds += found
            lines = _left(text, lines, found)
    return _article(record, title, finds, teasers, empty=not lines)


def clean(source: Article | Record | str | Mapping[str, Any], keep_links: KeepLinks = "none") -> str:
    r"""Return the clean text of one article: its body, one paragraph a line.

    Parameters
    ----------
    source : Article, Record, str or Mapping
        A parsed article, or what `parse` takes.
    keep_links : {"none", "all"}
        Which links stay, as lines of their own.

    Raises
    ------
    ConfigError
        If `keep_links` is neither; the related links are known to a model alone.
    InputError
        As `parse`.

    Examples
    --------
    >>> clean("Harga cabai turun.\nBaca Juga: Cara Menanam Cabai di Pot\nWarga lega &amp; senang.")
    'Harga cabai turun.\nWarga lega & senang.'
    """
    if keep_links == "related":
        raise ConfigError(
            "which links are related is for a model to say; "
            "use saring.load().predict([article], keep_links='related')[0].clean_text"
        )
    if keep_links not in ("none", "all"):
        raise ConfigError(f"keep_links is {keep_links!r}; expected none or all")
    article = source if isinstance(source, Article) else parse(source)
    return clean_text(article, article.links if keep_links == "all" else ())


def _article(record: Record, title: str, finds: Sequence[Find], teasers: Sequence[Teaser], *, empty: bool) -> Article:
    """Return the article that the finds and teasers of a record's text make.

    Where they leave the body `empty`, what is no link stays: rules never take the only text.
    """
    value = _values(finds).get
    if empty:
        finds = ()
        teasers = teasers if any(one.kind == "link" for one in teasers) else ()
    links = tuple([_link(record, teaser) for teaser in teasers if teaser.kind == "link"])
    removals = [Removal(find.kind, find.start, find.end) for find in finds]
    removals += [Removal(t.kind, t.start, t.end) for t in teasers if t.kind != "link"]
    return Article(
        id=record.id,
        title=title,
        text=record.text,
        links=links,
        removals=tuple(sorted(removals, key=_START)),
        published=read_date(record.published) or value("published", ""),
        editor=value("editor", ""),
        author=value("author", ""),
        source=value("source", ""),
        publisher=record.publisher.strip() or publisher_name(value("publisher", "")),
        place=value("place", ""),
        tags=parse_tags(value("tags", "")),
        url=record.url,
        note=record.note,
    )


def _link(record: Record, teaser: Teaser) -> Link:
    """Return the link of a teaser; its address is the one printed, else the page's."""
    headline = record.text[slice(*teaser.headline)]
    url = teaser.url or record.addresses.get(headline, "")
    return Link(headline, teaser.marker, teaser.start, teaser.end, url)


def _values(finds: Iterable[Find]) -> dict[str, str]:
    """Return each field's first value in the text; the tags of all finds are joined."""
    values: dict[str, str] = {}
    for find in sorted([find for find in finds if find.values], key=_START):
        for name, value in find.values.items():
            if name == "tags" and name in values:
                values[name] += ", " + value
            else:
                values.setdefault(name, value)
    return values


def as_record(source: Record | str | Mapping[str, Any]) -> Record:
    """Return what `parse` takes as a record.

    Raises
    ------
    InputError
        If a mapping has no ``text``, or a field is not a string.
    """
    if isinstance(source, Record):
        return source
    if isinstance(source, str):
        return Record(id=text_id(source), text=source)
    given = dict(source)
    if "text" not in given:
        raise InputError(f"an article needs 'text'; found the fields {sorted(map(str, given))}")
    given.setdefault("published", given.get("date"))
    known = {item.name for item in fields(Record)}
    values = {name: value for name, value in given.items() if name in known and value is not None}
    for name, value in values.items():
        if name != "addresses" and not isinstance(value, str):
            raise InputError(f"field {name!r} of an article is {type(value).__name__}; expected a string")
    values.setdefault("id", text_id(values.get("text", "")))
    return Record(**values)


def text_id(text: str) -> str:
    """Return an identifier made from a text, the same on every run."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _lines(text: str) -> list[Span]:
    """Return the lines of a text, without white space at their ends and without blank ones."""
    broken = text.replace("\r", "\n").split("\n")
    lines = _tight(broken)
    if len(lines) <= MAX_COMMA_DUMP_LINES and _COMMA_JOINT.search(text):
        lines = _tight([part for line in broken for part in _COMMA_BREAK.split(line)], True)
    return lines


def _tight(parts: Iterable[str], comma: bool = False) -> list[Span]:
    """Return where the parts of a text stand, one character apart, without white space around them.

    With `comma`, commas before a part are no part of it.
    """
    spans: list[Span] = []
    at = 0
    for part in parts:
        size = len(part)
        inner = part.strip()
        if comma and inner.startswith(","):
            inner = _LEADING.sub("", inner)
        if len(inner) == size > 0:
            spans.append((at, at + size))
        elif inner:
            start = at + part.index(inner[0])
            spans.append((start, start + len(inner)))
        at += size + 1
    return spans


def _left(text: str, lines: Sequence[Span], taken: Sequence[Find | Teaser]) -> list[Span]:
    """Return what the taken spans leave of the lines, without white space at the ends."""
    if not taken:
        return list(lines)
    spans = sorted([(item.start, item.end) for item in taken])
    left: list[Span] = []
    number, last, done = 0, len(spans), 0
    while number < last:
        touched = bisect_right(lines, spans[number][0], done, key=_END)
        left += lines[done:touched]
        done = touched + 1
        if touched == len(lines):
            break
        at, end = lines[touched]
        while number < last and spans[number][0] < end:
            if spans[number][1] > at:
                left += _trim(text, at, spans[number][0])
                at = spans[number][1]
            if at >= end:
                break
            number += 1
        left += _trim(text, at, end)
    left += lines[done:]
    return left


def _trim(text: str, start: int, end: int) -> list[Span]:
    """Return a span without white space at its ends, none if nothing else is in it."""
    stretch = text[start:end]
    inner = stretch.strip()
    if not inner:
        return []
    start += stretch.index(inner[0])
    return [(start, start + len(inner))]
