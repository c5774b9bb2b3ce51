"""Texts as the kernel takes them: one run of UTF-8 bytes, and where each text begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyarrow import Array

__all__ = ["Column", "Strings", "as_column", "as_list"]

# What may be asked about: Python's strings, or an Arrow array of type string or large_string.
Strings: TypeAlias = Union[Sequence[str], "Array"]
_OFFSETS = {"string": np.int32, "large_string": np.int64}
# Cut emoji leave lone surrogates in Python's strings.
_ENCODING, _ERRORS = "utf-8", "surrogatepass"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Texts as flat arrays.

    Attributes
    ----------
    data : (n_bytes,) array of uint8
        UTF-8 of all texts.
    offsets : (n + 1,) array of int64
        Text i is ``data[offsets[i]:offsets[i + 1]]``.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> str:
        """Return one text."""
        found = self.data[self.offsets[i] : self.offsets[i + 1]]
        return found.tobytes().decode(_ENCODING, _ERRORS)

    @property
    def size(self) -> int:
        """Bytes of all texts."""
        return int(self.offsets[-1] - self.offsets[0])


def as_column(texts: Strings) -> Column:
    """Return texts as flat arrays; those of an Arrow array are not copied.

    Raises
    ------
    TypeError
        For an Arrow array of another type.
    """
    if not isinstance(texts, Sequence):
        return _of_arrow(texts)
    encoded = [text.encode(_ENCODING, _ERRORS) for text in texts]
    ends = accumulate(map(len, encoded), initial=0)
    data = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return Column(data, np.fromiter(ends, dtype=np.int64, count=len(encoded) + 1))


def as_list(texts: Strings) -> list[str]:
    """Return texts as Python's strings; a null is an empty one."""
    if isinstance(texts, Sequence):
        return list(texts)
    return [text or "" for text in texts.to_pylist()]


def _of_arrow(array: Array) -> Column:
    """Return the buffers of an Arrow array; a null is an empty text."""
    kind = str(array.type)
    if kind not in _OFFSETS:
        raise TypeError(
            f"an Arrow array of type {kind}; expected one of {', '.join(_OFFSETS)}: cast it, and "
            "combine the chunks of a column"
        )
    if array.null_count:
        array = array.fill_null("")
    _, places, data = array.buffers()
    if not len(array):
        return Column(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    offset_type = np.dtype(_OFFSETS[kind])
    first = array.offset * offset_type.itemsize
    offsets = np.frombuffer(places, offset_type, len(array) + 1, first)
    return Column(np.frombuffer(data or b"", np.uint8), offsets.astype(np.int64))
