"""Protocols: which rows of a table are tested, and which may be trained on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold

from saring.config import TrainConfig
from saring.errors import ConfigError, CorpusError
from saring.training.tasks import Table

Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows]  # row numbers: trained on, tested

RANDOM, PUBLISHER_OUT, LATER_TIME = "random", "publisher-out", "later-time"
FEWEST_PUBLISHERS = 6  # with fewer one of them may be most of a fold
MOST_SINGLE_PUBLISHERS = 12  # up to so many are left out one by one; more are packed into folds
LATER_SHARE = 0.2  # of the dated rows, the youngest, are tested by time
# Folds so alike are told apart by their sizes, as by scikit-learn with NumPy's isclose.
ALIKE_ABSOLUTE, ALIKE_RELATIVE = 1e-8, 1e-5


def protocol_folds(table: Table, groups: NDArray[np.intp], config: TrainConfig) -> dict[str, list[Fold]]:
    """Return the folds of each protocol in `config` that the table supports; random ones where it supports none.

    Only rows to evaluate are tested, those of the corpus ``config.tested`` alone where it has some. All other rows help
    in training, but for those a protocol bars: near-duplicates of tested rows, rows of their publishers, rows of their
    days.

    `groups` is the number of each row's near-duplicate group. ConfigError when a protocol is unknown; CorpusError when
    a label stands in too few groups for random folds, or a fold is left with no row to train on.
    """
    named = table.is_eval & (table.corpora == config.tested)
    tested = np.flatnonzero(named if named.any() else table.is_eval)
    found: dict[str, list[Fold]] = {}
    for name in config.protocols:
        if name not in PROTOCOLS:
            raise ConfigError(f"protocols: found {name!r}; expected some of {', '.join(PROTOCOLS)}")
        if folds := PROTOCOLS[name](table, groups, tested, config):
            found[name] = folds
    return found or {RANDOM: _random(table, groups, tested, config)}


def _random(table: Table, groups: NDArray[np.intp], rows: Rows, config: TrainConfig) -> list[Fold]:
    """Return folds that keep near-duplicates together and each label's share."""
    parts = grouped_folds(table.truth[rows], groups[rows], config.folds, config.seed)
    return [(np.flatnonzero(~np.isin(groups, groups[rows[test]])), rows[test]) for _, test in parts]


def grouped_folds(labels: ArrayLike, groups: ArrayLike, n_folds: int, seed: int) -> list[Fold]:
    """Return `n_folds` folds, stratified by label, that never cut a group; every row is tested once.

    CorpusError when a label stands in fewer than `n_folds` groups, so that some fold could not hold it.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    found = {str(label): len(np.unique(groups[labels == label])) for label in np.unique(labels)}
    if few := {label: n for label, n in found.items() if n < n_folds}:
        least = min(few.values())
        lower = f", or write `folds = {least}` into a file for --config" if least > 1 else ""
        raise CorpusError(
            ", ".join(f"label {label!r} stands in {n}" for label, n in few.items())
            + f" group(s) of near-duplicates; expected {n_folds} or more, one for each fold: "
            f"add articles of each{lower}"
        )
    return list(_StratifiedGroups(n_folds, shuffle=True, random_state=seed).split(labels, labels, groups))


class _StratifiedGroups(StratifiedGroupKFold):  # type: ignore[misc]
    """The folds of scikit-learn, which tries fold after fold for a group: seconds for ten thousand groups."""

    def _find_best_fold(self, y_counts_per_fold: Any, y_cnt: Any, group_y_counts: Any) -> int:
        each = np.arange(self.n_splits)
        tried = np.repeat(y_counts_per_fold[None], self.n_splits, axis=0)
        tried[each, each] += group_y_counts
        uneven = (tried / y_cnt).std(axis=1).mean(axis=1).tolist()
        sizes = y_counts_per_fold.sum(axis=1).tolist()
        best = 0
        for fold in range(1, self.n_splits):
            gap = uneven[fold] - uneven[best]
            alike = abs(gap) <= ALIKE_ABSOLUTE + ALIKE_RELATIVE * uneven[best]
            if gap < 0 or (alike and sizes[fold] < sizes[best]):
                best = fold
        return best


def _publisher_out(table: Table, groups: NDArray[np.intp], rows: Rows, config: TrainConfig) -> list[Fold]:
    """Return folds that keep publishers apart, packed to near equal size; none where too few publishers are known."""
    publishers = np.char.strip(table.publishers)
    names, codes, sizes = np.unique(publishers[rows], return_inverse=True, return_counts=True)
    if len(names) < max(FEWEST_PUBLISHERS, config.folds) or "" in names:
        return []
    n_folds = len(names) if len(names) <= MOST_SINGLE_PUBLISHERS else config.folds
    fold_of, load = np.empty(len(names), dtype=np.intp), np.zeros(n_folds, dtype=np.intp)
    for publisher in np.argsort(-sizes, kind="stable"):
        fold_of[publisher] = load.argmin()
        load[fold_of[publisher]] += sizes[publisher]
    folds = []
    for fold in range(n_folds):
        tested = rows[fold_of[codes] == fold]
        folds.append(_apart(tested, np.isin(publishers, publishers[tested]), groups))
    return folds


def _later(table: Table, groups: NDArray[np.intp], rows: Rows, config: TrainConfig) -> list[Fold]:
    """Return one fold that trains on what is dated before the day from which it tests.

    None where there are no dates, or all that is older has one label.
    """
    dated = rows[table.days[rows] != ""]
    days, counts = np.unique(table.days[dated], return_counts=True)
    if len(days) < 2:
        return []
    shares = counts[::-1].cumsum()[::-1] / len(dated)  # of rows on or after each day
    first = days[1:][np.abs(shares[1:] - LATER_SHARE).argmin()]
    fold = _apart(dated[table.days[dated] >= first], (table.days == "") | (table.days >= first), groups)
    return [fold] if len(np.unique(table.truth[fold[0]])) > 1 else []


def _apart(tested: Rows, barred: NDArray[np.bool_], groups: NDArray[np.intp]) -> Fold:
    """Return the fold that tests these rows and trains on the rest, less what is barred or shares a group."""
    train = np.flatnonzero(~barred & ~np.isin(groups, groups[tested]))
    if not len(train):
        raise CorpusError(
            f"all {len(groups) - len(tested)} row(s) not tested are barred or share a group of near-duplicates "
            "with a tested row: none is left to train on"
        )
    return train, tested


PROTOCOLS: Mapping[str, Callable[[Table, NDArray[np.intp], Rows, TrainConfig], list[Fold]]] = MappingProxyType(
    {RANDOM: _random, PUBLISHER_OUT: _publisher_out, LATER_TIME: _later}
)
