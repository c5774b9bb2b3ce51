"""The kernel of pairs: articles and headlines in, features and ties out.

What it says is what `pairs.features` and `pairs.judge` say; `reading`, `stops` and `known` are
parts of it, and `sharing` another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from saring.kernel.loops import MISSING, PAIRS, Int, Numbers, Table, digest, native
from saring.kernel.pair_reading import (
    BEGIN,
    DISTINCT,
    FALLBACKS,
    IN_LEAD,
    LENGTH,
    MARKS,
    NAMED,
    NO_TITLE,
    NOTE,
    SLOT,
    SPOKEN,
    TIMES,
    ZERO,
    Text,
    find,
    mark_lead,
    read,
    room,
)
from saring.kernel.pair_sharing import (
    ACTOR,
    AKIN,
    AT,
    COUNT,
    IDF,
    KNOWN,
    NAME,
    NEAR,
    PLACE,
    SAID,
    SOUGHT,
    Known,
    Line,
    Sought,
    Work,
    best_sentence,
    count_groups,
    find_direction,
    find_inside,
    find_term_groups,
    key_terms,
    line_for,
    phrases,
    recall,
    seek,
    sought_for,
    title_terms,
    work_for,
)
from saring.models.pair_features import (
    BM25_LENGTH,
    BM25_SATURATION,
    COMMON_WEIGHT,
    FEATURES,
    GROUP_SHARE,
    KEY_TERMS,
    LATENT_CHARS,
    MIN_TELLING_CHARS,
    NAME_FLOOR,
    SPECIFIC_WEIGHT,
    TELLING_WEIGHT,
    TINY,
    USUAL_WORDS,
)

# What is compiled into `pair_scorer`.
SOURCES = (
    "saring.kernel.pair_loops", "saring.kernel.pair_sharing", "saring.kernel.pair_reading",
    "saring.kernel.loops", "saring.models.pair_features", "saring.text",
)  # fmt: skip
# What is noted of a pair: how many words its headline has; that Python must be asked about all of
# it, or about the best sentence alone.
WORDS, FALLBACK_ALL, FALLBACK_SENTENCE, FACTS = range(4)
# What is noted of a headline's word: that the article has it, and that it tells a person something.
SHARED, TOLD = 1, 2
(
    OVERLAP, GROUP_OVERLAP, LEAD_OVERLAP, SENTENCE_OVERLAP, TITLE_RECALL, KEY_RECALL, SPECIFIC,
    SATURATED, PHRASES, MENTIONS, MATTER, MISSING_PLACES, NAMES, GROUPS, LATENT_LEAD,
    SUBJECT_SHARE, SUBJECT_MISSING,
) = range(len(FEATURES))  # fmt: skip
FALLBACK_COLUMN = SENTENCE_OVERLAP  # what Python finds where FALLBACK_SENTENCE is noted


@native()
def _compare(
    text: Text, line: Line, article: Text, known: Known, table: Table, mine: Work, theirs: Work,
    row: Numbers,
) -> bool:  # fmt: skip
    """Find most features of a pair; return whether Python must look for the best sentence."""
    total = 0.0
    for word in range(text.sizes[DISTINCT]):
        total += line.weights[word]
    total = total if total > 0 else 1.0
    row[GROUPS] = find_term_groups(text, line, known, table, mine, theirs)
    _share(text, line, article, total, row)
    least, most = best_sentence(text, line, article)
    row[SENTENCE_OVERLAP] = most / total
    row[PHRASES] = phrases(text, line, article)
    row[NAMES] = _names(text, line, article, known)
    for k in range(len(mine.direction)):
        row[LATENT_LEAD] += mine.direction[k] * theirs.direction[k]
    row[SUBJECT_SHARE], row[SUBJECT_MISSING] = _subjects(known, mine, theirs)
    return bool(least != most)


def _entry(sources: str) -> Callable[..., None]:
    """Return the function that compares articles with their headlines, which begin at `firsts`.

    It takes of `hosts` the code points, where each text begins, and how long its title is; of
    `lines` the code points of the headlines, and where each begins. There also begins, in `spans`,
    what is said of its words: begin, length and notes of each, and in `weighed` its weight and tie.

    It is kept on disk as long as the sources stay.
    """

    @native(*PAIRS)
    def pair_scorer(
        articles: Any, lines: Any, firsts: Numbers, start: Int, stop: Int, chars: Numbers,
        table: Table, parameters: Any, features: Numbers, spans: Numbers, weighed: Numbers,
        facts: Numbers,
    ) -> None:  # fmt: skip
        assert sources
        (points, ends, titles), (heads, stops), known = articles, lines, Known(*parameters)
        longest = _longest(ends, start, stop)
        widest = _longest(stops, firsts[start], firsts[stop])
        article, text, theirs, mine = room(longest), room(widest), work_for(known), work_for(known)
        line, fallback = line_for(widest, longest), sought_for(widest)
        terms, weights = sought_for(longest + KEY_TERMS), np.empty(longest + KEY_TERMS)
        for h in range(start, stop):
            n = ends[h + 1] - ends[h]
            read(points[ends[h] : ends[h + 1]], titles[h], chars, (table, known.notes), article)
            mark_lead(article, titles[h], n)
            n_titled = title_terms(article, known, terms.rows[SOUGHT], weights)
            n_keys = key_terms(article, known, terms.rows[SOUGHT, n_titled:], weights[n_titled:])
            n_terms = n_titled + n_keys
            seek(terms, n_terms, article)
            count_groups(article, known, table, theirs)
            find_direction(article, min(n, LATENT_CHARS), known, table, theirs)
            _weigh_subjects(known, theirs)
            for r in range(firsts[h], firsts[h + 1]):
                begin, end, row, fact = stops[r], stops[r + 1], features[r], facts[r]
                read(heads[begin:end], NO_TITLE, chars, (table, known.notes), text)
                fact[WORDS] = text.sizes[DISTINCT]
                fact[FALLBACK_ALL] = article.sizes[FALLBACKS] | text.sizes[FALLBACKS]
                if fact[FALLBACK_ALL]:
                    continue
                count_groups(text, known, table, mine)
                find_direction(text, end - begin, known, table, mine)
                _meet_words(text, line, article, n, fallback, known)
                find_inside(terms, n_terms, article, text, end - begin)
                row[TITLE_RECALL] = recall(ZERO, n_titled, weights, terms, article, text)
                row[KEY_RECALL] = recall(n_titled, n_terms, weights, terms, article, text)
                fact[FALLBACK_SENTENCE] = _compare(text, line, article, known, table, mine, theirs, row)
                _tie(text, line, known, row, spans[begin:], weighed[begin:])

    return pair_scorer


@native()
def _longest(ends: Numbers, start: Int, stop: Int) -> Int:
    """Return how long the longest of some texts is."""
    found = np.int64(0)
    for k in range(start, stop):
        found = max(found, ends[k + 1] - ends[k])
    return found


@native()
def _weigh_subjects(known: Known, work: Work) -> None:
    """Turn counts of the groups of the lexicon into how much a text has of each."""
    for k in range(len(known.subject_weights)):
        if work.counts[k]:
            work.counts[k] = math.log1p(work.counts[k]) * known.subject_weights[k]


@native()
def _meet_words(text: Text, line: Line, article: Text, chars: Int, fallback: Sought, known: Known) -> None:
    """Look up what a headline's words weigh, and how often an article has them."""
    n = text.sizes[DISTINCT]
    for word in range(n):
        fallback.rows[SOUGHT, word] = word
    seek(fallback, n, text)
    find_inside(fallback, n, text, article, chars)
    for word in range(n):
        at = find(article, text.hashes[word])
        times = article.words[TIMES, at] if at != MISSING else 0
        line.counts[AT, word] = at
        line.counts[SAID, word] = max(times, fallback.rows[COUNT, word])
        line.counts[AKIN, word] = line.counts[NEAR, word] = 0
        line.weights[word] = known.numbers[text.words[SLOT, word], IDF]


@native()
def _share(text: Text, line: Line, article: Text, total: float, row: Numbers) -> None:
    """Add up the words that the article has, or has related terms of."""
    length = 1 - BM25_LENGTH + BM25_LENGTH * article.sizes[SPOKEN] / USUAL_WORDS
    for word in range(text.sizes[DISTINCT]):
        weight, times = line.weights[word], line.counts[SAID, word]
        at, akin = line.counts[AT, word], line.counts[AKIN, word] > 0
        if times:
            row[OVERLAP] += weight
            row[GROUP_OVERLAP] += weight
            row[SPECIFIC] += max(weight - SPECIFIC_WEIGHT, 0.0)
            row[SATURATED] += weight * times * (BM25_SATURATION + 1) / (times + BM25_SATURATION * length)
        elif akin:
            row[GROUP_OVERLAP] += weight * GROUP_SHARE
        if at != MISSING and article.words[MARKS, at] & IN_LEAD:
            row[LEAD_OVERLAP] += weight
        elif akin and line.counts[NEAR, word]:
            row[LEAD_OVERLAP] += weight * GROUP_SHARE
    row[OVERLAP] /= total
    row[GROUP_OVERLAP] /= total
    row[LEAD_OVERLAP] /= total


@native()
def _tie(text: Text, line: Line, known: Known, row: Numbers, spans: Numbers, weighed: Numbers) -> None:
    """Say of each of a headline's words how it ties the headline to the article; add it up."""
    for word in range(text.sizes[DISTINCT]):
        weight, note, tie = line.weights[word], text.words[NOTE, word], 0.0
        if weight > COMMON_WEIGHT:
            term_groups = GROUP_SHARE * math.log1p(line.counts[AKIN, word])
            tie = (weight - COMMON_WEIGHT) * max(math.log1p(line.counts[SAID, word]), term_groups)
            row[MENTIONS] += tie
            if not note & (PLACE | ACTOR):
                row[MATTER] += tie
            if tie == 0 and note & PLACE:
                row[MISSING_PLACES] -= weight - COMMON_WEIGHT
        tells = text.words[LENGTH, word] >= MIN_TELLING_CHARS and weight >= (
            SPECIFIC_WEIGHT if note & KNOWN else TELLING_WEIGHT
        )
        spans[word, 0], spans[word, 1] = text.words[BEGIN, word], text.words[LENGTH, word]
        shared = SHARED if line.counts[SAID, word] else 0
        spans[word, 2] = shared | (TOLD if tells and tie > 0 else 0)
        weighed[word, 0], weighed[word, 1] = weight, tie


@native()
def _names(text: Text, line: Line, article: Text, known: Known) -> float:
    """Return the share of the headline's names, by weight, that the article has."""
    found = total = 0.0
    for word in range(text.sizes[DISTINCT]):
        at = line.counts[AT, word]
        named = at != MISSING and article.words[MARKS, at] & NAMED
        share = 1.0 if named else known.numbers[text.words[SLOT, word], NAME]
        total += line.weights[word] * share
        if line.counts[SAID, word]:
            found += line.weights[word] * share
    return found / (total + NAME_FLOOR)


@native()
def _subjects(known: Known, mine: Work, theirs: Work) -> tuple[float, float]:
    """Return how prominent the headline's subjects are, and minus the weight of those missing."""
    most, weights = TINY, known.subject_weights
    share = missing = total = 0.0
    for k in range(len(weights)):
        most = max(most, theirs.counts[k])
    for k in range(len(weights)):
        if mine.counts[k]:
            total += weights[k]
            share += weights[k] * (theirs.counts[k] / most)
            if theirs.counts[k] == 0:
                missing += weights[k]
    return share / max(total, TINY), -missing


pair_scorer = _entry(digest(*SOURCES))
