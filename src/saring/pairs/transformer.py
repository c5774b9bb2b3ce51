"""The scikit-learn transformer of pairs: what is learnt for `judge` from background articles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from saring.abbreviations import learn_abbreviations
from saring.lexicon import Bag, GroupCounter, load_lexicon
from saring.pairs.background import Background
from saring.pairs.judge import Judge, Pair
from saring.pairs.kin import Kin, glued_parts, load_kin
from saring.pairs.vocabulary import name_shares
from saring.parameters import PairParameters

__all__ = ["PairFeatures", "PairScaler"]

# A subject met in every article says nothing; one never met must not weigh without bound.
SUBJECT_FLOOR = 0.005
# Subjects and families are common enough to be counted on some texts, abbreviations on fewer:
# Punkt takes five milliseconds a text.
SAMPLE, ABBREVIATION_SAMPLE = 3000, 500
# The latent space of more words is no better, and its matrix is most of what the bundle weighs.
LATENT_WORDS = 8000


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

    def __init__(self, min_df: int = 2, dimensions: int = 100, seed: int = 0) -> None:
        self.min_df = min_df
        self.dimensions = dimensions
        self.seed = seed

    def fit(self, pairs: Sequence[Pair], y: Any = None) -> PairFeatures:
        """Learn what words weigh, the latent space and the sentence splitter; return self."""
        background = Background.of(pairs)
        counts = background.counts()
        terms = counts.fit(TfidfVectorizer(min_df=self.min_df, sublinear_tf=True))
        latent_terms = counts.fit(
            TfidfVectorizer(min_df=self.min_df, max_features=LATENT_WORDS, sublinear_tf=True)
        )
        # Half the digits take half the time, and leave the space the same to five digits.
        weighed = counts.weigh(latent_terms).astype(np.float32)
        dimensions = min(self.dimensions, min(weighed.shape) - 1)
        latent = TruncatedSVD(dimensions, random_state=self.seed).fit(weighed)
        self.parameters_ = PairParameters(
            words=list(terms.vocabulary_),
            idf=terms.idf_,
            names=name_shares(background.times_inside(), terms.vocabulary_),
            min_df=self.min_df,
            latent_words=list(latent_terms.vocabulary_),
            latent_idf=latent_terms.idf_,
            axes=latent.components_.astype(np.float64),
            abbreviations=list(learn_abbreviations(background.some(ABBREVIATION_SAMPLE))),
            **_group_weights(background),
        )
        return self

    def transform(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the features of each pair, in the order of `FEATURES`."""
        return self.judge.features(pairs)

    @property
    def judge(self) -> Judge:
        """Who answers from the fitted parameters."""
        return Judge(self.parameters_)


class PairScaler(StandardScaler):  # type: ignore[misc]
    """Features of mean 0 and spread 1, learnt on the pairs that are no background."""

    def fit(self, features: ArrayLike, y: Any = None) -> PairScaler:
        """Learn mean and spread of the rows that are not all 0; return self."""
        rows = np.asarray(features)
        real = rows.any(axis=1)
        super().fit(rows[real] if real.any() else rows)
        return self


def _group_weights(background: Background) -> dict[str, Any]:
    """Return subjects and groups of terms, and how rare each is in the background's texts."""
    domains = load_lexicon("domains")
    places = {name: domains[name] for name in ("abroad", "home")}
    groups = places | load_lexicon("subjects")
    lexicon = {name: list(terms) for name, terms in groups.items()}
    families = {kind: list(terms) for kind, terms in load_kin().items()}
    subjects, kin = GroupCounter(lexicon), Kin(families)

    def met(text: str) -> NDArray[np.bool_]:
        bag = Bag.of(text)
        named = [times > 0 for times in subjects.count(bag)]
        return np.array(named + kin.met(bag.followed_by(glued_parts(text))))

    rarity = _rarity(background.ask_some(SAMPLE, met))
    subject_weights, family_weights = np.split(rarity, [len(lexicon)])
    return {
        "lexicon": lexicon,
        "kin": families,
        "subject_weights": subject_weights,
        "family_weights": family_weights,
    }


def _rarity(met: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights of groups of words from which texts have them, shape (n_groups,)."""
    weights: NDArray[np.float64] = -np.log(met.mean(axis=0) + SUBJECT_FLOOR).clip(None, 0)
    return weights
