"""Inputs cut into blocks that workers read: lines, Arrow batches, pages, rows of CSV."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby, repeat
from typing import Any, Protocol, TypeVar

from saring.article import Record
from saring.errors import InputError
from saring.io.columns import FIELDS, MAX_TEXT_BYTES, Broken, Columns, Found, as_texts
from saring.io.formats import (
    BATCH_ROWS,
    batch_rows,
    is_text,
    json_line,
    parquet_batches,
    parquet_schema,
    raw_lines,
    reads_bytes,
)
from saring.io.input_files import Inputs, Source
from saring.io.records import (
    DOCUMENTS,
    Pages,
    ReadOptions,
    Row,
    broken_row,
    checked_sources,
    fixer,
    source_records,
    source_rows,
    table_record,
    to_record,
)
from saring.io.streams import Stream

# Rows in blocks that nobody has looked into yet: quickly cut, and sent to another process.


PAGE_WEIGHT = 3

Line = bytes | str | Broken
_NOTHING: dict[str, Any] = {}


class Block(Protocol):
    """Rows that stand one behind another."""

    def __len__(self) -> int: ...

    @property
    def sizes(self) -> Sequence[int]:
        """How large each row is, in bytes or characters."""

    def cut(self, start: int, stop: int) -> Block:
        """Return some of its rows."""

    def records(self, columns: Columns, pages: Pages) -> Iterable[Record]:
        """Return the record in each row."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Records that have been read."""

    held: Sequence[Record]

    def __len__(self) -> int:
        return len(self.held)

    @property
    def sizes(self) -> Sequence[int]:
        """Characters of each text."""
        return [len(record.text) for record in self.held]

    def cut(self, start: int, stop: int) -> Ready:
        """Return some of its rows."""
        return Ready(self.held[start:stop])

    def records(self, columns: Columns, pages: Pages) -> Iterable[Record]:
        """Return the record in each row."""
        return self.held


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows whose cells have been told apart, and no more."""

    held: Sequence[Row]

    def __len__(self) -> int:
        return len(self.held)

    @property
    def sizes(self) -> Sequence[int]:
        """Characters of each row."""
        return [row_size(row) for row in self.held]

    def cut(self, start: int, stop: int) -> Rows:
        """Return some of its rows."""
        return Rows(self.held[start:stop])

    def records(self, columns: Columns, pages: Pages) -> Iterable[Record]:
        """Return the record in each row."""
        return (to_record(row, columns) for row in self.held)


def row_size(row: Row) -> int:
    """Return the number of characters in a row."""
    return sum(len(value) for value in row.values.values() if isinstance(value, str))


def file_size(source: Source) -> int:
    """Return the bytes of a file; of a page more, for it takes as long as so much plain text."""
    return source.size * (PAGE_WEIGHT if source.format == "html" else 1)


@dataclass(frozen=True, slots=True)
class Files:
    """Pages and text files that are yet to be opened."""

    sources: Sequence[Source]

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def sizes(self) -> Sequence[int]:
        """Bytes of each file, weighed."""
        return [file_size(source) for source in self.sources]

    def cut(self, start: int, stop: int) -> Files:
        """Return some of its rows."""
        return Files(self.sources[start:stop])

    def records(self, columns: Columns, pages: Pages) -> Iterable[Record]:
        """Return the record in each file."""
        for source in self.sources:
            yield from source_records(source, pages, columns)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of JSON Lines; `first` is the number of the first in its file, from 1."""

    source: Source
    first: int
    lines: Sequence[Line]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def sizes(self) -> Sequence[int]:
        """Bytes of each line."""
        return [0 if isinstance(line, Broken) else len(line) for line in self.lines]

    def cut(self, start: int, stop: int) -> Lines:
        """Return some of its rows."""
        return Lines(self.source, self.first + start, self.lines[start:stop])

    def records(self, columns: Columns, pages: Pages) -> Iterable[Record]:
        """Return the record in each row."""
        for number, line in enumerate(self.lines, self.first):
            values = line if isinstance(line, Broken) else json_line(line)
            yield _record(self.source, number, values, columns)


@dataclass(frozen=True, slots=True)
class Table:
    """An Arrow batch of the columns that hold our fields; its texts are strings."""

    source: Source
    first: int
    batch: Any
    found: Found

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    @property
    def sizes(self) -> Sequence[int]:
        """Bytes of each text."""
        import pyarrow.compute as pc

        texts = self.batch.column(self.found.columns["text"])
        return [size or 0 for size in pc.binary_length(texts).to_pylist()]

    def cut(self, start: int, stop: int) -> Table:
        """Return some of its rows."""
        rows = self.batch.slice(start, stop - start)
        return Table(self.source, self.first + start, rows, self.found)

    def records(self, columns: Columns, pages: Pages) -> Iterable[Record]:
        """Return the record in each row."""
        texts = self._texts()
        if texts is None:
            for number, values in enumerate(batch_rows(self.batch), self.first):
                yield _record(self.source, number, values, columns)
            return
        label, name = self.source.label, self.source.name
        own = list(dict.fromkeys(self.found.kept.values()))
        held: Iterable[dict[str, Any]] = repeat(_NOTHING)
        if own:
            held = batch_rows(self.batch.select(own))
        fields = (texts.get(field, repeat("")) for field in FIELDS)
        rows = zip(*fields, map(columns.kept, held), strict=False)
        for number, row in enumerate(rows, self.first):
            id, title, text, published, publisher, url, kept = row
            yield Record(
                id=id or f"{label}:{number}",
                title=title,
                text=text,
                published=published,
                publisher=publisher,
                url=url,
                where=f"{name}:{number}",
                kept=kept,
            )

    def _texts(self) -> dict[str, list[str]] | None:
        """Return the values of each field; None where they are to be looked at one by one."""
        columns = {ours: self.batch.column(name) for ours, name in self.found.columns.items()}
        if not all(is_text(column.type) for column in columns.values()):
            return None
        try:
            texts = {ours: as_texts(column) for ours, column in columns.items()}
        except UnicodeDecodeError:
            return None
        return None if max(map(len, texts["text"]), default=0) > MAX_TEXT_BYTES else texts

    def __reduce__(self) -> tuple[Any, ...]:
        # As Arrow sends it: pickled, a part of a batch takes the whole with it.
        import pyarrow as pa

        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, self.batch.schema) as stream:
            stream.write_batch(self.batch)
        return _received, (self.source, self.first, sink.getvalue(), self.found)


def _received(source: Source, first: int, sent: bytes, found: Found) -> Table:
    """Return an Arrow batch that was sent."""
    import pyarrow as pa

    with pa.ipc.open_stream(sent) as stream:
        return Table(source, first, stream.read_next_batch(), found)


def _record(source: Source, number: int, values: dict[str, Any] | Broken, columns: Columns) -> Record:
    """Return the record in a row, as `read` does."""
    if isinstance(values, Broken):
        return to_record(broken_row(source, number, values.error), columns)
    return table_record(values, f"{source.label}:{number}", f"{source.name}:{number}", columns)


# Files to blocks of rows, for others to look into.


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


def opened(blocks: Iterable[Block], options: ReadOptions, pages: Pages | None = None) -> list[Record]:
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
