"""The scikit-learn pipelines that training fits, their fitted parameters, and calibration."""

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
from saring.parameters import ClickbaitParameters, LinkParameters, TermWeights, TopicParameters
from saring.smoothed import SmoothedLogistic

__all__ = ["Calibration", "clickbait_model", "clickbait_parameters", "link_model",
           "link_parameters", "score_columns", "topic_model", "topic_parameters"]  # fmt: skip

MAX_ITERATIONS = 3000
# Range of the logarithm of a temperature: far beyond what any fitted model needs.
LOG_SCALES = (-4.0, 4.0)


def topic_model(config: TopicConfig) -> Pipeline:
    """Return the topic pipeline: (title, body) rows to the probability of each topic."""
    fields = {
        "all": (FieldTfidf("all", config.min_df), 1.0),
        "title": (FieldTfidf("title", config.min_df), config.title_field),
        "lead": (FieldTfidf("lead", config.min_df), config.lead_field),
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


def topic_parameters(model: Pipeline) -> TopicParameters:
    """Return the parameters of a fitted `topic_model`."""
    columns, intercept = _columns(model), model.named_steps["classify"].intercept_
    if len(intercept) == 1:  # of two topics the first one's score is 0
        columns = {name: np.vstack([np.zeros_like(c), c]) for name, c in columns.items()}
        intercept = np.array([0.0, intercept[0]])
    union = model.named_steps["features"]
    parts = dict(union.transformer_list)
    fields = {
        name: _term_weights(parts[name], columns[name], union.transformer_weights[name])
        if name in parts
        else TermWeights([], np.zeros(0), np.zeros((len(intercept), 0)))
        for name in ("all", "title", "lead")
    }
    return TopicParameters(
        whole=fields["all"],
        title=fields["title"],
        lead=fields["lead"],
        lexicon=parts["domains"].lexicon_ if "domains" in parts else {},
        domains=columns.get("domains", np.zeros((len(intercept), 0))),
        domains_scale=union.transformer_weights.get("domains", 1.0),
        min_df=parts["all"].min_df,
        intercept=intercept,
    )


def link_parameters(model: Pipeline) -> LinkParameters:
    """Return the parameters of a fitted `link_model`."""
    features, classifier = model.named_steps["features"], model.named_steps["classify"]
    scaler = features.named_steps["scale"]
    return LinkParameters(
        pairs=features.named_steps["pairs"].parameters_,
        mean=scaler.mean_,
        scale=scaler.scale_,
        coef=classifier.coef_[0],
        intercept=float(classifier.intercept_[0]),
    )


def clickbait_parameters(model: Pipeline) -> ClickbaitParameters:
    """Return the parameters of a fitted `clickbait_model`."""
    columns = _columns(model)
    fields = {
        name: _term_weights(part, columns[name], 1.0)
        for name, part in model.named_steps["features"].transformer_list
    }
    return ClickbaitParameters(
        **fields, intercept=float(model.named_steps["classify"].intercept_[0])
    )


def _columns(model: Pipeline) -> dict[str, NDArray[np.float64]]:
    """Return the classifier's weights for each part of its features, (n_scores, n_columns)."""
    found, begin = {}, 0
    for name, part in model.named_steps["features"].transformer_list:
        width = (
            2 * len(part.lexicon_)
            if isinstance(part, DomainShares)
            else len(part.vectorizer_.vocabulary_)
        )
        found[name] = model.named_steps["classify"].coef_[:, begin : begin + width]
        begin += width
    return found


def _term_weights(
    part: FieldTfidf | HeadlineTfidf, coef: NDArray[np.float64], scale: float
) -> TermWeights:
    """Return the terms of a fitted transformer with their weights."""
    vectorizer = part.vectorizer_
    return TermWeights(list(vectorizer.vocabulary_), vectorizer.idf_, coef, scale)


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
