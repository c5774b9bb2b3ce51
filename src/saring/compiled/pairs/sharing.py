"""What a headline and an article share: words, families, phrases, sentences, key terms.

Parts of `comparing`; here is no entry.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from saring.compiled.kernel import LETTER, MISSING
from saring.compiled.native import Int, Numbers, Table, native
from saring.compiled.pairs.inside import COUNT, WORD, Sought
from saring.compiled.pairs.known import IDF, Known, Work, damped, members, pair_slot
from saring.compiled.pairs.text import (
    AFTER,
    BEGIN,
    COARSE,
    DISTINCT,
    FINE,
    FIRST,
    HEADING,
    LENGTH,
    MARKS,
    SENTENCES,
    SLOT,
    SPOKEN,
    TIMES,
    WHICH,
    Text,
    find,
    neighbours,
)
from saring.pairs.features import KIN_FLOOR
from saring.pairs.host import KEY_TERMS, MIN_KEY_CHARS

__all__ = ["Line", "best_sentence", "find_kin", "key_terms", "line_for", "phrases", "recall",
           "title_terms"]  # fmt: skip

AT, SAID, AKIN, NEAR, LINE_ROWS = range(5)


class Line(NamedTuple):
    """What is found of each word of a headline, in the order of `Text`.

    Attributes
    ----------
    weights : array
        How rare it is.
    counts : (LINE_ROWS, n) array
        Its number in the article, `MISSING` where that has it nowhere, or inside others alone; how
        often the article has it, be it inside others; how often kin of it; whether title or lead
        have kin of it.
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
def recall(
    start: Int, stop: Int, weights: Numbers, sought: Sought, host: Text, text: Text
) -> float:
    """Return the share, by weight, of some words of the article that a headline has."""
    total = found = 0.0
    for k in range(start, stop):
        total += weights[k]
        if sought.rows[COUNT, k] or find(text, host.hashes[sought.rows[WORD, k]]) != MISSING:
            found += weights[k]
    return found / total if total > 0 else 0.0


@native()
def title_terms(host: Text, known: Known, words: Numbers, weights: Numbers) -> Int:
    """Find the words of the title; return how many there are."""
    n = 0
    for word in range(host.sizes[DISTINCT]):
        if host.words[MARKS, word] & HEADING:
            words[n], weights[n] = word, known.numbers[host.words[SLOT, word], IDF]
            n += 1
    return n


@native()
def key_terms(host: Text, known: Known, words: Numbers, weights: Numbers) -> Int:
    """Find the terms of highest TF-IDF, the highest first; return how many there are."""
    n = 0
    for word in range(host.sizes[DISTINCT]):
        if host.words[LENGTH, word] < MIN_KEY_CHARS:
            continue
        weight = damped(host.words[TIMES, word]) * known.numbers[host.words[SLOT, word], IDF]
        if n == KEY_TERMS and weight < weights[n - 1]:
            continue
        at = n
        while at > 0 and (
            weight > weights[at - 1]
            or (weight == weights[at - 1] and _before(host, word, np.int64(words[at - 1])))
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
def find_kin(text: Text, line: Line, known: Known, table: Table, mine: Work, hosts: Work) -> float:
    """Find kin of a headline's words; return the share of its families that the article has.

    A word has a family alone or with its neighbour.
    """
    n = len(known.subject_weights)
    for at in range(text.sizes[SPOKEN]):
        one = np.int64(text.spoken[WHICH, at])
        _relate(one, np.int64(text.words[SLOT, one]), line, known, hosts)
        if at + 1 < text.sizes[SPOKEN]:
            two = np.int64(text.spoken[WHICH, at + 1])
            pair = pair_slot(text, one, two, table)
            _relate(one, pair, line, known, hosts)
            _relate(two, pair, line, known, hosts)
    total = found = 0.0
    for family in range(len(known.family_weights)):
        if mine.counts[n + family]:
            total += known.family_weights[family]
            if hosts.counts[n + family]:
                found += known.family_weights[family]
    return found / (total + KIN_FLOOR)


@native()
def _relate(word: Int, slot: Int, line: Line, known: Known, hosts: Work) -> None:
    """Note what an article has of the families of a headline's word."""
    start, stop = members(slot, known)
    for k in range(start, stop):
        group = known.groups[k]
        if group >= len(known.subject_weights):
            line.counts[AKIN, word] = max(line.counts[AKIN, word], hosts.counts[group])
            if hosts.leads[group]:
                line.counts[NEAR, word] = True


@native()
def phrases(text: Text, line: Line, host: Text) -> float:
    """Return the weight of the neighbouring words that both have, by how often the article does."""
    total = 0.0
    for at in range(text.sizes[SPOKEN] - 1):
        one, two = np.int64(text.spoken[WHICH, at]), np.int64(text.spoken[WHICH, at + 1])
        first, second = np.int64(line.counts[AT, one]), np.int64(line.counts[AT, two])
        if first == MISSING or second == MISSING or _was_there(text, at, one, two):
            continue
        times = neighbours(host, first, second)
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
def best_sentence(text: Text, line: Line, host: Text) -> tuple[float, float]:
    """Return the least and the most weight of the words found in the sentence that has most of it.

    They differ where a mark decides that may end a sentence, or may not.
    """
    n = host.sizes[SENTENCES]
    line.sums[:n] = 0.0
    line.stamps[:n] = MISSING
    least = most = 0.0
    for word in range(text.sizes[DISTINCT]):
        if line.counts[AT, word] == MISSING:
            continue
        at = np.int64(host.words[FIRST, line.counts[AT, word]])
        while at >= 0:
            for kind in range(2):
                sentence = host.spoken[FINE, at] if kind == 0 else host.spoken[COARSE, at]
                if line.stamps[sentence, kind] != word and sentence > 0:
                    line.stamps[sentence, kind] = word
                    line.sums[sentence, kind] += line.weights[word]
            at = np.int64(host.spoken[AFTER, at])
    for sentence in range(1, n):
        least, most = max(least, line.sums[sentence, 0]), max(most, line.sums[sentence, 1])
    return least, most
