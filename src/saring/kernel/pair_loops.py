"""Compiled: articles and headlines in, pair features and shared terms out.

What it finds is what `saring.models.pair_features` finds, a feature at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import from_dtype
from numba.types import Array, NamedTuple, Tuple, float64, int32, int64, uint32

import saring.kernel.pair_sharing as sharing
import saring.models.pair_features as plain
from saring.kernel.loops import CHARS, MISSING, TABLE, Int, Numbers, Records, native
from saring.kernel.pair_reading import NO_TITLE, TERM, ZERO, Terms, Text, empty_text, find, find_lead, read
from saring.kernel.pair_sharing import Matches, Scratch, Sought
from saring.kernel.text_arrays import PAIR_SOURCES, digest

# What is written down of a pair: its features; how many words its headline has; whether plain Python
# must answer for all of it, or find the best sentence.
FEATURE = np.dtype([(name, "f8") for name in plain.FEATURES])
BEST_SENTENCE = "sentence_overlap"  # the feature that Python finds where a fact says `needs_sentence`
FACT = np.dtype([("words", "i8"), ("needs_fallback", "i8"), ("needs_sentence", "i8")])
# Of a word of a headline: where it stands, its rarity, its part in the feature "mentions", whether the
# article itself has it, and whether it tells a person something.
EVIDENCE = np.dtype(
    [("begin", "i4"), ("length", "i4"), ("weight", "f8"), ("part", "f8"), ("shared", "?"), ("tells", "?")], align=True
)
_POINTS, _OFFSETS, _WEIGHTS = Array(uint32, 1, "C", readonly=True), int64[::1], float64[::1]
_NUMBERS = int32[::1]
_TERMS = NamedTuple(
    (TABLE, from_dtype(TERM)[::1], _NUMBERS, _WEIGHTS, _WEIGHTS, float64[:, ::1], _NUMBERS, _NUMBERS), Terms
)
_SIGNATURE = (
    Tuple((_POINTS, _OFFSETS, _OFFSETS)), Tuple((_POINTS, _OFFSETS)), _OFFSETS, int64, int64, CHARS, _TERMS,
    *(from_dtype(kind)[::1] for kind in (FEATURE, EVIDENCE, sharing.COMPANION, FACT)),
)  # fmt: skip


def _entry(sources: str) -> Callable[..., None]:
    """Return the function that compares articles with their headlines, which begin at `firsts`.

    It takes of `articles` the code points, where each text begins, and how long its title is; of `headlines` the code
    points, and where each begins. There also begins, in `evidence`, what is written down of its words; in `met`,
    of its names.

    It is kept on disk as long as the sources stay.
    """

    @native(*_SIGNATURE)
    def compare_pairs(
        articles: Any, headlines: Any, firsts: Numbers, start: Int, stop: Int, chars: Numbers, terms: Terms,
        features: Records, evidence: Records, met: Records, facts: Records,
    ) -> None:  # fmt: skip
        assert sources
        (points, ends, titles), (heads, stops) = articles, headlines
        longest = np.diff(ends[start : stop + 1]).max()
        widest = np.diff(stops[firsts[start] : firsts[stop] + 1]).max()
        article, text = empty_text(longest), empty_text(widest)
        theirs, mine = sharing.scratch_for(terms), sharing.scratch_for(terms)
        matches, words = sharing.matches_for(widest, longest), sharing.sought_for(widest)
        wanted = sharing.sought_for(longest + plain.KEY_TERMS)
        for a in range(start, stop):
            n = ends[a + 1] - ends[a]
            read(points[ends[a] : ends[a + 1]], titles[a], chars, terms, article)
            find_lead(article, titles[a], n)
            n_title = sharing.find_title_terms(article, terms, wanted.words)
            n_terms = n_title + sharing.find_key_terms(article, terms, wanted.words[n_title:])
            sharing.seek(wanted, n_terms, article)
            sharing.count_groups(article, terms, theirs)
            sharing.note_known(article, terms, theirs)
            sharing.find_direction(article, min(n, plain.LATENT_CHARS), terms, theirs)
            for k in range(len(terms.subject_weights)):
                if theirs.counts[k]:
                    theirs.counts[k] = math.log1p(theirs.counts[k]) * terms.subject_weights[k]
            for r in range(firsts[a], firsts[a + 1]):
                begin, end, row, fact = stops[r], stops[r + 1], features[r], facts[r]
                read(heads[begin:end], NO_TITLE, chars, terms, text)
                fact.words = text.sizes[0].words
                fact.needs_fallback = article.sizes[0].fallback | text.sizes[0].fallback
                if fact.needs_fallback:
                    continue
                sharing.count_groups(text, terms, mine)
                sharing.find_direction(text, end - begin, terms, mine)
                _match_words(text, matches, article, n, words, terms)
                sharing.find_inside(wanted, n_terms, article, text, end - begin)
                row.title_recall = sharing.recall(ZERO, n_title, wanted, article, text)
                row.key_recall = sharing.recall(n_title, n_terms, wanted, article, text)
                fact.needs_sentence = _compare(text, matches, article, terms, mine, theirs, row)
                _weigh_evidence(text, matches, terms, row, evidence[begin:])
                row.known_names, row.missing_names = sharing.find_companions(
                    text, matches, terms, mine, theirs, met[begin:]
                )

    return compare_pairs


@native()
def _match_words(text: Text, matches: Matches, article: Text, chars: Int, words: Sought, terms: Terms) -> None:
    """Look up what a headline's words weigh, and how often an article has them."""
    n = text.sizes[0].words
    for number in range(n):
        words.words[number].word = number
    sharing.seek(words, n, text)
    sharing.find_inside(words, n, text, article, chars)
    for number in range(n):
        match, there = matches.words[number], find(article, text.hashes[number])
        times = article.words[there].times if there != MISSING else 0
        match.number, match.times = there, max(times, words.words[number].count)
        match.related, match.lead_related = 0, False
        match.weight = terms.info[text.words[number].slot].idf


@native()
def _compare(
    text: Text, matches: Matches, article: Text, terms: Terms, mine: Scratch, theirs: Scratch, row: Any
) -> bool:
    """Find most features of a pair; return whether Python must look for the best sentence."""
    total = 0.0
    for number in range(text.sizes[0].words):
        total += matches.words[number].weight
    total = total if total > 0 else 1.0
    row.groups = sharing.find_term_groups(text, matches, terms, mine, theirs)
    _add_overlaps(text, matches, article, row)
    row.overlap /= total
    row.group_overlap /= total
    row.lead_overlap /= total
    least, most = sharing.best_sentence(text, matches, article)
    row.sentence_overlap = most / total
    row.phrases = sharing.phrases(text, matches, article)
    row.names = _names(text, matches, article, terms)
    for k in range(len(mine.direction)):
        row.latent_lead += mine.direction[k] * theirs.direction[k]
    row.subject_share, row.subject_missing = _subjects(terms.subject_weights, mine, theirs)
    return bool(least != most)


@native()
def _add_overlaps(text: Text, matches: Matches, article: Text, row: Any) -> None:
    """Add up the words that the article has, or has related terms of."""
    length = 1 - plain.BM25_LENGTH + plain.BM25_LENGTH * article.sizes[0].tokens / plain.USUAL_WORDS
    for number in range(text.sizes[0].words):
        match = matches.words[number]
        weight, times, related = match.weight, match.times, match.related > 0
        if times:
            row.overlap += weight
            row.group_overlap += weight
            row.specific += max(weight - plain.SPECIFIC_WEIGHT, 0.0)
            row.saturated += weight * times * (plain.BM25_SATURATION + 1) / (times + plain.BM25_SATURATION * length)
        elif related:
            row.group_overlap += weight * plain.GROUP_SHARE
        if match.number != MISSING and article.words[match.number].in_lead:
            row.lead_overlap += weight
        elif related and match.lead_related:
            row.lead_overlap += weight * plain.GROUP_SHARE


@native()
def _weigh_evidence(text: Text, matches: Matches, terms: Terms, row: Any, evidence: Records) -> None:
    """Write down what of each of a headline's words relates it to the article; add it up."""
    for number in range(text.sizes[0].words):
        match, word, part = matches.words[number], text.words[number], 0.0
        term, weight = terms.info[word.slot], match.weight
        if weight > plain.COMMON_WEIGHT:
            related = plain.GROUP_SHARE * math.log1p(match.related)
            part = (weight - plain.COMMON_WEIGHT) * max(math.log1p(match.times), related)
            row.mentions += part
            if not (term.place or term.actor):
                row.matter += part
            if part == 0 and term.place:
                row.missing_places -= weight - plain.COMMON_WEIGHT
        rare = weight >= (plain.SPECIFIC_WEIGHT if term.in_lexicon else plain.TELLING_WEIGHT)
        found = evidence[number]
        found.begin, found.length, found.weight, found.part = word.begin, word.length, weight, part
        found.shared = match.times > 0
        found.tells = part > 0 and rare and word.length >= plain.MIN_TELLING_CHARS


@native()
def _names(text: Text, matches: Matches, article: Text, terms: Terms) -> float:
    """Return the share of the headline's names, by weight, that the article has."""
    found = total = 0.0
    for number in range(text.sizes[0].words):
        match = matches.words[number]
        named = match.number != MISSING and article.words[match.number].named
        share = 1.0 if named else terms.info[text.words[number].slot].name
        total += match.weight * share
        if match.times:
            found += match.weight * share
    return found / (total + plain.LEAST_NAME)


@native()
def _subjects(weights: Numbers, mine: Scratch, theirs: Scratch) -> tuple[float, float]:
    """Return how prominent the headline's subjects are, and minus the weight of those missing."""
    most, share, missing, total = plain.TINY, 0.0, 0.0, 0.0
    for k in range(len(weights)):
        most = max(most, theirs.counts[k])
    for k in range(len(weights)):
        if mine.counts[k]:
            total += weights[k]
            share += weights[k] * (theirs.counts[k] / most)
            if theirs.counts[k] == 0:
                missing += weights[k]
    return share / max(total, plain.TINY), -missing


compare_pairs = _entry(digest(*PAIR_SOURCES))
