"""Rows to bytes, part by part, and parts to one file: JSON Lines, CSV and Parquet.

A part is made of rows or of their columns, anywhere; a file is what `start` gives, what `place`
makes of each part in turn, and what `end` gives. The bytes of a file depend on the rows of its
parts alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from saring.schema import LINK_COLUMNS, kinds
from saring.writers import footer

__all__ = ["SUFFIXES", "Format", "Table", "arrow_batch", "arrow_schema"]

# A spreadsheet runs a cell that begins with one of these signs, small, raised or full-width ones
# among them, as a formula. Cells begin where a text does, and in it where the reader's list
# separator is a semicolon or a tab (a quote behind a comma quotes nothing for it). What cannot be
# seen may stand before the sign, and so may quotes.
_SIGNS = (
    "=+\\-@\u207a-\u207c\u208a-\u208c\u2212\u2a75\u2a76\ufb29"
    "\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
)
_ENDS = ";\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029"  # of a cell
_UNSEEN = (
    '"\0-\x08\x0e-\x1b\x1f\x20\x7f-\x84\x86-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f'
    "\u0890-\u0891\u08e2\u115f-\u1160\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u202a-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_FORMULA = re.compile(f"([{_ENDS}])([{_UNSEEN}]*+)([{_SIGNS}])")

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
        csv.writer(text).writerow(map(_cell, self._columns))
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

    arrays = [_array(table[field.name], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], kind: Any) -> Any:
    """Return values as an Arrow array; what is no text, in a column of texts, as JSON."""
    import pyarrow as pa

    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        if kind != pa.string():
            raise
    texts = [v if v is None or isinstance(v, str) else orjson.dumps(v).decode() for v in values]
    return pa.array(texts, kind)


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
        "json": pa.string(),
    }
    link = pa.struct([(name, types[kind]) for name, kind in kinds(LINK_COLUMNS).items()])
    types["links"] = pa.list_(link)
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


def _cell(value: Any) -> Any:
    """Return a CSV cell: nested values as JSON, and nothing that a spreadsheet would run."""
    if isinstance(value, list | tuple | dict):  # JSON has another way to write a sign
        text = orjson.dumps(value).decode()
        return _FORMULA.sub(lambda found: f"{found[1]}{found[2]}\\u{ord(found[3]):04x}", text)
    if not isinstance(value, str):
        return value
    first = "'" if value.startswith(("\t", "\r")) else ""  # some spreadsheets strip these
    return first + _FORMULA.sub(r"\1'\2\3", ";" + value)[1:]
