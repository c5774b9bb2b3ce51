"""Pairs scored by the compiled loops: their tables, batches, and what is left to plain Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from saring.kernel import pair_loops
from saring.kernel.loops import MISSING, Numbers, Table
from saring.kernel.pair_reading import ABBREVIATION, ABBREVIATION_END
from saring.kernel.pair_sharing import ACTOR, BEGINS_PAIR, GROUPED, IDF, KNOWN, NAME, PLACE
from saring.kernel.scorers import Terms, letters
from saring.kernel.text_arrays import Column, in_slices
from saring.models.pair_features import BODY_CHARS, FEATURES, Pair, PairScorer, Sentences, Tie, by_article
from saring.models.parameters import PairParameters
from saring.models.vocabulary import NAME_PRIOR, TermGroups, unseen_weight, word_rows
from saring.text import Splitter

# What fitting learned of pairs, as the kernel looks it up.


_LAST_WORD = re.compile(r"\w+$")


def tables(parameters: PairParameters) -> tuple[Table, tuple[Numbers, ...]]:
    """Return the table of terms, and what is known of them: the arrays of `known.Known`.

    Raises
    ------
    NotCompiled
        When two terms have one hash.
    """
    term_groups, lexicon = TermGroups(parameters.term_groups), list(parameters.lexicon.values())
    short, ends = _abbreviations(parameters.abbreviations)
    order = parameters.idf.argsort(kind="stable")  # common words lie beside each other in memory
    groups = [*lexicon, *term_groups.groups]
    grouped = set(chain.from_iterable(groups))
    notes = (
        (PLACE, term_groups.places), (ACTOR, term_groups.actors),
        (KNOWN, set(chain.from_iterable(lexicon))),
        (ABBREVIATION, short), (ABBREVIATION_END, ends),
        (GROUPED, grouped), (BEGINS_PAIR, {term.split()[0] for term in grouped if " " in term}),
    )  # fmt: skip
    others = [parameters.latent_words, *term_groups.groups, *(sorted(words) for _, words in notes)]
    terms = Terms.of(chain([parameters.words[i] for i in order.tolist()], *others))
    known = (
        _numbers(terms, parameters, order), _notes(terms, notes),
        _rows(terms, parameters.latent_words),
        *terms.members(groups), parameters.subject_weights, parameters.family_weights,
        word_rows(parameters.latent_idf, parameters.axes),
    )  # fmt: skip
    return terms.table, known


def _abbreviations(known: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return the abbreviations that are one word, and the last words of all."""
    last = {term: end[0] for term in known if (end := _LAST_WORD.search(term))}
    return {term for term, end in last.items() if term == end}, set(last.values())


def _numbers(terms: Terms, parameters: PairParameters, order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how rare each slot's word is, and how probably a name, shape (n + 1, 2).

    The words that have a rarity come first, in this order.
    """
    found = np.empty((len(terms.slots) + 1, 2))
    found[:, IDF], found[:, NAME] = unseen_weight(parameters.idf, parameters.min_df), NAME_PRIOR
    found[: len(order), IDF], found[: len(order), NAME] = (parameters.idf[order], parameters.names[order])
    return found


def _rows(terms: Terms, words: Sequence[str]) -> NDArray[np.int32]:
    """Return the row of each slot's word among the axes, `MISSING` where it has none."""
    found = np.full(len(terms.slots) + 1, MISSING, np.int32)
    found[[terms.slots[word] for word in words]] = range(len(words))
    return found


def _notes(terms: Terms, notes: Iterable[tuple[int, Iterable[str]]]) -> NDArray[np.int32]:
    """Return what is noted of each slot's term."""
    found = np.zeros(len(terms.slots) + 1, np.int32)
    for note, words in notes:
        found[[terms.slots[word] for word in words]] |= note
    return found


# Pairs judged by the kernel, which takes articles and headlines as flat arrays.


# Articles of so many characters are judged together: a thousand or two, and some megabytes.
BATCH_CHARS = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Articles and their headlines in the order of the kernel.

    Attributes
    ----------
    places : list of int
        Which pair each headline is of.
    hosts, lines : Column
        Code points of the articles, each its title and its body, and of the headlines.
    titles : (n_hosts,) array
        How long each title is.
    firsts : (n_hosts + 1,) array
        Where the headlines of each article begin.
    """

    places: list[int]
    articles: Column
    lines: Column
    titles: NDArray[np.int64]
    firsts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What the kernel says of a batch; `comparing` says what each is."""

    features: NDArray[np.float64]
    spans: NDArray[np.int32]
    weighed: NDArray[np.float64]
    facts: NDArray[np.int64]

    def noted(self, fact: int) -> list[int]:
        """Return the rows of which a fact is noted."""
        rows: list[int] = self.facts[:, fact].nonzero()[0].tolist()
        return rows


class CompiledPairScorer:
    """What the kernel says of pairs: the same as `PairScorer` but for rounding.

    Parameters
    ----------
    learned : PairParameters

    Raises
    ------
    NotCompiled
        When two terms have one hash.
    """

    def __init__(self, parameters: PairParameters) -> None:
        self._parameters = parameters
        self._splitter = Splitter(parameters.abbreviations)
        self._table, self._known = tables(parameters)

    @cached_property
    def _plain(self) -> PairScorer:
        """Who answers where the kernel does not."""
        return PairScorer(self._parameters)

    def features_and_ties(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Tie]]]:
        """Return the features of each pair, and pair by pair the words that tie it."""
        features = np.zeros((len(pairs), len(FEATURES)))
        told: list[list[Tie]] = [[] for _ in pairs]
        fallback: list[int] = []
        for batch in _batches(pairs):
            found = self._compare(batch)
            self._ask_for_sentences(pairs, batch, found)
            features[batch.places] = found.features
            for place, tie in _ties(pairs, batch, found):
                told[place].append(tie)
            fallback += [batch.places[row] for row in found.noted(pair_loops.FALLBACK_ALL)]
        for ties in told:
            ties.sort(key=lambda tie: (-tie.weight, tie.word))
        if fallback:
            features[fallback], answers = self._plain.features_and_ties([pairs[i] for i in fallback])
            for i, ties in zip(fallback, answers, strict=True):
                told[i] = ties
        return features, told

    def _compare(self, batch: _Batch) -> _Found:
        """Return what the kernel says of a batch."""
        n, size = len(batch.places), batch.lines.size
        found = _Found(
            features=np.zeros((n, len(FEATURES))),
            spans=np.zeros((size, 3), np.int32),
            weighed=np.zeros((size, 2)),
            facts=np.zeros((n, pair_loops.FACTS), np.int64),
        )

        def work(start: int, stop: int) -> None:
            pair_loops.pair_scorer(
                (batch.articles.data, batch.articles.offsets, batch.titles),
                (batch.lines.data, batch.lines.offsets), batch.firsts, start, stop, letters(),
                self._table, self._known, found.features, found.spans, found.weighed, found.facts,
            )  # fmt: skip

        in_slices(work, (batch.articles,), None)
        return found

    def _ask_for_sentences(self, pairs: Sequence[Pair], batch: _Batch, found: _Found) -> None:
        """Find the best sentence of the pairs for which the kernel could not."""
        body, sentences = "", Sentences("", self._splitter)
        for row in found.noted(pair_loops.FALLBACK_SENTENCE):
            _, article, headline = pairs[batch.places[row]]
            if article is not body:
                body, sentences = article, Sentences(article[:BODY_CHARS], self._splitter)
            begin, lowered = batch.lines.offsets[row], headline.lower()
            here = slice(begin, begin + found.facts[row, pair_loops.WORDS])
            spans, each = found.spans[here].tolist(), found.weighed[here, 0].tolist()
            weights = {lowered[at : at + length]: weight for (at, length, _), weight in zip(spans, each, strict=True)}
            best = sentences.best(weights) / (sum(each) or 1.0)
            found.features[row, pair_loops.FALLBACK_COLUMN] = best


def _batches(pairs: Sequence[Pair]) -> Iterator[_Batch]:
    """Yield pairs article by article, some articles at a time."""
    articles: list[tuple[tuple[str, str], list[int]]] = []
    size = 0
    for (title, body), places in by_article(pairs).items():
        articles.append(((title, body), places))
        size += len(title) + len(body)
        if size > BATCH_CHARS:
            yield _batch(pairs, articles)
            articles, size = [], 0
    if articles:
        yield _batch(pairs, articles)


def _batch(pairs: Sequence[Pair], articles: Sequence[tuple[tuple[str, str], list[int]]]) -> _Batch:
    """Return articles, each with the places of its pairs, as the kernel takes them."""
    places = [place for _, of in articles for place in of]
    return _Batch(
        places,
        _points([f"{title}\n{body[:BODY_CHARS]}" for (title, body), _ in articles]),
        _points([pairs[place][2] for place in places]),
        np.array([len(title) for (title, _), _ in articles], np.int64),
        np.array([*accumulate((len(of) for _, of in articles), initial=0)], np.int64),
    )


def _points(texts: Sequence[str]) -> Column:
    """Return the code points of texts."""
    ends = np.array([*accumulate(map(len, texts), initial=0)], np.int64)
    return Column(np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4"), ends)


def _ties(pairs: Sequence[Pair], batch: _Batch, found: _Found) -> Iterator[tuple[int, Tie]]:
    """Yield the words that tell a person something, each with the place of its pair."""
    at = (found.spans[:, 2] & pair_loops.TOLD).nonzero()[0]
    rows = batch.lines.offsets.searchsorted(at, side="right") - 1
    told = zip(rows.tolist(), found.spans[at].tolist(), found.weighed[at, 1].tolist(), strict=True)
    for row, (begin, length, notes), weight in told:
        place = batch.places[row]
        word = pairs[place][2][begin : begin + length].lower()
        if not word.isdigit():
            yield place, Tie(word, weight, notes & pair_loops.SHARED > 0)
