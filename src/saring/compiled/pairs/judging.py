"""Pairs judged by the kernel, which takes articles and headlines as flat arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from saring.compiled.letters import letters
from saring.compiled.pairs import comparing
from saring.compiled.pairs.taught import tables
from saring.compiled.slices import in_slices
from saring.compiled.texts import Column
from saring.pairs import FEATURES, Judge, Pair, Tie
from saring.pairs.host import BODY_CHARS, Sentences
from saring.pairs.judge import by_article
from saring.parameters import PairParameters
from saring.sentences import Splitter

__all__ = ["CompiledJudge"]

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
    hosts: Column
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


class CompiledJudge:
    """What the kernel says of pairs: the same as `Judge` but for rounding.

    Parameters
    ----------
    learnt : PairParameters

    Raises
    ------
    NotCompiled
        When two terms have one hash.
    """

    def __init__(self, learnt: PairParameters) -> None:
        self._learnt = learnt
        self._splitter = Splitter(learnt.abbreviations)
        self._table, self._known = tables(learnt)

    @cached_property
    def _plain(self) -> Judge:
        """Who answers where the kernel does not."""
        return Judge(self._learnt)

    def features_and_ties(
        self, pairs: Sequence[Pair]
    ) -> tuple[NDArray[np.float64], list[list[Tie]]]:
        """Return the features of each pair, and pair by pair the words that tie it."""
        features = np.zeros((len(pairs), len(FEATURES)))
        told: list[list[Tie]] = [[] for _ in pairs]
        asked: list[int] = []
        for batch in _batches(pairs):
            found = self._compare(batch)
            self._ask_for_sentences(pairs, batch, found)
            features[batch.places] = found.features
            for place, tie in _ties(pairs, batch, found):
                told[place].append(tie)
            asked += [batch.places[row] for row in found.noted(comparing.ASK_ALL)]
        for ties in told:
            ties.sort(key=lambda tie: (-tie.weight, tie.word))
        if asked:
            features[asked], answers = self._plain.features_and_ties([pairs[i] for i in asked])
            for i, ties in zip(asked, answers, strict=True):
                told[i] = ties
        return features, told

    def _compare(self, batch: _Batch) -> _Found:
        """Return what the kernel says of a batch."""
        n, size = len(batch.places), batch.lines.size
        found = _Found(
            features=np.zeros((n, len(FEATURES))),
            spans=np.zeros((size, 3), np.int32),
            weighed=np.zeros((size, 2)),
            facts=np.zeros((n, comparing.FACTS), np.int64),
        )

        def work(start: int, stop: int) -> None:
            comparing.judge(
                (batch.hosts.data, batch.hosts.offsets, batch.titles),
                (batch.lines.data, batch.lines.offsets), batch.firsts, start, stop, letters(),
                self._table, self._known, found.features, found.spans, found.weighed, found.facts,
            )  # fmt: skip

        in_slices(work, (batch.hosts,), None)
        return found

    def _ask_for_sentences(self, pairs: Sequence[Pair], batch: _Batch, found: _Found) -> None:
        """Find the best sentence of the pairs for which the kernel could not."""
        body, sentences = "", Sentences("", self._splitter)
        for row in found.noted(comparing.ASK_SENTENCE):
            _, article, headline = pairs[batch.places[row]]
            if article is not body:
                body, sentences = article, Sentences(article[:BODY_CHARS], self._splitter)
            begin, lowered = batch.lines.offsets[row], headline.lower()
            here = slice(begin, begin + found.facts[row, comparing.WORDS])
            spans, each = found.spans[here].tolist(), found.weighed[here, 0].tolist()
            weights = {
                lowered[at : at + length]: weight
                for (at, length, _), weight in zip(spans, each, strict=True)
            }
            best = sentences.best(weights) / (sum(each) or 1.0)
            found.features[row, comparing.SENTENCE_OVERLAP] = best


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
    at = (found.spans[:, 2] & comparing.TOLD).nonzero()[0]
    rows = batch.lines.offsets.searchsorted(at, side="right") - 1
    told = zip(rows.tolist(), found.spans[at].tolist(), found.weighed[at, 1].tolist(), strict=True)
    for row, (begin, length, notes), weight in told:
        place = batch.places[row]
        word = pairs[place][2][begin : begin + length].lower()
        if not word.isdigit():
            yield place, Tie(word, weight, notes & comparing.SHARED > 0)
