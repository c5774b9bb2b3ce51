"""Plain bytes of one input, read once from front to back, and the encoding they are in.

gzip and zstd are known by their first bytes, so a file that was unpacked on the way and kept its
suffix is read as well. The encoding is judged on the head.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import tempfile
import zlib
from functools import cached_property
from typing import IO, cast

from saring.errors import InputError

__all__ = ["BUFFER_BYTES", "Stream", "guess_encoding"]

HEAD_BYTES = 1 << 18  # enough for the first curly quote of a cp1252 table to turn up
BUFFER_BYTES = 1 << 20
MAX_SPOOL_BYTES = 1 << 34  # a Parquet file that must be unpacked may take this much of the disk
NUL_SHARE = 0.2  # Latin text in UTF-16 is half NULs; a stray NUL in UTF-8 is one in thousands
BROKEN_SHARE = 0.5  # of the letters beyond ASCII; cp1252 read as UTF-8 breaks at nearly every one
SHORT_BYTES = 100  # text too short for charset-normalizer, which then finds nothing

_UNDECODED = re.compile("[\udc80-\udcff]")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Stream:
    """Plain bytes of one source; a context manager.

    Attributes
    ----------
    head : bytes
        The first bytes, at most `HEAD_BYTES`; they are still to be read.
    body : io.BufferedReader
        All bytes, the head among them.
    packed : bool
        Whether they were packed.
    """

    def __init__(self, raw: IO[bytes], closes: bool = True) -> None:
        self._raw = raw
        self._closes = closes
        try:
            self.head, plain, self.packed = _unpacked(raw)
        except InputError:
            self._close_raw()
            raise
        self.body = io.BufferedReader(plain, BUFFER_BYTES)

    @cached_property
    def encoding(self) -> str:
        """The codec of the bytes, if they are text."""
        return guess_encoding(self.head)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.body.close()
        self._close_raw()

    def _close_raw(self) -> None:
        if self._closes:
            self._raw.close()

    def spooled(self) -> IO[bytes]:
        """Return the bytes as a temporary file that can be sought, for Parquet.

        Raises
        ------
        InputError
            They take more than `MAX_SPOOL_BYTES`.
        """
        spool = tempfile.TemporaryFile()  # noqa: SIM115
        while chunk := self.body.read(BUFFER_BYTES):
            spool.write(chunk)
            if spool.tell() > MAX_SPOOL_BYTES:
                spool.close()
                raise InputError(f"unpacks to more than {MAX_SPOOL_BYTES:,} bytes; unpack it first")
        spool.seek(0)
        return spool


def guess_encoding(head: bytes) -> str:
    """Return the codec of a text by its first bytes: UTF-8, UTF-16 or cp1252.

    UTF-8 goes first and may hold some broken bytes: one bad row does not make the file cp1252.
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    if head.count(0) < NUL_SHARE * max(1, len(head)):
        text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
        broken = len(_UNDECODED.findall(text))
        letters = len(text) - len(text.encode("ascii", "ignore")) - broken
        if broken <= BROKEN_SHARE * letters:
            return "utf-8"
        return "cp1252" if _reads_as_cp1252(head) else "utf-8"
    # Latin letters have their NUL behind them in little-endian order, before them in big-endian
    return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"


def _reads_as_cp1252(head: bytes) -> bool:
    """Return whether bytes that are no UTF-8 are cp1252 rather than no text at all."""
    from charset_normalizer import from_bytes

    # On its own charset-normalizer guesses from dozens of codecs; portals write this one.
    if from_bytes(head, cp_isolation=["cp1252"]).best() is not None:
        return True
    try:
        return len(head) < SHORT_BYTES and bool(head.decode("cp1252"))
    except UnicodeDecodeError:
        return False


class _Checked(io.RawIOBase):
    """A head and what follows it as one raw stream; what goes wrong below is an InputError."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._head:
            size = min(len(buffer), len(self._head))
            buffer[:size] = self._head[:size]
            self._head = self._head[size:]
            return size
        try:
            chunk = self._rest.read(len(buffer)) or b""
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"cannot be read on from here ({error}); fetch the file anew"
            ) from None
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _unpacked(raw: IO[bytes]) -> tuple[bytes, _Checked, bool]:
    """Return the head and the stream of plain bytes behind one, and whether it was packed."""
    head = _first(_Checked(b"", raw))
    whole = _Checked(head, raw)
    plain: IO[bytes]
    if head.startswith(_GZIP):
        plain = cast(IO[bytes], gzip.GzipFile(fileobj=cast(IO[bytes], whole)))
    elif head.startswith(_ZSTD):
        import pyarrow as pa

        # zstandard's reader takes a file cut off in the middle for its end; Arrow's says so.
        plain = pa.CompressedInputStream(pa.PythonFile(whole, mode="r"), "zstd")
    else:
        return head, whole, False
    head = _first(_Checked(b"", plain))
    return head, _Checked(head, plain), True


def _first(raw: _Checked) -> bytes:
    """Return up to HEAD_BYTES bytes; a pipe gives them in pieces."""
    pieces = bytearray()
    while len(pieces) < HEAD_BYTES and (piece := raw.read(HEAD_BYTES - len(pieces))):
        pieces += piece
    return bytes(pieces)
