"""Pairs judged: their features, and the words that tell why, from what fitting learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saring.lexicon import GroupCounter
from saring.pairs.features import FEATURES, SPECIFIC_WEIGHT, pair_features, ties
from saring.pairs.host import Headline, Host, Tools
from saring.pairs.kin import Kin
from saring.pairs.latent import LatentSpace
from saring.pairs.vocabulary import Vocabulary
from saring.parameters import PairParameters
from saring.sentences import Splitter

__all__ = ["Judge", "Pair", "Tie", "by_article"]

Pair = tuple[str, str, str]  # title and body of the article, headline of the link

TELLING_WEIGHT = 5.0  # idf from which a word outside the lexicon tells a person something
MIN_TELLING_CHARS = 3


class Tie(NamedTuple):
    """A word that ties a headline to an article.

    Attributes
    ----------
    word : str
    weight : float
        How rare it is, and how often the article says it: its part in the feature ``mentions``.
    shared : bool
        Whether the article has the word itself; otherwise it has the word's kin.
    """

    word: str
    weight: float
    shared: bool


class Judge:
    """What plain Python says of pairs.

    Parameters
    ----------
    learnt : PairParameters
    """

    def __init__(self, learnt: PairParameters) -> None:
        self._known = {term for group in learnt.lexicon.values() for term in group}
        self._tools = Tools(
            vocabulary=Vocabulary(learnt.words, learnt.idf, learnt.names, learnt.min_df),
            kin=Kin(learnt.kin),
            family_weights=learnt.family_weights.tolist(),
            subjects=GroupCounter(learnt.lexicon),
            subject_weights=learnt.subject_weights.tolist(),
            latent=LatentSpace(learnt.latent_words, learnt.latent_idf, learnt.axes),
            splitter=Splitter(learnt.abbreviations),
        )

    def features(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the features of each pair, in the order of `FEATURES`."""
        found = np.zeros((len(pairs), len(FEATURES)))
        for i, host, headline in self._met(pairs):
            found[i] = pair_features(host, headline, ties(host, headline), self._tools)
        return found

    def ties(self, pair: Pair) -> list[Tie]:
        """Return the headline's words that tie it to the article, the weightiest first.

        Words that many articles share ("soal", "usai") and numbers are left out.
        """
        for _, host, headline in self._met([pair]):
            return self._told(host, headline, ties(host, headline))
        return []

    def features_and_ties(
        self, pairs: Sequence[Pair]
    ) -> tuple[NDArray[np.float64], list[list[Tie]]]:
        """Return what `features` and, pair by pair, `ties` say, at the cost of the first."""
        features = np.zeros((len(pairs), len(FEATURES)))
        told: list[list[Tie]] = [[] for _ in pairs]
        for i, host, headline in self._met(pairs):
            found = ties(host, headline)
            features[i] = pair_features(host, headline, found, self._tools)
            told[i] = self._told(host, headline, found)
        return features, told

    def weight(self, word: str) -> float:
        """Return how rare a word is: its idf in the training articles (natural log, from 1 up)."""
        return self._tools.vocabulary.weight(word)

    def _met(self, pairs: Sequence[Pair]) -> Iterator[tuple[int, Host, Headline]]:
        """Yield the place of each pair that is no background, article by article."""
        for (title, body), places in by_article(pairs).items():
            host = Host(title, body, self._tools)
            for i in places:
                yield i, host, Headline(pairs[i][2], self._tools)

    def _told(self, host: Host, headline: Headline, found: dict[str, float]) -> list[Tie]:
        """Return the ties that tell a person something, the weightiest first."""
        told = [
            Tie(word, weight, shared=host.mentions(word) > 0)
            for word, weight in found.items()
            if weight > 0 and self._tells(word, headline.weights[word])
        ]
        return sorted(told, key=lambda tie: (-tie.weight, tie.word))

    def _tells(self, word: str, weight: float) -> bool:
        """Whether a shared word tells a person something: it is rare, or the lexicon has it."""
        if len(word) < MIN_TELLING_CHARS or word.isdigit():
            return False
        return weight >= (SPECIFIC_WEIGHT if word in self._known else TELLING_WEIGHT)


def by_article(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[int]]:
    """Return the places of the pairs that are no background by title and body."""
    articles: dict[tuple[str, str], list[int]] = {}
    for i, (title, body, headline) in enumerate(pairs):
        if headline.strip():
            articles.setdefault((title, body), []).append(i)
    return articles
