"""What the kernel knows of each code point: its small letter, and whether it makes words."""

from __future__ import annotations

import re
import sys
from functools import cache

import numpy as np
from numpy.typing import NDArray

from saring.compiled.kernel import ASK, CAPITAL, DIGIT, ENDS, SPACE, WORD
from saring.strangeness import SENTENCE_ENDS

__all__ = ["letters"]

_MARKS = {WORD: r"\w+", DIGIT: r"\d+", SPACE: r"\s+", ENDS: f"[{SENTENCE_ENDS}]"}
# Their small letters are no single code point, or hang on their neighbours: İ is two, Σ at the end
# of a word another than inside. A text with one of them is left to Python.
_NOT_ALONE = [ord(letter) for letter in "\u0130\u03a3"]
_PLANES = 4  # beyond, Unicode has neither letters nor blanks


@cache
def letters() -> NDArray[np.uint32]:
    r"""Return small letter and marks of each code point, as Python sees them, shape (0x110000,).

    Marks are `WORD`, `DIGIT` and `SPACE`, which are ``\w``, ``\d`` and ``\s`` of `re`, `ENDS` of
    sentences, and `CAPITAL`, which is `str.isupper`; or `ASK` alone, where `str.lower` must be
    asked.
    """
    found = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    points = found[: _PLANES << 16].astype("<u4")
    points[_NOT_ALONE] = 0
    written = points.tobytes().decode("utf-32-le", "surrogatepass")
    text = written.lower()
    found[: len(text)] = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    for mark, pattern in _MARKS.items():
        for run in re.finditer(pattern, text):
            found[slice(*run.span())] |= mark
    found[: len(text)][[letter.isupper() for letter in written]] |= CAPITAL
    found[_NOT_ALONE] = ASK
    return found
