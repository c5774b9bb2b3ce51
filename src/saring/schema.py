"""The columns of what saring writes: name, type, meaning, when null, and how each is made.

One table for each kind of row. Python rows, files, Arrow, Spark, MLflow's signature and docs/columns.md all follow
these tables, so that a new column is one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from saring.publishers import canonical_publisher

# The types that a column may have, in words.
KINDS: Mapping[str, str] = {
    "string": "text",
    "strings": "list of texts",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "links": "list of links",
    "json": "whatever the input has; in Parquet a text",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One output column."""

    name: str
    kind: str  # one of `KINDS`
    meaning: str  # what its values say, for people
    null: str  # when there is no value; empty where there always is one
    value: Callable[[Any], Any]  # makes the value, a JSON type, of what the row is about


def _column(name: str, kind: str, meaning: str, null: str = "", value: Callable[[Any], Any] | None = None) -> Column:
    """Return a column whose value is the attribute of its name, unless it is made otherwise."""
    return Column(name, kind, meaning, null, value or attrgetter(name))


def _filled(name: str) -> Callable[[Any], Any]:
    """Return a function that gives an attribute, also one of an attribute ("article.title"), None where it is empty."""
    value = attrgetter(name)
    return lambda thing: value(thing) or None


def _item(mapping: str, key: str) -> Callable[[Any], Any]:
    """Return a function that gives an item of the mapping that an attribute holds, None where it has none."""
    return lambda thing: getattr(thing, mapping).get(key)


_UNKNOWN = "unknown"
_FAILED = "the article could not be read"
_UNJUDGED = "the model was trained without labels of links"
_FINE = "all is well"
_ERROR = "what is wrong with the row and what to do"

_ID = _column("id", "string", "the row's own, that of a web archive's record, or made from the file and the row")
_VERSION = _column(
    "model_version", "string", "twelve digits that name the model's content", "", _filled("model_version")
)

# Of a link, made from a `LinkPrediction`.
LINK_COLUMNS = (
    _column("headline", "string", "headline that the teaser advertises"),
    _column("marker", "string", 'what introduces it, as printed: "Baca Juga:"'),
    _column("start", "int", "where the teaser begins in the article's text, in characters"),
    _column("end", "int", "where it ends"),
    _column("related", "bool", "whether it has to do with the article", _UNJUDGED),
    _column("p_unrelated", "float", "probability that it has not", _UNJUDGED),
    _column("topic", "string", "likeliest topic of the headline"),
    _column("clickbait", "float", "probability that the headline is clickbait",
            "the model was trained without labels of clickbait"),
    _column("reasons", "strings", "the reasons for the verdict, in words", value=lambda link: list(link.reasons)),
    _column("url", "string", "its address, empty where the text has none"),
)  # fmt: skip

_OF_ARTICLE = (
    _ID,
    _column("title", "string", "headline of the article", _UNKNOWN, _filled("title")),
    _column("published", "string", "date or time, ISO 8601", _UNKNOWN, _filled("published")),
    _column("publisher", "string", "who published it: the portal's domain, or the name as printed where no domain is "
            "known", _UNKNOWN, _filled("publisher")),
    _column("publisher_printed", "string", "the same as the input or the article names it", _UNKNOWN,
            _filled("publisher_printed")),
    _column("source", "string", "whom the article names as its source", _UNKNOWN, _filled("source")),
    _column("url", "string", "address of the article", _UNKNOWN, _filled("url")),
)  # fmt: skip
_BEFORE_TOPICS = (
    *_OF_ARTICLE,
    _column("topic", "string", "likeliest topic", _FAILED),
    _column("topic_probability", "float", "probability of that topic", _FAILED),
)  # fmt: skip
_AFTER_TOPICS = (
    _column("abstained", "bool", "whether the model would rather not name a topic", _FAILED),
    _column("abstained_because", "string", "`unsure`: the topic's probability is too low; `unlike_news`: the text is "
            "unlike Indonesian news, and its probability means nothing", f"{_FAILED}, or the model did not abstain"),
    _column("out_of_domain", "float", "mean rarity of the text's words, from 1 up: how unlike Indonesian news it is; "
            "99 of a text without words or sentences", _FAILED),
    _column("clickbait", "float", "probability that the title is clickbait",
            f"{_FAILED}, there is no title, or the model was trained without labels of clickbait"),
    _column("links", "links", "the teasers found, in order", _FAILED,
            lambda found: None if found.failed else as_rows(LINK_COLUMNS, found.links)),
    _column("n_links", "int", "how many they are", _FAILED),
    _column("n_unrelated", "int", "how many of them have nothing to do with the article",
            f"{_FAILED}, or {_UNJUDGED}"),
    _column("removed", "float", "share of the given text, 0 to 1, that is no body: links and boilerplate", _FAILED),
    _column("clean_text", "string", "the body, one paragraph a line", _FAILED),
    _column("error", "string", _ERROR, _FINE, _filled("error")),
    _VERSION,
    _column("scored_at", "string", "when the run began, ISO 8601", "", _filled("scored_at")),
)  # fmt: skip


def prediction_columns(topics: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns of a prediction row, made from a `Prediction`; each topic has a column ``p_<topic>``."""
    probabilities = (
        Column(f"p_{topic}", "float", f"probability of the topic {topic}", _FAILED, _item("probabilities", topic))
        for topic in topics
    )
    return (*_BEFORE_TOPICS, *probabilities, *_AFTER_TOPICS)


_PUBLISHERS: Mapping[str, Callable[[Any], Any]] = {
    "publisher": lambda cleaned: canonical_publisher(cleaned.article.publisher, cleaned.article.url) or None,
    "publisher_printed": _filled("article.publisher"),
}
# Of a clean article, made from a `saring.batch.parts.Cleaned`.
CLEAN_COLUMNS = (
    *(replace(column, value=_PUBLISHERS.get(
          column.name, (_filled if column.null else attrgetter)(f"article.{column.name}"))) for column in _OF_ARTICLE),
    _column("author", "string", "who wrote it", _UNKNOWN, _filled("article.author")),
    _column("editor", "string", "who edited it", _UNKNOWN, _filled("article.editor")),
    _column("place", "string", "place in the dateline", _UNKNOWN, _filled("article.place")),
    _column("tags", "strings", "the portal's tags", value=lambda cleaned: list(cleaned.article.tags)),
    _column("text", "string", "the body, one paragraph a line", _FAILED),
    _column("n_links", "int", "how many teasers were found", _FAILED,
            lambda cleaned: None if cleaned.text is None else len(cleaned.article.links)),
    _column("error", "string", _ERROR, _FINE, _filled("article.note")),
)  # fmt: skip

# Of an article's spans, made from a `saring.spans.Spans`.
SPAN_COLUMNS = (
    _ID,
    _column("attributes", "json", "for dolma: for each kind `saring__<kind>`, a list of `[start, end, score]`"),
    _column("spans", "json", "the same as one list of `[start, end, kind, score]`, in order: what of the raw text is "
            "no body, in Unicode code points. Of a teaser (`link`) the score is the probability that it has nothing to "
            "do with the article; all other kinds are boilerplate, whose score is 1",
            value=lambda found: [list(span) for span in found.spans]),
    _column("headlines", "json", "for each link `[start, marker, headline]`, as it is written where it is kept"),
    _column("metadata", "json", "what the article tells beside its text: title, published, publisher, author, editor, "
            "source, place, tags; as far as known"),
    _column("text_length", "int", "length of the raw text in code points", _FAILED),
    _column("text_digest", "string", "BLAKE2b of the raw text in UTF-8, 16 bytes in hexadecimal digits", _FAILED),
    _column("threshold", "float", "from this score on the model calls a link unrelated", _FAILED),
    _column("n_links", "int", "how many links there are", _FAILED),
    _column("n_unrelated", "int", "how many of them the model calls unrelated", _FAILED),
    _column("error", "string", _ERROR, _FINE, _filled("error")),
    _VERSION,
)  # fmt: skip


def kept_columns(kept: Mapping[str, str], columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return the input's columns that stay in the rows behind `columns`; `kept` maps their names to their kinds.

    Their values are those of `kept` of a `Record` or a `Prediction`. One that has the name of a column of ours, in
    whatever case (Spark does not tell cases apart), gets ``input_`` before it.
    """
    taken = {column.name.casefold() for column in columns}
    made = []
    for name, kind in kept.items():
        shown = name
        while shown.casefold() in taken:
            shown = f"input_{shown}"
        taken.add(shown.casefold())
        made.append(Column(shown, kind, "as in the input", _UNKNOWN, _item("kept", name)))
    return tuple(made)


def kinds(columns: Iterable[Column]) -> dict[str, str]:
    """Return each column's name and kind, as writers take them."""
    return {column.name: column.kind for column in columns}


def as_table(columns: Iterable[Column], things: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the rows of some things as columns: names to a value for each thing."""
    return {column.name: list(map(column.value, things)) for column in columns}


def rows_in(table: Mapping[str, Iterable[Any]]) -> Iterator[dict[str, Any]]:
    """Return the rows of a table that is given as columns."""
    return (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))


def as_rows(columns: Iterable[Column], things: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the row of each thing."""
    parts = [(column.name, column.value) for column in columns]
    return [{name: value(thing) for name, value in parts} for thing in things]


def as_markdown() -> str:
    """Return docs/columns.md."""
    topic = _column("p_<topic>", "float", "probability of each topic that the model knows", _FAILED)
    sections = {
        "Prediction row: `saring score`, `saring predict --json`, `Prediction.row()`":
            (*_BEFORE_TOPICS, topic, *_AFTER_TOPICS),
        "A link, in the column `links`": LINK_COLUMNS,
        "Clean article: `saring clean`, `saring apply spans`": CLEAN_COLUMNS,
        "Spans: `saring clean --spans`": SPAN_COLUMNS,
    }  # fmt: skip
    lines = [
        "# Columns",
        "",
        "With `--keep COLUMN` the input's own columns stand behind these under their names, or with `input_` before a "
        "name that is here.",
        "",
        "Made from `src/saring/schema.py` by `python -m saring.schema > docs/columns.md`.",
    ]
    for heading, columns in sections.items():
        lines += ["", f"## {heading}", "", "| name | type | meaning | null when |", "|---|---|---|---|"]
        lines += [f"| `{c.name}` | {KINDS[c.kind]} | {c.meaning} | {c.null or 'never'} |" for c in columns]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - it is the page
