"""The same answers in plain Python: few rows have them before the kernel is read from the disk."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saring.fields import FRAMED_TOKEN, LEAD_CHARS, SHARE_SCALE, framed
from saring.lexicon import Bag, GroupCounter, runs
from saring.pairs.vocabulary import DAMPED
from saring.parameters import ClickbaitParameters, TermWeights, TopicParameters
from saring.strangeness import SENTENCE_ENDS, mean_rarity, rarities

__all__ = ["NotCompiled", "PlainArticles", "PlainHeadlines", "domain_weights", "two_labels"]

Numbers = NDArray[np.float64]

_FRAMED_TOKEN = re.compile(FRAMED_TOKEN)


class NotCompiled(Exception):
    """The kernel's table cannot tell two terms apart; plain Python answers in its place."""


class PlainArticles:
    """The topic model.

    Parameters
    ----------
    model : TopicParameters
    """

    def __init__(self, model: TopicParameters) -> None:
        rarity, unknown = rarities(model.whole.terms, model.whole.idf, model.min_df)
        fields = model.fields
        # The words that have a rarity come first.
        self._slots = _Slots(chain(rarity, *(field.terms for field in fields.values())))
        self._fields = {name: _Field(f, self._slots) for name, f in fields.items() if f.terms}
        self._rarity = np.full(len(self._slots.by_term) + 1, unknown)
        self._rarity[: len(rarity)] = list(rarity.values())
        self._counter = GroupCounter(model.lexicon)
        self._in_title, self._shares = np.split(domain_weights(model), 2)
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
        found: dict[Bag, _Found] = {}  # the fields of a headline are one text
        for name, field in self._fields.items():
            bag = bags[name]
            if bag not in found:
                found[bag] = self._slots.find(bag.counts)
            scores += field.scores(found[bag])
        named, whole = bags["title"], bags["all"]
        if len(self._shares):
            told = in_title = self._counter.count(named)
            if whole is not named:
                told = self._counter.count(whole)
            scores += [times > 0 for times in in_title] @ self._in_title
            scores += np.sqrt(np.divide(told, max(1, whole.size))) @ self._shares
        ends = any(end in body for end in SENTENCE_ENDS)
        rarity = self._rarity.take(found[whole].places) @ [*whole.counts.values()]
        return whole.size, whole.size - named.size, ends, float(rarity)


class PlainHeadlines:
    """The clickbait model.

    Parameters
    ----------
    model : ClickbaitParameters
    """

    def __init__(self, model: ClickbaitParameters) -> None:
        self._small = _Slots(chain(model.words.terms, model.known.terms))
        self._written = _Slots(model.cased.terms)
        self._words, self._known = (_Field(b, self._small) for b in (model.words, model.known))
        self._cased = _Field(model.cased, self._written)
        self._intercept = model.intercept

    def __call__(self, headlines: Sequence[str]) -> Numbers:
        """Return the probability of each label, shape (n, 2)."""
        scores = np.full(len(headlines), self._intercept)
        for i, headline in enumerate(headlines):
            small = _FRAMED_TOKEN.findall(framed(headline, cased=False).lower())
            cased = _FRAMED_TOKEN.findall(framed(headline, cased=True))
            found = self._small.find(Counter(small))
            scores[i] += self._known.scores(found)[0]
            scores[i] += self._words.scores(found + self._small.find(_pairs(small)))[0]
            written = self._written.find({**Counter(cased), **_pairs(cased)})
            scores[i] += self._cased.scores(written)[0]
        return two_labels(scores)


def domain_weights(model: TopicParameters) -> Numbers:
    """Return the weights of the domains, shape (2 * n_domains, n_topics).

    The second half is for the roots of shares, without the factor that training gave them.
    """
    weights = np.ascontiguousarray((model.domains * model.domains_scale).T)
    weights[len(model.lexicon) :] *= SHARE_SCALE
    return weights


def two_labels(scores: Numbers) -> Numbers:
    """Return the probabilities of two labels from the log-odds of the second, shape (n, 2)."""
    both = np.empty((len(scores), 2))
    both[:, 1] = np.exp(-np.logaddexp(0, -scores))
    both[:, 0] = 1 - both[:, 1]
    return both


class _Found(NamedTuple):
    """The terms of a text: where their numbers stand, and how much each counts."""

    places: list[int]
    damped: list[float]

    def __add__(self, other: _Found) -> _Found:  # type: ignore[override]
        return _Found(self.places + other.places, self.damped + other.damped)


class _Slots:
    """Terms, each once, and where their numbers stand; those of unknown ones stand last."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.by_term = dict.fromkeys(terms, 0)
        self.by_term.update(zip(self.by_term, range(len(self.by_term)), strict=True))

    def find(self, counts: Mapping[str, int]) -> _Found:
        """Return the terms of a text, which is given counted."""
        places = map(self.by_term.get, counts, repeat(len(self.by_term)))
        return _Found([*places], [DAMPED[times] for times in counts.values()])


class _Field:
    """A field: its numbers by slot."""

    def __init__(self, field: TermWeights, slots: _Slots) -> None:
        self._numbers = np.zeros((len(slots.by_term) + 1, 1 + len(field.coef)))
        places = [*map(slots.by_term.__getitem__, field.terms)]
        self._numbers[places, 0] = field.idf
        self._numbers[places, 1:] = field.weights.T

    def scores(self, found: _Found) -> Numbers:
        """Return what a text's terms add to each score."""
        numbers = self._numbers.take(found.places, axis=0)
        tfidf = numbers[:, 0] * found.damped
        length = math.sqrt(tfidf @ tfidf)
        return tfidf @ numbers[:, 1:] / (length or 1.0)


def _pairs(words: Sequence[str]) -> Counter[str]:
    """Return the pairs of neighbouring words, counted."""
    return Counter([f"{one} {two}" for one, two in pairwise(words)])
