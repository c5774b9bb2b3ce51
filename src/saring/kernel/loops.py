"""Compiled: UTF-8 bytes in, topic and clickbait scores out; importing this compiles it, once a machine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numba.types import Array, Tuple, float64, int32, int64, uint8, uint32, uint64
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
Numbers = NDArray[Any]
Int = Any  # numba's int64, which is NumPy's and Python's at once
Records = Any  # an array of a structured dtype
Table = tuple[Numbers, Numbers, Numbers]  # hashes of terms by place, their slots; whether each begins a longer term


def native(*signature: Any, allocates: bool = False) -> Callable[[F], F]:
    """Return the decorator of a compiled function; one with a signature is kept on disk.

    A function with a signature is compiled when it is defined, or read from the disk; the others become parts of
    those that call them: to hand over arrays takes longer than most of them do. So Python cannot call these, and the
    third of their compilation that it would need is left out. Nor do they count references to the arrays that they are
    given, which took a third of the time of pairs, but for those that make arrays (`allocates`).

    What was compiled is called as it is. By way of numba's choice among types, of which there is one here, the first
    call would import numpy.ma, a tenth of what a process takes to start.
    """
    options = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    if not signature:
        return cast(Callable[[F], F], numba.njit(forceinline=True, no_cpython_wrapper=True, _nrt=allocates, **options))
    if numba.config.DISABLE_JIT:
        raise ImportError("NUMBA_DISABLE_JIT is set")

    def compiled(function: F) -> F:
        [made] = numba.njit(signature, cache=True, **options)(function).overloads.values()
        return cast(F, made.entry_point)

    return compiled


class Marks(NamedTuple):
    """What is noted of a code point above its small letter (`LETTER`)."""

    word: Any  # \w
    digit: Any  # \d
    space: Any  # \s
    ends: Any  # it may end a sentence
    fallback: Any  # its small letter is no single code point, or hangs on its neighbours
    capital: Any


MARK = Marks(*(np.uint32(1 << bit) for bit in range(24, 30)))
LETTER = np.uint32(0x1FFFFF)
NOTHING: Any = np.uint32(0)
COMMA, FULL_STOP, ZERO = (ord(mark) for mark in ",.0")
# FNV-1a over code points, with a factor that spreads to the high bits, which find the place.
SEED = np.uint64(0xCBF29CE484222325)
FACTOR = np.uint64(0x9E3779B97F4A7C15)
PAIR_FACTOR = np.uint64(0xC2B2AE3D27D4EB4F)
FREE = np.uint64(0)
MISSING: Any = -1
# As in `saring.models.parameters`; here, too, for numba sees no change of another file.
MOST_TERM_WORDS = 4


@native()
def add_letter(hashed: np.uint64, letter: Int) -> np.uint64:
    """Return the hash of a word and one more letter."""
    return (hashed ^ np.uint64(letter & LETTER)) * FACTOR


@native()
def joined(one: np.uint64, two: np.uint64) -> np.uint64:
    """Return the hash of a word, or of a run of them, and the word behind it."""
    return (one * PAIR_FACTOR + two) * FACTOR


@native()
def slot_of(hashed: np.uint64, table: Table) -> Int:
    """Return the slot of a term, `MISSING` where the table does not know it."""
    keys, slots, _ = table
    mask = len(keys) - 1
    i = np.int64(hashed >> np.uint64(32)) & mask
    while keys[i] != FREE:
        if keys[i] == hashed:
            return np.int64(slots[i])
        i = (i + 1) & mask
    return MISSING


Token = tuple[np.uint64, Int, Int, Int, np.uint32]


@native()
def _point(data: Numbers, i: Int, end: Int) -> tuple[Int, Int]:
    """Return the code point that begins at `i`, and the index behind it."""
    lead = np.int64(data[i])
    if lead < 0x80:
        return lead, i + 1
    length = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2
    if lead < 0xC0 or i + length > end:  # no UTF-8, and no letter
        return 0xFFFD, i + 1
    point = lead & (0x7F >> length)
    for k in range(i + 1, i + length):
        point = point << 6 | (np.int64(data[k]) & 0x3F)
    return min(point, 0x10FFFF), i + length


@native()
def _word(data: Numbers, i: Int, end: Int, chars: Numbers) -> Token:
    """Return the next word of two letters or more: hash, where it begins and ends, where to go on.

    Last the marks of what stood before and behind it. It ends at `MISSING` when there is none.
    """
    hashed, length, begin, seen = SEED, 0, i, NOTHING
    while i < end:
        here = i
        point, i = _point(data, i, end)
        entry = chars[point]
        if entry & MARK.word:
            if length == 0:
                begin = here
            hashed = add_letter(hashed, entry)
            length += 1
            continue
        seen |= entry
        if length > 1:
            return hashed, begin, here, i, seen
        hashed, length = SEED, 0
    return hashed, begin, end if length > 1 else MISSING, end, seen


@native()
def _number(data: Numbers, i: Int, end: Int, chars: Numbers) -> Int:
    """Return the index behind the number at `i`: digits, also behind a point or comma."""
    while i < end:
        point, after = _point(data, i, end)
        if point in (COMMA, FULL_STOP) and after < end:
            point, after = _point(data, after, end)
        if not chars[point] & MARK.digit:
            break
        i = after
    return i


@native()
def _token(data: Numbers, i: Int, end: Int, chars: Numbers, cased: bool) -> Token:
    """Return the next number, word or mark as `_word` does; not `cased`, each number is a 0."""
    hashed, point, stop, entry = SEED, MISSING, end, MARK.space
    while i < end:
        point, stop = _point(data, i, end)
        entry = chars[point]
        if not entry & MARK.space:
            break
        i = stop
    if i == end:
        return hashed, end, MISSING, end, NOTHING
    begin, seen = i, entry
    is_number, is_word = bool(entry & MARK.digit), bool(entry & MARK.word)
    limit = _number(data, i, end, chars) if is_number else end
    while True:
        if not cased and entry & MARK.digit:
            point, stop = ZERO, _number(data, i, end, chars)
        elif not cased:
            point = np.int64(entry & LETTER)
        hashed, i = add_letter(hashed, np.uint32(point)), stop
        if i < limit:
            point, stop = _point(data, i, end)
            entry = chars[point]
        if i >= limit or not (is_number or (is_word and entry & MARK.word)):
            return hashed, begin, i, i, seen


OF_ARTICLE, SMALL, CASED = range(3)  # kinds of words
# What is noted of a row; where it needs a fallback, nothing else that is said of it counts.
FACTS = ("words", "body_words", "sentences", "rarity", "needs_fallback")
FACT = np.dtype([(name, "f8") for name in FACTS])


class Terms(NamedTuple):
    """What is looked up of letters and words."""

    chars: Numbers  # small letter and marks of each code point
    table: Table
    rarity: Numbers  # of each slot's term, last that of what is no term
    starts: Numbers  # where the groups of each slot begin in `groups`
    groups: Numbers


class Counts(NamedTuple):
    """What is counted of a row."""

    terms: Numbers  # by slot
    touched: Numbers  # slots of the terms that were met
    groups: Numbers
    # What goes on from text to text: how many slots were touched; and of the runs of one word, of two and so on that
    # end in the word before, the hashes of those with which a longer term begins.
    state: Numbers


@native(allocates=True)
def _counts(n_slots: Int, n_groups: Int) -> Counts:
    """Return room for counts, nothing counted."""
    state = np.zeros(MOST_TERM_WORDS, np.uint64)
    return Counts(np.zeros(n_slots, np.int32), np.empty(n_slots, np.int32), np.zeros(n_groups), state)


@native()
def _clear(counts: Counts) -> None:
    """Forget what was counted."""
    for slot in counts.touched[: np.int64(counts.state[0])]:
        counts.terms[slot] = 0
    counts.groups[:] = 0
    counts.state[:] = FREE


@native()
def _count(slot: Int, step: int, terms: Terms, counts: Counts) -> None:
    """Count a term."""
    if counts.terms[slot] == 0:
        counts.touched[np.int64(counts.state[0])] = slot
        counts.state[0] += np.uint64(1)
    counts.terms[slot] += step
    for k in range(terms.starts[slot], terms.starts[slot + 1]):
        counts.groups[terms.groups[k]] += step


@native()
def _count_runs(hashed: np.uint64, begun: np.uint64, step: int, terms: Terms, counts: Counts) -> None:
    """Count the terms of several words that a word ends, and note with which runs that it ends a term may go on.

    `begun` is the word, where a term may begin with it.
    """
    for k in range(1, MOST_TERM_WORDS):
        before, counts.state[k] = counts.state[k], begun
        begun = FREE
        if before == FREE:
            continue
        run = joined(before, hashed)
        slot = slot_of(run, terms.table)
        if slot != MISSING:
            _count(slot, step, terms, counts)
            if terms.table[2][slot]:
                begun = run


@native()
def _tally(
    kind: Int, data: Numbers, i: Int, end: Int, cut: Int, step: Int, terms: Terms, counts: Counts, fact: Any
) -> tuple[Int, Any]:
    """Count the words that end by `cut`; return where the next one begins, and the marks seen."""
    marks = NOTHING
    while True:
        if kind == OF_ARTICLE:
            hashed, begin, stop, i, seen = _word(data, i, end, terms.chars)
        else:
            hashed, begin, stop, i, seen = _token(data, i, end, terms.chars, kind == CASED)
        marks |= seen
        if stop == MISSING or stop > cut:
            return begin, marks
        word, begun = slot_of(hashed, terms.table), FREE
        if word != MISSING:
            _count(word, step, terms, counts)
            if terms.table[2][word]:
                begun = hashed
        _count_runs(hashed, begun, step, terms, counts)
        fact.words += 1
        fact.rarity += terms.rarity[word]  # the last one where the word is missing


@native()
def _add(scores: Numbers, weights: Numbers, times: float) -> None:
    """Add weights so many times."""
    for j in range(len(scores)):
        scores[j] += times * weights[j]


@native(allocates=True)
def _add_field(field: Numbers, counts: Counts, scores: Numbers) -> None:
    """Add to the scores what the TF-IDF of a field says: sublinear, L2-normed."""
    if not len(field):
        return
    square, sums = 0.0, np.zeros(len(scores))
    for slot in counts.touched[: np.int64(counts.state[0])]:
        idf, times = field[slot, 0], counts.terms[slot]
        if idf == 0 or times == 0:
            continue
        value = idf if times == 1 else idf * (1 + math.log(times))
        square += value * value
        _add(sums, field[slot, 1:], value)
    if square > 0:
        _add(scores, sums, 1 / math.sqrt(square))


@native(allocates=True)
def _add_lead(
    data: Numbers, i: Int, cut: Int, field: Numbers, terms: Terms, counts: Counts, fact: Any, scores: Numbers
) -> None:
    """Add the lead's field: what is counted so far, and the word that its end cuts in two, which is uncounted again."""
    before, words, rarity = counts.state.copy(), fact.words, fact.rarity
    for step in (1, -1):
        _tally(OF_ARTICLE, data, i, cut, cut, step, terms, counts, fact)
        if step > 0:
            _add_field(field, counts, scores)
        counts.state[:] = before
    fact.words, fact.rarity = words, rarity


@native()
def _lead_end(data: Numbers, i: Int, end: Int, chars: Int) -> Int:
    """Return the index behind so many characters."""
    for k in range(i, end):
        if data[k] & 0xC0 != 0x80:
            if chars == 0:
                return k
            chars -= 1
    return end


@native()
def _softmax(scores: Numbers) -> None:
    """Turn scores into probabilities."""
    highest, total = max(scores), 0.0
    for j, score in enumerate(scores):
        scores[j] = math.exp(score - highest)
        total += scores[j]
    for j in range(len(scores)):
        scores[j] /= total


# Bytes and offsets may be Arrow's own, which nobody may write to.
_TEXTS = Tuple((Array(uint8, 1, "C", readonly=True), Array(int64, 1, "C", readonly=True)))
CHARS, TABLE = uint32[::1], Tuple((uint64[::1], int32[::1], uint8[::1]))
_TERMS = numba.types.NamedTuple((CHARS, TABLE, float64[::1], int32[::1], int32[::1]), Terms)
_FIELD, _FACTS = float64[:, ::1], numba.from_dtype(FACT)[::1]
_FIELDS = Tuple((_FIELD, _FIELD, _FIELD))
_TOPIC_FIELDS = Tuple((_FIELD, _FIELD, _FIELD, _FIELD))


@native(_TEXTS, _TEXTS, int64, int64, int64, _TERMS, _TOPIC_FIELDS, _FIELD, _FIELD, _FACTS)
def score_topics(
    titles: Any, bodies: Any, start: Int, stop: Int, lead_chars: Int, terms: Terms, fields: Any, domains: Numbers,
    scores: Numbers, facts: Records,
) -> None:  # fmt: skip
    """Turn the intercepts in `scores` into probabilities, row by row, and note what is in `facts`.

    `fields` are title, lead, all and known; `domains` the weights of each group named in a title, then of
    the root of its share of all words.
    """
    (data, ends), (bytes_, stops), n = titles, bodies, len(domains) // 2
    counts = _counts(len(terms.table[2]), n)
    for r in range(start, stop):
        total, fact, end, last = scores[r], facts[r], ends[r + 1], stops[r + 1]
        _, marks = _tally(OF_ARTICLE, data, ends[r], end, end, 1, terms, counts, fact)
        _add_field(fields[0], counts, total)
        for g in range(n):
            _add(total, domains[g], 1.0 if counts.groups[g] else 0.0)
        in_title = fact.words
        cut = _lead_end(bytes_, stops[r], last, lead_chars)
        i, found = _tally(OF_ARTICLE, bytes_, stops[r], last, cut, 1, terms, counts, fact)
        _add_lead(bytes_, i, cut, fields[1], terms, counts, fact, total)
        _, rest = _tally(OF_ARTICLE, bytes_, i, last, last, 1, terms, counts, fact)
        _add_field(fields[2], counts, total)
        _add_field(fields[3], counts, total)
        for g in range(n):
            _add(total, domains[n + g], math.sqrt(counts.groups[g] / max(1.0, fact.words)))
        _softmax(total)
        fact.body_words = fact.words - in_title
        fact.sentences = (found | rest) & MARK.ends
        fact.needs_fallback = (marks | found | rest) & MARK.fallback
        _clear(counts)


@native(_TEXTS, int64, int64, Tuple((_TERMS, _TERMS)), _FIELDS, _FIELD, _FACTS)
def score_headlines(
    texts: Any, start: Int, stop: Int, terms: Any, fields: Any, scores: Numbers, facts: Records
) -> None:
    """Add to the intercepts in `scores` of framed texts; `fields` are words, known and cased."""
    (data, ends), (small, cased) = texts, terms
    counts = _counts(max(len(small.table[2]), len(cased.table[2])), 0)
    for r in range(start, stop):
        begin, end, fact, total = ends[r], ends[r + 1], facts[r], scores[r]
        _, marks = _tally(SMALL, data, begin, end, end, 1, small, counts, fact)
        _add_field(fields[0], counts, total)
        _add_field(fields[1], counts, total)
        _clear(counts)
        _tally(CASED, data, begin, end, end, 1, cased, counts, fact)
        _add_field(fields[2], counts, total)
        _clear(counts)
        fact.needs_fallback = marks & MARK.fallback
