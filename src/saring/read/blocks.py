"""Rows in blocks that nobody has looked into yet: quickly cut, and sent to another process.

Of JSON Lines a block holds lines, of Parquet an Arrow batch, of pages and text files their places,
of all other tables rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Protocol

from saring.article import Record
from saring.read.columns import FIELDS, Columns, Found, as_texts
from saring.read.documents import Pages
from saring.read.formats import json_line
from saring.read.parquet import batch_rows, is_text
from saring.read.records import Row, broken_row, source_records, table_record, to_record
from saring.read.source import Source
from saring.read.values import MAX_TEXT_BYTES, Broken

__all__ = ["Block", "Files", "Line", "Lines", "Ready", "Rows", "Table", "file_size",
           "row_size"]  # fmt: skip

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


def _record(
    source: Source, number: int, values: dict[str, Any] | Broken, columns: Columns
) -> Record:
    """Return the record in a row, as `read` does."""
    if isinstance(values, Broken):
        return to_record(broken_row(source, number, values.error), columns)
    return table_record(values, f"{source.label}:{number}", f"{source.name}:{number}", columns)
