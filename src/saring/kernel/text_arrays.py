"""Texts as flat arrays, slices of them for threads, and whether a compiled kernel is kept."""

from __future__ import annotations

import os
import pickle
import pickletools
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

from saring.errors import ConfigError

if TYPE_CHECKING:
    from pyarrow import Array

# Texts to score: Python's strings, or an Arrow array of type string or large_string.
Strings: TypeAlias = Union[Sequence[str], "Array"]
_OFFSETS = {"string": np.int32, "large_string": np.int64}
# Cut emoji leave lone surrogates in Python's strings.
_ENCODING, _ERRORS = "utf-8", "surrogatepass"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Texts as flat arrays: text i is ``data[offsets[i]:offsets[i + 1]]``."""

    data: NDArray[np.uint8]  # UTF-8 of all texts
    offsets: NDArray[np.int64]  # one more than there are texts

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
    """Return texts as flat arrays; those of an Arrow array are not copied. TypeError for one of another type."""
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


# The variable that says how many threads this process may have: who keeps several busy gives each its share.
THREADS = "SARING_THREADS"
# Some five milliseconds of work: more than a thread costs, and few enough bytes that threads end together.
SLICE_BYTES = 1 << 20


def cores() -> int:
    """Return how many threads or processes can run side by side."""
    if hasattr(os, "sched_getaffinity"):  # in a container there are fewer than the machine has
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _threads() -> int:
    """Return how many threads this process may have."""
    given = os.environ.get(THREADS) or "0"
    if not re.fullmatch("[0-9]{1,4}", given):
        raise ConfigError(f"{THREADS}: found {given!r}; expected a number of threads")
    return int(given) or cores()


def in_slices(work: Callable[[int, int], None], columns: Sequence[Column]) -> None:
    """Call `work` with the first row of each slice of the columns, all of one length, and the one behind its last.

    The kernel releases the GIL, so that several threads work at once: as many as the variable SARING_THREADS says, or
    else as there are cores for this process.
    """
    n, size = len(columns[0]), sum([column.size for column in columns])
    # In this order: a single article is not to wait for what the system says of its threads.
    if size <= SLICE_BYTES or (threads := _threads()) == 1:
        work(0, n)
        return
    ends = sum(column.offsets[1:] - column.offsets[0] for column in columns)
    marks = np.searchsorted(ends, np.arange(SLICE_BYTES, size, SLICE_BYTES))
    cuts = sorted({0, *marks.tolist(), n})
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, start, stop) for start, stop in pairwise(cuts)]:
            done.result()


# What is compiled into the one entry that is made of several files.
PAIR_SOURCES = (
    "saring.kernel.pair_loops", "saring.kernel.pair_sharing", "saring.kernel.pair_reading",
    "saring.kernel.loops", "saring.models.pair_features", "saring.text",
)  # fmt: skip
_KEPT = re.compile(rb"^ *@native\((?!\)|allocates=)", re.MULTILINE)  # before a function that numba keeps


def digest(*modules: str) -> str:
    """Return a digest of what stands in modules of saring.

    Numba compiles anew when the file of a kept function has changed, or what the function closes over, and knows
    nothing of the other files whose functions and constants went into it. An entry made of several files closes over
    this.
    """
    found = sha256()
    for module in modules:
        package, _, name = module.rpartition(".")
        found.update((files(package) / f"{name}.py").read_bytes())
    return found.hexdigest()


def kernel_is_kept() -> bool:
    """Return whether the kernel is where numba keeps it, as its files are now, without importing numba.

    Numba alone knows whether it fits the processor, and a third place, for folders that nobody may write to. Who is to
    start several processes makes the kernel first where this says no: each of them would make it.
    """
    try:
        closed_over = pickle.dumps((digest(*PAIR_SOURCES),), protocol=4)  # as numba does
        return _are_kept("loops", b"") and _are_kept("pair_loops", closed_over)
    except (OSError, PackageNotFoundError):
        return False


def _are_kept(name: str, closed_over: bytes) -> bool:
    """Return whether this numba has kept the functions of a file: of these very bytes, and of what they close over."""
    path = Path(__file__).with_name(f"{name}.py")
    source = path.read_bytes()
    stamps = sha256(source).digest(), sha256(closed_over).hexdigest().encode()
    index = f"{name}.*.py{sys.version_info.major}{sys.version_info.minor}*.nbi"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    found = Path(chosen).glob(f"*/{index}") if chosen else path.parent.glob(f"__pycache__/{index}")
    kept = [(file.name.partition("-")[0], file.read_bytes()) for file in found]
    current = {
        function for function, data in kept if _maker(data) == version("numba") and all(s in data for s in stamps)
    }
    return len(current) >= len(_KEPT.findall(source))


def _maker(data: bytes) -> object:
    """Return the version of numba that an index begins with; it is looked at, and not unpickled."""
    try:
        return next(value for _, value, _ in pickletools.genops(data) if isinstance(value, str))
    except (ValueError, StopIteration):
        return None
