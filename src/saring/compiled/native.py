"""How the kernel is compiled: the decorator, and the types of what it is given."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.types import Array, Tuple, float64, int32, int64, uint8, uint32, uint64
from numpy.typing import NDArray

__all__ = ["HEADLINES", "NEEDLES", "PAIRS", "TOPICS", "Found", "Int", "Numbers", "Table", "digest",
           "native"]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
Numbers = NDArray[Any]
Int = Any  # numba's int64, which is NumPy's and Python's at once
Table = tuple[Numbers, Numbers, Numbers]
Found = tuple[np.uint64, Int, Int, Int, np.uint32]

# Bytes and offsets may be Arrow's own, which nobody may write to.
_BYTES, _ENDS = Array(uint8, 1, "C", readonly=True), Array(int64, 1, "C", readonly=True)
_TEXTS = Tuple((_BYTES, _ENDS))
_CHARS = uint32[::1]
_TABLE = Tuple((uint64[::1], int32[::1], uint8[::1]))
_LEXICON = Tuple((float64[::1], int32[::1], int32[::1]))
_FIELD = float64[:, ::1]
_FIELDS = Tuple((_FIELD, _FIELD, _FIELD))
_ROWS = (int64, int64)  # the first, and the one behind the last
_FILLED = (_FIELD, _FIELD)
# What the compiled functions take.
TOPICS = (
    _TEXTS, _TEXTS, *_ROWS, int64, _CHARS, _TABLE, _FIELDS, _FIELD, _LEXICON, *_FILLED,
)  # fmt: skip
HEADLINES = (_TEXTS, *_ROWS, _CHARS, _TABLE, _TABLE, _FIELDS, _LEXICON, *_FILLED)
_NUMBERS = int32[::1]
_PLACES = int64[::1]
NEEDLES = (
    _BYTES, _ENDS, uint8[::1], uint8[::1], *[_NUMBERS] * 4, _PLACES, _PLACES, int64[:, ::1],
)  # fmt: skip
_POINTS = Array(uint32, 1, "C", readonly=True)
_KNOWN = Tuple((_FIELD, *[_NUMBERS] * 4, float64[::1], float64[::1], _FIELD))
PAIRS = (
    Tuple((_POINTS, _PLACES, _PLACES)), Tuple((_POINTS, _PLACES)), _PLACES, *_ROWS, _CHARS, _TABLE,
    _KNOWN, _FIELD, int32[:, ::1], _FIELD, int64[:, ::1],
)  # fmt: skip


def native(*signature: Any) -> Callable[[F], F]:
    """Return the decorator of a compiled function; one with a signature is kept on disk.

    A function with a signature is compiled when it is defined, or read from the disk; the others
    become parts of those that call them: to hand over arrays takes longer than most of them do. So
    Python cannot call these, and the third of their compilation that it would need is left out.
    What was compiled is called as it is. By way of numba's choice among types, of which there is
    one here, the first call would import numpy.ma, a tenth of what a process takes to start.
    """
    options = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    if not signature:
        part = numba.njit(forceinline=True, no_cpython_wrapper=True, **options)
        return cast(Callable[[F], F], part)

    if numba.config.DISABLE_JIT:
        raise ImportError("NUMBA_DISABLE_JIT is set")

    def compiled(function: F) -> F:
        [made] = numba.njit(signature, cache=True, **options)(function).overloads.values()
        return cast(F, made.entry_point)

    return compiled


def digest(*modules: str) -> str:
    """Return a digest of what stands in modules of saring.

    Numba compiles anew when the file of a kept function has changed, or what the function closes
    over, and knows nothing of the other files whose functions and constants went into it. An entry
    made of several files closes over this.
    """
    found = sha256()
    for module in modules:
        package, _, name = module.rpartition(".")
        found.update((files(package) / f"{name}.py").read_bytes())
    return found.hexdigest()
