"""Many pairs to a matrix, and what is learnt for it from background articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from saring.lexicon import Bag, GroupCounter, load_lexicon
from saring.pairs.background import fit_counted, word_counts
from saring.pairs.features import FEATURES, SPECIFIC_WEIGHT, pair_features, ties
from saring.pairs.host import Headline, Host, Tools
from saring.pairs.kin import Kin, load_kin, separate_words
from saring.pairs.latent import LatentSpace
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
    DERIVED = ("_tools", "_known")

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
        known, counts = word_counts(texts)
        terms = TfidfVectorizer(min_df=self.min_df, sublinear_tf=True)
        self.terms_ = fit_counted(terms, known, counts)[0]
        self.names_ = name_shares([body for _, body in articles], self.terms_.vocabulary_)
        latent = TfidfVectorizer(min_df=self.min_df, max_features=LATENT_WORDS, sublinear_tf=True)
        self.latent_terms_, counts = fit_counted(latent, known, counts)
        dimensions = min(self.dimensions, min(counts.shape) - 1)
        self.latent_ = TruncatedSVD(dimensions, random_state=self.seed).fit(
            self.latent_terms_._tfidf.transform(counts)
        )
        self._learn_groups(texts)
        return self

    def _learn_groups(self, texts: Sequence[str]) -> None:
        """Learn how rare subjects and families of words are, and abbreviations."""
        few = texts[:: 1 + len(texts) // ABBREVIATION_SAMPLE]
        self.abbreviations_ = list(learn_abbreviations(few))
        domains = load_lexicon("domains")
        places = {name: domains[name] for name in ("abroad", "home")}
        groups = places | load_lexicon("subjects")
        self.lexicon_ = {name: list(terms) for name, terms in groups.items()}
        self.kin_ = {kind: list(families) for kind, families in load_kin().items()}
        subjects, kin = GroupCounter(self.lexicon_), Kin(self.kin_)
        some = texts[:: 1 + len(texts) // SAMPLE]
        self.subject_weights_ = _rarity(subjects.counts(some) > 0)
        self.family_weights_ = _rarity(
            np.array([kin.met(Bag(separate_words(text))) for text in some])
        )

    def transform(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
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

    def judge(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Tie]]]:
        """Return what `transform` and, pair by pair, `ties` say, at the cost of the first."""
        features = np.zeros((len(pairs), len(FEATURES)))
        told: list[list[Tie]] = [[] for _ in pairs]
        for i, host, headline in self._met(pairs):
            found = ties(host, headline)
            features[i] = pair_features(host, headline, found, self._tools)
            told[i] = self._told(host, headline, found)
        return features, told

    def _met(self, pairs: Sequence[Pair]) -> Iterator[tuple[int, Host, Headline]]:
        """Yield the place of each pair that is no background, article by article."""
        self._prepare()
        articles: dict[tuple[str, str], list[int]] = {}
        for i, (title, body, headline) in enumerate(pairs):
            if headline.strip():
                articles.setdefault((title, body), []).append(i)
        for (title, body), places in articles.items():
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
        self._known = {term for terms in self.lexicon_.values() for term in terms}
        self._tools = Tools(
            vocabulary=Vocabulary(self.terms_, self.names_),
            kin=Kin(self.kin_),
            family_weights=self.family_weights_.tolist(),
            subjects=GroupCounter(self.lexicon_),
            subject_weights=self.subject_weights_.tolist(),
            latent=LatentSpace(self.latent_terms_, self.latent_),
            splitter=Splitter(self.abbreviations_),
        )


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
