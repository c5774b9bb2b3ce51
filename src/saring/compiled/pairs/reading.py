"""A text read by the kernel of pairs: its words, where they stand, which sentences part them.

Parts of `comparing`, which is compiled; here is no entry. A text is a run of code points. What
`pairs.host` and `pairs.kin` find with strings, one walk finds with the hashes of `kernel`; places
count code points from the text's beginning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from saring.compiled.kernel import (
    ASK,
    CAPITAL,
    COMMA,
    ENDS,
    FACTOR,
    LETTER,
    MISSING,
    SEED,
    SPACE,
    WORD,
)
from saring.compiled.native import Int, Numbers, native
from saring.compiled.pairs.stops import (
    BLANK,
    NO,
    SURE,
    breaks_line,
    ends_sentence,
    is_capital,
    is_small,
)
from saring.compiled.pairs.text import (
    ASKS,
    COARSE,
    EARLY,
    FINE,
    GLUED,
    HEADING,
    IN_LEAD,
    LEAD,
    MARKS,
    MASK,
    N_LEAD,
    NAMED,
    NOTE,
    PLAIN,
    SENTENCES,
    SPOKEN,
    TITLE_PARTS,
    TITLE_WORDS,
    UNGLUED,
    WHICH,
    Text,
    meet,
    note,
)
from saring.pairs.host import LEAD_CHARS, LEAD_WORDS
from saring.sentences import MAX_LINE_CHARS

__all__ = ["NO_TITLE", "QUAD", "ZERO", "mark_lead", "read"]

DIGIT_0, DIGIT_9 = map(ord, "09")
# Numba compiles a function once more where it is called with a number as it is written here.
ZERO: Any = np.int64(0)
NO_TITLE: Any = np.int64(-1)
QUAD = 4  # letters that are looked at together
GLUED_BEFORE, GLUED_BEHIND = 3, 2  # small letters around the capital where a space was lost


@native()
def read(points: Numbers, title: Int, chars: Numbers, terms: Any, text: Text) -> None:
    """Read a text that begins with a title of so many characters and a line break, or `NO_TITLE`.

    `terms`: the table of terms, and what is noted of each.
    """
    n = len(points)
    text.sizes[:] = 0
    size = 2
    while size <= n:
        size *= 2
    text.sizes[MASK] = size - 1
    text.table[:size] = 0
    seen = np.uint32(0)
    for i in range(n):
        entry = chars[points[i]]
        text.letters[i] = entry
        seen |= entry
    text.letters[n] = SPACE
    for i in range(n - QUAD + 1):
        text.quads[i] = _quad(text.letters, i)
    text.sizes[ASKS] = seen & ASK
    _walk(points, title, terms, text)
    text.sizes[PLAIN] = text.sizes[SPOKEN]
    _take_apart(points, title, terms, text)


@native()
def _quad(letters: Numbers, i: Int) -> np.uint32:
    """Return four letters in short: equal ones are equal, others seldom."""
    return np.uint32(
        (letters[i] & 0xFF)
        | (letters[i + 1] & 0xFF) << 8
        | (letters[i + 2] & 0xFF) << 16
        | (letters[i + 3] & 0xFF) << 24
    )


@native()
def _walk(points: Numbers, title: Int, terms: Any, text: Text) -> None:
    """Find the words, and what stands between them."""
    letters, sizes = text.letters, text.sizes
    hashed, run, token, spoken, glued = SEED, ZERO, ZERO, ZERO, False
    fine, coarse, line = ZERO, ZERO, title + 1
    for i in range(len(points) + 1):
        entry = letters[i]
        if entry & WORD:
            hashed = (hashed ^ np.uint64(entry & LETTER)) * FACTOR
            run += 1
            glued |= entry & CAPITAL and _lost_space(points, i)
            continue
        word = MISSING
        if run > 1:
            word = meet(text, hashed, i - run, run, terms)
            note(text, word, fine, coarse)
            text.words[UNGLUED, word] += 1
            sizes[EARLY] += i <= title + 1 + LEAD_CHARS
            if _inside(points, letters, i - run, title + 1):
                text.words[MARKS, word] |= NAMED
        if entry & ENDS and i > title:
            about = text.words[NOTE, word] if word != MISSING else 0
            verdict = ends_sentence(points, letters, i, run, about)
            fine += verdict != NO
            coarse += verdict == SURE
        if entry & SPACE:
            if glued:
                at = sizes[GLUED]
                text.glued[at, 0], text.glued[at, 1], text.glued[at, 2] = token, i, spoken
                sizes[GLUED] += 1
            token, spoken, glued = i + 1, sizes[SPOKEN], False
            if i == title:
                sizes[TITLE_WORDS] = sizes[SPOKEN]
                sizes[EARLY] = 0
            if i == len(points) or (i >= title and breaks_line(points[i])):
                sizes[ASKS] |= i - line > MAX_LINE_CHARS
                fine, coarse, line = fine + 1, coarse + 1, i + 1
        hashed, run = SEED, ZERO
    sizes[SENTENCES] = fine + 1


@native()
def _take_apart(points: Numbers, title: Int, terms: Any, text: Text) -> None:
    """Note the words of runs in which some are glued, taken apart, behind all others."""
    for k in range(text.sizes[GLUED]):
        begin, end, at = text.glued[k]
        hashed, run, whole = SEED, ZERO, ZERO
        for i in range(begin, end + 1):
            entry = text.letters[i] if i < end else SPACE
            in_word = entry & WORD != 0
            if run > 0 and not (in_word and not _lost_space(points, i)):
                if run > 1:
                    word = meet(text, hashed, i - run, run, terms)
                    note(
                        text,
                        word,
                        np.int64(text.spoken[FINE, at]),
                        np.int64(text.spoken[COARSE, at]),
                    )
                hashed, run = SEED, ZERO
            if in_word:
                hashed = (hashed ^ np.uint64(entry & LETTER)) * FACTOR
                run += 1
                whole += 1
            else:
                at += whole > 1
                whole = 0
        if begin < title:
            text.sizes[TITLE_PARTS] = text.sizes[SPOKEN] - text.sizes[PLAIN]


@native()
def _lost_space(points: Numbers, i: Int) -> bool:
    """Whether a word begins here that is glued to the one before, as `kin` says."""
    if i < GLUED_BEFORE or i + GLUED_BEHIND >= len(points) or not is_capital(points[i]):
        return False
    for k in range(i - GLUED_BEFORE, i + GLUED_BEHIND + 1):
        if k != i and not is_small(points[k]):
            return False
    return True


@native()
def _inside(points: Numbers, letters: Numbers, begin: Int, body: Int) -> bool:
    """Whether a word begins with a capital inside a sentence, as `vocabulary` says."""
    if begin - 2 < body or points[begin - 1] != BLANK or not letters[begin] & CAPITAL:
        return False
    before = points[begin - 2]
    return is_small(before) or before == COMMA or DIGIT_0 <= before <= DIGIT_9


@native()
def mark_lead(text: Text, title: Int, chars: Int) -> None:
    """Mark the words of the title, and of the lead as `pairs.host` has it; line them up."""
    sizes = text.sizes
    n_plain = min(LEAD_WORDS, sizes[PLAIN] - sizes[TITLE_WORDS])
    if chars - title - 1 > LEAD_CHARS and sizes[EARLY] < LEAD_WORDS:
        sizes[ASKS] = 1  # its end cuts a word in two
        return
    parts = sizes[PLAIN] + sizes[TITLE_PARTS]
    n_parts = min(LEAD_WORDS - n_plain, sizes[SPOKEN] - parts)
    _line_up(text, ZERO, sizes[TITLE_WORDS], HEADING)
    _line_up(text, sizes[PLAIN], parts, HEADING)
    _line_up(text, sizes[TITLE_WORDS], sizes[TITLE_WORDS] + n_plain, IN_LEAD)
    _line_up(text, parts, parts + n_parts, IN_LEAD)


@native()
def _line_up(text: Text, start: Int, stop: Int, mark: Int) -> None:
    """Mark words, and put them behind those that were lined up."""
    for at in range(start, stop):
        word = text.spoken[WHICH, at]
        text.words[MARKS, word] |= mark
        text.spoken[LEAD, text.sizes[N_LEAD]] = word
        text.sizes[N_LEAD] += 1
