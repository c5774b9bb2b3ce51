"""Named numpy arrays and lists of strings, to and from one .npz file with the same bytes each time.

An .npz file is a zip of .npy members. Written here it also holds one JSON member that says what
the arrays are. Reading never unpickles: an array of Python objects is refused by numpy itself.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.errors import BundleError

__all__ = ["Strings", "read_npz", "write_npz"]

TREE = "tree.json"
PLAIN_KINDS = frozenset("biufU")  # numpy's kinds without Python objects: bool, int, float, string
# The file system's clock must not enter the bytes: the same model gives the same digest.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_COMPRESSION = 6  # zlib's own default; 9 took three times as long for 1% less
# Bundles are tens of megabytes; a member that unfolds to more than this is a zip bomb.
MAX_MEMBER_BYTES = 2 << 30
# What zipfile, numpy and json raise for bytes that are not theirs (found by altering files).
_DAMAGE = (
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
# Texts hold lone surrogates now and then (cut emoji); they must survive the round trip.
_ENCODING, _ERRORS = "utf-8", "surrogatepass"


@dataclass(frozen=True, slots=True)
class Strings:
    """A list of strings as flat arrays.

    Attributes
    ----------
    blob : NDArray[np.uint8]
        UTF-8 of all strings, one after the other; shape ``(n_bytes,)``.
    lengths : NDArray[np.uint32]
        Bytes of each string; shape ``(n_strings,)``. ``np.cumsum(lengths)`` gives the ends.
    """

    blob: NDArray[np.uint8]
    lengths: NDArray[np.uint32]

    @classmethod
    def of(cls, strings: Iterable[str]) -> Strings:
        """Return the flat form of `strings`."""
        encoded = [string.encode(_ENCODING, _ERRORS) for string in strings]
        blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        return cls(blob, np.array([len(piece) for piece in encoded], dtype=np.uint32))

    def tolist(self) -> list[str]:
        """Return the strings; ValueError when blob and lengths do not fit together."""
        ends = np.concatenate([[0], self.lengths]).cumsum(dtype=np.int64)
        if ends[-1] != len(self.blob):
            raise ValueError(f"strings of {len(self.blob)} bytes whose lengths make {ends[-1]}")
        # One decoding for all: a vocabulary of 100,000 terms in 10 ms, not 40.
        text = self.blob.tobytes().decode(_ENCODING, _ERRORS)
        if len(text) < len(self.blob):
            begins = self.blob & 0xC0 != 0x80  # of characters; the bytes inside one begin with 10
            if not begins[ends[ends < len(begins)]].all():
                raise ValueError("strings that end inside a character")
            ends = np.concatenate([[0], begins.cumsum()])[ends]
        return [text[start:end] for start, end in pairwise(ends.tolist())]


def write_npz(tree: Any, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of an .npz file with `arrays` and the JSON value `tree`.

    Equal input gives equal bytes. Array order in memory (C or Fortran) is kept.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        _add(archive, TREE, json.dumps(tree, allow_nan=False, indent=1).encode("ascii"))
        for key, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            _add(archive, f"{key}.npy", member.getvalue())
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Write one member without a clock, an owner or a system's name."""
    member = zipfile.ZipInfo(name, date_time=_EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3  # Unix everywhere, or Windows would give other bytes
    member.external_attr = 0o644 << 16
    archive.writestr(member, data, compresslevel=_COMPRESSION)


def read_npz(data: bytes, where: str) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return the JSON value and the arrays of an .npz file.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        Its name, for messages.

    Raises
    ------
    BundleError
        When it is no such file, holds Python objects, or unfolds to more than 2 GiB.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: _member(archive, info) for info in archive.infolist()}
            tree = json.loads(members.pop(TREE))
            arrays = {name.removesuffix(".npy"): _array(raw) for name, raw in members.items()}
    except _DAMAGE as error:
        raise BundleError(
            f"{where}: expected an .npz of plain arrays and {TREE}, found: {error}; "
            "train the model again or fetch an undamaged copy"
        ) from error
    return tree, arrays


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return one member's bytes, not more than the cap, packed only as `write_npz` packs."""
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise ValueError(f"member {info.filename!r} packed by method {info.compress_type}")
    if info.file_size > MAX_MEMBER_BYTES:
        raise ValueError(f"member {info.filename!r} unfolds to {info.file_size} bytes")
    return archive.read(info)


def _array(raw: bytes) -> NDArray[Any]:
    """Return the array of one .npy member, which must fill it to the last byte."""
    stream = io.BytesIO(raw)
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    if array.dtype.kind not in PLAIN_KINDS:
        raise ValueError(f"an array of dtype {array.dtype}")
    if stream.tell() != len(raw):
        raise ValueError("bytes behind the end of an array")
    return array
