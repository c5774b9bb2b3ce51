"""Labelled rows with a model's answers: what an evaluation starts from, checked at the door."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from saring.errors import CorpusError

__all__ = ["Scored", "check_labels"]

Strings = NDArray[np.str_]

SUM_TOLERANCE = 1e-5  # probabilities kept in 32 bits add up to 1 this nearly


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Labelled rows with a model's answers; checked and turned into arrays when made.

    Attributes
    ----------
    labels : tuple of str
        Every label of the task, in the order of the probabilities' columns; the second of two is
        the positive one.
    truth, predicted : (n,) array of str
    probabilities : (n, n_labels) array
        Rows sum to 1.
    publishers : (n,) array of str
        Blank where unknown.
    groups : (n,) array of int
        Equal numbers mark rows that belong together.
    shares : (n,) array, optional
        Share of the annotators who gave the row its truth; NaN, and not given, where one did.

    Raises
    ------
    CorpusError
        When there are no rows, lengths differ, a label is unknown or repeated, or probabilities are
        not numbers from 0 to 1 that sum to 1.
    """

    labels: tuple[str, ...]
    truth: Strings
    probabilities: NDArray[np.float64]
    predicted: Strings
    publishers: Strings
    groups: NDArray[np.intp]
    shares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.shares):
            object.__setattr__(self, "shares", np.full(len(self.truth), np.nan))
        for name, kind in _KINDS.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        object.__setattr__(self, "labels", tuple(self.labels))
        if len(self.labels) < 2 or len(set(self.labels)) < len(self.labels):
            raise CorpusError(f"labels are {self.labels}; expected two or more, each once")
        lengths = {name: len(getattr(self, name)) for name in _KINDS}
        if len(set(lengths.values())) > 1 or not len(self.truth):
            raise CorpusError(f"rows to evaluate: {lengths}; expected one value per row, some rows")
        for name in ("truth", "predicted"):
            check_labels(name, getattr(self, name), self.labels)
        _check_probabilities(self.probabilities, len(self.labels))

    def codes(self, labels: Strings) -> NDArray[np.intp]:
        """Return the number of each label in `self.labels`, (n,)."""
        order = np.argsort(self.labels)
        return order[np.searchsorted(self.labels, labels, sorter=order)]

    def credit(self, right: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return what each answer is worth: the share of annotators who would agree with it, (n,).

        That is 1 or 0 where there was one annotator. With two labels, who does not agree with the
        truth agrees with the other.
        """
        shares: NDArray[np.float64] = np.where(np.isnan(self.shares), 1.0, self.shares)
        return np.where(right, shares, 1 - shares)


_KINDS = {
    "truth": np.str_,
    "probabilities": np.float64,
    "predicted": np.str_,
    "publishers": np.str_,
    "groups": np.intp,
    "shares": np.float64,
}


def check_labels(column: str, found: Strings, labels: tuple[str, ...]) -> None:
    """Raise `CorpusError`, naming the column and row, if a value is none of the labels."""
    unknown = np.flatnonzero(~np.isin(found, labels))
    if len(unknown):
        raise CorpusError(
            f"{column}: row {unknown[0]} is {str(found[unknown[0]])!r}, one of {len(unknown)} "
            f"row(s) of an unknown label; expected one of {', '.join(labels)}"
        )


def _check_probabilities(probabilities: NDArray[np.float64], n_labels: int) -> None:
    """Raise unless every row holds one probability per label and sums to 1."""
    if probabilities.ndim != 2 or probabilities.shape[1] != n_labels:
        raise CorpusError(
            f"probabilities have shape {probabilities.shape}; expected one column per label, "
            f"{n_labels}"
        )
    with np.errstate(invalid="ignore"):
        sound = (probabilities >= 0).all(axis=1)  # False for NaN, too
        sound &= np.abs(probabilities.sum(axis=1) - 1) <= SUM_TOLERANCE
    if not sound.all():
        row = int(np.flatnonzero(~sound)[0])
        raise CorpusError(
            f"probabilities: row {row} is {probabilities[row].tolist()}, one of "
            f"{np.count_nonzero(~sound)} such row(s); expected numbers from 0 to 1 that sum to 1"
        )
