"""Protocols: which rows of a table are tested, and which may be trained on meanwhile.

====================  ===========================================================================
``random``            any rows, near-duplicates kept together
``publisher-out``     no publisher is both trained on and tested
``later-time``        whatever is trained on is older than what is tested
====================  ===========================================================================

A portal's furniture, its favourite words and the affairs of its days give answers away; a model
that will read other portals in other years must be judged where they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from saring.config import TrainConfig
from saring.errors import ConfigError
from saring.split import Fold, grouped_folds, later_time, publisher_folds
from saring.tasks import Table

__all__ = ["PROTOCOLS", "PUBLISHER_OUT", "RANDOM", "protocol_folds"]

RANDOM, PUBLISHER_OUT, LATER_TIME = "random", "publisher-out", "later-time"

# With fewer publishers one of them may be most of a fold.
FEWEST_PUBLISHERS = 6
# Up to so many are left out one by one; more are packed into folds.
MOST_SINGLE_PUBLISHERS = 12
LATER_SHARE = 0.2  # of the dated rows, the youngest, are tested by time


def protocol_folds(
    table: Table, groups: NDArray[np.intp], config: TrainConfig
) -> dict[str, list[Fold]]:
    """Return the folds of row numbers of each protocol in `config` that the table supports.

    Tested are rows that are asked about, of the corpus ``config.tested`` alone where that has some.
    All other rows help in training, but for those a protocol bars: near-duplicates of tested rows,
    rows of their publishers, rows of their days.

    Parameters
    ----------
    table : Table
    groups : (n,) array of int
        Number of the near-duplicate group of each row.
    config : TrainConfig

    Returns
    -------
    dict of str to list of (train, test)
        In the order of ``config.protocols``; ``random`` alone where the table supports none.

    Raises
    ------
    ConfigError
        When a protocol is unknown.
    CorpusError
        When a label stands in too few groups for random folds.
    """
    named = table.asked & (table.corpora == config.tested)
    tested = np.flatnonzero(named if named.any() else table.asked)
    found: dict[str, list[Fold]] = {}
    for name in config.protocols:
        if name not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise ConfigError(f"protocols: found {name!r}; expected some of {known}")
        if folds := PROTOCOLS[name](table, groups, tested, config):
            found[name] = folds
    return found or {RANDOM: _random(table, groups, tested, config)}


def _random(
    table: Table, groups: NDArray[np.intp], rows: NDArray[np.intp], config: TrainConfig
) -> list[Fold]:
    """Return folds that keep near-duplicates together and each label's share."""
    parts = grouped_folds(table.truth[rows], groups[rows], config.folds, config.seed)
    return [(np.flatnonzero(~np.isin(groups, groups[rows[test]])), rows[test]) for _, test in parts]


def _publisher_out(
    table: Table, groups: NDArray[np.intp], rows: NDArray[np.intp], config: TrainConfig
) -> list[Fold]:
    """Return folds that keep publishers apart; none where too few are known."""
    publishers = np.char.strip(table.publishers)
    names = np.unique(publishers[rows])
    if len(names) < max(FEWEST_PUBLISHERS, config.folds) or (names == "").any():
        return []
    n_folds = len(names) if len(names) <= MOST_SINGLE_PUBLISHERS else config.folds
    folds = []
    for _, test in publisher_folds(publishers[rows], groups[rows], n_folds):
        tested = rows[test]
        barred = np.isin(groups, groups[tested]) | np.isin(publishers, publishers[tested])
        folds.append((np.flatnonzero(~barred), tested))
    return folds


def _later(
    table: Table, groups: NDArray[np.intp], rows: NDArray[np.intp], config: TrainConfig
) -> list[Fold]:
    """Return one fold that trains on what is dated before what it tests.

    None where there are no dates, or all that is older has one label.
    """
    dated = rows[table.days[rows] != ""]
    if len(np.unique(table.days[dated])) < 2:
        return []
    _, test = later_time(table.days[dated], groups[dated], LATER_SHARE)
    tested = dated[test]
    late = (table.days == "") | (table.days >= min(table.days[tested].tolist()))
    train = np.flatnonzero(~late & ~np.isin(groups, groups[tested]))
    return [(train, tested)] if len(np.unique(table.truth[train])) > 1 else []


PROTOCOLS: Mapping[
    str,
    Callable[[Table, NDArray[np.intp], NDArray[np.intp], TrainConfig], list[Fold]],
] = MappingProxyType({RANDOM: _random, PUBLISHER_OUT: _publisher_out, LATER_TIME: _later})
