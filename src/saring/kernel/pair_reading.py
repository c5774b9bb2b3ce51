"""Compiled: a text's words, sentences and glued words in one walk."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from saring.kernel.loops import (
    CAPITAL,
    COMMA,
    DIGIT,
    ENDS,
    FACTOR,
    FALLBACK,
    FULL_STOP,
    LETTER,
    MISSING,
    SEED,
    SPACE,
    WORD,
    Int,
    Numbers,
    native,
    slot_of,
)
from saring.models.pair_features import LEAD_CHARS, LEAD_WORDS
from saring.text import MAX_LINE_CHARS

# Room for a text as the kernel of pairs reads it, and what is found there.


# What is counted of a text: different words; words; those and the glued ones taken apart; words of
# its title; parts in its title; words of the first `LEAD_CHARS`; glued runs; runs of words between
# what may end a sentence; words of title and lead. Whether Python must be asked about it.
(DISTINCT, PLAIN, SPOKEN, TITLE_WORDS, TITLE_PARTS, EARLY, GLUED, SENTENCES, N_LEAD, MASK,
 FALLBACKS, SIZES) = range(12)  # fmt: skip
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


# Where sentences end, as far as the kernel knows: `sentences.Splitter` knows the rest.


# Whether a mark ends a sentence. Where Punkt's rules are long the kernel does not know.
NO, PERHAPS, SURE = range(3)
# What is noted of a term: it is an abbreviation; some abbreviation ends with it.
ABBREVIATION, ABBREVIATION_END = 1, 2
ABBREVIATIONS = ABBREVIATION | ABBREVIATION_END

BLANK, UNBROKEN, SMALL_A, SMALL_Z, CAPITAL_A, CAPITAL_Z = map(ord, " \xa0azAZ")
# Source: str.splitlines.
LINE_BREAKS = tuple(map(ord, "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
# Source: NLTK's PunktLanguageVars, as in `sentences`.
QUOTES = tuple(map(ord, '"“'))
NO_WORDS = tuple(map(ord, ")\";}]*:@'({[‘’“”«»?!"))


@native()
def ends_sentence(points: Numbers, letters: Numbers, i: Int, run: Int, note: Int) -> Int:
    """Return whether a mark ends a sentence; a word of `run` characters stands before it.

    `note` is what is noted of that word. Only cases in which `sentences.Splitter` does not look
    farther, or looks at few letters of one more word, are decided.
    """
    abbreviation = note & ABBREVIATIONS
    if i == 0 or i + 1 == len(points):
        return PERHAPS
    behind, before = points[i + 1], points[i - 1]
    if not (behind in NO_WORDS or letters[i + 1] & SPACE):
        return NO
    if not _is_last(points, letters, i + 1):
        return PERHAPS
    if points[i] != FULL_STOP or before in NO_WORDS:
        return SURE
    if run > 1 and abbreviation == 0 and not _is_number(letters, i - run, i):
        return SURE
    if run == 0:
        return PERHAPS
    at = i + 1
    while at < len(points) and (points[at] == BLANK or points[at] == UNBROKEN):
        at += 1
    if run > 1 and abbreviation == 0:
        return SURE if at < len(points) and _begins(points[at]) else PERHAPS
    alone = i == run or points[i - run - 1] == BLANK
    short = run == 1 and (is_small(before) or is_capital(before))
    short |= run > 1 and note & ABBREVIATION != 0
    return NO if alone and short and _is_word(points, letters, at) else PERHAPS


@native()
def _is_last(points: Numbers, letters: Numbers, i: Int) -> bool:
    """Whether no other mark stands before the next blank: the last one of a word counts."""
    for k in range(i, len(points)):
        if points[k] == BLANK or breaks_line(points[k]):
            return True
        if letters[k] & ENDS:
            return False
    return True


@native()
def _begins(point: Int) -> bool:
    """Whether a sentence may begin with this, also behind a number."""
    return is_capital(point) or point in QUOTES


@native()
def _is_number(letters: Numbers, i: Int, end: Int) -> bool:
    """Whether all are digits."""
    while i < end and letters[i] & DIGIT:
        i += 1
    return bool(i == end)


@native()
def _is_word(points: Numbers, letters: Numbers, i: Int) -> bool:
    """Whether letters of ASCII, and maybe a comma, are all that stands from here to a space."""
    at = i
    while at < len(points) and (is_small(points[at]) or is_capital(points[at])):
        at += 1
    if at == i:
        return False
    if at < len(points) and points[at] == COMMA:
        at += 1
    return bool(letters[at] & SPACE)


@native()
def is_small(point: Int) -> bool:
    """Whether it is a small letter of ASCII."""
    return bool(SMALL_A <= point <= SMALL_Z)


@native()
def is_capital(point: Int) -> bool:
    """Whether it is a capital of ASCII."""
    return bool(CAPITAL_A <= point <= CAPITAL_Z)


@native()
def breaks_line(point: Int) -> bool:
    """Whether a line ends with this."""
    return bool(point != BLANK and point in LINE_BREAKS)


# A text read by the kernel of pairs: its words, where they stand, which sentences part them.


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
    text.sizes[FALLBACKS] = seen & FALLBACK
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
                sizes[FALLBACKS] |= i - line > MAX_LINE_CHARS
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
                    note(text, word, np.int64(text.spoken[FINE, at]), np.int64(text.spoken[COARSE, at]))
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
    """Whether a word begins here that is glued to the one before, as `related terms` says."""
    if i < GLUED_BEFORE or i + GLUED_BEHIND >= len(points) or not is_capital(points[i]):
        return False
    whole = True
    for k in range(i - GLUED_BEFORE, i + GLUED_BEHIND + 1):
        whole &= k == i or is_small(points[k])
    return whole


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
        sizes[FALLBACKS] = 1  # its end cuts a word in two
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
