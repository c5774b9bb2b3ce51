"""How the kernel is compiled: the decorator, and the types of what it is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.types import Array, Tuple, float64, int32, int64, uint8, uint32, uint64
from numpy.typing import NDArray

# How the kernel is compiled: the decorator, and the types of what it is given.


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


# The compiled loops: UTF-8 bytes in, numbers out. Importing this compiles them, once a machine.


# FNV-1a over code points, with a factor that spreads to the high bits, which find the place.
SEED = np.uint64(0xCBF29CE484222325)
FACTOR = np.uint64(0x9E3779B97F4A7C15)
PAIR_FACTOR = np.uint64(0xC2B2AE3D27D4EB4F)
FREE = np.uint64(0)
MISSING: Any = -1
# A code point's small letter, and its marks; ASK: its small letter hangs on its neighbours.
LETTER = np.uint32(0x1FFFFF)
WORD, DIGIT, SPACE, ENDS, FALLBACK, CAPITAL = (np.uint32(1 << bit) for bit in range(24, 30))
UNSEEN: Any = np.uint32(0)
COMMA, FULL_STOP, ZERO = (ord(mark) for mark in ",.0")
OF_ARTICLE, SMALL, CASED = range(3)  # kinds of words
# What is noted of a row; where Python must be asked, nothing else that is said of it counts.
NEEDS_FALLBACK, WORDS, BODY_WORDS, SENTENCES, RARITY, FACTS = range(6)


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


@native()
def _add(scores: Numbers, weights: Numbers, times: float) -> None:
    """Add weights so many times."""
    for j in range(len(scores)):
        scores[j] += times * weights[j]


@native()
def _softmax(scores: Numbers) -> None:
    """Turn scores into probabilities."""
    highest, total = max(scores), 0.0
    for j, score in enumerate(scores):
        scores[j] = math.exp(score - highest)
        total += scores[j]
    for j in range(len(scores)):
        scores[j] /= total


@native()
def _add_field(field: Numbers, work: Any, scores: Numbers) -> None:
    """Add to the scores what the TF-IDF of a field says: sublinear, L2-normed."""
    counts, touched, _, state = work
    square = 0.0
    sums = np.zeros(len(scores))
    for slot in touched[: np.int64(state[0])] if len(field) else touched[:0]:
        idf, times = field[slot, 0], counts[slot]
        if idf == 0 or times == 0:
            continue
        value = idf if times == 1 else idf * (1 + math.log(times))
        square += value * value
        _add(sums, field[slot, 1:], value)
    if square > 0:
        _add(scores, sums, 1 / math.sqrt(square))


@native()
def _word(data: Numbers, i: Int, end: Int, chars: Numbers) -> Found:
    """Return the next word of two letters or more: hash, where it begins and ends, where to go on.

    Last the marks of what stood before and behind it. It ends at `MISSING` when there is none.
    """
    hashed, length, begin, seen = SEED, 0, i, UNSEEN
    while i < end:
        here = i
        point, i = _point(data, i, end)
        entry = chars[point]
        if entry & WORD:
            if length == 0:
                begin = here
            hashed = (hashed ^ np.uint64(entry & LETTER)) * FACTOR
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
        if not chars[point] & DIGIT:
            break
        i = after
    return i


@native()
def _token(data: Numbers, i: Int, end: Int, chars: Numbers, cased: bool) -> Found:
    """Return the next number, word or mark as `_word` does; not `cased`, each number is a 0."""
    hashed, point, stop, entry = SEED, MISSING, end, UNSEEN | SPACE
    while i < end:
        point, stop = _point(data, i, end)
        entry = chars[point]
        if not entry & SPACE:
            break
        i = stop
    if i == end:
        return hashed, end, MISSING, end, UNSEEN
    begin, seen = i, entry
    is_number, is_word = bool(entry & DIGIT), bool(entry & WORD)
    limit = _number(data, i, end, chars) if is_number else end
    while True:
        if not cased and entry & DIGIT:
            point, stop = ZERO, _number(data, i, end, chars)
        elif not cased:
            point = np.int64(entry & LETTER)
        hashed, i = (hashed ^ np.uint64(point)) * FACTOR, stop
        if i < limit:
            point, stop = _point(data, i, end)
            entry = chars[point]
        if i >= limit or not (is_number or (is_word and entry & WORD)):
            return hashed, begin, i, i, seen


@native()
def _tally(
    kind: Int, data: Numbers, i: Int, end: Int, cut: Int, step: Int, known: Any, work: Any,
    fact: Numbers,
) -> tuple[Int, Any]:  # fmt: skip
    """Count the words that end by `cut`; return where the next one begins, and the marks seen.

    `work`: counts and touched slots, hits of each group, and two numbers that go on from text to
    text: how many slots were touched, and the word before, where it may begin a pair.
    """
    chars, table, (rarity, group_starts, groups) = known
    counts, touched, hits, state = work
    marks = UNSEEN
    while True:
        if kind == OF_ARTICLE:
            hashed, begin, stop, i, seen = _word(data, i, end, chars)
        else:
            hashed, begin, stop, i, seen = _token(data, i, end, chars, kind == CASED)
        marks |= seen
        if stop == MISSING or stop > cut:
            return begin, marks
        word = slot_of(hashed, table)
        pair = slot_of((state[1] * PAIR_FACTOR + hashed) * FACTOR, table) if state[1] else MISSING
        for slot in (word, pair):
            if slot == MISSING:
                continue
            if counts[slot] == 0:
                touched[np.int64(state[0])] = slot
                state[0] += np.uint64(1)
            counts[slot] += step
            for k in range(group_starts[slot], group_starts[slot + 1]):
                hits[groups[k]] += step
        fact[WORDS] += 1
        fact[RARITY] += rarity[word]  # the last one where the word is missing
        state[1] = hashed if word != MISSING and table[2][word] else FREE


@native()
def _add_lead(data: Numbers, i: Int, cut: Int, field: Numbers, known: Any, work: Any, scores: Numbers) -> None:
    """Add the lead's field: what is counted so far, and the word that its end cuts in two."""
    before, nothing = work[3].copy(), np.zeros(FACTS)
    for step in (1, -1):
        _tally(OF_ARTICLE, data, i, cut, cut, step, known, work, nothing)
        if step > 0:
            _add_field(field, work, scores)
        work[3][:] = before


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
def _work(n_slots: Int, n_groups: Int) -> Any:
    """Return the `work` of `_tally`, nothing counted."""
    counts, touched = np.zeros(n_slots, np.int32), np.empty(n_slots, np.int32)
    return counts, touched, np.zeros(n_groups), np.zeros(2, np.uint64)


@native()
def _clear(work: Any) -> None:
    """Forget what was counted."""
    counts, touched, hits, state = work
    for slot in touched[: np.int64(state[0])]:
        counts[slot] = 0
    hits[:] = 0
    state[:] = FREE


@native(*TOPICS)
def score_topics(
    titles: Any, bodies: Any, start: Int, stop: Int, lead_chars: Int, chars: Numbers,
    table: Table, fields: Any, domains: Numbers, lexicon: Any, scores: Numbers, facts: Numbers,
) -> None:  # fmt: skip
    """Turn the intercepts in `scores` into probabilities, row by row, and note what is in `facts`.

    `fields` are title, lead and all; `domains` the weights of each group named in a title, then of
    the root of its share of all words.
    """
    (data, ends), (bytes_, stops), n = titles, bodies, len(domains) // 2
    known, work = (chars, table, lexicon), _work(len(table[2]), n)
    hits = work[2]
    for r in range(start, stop):
        total, fact, end, last = scores[r], facts[r], ends[r + 1], stops[r + 1]
        _, marks = _tally(OF_ARTICLE, data, ends[r], end, end, 1, known, work, fact)
        _add_field(fields[0], work, total)
        for g in range(n):
            _add(total, domains[g], 1.0 if hits[g] else 0.0)
        in_title = fact[WORDS]
        cut = _lead_end(bytes_, stops[r], last, lead_chars)
        i, found = _tally(OF_ARTICLE, bytes_, stops[r], last, cut, 1, known, work, fact)
        _add_lead(bytes_, i, cut, fields[1], known, work, total)
        _, rest = _tally(OF_ARTICLE, bytes_, i, last, last, 1, known, work, fact)
        _add_field(fields[2], work, total)
        for g in range(n):
            _add(total, domains[n + g], math.sqrt(hits[g] / max(1.0, fact[WORDS])))
        _softmax(total)
        fact[BODY_WORDS] = fact[WORDS] - in_title
        fact[SENTENCES] = (found | rest) & ENDS
        fact[NEEDS_FALLBACK] = (marks | found | rest) & FALLBACK
        _clear(work)


@native(*HEADLINES)
def score_headlines(
    texts: Any, start: Int, stop: Int, chars: Numbers, small: Table, cased: Table, fields: Any,
    lexicon: Any, scores: Numbers, facts: Numbers,
) -> None:  # fmt: skip
    """Add to the intercepts in `scores` of framed texts; `fields` are words, known and cased."""
    data, ends = texts
    first, last = (chars, small, lexicon), (chars, cased, lexicon)
    work = _work(max(len(small[2]), len(cased[2])), 0)
    for r in range(start, stop):
        begin, end, fact, total = ends[r], ends[r + 1], facts[r], scores[r]
        _, marks = _tally(SMALL, data, begin, end, end, 1, first, work, fact)
        _add_field(fields[0], work, total)
        _add_field(fields[1], work, total)
        _clear(work)
        _tally(CASED, data, begin, end, end, 1, last, work, fact)
        _add_field(fields[2], work, total)
        _clear(work)
        fact[NEEDS_FALLBACK] = marks & FALLBACK
