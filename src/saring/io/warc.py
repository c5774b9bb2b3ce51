"""Records of a web archive (WARC), and in place of each that is damaged an error with its place.

A file is read in runs of bytes without a gap. A run ends where a gzip member is damaged; the next one begins at the
next member that holds a record. Within a run the next record is looked for where one does not end as its length says.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from saring.errors import InputError
from saring.io.streams import GZIP, GZIP_BITS, UNPACKERS, ZSTD, Plain, Stream

CHUNK_BYTES = 1 << 18
PACKED_BYTES = 1 << 16  # given to zlib at a time, a member or some
MAX_HEAD_BYTES = 1 << 18  # of a record's own headers; addresses may be long
MAX_BLOCK_BYTES = 100_000_000  # of a record that is held; of longer ones the start is
START_BYTES = 1 << 16
KEPT_BYTES = 8 << 20  # packed bytes in which the next member is looked for, should this one prove damaged
PROBE_BYTES = 1 << 10  # of a member: enough to see whether it holds a record

_MEMBER = GZIP + b"\x08"
_SKIPPABLE = b"\x2a\x4d\x18"  # stands behind the first byte of a zstd file that begins with its dictionary
_BEGINNING = re.compile(rb"WARC/\d\.\d\r?\n[\w-]+:")
_BEGINNING_BYTES = 64  # that it may take
HEAD_END = re.compile(rb"\r?\n\r?\n")  # of a record's own headers, and of the HTTP headers in its block
_LINE = re.compile(r"\r?\n(?![ \t])")
_BLANK = b"\r\n \t\0"


class WarcRecord(NamedTuple):
    """A record as it stands in its file."""

    at: int  # the byte of the file where it begins or, in a packed one, its gzip member
    headers: Mapping[str, str]  # by their names in lower case
    block: bytes
    is_whole: bool  # whether that is all of it; of one beyond `MAX_BLOCK_BYTES` it is the start


class DamagedRecord(NamedTuple):
    """A place in a file where no record can be read."""

    at: int
    why: str


class _Piece(NamedTuple):
    """Unpacked bytes."""

    data: bytes
    at: int  # where in the file the first one stands or, packed, the gzip member that all are from
    is_packed: bool


class _Gap(NamedTuple):
    """Where a run ends at damage."""

    at: int
    why: str


class _Run:
    """The unpacked bytes of a file from one record on, up to the next gap or the end."""

    def __init__(self, pieces: Iterator[_Piece | _Gap]) -> None:
        self.data = bytearray()
        self.gap: _Gap | None = None  # that the run was found to end at
        self._pieces = pieces
        self._ended = False
        self._dropped = 0
        self._places: deque[tuple[int, _Piece]] = deque()  # how many bytes stand before each piece

    @property
    def at(self) -> int:
        """Where in the file the first byte stands."""
        while len(self._places) > 1 and self._places[1][0] <= self._dropped:
            self._places.popleft()
        before, piece = self._places[0]
        return piece.at if piece.is_packed else piece.at + self._dropped - before

    def fill(self, size: int) -> bool:
        """Return whether the run has so many bytes; then they are in `data`."""
        while len(self.data) < size and not self._ended:
            piece = next(self._pieces, None)
            if isinstance(piece, _Piece):
                self._places.append((self._dropped + len(self.data), piece._replace(data=b"")))
                self.data += piece.data
            else:
                self._ended, self.gap = True, piece
        return len(self.data) >= size

    def drop(self, size: int) -> None:
        """Take bytes off the front."""
        del self.data[:size]
        self._dropped += size

    def blanks(self, start: int) -> int:
        """Return where the first byte from `start` on is that is not blank; the length of `data` if none is."""
        while self.fill(start + 1) and self.data[start] in _BLANK:
            start += 1
        return start

    def seek(self, start: int) -> int:
        """Drop bytes up to where a record begins, from `start` on, or all; return how many were dropped."""
        dropped = 0
        while True:
            if found := _BEGINNING.search(self.data, start):
                self.drop(found.start())
                return dropped + found.start()
            gone = max(0, len(self.data) - _BEGINNING_BYTES)
            self.drop(gone)
            dropped, start = dropped + gone, max(0, start - gone)
            if not self.fill(len(self.data) + 1):
                rest = len(self.data)
                self.drop(rest)
                return dropped + rest

    def next(self) -> bool:
        """Go on behind the gap; False where there is none, at the end of the file."""
        self._ended, before, self.gap = False, self.gap, None
        return before is not None


def warc_records(stream: Stream) -> Iterator[WarcRecord | DamagedRecord]:
    """Yield the records of a file, plain, gzip or zstd, whose `Stream` does not unpack it."""
    run = _Run(_pieces(stream))
    while True:
        told: _Gap | None = None  # a gap that a record was damaged by
        while True:
            run.drop(run.blanks(0))
            if not run.data:
                break
            found = _next_record(run)
            yield found
            if isinstance(found, DamagedRecord) and run.gap and not run.data:
                told = run.gap
        if run.gap and run.gap is not told:
            yield DamagedRecord(*run.gap)
        if not run.next():
            return


class _Broken(Exception):
    """The first record of a run cannot be read; the next one is looked for from `start` on."""

    def __init__(self, why: str, start: int) -> None:
        super().__init__(why)
        self.start = start


def _next_record(run: _Run) -> WarcRecord | DamagedRecord:
    """Take the record off that a run begins with."""
    at = run.at
    try:
        headers, start = _head(run)
        length = headers.get("content-length", "")
        if not re.fullmatch("[0-9]{1,18}", length):
            raise _Broken(f"a record without a Content-Length ({length[:20]!r})", start)
        size = int(length)
        block = _block(run, start, size) if size <= MAX_BLOCK_BYTES else _start_of_block(run, start, size)
        if run.gap and run.gap.at == at and not run.data:  # its own gzip member is the one that is damaged
            return DamagedRecord(at, run.gap.why)
        return WarcRecord(at, headers, block, is_whole=size <= MAX_BLOCK_BYTES)
    except _Broken as broken:
        run.seek(broken.start)
        return DamagedRecord(at, run.gap.why if run.gap and not run.data else str(broken))


def _head(run: _Run) -> tuple[dict[str, str], int]:
    """Return the headers of a record and where its block begins."""
    run.fill(_BEGINNING_BYTES)
    if not _BEGINNING.match(run.data):
        raise _Broken("bytes that are no record", 1)
    while not (end := HEAD_END.search(run.data)):
        if len(run.data) >= MAX_HEAD_BYTES:
            raise _Broken(f"headers of more than {MAX_HEAD_BYTES:,} bytes", 1)
        if not run.fill(len(run.data) + 1):
            raise _Broken("a record that is cut off in its headers", 1)
    if _BEGINNING.search(run.data, 1, end.end()):
        raise _Broken("a record that is cut off in its headers", 1)
    return parsed_headers(bytes(run.data[: end.start()])), end.end()


def _block(run: _Run, start: int, size: int) -> bytes:
    """Take a record off and return its block."""
    if not run.fill(start + size):
        raise _Broken(f"a record that ends before the {size:,} bytes that its Content-Length says", start)
    follows = run.blanks(start + size)
    run.fill(follows + _BEGINNING_BYTES)
    ends = follows == len(run.data) or _BEGINNING.match(run.data, follows)
    separated = run.data.startswith(b"\r\n\r\n", start + size)  # as a record must end, whatever follows
    if not ends and (not separated or _BEGINNING.search(run.data, start, start + size)):
        raise _Broken(f"a record that goes on behind the {size:,} bytes that its Content-Length says", start)
    block = bytes(memoryview(run.data)[start : start + size])
    run.drop(follows)
    return block


def _start_of_block(run: _Run, start: int, size: int) -> bytes:
    """Take a record off that is too long to hold and return the start of its block."""
    run.fill(start + START_BYTES)
    block = bytes(run.data[start : start + START_BYTES])
    found = run.seek(start) - start
    if not 0 <= found - size <= len(b"\r\n\r\n"):
        raise _Broken(f"a record of {found:,} bytes, where its Content-Length says {size:,}", 0)
    return block


def parsed_headers(head: bytes) -> dict[str, str]:
    """Return the headers below a first line by their names in lower case; of several of one name the first."""
    headers: dict[str, str] = {}
    for line in _LINE.split(head.decode("utf-8", "replace"))[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), " ".join(value.split()))
    return headers


def _pieces(stream: Stream) -> Iterator[_Piece | _Gap]:
    """Yield the unpacked bytes of a file, and its gaps."""
    if stream.head.startswith(GZIP):
        yield from _members(_Packed(stream))
        return
    packed = stream.head.startswith(ZSTD)
    if stream.head[1:4] == _SKIPPABLE:
        raise InputError("found zstd with a dictionary of its own; expected plain zstd; unpack the file first")
    plain = Plain(UNPACKERS[ZSTD](Plain(_read(stream)))) if packed else None
    at = 0
    while data := plain.read(CHUNK_BYTES) if plain else stream.body.read1(CHUNK_BYTES):
        yield _Piece(data, at, is_packed=False)
        at += len(data)
    if damage := stream.damage or (plain and plain.damage):
        yield _Gap(at, f"bytes that {damage}")


def _read(stream: Stream) -> Iterator[bytes]:
    while data := stream.body.read1(CHUNK_BYTES):
        yield data


class _Packed:
    """Bytes of a gzip file: those of a member from its start on, or if it is long its last ones."""

    def __init__(self, stream: Stream) -> None:
        self.data = bytearray()
        self.at = 0  # where in the file they stand
        self.stream = stream

    def more(self) -> bool:
        """Return whether there are more, which stand behind the others then."""
        piece = self.stream.body.read1(CHUNK_BYTES)
        self.data += piece
        return bool(piece)

    def drop(self, size: int) -> None:
        """Take bytes off the front."""
        del self.data[:size]
        self.at += size

    def next_member(self) -> bool:
        """Drop the padding before a member; False where none follows."""
        while self.data or self.more():
            if self.data[0]:
                return True
            self.drop(len(self.data) - len(self.data.lstrip(b"\0")))
        return False

    def seek(self, start: int) -> None:
        """Drop bytes up to a member that holds a record, from `start` on, or all."""
        while True:
            found = self.data.find(_MEMBER, start)
            if found < 0:
                self.drop(max(0, len(self.data) - len(_MEMBER) + 1))
                start = 0
                if not self.more():
                    return self.drop(len(self.data))
            elif len(self.data) - found >= PROBE_BYTES or not self.more():
                if _holds_record(bytes(self.data[found : found + PROBE_BYTES])):
                    return self.drop(found)
                start = found + 1


def _holds_record(packed: bytes) -> bool:
    """Return whether these are the first bytes of a gzip member that holds a record."""
    with suppress(zlib.error):
        return zlib.decompressobj(GZIP_BITS).decompress(packed, 5) == b"WARC/"
    return False


def _members(packed: _Packed) -> Iterator[_Piece | _Gap]:
    """Yield what the members of a gzip file hold; a damaged one ends at a gap."""
    while packed.next_member():
        begins, used = packed.at, 0
        member = zlib.decompressobj(GZIP_BITS)
        try:
            while not member.eof:
                if used == len(packed.data) > KEPT_BYTES:
                    packed.drop(used)
                    used = 0
                is_end = used == len(packed.data) and not packed.more()
                data = bytes(memoryview(packed.data)[used : used + PACKED_BYTES])
                plain = member.decompress(data, CHUNK_BYTES)
                used += len(data) - len(member.unused_data if member.eof else member.unconsumed_tail)
                if plain:
                    yield _Piece(plain, begins, is_packed=True)
                elif is_end and not member.eof:
                    raise zlib.error(f": {packed.stream.damage or 'it is cut off'}")
            packed.drop(used)
        except zlib.error as error:
            yield _Gap(begins, f"a damaged gzip member ({str(error).rpartition(': ')[2]})")
            packed.seek(1 if packed.at == begins else 0)
