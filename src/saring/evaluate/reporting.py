"""Predictions on labelled rows to a `Report`, beside simple baselines.

The rows may be articles, links or headlines; a report knows labels, probabilities, publishers and
groups. A group is what must be resampled as one: the links of an article, the copies of a story.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.errors import ConfigError, CorpusError
from saring.evaluate.answers import Scored, check_labels
from saring.evaluate.intervals import interval, resamples, wilson_interval
from saring.evaluate.metrics import (
    area_under_roc,
    brier_score,
    calibration_bins,
    calibration_error,
    class_scores,
    confusion_matrix,
    coverage_risk,
    curves,
    log_loss,
    macro_f1,
)
from saring.evaluate.results import Baseline, ClassScore, PublisherScore, Ranking, Report

__all__ = ["report"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

NO_BASELINES: Mapping[str, ArrayLike] = MappingProxyType({})


def report(
    scored: Scored,
    *,
    name: str,
    split: str,
    part: str = "",
    seed: int,
    n_bootstrap: int = 1000,
    baselines: Mapping[str, ArrayLike] = NO_BASELINES,
) -> Report:
    """Return the figures of the rows, with 95% intervals by resampling groups.

    Parameters
    ----------
    scored : Scored
    name, split, part : str
        What was asked and of which rows, as `Report` has it.
    seed : int
        Of the resampling: the same rows and seed give the same digits.
    n_bootstrap : int
        Number of resamples.
    baselines : mapping of str to (n,) array of str
        What simple rules predict for the same rows, by the rule's name (`majority_labels`,
        `publisher_labels`, `threshold_labels`, or an older model).

    Raises
    ------
    CorpusError
        When a baseline has another number of rows or an unknown label.
    ConfigError
        When `n_bootstrap` is below 1.
    """
    if n_bootstrap < 1:
        raise ConfigError(f"number of bootstrap resamples is {n_bootstrap}; expected 1 or more")
    truth, top = scored.codes(scored.truth), scored.probabilities.argmax(axis=1)
    systems = _systems(scored, baselines)
    tables = np.stack([confusion_matrix(truth, codes, len(scored.labels)) for codes in systems])
    draws = _resampled(scored, truth, systems, (n_bootstrap, seed))
    right, macro = _shares(tables), macro_f1(tables)
    confidence, correct = scored.probabilities.max(axis=1), top == truth
    bins = calibration_bins(confidence, scored.credit(correct))
    gains = (macro[0] - macro, draws.macro_f1[:, :1] - draws.macro_f1)
    return Report(
        name=name,
        split=split,
        part=part,
        labels=scored.labels,
        n=len(truth),
        n_groups=len(np.unique(scored.groups)),
        accuracy=interval(right[0], draws.accuracy),
        macro_f1=interval(macro[0], draws.macro_f1[:, 0]),
        per_class=tuple(_per_class(scored.labels, tables[0], draws.f1)),
        per_publisher=tuple(_per_publisher(scored, truth, systems[0])),
        confusion=tuple(map(tuple, tables[0].tolist())),
        reliability=bins,
        ece=calibration_error(bins),
        log_loss=log_loss(scored.probabilities, truth),
        brier=brier_score(scored.probabilities, truth),
        coverage_risk=coverage_risk(confidence, correct),
        human=_human(scored),
        ranking=_ranking(scored, truth, draws.auc),
        baselines=tuple(
            Baseline(
                rule, float(right[at]), float(macro[at]), interval(gains[0][at], gains[1][:, at])
            )
            for at, rule in enumerate(baselines, start=1)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Draws:
    """Figures of every resample; the model is system 0, the baselines follow."""

    accuracy: Floats  # (n_bootstrap,)
    macro_f1: Floats  # (n_bootstrap, n_systems)
    f1: Floats  # (n_bootstrap, n_labels)
    auc: Floats  # (n_bootstrap,), empty when there are not two labels


def _resampled(
    scored: Scored, truth: Ints, systems: list[Ints], bootstrap: tuple[int, int]
) -> _Draws:
    """Return the figures of `n_bootstrap` resamples of groups."""
    _, group = np.unique(scored.groups, return_inverse=True)
    n_groups, n_labels = int(group.max()) + 1, len(scored.labels)
    counts = _counts_by_group(group, truth, systems, n_labels)
    parts: list[tuple[Floats, ...]] = []
    for weights in resamples(n_groups, len(truth), *bootstrap):
        tables = (counts @ weights.T).T.reshape(len(weights), len(systems), n_labels, n_labels)
        auc = np.empty(0)
        if n_labels == 2:
            auc = area_under_roc(scored.probabilities[:, 1], truth == 1, weights[:, group])
        parts.append((_shares(tables[:, 0]), macro_f1(tables), class_scores(tables[:, 0])[2], auc))
    return _Draws(*map(np.concatenate, zip(*parts, strict=True)))


def _counts_by_group(group: Ints, truth: Ints, systems: list[Ints], n_labels: int) -> Any:
    """Return the confusion counts of each group, sparse, (n_systems * n_labels**2, n_groups)."""
    from scipy.sparse import coo_array

    cells = [(at * n_labels + truth) * n_labels + codes for at, codes in enumerate(systems)]
    columns = np.tile(group, len(systems))
    shape = (len(systems) * n_labels**2, int(group.max()) + 1)
    return coo_array((np.ones(len(columns)), (np.concatenate(cells), columns)), shape=shape).tocsr()


def _systems(scored: Scored, baselines: Mapping[str, ArrayLike]) -> list[Ints]:
    """Return the predicted codes of the model and of each baseline."""
    systems = [scored.codes(scored.predicted)]
    for rule, given in baselines.items():
        predicted = np.asarray(given, dtype=np.str_)
        if predicted.shape != scored.truth.shape:
            raise CorpusError(
                f"baseline {rule!r} has shape {predicted.shape}; expected {scored.truth.shape}"
            )
        check_labels(f"baseline {rule!r}", predicted, scored.labels)
        systems.append(scored.codes(predicted))
    return systems


def _per_class(labels: tuple[str, ...], table: Ints, draws: Floats) -> Iterable[ClassScore]:
    """Yield the scores of the labels that stand in the truth or the prediction."""
    precision, recall, f1 = class_scores(table)
    for at in np.flatnonzero(~np.isnan(f1)):
        figures = float(precision[at]), float(recall[at]), interval(f1[at], draws[:, at])
        yield ClassScore(labels[at], *figures, int(table[at].sum()))


def _per_publisher(scored: Scored, truth: Ints, predicted: Ints) -> Iterable[PublisherScore]:
    """Yield the scores of each publisher, the one with the most rows first."""
    names, codes, sizes = np.unique(scored.publishers, return_inverse=True, return_counts=True)
    for at in np.argsort(-sizes, kind="stable"):
        rows = codes == at
        table = confusion_matrix(truth[rows], predicted[rows], len(scored.labels))
        n_groups = len(np.unique(scored.groups[rows]))
        accuracy = wilson_interval(float(_shares(table)), n_groups)
        name, macro = str(names[at]), float(macro_f1(table))
        yield PublisherScore(name, int(sizes[at]), n_groups, accuracy, macro)


def _ranking(scored: Scored, truth: Ints, draws: Floats) -> Ranking | None:
    """Return how well the second of two labels is ranked; None unless both are in the truth."""
    if len(scored.labels) != 2 or len(np.unique(truth)) < 2:
        return None
    scores, positive = scored.probabilities[:, 1], truth == 1
    roc, precision_recall, average = curves(scores, positive)
    auc = interval(area_under_roc(scores, positive)[0], draws)
    share = float(positive.mean())
    return Ranking(scored.labels[1], share, auc, average, roc, precision_recall)


def _human(scored: Scored) -> float | None:
    """Return how often one annotator says what the majority says; None where there was but one."""
    known = scored.shares[~np.isnan(scored.shares)]
    return float(known.mean()) if len(known) else None


def _shares(tables: NDArray[Any]) -> Floats:
    """Return the accuracy of each confusion table, (...)."""
    right: Floats = np.trace(tables, axis1=-2, axis2=-1) / tables.sum(axis=(-2, -1))
    return right
