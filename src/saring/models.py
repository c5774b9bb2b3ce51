"""Unfitted scikit-learn pipelines of the three questions, and the calibration of a fitted one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from saring.config import ClickbaitConfig, LinkConfig, TopicConfig
from saring.features import DomainShares, FieldTfidf
from saring.headlines import HeadlineTfidf
from saring.pairs.transformer import PairFeatures, PairScaler
from saring.smoothed import SmoothedLogistic

__all__ = ["Calibration", "clickbait_model", "link_model", "score_columns", "topic_model"]

MAX_ITERATIONS = 3000
# Range of the logarithm of a temperature: far beyond what any fitted model needs.
LOG_SCALES = (-4.0, 4.0)


def topic_model(config: TopicConfig) -> Pipeline:
    """Return the topic pipeline: (title, body) rows to the probability of each topic."""
    fields = {
        "all": (FieldTfidf("all", config.min_df), 1.0),
        "title": (FieldTfidf("title", config.min_df), config.title_field),
        "lead": (FieldTfidf("lead", config.min_df), config.lead_field),
        "title_characters": (
            FieldTfidf("title", config.min_df + 1, characters=True),
            config.title_characters,
        ),
        "lead_characters": (
            FieldTfidf("lead", config.min_df + 1, characters=True),
            config.lead_characters,
        ),
        "domains": (DomainShares(), config.domains),
    }
    used = {name: part for name, part in fields.items() if part[1] > 0}
    features = FeatureUnion(
        [(name, transformer) for name, (transformer, _) in used.items()],
        transformer_weights={name: weight for name, (_, weight) in used.items()},
    )
    return _pipeline(features, config.C)


def link_model(config: LinkConfig, seed: int) -> Pipeline:
    """Return the link pipeline: (title, body, headline) rows to related and unrelated."""
    features = Pipeline(
        [
            ("pairs", PairFeatures(config.min_df, config.dimensions, seed)),
            ("scale", PairScaler()),
        ]
    )
    return _pipeline(features, config.C)


def clickbait_model(config: ClickbaitConfig) -> Pipeline:
    """Return the clickbait pipeline: headlines to clear and clickbait.

    Runs of characters gain nothing beside word vectors and cost most of the time.
    """
    features = FeatureUnion(
        [
            ("words", HeadlineTfidf(config.min_df)),
            ("cased", HeadlineTfidf(config.min_df, cased=True)),
            ("known", HeadlineTfidf(known=True)),  # last: SmoothedLogistic looks for it there
        ]
    )
    classifier = SmoothedLogistic(config.C, config.smoothing, config.publishers)
    return Pipeline([("features", features), ("classify", classifier)])


def _pipeline(features: FeatureUnion | Pipeline, penalty: float) -> Pipeline:
    """Return the features followed by logistic regression."""
    return Pipeline(
        [
            ("features", features),
            ("classify", LogisticRegression(C=penalty, max_iter=MAX_ITERATIONS)),
        ]
    )


class Calibration:
    """A temperature, learnt on answers to rows that a model was not fitted on.

    A penalised linear model ranks well and is too modest; one factor on its scores mends that and
    moves no verdict. Since scores are linear, the calibrated model is the same model with other
    coefficients: nothing is stored beside it.

    Parameters
    ----------
    scores : array of shape (n, n_classes) or (n,)
        Decision scores; the second form for two classes.
    targets : (n, n_classes) array
        What the probabilities should be: 1 for the right class, or the shares of the annotators.
    weights : (n,) array, optional
        How much each row counts; all the same when not given.

    Notes
    -----
    Source: Guo et al. (2017), On calibration of modern neural networks, temperature scaling.
    """

    def __init__(
        self,
        scores: NDArray[np.float64],
        targets: NDArray[np.float64],
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        columns = score_columns(scores)

        def loss(log_scale: float) -> float:
            log_p = _log_softmax(np.exp(log_scale) * columns)
            return -float(np.average((targets * log_p).sum(axis=1), weights=weights))

        self.scale = float(np.exp(minimize_scalar(loss, bounds=LOG_SCALES, method="bounded").x))

    def apply(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated probabilities of decision scores, shape (n, n_classes)."""
        probabilities: NDArray[np.float64] = np.exp(
            _log_softmax(self.scale * score_columns(scores))
        )
        return probabilities

    def set_on(self, model: Pipeline) -> None:
        """Rescale a fitted pipeline of this module, so that its probabilities are calibrated."""
        classifier = model.named_steps["classify"]
        classifier.coef_ = classifier.coef_ * self.scale
        classifier.intercept_ = classifier.intercept_ * self.scale


def score_columns(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores with one column a class; with two classes the first one's score is 0."""
    return np.column_stack([np.zeros(len(scores)), scores]) if scores.ndim == 1 else scores


def _log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithms of the probabilities that scores stand for, row by row."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
