"""The columns of what saring writes: name, type, meaning, when null, and how each is made.

One table for each kind of row. Python rows, files, Arrow, Spark, MLflow's signature and
docs/columns.md all follow these tables, so that a new column is one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from saring.publishers import canonical_publisher

KINDS: Mapping[str, str] = {
    "string": "text",
    "strings": "list of texts",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "links": "list of links",
    "json": "whatever the input has; in Parquet a text",
}
"""The types that a column may have, by the names used here, in words."""


@dataclass(frozen=True, slots=True)
class Column:
    """One output column.

    Attributes
    ----------
    name : str
    kind : str
        One of `KINDS`.
    meaning : str
        What its values say, for people.
    null : str
        When there is no value; empty where there always is one.
    value : callable
        Makes the value, a JSON type, of what the row is about.
    """

    name: str
    kind: str
    meaning: str
    null: str
    value: Callable[[Any], Any]


def _or_none(name: str) -> Callable[[Any], Any]:
    """Return what reads an attribute, None where it is empty."""
    return lambda of: getattr(of, name) or None


_UNKNOWN = "unknown"
_FAILED = "the article could not be read"
_UNJUDGED = "the model was trained without labels of links"

LINK_COLUMNS = (
    Column("headline", "string", "headline that the teaser advertises", "", attrgetter("headline")),
    Column("marker", "string", 'what introduces it, as printed: "Baca Juga:"', "",
           attrgetter("marker")),
    Column("start", "int", "where the teaser begins in the article's text, in characters", "",
           attrgetter("start")),
    Column("end", "int", "where it ends", "", attrgetter("end")),
    Column("related", "bool", "whether it has to do with the article", _UNJUDGED,
           attrgetter("related")),
    Column("p_unrelated", "float", "probability that it has not", _UNJUDGED,
           attrgetter("p_unrelated")),
    Column("topic", "string", "likeliest topic of the headline", "", attrgetter("topic")),
    Column("clickbait", "float", "probability that the headline is clickbait",
           "the model was trained without labels of clickbait", attrgetter("clickbait")),
    Column("reasons", "strings", "why it was judged so, in words", "",
           lambda link: list(link.reasons)),
    Column("url", "string", "its address, empty where the text has none", "", attrgetter("url")),
)  # fmt: skip
"""Of a link, made from a `LinkPrediction`."""

_OF_ARTICLE = (
    Column("id", "string", "the row's own, or made from the file and the row", "",
           attrgetter("id")),
    Column("title", "string", "headline of the article", _UNKNOWN, _or_none("title")),
    Column("published", "string", "date or time, ISO 8601", _UNKNOWN, _or_none("published")),
    Column("publisher", "string", "who published it: the portal's domain, or the name as printed "
           "where no domain is known", _UNKNOWN, _or_none("publisher")),
    Column("publisher_printed", "string", "the same as the input or the article names it", _UNKNOWN,
           _or_none("publisher_printed")),
    Column("source", "string", "whom the article names as its source", _UNKNOWN,
           _or_none("source")),
    Column("url", "string", "address of the article", _UNKNOWN, _or_none("url")),
)  # fmt: skip
_BEFORE_TOPICS = (
    *_OF_ARTICLE,
    Column("topic", "string", "likeliest topic", _FAILED, attrgetter("topic")),
    Column("topic_probability", "float", "probability of that topic", _FAILED,
           attrgetter("topic_probability")),
)  # fmt: skip
_AFTER_TOPICS = (
    Column("abstained", "bool", "whether the model would rather not name a topic", _FAILED,
           attrgetter("abstained")),
    Column("abstained_because", "string", "`unsure`: the topic's probability is too low; "
           "`unlike_news`: the text is unlike Indonesian news, and its probability means nothing",
           f"{_FAILED}, or the model did not abstain", attrgetter("abstained_because")),
    Column("clickbait", "float", "probability that the title is clickbait",
           f"{_FAILED}, there is no title, or the model was trained without labels of clickbait",
           attrgetter("clickbait")),
    Column("links", "links", "the teasers found, in order", _FAILED,
           lambda found: None if found.failed else as_rows(LINK_COLUMNS, found.links)),
    Column("n_links", "int", "how many they are", _FAILED, attrgetter("n_links")),
    Column("n_unrelated", "int", "how many of them have nothing to do with the article",
           f"{_FAILED}, or {_UNJUDGED}", attrgetter("n_unrelated")),
    Column("clean_text", "string", "the body, one paragraph a line", _FAILED,
           attrgetter("clean_text")),
    Column("error", "string", "what is wrong with the row and what to do", "all is well",
           _or_none("error")),
    Column("model_version", "string", "twelve digits that name the model's content", "",
           _or_none("model_version")),
    Column("scored_at", "string", "when the run began, ISO 8601", "", _or_none("scored_at")),
)  # fmt: skip


def prediction_columns(topics: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns of a prediction row, made from a `Prediction`.

    Parameters
    ----------
    topics : iterable of str
        The model's topics: each gives a column ``p_<topic>``, in this order.
    """
    return (*_BEFORE_TOPICS, *map(_probability, topics), *_AFTER_TOPICS)


def _probability(topic: str) -> Column:
    """Return the column of a topic's probability."""
    meaning = f"probability of the topic {topic}"
    return Column(f"p_{topic}", "float", meaning, _FAILED, lambda found: found.probabilities.get(topic))


def _of_article(name: str) -> Callable[[Any], Any]:
    """Return what reads an attribute of a cleaned article, None where it is empty."""
    return lambda cleaned: getattr(cleaned.article, name) or None


_PUBLISHERS: Mapping[str, Callable[[Any], Any]] = {
    "publisher": lambda cleaned: canonical_publisher(cleaned.article.publisher, cleaned.article.url) or None,
    "publisher_printed": _of_article("publisher"),
}
CLEAN_COLUMNS = (
    *(
        replace(known, value=_PUBLISHERS.get(known.name, _of_article(known.name)))
        for known in _OF_ARTICLE
    ),
    Column("author", "string", "who wrote it", _UNKNOWN, _of_article("author")),
    Column("editor", "string", "who edited it", _UNKNOWN, _of_article("editor")),
    Column("place", "string", "place in the dateline", _UNKNOWN, _of_article("place")),
    Column("tags", "strings", "the portal's tags", "", lambda cleaned: list(cleaned.article.tags)),
    Column("text", "string", "the body, one paragraph a line", _FAILED, attrgetter("text")),
    Column("n_links", "int", "how many teasers were found", _FAILED,
           lambda cleaned: None if cleaned.text is None else len(cleaned.article.links)),
    Column("error", "string", "what is wrong with the row and what to do", "all is well",
           _of_article("note")),
)  # fmt: skip
"""Of a clean article, made from a `saring.batch.jobs.Cleaned`."""


def kept_columns(kept: Mapping[str, str], columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return the input's columns that stay in the rows, behind `columns`.

    Their values are those of `kept` of a `Record` or a `Prediction`. One that has the name of a
    column of ours, in whatever case (Spark knows none), gets ``input_`` before it.

    Parameters
    ----------
    kept : Mapping[str, str]
        Name of each to its kind.
    columns : iterable of Column
    """
    taken = {column.name.casefold() for column in columns}
    made = []
    for name, kind in kept.items():
        shown = name
        while shown.casefold() in taken:
            shown = f"input_{shown}"
        taken.add(shown.casefold())
        made.append(Column(shown, kind, "as in the input", _UNKNOWN, _kept(name)))
    return tuple(made)


def _kept(name: str) -> Callable[[Any], Any]:
    """Return what reads a column that was kept."""
    return lambda row: row.kept.get(name)


def kinds(columns: Iterable[Column]) -> dict[str, str]:
    """Return each column's name and kind, as writers take them."""
    return {column.name: column.kind for column in columns}


def as_table(columns: Iterable[Column], things: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the rows of some things as columns: names to a value for each thing."""
    return {column.name: list(map(column.value, things)) for column in columns}


def as_rows(columns: Iterable[Column], things: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the row of each thing."""
    parts = [(column.name, column.value) for column in columns]
    return [{name: value(thing) for name, value in parts} for thing in things]


def as_markdown() -> str:
    """Return docs/columns.md."""
    topic = Column("p_<topic>", "float", "probability of each topic that the model knows",
                   _FAILED, attrgetter("id"))  # fmt: skip
    return "\n".join(
        [
            "# Columns",
            "",
            "With `--keep COLUMN` the input's own columns stand behind these under their names, or "
            "with `input_` before a name that is here.",
            "",
            "Made from `src/saring/schema.py` by `python -m saring.schema > docs/columns.md`.",
            *_section("Prediction row: `saring score`, `saring predict --json`, "
                      "`Prediction.row()`", (*_BEFORE_TOPICS, topic, *_AFTER_TOPICS)),
            *_section("A link, in the column `links`", LINK_COLUMNS),
            *_section("Clean article: `saring clean`", CLEAN_COLUMNS),
            "",
        ]
    )  # fmt: skip


def _section(heading: str, columns: Sequence[Column]) -> list[str]:
    """Return the lines of a heading and a table."""
    rows = [f"| `{c.name}` | {KINDS[c.kind]} | {c.meaning} | {c.null or 'never'} |"
            for c in columns]  # fmt: skip
    return ["", f"## {heading}", "", "| name | type | meaning | null when |", "|---|---|---|---|",
            *rows]  # fmt: skip


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - it is the page
