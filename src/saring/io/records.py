"""Files, folders and standard input to records, lazily and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, islice
from typing import Any, Literal

from saring.article import Record
from saring.columns import Columns
from saring.errors import InputError, MissingExtraError
from saring.html.page import PAGE_SECONDS, PageReader
from saring.io.blocks import CHECKED_ROWS, DOCUMENTS, Block, InputRow, file_blocks, grouped, headers, size_of
from saring.io.formats import TABLES, arrow_names, parquet_schema
from saring.io.input_files import InputFile, Inputs, find_files, listed, named_file
from saring.io.sieve import Dedup, Sieve

# Of Arrow's types those that a row's column can have as they are; 64 unsigned bits are too many.
_KINDS = {
    **dict.fromkeys(("string", "large_string", "string_view"), "string"),
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"), "int"),
    **dict.fromkeys(("halffloat", "float", "double"), "float"),
    "bool": "bool",
}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read."""

    columns: Mapping[str, str] = field(default_factory=dict)  # the user's for our fields, {"text": "isi"}
    fix_text: bool = False  # repair mojibake in titles and texts with ftfy (extra "fix")
    format: str = ""  # of standard input and of named files, whatever their suffix: a value of `FORMATS`
    on_error: Literal["raise", "keep"] = "raise"  # of a broken row, page or file: InputError, or a record with `error`
    page_seconds: float = PAGE_SECONDS  # time limit for one web page
    dedup: Dedup = ""  # "payload": of pages and texts with the same bytes only the first is read
    keep: Sequence[str] = ()  # columns that stay in the rows; see `saring.article.Record.kept`


_DEFAULT = ReadOptions()
KEEP_ERRORS = ReadOptions(on_error="keep")


def read(inputs: Inputs, options: ReadOptions = _DEFAULT) -> Iterator[Record]:
    """Return the records of files, folders and standard input ("-"), lazily and in order.

    Text files and saved web pages are one record each; JSON Lines, JSON, CSV and Parquet one a row; web archives (WARC,
    WET) one a page or text in them. Columns are found
    by their usual names, English or Indonesian.

    Parameters
    ----------
    inputs : str, Path or sequence of them
        Files, also packed ones (``.gz``, ``.zst``), and folders, in any mixture.
    options : ReadOptions
        Which columns hold what, the format, and what becomes of broken rows.

    Returns
    -------
    iterator of Record
        What is known of each article.

    Raises
    ------
    InputError
        At once when an input is not there, its format is unknown, or a table that the user named has no text column;
        later for a broken row, unless ``options.on_error`` is "keep".
    UsageError
        An option is unknown.
    MissingExtraError
        HTML or the repair of mojibake is asked for and its extra is not installed.

    Examples
    --------
    >>> import saring
    >>> [record.title for record in saring.read("tests/articles/columns.csv")][:1]
    ['Harga Cabai Rawit Turun']
    """
    columns = Columns(options.columns, options.keep)
    fix = fixer(options)
    files = _checked_files(inputs, options, columns)
    return (fix(record) for record in _each(files, options, columns))


def rows(inputs: Inputs, options: ReadOptions = _DEFAULT) -> Iterator[InputRow]:
    """Return the rows of the inputs as they stand in their files, with whatever columns; errors as of `read`."""
    return _each(find_files(inputs, options.format), options)


def read_blocks(inputs: Inputs, options: ReadOptions, sieve: Sieve | None = None) -> Iterator[Block]:
    """Return the rows of the inputs in blocks, lazily and in order; `open_blocks` gives their records.

    Both together give what `read` does, and parameters and errors are those of `read`. `sieve` counts what becomes no
    row.
    """
    sieve = sieve or Sieve(options.dedup)
    columns = Columns(options.columns, options.keep)
    files = _checked_files(inputs, options, columns)
    fixer(options)  # tells of a missing extra at once
    if options.on_error == "raise":  # which row it is, only its record tells
        return (Block([record]) for record in _each(files, options, columns, sieve))

    def each() -> Iterator[Block]:
        for whole, group in groupby(files, lambda file: file.format in DOCUMENTS and file.reopens):
            if whole:
                yield from map(Block, grouped(_new_ones(group, sieve), size_of))
            else:
                for file in group:
                    yield from file_blocks(file, columns, sieve)

    return each()


def open_blocks(blocks: Iterable[Block], options: ReadOptions, pages: PageReader | None = None) -> list[Record]:
    """Return the records in blocks that were read with these options; a page reader is better kept for many calls."""
    columns, fix = Columns(options.columns, options.keep), fixer(options)
    with nullcontext(pages) if pages else PageReader(options.page_seconds) as reader:
        return [fix(record) for record in reader.records(chain.from_iterable(b.opened(columns) for b in blocks))]


def _new_ones(files: Iterable[InputFile], sieve: Sieve) -> Iterator[InputFile]:
    """Yield those of files of one article each whose bytes did not come before, if it matters."""
    return (file for file in files if not sieve.wants_digests or any(map(len, file_blocks(file, sieve=sieve))))


def _each(
    files: Iterable[InputFile], options: ReadOptions, columns: Columns | None = None, sieve: Sieve | None = None
) -> Iterator[Any]:
    """Yield the records of files, or without `columns` their rows; raise for a broken one where that is wanted."""
    sieve = sieve or Sieve(options.dedup)
    with PageReader(options.page_seconds) as pages:
        for file in files:
            for block in file_blocks(file, columns, sieve):
                for item in block.records(columns, pages) if columns else block.rows(pages):
                    if item.error and options.on_error == "raise":
                        raise InputError(item.error)
                    yield item


def _checked_files(inputs: Inputs, options: ReadOptions, columns: Columns) -> Iterator[InputFile]:
    """Return all files, once each table that the user named has been seen to have the columns that are needed."""
    files = find_files(inputs, options.format)
    found: dict[tuple[str, ...], None] = {}
    for given in listed(inputs):
        file = named_file(given, options.format)
        if not (file and file.reopens and file.format in TABLES):
            continue
        next(file_blocks(file, columns), None)
        chunks = (block.items for block in file_blocks(file)) if columns.keep else ()
        found |= dict.fromkeys(names for names in islice(headers(chunks, []), CHECKED_ROWS) if names is not None)
    if unknown := columns.unknown(list(found)):
        raise InputError(unknown)
    return files


def fixer(options: ReadOptions) -> Callable[[Record], Record]:
    """Return what is done to each record: nothing, or the repair of mojibake, which needs an extra."""
    if not options.fix_text:
        return lambda record: record
    try:
        from ftfy import fix_encoding
    except ImportError:
        raise MissingExtraError("fix", "repairing mojibake") from None
    return lambda record: replace(record, title=fix_encoding(record.title), text=fix_encoding(record.text))


def arrow_kinds(schema: Any, columns: Columns) -> dict[str, str]:
    """Return the kind of each column to keep that an Arrow schema has, by its name in `Record.kept`."""
    kept = columns.find(arrow_names(schema)).kept
    types = {field.name: str(field.type) for field in schema}
    return {name: _KINDS.get(types.get(column, ""), "json") for name, column in kept.items()}


def kept_kinds(inputs: Inputs, options: ReadOptions) -> dict[str, str]:
    """Return the kind of each column that the user keeps, by its name in `Record.kept`.

    Where all inputs are Parquet it is the type that they say, else whatever JSON has.
    """
    columns = Columns(options.columns, options.keep)
    found: dict[str, set[str]] = {name: set() for name in columns.keep}
    for file in find_files(inputs, options.format) if found else ():
        schema = parquet_schema(file.path) if file.path and file.format == "parquet" else None
        if schema is None:
            return dict.fromkeys(columns.keep, "json")
        for name, kind in arrow_kinds(schema, columns).items():
            found[name].add(kind)
    return {name: kinds.pop() if len(kinds) == 1 else "json" for name, kinds in found.items()}
