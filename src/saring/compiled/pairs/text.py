"""Room for a text as the kernel of pairs reads it, and what is found there.

Parts of `comparing`; here is no entry.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from saring.compiled.kernel import MISSING, slot_of
from saring.compiled.native import Int, Numbers, native

__all__ = [
    "AFTER", "ASKS", "BEGIN", "COARSE", "DISTINCT", "EARLY", "FINE", "FIRST", "GLUED", "HEADING",
    "IN_LEAD", "LAST", "LEAD", "LENGTH", "MARKS", "MASK", "NAMED", "NOTE", "N_LEAD", "PLAIN",
    "SENTENCES", "SLOT", "SPOKEN", "TIMES", "TITLE_PARTS", "TITLE_WORDS", "UNGLUED", "WHICH",
    "Text", "find", "meet", "neighbours", "note", "room",
]  # fmt: skip

# What is counted of a text: different words; words; those and the glued ones taken apart; words of
# its title; parts in its title; words of the first `LEAD_CHARS`; glued runs; runs of words between
# what may end a sentence; words of title and lead. Whether Python must be asked about it.
(DISTINCT, PLAIN, SPOKEN, TITLE_WORDS, TITLE_PARTS, EARLY, GLUED, SENTENCES, N_LEAD, MASK, ASKS,
 SIZES) = range(12)  # fmt: skip
WHICH, FINE, COARSE, AFTER, LEAD, SPOKEN_ROWS = range(6)
SLOT, NOTE, BEGIN, LENGTH, TIMES, UNGLUED, FIRST, LAST, MARKS, WORD_ROWS = range(10)
# What is noted of a word: it has a capital inside a sentence; it stands in the title, in the lead.
NAMED, HEADING, IN_LEAD = 1, 2, 4


class Text(NamedTuple):
    """Room for what is found in a text. It is few arrays, for each costs time when it is passed on.

    Attributes
    ----------
    letters, quads : (n,) arrays
        Small letter and marks of each code point; that and the three letters behind it, in short.
    spoken : (SPOKEN_ROWS, n) array
        Of each word in order, the parts of glued ones last, in row `WHICH` its number; in `FINE`
        its sentence, if every mark that may end one does; in `COARSE`, if only those do that surely
        do; in `AFTER` where the same word comes next. In row `LEAD` the words of title and lead.
    words : (WORD_ROWS, n) array
        Of each different word, in the order in which they are met: slot, and what is noted of it;
        where it begins, and its length; how often it stands there, and how often not as a part of
        glued ones; where first and where last; and what is noted of it here.
    hashes : (n,) array
        Of each different word.
    table : array
        Places of hashes: number of the word and 1.
    glued : (n, 3) array
        Runs in which words are glued: begin, end, and how many words come before.
    sizes : (SIZES,) array
    """

    letters: Numbers
    quads: Numbers
    spoken: Numbers
    words: Numbers
    hashes: Numbers
    table: Numbers
    glued: Numbers
    sizes: Numbers


@native()
def room(chars: Int) -> Text:
    """Return room for a text of so many code points."""
    size = 2
    while size <= chars:
        size *= 2
    n = chars + 2  # words are of two letters and more, parts of three: together not as many
    return Text(
        np.empty(n, np.uint32), np.empty(n, np.uint32), np.empty((SPOKEN_ROWS, n), np.int32),
        np.empty((WORD_ROWS, n), np.int32), np.empty(n, np.uint64), np.empty(size, np.int32),
        np.empty((n // 6 + 1, 3), np.int32), np.empty(SIZES, np.int64),
    )  # fmt: skip


@native()
def _place(text: Text, hashed: np.uint64) -> Int:
    """Return where in the table a word is, or would be."""
    mask = text.sizes[MASK]
    i = np.int64(hashed >> np.uint64(32)) & mask
    while text.table[i] != 0 and text.hashes[text.table[i] - 1] != hashed:
        i = (i + 1) & mask
    return i


@native()
def find(text: Text, hashed: np.uint64) -> Int:
    """Return the number of a word, `MISSING` where the text lacks it."""
    return np.int64(text.table[_place(text, hashed)]) - 1


@native()
def neighbours(text: Text, one: Int, two: Int) -> Int:
    """Return how often a word stands directly before another."""
    found, at = 0, np.int64(text.words[FIRST, one])
    while at >= 0:
        if at + 1 < text.sizes[SPOKEN] and text.spoken[WHICH, at + 1] == two:
            found += 1
        at = np.int64(text.spoken[AFTER, at])
    return found


@native()
def meet(text: Text, hashed: np.uint64, begin: Int, length: Int, terms: Any) -> Int:
    """Return the number of a word, a new one where it was not met before."""
    place = _place(text, hashed)
    if text.table[place] != 0:
        return np.int64(text.table[place]) - 1
    word = text.sizes[DISTINCT]
    text.sizes[DISTINCT] += 1
    text.table[place] = word + 1
    slot = slot_of(hashed, terms[0])
    text.hashes[word], text.words[SLOT, word], text.words[NOTE, word] = hashed, slot, terms[1][slot]
    text.words[BEGIN, word], text.words[LENGTH, word] = begin, length
    text.words[TIMES, word] = text.words[UNGLUED, word] = text.words[MARKS, word] = 0
    return word


@native()
def note(text: Text, word: Int, fine: Int, coarse: Int) -> None:
    """Note that a word stands here."""
    at = text.sizes[SPOKEN]
    text.spoken[WHICH, at], text.spoken[AFTER, at] = word, MISSING
    text.spoken[FINE, at], text.spoken[COARSE, at] = fine, coarse
    if text.words[TIMES, word] == 0:
        text.words[FIRST, word] = at
    else:
        text.spoken[AFTER, text.words[LAST, word]] = at
    text.words[LAST, word] = at
    text.words[TIMES, word] += 1
    text.sizes[SPOKEN] += 1
