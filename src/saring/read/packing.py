"""Bytes of files and of gzip and zstd archives: up to any damage, and what the damage is."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

__all__ = ["BUFFER_BYTES", "UNPACKERS", "Damage", "Plain", "plain_bytes"]

BUFFER_BYTES = 1 << 20
PACKED_BYTES = 1 << 15
SIP_BYTES = 1 << 10  # given to zstd at a time: where one of them is wrong it gives none
CHECKSUM_BYTES = 8  # and the length, at the end of a gzip archive

_GZIP_BITS = 31  # of zlib: a gzip header, the largest window, and a checksum
# What zlib and zstd say of damage behind the last byte: a checksum, or what is no archive.
_AT_THE_END = ("incorrect", "checksum", "Unknown frame descriptor")


class Damage(Exception):
    """Bytes end before they should.

    Attributes
    ----------
    torn : bool
        Whether the last of them may be cut; damage behind all of them, as a wrong checksum is,
        cuts nothing.
    """

    def __init__(self, why: str, *, torn: bool = True) -> None:
        super().__init__(
            f"cannot be read on from here: {why}; every whole row before is given; fetch the file "
            "anew"
        )
        self.torn = torn


class Plain(io.RawIOBase):
    """Bytes that come in pieces, as a raw stream; `damage` is why they end too soon, if they do."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self.damage: Damage | None = None

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Put the next bytes into a buffer and return how many; 0 at the end."""
        while not self._left and self.damage is None:
            try:
                self._left = memoryview(next(self._pieces))
            except StopIteration:
                break
            except Damage as damage:
                self.damage = damage
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def head(self, size: int) -> bytes:
        """Return the first bytes, which are still to be read; a pipe gives them in pieces."""
        pieces = bytearray()
        while len(pieces) < size and (piece := self.read(size - len(pieces))):
            pieces += piece
        self._left = memoryview(bytes(pieces) + bytes(self._left))
        return bytes(pieces)


def plain_bytes(raw: IO[bytes]) -> Plain:
    """Return the bytes of an open file."""
    return Plain(_read(raw))


def _read(raw: IO[bytes]) -> Iterator[bytes]:
    try:
        while piece := raw.read(BUFFER_BYTES):
            yield piece
    except OSError as error:
        raise Damage(str(error)) from None


def _gunzipped(packed: Plain) -> Iterator[bytes]:
    """Yield what a gzip archive holds, to the last byte before any damage."""
    data = packed.read(PACKED_BYTES) or b""
    while data:  # one archive behind another is one file
        member = zlib.decompressobj(_GZIP_BITS)
        while not member.eof:
            data = data or packed.read(PACKED_BYTES) or b""
            before = member.copy()
            try:
                plain = member.decompress(data, BUFFER_BYTES)
            except zlib.error as error:
                yield b"".join(_dripped(before, data))
                raise _damaged("gzip", error) from None
            if plain:
                yield plain
            elif not data and not member.eof:
                raise _cut(member)
            data = member.unconsumed_tail
        data = member.unused_data.lstrip(b"\0")  # which archives are padded with
        while not data and (more := packed.read(PACKED_BYTES)):
            data = more.lstrip(b"\0")


def _dripped(member: Any, data: bytes) -> Iterator[bytes]:
    """Yield what zlib makes of bytes until it finds damage; at once it would give nothing."""
    try:
        for at in range(len(data)):
            yield member.decompress(data[at : at + 1])
    except zlib.error:
        return


def _cut(member: Any) -> Damage:
    """Return the damage of a gzip archive that ends too soon, perhaps within its checksum."""
    why: Exception = EOFError()
    try:
        member.decompress(bytes(CHECKSUM_BYTES))
    except zlib.error as error:
        why = error
    return _damaged("gzip", why, "it is cut off")


def _unzstd(packed: Plain) -> Iterator[bytes]:
    """Yield what a zstd archive holds; zstandard's own reader takes a cut for the end."""
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.PythonFile(_Sips(packed), mode="r"), "zstd")
    unread = b"\xff" * PACKED_BYTES  # stands in no UTF-8
    while True:
        plain = bytearray(unread)
        try:
            size = stream.readinto(plain)
        except OSError as error:  # what came before it is in the buffer; nobody says how much
            yield bytes(plain).rstrip(b"\xff")
            raise _damaged("zstd", error) from None
        if not size:
            return
        yield bytes(plain[:size])


class _Sips:
    """A file that gives few bytes at a time, and one by one those that may hold a checksum."""

    closed = False

    def __init__(self, packed: Plain) -> None:
        self._packed = packed
        self._held = b""

    def read(self, size: int) -> bytes:
        """Return some bytes, at most `size`; none at the end."""
        while len(self._held) <= CHECKSUM_BYTES and (more := self._packed.read(PACKED_BYTES)):
            self._held += more
        sip = max(1, min(size, SIP_BYTES, len(self._held) - CHECKSUM_BYTES))
        given, self._held = self._held[:sip], self._held[sip:]
        return given

    def close(self) -> None:
        """Leave the file open: who opened it closes it."""


def _damaged(kind: str, error: Exception, why: str = "") -> Damage:
    why = why or str(error).rpartition(": ")[2]
    torn = not any(sign in str(error) for sign in _AT_THE_END)
    return Damage(f"the {kind} archive is damaged ({why})", torn=torn)


UNPACKERS: Mapping[bytes, Callable[[Plain], Iterator[bytes]]] = {
    b"\x1f\x8b": _gunzipped,
    b"\x28\xb5\x2f\xfd": _unzstd,
}
"""What reads an archive, by its first bytes."""
