"""Folds that keep every group on one side.

A fold is a pair ``(train, test)`` of row numbers. What must not be torn apart shares a group
number: near-duplicate articles (`near_duplicate_groups`), and all links of one article (a link
table takes the group of its article: ``groups[article_of_link]``).

A protocol that the rows cannot support (a label with too few groups, a missing publisher or date)
raises `CorpusError` with the reason; nothing is quietly shrunk or left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.corpus import LabelledArticle
from saring.duplicates import near_duplicate_groups
from saring.errors import ConfigError, CorpusError

__all__ = [
    "Fold",
    "article_groups",
    "grouped_folds",
    "later_time",
    "near_duplicate_groups",
    "publisher_folds",
]

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
Counts = NDArray[np.float64]

# Folds so alike are told apart by their sizes, as by scikit-learn with NumPy's isclose.
ALIKE_ABSOLUTE, ALIKE_RELATIVE = 1e-8, 1e-5


def article_groups(articles: Sequence[LabelledArticle]) -> NDArray[np.intp]:
    """Return the number of each article's group of near-duplicates, shape (n_articles,)."""
    return near_duplicate_groups([f"{a.article.title}\n{a.article.text}" for a in articles])


def grouped_folds(labels: ArrayLike, groups: ArrayLike, n_folds: int, seed: int) -> list[Fold]:
    """Return `n_folds` folds, stratified by label, that never cut a group; every row tested once.

    Raises
    ------
    CorpusError
        When the lengths differ, or a label stands in fewer than `n_folds` groups, so that some
        fold could not hold it.
    ConfigError
        When `n_folds` is below 2.
    """
    labels, groups = _columns(labels=labels, groups=groups)
    _check_folds(n_folds)
    found = {str(label): len(np.unique(groups[labels == label])) for label in np.unique(labels)}
    few = {label: n for label, n in found.items() if n < n_folds}
    if few:
        least = min(few.values())
        lower = f", or write `folds = {least}` into a file for --config" if least > 1 else ""
        raise CorpusError(
            ", ".join(f"label {label!r} stands in {n}" for label, n in few.items())
            + f" group(s) of near-duplicates; expected {n_folds} or more, one for each fold: add "
            f"articles of each{lower}"
        )
    return [(train, test) for train, test in _folds(n_folds, seed).split(labels, labels, groups)]


def _folds(n_folds: int, seed: int) -> Any:
    """Return scikit-learn's StratifiedGroupKFold, which tries a group in all folds at once."""
    from sklearn.model_selection import StratifiedGroupKFold

    class Folds(StratifiedGroupKFold):  # type: ignore[misc]
        def _find_best_fold(
            self, y_counts_per_fold: Counts, y_cnt: Counts, group_y_counts: Counts
        ) -> int:
            # scikit-learn tries fold after fold: seconds for some ten thousand groups.
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

    return Folds(n_folds, shuffle=True, random_state=seed)


def publisher_folds(publishers: ArrayLike, groups: ArrayLike, n_folds: int) -> list[Fold]:
    """Return `n_folds` folds in which no publisher is both trained on and tested.

    Every row is tested once. Publishers are packed into folds of near equal size, the largest
    first. A row of another publisher that shares a group with a tested row (a wire story both
    printed) is left out of that fold's training rows, so train and test do not add up to all rows.

    Raises
    ------
    CorpusError
        When the lengths differ, a row has no publisher (nothing could be promised of it), or there
        are fewer publishers than folds, or a fold is left with no row to train on.
    ConfigError
        When `n_folds` is below 2.
    """
    publishers, groups = _columns(publishers=publishers, groups=groups)
    _check_folds(n_folds)
    _refuse_blank(publishers, "publisher")
    names, codes, sizes = np.unique(publishers, return_inverse=True, return_counts=True)
    if len(names) < n_folds:
        raise CorpusError(
            f"found {len(names)} publisher(s); expected {n_folds} or more, one for each fold: add "
            "publishers, or write fewer `folds` into a file for --config"
        )
    fold_of, load = np.empty(len(names), dtype=np.intp), np.zeros(n_folds, dtype=np.intp)
    for publisher in np.argsort(-sizes, kind="stable"):
        fold_of[publisher] = load.argmin()
        load[fold_of[publisher]] += sizes[publisher]
    return [_apart(fold_of[codes] == fold, groups) for fold in range(n_folds)]


def later_time(dates: ArrayLike, groups: ArrayLike, test_share: float) -> Fold:
    """Return one fold: trained strictly before a day, tested from that day on.

    The cut is the day that brings the share of tested rows nearest to `test_share`. A training row
    that shares a group with a tested row is left out. Undated rows are refused: one might be of
    any day, and the promise would not hold.

    Parameters
    ----------
    dates : (n,) array of str
        ISO 8601 dates or times; the calendar day as printed counts, without its time zone.
    groups : (n,) array of int
    test_share : float
        Share of rows to test, between 0 and 1, both excluded.

    Raises
    ------
    CorpusError
        When the lengths differ, a date is missing or unreadable, all rows are of one day, or no row
        is left to train on.
    ConfigError
        When `test_share` is not between 0 and 1.
    """
    dates, groups = _columns(dates=dates, groups=groups)
    if not 0 < test_share < 1:
        raise ConfigError(f"test share is {test_share}; expected a number between 0 and 1")
    _refuse_blank(dates, "date")
    days = np.array([_day(row, text) for row, text in enumerate(dates)])
    cuts, counts = np.unique(days, return_counts=True)
    if len(cuts) < 2:
        raise CorpusError(f"all {len(days)} row(s) are of one day; a split by time needs two")
    shares = counts[::-1].cumsum()[::-1] / len(days)  # of rows on or after each day
    cut = cuts[1:][np.abs(shares[1:] - test_share).argmin()]
    return _apart(days >= cut, groups)


def _apart(tested: NDArray[np.bool_], groups: NDArray[Any]) -> Fold:
    """Return the fold that tests these rows and trains on the rest, less what shares a group."""
    train = ~tested & ~np.isin(groups, groups[tested])
    if not train.any():
        raise CorpusError(
            f"all {np.count_nonzero(~tested)} row(s) not tested share a group of near-duplicates "
            "with a tested row: none is left to train on"
        )
    return np.flatnonzero(train), np.flatnonzero(tested)


def _columns(**columns: ArrayLike) -> list[NDArray[Any]]:
    """Return the columns as arrays of one length, or raise."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise CorpusError(f"columns differ in length: {lengths}; expected one value per row")
    return list(arrays.values())


def _check_folds(n_folds: int) -> None:
    """Raise unless there are at least two folds."""
    if n_folds < 2:
        raise ConfigError(f"number of folds is {n_folds}; expected 2 or more")


def _refuse_blank(column: NDArray[Any], name: str) -> None:
    """Raise if a value is blank."""
    blank = np.flatnonzero([not str(value).strip() for value in column])
    if len(blank):
        raise CorpusError(
            f"{len(blank)} of {len(column)} row(s) have no {name}, the first is row {blank[0]}: "
            f"this split needs a {name} in every row, so pass only the rows that have one"
        )


def _day(row: int, text: Any) -> date:
    """Return the calendar day a date or time starts with."""
    try:
        return date.fromisoformat(str(text)[: len("2024-01-31")])
    except ValueError:
        raise CorpusError(
            f"row {row}: date {str(text)!r}; expected ISO 8601, such as 2024-01-31"
        ) from None
