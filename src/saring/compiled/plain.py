"""The same answers in plain Python: few rows have them before the kernel is read from the disk."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from saring.compiled.blocks import MARKS_AND_WORDS, ArticleModel, Block, HeadlineModel
from saring.fields import LEAD_CHARS, framed
from saring.lexicon import Bag, GroupCounter, runs
from saring.pairs.vocabulary import DAMPED
from saring.strangeness import SENTENCE_ENDS, mean_rarity

__all__ = ["PlainArticles", "PlainHeadlines", "two_labels"]

Numbers = NDArray[np.float64]

_MARKS_AND_WORDS = re.compile(MARKS_AND_WORDS)


class PlainArticles:
    """A topic pipeline.

    Parameters
    ----------
    model : ArticleModel
    """

    def __init__(self, model: ArticleModel) -> None:
        blocks = model.fields
        # The words that have a rarity come first.
        self._slots = _Slots(chain(model.rarity, *(block.terms for block in blocks.values())))
        self._fields = {name: _Field(block, self._slots) for name, block in blocks.items()}
        self._rarity = np.full(len(self._slots.by_term) + 1, model.unknown)
        self._rarity[: len(model.rarity)] = list(model.rarity.values())
        self._counter = GroupCounter(model.groups)
        self._in_title, self._shares = np.split(model.domains, 2)
        self._intercept = model.intercept

    def __call__(self, titles: Sequence[str], bodies: Sequence[str]) -> tuple[Numbers, Numbers]:
        """Return probabilities, shape (n, n_topics), and strangeness, shape (n,)."""
        scores = np.tile(self._intercept, (len(titles), 1))
        totals = np.zeros((len(titles), 4))
        for i, (title, body) in enumerate(zip(titles, bodies, strict=True)):
            totals[i] = self._read(title, body, scores[i])
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        return parts / parts.sum(axis=1, keepdims=True), mean_rarity(totals)

    def _read(self, title: str, body: str, scores: Numbers) -> tuple[float, ...]:
        """Add up the scores of one row; return what `mean_rarity` asks of it."""
        heading, text = runs(title), runs(body)
        bags = dict.fromkeys(("title", "lead", "all"), Bag(heading))
        if text:
            bags["lead"] = Bag(heading + runs(body[:LEAD_CHARS]))
            bags["all"] = Bag(heading + text)
        for name, field in self._fields.items():
            scores += field.scores(bags[name].counts, bags[name].words)
        named, whole = bags["title"], bags["all"]
        if len(self._shares):
            told = np.array([self._counter.count(named), self._counter.count(whole)])
            scores += (told[0] > 0) @ self._in_title
            scores += np.sqrt(told[1] / max(1, whole.size)) @ self._shares
        ends = any(end in body for end in SENTENCE_ENDS)
        rarity = self._rarity.take(self._slots.all(whole.counts)) @ [*whole.counts.values()]
        return whole.size, whole.size - named.size, ends, float(rarity)


class PlainHeadlines:
    """A clickbait pipeline.

    Parameters
    ----------
    model : HeadlineModel
    """

    def __init__(self, model: HeadlineModel) -> None:
        small = _Slots(chain(model.words.terms, model.known.terms))
        self._words, self._known = _Field(model.words, small), _Field(model.known, small)
        self._cased = _Field(model.cased, _Slots(model.cased.terms))
        self._intercept = model.intercept

    def __call__(self, headlines: Sequence[str]) -> Numbers:
        """Return the probability of each label, shape (n, 2)."""
        scores = np.full(len(headlines), self._intercept)
        for i, headline in enumerate(headlines):
            small = _MARKS_AND_WORDS.findall(framed(headline, cased=False).lower())
            cased = _MARKS_AND_WORDS.findall(framed(headline, cased=True))
            counts = Counter(small)
            scores[i] += self._words.scores(counts, small)[0]
            scores[i] += self._known.scores(counts, small)[0]
            scores[i] += self._cased.scores(Counter(cased), cased)[0]
        return two_labels(scores)


def two_labels(scores: Numbers) -> Numbers:
    """Return the probabilities of two labels from the log-odds of the second, shape (n, 2)."""
    second = np.exp(-np.logaddexp(0, -scores))
    return np.column_stack([1 - second, second])


class _Slots:
    """Terms, each once, and where their numbers stand; those of unknown ones stand last."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.by_term = dict.fromkeys(terms, 0)
        self.by_term.update(zip(self.by_term, range(len(self.by_term)), strict=True))

    def all(self, terms: Iterable[str]) -> list[int]:
        """Return the slot of each term."""
        slots, unknown = self.by_term, len(self.by_term)
        return [slots.get(term, unknown) for term in terms]


class _Field:
    """A block: its numbers by slot."""

    def __init__(self, block: Block, slots: _Slots) -> None:
        self._slots = slots
        self._pairs = block.max_words > 1
        self._numbers = np.zeros((len(slots.by_term) + 1, 1 + len(block.weights)))
        places = [*map(slots.by_term.__getitem__, block.terms)]
        self._numbers[places, 0] = block.idf
        self._numbers[places, 1:] = block.weights.T

    def scores(self, counts: Mapping[str, int], words: Sequence[str]) -> Numbers:
        """Return what a text's words, given counted and in order, add to each score."""
        if self._pairs:
            counts = Counter(chain(words, [f"{one} {two}" for one, two in pairwise(words)]))
        found = self._numbers.take(self._slots.all(counts), axis=0)
        tfidf = found[:, 0] * [DAMPED[times] for times in counts.values()]
        length = math.sqrt(tfidf @ tfidf)
        return tfidf @ found[:, 1:] / (length or 1.0)
