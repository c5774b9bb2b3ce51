"""Rows to bytes, part by part, and parts to one file: JSON Lines, CSV and Parquet.

A part is made of rows or of their columns, anywhere; a file is what `start` gives, what `place`
makes of each part in turn, and what `end` gives. The bytes of a file depend on the rows of its
parts alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from saring.schema import LINK_COLUMNS, kinds
from saring.writers import footer

__all__ = ["SUFFIXES", "Format", "Table", "arrow_batch", "arrow_schema"]

# A cell that begins with one of these is run as a formula by spreadsheets; an apostrophe stops it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Rows = Sequence[Mapping[str, Any]]
Table = Mapping[str, Sequence[Any]]  # a column of values by name, all of one length


class Format(Protocol):
    """Makes parts of rows, and one file of parts; one object for each file.

    Parameters
    ----------
    columns : Mapping[str, str]
        Name of each column to its kind.
    """

    def __init__(self, columns: Mapping[str, str]) -> None: ...

    def part(self, rows: Rows) -> bytes:
        """Return rows as a part."""

    def part_of(self, table: Table) -> bytes:
        """Return the same part as of rows, from their columns."""

    def start(self) -> bytes:
        """Return what a file begins with."""

    def place(self, part: bytes, at: int) -> bytes:
        """Return what stands in the file for a part, which is put `at` so many bytes."""

    def end(self) -> bytes:
        """Return what a file ends with, once all parts are placed."""


class _JsonLines:
    """One JSON object a line."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        pass

    def part(self, rows: Rows) -> bytes:
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)

    def part_of(self, table: Table) -> bytes:
        names = list(table)
        rows = zip(*table.values(), strict=True)
        return self.part([dict(zip(names, row, strict=True)) for row in rows])

    def start(self) -> bytes:
        return b""

    def place(self, part: bytes, at: int) -> bytes:
        return part

    def end(self) -> bytes:
        return b""


class _Csv(_JsonLines):
    """A header and one line a row; lists and objects as JSON."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = list(columns)

    def part(self, rows: Rows) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns)
        writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
        return text.getvalue().encode()

    def start(self) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text).writerow(self._columns)
        return text.getvalue().encode()


class _Parquet:
    """Columns with fixed types, zstd-compressed; each part is a file of one row group."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._groups: list[bytes] = []
        self._rows = 0

    def part(self, rows: Rows) -> bytes:
        return self.part_of({name: [row[name] for row in rows] for name in self._columns})

    def part_of(self, table: Table) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        batch = arrow_batch(table, arrow_schema(self._columns))
        sink = pa.BufferOutputStream()
        with pq.ParquetWriter(sink, batch.schema, compression="zstd") as writer:
            if len(batch):
                writer.write_batch(batch, row_group_size=len(batch))
        return bytes(sink.getvalue())

    def start(self) -> bytes:
        return footer.MAGIC

    def place(self, part: bytes, at: int) -> bytes:
        data, fields = footer.split(part)
        moved = at - len(footer.MAGIC)
        for rows, group in footer.row_groups(fields, moved):
            self._rows += rows
            self._groups.append(group)
        return data

    def end(self) -> bytes:
        _, fields = footer.split(self.part([]))  # all but its rows is the same for every part
        return footer.joined(fields, self._rows, self._groups)


SUFFIXES: Mapping[str, type[Format]] = {".jsonl": _JsonLines, ".csv": _Csv, ".parquet": _Parquet}


def arrow_batch(table: Table, schema: Any) -> Any:
    """Return columns as an Arrow batch of the schema's types."""
    import pyarrow as pa

    arrays = [pa.array(table[field.name], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """Return the Arrow schema of columns."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "strings": pa.list_(pa.string()),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "bytes": pa.binary(),
    }
    link = pa.struct([(name, types[kind]) for name, kind in kinds(LINK_COLUMNS).items()])
    types["links"] = pa.list_(link)
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


def _cell(value: Any) -> Any:
    """Return a CSV cell: nested values as JSON, and no text that a spreadsheet would run."""
    if isinstance(value, list | tuple | dict):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
