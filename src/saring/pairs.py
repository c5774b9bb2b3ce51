"""Features of a pair (article, headline): how much of the headline is at home in the article.

Eleven numbers, each rising with relatedness: words shared, weighted by how rare they are; where
and how often the article has them; and agreement in subject where no word is shared.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from saring.lexicon import GroupCounter, load_lexicon, words
from saring.sentences import Splitter, learn_abbreviations

__all__ = ["FEATURES", "Pair", "PairFeatures"]

Pair = tuple[str, str, str]  # title and body of the article, headline of the link

FEATURES = (
    "overlap",  # share of the headline's word weight that stands anywhere in the article
    "lead_overlap",  # ... in its first words
    "sentence_overlap",  # ... in the sentence that has most of it
    "title_recall",  # share of the title's word weight that the headline repeats
    "key_recall",  # share of the article's key terms, by weight, that the headline names
    "mentions",  # how often, in logs, the article says the headline's words; common words left out
    "rarest",  # weight of the three rarest words shared: one may be chance, three seldom are
    "specific",  # weight of the shared words above what any two articles share
    "latent_title",  # cosine with the title in the latent space of the corpus
    "subject_share",  # how prominent the headline's subjects are in the article
    "subject_missing",  # minus the weight of the headline's subjects that the article lacks
)

LEAD_WORDS = 80  # the first two or three paragraphs
MIN_STEM_CHARS = 4  # a shorter word stands inside too many others ("as" in "tugas")
MIN_KEY_CHARS = 3
KEY_TERMS = 20  # the terms of highest TF-IDF that stand for an article
COMMON_WEIGHT = 2.0  # idf of a word that stands in one article of three: it says nothing
SPECIFIC_WEIGHT = 3.0  # idf from which a shared word says something: one article in 7
TELLING_WEIGHT = 5.0  # idf from which a word outside the lexicon tells a person something
MIN_TELLING_CHARS = 3
RAREST = 3
# A subject met in every article says nothing; one never met must not weigh without bound.
SUBJECT_FLOOR = 0.005


class PairFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers that tell whether a headline belongs to an article, shape (n_pairs, 11).

    A word counts as shared when the article has it, or has it inside a longer word: that finds
    affixed forms (``naik`` in ``kenaikan``) and words that scraping glued together.

    Parameters
    ----------
    min_df : int
        A word must stand in this many training articles to be known; unknown words weigh most.
    dimensions : int
        Size of the latent space (LSA) learnt on the training articles.
    seed : int
        For the randomised decomposition.
    """

    STATE = ("terms_", "latent_", "lexicon_", "subject_weights_", "abbreviations_")
    DERIVED = ("_idf", "_unseen", "_subjects", "_known", "_splitter")

    def __init__(self, min_df: int = 2, dimensions: int = 100, seed: int = 0) -> None:
        self.min_df = min_df
        self.dimensions = dimensions
        self.seed = seed

    def fit(self, pairs: Sequence[Pair], y: Any = None) -> PairFeatures:
        """Learn word weights, the latent space and the sentence splitter; return self."""
        for name in self.DERIVED:  # of an earlier fit
            self.__dict__.pop(name, None)
        articles = list(dict.fromkeys((title, body) for title, body, _ in pairs))
        texts = [f"{title}\n{body}" for title, body in articles]
        self.terms_ = TfidfVectorizer(min_df=self.min_df, sublinear_tf=True)
        tfidf = self.terms_.fit_transform(texts)
        dimensions = min(self.dimensions, min(tfidf.shape) - 1)
        self.latent_ = TruncatedSVD(dimensions, random_state=self.seed).fit(tfidf)
        self.abbreviations_ = list(learn_abbreviations(texts))
        domains = load_lexicon("domains")
        places = {name: domains[name] for name in ("abroad", "home")}
        groups = places | load_lexicon("subjects")
        self.lexicon_ = {name: list(terms) for name, terms in groups.items()}
        met = (GroupCounter(self.lexicon_).counts(texts) > 0).mean(axis=0)
        self.subject_weights_ = -np.log(met + SUBJECT_FLOOR).clip(None, 0)
        return self

    def transform(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the features of each pair, in the order of `FEATURES`."""
        self._prepare()
        places: dict[tuple[str, str], int] = {}
        at = [places.setdefault((title, body), len(places)) for title, body, _ in pairs]
        hosts = [_Host(title, body, self) for title, body in places]
        headlines = [headline for _, _, headline in pairs]
        shared = [self._overlaps(hosts[i], text) for i, text in zip(at, headlines, strict=True)]
        return np.hstack(
            [
                np.array(shared).reshape(len(pairs), -1),
                self._latent(hosts, headlines, at),
                self._subject(hosts, headlines, at),
            ]
        )

    def shared_words(self, pair: Pair) -> list[tuple[str, float]]:
        """Return the headline's words that stand in the article, with their weights, rarest first.

        Words that many articles share ("soal", "usai") and numbers are left out.
        """
        self._prepare()
        host = _Host(pair[0], pair[1], self)
        found = {word: self.weight(word) for word in words(pair[2]) if host.has(word)}
        ranked = sorted(found.items(), key=lambda item: -item[1])
        return [(word, weight) for word, weight in ranked if self._tells(word, weight)]

    def weight(self, word: str) -> float:
        """Return how rare a word is: its idf in the training articles (natural log, from 1 up)."""
        self._prepare()
        return self._idf.get(word, self._unseen)

    def _tells(self, word: str, weight: float) -> bool:
        """Whether a shared word tells a person something: it is rare, or the lexicon has it."""
        if len(word) < MIN_TELLING_CHARS or word.isdigit():
            return False
        return weight >= (SPECIFIC_WEIGHT if word in self._known else TELLING_WEIGHT)

    def _prepare(self) -> None:
        """Make the look-up tables that follow from the fitted state, once."""
        if hasattr(self, "_idf"):
            return
        idf = self.terms_.idf_
        self._idf = {word: float(idf[i]) for word, i in self.terms_.vocabulary_.items()}
        # What min_df left out is rarer than the rarest word kept.
        self._unseen = float(idf.max()) + math.log(self.min_df)
        self._subjects = GroupCounter(self.lexicon_)
        self._known = {term for terms in self.lexicon_.values() for term in terms}
        self._splitter = Splitter(self.abbreviations_)

    def _overlaps(self, host: _Host, headline: str) -> list[float]:
        """Return the first eight features: what the words themselves share."""
        weights = {word: self.weight(word) for word in words(headline)}
        total = sum(weights.values()) or 1.0
        lowered = headline.lower()
        shared = sorted((w for word, w in weights.items() if host.has(word)), reverse=True)
        telling = {word: w - COMMON_WEIGHT for word, w in weights.items() if w > COMMON_WEIGHT}
        return [
            sum(shared) / total,
            sum(w for word, w in weights.items() if word in host.lead) / total,
            max((_common(weights, s) for s in host.sentences), default=0.0) / total,
            _recall(host.title_weights, weights, lowered),
            _recall(host.key_weights, weights, lowered),
            sum(w * math.log1p(host.mentions(word)) for word, w in telling.items())
            / (sum(telling.values()) or 1.0),
            sum(shared[:RAREST]),
            sum(w - SPECIFIC_WEIGHT for w in shared if w > SPECIFIC_WEIGHT),
        ]

    def _latent(
        self, hosts: Sequence[_Host], headlines: Sequence[str], at: Sequence[int]
    ) -> NDArray[np.float64]:
        """Return the cosines of headlines with titles in the latent space, shape (n_pairs, 1)."""

        def place(texts: Sequence[str]) -> NDArray[np.float64]:
            return normalize(self.latent_.transform(self.terms_.transform(texts)))  # type: ignore[no-any-return]

        titles = place([host.title for host in hosts])
        cosines: NDArray[np.float64] = (place(headlines) * titles[at]).sum(axis=1, keepdims=True)
        return cosines

    def _subject(
        self, hosts: Sequence[_Host], headlines: Sequence[str], at: Sequence[int]
    ) -> NDArray[np.float64]:
        """Return how the headlines' subjects stand in the articles, shape (n_pairs, 2)."""
        weights = self.subject_weights_
        named = (self._subjects.counts(headlines) > 0) * weights
        found = np.log1p(self._subjects.counts([host.text for host in hosts])) * weights
        prominence = found / np.maximum(found.max(axis=1, keepdims=True), 1e-9)
        share = (named * prominence[at]).sum(axis=1) / np.maximum(named.sum(axis=1), 1e-9)
        missing = (named * (found[at] == 0)).sum(axis=1)
        return np.column_stack([share, -missing])


class _Host:
    """An article as the features see it; made once for all its links."""

    def __init__(self, title: str, body: str, features: PairFeatures) -> None:
        self.title = title
        self.text = f"{title}\n{body}"
        self._body = body
        self._features = features
        self._lowered = self.text.lower()
        self._counts = Counter(words(self.text))

    def has(self, word: str) -> bool:
        """Whether the article has a word, alone or inside a longer one."""
        return word in self._counts or (len(word) >= MIN_STEM_CHARS and word in self._lowered)

    def mentions(self, word: str) -> int:
        """How often the article has a word, alone or inside a longer one."""
        inside = self._lowered.count(word) if len(word) >= MIN_STEM_CHARS else 0
        return max(self._counts[word], inside)

    @cached_property
    def lead(self) -> frozenset[str]:
        """Words of the first paragraphs."""
        return frozenset(words(self._body)[:LEAD_WORDS])

    @cached_property
    def sentences(self) -> list[frozenset[str]]:
        """Words of each sentence of the body."""
        return [frozenset(words(s)) for s in self._features._splitter.sentences(self._body)]

    @cached_property
    def title_weights(self) -> dict[str, float]:
        """Words of the title and their weights."""
        return {word: self._features.weight(word) for word in words(self.title)}

    @cached_property
    def key_weights(self) -> dict[str, float]:
        """The terms of highest TF-IDF and their weights."""
        tfidf = {
            word: (1 + math.log(count)) * self._features.weight(word)
            for word, count in self._counts.items()
            if len(word) >= MIN_KEY_CHARS
        }
        return dict(sorted(tfidf.items(), key=lambda item: (-item[1], item[0]))[:KEY_TERMS])


def _common(weights: dict[str, float], found: frozenset[str]) -> float:
    """Return the weight of the words that are found."""
    return sum(weight for word, weight in weights.items() if word in found)


def _recall(wanted: dict[str, float], weights: dict[str, float], lowered: str) -> float:
    """Return the share, by weight, of the wanted words that a headline has."""
    total = sum(wanted.values()) or 1.0
    return (
        sum(
            weight
            for word, weight in wanted.items()
            if word in weights or (len(word) >= MIN_STEM_CHARS and word in lowered)
        )
        / total
    )
