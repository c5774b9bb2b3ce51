"""Unfitted scikit-learn pipelines of the three questions, and the calibration of a fitted one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from saring.config import ClickbaitConfig, LinkConfig, TopicConfig
from saring.features import DomainShares, FieldTfidf
from saring.pairs import PairFeatures

__all__ = ["Calibration", "clickbait_model", "link_model", "topic_model"]

MAX_ITERATIONS = 3000
# Range of the logarithm of a temperature: far beyond what any fitted model needs.
LOG_SCALES = (-4.0, 4.0)
# Punctuation is style: "?!", "..." and quotes count as words of a headline.
HEADLINE_TOKENS = r"\w+|[^\w\s]"


def topic_model(config: TopicConfig) -> Pipeline:
    """Return the topic pipeline: (title, body) rows to the probability of each topic."""
    features = FeatureUnion(
        [
            ("all", FieldTfidf("all", config.min_df)),
            ("title", FieldTfidf("title", config.min_df)),
            ("lead", FieldTfidf("lead", config.min_df)),
            ("domains", DomainShares()),
        ],
        transformer_weights={
            "title": config.title_field,
            "lead": config.lead_field,
            "domains": config.domains,
        },
    )
    return _pipeline(features, config.C)


def link_model(config: LinkConfig, seed: int) -> Pipeline:
    """Return the link pipeline: (title, body, headline) rows to related and unrelated."""
    features = Pipeline(
        [
            ("pairs", PairFeatures(config.min_df, config.dimensions, seed)),
            ("scale", StandardScaler()),
        ]
    )
    return _pipeline(features, config.C)


def clickbait_model(config: ClickbaitConfig) -> Pipeline:
    """Return the clickbait pipeline: headlines to clear and clickbait."""
    features = FeatureUnion(
        [
            (
                "words",
                TfidfVectorizer(
                    min_df=config.min_df,
                    ngram_range=(1, 2),
                    sublinear_tf=True,
                    token_pattern=HEADLINE_TOKENS,
                ),
            ),
            (
                "characters",
                TfidfVectorizer(
                    min_df=config.min_df, ngram_range=(2, 5), sublinear_tf=True, analyzer="char_wb"
                ),
            ),
        ]
    )
    return _pipeline(features, config.C)


def _pipeline(features: FeatureUnion | Pipeline, penalty: float) -> Pipeline:
    """Return the features followed by logistic regression."""
    return Pipeline(
        [
            ("features", features),
            ("classify", LogisticRegression(C=penalty, max_iter=MAX_ITERATIONS)),
        ]
    )


class Calibration:
    """A scale and a shift of log-odds, learnt on answers to rows that a model was not fitted on.

    A penalised linear model ranks well and is too modest. With several classes the scores are
    divided by one temperature; with two they are also shifted (Platt). Since scores are linear,
    a calibrated model is the same model with other coefficients: nothing to store beside it.

    Parameters
    ----------
    scores : array of shape (n, n_classes) or (n,)
        Decision scores; the second form for two classes.
    codes : (n,) array of int
        The right class of each row.
    """

    def __init__(self, scores: NDArray[np.float64], codes: NDArray[np.intp]) -> None:
        self.scale, self.shift = (_platt if scores.ndim == 1 else _temperature)(scores, codes)

    def apply(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities of decision scores, shape (n, n_classes)."""
        z = self.scale * scores + self.shift
        z = np.column_stack([np.zeros(len(z)), z]) if z.ndim == 1 else z
        z = np.exp(z - z.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float64] = z / z.sum(axis=1, keepdims=True)
        return probabilities

    def set_on(self, model: Pipeline) -> None:
        """Rescale a fitted pipeline of this module, so that its probabilities are calibrated."""
        classifier = model.named_steps["classify"]
        classifier.coef_ = classifier.coef_ * self.scale
        classifier.intercept_ = classifier.intercept_ * self.scale + self.shift


def _temperature(scores: NDArray[np.float64], codes: NDArray[np.intp]) -> tuple[float, float]:
    """Return the scale that gives the least log-loss, and no shift."""

    def loss(log_scale: float) -> float:
        z = np.exp(log_scale) * scores
        z = z - z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), codes]))

    return float(np.exp(minimize_scalar(loss, bounds=LOG_SCALES, method="bounded").x)), 0.0


def _platt(scores: NDArray[np.float64], codes: NDArray[np.intp]) -> tuple[float, float]:
    """Return the scale and shift of Platt's sigmoid."""
    spread = float(scores.std()) or 1.0
    # Standardised first, so that the solver's tolerance means the same for every model.
    fit = LogisticRegression(C=np.inf, max_iter=MAX_ITERATIONS).fit(scores[:, None] / spread, codes)
    return float(fit.coef_[0, 0]) / spread, float(fit.intercept_[0])
