"""Pairs judged by the kernel, which takes articles and headlines as flat arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from saring.compiled import comparing
from saring.compiled.letters import letters
from saring.compiled.native import Numbers
from saring.compiled.slices import in_slices
from saring.compiled.taught import tables
from saring.compiled.texts import Column
from saring.learnt import Learnt
from saring.pairs import FEATURES, Judge, Pair, Tie
from saring.pairs.host import BODY_CHARS, Sentences
from saring.pairs.judge import Lessons, by_article
from saring.sentences import Splitter

__all__ = ["CompiledJudge"]


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
    hosts: Column
    lines: Column
    titles: NDArray[np.int64]
    firsts: NDArray[np.int64]


class CompiledJudge:
    """What a fitted `PairFeatures` says of pairs, as `Judge` does but for rounding.

    Parameters
    ----------
    fitted : Learnt
        Of a `PairFeatures`.

    Raises
    ------
    NotCompiled
        When two terms have one hash.
    """

    def __init__(self, fitted: Learnt) -> None:
        self._fitted = fitted
        learnt = Lessons.of(fitted)
        self._splitter = Splitter(learnt.abbreviations)
        self._table, self._known = tables(learnt)

    @cached_property
    def _plain(self) -> Judge:
        """Who answers where the kernel does not."""
        return Judge(self._fitted)

    def features_and_ties(
        self, pairs: Sequence[Pair]
    ) -> tuple[NDArray[np.float64], list[list[Tie]]]:
        """Return the features of each pair, and pair by pair the words that tie it."""
        features = np.zeros((len(pairs), len(FEATURES)))
        told: list[list[Tie]] = [[] for _ in pairs]
        batch = _batch(pairs)
        if not batch.places:
            return features, told
        n, size = len(batch.places), batch.lines.size
        found, facts = np.zeros((n, len(FEATURES))), np.zeros((n, comparing.FACTS), np.int64)
        spans, weighed = np.zeros((size, 3), np.int32), np.zeros((size, 2))

        def work(start: int, stop: int) -> None:
            comparing.judge(
                (batch.hosts.data, batch.hosts.offsets, batch.titles),
                (batch.lines.data, batch.lines.offsets), batch.firsts, start, stop, letters(),
                self._table, self._known, found, spans, weighed, facts,
            )  # fmt: skip

        in_slices(work, (batch.hosts,), None)
        self._ask_for_sentences(pairs, batch, found, facts, spans, weighed)
        features[batch.places] = found
        for place, tie in _ties(pairs, batch, spans, weighed):
            told[place].append(tie)
        for ties in told:
            ties.sort(key=lambda tie: (-tie.weight, tie.word))
        asked = [batch.places[row] for row in np.flatnonzero(facts[:, comparing.ASK_ALL])]
        if asked:
            features[asked], answers = self._plain.features_and_ties([pairs[i] for i in asked])
            for i, ties in zip(asked, answers, strict=True):
                told[i] = ties
        return features, told

    def _ask_for_sentences(
        self, pairs: Sequence[Pair], batch: _Batch, found: Numbers, facts: Numbers, spans: Numbers,
        weighed: Numbers,
    ) -> None:  # fmt: skip
        """Find the best sentence of the pairs for which the kernel could not."""
        body, sentences = "", Sentences("", self._splitter)
        for row in np.flatnonzero(facts[:, comparing.ASK_SENTENCE]).tolist():
            _, article, headline = pairs[batch.places[row]]
            if article is not body:
                body, sentences = article, Sentences(article[:BODY_CHARS], self._splitter)
            begin, lowered = batch.lines.offsets[row], headline.lower()
            here = slice(begin, begin + facts[row, comparing.WORDS])
            weights = {
                lowered[at : at + length]: weight
                for (at, length, _), weight in zip(
                    spans[here].tolist(), weighed[here, 0].tolist(), strict=True
                )
            }
            total = sum(weights.values()) or 1.0
            found[row, comparing.SENTENCE_OVERLAP] = sentences.best(weights) / total


def _batch(pairs: Sequence[Pair]) -> _Batch:
    """Return pairs article by article; those without a headline are left out."""
    articles = by_article(pairs)
    places = [i for of in articles.values() for i in of]
    return _Batch(
        places,
        _points([f"{title}\n{body[:BODY_CHARS]}" for title, body in articles]),
        _points([pairs[i][2] for i in places]),
        np.array([len(title) for title, _ in articles], np.int64),
        np.array([*accumulate(map(len, articles.values()), initial=0)], np.int64),
    )


def _points(texts: Sequence[str]) -> Column:
    """Return the code points of texts."""
    ends = np.array([*accumulate(map(len, texts), initial=0)], np.int64)
    return Column(np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4"), ends)


def _ties(
    pairs: Sequence[Pair], batch: _Batch, spans: Numbers, weighed: Numbers
) -> Iterator[tuple[int, Tie]]:
    """Yield the words that tell a person something, each with the place of its pair."""
    at = np.flatnonzero(spans[:, 2] & comparing.TOLD)
    rows = batch.lines.offsets.searchsorted(at, side="right") - 1
    found = zip(rows.tolist(), spans[at].tolist(), weighed[at, 1].tolist(), strict=True)
    for row, (begin, length, notes), weight in found:
        place = batch.places[row]
        word = pairs[place][2][begin : begin + length].lower()
        if not word.isdigit():
            yield place, Tie(word, weight, notes & comparing.SHARED > 0)
