"""Files to blocks of rows, for others to look into.

`read` understands each row of a file at once. To share out the work it is enough to know where
rows end. Where a table is not plain, and in CSV, whose quotes may hold line breaks, `formats` tells
its rows apart, and others do the rest. Pages and text files are opened where they are read.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import groupby
from typing import TypeVar

from saring.article import Record
from saring.errors import InputError
from saring.read.blocks import Block, Files, Line, Lines, Ready, Rows, Table, file_size, row_size
from saring.read.columns import Columns
from saring.read.documents import DOCUMENTS, Pages
from saring.read.formats import json_line, raw_lines, reads_bytes
from saring.read.parquet import BATCH_ROWS, is_text, parquet_batches, parquet_schema
from saring.read.records import (
    ReadOptions,
    broken_row,
    checked_sources,
    fixer,
    source_records,
    source_rows,
)
from saring.read.source import Inputs, Source
from saring.read.stream import Stream
from saring.read.values import Broken

__all__ = ["blocks", "opened"]

BLOCK_BYTES = 1 << 20  # of lines held at once

T = TypeVar("T")
Cut = Callable[[Stream], Iterator[Block]]


def blocks(inputs: Inputs, options: ReadOptions) -> Iterator[Block]:
    """Return the rows of the inputs in blocks, lazily and in order; `opened` gives their records.

    Both together give what `read` does, and parameters and errors are those of `read`.
    """
    columns = Columns(options.columns, options.keep)
    sources = checked_sources(inputs, options, columns)
    fixer(options)  # tells of a missing extra at once

    def each() -> Iterator[Block]:
        with Pages(options.page_seconds) as pages:
            for whole, group in groupby(sources, _is_whole):
                if options.on_error == "raise":
                    yield from _read_here(group, pages, columns)
                elif whole:
                    yield from map(Files, _grouped(group, file_size))
                else:
                    for source in group:
                        yield from _blocks(source, pages, columns)

    return each()


def opened(
    blocks: Iterable[Block], options: ReadOptions, pages: Pages | None = None
) -> list[Record]:
    """Return the records in blocks.

    Parameters
    ----------
    blocks : iterable of Block
    options : ReadOptions
        Those that the blocks were read with.
    pages : Pages, optional
        What reads pages; it is better kept for many calls.
    """
    columns, fix = Columns(options.columns, options.keep), fixer(options)
    with nullcontext(pages) if pages else Pages(options.page_seconds) as reader:
        return [fix(record) for block in blocks for record in block.records(columns, reader)]


def _is_whole(source: Source) -> bool:
    """Return whether a source is a file of one article."""
    return source.format in DOCUMENTS and source.reopens


def _read_here(sources: Iterable[Source], pages: Pages, columns: Columns) -> Iterator[Block]:
    """Yield the records of sources up to the first that is an error.

    Raises
    ------
    InputError
        There is one.
    """
    for source in sources:
        for record in source_records(source, pages, columns):
            if record.error:
                raise InputError(record.error)
            yield Ready([record])


def _blocks(source: Source, pages: Pages, columns: Columns) -> Iterator[Block]:
    """Yield the blocks of a table, cut where its rows end."""
    plain = _plain(source, columns)
    if plain is not None:
        yield from _to_the_end(source, plain)
    else:
        yield from map(Rows, _grouped(source_rows(source, pages, columns), row_size))


def _plain(source: Source, columns: Columns) -> Cut | None:
    """Return what cuts a source into blocks; None where it must be read row by row."""
    if not source.reopens or source.format not in _PLAIN:
        return None
    try:
        with source.open() as stream:
            return _PLAIN[source.format](source, stream, columns)
    except InputError:
        return None  # reading it says so again


def _plain_lines(source: Source, stream: Stream, columns: Columns) -> Cut | None:
    """Return what cuts JSON Lines into blocks: those whose first line is a row with a text."""
    line, end, _ = stream.head.removeprefix(BOM_UTF8).partition(b"\n")
    if not end or not reads_bytes(stream):
        return None
    values = json_line(line)
    if isinstance(values, Broken) or columns.find(tuple(values)).missing:
        return None

    def cut(stream: Stream) -> Iterator[Block]:
        first = 1
        for lines in _grouped(raw_lines(stream), _line_size):
            yield Lines(source, first, lines)
            first += len(lines)

    return cut


def _plain_table(source: Source, stream: Stream, columns: Columns) -> Cut | None:
    """Return what cuts Parquet into blocks: such that has a column of strings for texts."""
    schema = None if stream.packed or source.path is None else parquet_schema(source.path)
    if schema is None or len(set(schema.names)) < len(schema.names):
        return None
    found = columns.find(tuple(schema.names))
    if found.missing or not is_text(schema.field(found.columns["text"]).type):
        return None

    def cut(stream: Stream) -> Iterator[Block]:
        first = 1
        for batch in parquet_batches(source, stream, columns.needed):
            yield Table(source, first, batch, found)
            first += batch.num_rows

    return cut


_PLAIN = {"jsonl": _plain_lines, "parquet": _plain_table}


def _to_the_end(source: Source, cut: Cut) -> Iterator[Block]:
    """Yield the blocks of a source; the file from where it cannot be read on is a broken row."""
    number = 0
    try:
        with source.open() as stream:
            for block in cut(stream):
                number += len(block)
                yield block
            stream.check()
    except InputError as error:
        row = broken_row(source, number + 1 if number else 0, str(error))
        yield Ready([Record(id=row.id, where=row.where, error=row.error)])


def _line_size(line: Line) -> int:
    """Return the length of a line."""
    return 0 if isinstance(line, Broken) else len(line)


def _grouped(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield items in lists of bounded length and size; those before an error as well."""
    group: list[T] = []
    size = 0
    try:
        for item in items:
            group.append(item)
            size += size_of(item)
            if len(group) == BATCH_ROWS or size >= BLOCK_BYTES:
                yield group
                group, size = [], 0
    except InputError:
        if group:
            yield group
        raise
    if group:
        yield group
