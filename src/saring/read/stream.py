"""Plain bytes of one input, read once from front to back, and the encoding they are in.

gzip and zstd are known by their first bytes, so a file that was unpacked on the way and kept its
suffix is read as well. The encoding is judged on the head.
"""

from __future__ import annotations

import codecs
import io
import re
import tempfile
from functools import cached_property
from typing import IO

from saring.errors import InputError
from saring.read.packing import BUFFER_BYTES, UNPACKERS, Damage, Plain, plain_bytes

__all__ = ["BUFFER_BYTES", "Stream", "guess_encoding"]

HEAD_BYTES = 1 << 18  # enough for the first curly quote of a cp1252 table to turn up
MAX_SPOOL_BYTES = 1 << 34  # a Parquet file that must be unpacked may take this much of the disk
NUL_SHARE = 0.2  # Latin text in UTF-16 is half NULs; a stray NUL in UTF-8 is one in thousands
UNUSED_SHARE = 0.8  # UTF-32 has two bytes more than nearly every letter needs
BROKEN_SHARE = 0.5  # of the letters beyond ASCII; cp1252 read as UTF-8 breaks at nearly every one
SHORT_BYTES = 100  # text too short for charset-normalizer, which then finds nothing

FOREIGN = (
    (b"PK\x03\x04", "a zip archive, as .docx and .xlsx are"),
    (b"%PDF-", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "a document of an old office program"),
    (b"{\\rtf", "rich text"),
    (b"PAR1", "Parquet"),
    (b"\x1f\x8b", "an archive within an archive"),
    (b"\x28\xb5\x2f\xfd", "an archive within an archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
)
"""What a file of no text begins with, and what it is."""

_UNDECODED = re.compile("[\udc80-\udcff]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
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
        self._given = self._plain = plain_bytes(raw)
        start = self._given.head(HEAD_BYTES)
        for mark, unpack in UNPACKERS.items():
            if start.startswith(mark):
                self._plain = Plain(unpack(self._given))
        self.packed = self._plain is not self._given
        self.head = self._plain.head(HEAD_BYTES)
        self.body = io.BufferedReader(self._plain, BUFFER_BYTES)

    @property
    def foreign(self) -> str:
        """What the bytes are in words, where they are no text; empty where they may be."""
        if self.head[257:262] == b"ustar":
            return "a tar archive"
        return next((kind for mark, kind in FOREIGN if self.head.startswith(mark)), "")

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
        """Return the bytes as a temporary file that can be sought, for Parquet.

        Raises
        ------
        InputError
            They take more than `MAX_SPOOL_BYTES`, or are damaged.
        """
        spool = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            while chunk := self.body.read(BUFFER_BYTES):
                spool.write(chunk)
                if spool.tell() > MAX_SPOOL_BYTES:
                    raise InputError(
                        f"unpacks to more than {MAX_SPOOL_BYTES:,} bytes; unpack it first"
                    )
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
    nuls = [head[at::4].count(0) / max(1, len(head[at::4])) for at in range(4)]
    for codec, high in (("utf-32-le", nuls[2:]), ("utf-32-be", nuls[:2])):
        if min(high) > UNUSED_SHARE:
            return codec
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
