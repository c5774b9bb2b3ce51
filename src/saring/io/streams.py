"""Bytes of one input: archives unpacked up to any damage, and the encoding they are in."""

from __future__ import annotations

import codecs
import io
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import IO

from saring.errors import InputError

BUFFER_BYTES = 1 << 20
PACKED_BYTES = 1 << 15
SIP_BYTES = 1 << 10  # given to zstd at a time: where one of them is wrong it gives none
CHECKSUM_BYTES = 8  # and the length, at the end of a gzip archive

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # what archives begin with
GZIP_BITS = 31  # of zlib: a gzip header, the largest window, and a checksum
# What zlib and zstd say of damage behind the last byte: a checksum, or what is no archive.
_AT_THE_END = ("incorrect", "checksum", "Unknown frame descriptor")


class Damage(Exception):
    """Bytes end before they should; `torn` says whether the last ones may be cut; behind a wrong checksum none are."""

    def __init__(self, why: str, *, torn: bool = True) -> None:
        super().__init__(f"cannot be read on from here: {why}; every whole row before is given; fetch the file anew")
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


def _read(raw: IO[bytes]) -> Iterator[bytes]:
    try:
        while piece := raw.read(BUFFER_BYTES):
            yield piece
    except OSError as error:
        raise Damage(error.strerror or str(error)) from None


def _gunzipped(packed: Plain) -> Iterator[bytes]:
    """Yield what a gzip archive holds, to the last byte before any damage."""
    data = packed.read(PACKED_BYTES) or b""
    while data:  # one archive behind another is one file
        member = zlib.decompressobj(GZIP_BITS)
        while not member.eof:
            data = data or packed.read(PACKED_BYTES) or b""
            before = member.copy()
            try:
                plain = member.decompress(data, BUFFER_BYTES)
            except zlib.error as error:
                with suppress(zlib.error):  # byte by byte, what comes before the damage is given
                    for at in range(len(data)):
                        yield before.decompress(data[at : at + 1])
                raise _damaged("gzip", error) from None
            if plain:
                yield plain
            elif not data and not member.eof:
                try:  # it may have been cut within its checksum
                    member.decompress(bytes(CHECKSUM_BYTES))
                    raise _damaged("gzip", EOFError(), "it is cut off")
                except zlib.error as error:
                    raise _damaged("gzip", error, "it is cut off") from None
            data = member.unconsumed_tail
        data = member.unused_data.lstrip(b"\0")  # which archives are padded with
        while not data and (more := packed.read(PACKED_BYTES)):
            data = more.lstrip(b"\0")


def _unzstd(packed: Plain) -> Iterator[bytes]:
    """Yield what a zstd archive holds; zstandard's own reader takes a cut for the end."""
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.PythonFile(Plain(_sips(packed)), mode="r"), "zstd")
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


def _sips(packed: Plain) -> Iterator[bytes]:
    """Yield few bytes at a time, and one by one those that may hold a checksum."""
    held = b""
    while True:
        while len(held) <= CHECKSUM_BYTES and (more := packed.read(PACKED_BYTES)):
            held += more
        if not held:
            return
        size = max(1, min(SIP_BYTES, len(held) - CHECKSUM_BYTES))
        yield held[:size]
        held = held[size:]


def _damaged(kind: str, error: Exception, why: str = "") -> Damage:
    why = why or str(error).rpartition(": ")[2]
    torn = not any(words in str(error) for words in _AT_THE_END)
    return Damage(f"the {kind} archive is damaged ({why})", torn=torn)


# What reads an archive, by its first bytes.
UNPACKERS: Mapping[bytes, Callable[[Plain], Iterator[bytes]]] = {GZIP: _gunzipped, ZSTD: _unzstd}

HEAD_BYTES = 1 << 18  # enough for the first curly quote of a cp1252 table to turn up
MAX_SPOOL_BYTES = 1 << 34  # a Parquet file that must be unpacked may take this much of the disk
NUL_SHARE = 0.2  # Latin text in UTF-16 is half NULs; a stray NUL in UTF-8 is one in thousands
UNUSED_SHARE = 0.8  # UTF-32 has two bytes more than nearly every letter needs
BROKEN_SHARE = 0.5  # of the letters beyond ASCII; cp1252 read as UTF-8 breaks at nearly every one
SHORT_BYTES = 100  # text too short for charset-normalizer, which then finds nothing

ARROW_FILE, ARROW_STREAM, FEATHER_1 = b"ARROW1", b"\xff\xff\xff\xff", b"FEA1"
# What a file of no text begins with, and what it is.
FOREIGN = {
    b"PK\x03\x04": "a zip archive, as .docx and .xlsx are", b"%PDF-": "a PDF", b"PAR1": "Parquet",
    ARROW_FILE: "an Arrow file", FEATHER_1: "an Arrow file", ARROW_STREAM: "an Arrow stream",
    b"\xd0\xcf\x11\xe0": "a document of an old office program", GZIP: "an archive within an archive",
    ZSTD: "an archive within an archive", b"BZh": "a bzip2 archive", b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a rar archive", b"\x89PNG": "an image", b"\xff\xd8\xff": "an image",
    b"GIF8": "an image", b"SQLite format 3": "a database", b"\x7fELF": "a program", b"{\\rtf": "rich text",
}  # fmt: skip
UNDECODED = re.compile("[\udc80-\udcff]")  # what "surrogateescape" makes of a byte it cannot read
# That of UTF-32 begins as that of UTF-16 does, so it goes before it.
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
          codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # fmt: skip


class Stream:
    """Bytes of one input, unpacked unless told otherwise, read once from front to back; a context manager."""

    def __init__(self, raw: IO[bytes], closes: bool = True, unpacks: bool = True) -> None:
        self._raw = raw
        self._closes = closes
        self._given = self._plain = Plain(_read(raw))
        start = self._given.head(HEAD_BYTES)
        for mark, unpack in UNPACKERS.items():
            if unpacks and start.startswith(mark):
                self._plain = Plain(unpack(self._given))
        self.packed = self._plain is not self._given
        self.head = self._plain.head(HEAD_BYTES)  # the first bytes, which are still to be read
        self.body = io.BufferedReader(self._plain, BUFFER_BYTES)  # all bytes, the head among them

    @property
    def foreign(self) -> str:
        """What the bytes are in words, where they are no text; empty where they may be."""
        if self.head[257:262] == b"ustar":
            return "a tar archive"
        return next((kind for mark, kind in FOREIGN.items() if self.head.startswith(mark)), "")

    @property
    def damage(self) -> Damage | None:
        """Why the bytes ended too soon, once all have been read; None if they did not."""
        return self._given.damage or self._plain.damage

    @property
    def torn(self) -> bool:
        """Whether the last bytes that have been read may be cut."""
        return self.damage is not None and self.damage.torn

    def check(self) -> None:
        """Raise InputError when the bytes that have been read ended too soon."""
        if self.damage:
            raise InputError(str(self.damage))

    @cached_property
    def encoding(self) -> str:
        """The codec of the bytes, if they are text."""
        return guess_encoding(self.head)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.body.close()
        if self._closes:
            self._raw.close()

    def spooled(self) -> IO[bytes]:
        """Return the bytes as a temporary file that can be sought, for Parquet, or raise InputError."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            while chunk := self.body.read(BUFFER_BYTES):
                spool.write(chunk)
                if spool.tell() > MAX_SPOOL_BYTES:
                    raise InputError(f"unpacks to more than {MAX_SPOOL_BYTES:,} bytes; unpack it first")
            self.check()
        except InputError:
            spool.close()
            raise
        spool.seek(0)
        return spool


def guess_encoding(head: bytes) -> str:
    """Return the codec of a text by its first bytes: UTF-8, UTF-16, UTF-32 or cp1252.

    UTF-8 goes first and may hold some broken bytes: one bad row does not make the file cp1252.
    """
    for mark, codec in _MARKS.items():
        if head.startswith(mark):
            return codec
    if head.count(0) < NUL_SHARE * max(1, len(head)):
        text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
        broken = len(UNDECODED.findall(text))
        letters = len(text) - len(text.encode("ascii", "ignore")) - broken
        if broken <= BROKEN_SHARE * letters:
            return "utf-8"
        from charset_normalizer import from_bytes  # slow to import

        # On its own charset-normalizer guesses from dozens of codecs; portals write this one.
        if from_bytes(head, cp_isolation=["cp1252"]).best() is not None:
            return "cp1252"
        with suppress(UnicodeDecodeError):  # too short for charset-normalizer
            return "cp1252" if len(head) < SHORT_BYTES and head.decode("cp1252") else "utf-8"
        return "utf-8"
    nuls = [head[at::4].count(0) / max(1, len(head[at::4])) for at in range(4)]
    for codec, high in (("utf-32-le", nuls[2:]), ("utf-32-be", nuls[:2])):
        if min(high) > UNUSED_SHARE:
            return codec
    # Latin letters have their NUL behind them in little-endian order, before them in big-endian
    return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
