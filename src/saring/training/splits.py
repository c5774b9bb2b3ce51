"""Which rows are tested, and which may be trained on meanwhile: near-duplicates, and the folds of each protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from saring.config import TrainConfig
from saring.errors import ConfigError, CorpusError
from saring.evaluation.metrics import Ints
from saring.training.corpus import LabelledArticle
from saring.training.tasks import Table

Fold = tuple[Ints, Ints]  # row numbers: trained on, tested
Hashes = NDArray[np.uint64]

RANDOM, PUBLISHER_OUT, LATER_TIME = "random", "publisher-out", "later-time"
FEWEST_PUBLISHERS = 6  # with fewer one of them may be most of a fold
MOST_SINGLE_PUBLISHERS = 12  # up to so many are left out one by one; more are packed into folds
LATER_SHARE = 0.2  # of the dated rows, the youngest, are tested by time
# Folds so alike are told apart by their sizes, as by scikit-learn with NumPy's isclose.
ALIKE_ABSOLUTE, ALIKE_RELATIVE = 1e-8, 1e-5
SHINGLE_WORDS = 5  # two writers on one event seldom share five words in a row; a copied article does
NEAR = 0.5  # Jaccard index of near-duplicates; of less, so many runs of a text are looked up that it takes minutes
CHUNK_TEXTS = 500  # texts whose candidates are held at once
CHUNK_PAIRS = 20_000  # pairs checked at once, some 50 MB of shingles
_WORD = re.compile(r"\w+")
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd: spreads every bit upwards


def protocol_folds(table: Table, groups: Ints, config: TrainConfig) -> dict[str, list[Fold]]:
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


def _random(table: Table, groups: Ints, rows: Ints, config: TrainConfig) -> list[Fold]:
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


def _publisher_out(table: Table, groups: Ints, rows: Ints, config: TrainConfig) -> list[Fold]:
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


def _later(table: Table, groups: Ints, rows: Ints, config: TrainConfig) -> list[Fold]:
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


def _apart(tested: Ints, barred: NDArray[np.bool_], groups: Ints) -> Fold:
    """Return the fold that tests these rows and trains on the rest, less what is barred or shares a group."""
    train = np.flatnonzero(~barred & ~np.isin(groups, groups[tested]))
    if not len(train):
        raise CorpusError(
            f"all {len(groups) - len(tested)} row(s) not tested are barred or share a group of near-duplicates "
            "with a tested row: none is left to train on"
        )
    return train, tested


PROTOCOLS: Mapping[str, Callable[[Table, Ints, Ints, TrainConfig], list[Fold]]] = MappingProxyType(
    {RANDOM: _random, PUBLISHER_OUT: _publisher_out, LATER_TIME: _later}
)


def article_groups(articles: Sequence[LabelledArticle]) -> Ints:
    """Return the number of each article's group of near-duplicates, shape (n_articles,)."""
    return near_duplicate_groups([f"{a.article.title}\n{a.article.text}" for a in articles])


def near_duplicate_groups(texts: Sequence[str]) -> Ints:
    """Return a group number per text, (n,); near-duplicates, and theirs in turn, share one.

    Two texts are near-duplicates when the Jaccard index of their sets of five-word runs reaches `NEAR`. Case,
    punctuation and spacing do not count. A text of fewer than five words is one run; a text without a word is like no
    other. Numbers rise from 0 in order of first appearance.
    """
    codes: dict[str, int] = {}
    shingles = [_shingles([codes.setdefault(w, len(codes)) for w in _WORD.findall(t.casefold())]) for t in texts]
    numbers: dict[bytes, int] = {}  # equal sets become one entry
    entry = np.array([numbers.setdefault(found.tobytes(), len(numbers)) for found in shingles], dtype=np.intp)
    groups = _components([np.frombuffer(key, dtype=np.uint64) for key in numbers])[entry]
    wordless = np.array([not len(found) for found in shingles], dtype=np.bool_)
    groups[wordless] = len(numbers) + np.flatnonzero(wordless)
    _, first, code = np.unique(groups, return_index=True, return_inverse=True)
    return first.argsort().argsort()[code]


def _shingles(words: list[int]) -> Hashes:
    """Return the sorted set of hashed five-word runs of a text; one run if it is shorter."""
    row, width = np.array(words, dtype=np.uint64), min(SHINGLE_WORDS, len(words))
    if not words:
        return row
    mixed = np.full(len(row) - width + 1, width, dtype=np.uint64)
    for offset in range(width):  # a polynomial in an odd number: the order of words counts
        mixed = (mixed + row[offset : offset + len(mixed)]) * _MIX
        mixed ^= mixed >> np.uint64(29)
    return np.unique(mixed)


def _components(sets: list[Hashes]) -> Ints:
    """Return the connected component of each set of shingles under "is a near-duplicate of".

    Sets as alike as that share one of the rarest runs of each, all but a share of `NEAR` of them: only sets that
    share one are compared. Source: S. Chaudhuri et al., A primitive operator for similarity joins, ICDE 2006.
    """
    component = np.arange(len(sets))
    sizes = np.array([len(found) for found in sets], dtype=np.intp)
    if not sizes.sum():
        return component
    owner = np.repeat(component, sizes)
    _, column, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    order = np.lexsort((column, counts[column], owner))  # of each set the rarest runs first
    column = column[order]
    rank = np.arange(len(owner)) - (sizes.cumsum() - sizes)[owner]
    rare = rank <= sizes[owner] - np.ceil(NEAR * sizes[owner] - 1e-9)
    shared = counts[column] > 1  # the others, nearly all, cannot be in an intersection

    def incidence(chosen: NDArray[np.bool_]) -> csr_array:
        at = (owner[chosen], column[chosen])
        return csr_array((np.ones(len(at[0]), dtype=np.int32), at), shape=(len(sets), len(counts)))

    whole, prefixes = incidence(shared), incidence(shared & rare)
    by_run = prefixes.T.tocsr()
    edges = np.empty((2, 0), dtype=np.intp)
    for start in range(0, len(sets), CHUNK_TEXTS):
        found = (prefixes[start : start + CHUNK_TEXTS] @ by_run).tocoo()
        pairs = np.stack([found.row + start, found.col])
        smaller, larger = np.sort(sizes[pairs], axis=0)
        apart = (pairs[0] < pairs[1]) & (component[pairs[0]] != component[pairs[1]])
        pairs = pairs[:, apart & (smaller >= NEAR * larger)]
        parts = [pairs[:, at : at + CHUNK_PAIRS] for at in range(0, pairs.shape[1], CHUNK_PAIRS)]
        common = [whole[left].multiply(whole[right]).sum(axis=1) for left, right in parts]
        both = np.concatenate([*common, np.empty(0)])
        alike = both / (sizes[pairs].sum(axis=0) - both) >= NEAR
        if alike.any():
            edges = np.concatenate([edges, pairs[:, alike]], axis=1)
            graph = coo_array((np.ones(edges.shape[1], dtype=np.int8), tuple(edges)), shape=(len(sets), len(sets)))
            component = connected_components(graph, directed=False)[1]
    return component
