"""What the kernel of pairs looks up and writes on: what was learnt of terms, and scratch paper.

Parts of `comparing`; here is no entry.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from saring.compiled.kernel import FACTOR, LETTER, MISSING, PAIR_FACTOR, SEED, WORD, slot_of
from saring.compiled.native import Int, Numbers, Table, native
from saring.compiled.pairs.text import (
    DISTINCT,
    HEADING,
    IN_LEAD,
    LEAD,
    MARKS,
    N_LEAD,
    NOTE,
    PLAIN,
    SLOT,
    SPOKEN,
    TIMES,
    UNGLUED,
    WHICH,
    Text,
)

__all__ = ["ACTOR", "BEGINS_PAIR", "GROUPED", "IDF", "KNOWN", "NAME", "PLACE", "Known", "Work",
           "count_groups", "damped", "find_direction", "members", "pair_slot",
           "work_for"]  # fmt: skip

# What is noted of a term, beside `stops.ABBREVIATION` and `ABBREVIATION_END`: it says where, or
# who; the lexicon has it; it belongs to groups; it begins a term of two words.
PLACE, ACTOR, KNOWN, GROUPED, BEGINS_PAIR = 4, 8, 16, 32, 64
IDF, NAME = range(2)


class Known(NamedTuple):
    """What was learnt of each term, by slot; the last is for what is no term.

    Attributes
    ----------
    numbers : (n + 1, 2) array
        How rare it is, and how probably a name.
    notes, rows : (n + 1,) arrays
        What is noted of it; its row in `axes`, or -1.
    starts, groups : arrays
        Where the groups of each term begin, and the groups: those of the lexicon, then families.
    subject_weights, family_weights, axes : arrays
        As `pairs` has them.
    """

    numbers: Numbers
    notes: Numbers
    rows: Numbers
    starts: Numbers
    groups: Numbers
    subject_weights: Numbers
    family_weights: Numbers
    axes: Numbers


class Work(NamedTuple):
    """Scratch paper for a text.

    Attributes
    ----------
    counts, leads : (n_groups,) arrays
        How often the text has each group of words; whether title or lead have it.
    direction : (n_dimensions,) array
    times, touched : (n_rows,) arrays
        How often the text has the word of a row of `Known.axes`; rows of which it has some.
    """

    counts: Numbers
    leads: Numbers
    direction: Numbers
    times: Numbers
    touched: Numbers


@native()
def work_for(known: Known) -> Work:
    """Return paper for what was learnt."""
    n_groups = len(known.subject_weights) + len(known.family_weights)
    n_rows, n_axes = known.axes.shape
    return Work(
        np.zeros(n_groups), np.zeros(n_groups, np.bool_), np.zeros(n_axes),
        np.zeros(n_rows, np.int32), np.zeros(n_rows, np.int32),
    )  # fmt: skip


@native()
def count_groups(text: Text, known: Known, table: Table, work: Work) -> None:
    """Count the words and pairs of neighbours of each group; see which ones title and lead have.

    Groups of the lexicon, which come first, do without the parts of glued words.
    """
    n_subjects = len(known.subject_weights)
    work.counts[:] = 0
    work.leads[:] = False
    for word in range(text.sizes[DISTINCT]):
        if text.words[NOTE, word] & GROUPED:
            start, stop = members(text.words[SLOT, word], known)
            early = text.words[MARKS, word] & (HEADING | IN_LEAD) != 0
            for k in range(start, stop):
                row = UNGLUED if known.groups[k] < n_subjects else TIMES
                work.counts[known.groups[k]] += text.words[row, word]
                work.leads[known.groups[k]] |= early
    for at in range(text.sizes[SPOKEN] - 1):
        pair = pair_slot(text, text.spoken[WHICH, at], text.spoken[WHICH, at + 1], table)
        start, stop = members(pair, known)
        for k in range(start, stop):
            if known.groups[k] >= n_subjects or at + 1 < text.sizes[PLAIN]:
                work.counts[known.groups[k]] += 1
    for at in range(text.sizes[N_LEAD] - 1):
        pair = pair_slot(text, text.spoken[LEAD, at], text.spoken[LEAD, at + 1], table)
        start, stop = members(pair, known)
        for k in range(start, stop):
            work.leads[known.groups[k]] = True


@native()
def members(slot: Int, known: Known) -> tuple[Int, Int]:
    """Return where the groups of a slot begin and end."""
    if slot == MISSING:
        return 0, 0
    return known.starts[slot], known.starts[slot + 1]


@native()
def pair_slot(text: Text, one: Int, two: Int, table: Table) -> Int:
    """Return the slot of two neighbouring words, `MISSING` where they are no term."""
    if not text.words[NOTE, one] & BEGINS_PAIR:
        return MISSING
    first, second = np.uint64(text.hashes[one]), np.uint64(text.hashes[two])
    return slot_of((first * PAIR_FACTOR + second) * FACTOR, table)


@native()
def damped(times: Int) -> float:
    """Return how much a word counts that stands so often in a text."""
    return 1.0 if times == 1 else 1 + math.log(times)


@native()
def find_direction(text: Text, chars: Int, known: Known, table: Table, work: Work) -> None:
    """Find where a text's first characters lie in the latent space, as `pairs.latent` says."""
    found, n, hashed, run = work.direction, 0, SEED, 0
    found[:] = 0.0
    for i in range(chars + 1):
        entry = text.letters[i]
        if i < chars and entry & WORD:
            hashed = (hashed ^ np.uint64(entry & LETTER)) * FACTOR
            run += 1
            continue
        row = known.rows[slot_of(hashed, table)] if run > 1 else MISSING
        if row != MISSING:
            if work.times[row] == 0:
                work.touched[n] = row
                n += 1
            work.times[row] += 1
        hashed, run = SEED, 0
    for row in work.touched[:n]:
        weight = damped(work.times[row])
        for k in range(len(found)):
            found[k] += weight * known.axes[row, k]
        work.times[row] = 0
    square = 0.0
    for value in found:
        square += value * value
    if square > 0:
        length = math.sqrt(square)
        for k in range(len(found)):
            found[k] /= length
