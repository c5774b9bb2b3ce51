"""Rows, texts and pages to records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal

from saring.article import Record
from saring.errors import InputError, MissingExtraError
from saring.html.page import MAX_SAVED_BYTES, PAGE_SECONDS, PageReader
from saring.io.columns import MAX_TEXT_BYTES, Broken, Columns
from saring.io.formats import TABLES, header_of, parquet_schema
from saring.io.input_files import Inputs, Source, found_sources, sources
from saring.io.streams import Stream, guess_encoding

# Sources that are one article each: text files and web pages.


DOCUMENTS = ("html", "txt")  # formats of one article a file


def text_fields(stream: Stream) -> dict[str, Any]:
    """Return the fields of a text file: its text, line breaks made one kind.

    Raises
    ------
    InputError
        It is too long, damaged, or not in one encoding throughout.
    """
    data = stream.body.read(MAX_TEXT_BYTES + 1)
    stream.check()
    if len(data) > MAX_TEXT_BYTES:
        raise InputError(f"found more than {MAX_TEXT_BYTES:,} bytes; expected one article a text file; split it")
    try:
        text = data.decode(stream.encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"found a byte that is no {error.encoding} at byte {error.start}; expected UTF-8, "
            "UTF-16 or cp1252 throughout; save the file as UTF-8"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return {"text": text.replace("\0", "\ufffd")}


class Pages:
    """The page reader of one run, started when the first page comes; a context manager.

    Parameters
    ----------
    seconds : float
        Time limit for one page.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._reader: PageReader | None = None

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._reader is not None:
            self._reader.close()

    def fields(self, stream: Stream, name: str) -> dict[str, Any]:
        """Return the fields of a web page.

        Raises
        ------
        InputError
            The page is too large or holds no article, or reading it took too long or crashed.
        MissingExtraError
            The extra "html" is not installed.
        """
        if self._reader is None:
            self._reader = PageReader(self._seconds)
        html = stream.body.read(MAX_SAVED_BYTES + 1)
        stream.check()
        try:
            record = self._reader.read(html, name)
        except InputError as error:  # the caller puts the place before it, as for any other row
            raise InputError(str(error).removeprefix(f"{name}: ")) from None
        names = ("title", "text", "published", "publisher", "url", "addresses")
        return {field: getattr(record, field) for field in names}


# Files to records, lazily and in bounded memory: text, HTML, JSON Lines, CSV, Parquet, folders.


SNIFFED_CHARS = 1000  # "<html" stands this near to the start of a page
CHECKED_ROWS = 100  # a table has no text column when none of so many rows at its start has one


# Of Arrow's types those that a row's column can have as they are; 64 unsigned bits are too many.
_KINDS = {
    **dict.fromkeys(("string", "large_string", "string_view"), "string"),
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"), "int"),
    **dict.fromkeys(("halffloat", "float", "double"), "float"),
    "bool": "bool",
}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read.

    Attributes
    ----------
    columns : Mapping[str, str]
        The user's column for a field of ours, ``{"text": "isi"}``; the others are found by name.
    fix_text : bool
        Repair mojibake in titles and texts with ftfy (extra "fix").
    format : str
        Format of standard input and of named files, whatever their suffix: txt, html, jsonl, json,
        csv or parquet.
    on_error : {"raise", "keep"}
        What becomes of a broken row, page or file: an `InputError`, or a record with `error`.
    page_seconds : float
        Time limit for one web page.
    keep : sequence of str
        The user's columns that stay in the rows; see `saring.article.Record.kept`.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    fix_text: bool = False
    format: str = ""
    on_error: Literal["raise", "keep"] = "raise"
    page_seconds: float = PAGE_SECONDS
    keep: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in its file.

    Attributes
    ----------
    values : Mapping[str, Any]
        The row's columns; of a page or a text file its fields under our names. Empty on error.
    id : str
        Made from the file's name and the row, for rows that carry no id.
    where : str
        ``file:row``, rows counted from 1; the file alone where it is one article.
    error : str
        Why the row could not be read, with its place.
    whole : bool
        Whether the row is a page or a text file.
    """

    values: Mapping[str, Any]
    id: str
    where: str
    error: str = ""
    whole: bool = False


_DEFAULT = ReadOptions()


def rows(inputs: Inputs, options: ReadOptions = _DEFAULT) -> Iterator[Row]:
    """Return the rows of the inputs as they stand in their files, lazily and in order.

    Raises
    ------
    InputError
        At once when an input is not there or its format is unknown; later for a broken row,
        unless ``options.on_error`` is "keep".
    MissingExtraError
        An input is HTML and the extra "html" is not installed.
    """
    _, sources = found_sources(inputs, options.format)

    def each() -> Iterator[Row]:
        with Pages(options.page_seconds) as pages:
            for source in sources:
                for row in _source_rows(source, pages):
                    if row.error and options.on_error == "raise":
                        raise InputError(row.error)
                    yield row

    return each()


def read(inputs: Inputs, options: ReadOptions = _DEFAULT) -> Iterator[Record]:
    """Return the records of files, folders and standard input ("-"), lazily and in order.

    Raises
    ------
    InputError
        At once when an input is not there, its format is unknown, or a table that the user named
        has no text column; later for a broken row, unless ``options.on_error`` is "keep".
    UsageError
        An option is unknown.
    MissingExtraError
        HTML or the repair of mojibake is asked for and its extra is not installed.
    """
    columns = Columns(options.columns, options.keep)
    fix = fixer(options)
    sources = checked_sources(inputs, options, columns)

    def each() -> Iterator[Record]:
        with Pages(options.page_seconds) as pages:
            for source in sources:
                for record in source_records(source, pages, columns):
                    if record.error and options.on_error == "raise":
                        raise InputError(record.error)
                    yield fix(record)

    return each()


def checked_sources(inputs: Inputs, options: ReadOptions, columns: Columns) -> Iterator[Source]:
    """Return all sources, once each table that the user named has been seen to have its columns.

    Raises
    ------
    InputError
        As `read`.
    """
    named, sources = found_sources(inputs, options.format)
    for source in named:
        if source.reopens and source.format in TABLES:
            next(_checked(source, _source_rows(source, Pages(0), columns), columns), None)
    if columns.keep:
        tables = [names for source in named if source.reopens and source.format in TABLES
                  for names in _names(source)]  # fmt: skip
        if unknown := columns.unknown(tables):
            raise InputError(unknown)
    return sources


def _names(source: Source) -> set[tuple[str, ...]]:
    """Return the columns of a table's first rows; of JSON Lines each row has its own."""
    rows = islice(_source_rows(source, Pages(0)), CHECKED_ROWS)
    return {tuple(row.values) for row in rows if not row.error}


def _source_rows(source: Source, pages: Pages, columns: Columns | None = None) -> Iterator[Row]:
    """Yield the rows of a source; a broken row, or the file from there on, is a row with error.

    Of a Parquet file all columns are read, or those alone that `columns` finds.
    """
    number = 0
    try:
        with source.open() as stream:
            format = source.format or _sniffed(stream.head)
            if format != "parquet" and stream.foreign:
                raise InputError(f"found {stream.foreign}; expected {format}; name a file of text")
            if format not in TABLES:
                html = format == "html"
                fields = pages.fields(stream, source.name) if html else text_fields(stream)
                yield Row(fields, source.label, source.name, whole=True)
                return
            names: list[str] = []

            def choose(header: Sequence[str]) -> Sequence[str] | None:
                names.extend(header)
                return columns.needed(header) if columns else None

            for item in TABLES[format](source, stream, choose):
                number += 1
                if isinstance(item, Broken):
                    yield broken_row(source, number, item.error)
                else:
                    yield Row(item, f"{source.label}:{number}", f"{source.name}:{number}")
            stream.check()
            if not number and names and columns and columns.needed(names) is None:
                yield Row(dict.fromkeys(names), source.label, source.name)  # for `_checked` to see
    except InputError as error:
        yield broken_row(source, number + 1 if number else 0, str(error))


def broken_row(source: Source, number: int, error: str) -> Row:
    """Return a row that cannot be read, or a file where its number is 0."""
    place = f":{number}" if number else ""
    where = source.name + place
    return Row({}, source.label + place, where, f"{where}: {error}")


def _sniffed(head: bytes) -> str:
    """Return the format of standard input by its first bytes.

    A CSV is known by its header, where a column of texts has one of its usual names; another one
    needs to be called one.
    """
    if head.startswith(b"PAR1"):
        return "parquet"
    start = head.decode(guess_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return "jsonl" if start.startswith("{") else "json"
    if start.startswith("<") and "<html" in start[:SNIFFED_CHARS].lower():
        return "html"
    names = tuple(header_of(start)[1])
    return "csv" if len(names) > 1 and "text" in Columns({}).find(names).columns else "txt"


def _checked(source: Source, rows: Iterator[Row], columns: Columns) -> Iterator[Row]:
    """Yield the rows of a table, once one at its start has all columns that are needed.

    Raises
    ------
    InputError
        None of the first rows has.
    """
    start: list[Row] = []
    missing = ""
    for row in rows:
        start.append(row)
        found = columns.find(tuple(row.values))
        if row.whole or (not row.error and not found.missing):
            missing = ""
            break
        missing = missing or ("" if row.error else found.missing)
        if len(start) == CHECKED_ROWS:
            break
    if missing:
        raise InputError(f"{source.name}: {missing}")
    yield from start
    yield from rows


def source_records(source: Source, pages: Pages, columns: Columns) -> Iterator[Record]:
    """Yield the records of one source."""
    return (to_record(row, columns) for row in source_rows(source, pages, columns))


def source_rows(source: Source, pages: Pages, columns: Columns) -> Iterator[Row]:
    """Yield the rows of one source, one with an error where they have no column for texts."""
    try:
        yield from _checked(source, _source_rows(source, pages, columns), columns)
    except InputError as error:
        if source.named:
            raise
        yield Row({}, source.label, source.name, str(error))


def to_record(row: Row, columns: Columns) -> Record:
    """Return the record in a row, with `error` filled where there is none."""
    if row.error:
        return Record(id=row.id, where=row.where, error=row.error)
    if row.whole:
        return Record(id=row.id, where=row.where, **row.values)
    return table_record(row.values, row.id, row.where, columns)


def table_record(values: Mapping[str, Any], id: str, where: str, columns: Columns) -> Record:
    """Return the record in a row of a table; `id` is for one without its own."""
    try:
        fields = columns.fields(values)
    except InputError as error:
        own = columns.identifier(values)
        why = f"{where}: {error}".removeprefix(": ")
        return Record(id=own or id, where=where, error=why, kept=columns.kept(values))
    return Record(
        id=fields.get("id") or id,
        title=fields.get("title", ""),
        text=fields["text"],
        published=fields.get("published", ""),
        publisher=fields.get("publisher", ""),
        url=fields.get("url", ""),
        where=where,
        note=f"{where}: {fields['note']}".removeprefix(": ") if "note" in fields else "",
        kept=columns.kept(values),
    )


def kept_kinds(inputs: Inputs, options: ReadOptions) -> dict[str, str]:
    """Return the kind of each column that the user keeps, by its name in `Record.kept`.

    Where all inputs are Parquet it is the type that they say, else whatever JSON has.
    """
    columns = Columns(options.columns, options.keep)
    found: dict[str, set[str]] = {name: set() for name in columns.keep}
    for source in sources(inputs, options.format) if found else ():
        schema = parquet_schema(source.path) if source.path and source.format == "parquet" else None
        if schema is None:
            return dict.fromkeys(columns.keep, "json")
        for name, column in columns.find(tuple(schema.names)).kept.items():
            found[name].add(_KINDS.get(str(schema.field(column).type), "json"))
    return {name: kinds.pop() if len(kinds) == 1 else "json" for name, kinds in found.items()}


def fixer(options: ReadOptions) -> Callable[[Record], Record]:
    """Return what is done to each record: nothing, or the repair of mojibake.

    Raises
    ------
    MissingExtraError
        The repair is asked for and the extra "fix" is not installed.
    """
    if not options.fix_text:
        return lambda record: record
    try:
        from ftfy import fix_encoding
    except ImportError:
        raise MissingExtraError("fix", "repairing mojibake") from None
    return lambda record: replace(record, title=fix_encoding(record.title), text=fix_encoding(record.text))
