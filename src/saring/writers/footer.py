"""A Parquet file's footer, taken apart and put together: row groups move without being decoded.

A footer is a struct in Thrift's compact protocol, which says where in the file each column of each
row group starts. A row group that moves to another file keeps its bytes; these numbers change.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md and
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["MAGIC", "joined", "row_groups", "split"]

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
