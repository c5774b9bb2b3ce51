"""The arithmetic of evaluation: functions of arrays, with no idea of articles or links; 95% intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

CONFIDENCE = 0.95  # the field's habit; every interval of a report is of this level
CHUNK_CELLS = 2_000_000  # weights held at once while resampling: 16 MB a table
N_BINS = 10  # as in most published calibration figures
MAX_CURVE_POINTS = 200  # a drawn line shows no more, and a model card stays small


def figure(value: float) -> str:
    """Return a figure as it is printed everywhere: in a terminal, a page, a run's description, a notebook.

    >>> figure(-0.0)
    '0.000'
    """
    return f"{value:z.3f}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{figure(self.value)} [{figure(self.low)}, {figure(self.high)}]"

    def span(self) -> str:
        """Return the interval alone, as people read it."""
        return f"{figure(self.low)}–{figure(self.high)}"


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability diagram: rows, their mean confidence, the share that was right."""

    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a line, in order."""

    x: tuple[float, ...]
    y: tuple[float, ...]


def resamples(n_groups: int, n_rows: int, n_bootstrap: int, seed: int) -> Iterator[Floats]:
    """Yield bootstrap weights, (chunk, n_groups): how often each group was drawn.

    A resample draws `n_groups` groups with replacement; chunks add up to `n_bootstrap` rows and are small enough for a
    caller to hold one weight per row of its table, `n_rows`.
    """
    rng = np.random.default_rng(seed)
    size = max(1, CHUNK_CELLS // max(n_rows, n_groups))
    for start in range(0, n_bootstrap, size):
        chunk = min(size, n_bootstrap - start)
        drawn = rng.integers(n_groups, size=(chunk, n_groups))
        drawn += np.arange(chunk)[:, None] * n_groups
        counts = np.bincount(drawn.ravel(), minlength=chunk * n_groups)
        yield counts.reshape(chunk, n_groups).astype(np.float64)


def interval(value: float, resampled: Floats) -> Estimate:
    """Return the figure with the percentile interval of its resamples, (n_bootstrap,).

    Resamples in which the figure is undefined (NaN) do not count; if all are, the interval is 0 to 1: nothing is known.
    """
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return Estimate(float(value), 0.0, 1.0)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(float(value), float(low), float(high))


def wilson_interval(share: float, n: int) -> Estimate:
    """Return the share with its Wilson interval for `n` independent trials.

    Unlike a bootstrap it does not shrink to nothing when three of three are right.
    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212.
    """
    centre, half = _wilson(share, n, (1 + CONFIDENCE) / 2)
    return Estimate(float(share), max(0.0, float(centre - half)), min(1.0, float(centre + half)))


def wilson_low(hits: Ints, n: Ints, level: float) -> Floats:
    """Return Wilson's lower bound of `hits` in `n` trials, one-sided, for arrays of both; 0 where there is no trial."""
    trials = np.maximum(n, 1)
    centre, half = _wilson(hits / trials, trials, level)
    return np.asarray(np.maximum(centre - half, 0.0))


def _wilson(share: Any, n: Any, level: float) -> tuple[Any, Any]:
    """Return the centre of Wilson's interval and half its width, of numbers or arrays; `level` is that of one side."""
    z = NormalDist().inv_cdf(level)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return centre, half


def confusion_matrix(truth: Ints, predicted: Ints, n_labels: int) -> Ints:
    """Return counts, (n_labels, n_labels): rows are the truth, columns what was predicted."""
    cells = np.bincount(truth * n_labels + predicted, minlength=n_labels**2)
    return cells.reshape(n_labels, n_labels)


def class_scores(confusion: NDArray[np.number]) -> tuple[Floats, Floats, Floats]:
    """Return precision, recall and F1, each (..., n_labels), of tables of counts, (..., n_labels, n_labels).

    A class absent from truth and prediction has no scores: NaN. One that is in the truth but never predicted has
    precision 0; one that is predicted but not in the truth has recall 0.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    support, claimed = confusion.sum(axis=-1), confusion.sum(axis=-2)
    absent = support + claimed == 0
    precision, recall = hits / np.maximum(claimed, 1), hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(support + claimed, 1)
    for scores in (precision, recall, f1):
        scores[absent] = np.nan
    return precision, recall, f1


def macro_f1(confusion: NDArray[np.number]) -> Floats:
    """Return the mean F1, (...), over the classes in the truth or the prediction, in [0, 1]."""
    return np.asarray(np.nanmean(class_scores(confusion)[2], axis=-1))


def accuracy(confusion: NDArray[Any]) -> Floats:
    """Return the accuracy of tables of counts, (...)."""
    return np.asarray(np.trace(confusion, axis1=-2, axis2=-1) / confusion.sum(axis=(-2, -1)))


def calibration_bins(confidence: Floats, correct: NDArray[Any]) -> tuple[Bin, ...]:
    """Return up to ten bins of near equal numbers of rows, from the least to the most confident.

    Equal confidences share a bin, so the order of the rows does not matter. Bins of equal mass carry equal noise, where
    bins of equal width leave most rows in the last one. `correct` is whether the most probable label is the truth, or
    the share of annotators who say so.
    """
    order = np.argsort(confidence, kind="stable")
    ranked, right = confidence[order], correct[order].astype(np.float64)
    number = np.searchsorted(ranked, ranked, side="left") * N_BINS // len(ranked)
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    sizes = np.diff(starts, append=len(ranked))
    means = np.add.reduceat(ranked, starts) / sizes, np.add.reduceat(right, starts) / sizes
    return tuple(map(Bin, sizes.tolist(), means[0].tolist(), means[1].tolist()))


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error, in [0, 1]: mean gap of confidence and accuracy.

    Source: C. Guo et al., On calibration of modern neural networks, ICML 2017; with bins of equal
    mass as in K. Nguyen and B. O'Connor, EMNLP 2015.
    """
    gaps = (found.n * abs(found.confidence - found.accuracy) for found in bins)
    return math.fsum(gaps) / sum(found.n for found in bins)


def log_loss(probabilities: Floats, truth: Ints) -> float:
    """Return the mean of -ln p(truth), in nats; p is kept above 2.2e-16, as scikit-learn does."""
    given = probabilities[np.arange(len(truth)), truth]
    return -math.fsum(np.log(np.clip(given, np.finfo(np.float64).eps, 1))) / len(truth)


def brier_score(probabilities: Floats, truth: Ints) -> float:
    """Return the mean squared error of the probabilities, in [0, 2]; for two labels in [0, 1], as in scikit-learn."""
    errors = probabilities - np.eye(probabilities.shape[1])[truth]
    scale = 2 if probabilities.shape[1] == 2 else 1
    return math.fsum((errors**2).sum(axis=1)) / (scale * len(truth))


def area_under_roc(scores: Floats, positive: NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """Return the chance that a positive row outscores a negative one, (n_weights,), in [0, 1].

    A tie counts half. NaN where the weights leave no positive or no negative row. `weights`, (n_weights, n), is how
    often each row counts, for each area wanted; once where it is not given.
    """
    weights = np.ones((1, len(scores))) if weights is None else weights
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    ranked, signs = weights[:, order], positive[order]
    wins = np.add.reduceat(ranked * signs, starts, axis=1)
    losses = np.add.reduceat(ranked * ~signs, starts, axis=1)
    below = losses.cumsum(axis=1) - losses / 2
    pairs = wins.sum(axis=1) * losses.sum(axis=1)
    area = np.full(len(pairs), np.nan)
    np.divide((wins * below).sum(axis=1), pairs, out=area, where=pairs > 0)
    return area


def curves(scores: Floats, positive: NDArray[np.bool_]) -> tuple[Curve, Curve, float]:
    """Return the ROC curve (x: false, y: true positive rate), the precision-recall curve (x: recall) and its average.

    Both are thinned to some 200 points; both classes must be there.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

    false_rate, true_rate, _ = roc_curve(positive, scores)
    precision, recall, _ = precision_recall_curve(positive, scores, drop_intermediate=True)
    average = float(average_precision_score(positive, scores))
    return _thinned(false_rate, true_rate), _thinned(recall[::-1], precision[::-1]), average


def coverage_risk(confidence: Floats, correct: NDArray[np.bool_]) -> Curve:
    """Return the share of wrong answers, y, when only the surest share of the rows, x, is answered.

    Equal confidences are answered together, so the order of the rows does not matter.
    """
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(np.diff(confidence[order], append=-np.inf))
    answered = last + 1
    wrong = (~correct[order]).cumsum()[last]
    return _thinned(answered / len(order), wrong / answered)


def _thinned(x: Floats, y: Floats) -> Curve:
    """Return the curve with its ends and at most MAX_CURVE_POINTS points, to six decimals."""
    at = np.unique(np.linspace(0, len(x) - 1, min(len(x), MAX_CURVE_POINTS)).round().astype(int))
    return Curve(tuple(x[at].round(6).tolist()), tuple(y[at].round(6).tolist()))
