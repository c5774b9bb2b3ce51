"""Writes rows to files that appear whole or not at all: JSON Lines, CSV, Parquet.

A format makes parts of rows, here or in worker processes, and joins them to one file.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import orjson

from saring.atomic import Aside, sync, whole
from saring.errors import ConfigError, UsageError
from saring.io.addresses import WRITABLE, Address, AddressAside, Place, place
from saring.io.connections import Refused
from saring.schema import LINK_COLUMNS, kinds, rows_in

# The footer of a Parquet file is a struct in Thrift's compact protocol; the numbers of its fields are those of
# parquet.thrift. Row groups are joined to one file without being decoded: only the offsets in the footer change.
MAGIC = b"PAR1"
LENGTH_BYTES = 4  # of the footer, before the closing magic
_TRUE, _FALSE, _INT16, _INT32, _INT64, _BINARY, _LIST, _STRUCT = 1, 2, 4, 5, 6, 8, 9, 12
_NUM_ROWS, _ROW_GROUPS = 3, 4
_ORDINAL = (_ROW_GROUPS, 7)  # a row group's number in its file, which may be left out
_OFFSETS = {
    (_ROW_GROUPS, 5),  # of the row group
    *((_ROW_GROUPS, 1, number) for number in (2, 4, 6)),  # of a column chunk and its two indexes
    *((_ROW_GROUPS, 1, 3, number) for number in (9, 10, 11, 14)),  # of pages: data, index, dictionary, bloom filter
}

Fields = dict[int, tuple[int, bytes]]  # number of a field to its type and its value as it is written


class _Footer:
    """Reads a footer and writes it anew, its offsets moved by some bytes."""

    def __init__(self, data: bytes, moved: int) -> None:
        self._data, self._moved = io.BytesIO(data), moved

    def struct(self, path: tuple[int, ...] = ()) -> Fields:
        """Return the fields of a struct; `path` says by which fields one gets to it."""
        fields: Fields = {}
        number = 0
        while head := self._data.read(1)[0]:
            number = number + (head >> 4) if head >> 4 else self.varint() >> 1
            value = self._value(head & 15, (*path, number))
            if (*path, number) != _ORDINAL:
                fields[number] = head & 15, value
        return fields

    def _value(self, kind: int, path: tuple[int, ...]) -> bytes:
        if kind in (_TRUE, _FALSE):  # the type is the value
            return b""
        if kind in (_INT16, _INT32, _INT64):
            value = self.varint()
            return _varint(value + 2 * self._moved if value and path in _OFFSETS else value)  # 0: there is none
        if kind == _BINARY:
            size = self.varint()
            return _varint(size) + self._data.read(size)
        if kind == _STRUCT:
            return _struct(self.struct(path))
        if kind == _LIST:
            head = self._data.read(1)[0]
            size = head >> 4 if head >> 4 < 15 else self.varint()
            return _list(head & 15, [self._value(head & 15, path) for _ in range(size)])
        raise NotImplementedError(f"type {kind} in a Parquet footer")

    def varint(self) -> int:
        """Return a number as it is written: of a whole number with a sign its double."""
        value = shift = 0
        while (byte := self._data.read(1)[0]) > 127:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift


def _footer_start(part: bytes) -> int:
    """Return where in a Parquet file its footer begins."""
    end = len(part) - LENGTH_BYTES - len(MAGIC)
    return end - int.from_bytes(part[end : end + LENGTH_BYTES], "little")


def _struct(fields: Fields) -> bytes:
    written, last = b"", 0
    for number, (kind, value) in sorted(fields.items()):
        written += bytes([(number - last) << 4 | kind]) + value
        last = number
    return written + b"\0"


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    size = len(items)
    head = bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind]) + _varint(size)
    return head + b"".join(items)


def _varint(value: int) -> bytes:
    """Return a whole number in groups of seven bits, the lowest first."""
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


# A spreadsheet runs a cell that begins with one of these signs, small, raised or full-width ones among them, as a
# formula. Cells begin where a text does, and in it where the reader's list separator is a semicolon or a tab (a quote
# behind a comma quotes nothing for it). What cannot be seen may stand before the sign, and so may quotes.
_SIGNS = "=+\\-@\u207a-\u207c\u208a-\u208c\u2212\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
ENDS = ";\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029"  # of a cell
_UNSEEN = (
    '"\0-\x08\x0e-\x1b\x1f\x20\x7f-\x84\x86-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f'
    "\u0890-\u0891\u08e2\u115f-\u1160\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u202a-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_FORMULA = re.compile(f"([{ENDS}])([{_UNSEEN}]*+)([{_SIGNS}])")
_GUARDED = re.compile(f"(?:^|(?<=[{ENDS}]))'(?=[{_UNSEEN}]*+[{_SIGNS}])|^'(?=[\t\r])")

Rows = Sequence[Mapping[str, Any]]
ColumnValues = Mapping[str, Sequence[Any]]  # the values of each column by its name, all of one length


class RowFormat:
    """Makes parts of rows, and one file of parts: JSON Lines here. There is one object for each file."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.columns = columns

    def part(self, rows: Rows) -> bytes:
        """Return rows as a part of a file."""
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)

    def part_of(self, values: ColumnValues) -> bytes:
        """Return the same part, made from the columns of the rows."""
        return self.part(list(rows_in(values)))

    def start(self) -> bytes:
        """Return what a file begins with."""
        return b""

    def place(self, part: bytes, at: int) -> bytes:
        """Return what a part becomes in a file that has `at` bytes before it."""
        return part

    def end(self) -> bytes:
        """Return what a file ends with, once all parts are placed."""
        return b""


class _Csv(RowFormat):
    """A header and one line a row; lists and objects as JSON."""

    def part(self, rows: Rows) -> bytes:
        text = io.StringIO(newline="")
        csv.DictWriter(text, list(self.columns)).writerows({k: _cell(v) for k, v in row.items()} for row in rows)
        return text.getvalue().encode()

    def start(self) -> bytes:
        return self.part([{name: name for name in self.columns}])


class _Parquet(RowFormat):
    """Columns with fixed types, zstd-compressed; each part is a file of one row group."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        super().__init__(columns)
        self._groups: list[bytes] = []
        self._rows = 0

    def part(self, rows: Rows) -> bytes:
        return self.part_of({name: [row[name] for row in rows] for name in self.columns})

    def part_of(self, values: ColumnValues) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        batch = arrow_batch(values, arrow_schema(self.columns))
        sink = pa.BufferOutputStream()
        with pq.ParquetWriter(sink, batch.schema, compression="zstd") as writer:
            if len(batch):
                writer.write_batch(batch, row_group_size=len(batch))
        return bytes(sink.getvalue())

    def start(self) -> bytes:
        return MAGIC

    def place(self, part: bytes, at: int) -> bytes:
        footer = _footer_start(part)
        fields = _Footer(part[footer:], at - len(MAGIC)).struct()
        groups = fields[_ROW_GROUPS][1][1:]  # behind the list's head: one, or none where there are no rows
        if groups:
            self._groups.append(groups)
            self._rows += _Footer(fields[_NUM_ROWS][1], 0).varint() >> 1
        return part[len(MAGIC) : footer]

    def end(self) -> bytes:
        empty = self.part([])  # its footer has all but the rows
        fields = _Footer(empty[_footer_start(empty) :], 0).struct()
        fields[_NUM_ROWS] = _INT64, _varint(2 * self._rows)
        fields[_ROW_GROUPS] = _LIST, _list(_STRUCT, self._groups)
        footer = _struct(fields)
        return footer + len(footer).to_bytes(LENGTH_BYTES, "little") + MAGIC


SUFFIXES: Mapping[str, type[RowFormat]] = {".jsonl": RowFormat, ".csv": _Csv, ".parquet": _Parquet}


def arrow_batch(values: ColumnValues, schema: Any) -> Any:
    """Return columns as an Arrow batch of the schema's types; what is no text, in a column of texts, as JSON."""
    import pyarrow as pa

    arrays = []
    for field in schema:
        column = values[field.name]
        try:
            arrays.append(pa.array(column, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            if field.type != pa.string():
                raise
            texts = [v if v is None or isinstance(v, str) else orjson.dumps(v).decode() for v in column]
            arrays.append(pa.array(texts, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """Return the Arrow schema of columns."""
    import pyarrow as pa

    types = {"string": pa.string(), "json": pa.string(), "strings": pa.list_(pa.string()), "int": pa.int64()}
    types |= {"float": pa.float64(), "bool": pa.bool_(), "bytes": pa.binary()}
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


def unguarded(cell: str) -> str:
    r"""Return the text of a CSV cell without the apostrophes that keep a spreadsheet from running it.

    One that stood there before is taken for such an apostrophe.

    >>> unguarded("'-1 derajat\n'+62"), unguarded("kata 'Bulog'")
    ('-1 derajat\n+62', "kata 'Bulog'")
    """
    return _GUARDED.sub("", cell)


class RowFile:
    """A file of rows that appears under its name only when it is complete.

    Used as a context: on an error, what was written is removed and an older file stays.
    """

    def __init__(self, path: Place, columns: Mapping[str, str], *, overwrite: bool = False) -> None:
        self._overwrite = overwrite
        self._format = SUFFIXES[path.suffix.lower()](columns)
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
        self._put(b"" if self._is_complete else self._format.end())
        self._is_complete = True
        with telling(self._aside.path):
            sync(self.file)

    def _put(self, data: bytes) -> None:
        with telling(self._aside.path):
            self.file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        with self._aside:
            if kind is None:
                self.complete()
                put(self._aside, overwrite=self._overwrite)


def claimed(path: Place) -> Aside | AddressAside:
    """Return a file to be written aside, or raise ConfigError; folders on the way are made."""
    with telling(path):
        if isinstance(path, Address):
            return AddressAside(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return Aside(path)


def put(aside: Aside | AddressAside, *, overwrite: bool) -> None:
    """Give a file its name, unless another one got it meanwhile and shall not be replaced."""
    check_place(aside.path, overwrite=overwrite)
    with telling(aside.path):
        if isinstance(aside, AddressAside):
            aside.appear(new=not overwrite)
        else:
            aside.appear()


def write_whole(path: Place, data: bytes) -> None:
    """Write a file or an object that appears when it is whole; ConfigError where it cannot be written."""
    with telling(path):
        if isinstance(path, Address):
            path.write_bytes(data)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as file:
                file.write(data)


@contextmanager
def telling(path: Place) -> Iterator[None]:
    """Turn a refusal of the disk, or of a server, into an error that names the output."""
    try:
        yield
    except BlockingIOError:
        raise ConfigError(
            f"{path}: another run is writing it just now; wait for that to end or name another file"
        ) from None
    except Refused as refusal:
        raise ConfigError(f"{path}: cannot be written: {refusal.strerror}; {refusal.mend}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); make room or name another file") from error


def check_place(
    path: Place, *, overwrite: bool, folder: bool = False, suffixes: Collection[str] = tuple(SUFFIXES)
) -> None:
    """Raise ConfigError for a place that cannot or shall not be written to, as a file or a `folder` of files.

    UsageError where it has none of some suffixes, by default those of rows; with no suffixes any will do.
    """
    with telling(path):
        there = path.is_file() if isinstance(path, Address) else os.path.lexists(path)
        fits = path.is_dir() if folder and isinstance(path, Path) else path.is_file()
    if there and not fits:
        raise ConfigError(f"{path}: is there and no {'folder' if folder else 'regular file'}; name another place")
    if suffixes and path.suffix.lower() not in suffixes:
        expected = f"one of {', '.join(suffixes)}" if len(suffixes) > 1 else f"a {min(suffixes)} file"
        raise UsageError(f"{path}: found suffix {path.suffix!r}; expected {expected}")
    if there and not overwrite:
        raise ConfigError(f"{path}: is there already; name another file or add --overwrite")


def output_place(given: str | Place) -> Place:
    """Return the path or address that somebody named for an output; UsageError for an address that can only be read."""
    path = place(given)
    if isinstance(path, Address) and path.protocol not in WRITABLE:
        raise UsageError(f"{path}: found an address that can only be read; expected {', '.join(WRITABLE)}, or a file")
    return path


def followed(given: str | Place) -> Place:
    """Return where a file is to be written: where a link leads, so that the link stays."""
    path = output_place(given)
    if isinstance(path, Address):
        return path
    with telling(path):
        # Not where a device's name leads (/dev/stdout), which `check_place` refuses by that name.
        is_ours = path.suffix.lower() in SUFFIXES and path.is_symlink()
        return Path(os.path.realpath(path)) if is_ours else path


def open_rows(path: str | Place, columns: Mapping[str, str], *, overwrite: bool = False) -> RowFile:
    """Return a file of rows to write to; its suffix says the format: .jsonl, .csv or .parquet.

    `columns` are the names and kinds of its columns, as in `saring.schema.KINDS`. In CSV, lists are JSON, and an
    apostrophe stands wherever a spreadsheet would begin a formula, whether commas, semicolons or tabs separate its
    cells; the others hold every text as it is. ConfigError is raised for another suffix, a file that is there and shall
    not be overwritten, or a place that cannot be written to.
    """
    where = followed(path)
    check_place(where, overwrite=overwrite)
    return RowFile(where, columns, overwrite=overwrite)
