"""What Python gives as articles, texts, rows, tables and records, taken as every file's rows are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from saring.article import Article, Prediction, Record
from saring.columns import FIELDS, Columns, flattened, mended
from saring.errors import InputError
from saring.parsing.engine import parse, text_id
from saring.publishers import canonical_publisher

Source = str | Mapping[str, Any] | Record | Article

SLICE_ROWS = 1024  # of a table turned to mappings at a time

_TEXTS = [item.name for item in fields(Article) if item.type == "str"]
_TEXTS_OF = attrgetter(*_TEXTS)


def rows_of(articles: Any) -> Iterable[Source]:
    """Return the rows of a table as mappings, any other collection of articles as it is; InputError for one article."""
    if isinstance(articles, str | bytes | Mapping | Record | Article):
        raise InputError("expected a list of articles; put this one in a list: [article]")
    if not hasattr(type(articles), "columns"):
        collection: Iterable[Source] = articles
        return collection
    if hasattr(articles, "iloc"):  # of pandas, whose columns of mixed types Arrow does not take
        parts = (articles.iloc[start : start + SLICE_ROWS] for start in range(0, len(articles), SLICE_ROWS))
        return (row for part in parts for row in part.to_dict("records"))
    if hasattr(articles, "__arrow_c_stream__"):
        from saring.io.formats import stream_rows

        return stream_rows(articles)
    raise InputError(
        f"found a {type(articles).__name__}; expected a list of articles or a table of pandas, polars or Arrow; "
        "turn it into one of these (a Spark DataFrame: saring.spark.score)"
    )


def take(sources: Sequence[Source]) -> list[Article | Prediction]:
    """Return for each source, in order, its article, or a prediction with `error`."""
    columns = Columns({})
    return [_taken(source, columns) for source in sources]


def _taken(source: Any, columns: Columns) -> Article | Prediction:
    """Return the article in a source, as every file can hold it, or why there is none."""
    where = ""
    if isinstance(source, str):
        article = parse(str(source))
    elif isinstance(source, Mapping):
        record = record_of(source, columns)
        if record.error:
            return Prediction(record.id, error=record.error)
        article = parse(record)
    elif isinstance(source, Record | Article):
        if isinstance(source, Record) and source.error:
            return _failed(source, source.id, source.error)
        for name in FIELDS:
            if not isinstance(value := getattr(source, name), str):
                return Prediction(str(source.id), error=f"field {name!r} is {type(value).__name__}; expected a string")
        where = getattr(source, "where", "")
        article = parse(source) if isinstance(source, Record) else source
    else:
        why = f"found {type(source).__name__}; expected a text, a mapping with 'text', a Record or an Article"
        return Prediction(str(getattr(source, "id", "")), error=why)
    if article.title.strip() or article.text.strip():
        return _storable(article)
    own_id = "" if article.id == text_id(article.text) else article.id
    return _failed(article, own_id, f"{where}: title and text are empty; expected an article".removeprefix(": "))


def record_of(row: Mapping[Any, Any], columns: Columns) -> Record:
    """Return the record in a row of Python's, as every file can hold it, with `error` filled where there is none."""
    values = flattened(_named(row))
    try:
        if "text" not in columns.find(tuple(values)).candidates:
            raise InputError(f"an article needs 'text'; found the fields {sorted(values)}")
        found: dict[str, Any] = columns.fields(values)
    except InputError as error:
        return Record(columns.identifier(values), error=str(error))
    return Record(**found | {"id": found.get("id") or text_id(found["text"])})


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row whose columns may have numbers for names with texts for names."""
    return {str(name): value for name, value in row.items()}


def kept_of(source: Source, columns: Columns) -> dict[str, Any]:
    """Return the values of the columns to keep, None where a source has none."""
    if isinstance(source, Mapping):
        return columns.kept(_named(source))
    return columns.kept({}) | dict(getattr(source, "kept", {}))


def _storable(article: Article) -> Article:
    """Return an article with U+FFFD for NUL and half surrogate pairs, which no file can hold."""
    texts: tuple[str, ...] = _TEXTS_OF(article)
    whole = "".join(texts)
    try:
        if "\0" not in whole and (whole.isascii() or whole.encode()):  # much faster than a search
            return article
    except UnicodeEncodeError:
        pass
    links = tuple(replace(link, headline=mended(link.headline), url=mended(link.url)) for link in article.links)
    storable: dict[str, Any] = dict(zip(_TEXTS, map(mended, texts), strict=True))
    return replace(article, links=links, **storable)


def _failed(item: Article | Record, id: str, error: str) -> Prediction:
    """Return the prediction of what cannot be scored, with the metadata that could be read."""
    publisher = canonical_publisher(item.publisher, item.url)
    return Prediction(id, item.title, "", publisher, item.publisher, url=item.url, error=error)
