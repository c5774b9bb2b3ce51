"""Compiled: what a headline and an article share."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from saring.kernel.loops import FACTOR, LETTER, MISSING, PAIR_FACTOR, SEED, WORD, Int, Numbers, Table, native, slot_of
from saring.kernel.pair_reading import (
    AFTER,
    BEGIN,
    COARSE,
    DISTINCT,
    FINE,
    FIRST,
    HEADING,
    IN_LEAD,
    LEAD,
    LENGTH,
    MARKS,
    N_LEAD,
    NOTE,
    PLAIN,
    QUAD,
    SENTENCES,
    SLOT,
    SPOKEN,
    TIMES,
    UNGLUED,
    WHICH,
    Text,
    find,
    neighbours,
)
from saring.models.pair_features import GROUP_FLOOR, KEY_TERMS, MIN_KEY_CHARS, MIN_STEM_CHARS

# What the kernel of pairs looks up and writes on: what was learned of terms, and scratch paper.


# What is noted of a term, beside `stops.ABBREVIATION` and `ABBREVIATION_END`: it says where, or
# who; the lexicon has it; it belongs to groups; it begins a term of two words.
PLACE, ACTOR, KNOWN, GROUPED, BEGINS_PAIR = 4, 8, 16, 32, 64
IDF, NAME = range(2)


class Known(NamedTuple):
    """What was learned of each term, by slot; the last is for what is no term.

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
    """Return paper for what was learned."""
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


# Words of one text looked for inside those of another, all of them on one walk.


PLACE_BITS = 10  # many more places than words: most letters of a text lead to an empty one
PLACE_FACTOR = np.uint64(0x9E3779B1)
SOUGHT, CHAIN, COUNT, FREE, ROWS = range(5)


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
    """Look for words of a text, whose numbers are in row `SOUGHT`.

    Short ones are left out: they stand inside too many others.
    """
    sought.places[:] = 0
    for k in range(n):
        word = sought.rows[SOUGHT, k]
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
            word = sought.rows[SOUGHT, k]
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


# What a headline and an article share: words, families, phrases, sentences, key terms.


AT, SAID, AKIN, NEAR, LINE_ROWS = range(5)


class Line(NamedTuple):
    """What is found of each word of a headline, in the order of `Text`.

    Attributes
    ----------
    weights : array
        How rare it is.
    counts : (LINE_ROWS, n) array
        Its number in the article, `MISSING` where that has it nowhere, or inside others alone; how
        often the article has it, be it inside others; how often related terms of it; whether
        title or lead have related terms of it.
    sums, stamps : (n_sentences, 2) arrays
        The weight of what is found in each sentence of the article, and the last word found.
    """

    weights: Numbers
    counts: Numbers
    sums: Numbers
    stamps: Numbers


@native()
def line_for(chars: Int, host_chars: Int) -> Line:
    """Return room for a headline and an article of so many characters."""
    n, m = chars + 1, host_chars + 3
    return Line(
        np.empty(n), np.empty((LINE_ROWS, n), np.int32),
        np.empty((m, 2)), np.empty((m, 2), np.int32),
    )  # fmt: skip


@native()
def recall(start: Int, stop: Int, weights: Numbers, sought: Sought, article: Text, text: Text) -> float:
    """Return the share, by weight, of some words of the article that a headline has."""
    total = found = 0.0
    for k in range(start, stop):
        total += weights[k]
        if sought.rows[COUNT, k] or find(text, article.hashes[sought.rows[SOUGHT, k]]) != MISSING:
            found += weights[k]
    return found / total if total > 0 else 0.0


@native()
def title_terms(article: Text, known: Known, words: Numbers, weights: Numbers) -> Int:
    """Find the words of the title; return how many there are."""
    n = 0
    for word in range(article.sizes[DISTINCT]):
        if article.words[MARKS, word] & HEADING:
            words[n], weights[n] = word, known.numbers[article.words[SLOT, word], IDF]
            n += 1
    return n


@native()
def key_terms(article: Text, known: Known, words: Numbers, weights: Numbers) -> Int:
    """Find the terms of highest TF-IDF, the highest first; return how many there are."""
    n = 0
    for word in range(article.sizes[DISTINCT]):
        if article.words[LENGTH, word] < MIN_KEY_CHARS:
            continue
        weight = damped(article.words[TIMES, word]) * known.numbers[article.words[SLOT, word], IDF]
        if n == KEY_TERMS and weight < weights[n - 1]:
            continue
        at = n
        while at > 0 and (
            weight > weights[at - 1] or (weight == weights[at - 1] and _before(article, word, np.int64(words[at - 1])))
        ):
            at -= 1
        if at == KEY_TERMS:
            continue
        n = min(n + 1, KEY_TERMS)
        for k in range(n - 1, at, -1):
            words[k], weights[k] = words[k - 1], weights[k - 1]
        words[at], weights[at] = word, weight
    return n


@native()
def _before(text: Text, one: Int, two: Int) -> bool:
    """Whether a word comes before another in the order of letters."""
    i, k = text.words[BEGIN, one], text.words[BEGIN, two]
    for at in range(min(text.words[LENGTH, one], text.words[LENGTH, two])):
        first, second = text.letters[i + at] & LETTER, text.letters[k + at] & LETTER
        if first != second:
            return bool(first < second)
    return bool(text.words[LENGTH, one] < text.words[LENGTH, two])


@native()
def find_term_groups(text: Text, line: Line, known: Known, table: Table, mine: Work, articles: Work) -> float:
    """Find related terms of a headline's words; return the share of its families in the article.

    A word has a family alone or with its neighbour.
    """
    n = len(known.subject_weights)
    for at in range(text.sizes[SPOKEN]):
        one = np.int64(text.spoken[WHICH, at])
        _relate(one, np.int64(text.words[SLOT, one]), line, known, articles)
        if at + 1 < text.sizes[SPOKEN]:
            two = np.int64(text.spoken[WHICH, at + 1])
            pair = pair_slot(text, one, two, table)
            _relate(one, pair, line, known, articles)
            _relate(two, pair, line, known, articles)
    total = found = 0.0
    for family in range(len(known.family_weights)):
        if mine.counts[n + family]:
            total += known.family_weights[family]
            if articles.counts[n + family]:
                found += known.family_weights[family]
    return found / (total + GROUP_FLOOR)


@native()
def _relate(word: Int, slot: Int, line: Line, known: Known, articles: Work) -> None:
    """Note what an article has of the families of a headline's word."""
    start, stop = members(slot, known)
    for k in range(start, stop):
        group = known.groups[k]
        if group >= len(known.subject_weights):
            line.counts[AKIN, word] = max(line.counts[AKIN, word], articles.counts[group])
            if articles.leads[group]:
                line.counts[NEAR, word] = True


@native()
def phrases(text: Text, line: Line, article: Text) -> float:
    """Return the weight of the neighbouring words that both have, by how often the article does."""
    total = 0.0
    for at in range(text.sizes[SPOKEN] - 1):
        one, two = np.int64(text.spoken[WHICH, at]), np.int64(text.spoken[WHICH, at + 1])
        first, second = np.int64(line.counts[AT, one]), np.int64(line.counts[AT, two])
        if first == MISSING or second == MISSING or _was_there(text, at, one, two):
            continue
        times = neighbours(article, first, second)
        if times > 0:
            total += math.log1p(times) * min(line.weights[one], line.weights[two])
    return total


@native()
def _was_there(text: Text, at: Int, one: Int, two: Int) -> bool:
    """Whether two words stand beside each other before this place."""
    before = np.int64(text.words[FIRST, one])
    while before < at:
        if text.spoken[WHICH, before + 1] == two:
            return True
        before = np.int64(text.spoken[AFTER, before])
    return False


@native()
def best_sentence(text: Text, line: Line, article: Text) -> tuple[float, float]:
    """Return the least and the most weight of the words found in the sentence that has most of it.

    They differ where a mark decides that may end a sentence, or may not.
    """
    n = article.sizes[SENTENCES]
    line.sums[:n] = 0.0
    line.stamps[:n] = MISSING
    least = most = 0.0
    for word in range(text.sizes[DISTINCT]):
        if line.counts[AT, word] == MISSING:
            continue
        at = np.int64(article.words[FIRST, line.counts[AT, word]])
        while at >= 0:
            for kind in range(2):
                sentence = article.spoken[FINE, at] if kind == 0 else article.spoken[COARSE, at]
                if line.stamps[sentence, kind] != word and sentence > 0:
                    line.stamps[sentence, kind] = word
                    line.sums[sentence, kind] += line.weights[word]
            at = np.int64(article.spoken[AFTER, at])
    for sentence in range(1, n):
        least, most = max(least, line.sums[sentence, 0]), max(most, line.sums[sentence, 1])
    return least, most
