"""Words of one text looked for inside those of another, all of them on one walk.

Parts of `comparing`; here is no entry.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from saring.compiled.kernel import LETTER
from saring.compiled.native import Int, Numbers, native
from saring.compiled.pairs.reading import QUAD
from saring.compiled.pairs.text import BEGIN, LENGTH, Text
from saring.pairs.host import MIN_STEM_CHARS

__all__ = ["COUNT", "WORD", "Sought", "find_inside", "seek", "sought_for"]

PLACE_BITS = 10  # many more places than words: most letters of a text lead to an empty one
PLACE_FACTOR = np.uint64(0x9E3779B1)
WORD, CHAIN, COUNT, FREE, ROWS = range(5)


class Sought(NamedTuple):
    """Room for the words that are looked for.

    Attributes
    ----------
    places : array
        Number and 1 of the last word that begins with letters of this place.
    rows : (ROWS, n) array
        Of each word its number in its text; the one before of its place; how often it was found,
        and where its next find may begin.
    """

    places: Numbers
    rows: Numbers


@native()
def sought_for(n: Int) -> Sought:
    """Return room for so many words."""
    return Sought(np.zeros(1 << PLACE_BITS, np.int32), np.zeros((ROWS, n), np.int32))


@native()
def seek(sought: Sought, n: Int, text: Text) -> None:
    """Look for words of a text, whose numbers are in row `WORD`.

    Short ones are left out: they stand inside too many others.
    """
    sought.places[:] = 0
    for k in range(n):
        word = sought.rows[WORD, k]
        if text.words[LENGTH, word] >= max(MIN_STEM_CHARS, QUAD):
            place = _place(text.quads[text.words[BEGIN, word]])
            sought.rows[CHAIN, k] = sought.places[place]
            sought.places[place] = k + 1


@native()
def _place(quad: Int) -> Int:
    """Return the place of words that begin with some letters."""
    spread = (np.uint64(quad) * PLACE_FACTOR) & np.uint64(0xFFFFFFFF)
    return np.int64(spread >> np.uint64(32 - PLACE_BITS))


@native()
def find_inside(sought: Sought, n: Int, text: Text, where: Text, chars: Int) -> None:
    """Count how often each of the words, which are a text's, stands in another text."""
    sought.rows[COUNT, :n] = 0
    sought.rows[FREE, :n] = 0
    for i in range(chars - QUAD + 1):
        k = np.int64(sought.places[_place(where.quads[i])]) - 1
        while k >= 0:
            word = sought.rows[WORD, k]
            begin, length = np.int64(text.words[BEGIN, word]), np.int64(text.words[LENGTH, word])
            if (
                where.quads[i] == text.quads[begin]
                and sought.rows[FREE, k] <= i <= chars - length
                and _same(where.letters, i, text.letters, begin, length)
            ):
                sought.rows[COUNT, k] += 1
                sought.rows[FREE, k] = i + length
            k = np.int64(sought.rows[CHAIN, k]) - 1


@native()
def _same(one: Numbers, i: Int, two: Numbers, k: Int, length: Int) -> bool:
    """Whether two runs of letters are one."""
    at = 0
    while at < length and not (one[i + at] ^ two[k + at]) & LETTER:
        at += 1
    return bool(at == length)
