"""The scikit-learn pipelines that training fits, logistic regression, and calibration."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from saring.config import ClickbaitConfig, LinkConfig, TopicConfig
from saring.models.pair_fitting import PairFeatures, PairScaler
from saring.models.parameters import ClickbaitParameters, Floats, LinkParameters, TermWeights, TopicParameters
from saring.models.tfidf_features import FieldTfidf, GroupShares, HeadlineTfidf, word_vectors

MAX_ITERATIONS = 3000
MEMORY = 50  # steps remembered: more bring nothing, ten need a third more steps
FLATTER = 0.1  # along a line the slope must fall to this share of what it was; half costs a third more steps
MOVE_TOLERANCE = 1e-5  # of a part of the gradient
MOST_TRIES = 30  # on a line; the loss is convex, and three are enough
LOG_SCALES = (-4.0, 4.0)  # of a temperature: far beyond what any fitted model needs


def fit_logistic(
    classifier: LogisticRegression, rows: Any, labels: ArrayLike, sample_weight: ArrayLike | None = None
) -> LogisticRegression:
    """Return a classifier fitted as by its own `fit`, within its tolerance, in a third of its time.

    It has an L2 penalty, an intercept and the solver ``lbfgs``, and is fitted in place. Where rows are dense or have
    fewer columns than there are rows, its own `fit` is as quick and is called.
    """
    if not isinstance(rows, csr_matrix) or rows.shape[1] <= rows.shape[0]:
        return classifier.fit(rows, labels, sample_weight=sample_weight)
    classifier.classes_, codes = np.unique(labels, return_inverse=True)
    truth = np.eye(len(classifier.classes_))[codes]
    if truth.shape[1] == 2:
        truth = truth[:, 1:]
    weights = np.ones(len(truth)) if sample_weight is None else np.asarray(sample_weight)
    problem = _Problem(rows, truth, weights, classifier.C)
    found, steps = problem.minimum(classifier.tol, classifier.max_iter)
    classifier.coef_ = np.ascontiguousarray(problem.weights(found).T)
    classifier.intercept_ = found[-1].copy()
    classifier.n_iter_ = np.array([steps], dtype=np.int32)
    classifier.n_features_in_ = rows.shape[1]
    return classifier


def fit_move(rows: csr_matrix, truth: Floats, weights: Floats, scores: Floats, C: float) -> Floats:
    """Return by how much the weights of a fitted model move for new rows, (n_columns, n_scores).

    That is the mode of the posterior under a Gaussian prior around the model's weights, of variance `C`: where the new
    rows say nothing, the model stays as it was.

    Parameters
    ----------
    rows : (n, n_columns) csr_matrix
        Columns of the new rows; no other intercept is fitted.
    truth : (n, n_scores) array
        1 for the right label; of two labels the column of the second alone.
    weights : (n,) array
        How much each row counts.
    scores : (n, n_scores) array
        What the model says of the rows, before it becomes probabilities.
    C : float
        Variance of the prior.
    """
    problem = _Problem(rows, truth, weights, C, scores)
    found, _ = problem.minimum(MOVE_TOLERANCE, MAX_ITERATIONS)
    return problem.weights(found)


class _Problem:
    """The mean loss of weighted rows, with the penalty ``|weights|**2 / (2 * C * sum)``, to be minimised by L-BFGS.

    Of two labels the first one's score is 0, and truth and scores have one column. All weights are combinations of
    rows, ``rows.T @ share``, so a point, a step or a gradient is an array of the shape (2 * n + 1, n_scores): the
    share of each row, the score of each row, and a constant, which stays 0 where rows have `scores` already that the
    weights add to. Source of the steps: J. Nocedal, S. Wright, Numerical Optimization (2006), algorithm 7.4.
    """

    def __init__(
        self, rows: csr_matrix, truth: Floats, weights: Floats, C: float, scores: Floats | None = None
    ) -> None:
        self._rows, self._columns = rows, rows.T
        self._truth = truth
        self._n = len(truth)
        self._weight = (weights / weights.sum())[:, None]
        self._penalty = 1 / (C * weights.sum())
        self._given: Floats | float = 0.0 if scores is None else scores
        self._frees_constant = float(scores is None)

    def minimum(self, tolerance: float, most: int) -> tuple[Floats, int]:
        """Return where no part of the gradient exceeds a tolerance, and the steps to there."""
        at = np.zeros((2 * self._n + 1, self._truth.shape[1]))
        past: list[tuple[Floats, Floats]] = []  # steps, and how the gradient changed on each
        gradient, largest = self._gradient(at)
        for number in range(most):
            if largest <= tolerance:
                return at, number
            towards = self._direction(gradient, past)
            moved = self._distance(at, towards, self._dot(gradient, towards)) * towards
            at, before = at + moved, gradient
            gradient, largest = self._gradient(at)
            past = [*past[1 - MEMORY :], (moved, gradient - before)]
        message = f"no minimum in {most} steps: the gradient is {largest:.2g}, not {tolerance:.2g}"
        warnings.warn(message, ConvergenceWarning, stacklevel=3)
        return at, most

    def weights(self, point: Floats) -> Floats:
        """Return the weights of each column of the rows, (n_columns, n_scores)."""
        found: Floats = self._columns @ point[: self._n]
        return found

    def _dot(self, one: Floats, other: Floats) -> float:
        """Return the product of two vectors of weights and constants."""
        return float(np.vdot(one[: self._n], other[self._n : -1]) + one[-1] @ other[-1])

    def _gradient(self, at: Floats) -> tuple[Floats, float]:
        """Return the gradient and its largest part."""
        error = self._weight * (_probabilities(at[self._n : -1] + at[-1] + self._given) - self._truth)
        share, constant = error + self._penalty * at[: self._n], error.sum(axis=0) * self._frees_constant
        weights = self._columns @ share
        largest = max(np.abs(weights).max(), np.abs(constant).max())
        return np.vstack([share, self._rows @ weights, constant]), float(largest)

    def _direction(self, gradient: Floats, past: Sequence[tuple[Floats, Floats]]) -> Floats:
        """Return where to go from a gradient, given the steps before, the last one last."""
        found, factors = gradient, []
        for moved, change in reversed(past):
            factors.append(self._dot(moved, found) / self._dot(moved, change))
            found = found + -factors[-1] * change
        if past:
            moved, change = past[-1]
            found = self._dot(moved, change) / self._dot(change, change) * found
        for (moved, change), factor in zip(past, reversed(factors), strict=True):
            back = self._dot(change, found) / self._dot(moved, change)
            found = found + (factor - back) * moved
        return -found

    def _distance(self, at: Floats, towards: Floats, slope: float) -> float:
        """Return how far to go in a direction, in which the loss falls at `slope`."""
        start, change = at[self._n : -1] + at[-1] + self._given, towards[self._n : -1] + towards[-1]
        pull = self._penalty * float(np.vdot(at[: self._n], towards[self._n : -1]))
        bend = self._penalty * float(np.vdot(towards[: self._n], towards[self._n : -1]))
        near, far, distance = 0.0, np.inf, 1.0
        for _ in range(MOST_TRIES):
            likely = _probabilities(start + distance * change)
            mean = (likely * change).sum(axis=1, keepdims=True)
            spread = (likely * change**2).sum(axis=1, keepdims=True) - mean**2
            right = (self._truth * change).sum(axis=1, keepdims=True)
            here = float(np.vdot(self._weight, mean - right)) + pull + distance * bend
            if abs(here) <= FLATTER * abs(slope):
                break
            near, far = (distance, far) if here < 0 else (near, distance)
            distance -= here / (float(np.vdot(self._weight, spread)) + bend)  # Newton's step
            if not near < distance < far:
                distance = (near + far) / 2 if far < np.inf else 2 * near
        return distance


def _probabilities(scores: Floats) -> Floats:
    """Return the probability of each label that has a score; a single one's rival has 0."""
    found: Floats = softmax(score_columns(scores), axis=1)[:, -scores.shape[1] :]
    return found


class EmbeddingLogistic(LogisticRegression):  # type: ignore[misc]
    """Logistic regression that gives near words near weights; once fitted, a plain linear model.

    Two things happen in fitting alone. The known words get, besides what the other columns say, a weight that is linear
    in their vectors, so that a word no labelled row holds is judged as its neighbours are. And each publisher gets an
    intercept, later replaced by their average, so that words need not tell publishers apart.

    Measured on the 14,968 headlines of CLICK-ID: the vectors bring .003 accuracy and .004 area on random folds, .006
    accuracy where all annotators agree. The intercepts bring .003 accuracy and .003 area on publishers left out; on
    random folds they change less than can be told.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty.
    smoothing : float
        Size of the vectors beside the other columns; at 0 no column is of a known word.
    publishers : float
        Size of the publishers' columns; 0 leaves them out. The larger, the less words say who publishes: 1 costs .014
        accuracy where training has seen the publisher.
    telling : float
        Share of classifiers of each label against the rest in the weights, which shrink columns that do not tell it
        from the rest; see `_one_by_one`.
    """

    def __init__(self, C: float = 1.0, smoothing: float = 0.0, publishers: float = 0.0, telling: float = 0.0) -> None:
        super().__init__(C=C, max_iter=MAX_ITERATIONS)
        self.smoothing = smoothing
        self.publishers = publishers
        self.telling = telling

    def fit(
        self, X: csr_matrix, y: ArrayLike, sample_weight: Floats | None = None, publishers: ArrayLike | None = None
    ) -> EmbeddingLogistic:
        """Learn from rows, whose last columns are the words of `word_vectors` where there is smoothing; return self."""
        vectors = self.smoothing * word_vectors()[1] if self.smoothing else np.zeros((0, 0))
        n_plain, n_numbers = X.shape[1] - len(vectors), vectors.shape[1]
        columns = csr_matrix(X)
        plain, nearness = columns[:, :n_plain], columns[:, n_plain:] @ vectors
        centre = nearness.mean(axis=0)  # taken off, or thousands of steps do not find the optimum
        # A column for each publisher, 1 in its rows; none for rows that name none.
        given = np.char.strip(np.asarray([""] * len(nearness) if publishers is None else publishers, dtype=np.str_))
        of_publisher = self.publishers * (given[:, None] == np.unique(given[given != ""])).astype(np.float64)
        design = hstack([plain, csr_matrix(nearness - centre), csr_matrix(of_publisher)], format="csr")
        found = LogisticRegression(C=self.C, max_iter=MAX_ITERATIONS)
        fit_logistic(found, design, y, sample_weight)
        coef, intercept = found.coef_, found.intercept_
        if self.telling:
            coef_of_each, intercept_of_each = _one_by_one(found, design, n_plain, np.asarray(y), sample_weight)
            coef = (1 - self.telling) * coef + self.telling * coef_of_each
            intercept = (1 - self.telling) * intercept + self.telling * intercept_of_each
        plain_weights, of_vectors, of_publishers = np.split(coef, [n_plain, n_plain + n_numbers], axis=1)
        average = np.average(of_publisher @ of_publishers.T, axis=0, weights=sample_weight)
        self.classes_ = found.classes_
        self.coef_ = np.hstack([plain_weights, of_vectors @ vectors.T])
        self.intercept_ = intercept - of_vectors @ centre + average
        return self


def _one_by_one(
    fitted: LogisticRegression, rows: csr_matrix, n_plain: int, labels: NDArray[Any], sample_weight: Floats | None
) -> tuple[Floats, Floats]:
    """Return weights and intercepts of classifiers of each label against the rest, shaped as a fitted one's.

    A plain column is scaled by how telling it is: the log-ratio of the shares that it has of the columns in rows of the
    label and in the others. So the penalty weighs on words that stand in both alike, which else share the weight of
    rare telling ones. Source: S. Wang, C. Manning, Baselines and bigrams: simple, good sentiment and topic
    classification (2012).
    """
    coef, intercept = [], []
    for label in fitted.classes_[-len(fitted.coef_) :]:  # of two labels the second
        is_label = labels == label
        inside, outside = (rows[chosen, :n_plain].getnnz(axis=0) + 1 for chosen in (is_label, ~is_label))
        telling = np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))
        scale = np.ones(rows.shape[1])
        scale[:n_plain] = telling / (np.sqrt(np.mean(telling**2)) or 1.0)
        one = LogisticRegression(C=fitted.C, max_iter=MAX_ITERATIONS)
        fit_logistic(one, csr_matrix(rows.multiply(scale)), is_label, sample_weight)
        coef.append(one.coef_[0] * scale)
        intercept.append(one.intercept_[0])
    return np.array(coef), np.array(intercept)


class FieldUnion(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The columns of several transformers side by side.

    scikit-learn's `FeatureUnion` empties the process's list of warning filters around each part; folds that are fitted
    in threads meet the empty list, and warn of it.

    Parameters
    ----------
    parts : mapping
        By name, in the order of their columns: a transformer, and what its columns are multiplied by.
    """

    def __init__(self, parts: Mapping[str, tuple[Any, float]]) -> None:
        self.parts = parts

    def fit(self, rows: Sequence[Any], y: Any = None) -> FieldUnion:
        """Fit each part; return self."""
        for part, _ in self.parts.values():
            part.fit(rows)
        return self

    def transform(self, rows: Sequence[Any]) -> csr_matrix:
        """Return the columns of all parts, shape (n_rows, n_columns)."""
        return hstack([weight * part.transform(rows) for part, weight in self.parts.values()], format="csr")


def topic_model(config: TopicConfig) -> Pipeline:
    """Return the topic pipeline: (title, body) rows to the probability of each topic."""
    parts = {
        "all": (FieldTfidf("all", config.min_df), 1.0),
        "title": (FieldTfidf("title", config.min_df), config.title_field),
        "lead": (FieldTfidf("lead", config.min_df), config.lead_field),
        "domains": (GroupShares("domains"), config.domains),
        "names": (GroupShares("names"), config.names),
        "known": (FieldTfidf(known=True), float(config.smoothing > 0)),  # last: EmbeddingLogistic looks for it there
    }
    return _model_of(parts, EmbeddingLogistic(config.C, config.smoothing, telling=config.telling))


def link_model(config: LinkConfig, seed: int) -> Pipeline:
    """Return the link pipeline: (title, body, headline) rows to related and unrelated."""
    pairs = PairFeatures(config.min_df, config.dimensions, seed)
    features = Pipeline([("pairs", pairs), ("scale", PairScaler())])
    classifier = LogisticRegression(C=config.C, max_iter=MAX_ITERATIONS)
    return Pipeline([("features", features), ("classify", classifier)])


def clickbait_model(config: ClickbaitConfig) -> Pipeline:
    """Return the clickbait pipeline: headlines to clear and clickbait.

    Runs of characters gain nothing beside word vectors and cost most of the time.
    """
    parts = {
        "words": (HeadlineTfidf(config.min_df), 1.0),
        "cased": (HeadlineTfidf(config.min_df, cased=True), 1.0),
        "known": (HeadlineTfidf(known=True), float(config.smoothing > 0)),  # last, as in `topic_model`
    }
    return _model_of(parts, EmbeddingLogistic(config.C, config.smoothing, config.publishers))


def _model_of(parts: Mapping[str, tuple[Any, float]], classifier: EmbeddingLogistic) -> Pipeline:
    """Return the pipeline of the parts that weigh anything, and a classifier."""
    features = FieldUnion({name: part for name, part in parts.items() if part[1] > 0})
    return Pipeline([("features", features), ("classify", classifier)])


def topic_parameters(model: Pipeline) -> TopicParameters:
    """Return the parameters of a fitted `topic_model`."""
    union, classifier = model.named_steps["features"], model.named_steps["classify"]
    intercept, coef = classifier.intercept_, classifier.coef_
    if len(intercept) == 1:  # of two topics the first one's score is 0
        intercept, coef = np.array([0.0, intercept[0]]), np.vstack([np.zeros_like(coef), coef])
    parts = _parts(union, coef)
    whole, title, lead, known = (_term_weights(parts, f, len(intercept)) for f in ("all", "title", "lead", "known"))
    # Titles first, of domains and names, then whole texts.
    shares = [parts[name] for name in ("domains", "names") if name in parts]
    halves = [np.split(weight * coef, 2, axis=1) for _, coef, weight in shares]
    groups = np.hstack([np.zeros((len(intercept), 0)), *chain.from_iterable(zip(*halves, strict=True))])
    lexicon = {name: terms for part, *_ in shares for name, terms in part.groups_.items()}
    return TopicParameters(whole, title, lead, lexicon, groups, 1.0, parts["all"][0].min_df, intercept, known)


def link_parameters(model: Pipeline) -> LinkParameters:
    """Return the parameters of a fitted `link_model`."""
    (pairs, scaler), classifier = model.named_steps["features"], model.named_steps["classify"]
    coef, intercept = classifier.coef_[0], float(classifier.intercept_[0])
    return LinkParameters(pairs.parameters_, scaler.mean_, scaler.scale_, coef, intercept)


def clickbait_parameters(model: Pipeline) -> ClickbaitParameters:
    """Return the parameters of a fitted `clickbait_model`."""
    union, classifier = model.named_steps["features"], model.named_steps["classify"]
    parts = _parts(union, classifier.coef_)
    words, cased, known = (_term_weights(parts, name, 1) for name in ("words", "cased", "known"))
    return ClickbaitParameters(words, cased, known, float(classifier.intercept_[0]))


def _parts(union: FieldUnion, coef: Floats) -> dict[str, tuple[Any, Floats, float]]:
    """Return the fitted parts of features, the classifier's weights for each, (n_scores, n_columns), and its own."""
    found, begin = {}, 0
    for name, (part, weight) in union.parts.items():
        width = 2 * len(part.groups_) if isinstance(part, GroupShares) else len(part.tfidf_.terms)
        found[name] = part, coef[:, begin : begin + width], weight
        begin += width
    return found


def _term_weights(parts: Mapping[str, tuple[Any, Floats, float]], name: str, n_scores: int) -> TermWeights:
    """Return the terms of a fitted part with their weights; none where the model has no such part."""
    if name not in parts:
        return TermWeights([], np.zeros(0), np.zeros((n_scores, 0)))
    part, coef, weight = parts[name]
    return TermWeights(part.tfidf_.terms, part.tfidf_.idf, coef, weight)


class Calibration:
    """A temperature, learned on answers to rows that a model was not fitted on.

    A penalised linear model ranks well and is too modest; one factor on its scores mends that and moves no verdict.
    Since scores are linear, the calibrated model is the same model with other coefficients: nothing more is stored.
    Source: Guo et al. (2017), On calibration of modern neural networks, temperature scaling.

    Parameters
    ----------
    scores : array of shape (n, n_classes), or (n,) for two classes
        Decision scores.
    targets : (n, n_classes) array
        What the probabilities should be: 1 for the right class, or the shares of the annotators.
    weights : (n,) array, optional
        How much each row counts; all the same when not given.
    """

    def __init__(self, scores: Floats, targets: Floats, weights: Floats | None = None) -> None:
        columns = score_columns(scores)

        def loss(log_scale: float) -> float:
            log_p = log_softmax(np.exp(log_scale) * columns, axis=1)
            return -float(np.average((targets * log_p).sum(axis=1), weights=weights))

        self.scale = float(np.exp(minimize_scalar(loss, bounds=LOG_SCALES, method="bounded").x))

    def apply(self, scores: Floats) -> Floats:
        """Return calibrated probabilities of decision scores, shape (n, n_classes)."""
        probabilities: Floats = np.exp(log_softmax(self.scale * score_columns(scores), axis=1))
        return probabilities

    def set_on(self, model: Pipeline) -> None:
        """Rescale a fitted pipeline of this module, so that its probabilities are calibrated."""
        classifier = model.named_steps["classify"]
        classifier.coef_ = classifier.coef_ * self.scale
        classifier.intercept_ = classifier.intercept_ * self.scale


def score_columns(scores: Floats) -> Floats:
    """Return scores with one column a class; with two classes, where the second alone has one, the first one's is 0."""
    is_alone = scores.ndim == 1 or scores.shape[1] == 1
    return np.column_stack([np.zeros(len(scores)), scores]) if is_alone else scores
