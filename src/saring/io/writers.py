"""Rows to files, whole or not at all: JSON Lines, CSV, Parquet."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import orjson

from saring.atomic import Aside, sync
from saring.errors import ConfigError, UsageError
from saring.schema import LINK_COLUMNS, kinds

# A Parquet file's footer, taken apart and put together: row groups move without being decoded.


MAGIC = b"PAR1"
LENGTH_BYTES = 4  # of the footer, before the closing magic

# Types of the compact protocol that stand in the footer of a file of rows.
_STOP, _TRUE, _FALSE, _I64, _BINARY, _LIST, _STRUCT = 0, 1, 2, 6, 8, 9, 12
_INTEGERS = (4, 5, _I64)
_WRITTEN = -1  # ours: a list that is bytes already

# Fields of the structs, by the numbers in parquet.thrift.
_ROWS, _GROUPS = 3, 4  # of FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # of RowGroup
_CHUNK_OFFSET, _META, _CHUNK_INDEXES = 2, 3, (4, 6)  # of ColumnChunk
_PAGES = (9, 10, 11, 14)  # of ColumnMetaData: data, index, dictionary, bloom filter

Fields = dict[int, tuple[int, Any]]  # number of a field to its type and value


def split(part: bytes) -> tuple[bytes, Fields]:
    """Return the row groups of a Parquet file as they stand, and its footer."""
    end = len(part) - LENGTH_BYTES - len(MAGIC)
    start = end - int.from_bytes(part[end : end + LENGTH_BYTES], "little")
    return part[len(MAGIC) : start], _Reader(part[start:end]).struct()


def row_groups(footer: Fields, moved: int) -> Iterator[tuple[int, bytes]]:
    """Yield the rows of each row group and how it stands in the footer of its new file.

    Parameters
    ----------
    footer : Fields
        Of the file it comes from.
    moved : int
        Bytes by which the row groups start later in the new file.
    """
    for group in footer[_GROUPS][1][1]:
        _move(group, moved, _GROUP_OFFSET)
        for chunk in group[_COLUMNS][1][1]:
            _move(chunk, moved, _CHUNK_OFFSET, *_CHUNK_INDEXES)
            _move(chunk[_META][1], moved, *_PAGES)
        group.pop(_ORDINAL, None)  # its number in the older file; it may be left out
        yield group[_ROWS][1], _struct(group)


def joined(footer: Fields, rows: int, groups: list[bytes]) -> bytes:
    """Return the end of a file that holds these row groups: footer, length and magic."""
    whole = dict(footer)
    whole[_ROWS] = (_I64, rows)
    whole[_GROUPS] = (_WRITTEN, _list_head(_STRUCT, len(groups)) + b"".join(groups))
    written = _struct(whole)
    return written + len(written).to_bytes(LENGTH_BYTES, "little") + MAGIC


def _move(fields: Fields, moved: int, *numbers: int) -> None:
    """Add to the offsets among some fields; 0 stands for one that is not given."""
    for number in numbers:
        if number in fields and fields[number][1]:
            kind, value = fields[number]
            fields[number] = (kind, value + moved)


class _Reader:
    """Reads values of the compact protocol, one behind another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> Fields:
        """Return the fields of a struct."""
        fields: Fields = {}
        number = 0
        while (head := self._byte()) != _STOP:
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._signed()
            fields[number] = (kind, kind == _TRUE if kind in (_TRUE, _FALSE) else self._read(kind))
        return fields

    def _read(self, kind: int) -> Any:
        """Return a value of one type; a list with the type of its items."""
        if kind == _STRUCT:
            return self.struct()
        if kind == _LIST:
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._unsigned()
            return head & 15, [self._read(head & 15) for _ in range(size)]
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in _INTEGERS:
            return self._signed()
        raise NotImplementedError(f"type {kind} in a Parquet footer")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) > 127:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)


def _struct(fields: Fields) -> bytes:
    """Return a struct as it is written."""
    pieces, last = [], 0
    for number, (kind, value) in sorted(fields.items()):
        flag = (_TRUE if value else _FALSE) if kind in (_TRUE, _FALSE) else kind
        pieces.append(bytes([(number - last) << 4 | (_LIST if kind == _WRITTEN else flag)]))
        pieces.append(b"" if kind in (_TRUE, _FALSE) else _value(kind, value))
        last = number
    return b"".join(pieces) + bytes([_STOP])


def _value(kind: int, value: Any) -> bytes:
    """Return a value as it is written."""
    if kind == _STRUCT:
        return _struct(value)
    if kind == _LIST:
        item, items = value
        return _list_head(item, len(items)) + b"".join(_value(item, one) for one in items)
    if kind == _BINARY:
        return _unsigned(len(value)) + bytes(value)
    if kind == _WRITTEN:
        return bytes(value)
    return _unsigned(value << 1 if value >= 0 else (-value << 1) - 1)


def _list_head(item: int, size: int) -> bytes:
    """Return what stands before the items of a list."""
    return bytes([size << 4 | item]) if size < 15 else bytes([0xF0 | item]) + _unsigned(size)


def _unsigned(value: int) -> bytes:
    """Return a whole number in groups of seven bits, the lowest first."""
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


# Rows to bytes, part by part, and parts to one file: JSON Lines, CSV and Parquet.


# A spreadsheet runs a cell that begins with one of these signs, small, raised or full-width ones
# among them, as a formula. Cells begin where a text does, and in it where the reader's list
# separator is a semicolon or a tab (a quote behind a comma quotes nothing for it). What cannot be
# seen may stand before the sign, and so may quotes.
_SIGNS = "=+\\-@\u207a-\u207c\u208a-\u208c\u2212\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
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
        return MAGIC

    def place(self, part: bytes, at: int) -> bytes:
        data, fields = split(part)
        moved = at - len(MAGIC)
        for rows, group in row_groups(fields, moved):
            self._rows += rows
            self._groups.append(group)
        return data

    def end(self) -> bytes:
        _, fields = split(self.part([]))  # all but its rows is the same for every part
        return joined(fields, self._rows, self._groups)


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


# A file of rows that appears under its name only when it is complete.


class RowFile:
    """A file of rows that appears under its name only when it is complete.

    Used as a context: on an error, what was written is removed and an older file stays.
    """

    def __init__(self, path: Path, columns: Mapping[str, str], *, overwrite: bool = False) -> None:
        self._path = path
        self._overwrite = overwrite
        self._format: Format = SUFFIXES[path.suffix.lower()](columns)
        self._aside = claimed(path)
        self.file = self._aside.file
        self._is_complete = False
        self._put(self._format.start())

    def write(self, rows: Rows) -> None:
        """Append rows; each has all columns."""
        if rows:
            self.append(self._format.part(rows))

    def append(self, part: bytes) -> None:
        """Append rows that the format has made a part of."""
        self._put(self._format.place(part, self.file.tell()))

    def complete(self) -> None:
        """Write what a file ends with and bring all to the disk; nothing is appended after that."""
        if not self._is_complete:
            self._put(self._format.end())
            self._is_complete = True
        with telling(self._path):
            sync(self.file)

    def _put(self, data: bytes) -> None:
        with telling(self._path):
            self.file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._aside:
            if kind is None:
                self.complete()
                put(self._aside, overwrite=self._overwrite)


def claimed(path: Path) -> Aside:
    """Return a file to be written aside, or raise ConfigError; folders on the way are made."""
    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return Aside(path)


def put(aside: Aside, *, overwrite: bool) -> None:
    """Give a file its name, unless another one got it meanwhile and shall not be replaced."""
    check_place(aside.path, overwrite=overwrite)
    with telling(aside.path):
        aside.appear()


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn a refusal of the disk into an error that names the output."""
    try:
        yield
    except BlockingIOError:
        raise ConfigError(
            f"{path}: another run is writing it just now; wait for that to end or name another file"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); make room or name another file") from error


def check_place(path: Path, *, overwrite: bool, folder: bool = False) -> None:
    """Refuse a place that rows cannot or shall not be written to.

    Parameters
    ----------
    path : Path
        The place.
    overwrite : bool
        Whether what is there may be replaced.
    folder : bool
        Whether it is to be a folder and not a file.

    Raises
    ------
    ConfigError
        For a suffix that no format has, something else than a file (or folder), or one that is
        there and shall not be overwritten.
    """
    with telling(path):
        there = os.path.lexists(path)
        fits = path.is_dir() if folder else path.is_file()
    if there and not fits:
        raise ConfigError(f"{path}: is there and no {'folder' if folder else 'regular file'}; name another place")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: found suffix {path.suffix!r}; expected one of {', '.join(SUFFIXES)}")
    if there and not overwrite:
        raise ConfigError(f"{path}: is there already; name another file or add --overwrite")


def followed(path: str | Path) -> Path:
    """Return where a file is to be written: where a link leads, so that the link stays."""
    path = Path(path)
    with telling(path):
        # Not where a device's name leads (/dev/stdout), which `check_place` refuses by that name.
        is_ours = path.suffix.lower() in SUFFIXES and path.is_symlink()
        return Path(os.path.realpath(path)) if is_ours else path


def open_rows(path: str | Path, columns: Mapping[str, str], *, overwrite: bool = False) -> RowFile:
    """Return a file of rows; its suffix says the format.

    Parameters
    ----------
    path : path
        Ends in .jsonl, .csv or .parquet. In CSV, lists are JSON, and an apostrophe stands
        wherever a spreadsheet would begin a formula, whether commas, semicolons or tabs separate
        its cells; the others hold every text as it is.
    columns : Mapping[str, str]
        Name of each column to its kind: string, strings, int, float, bool or links.
    overwrite : bool
        Whether an existing file is replaced, once the new one is complete.

    Raises
    ------
    ConfigError
        For another suffix, a file that is there and shall not be overwritten, or a place that
        cannot be written to.
    """
    path = followed(path)
    check_place(path, overwrite=overwrite)
    return RowFile(path, columns, overwrite=overwrite)
