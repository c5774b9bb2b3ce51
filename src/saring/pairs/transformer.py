"""Many pairs to a matrix, and what is learnt for it from background articles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler, normalize

from saring.lexicon import GroupCounter, load_lexicon
from saring.pairs.features import BATCHED, FEATURES, SPECIFIC_WEIGHT, pair_features, ties
from saring.pairs.host import Headline, Host, Tools
from saring.pairs.kin import Kin, load_kin, separate_words
from saring.pairs.vocabulary import Vocabulary, name_shares
from saring.sentences import Splitter, learn_abbreviations

__all__ = ["Pair", "PairFeatures", "PairScaler", "Tie"]

Pair = tuple[str, str, str]  # title and body of the article, headline of the link

TELLING_WEIGHT = 5.0  # idf from which a word outside the lexicon tells a person something
MIN_TELLING_CHARS = 3
# A subject met in every article says nothing; one never met must not weigh without bound.
SUBJECT_FLOOR = 0.005
# Subjects and families are common enough to be counted on some texts, abbreviations on fewer:
# Punkt takes five milliseconds a text.
SAMPLE, ABBREVIATION_SAMPLE = 3000, 500
# The latent space of more words is no better, and its matrix is most of what the bundle weighs.
LATENT_WORDS = 8000
LEAD_CHARS = 600  # the title and the first two or three paragraphs


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


class PairFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers that tell whether a headline belongs to an article, shape (n_pairs, 17).

    A word counts as shared when the article has it, or has it inside a longer word: that finds
    affixed forms (``naik`` in ``kenaikan``) and words that scraping glued together. A pair whose
    headline has no text is background: fitting learns from its article, and its features are 0.

    Parameters
    ----------
    min_df : int
        A word must stand in this many training articles to be known; unknown words weigh most.
    dimensions : int
        Size of the latent space (LSA) learnt on the training articles.
    seed : int
        For the randomised decomposition.
    """

    STATE = (
        "terms_", "names_", "latent_terms_", "latent_", "lexicon_", "subject_weights_", "kin_",
        "family_weights_", "abbreviations_",
    )  # fmt: skip
    DERIVED = ("_tools", "_subjects", "_known", "_weights")

    def __init__(self, min_df: int = 2, dimensions: int = 100, seed: int = 0) -> None:
        self.min_df = min_df
        self.dimensions = dimensions
        self.seed = seed

    def fit(self, pairs: Sequence[Pair], y: Any = None) -> PairFeatures:
        """Learn what words weigh, the latent space and the sentence splitter; return self."""
        for name in self.DERIVED:  # of an earlier fit
            self.__dict__.pop(name, None)
        articles = list(dict.fromkeys((title, body) for title, body, _ in pairs))
        texts = [f"{title}\n{body}" for title, body in articles]
        self.terms_ = TfidfVectorizer(min_df=self.min_df, sublinear_tf=True).fit(texts)
        self.names_ = name_shares([body for _, body in articles], self.terms_.vocabulary_)
        self.latent_terms_ = TfidfVectorizer(
            min_df=self.min_df, max_features=LATENT_WORDS, sublinear_tf=True
        )
        tfidf = self.latent_terms_.fit_transform(texts)
        dimensions = min(self.dimensions, min(tfidf.shape) - 1)
        self.latent_ = TruncatedSVD(dimensions, random_state=self.seed).fit(tfidf)
        some = texts[:: 1 + len(texts) // SAMPLE]
        few = texts[:: 1 + len(texts) // ABBREVIATION_SAMPLE]
        self.abbreviations_ = list(learn_abbreviations(few))
        domains = load_lexicon("domains")
        places = {name: domains[name] for name in ("abroad", "home")}
        groups = places | load_lexicon("subjects")
        self.lexicon_ = {name: list(terms) for name, terms in groups.items()}
        self.subject_weights_ = _rarity(GroupCounter(self.lexicon_).counts(some) > 0)
        self.kin_ = {kind: list(families) for kind, families in load_kin().items()}
        self.family_weights_ = _rarity(_met(Kin(self.kin_), some))
        return self

    def transform(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the features of each pair, in the order of `FEATURES`."""
        self._prepare()
        found = np.zeros((len(pairs), len(FEATURES)))
        asked = [i for i, (_, _, headline) in enumerate(pairs) if headline.strip()]
        if not asked:
            return found
        places: dict[tuple[str, str], int] = {}
        at = [places.setdefault(pairs[i][:2], len(places)) for i in asked]
        hosts = [Host(title, body, self._tools) for title, body in places]
        texts = [pairs[i][2] for i in asked]
        found[asked, : -len(BATCHED)] = [
            pair_features(hosts[a], Headline(text, self._tools), self._tools, self._weights)
            for a, text in zip(at, texts, strict=True)
        ]
        found[asked, -3] = self._latent(hosts, texts, at)
        found[asked, -2:] = self._subject(hosts, texts, at)
        return found

    def ties(self, pair: Pair) -> list[Tie]:
        """Return the headline's words that tie it to the article, the weightiest first.

        Words that many articles share ("soal", "usai") and numbers are left out.
        """
        self._prepare()
        host, headline = Host(pair[0], pair[1], self._tools), Headline(pair[2], self._tools)
        found = [
            Tie(word, weight, shared=host.has(word))
            for word, weight in ties(host, headline).items()
            if weight > 0 and self._tells(word, headline.weights[word])
        ]
        return sorted(found, key=lambda tie: (-tie.weight, tie.word))

    def weight(self, word: str) -> float:
        """Return how rare a word is: its idf in the training articles (natural log, from 1 up)."""
        self._prepare()
        return self._tools.vocabulary.weight(word)

    def _tells(self, word: str, weight: float) -> bool:
        """Whether a shared word tells a person something: it is rare, or the lexicon has it."""
        if len(word) < MIN_TELLING_CHARS or word.isdigit():
            return False
        return weight >= (SPECIFIC_WEIGHT if word in self._known else TELLING_WEIGHT)

    def _prepare(self) -> None:
        """Make the look-up tables that follow from the fitted state, once."""
        if hasattr(self, "_tools"):
            return
        self._subjects = GroupCounter(self.lexicon_)
        self._known = {term for terms in self.lexicon_.values() for term in terms}
        self._weights: list[float] = self.family_weights_.tolist()
        self._tools = Tools(
            Vocabulary(self.terms_, self.names_), Kin(self.kin_), Splitter(self.abbreviations_)
        )

    def _latent(
        self, hosts: Sequence[Host], headlines: Sequence[str], at: Sequence[int]
    ) -> NDArray[np.float64]:
        """Return the cosines of headlines with titles and leads, shape (n_pairs,)."""

        def place(texts: Sequence[str]) -> NDArray[np.float64]:
            return normalize(self.latent_.transform(self.latent_terms_.transform(texts)))  # type: ignore[no-any-return]

        leads = place([host.text[:LEAD_CHARS] for host in hosts])
        cosines: NDArray[np.float64] = (place(headlines) * leads[at]).sum(axis=1)
        return cosines

    def _subject(
        self, hosts: Sequence[Host], headlines: Sequence[str], at: Sequence[int]
    ) -> NDArray[np.float64]:
        """Return how the headlines' subjects stand in the articles, shape (n_pairs, 2)."""
        weights = self.subject_weights_
        named = (self._subjects.counts(headlines) > 0) * weights
        found = np.log1p(self._subjects.counts([host.text for host in hosts])) * weights
        prominence = found / np.maximum(found.max(axis=1, keepdims=True), 1e-9)
        share = (named * prominence[at]).sum(axis=1) / np.maximum(named.sum(axis=1), 1e-9)
        missing = (named * (found[at] == 0)).sum(axis=1)
        return np.column_stack([share, -missing])


class PairScaler(StandardScaler):  # type: ignore[misc]
    """Features of mean 0 and spread 1, learnt on the pairs that are no background."""

    def fit(self, features: ArrayLike, y: Any = None) -> PairScaler:
        """Learn mean and spread of the rows that are not all 0; return self."""
        rows = np.asarray(features)
        real = rows.any(axis=1)
        super().fit(rows[real] if real.any() else rows)
        return self


def _rarity(met: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights of groups of words from which texts have them, shape (n_groups,)."""
    weights: NDArray[np.float64] = -np.log(met.mean(axis=0) + SUBJECT_FLOOR).clip(None, 0)
    return weights


def _met(kin: Kin, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return which texts have which families, shape (n_texts, n_families)."""
    met = np.zeros((len(texts), kin.n_families), dtype=np.bool_)
    for row, text in zip(met, texts, strict=True):
        row[list(kin.families(separate_words(text)))] = True
    return met
