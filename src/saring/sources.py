"""What Python gives as articles, texts, rows, tables and records, taken as every file's rows are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, Protocol, TypeGuard

from saring.article import Article, Prediction, Record
from saring.columns import FIELDS, Columns, holding, mapping_fields, mended
from saring.errors import InputError
from saring.parsing.engine import parse, text_id
from saring.parsing.given import looks_like_page, refusal
from saring.publishers import canonical_publisher

Source = str | Mapping[str, Any] | Record | Article


class ArrowTable(Protocol):
    """What gives its columns as an Arrow stream: a table of polars, Arrow, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


CHUNK_ROWS = 512  # of a table, some 2 MB of articles
_OF_TABLES = ("iloc", "__arrow_c_stream__", "__arrow_c_array__", "collect_schema")  # pandas, Arrow, lazy polars
TEXT = "text"  # the column that a Series, or an array, is

# Arrow's types whose values are those of the DataFrame's rows: of texts, numbers, times, and lists of texts.
_TEXT_TYPE = "(large_)?string(_view)?"
_ALIKE = re.compile(
    rf"null|bool|u?int\d+|(half)?float|double|date32\[day\]|timestamp\[.*|{_TEXT_TYPE}"
    rf"|(large_)?list<\w+: {_TEXT_TYPE}( not null)?>|dictionary<values={_TEXT_TYPE}, .*"
)

_TEXTS = [item.name for item in fields(Article) if item.type == "str"]
_TEXTS_OF = attrgetter(*_TEXTS)


def rows_of(articles: Any, keep: Sequence[str] = ()) -> Iterable[Source]:
    """Return the rows of a table as mappings, any other collection of articles as it is; InputError for one article.

    A table's rows have no columns but those that articles are read from, and those to keep.
    """
    if isinstance(articles, str | bytes | Mapping | Record | Article):
        raise InputError(
            (isinstance(articles, str) and refusal(articles))
            or "expected a list of articles; put this one in a list: [article]"
        )
    if is_table(articles):
        from saring.io.formats import batch_rows

        chunks = table_chunks(articles, keep)
        return (row for chunk in chunks for row in (chunk if isinstance(chunk, list) else batch_rows(chunk)))
    if hasattr(type(articles), "columns"):
        raise InputError(
            f"found a {type(articles).__name__}; expected a list of articles or a table of pandas, polars or Arrow; "
            "turn it into one of these (a Spark DataFrame: saring.spark.score)"
        )
    if not isinstance(articles, Iterable):
        raise InputError(refusal(articles, "expected a list of articles, or a table"))
    collection: Iterable[Source] = articles
    return collection


def take(sources: Sequence[Source]) -> list[Article | Prediction]:
    """Return for each source, in order, its article, or a prediction with `error`."""
    columns = Columns({})
    if any(map(_is_page, sources)):
        sources = _with_pages_read(sources)
    return [_taken(source, columns) for source in sources]


def _is_page(source: Source) -> TypeGuard[str]:
    return isinstance(source, str) and looks_like_page(source)


def _with_pages_read(sources: Sequence[Source]) -> Sequence[Source]:
    """Return sources, those that are a web page's as its record."""
    from saring.html.page import Page, PageReader

    items = (
        Page(source.encode("utf-8", "replace"), "", text_id(source)) if _is_page(source) else source
        for source in sources
    )
    with PageReader() as pages:
        return list(pages.records(items))


def _taken(source: Any, columns: Columns) -> Article | Prediction:
    """Return the article in a source, as every file can hold it, or why there is none."""
    where = ""
    if isinstance(source, str):
        if why := refusal(source):
            return Prediction("", error=why)
        article = parse(str(source))
    elif isinstance(source, Mapping):
        record = record_of(source, columns)
        if record.error:
            return Prediction(mended(record.id), error=record.error)
        article = parse(record)
    elif isinstance(source, Record | Article):
        if isinstance(source, Record) and source.error:
            return failed(source, source.id, source.error)
        for name in FIELDS:
            if not isinstance(value := getattr(source, name), str):
                return Prediction(str(source.id), error=f"field {name!r} is {type(value).__name__}; expected a string")
        where = getattr(source, "where", "")
        article = parse(source) if isinstance(source, Record) else source
    else:
        return Prediction(str(getattr(source, "id", "")), error=refusal(source))
    if article.title.strip() or article.text.strip():
        return _storable(article)
    own_id = "" if article.id == text_id(article.text) else article.id
    return failed(article, own_id, f"{where}: title and text are empty; expected an article".removeprefix(": "))


def record_of(row: Mapping[Any, Any], columns: Columns) -> Record:
    """Return the record in a row of Python's, as every file can hold it, with `error` filled where there is none."""
    try:
        found: dict[str, Any] = mapping_fields(row, columns)
    except InputError as error:
        return Record(columns.identifier(_named(row)), error=str(error))
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


def failed(item: Article | Record, id: str, error: str) -> Prediction:
    """Return the prediction of what cannot be scored, with the metadata that could be read."""
    publisher = canonical_publisher(item.publisher, item.url)
    id, title, publisher, printed, url = map(mended, (id, item.title, publisher, item.publisher, item.url))
    return Prediction(id, title, "", publisher, printed, url=url, error=error)


# Tables are cut into Arrow batches of the columns that are needed; no others are touched.


def is_table(given: Any) -> bool:
    """Return whether something is a table or a column: of pandas, or what speaks Arrow."""
    return any(hasattr(given, name) for name in _OF_TABLES)


def is_lazy(table: Any) -> bool:
    """Return whether a table is polars' LazyFrame."""
    return hasattr(table, "collect_schema") and not hasattr(table, "__arrow_c_stream__")


def lazy_schema(table: Any) -> Any:
    """Return the Arrow schema of a LazyFrame, none of whose rows is made."""
    return table.collect_schema().to_frame().to_arrow().schema


def table_chunks(table: Any, keep: Sequence[str] = ()) -> Iterator[Any]:
    """Yield the rows of a table in Arrow batches, or in lists where Arrow lacks a type; a column alone is the texts."""
    return _pandas_chunks(table, keep) if hasattr(table, "iloc") else _arrow_chunks(table, keep)


def needed(schema: Any, keep: Sequence[str] = ()) -> list[str]:
    """Return those columns of an Arrow schema that are needed; all where there is no text, to be told."""
    from saring.io.formats import arrow_names

    found = Columns({}, keep).find(arrow_names(schema))
    names = list(dict.fromkeys(schema.names))
    return holding(names, found.needed) if "text" in found.candidates else names


def _pandas_chunks(table: Any, keep: Sequence[str]) -> Iterator[Any]:
    """Yield the rows of a DataFrame, or a Series of texts; those of types that Arrow does not have are mappings."""
    import pyarrow as pa

    frame = table if hasattr(table, "columns") else table.to_frame(TEXT)
    places = {str(name): place for place, name in enumerate(frame.columns)}
    kinds = {name: frame.dtypes.iloc[place] for name, place in places.items()}
    schema = pa.schema([(name, getattr(kind, "pyarrow_dtype", pa.null())) for name, kind in kinds.items()])
    names = needed(schema, keep)
    objects = [name for name, kind in kinds.items() if kind == "object" and name not in names]
    for start in range(0, len(frame), CHUNK_ROWS):
        rows = frame.iloc[start : start + CHUNK_ROWS]
        # Whether objects hold more, each row tells.
        holders = [name for name in objects if any(isinstance(value, Mapping) for value in rows.iloc[:, places[name]])]
        chosen = [name for name in places if name in names or name in holders]
        part = rows.iloc[:, [places[name] for name in chosen]]
        try:
            # Of no columns Arrow would not know how many rows they are; of time zones pandas warns where Arrow asks.
            if not chosen or any(getattr(kinds[name], "tz", None) for name in chosen):
                raise TypeError
            arrays = [pa.array(part.iloc[:, place], from_pandas=True) for place in range(len(chosen))]
            if not all(_ALIKE.fullmatch(str(array.type)) for array in arrays):
                raise TypeError
            yield pa.RecordBatch.from_arrays([*map(_plain, arrays)], chosen)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            yield part.set_axis(chosen, axis=1).to_dict("records")


def _arrow_chunks(table: Any, keep: Sequence[str]) -> Iterator[Any]:
    """Yield the rows of what speaks Arrow."""
    import pyarrow as pa

    if is_lazy(table):
        table = table.select(needed(lazy_schema(table), keep)).collect()
    stream = _stream(table)
    places = {name: place for place, name in enumerate(stream.schema.names)}
    names = needed(stream.schema, keep)
    for batch in stream:
        columns = [_decodable(batch.column(places[name])) for name in names]
        for start in range(0, batch.num_rows, CHUNK_ROWS):
            arrays = [_plain(column.slice(start, CHUNK_ROWS)) for column in columns]
            yield pa.RecordBatch.from_arrays(arrays, names)


def _stream(table: Any) -> Any:
    """Return the Arrow stream of a table, or of a column as the only one of a table."""
    import pyarrow as pa

    if hasattr(table, "__arrow_c_stream__"):
        try:
            return pa.RecordBatchReader.from_stream(table)
        except pa.ArrowInvalid:  # no struct: a column, which can be asked for again
            column = pa.chunked_array(table)
    else:
        column = pa.chunked_array([pa.array(table)])
    is_struct = pa.types.is_struct(column.type)
    return (pa.Table.from_struct_array(column) if is_struct else pa.table({TEXT: column})).to_reader()


def _decodable(array: Any) -> Any:
    """Return an Arrow array, a dictionary with values that Arrow can look up by an index."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        return pa.DictionaryArray.from_arrays(array.indices, _plain(array.dictionary))
    return array


def _plain(array: Any) -> Any:
    """Return an Arrow array as one that can be cut, sent and read as Python's values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(array.type):
        return _plain(array.dictionary_decode())
    if pa.types.is_run_end_encoded(array.type):
        return _plain(pc.run_end_decode(array))
    if pa.types.is_string_view(array.type):  # a part of one would take the whole with it
        return array.cast(pa.large_string())
    if pa.types.is_timestamp(array.type) and array.type.unit == "ns":  # Python has no more than microseconds
        return array.cast(pa.timestamp("us", array.type.tz), safe=False)
    return array
