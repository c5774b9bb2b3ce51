"""Parsing an article: teasers become links, boilerplate becomes removals, and the rest of its text is the body."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from saring.article import Article, KeepLinks, Link, Record, Removal, clean_text
from saring.columns import Columns, mapping_fields
from saring.dates import read_date
from saring.errors import ConfigError, InputError
from saring.parsing.boilerplate import find_end, find_head, find_inside, find_lines, find_start, find_tail, find_title
from saring.parsing.given import PAGE, looks_like_page, refusal
from saring.parsing.lines import remaining, split_lines
from saring.parsing.metadata import parse_tags, publisher_name
from saring.parsing.rules import Draft, load_rules
from saring.parsing.teasers import find_addressed, find_teasers

_USUAL = Columns({})
_START = attrgetter("start")
_FINDERS = (find_lines, find_head, find_tail, find_start, find_end)
_LAYS_BARE = {
    find_head: (find_start,),
    find_start: (find_head,),
    find_tail: (find_end,),
    find_end: (find_tail, find_end),
}
"""Who looks again where another took something: behind a dateline stands the title, before initials a credit."""


def parse(source: Record | str | Mapping[str, Any]) -> Article:
    """Find the "Baca Juga" links and the boilerplate in an article's text; the rest is its body.

    Parameters
    ----------
    source : Record, str or Mapping
        The article: a text, whose first line becomes the title if it reads like one; or a mapping with a text and what
        else is known, under the column names that files may have (``text``, ``isi``, ``maintext``); or a `Record`.

    Returns
    -------
    Article
        `Article.text` is the given text, unchanged. `Article.links` and `Article.removals` are
        spans of it, and what neither covers is `Article.body`. Date, author, editor, source, tags,
        place and publisher come from the source, or else from what the portal printed.

    Raises
    ------
    InputError
        A mapping has no text, a field is of another kind, or the source is a page's, a file's name or no text at all.

    Notes
    -----
    Nothing is lost: `Article.pieces` rebuilds the text exactly. Where boilerplate would take all of
    the text, none is removed.

    Examples
    --------
    >>> article = parse("Harga cabai turun. (Baca juga: Cara Menanam Cabai di Pot) Warga lega.")
    >>> article.links
    (Link(headline='Cara Menanam Cabai di Pot', marker='Baca juga:', start=19, end=57, url=''),)
    >>> article.body
    'Harga cabai turun. Warga lega.'
    """
    record, rules = as_record(source), load_rules()
    text = record.text
    lines = split_lines(text)
    title = record.title.strip() or find_title(text, lines, rules)
    draft = Draft(text, title, record.publisher.strip(), rules, rules.places(text))

    # Teasers end before the boilerplate that stands inside their line, an embed or an advertisement.
    removed = find_inside(draft)
    teasers = find_teasers(draft, lines, removed)
    lines = remaining(text, lines, [*removed, *teasers])
    if record.addresses:  # a web page says itself which lines are teasers
        addressed = find_addressed(text, lines, record.addresses)
        teasers = sorted([*teasers, *addressed], key=_START)
        lines = remaining(text, lines, addressed)

    # What is left of the lines is body or what a portal prints around it. What one takes may lay bare what another
    # looks for, so that clean text, cleaned again, stays as it is.
    finders = [*_FINDERS]
    for number, find in enumerate(finders):
        if found := find(draft, lines):
            left = remaining(text, lines, found)
            if left or number < len(_FINDERS):
                removed, lines = [*removed, *found], left
                finders += _LAYS_BARE.get(find, ())
    printed: dict[str, str] = {}  # of each field the first value, of tags all
    for one in sorted(removed, key=_START):
        for name, value in one.values.items():
            is_more = name == "tags" and name in printed
            printed[name] = f"{printed[name]}, {value}" if is_more else printed.get(name, value)
    if not lines:  # the rules never take the only text; a teaser may be all of it
        removed = []
        teasers = teasers if any(one.kind == "link" for one in teasers) else []

    removals = [Removal(*one[:3]) for one in removed]
    removals += [Removal(*one[:3]) for one in teasers if one.kind != "link"]
    return Article(
        id=record.id,
        title=title,
        text=text,
        links=tuple(
            Link(one.headline, one.marker, one.start, one.end, one.url or record.addresses.get(one.headline, ""))
            for one in teasers
            if one.kind == "link"
        ),
        removals=tuple(sorted(removals, key=_START)),
        published=read_date(record.published) or printed.get("published", ""),
        publisher=draft.publisher or publisher_name(printed.get("publisher", "")),
        tags=parse_tags(printed.get("tags", "")),
        url=record.url,
        note=record.note,
        **{name: printed.get(name, "") for name in ("editor", "author", "source", "place")},
    )


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


def as_record(source: Record | str | Mapping[str, Any]) -> Record:
    """Return what `parse` takes as a record, named after its text where it has no ``id``; raise what `parse` raises."""
    if isinstance(source, Record):
        return source
    if why := refusal(source):
        raise InputError(why)
    if isinstance(source, str):
        if looks_like_page(source):
            raise InputError(PAGE)
        return Record(id=text_id(source), text=source)
    fields = mapping_fields(source, _USUAL)
    addresses = {"addresses": found} if isinstance(found := source.get("addresses"), Mapping) else {}
    return Record(**addresses, **fields | {"id": fields.get("id") or text_id(fields["text"])})  # type: ignore[arg-type]


def text_id(text: str) -> str:
    """Return an identifier made from a text, the same on every run."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
