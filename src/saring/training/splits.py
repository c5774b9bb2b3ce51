"""Near-duplicate groups, and grouped, publisher-out and later-time splits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.errors import ConfigError, CorpusError
from saring.training.corpus import LabelledArticle

# Near-duplicate texts: which of them are copies of one another, in near-linear time.


Groups = NDArray[np.intp]
Hashes = NDArray[np.uint64]

SHINGLE_WORDS = 5  # two writers on one event seldom share five words in a row; a copied desk does
BANDS, BAND_ROWS = 50, 3  # a pair of Jaccard 0.5 is seen with 1 - (1 - 0.5**3)**50 = 99.9 %
MIN_THRESHOLD = 0.4  # below it those bands miss more than 4 % of the pairs, so it is refused
NEIGHBOURS = 50  # compared per text and band: keeps thousands of look-alikes from costing n**2
CHUNK_SHINGLES = 250_000  # rows hashed at once; 2 MB of 64-bit hashes stay in cache
CHUNK_PAIRS = 20_000  # pairs checked at once, some 50 MB of shingles
SEED = 20_240_101  # of the hash family; any other would do as well, but it must stay the same

_WORD = re.compile(r"\w+")
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd: spreads every bit upwards


def near_duplicate_groups(texts: Sequence[str], threshold: float = 0.5) -> Groups:
    """Return a group number per text, (n,); near-duplicates, and theirs in turn, share one.

    Two texts are near-duplicates when the Jaccard index of their sets of five-word runs reaches
    `threshold`. Candidates come from MinHash and banding and are then checked exactly. Case,
    punctuation and spacing do not count. A text of fewer than five words is one run; a text without
    a word is like no other. The partition depends on the texts alone, not on their order, the
    process or the machine; numbers rise from 0 in order of first appearance.

    Parameters
    ----------
    texts : sequence of str
        Whatever is to be compared: title and body, or headlines.
    threshold : float
        Jaccard index in [0.4, 1] from which two texts count as one.

    Raises
    ------
    ConfigError
        When `threshold` is outside [0.4, 1].

    Notes
    -----
    Source: A. Broder, On the resemblance and containment of documents, 1997; banding as in
    J. Leskovec, A. Rajaraman, J. Ullman, Mining of Massive Datasets, ch. 3 (http://www.mmds.org).
    """
    if not MIN_THRESHOLD <= threshold <= 1:
        raise ConfigError(f"threshold of near-duplicates is {threshold}; expected {MIN_THRESHOLD} to 1")
    shingles = _shingles(texts)
    worded = np.flatnonzero([len(found) > 0 for found in shingles])
    groups = np.arange(len(texts)) + len(texts)  # wordless texts keep these; none is taken below
    if len(worded):
        # Equal sets become one entry, and entries are put in an order of their own (by digest):
        # from here on the order of the rows cannot matter.
        digests = [blake2b(shingles[row].tobytes(), digest_size=16).hexdigest() for row in worded]
        _, first, entry = np.unique(digests, return_index=True, return_inverse=True)
        groups[worded] = _components([shingles[worded[row]] for row in first], threshold)[entry]
    return _numbered(groups)


class _WordHashes(dict[str, int]):
    """Words to 64-bit hashes, the same in every process (Python's own `hash` is not)."""

    def __missing__(self, word: str) -> int:
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return self.setdefault(word, int.from_bytes(digest, "little"))


def _shingles(texts: Sequence[str]) -> list[Hashes]:
    """Return the sorted set of hashed five-word runs of each text."""
    hashes = _WordHashes()
    return [_runs([hashes[word] for word in _WORD.findall(text.casefold())]) for text in texts]


def _runs(words: list[int]) -> Hashes:
    """Return the sorted set of hashes of the runs of words; one run if there are too few."""
    width = min(SHINGLE_WORDS, len(words))
    if not width:
        return np.empty(0, dtype=np.uint64)
    row = np.array(words, dtype=np.uint64)
    n_runs = len(row) - width + 1
    mixed = np.full(n_runs, width, dtype=np.uint64)
    for offset in range(width):  # a polynomial in an odd number: the order of words counts
        mixed = (mixed + row[offset : offset + n_runs]) * _MIX
        mixed ^= mixed >> np.uint64(29)
    return np.unique(mixed)


def _components(sets: list[Hashes], threshold: float) -> Groups:
    """Return the connected component of each set of shingles under "is a near-duplicate of"."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(sets)
    sizes = np.array([len(found) for found in sets])
    incidence = _incidence(sets, sizes)
    keys = _band_keys(_signatures(sets, sizes))
    links: list[NDArray[np.intp]] = []
    component = np.arange(n)
    for band in range(BANDS):
        pairs = _pairs(keys[band], keys[band - 1])
        smaller, larger = np.sort(sizes[pairs], axis=0)
        promising = (component[pairs[0]] != component[pairs[1]]) & (smaller >= threshold * larger)
        pairs = pairs[:, promising]
        alike = _jaccard(incidence, sizes, pairs) >= threshold
        if alike.any():
            links.append(pairs[:, alike])
            edges = np.concatenate(links, axis=1)
            graph = coo_array((np.ones(edges.shape[1], dtype=np.int8), tuple(edges)), shape=(n, n))
            component = connected_components(graph, directed=False)[1]
    return component


def _incidence(sets: list[Hashes], sizes: Groups) -> Any:
    """Return the sparse (sets, shingles) table of the shingles that more than one set holds."""
    from scipy.sparse import csr_array

    owner = np.repeat(np.arange(len(sets)), sizes)
    _, column, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    shared = counts[column] > 1  # the others, nearly all, cannot be in an intersection
    ones = np.ones(int(shared.sum()), dtype=np.int32)
    return csr_array((ones, (owner[shared], column[shared])), shape=(len(sets), len(counts)))


def _signatures(sets: list[Hashes], sizes: Groups) -> Hashes:
    """Return the MinHash signature of each set, (n_sets, BANDS * BAND_ROWS)."""
    rng = np.random.default_rng(SEED)
    n_hashes = BANDS * BAND_ROWS
    factors = rng.integers(2**63, size=n_hashes, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = rng.integers(2**63, size=n_hashes, dtype=np.uint64)
    out = np.empty((len(sets), n_hashes), dtype=np.uint64)
    for start, stop in _chunks(sizes):
        shingles = np.concatenate(sets[start:stop])
        begins = np.concatenate(([0], sizes[start:stop].cumsum()[:-1]))
        for column, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            out[start:stop, column] = np.minimum.reduceat(shingles * factor + offset, begins)
    return out


def _chunks(sizes: Groups) -> Iterator[tuple[int, int]]:
    """Yield runs of sets that together hold about CHUNK_SHINGLES shingles."""
    chunk = sizes.cumsum() // CHUNK_SHINGLES
    edges = np.flatnonzero(np.diff(chunk)) + 1
    yield from zip([0, *edges.tolist()], [*edges.tolist(), len(sizes)], strict=True)


def _band_keys(signatures: Hashes) -> Hashes:
    """Return one hash per set and band, (BANDS, n_sets)."""
    keys = np.zeros((BANDS, len(signatures)), dtype=np.uint64)
    for row in range(BAND_ROWS):
        keys = (keys ^ signatures[:, row::BAND_ROWS].T) * _MIX
        keys ^= keys >> np.uint64(32)
    return keys


def _pairs(key: Hashes, tie: Hashes) -> NDArray[np.intp]:
    """Return the pairs, (2, n_pairs), of sets with one key, among near neighbours in order of tie.

    The tie is the key of another band. In a bucket of thousands (texts of one template) it brings
    true copies, which agree in most bands, next to one another.
    """
    order = np.lexsort((tie, key))
    key = key[order]
    found = [np.empty((2, 0), dtype=np.intp)]
    for step in range(1, min(NEIGHBOURS, len(key) - 1) + 1):
        at = np.flatnonzero(key[:-step] == key[step:])
        if not len(at):
            break
        found.append(np.stack([order[at], order[at + step]]))
    return np.concatenate(found, axis=1)


def _jaccard(incidence: Any, sizes: Groups, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the exact Jaccard index of each pair of sets."""
    common = np.zeros(pairs.shape[1])
    for start in range(0, len(common), CHUNK_PAIRS):
        left, right = pairs[:, start : start + CHUNK_PAIRS]
        both = incidence[left].multiply(incidence[right])
        common[start : start + CHUNK_PAIRS] = both.sum(axis=1)
    either: NDArray[np.float64] = sizes[pairs].sum(axis=0) - common
    return common / either


def _numbered(groups: Groups) -> Groups:
    """Return the same partition with numbers from 0 in order of first appearance."""
    _, first, code = np.unique(groups, return_index=True, return_inverse=True)
    return first.argsort().argsort()[code]


# Folds that keep every group on one side.


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
        def _find_best_fold(self, y_counts_per_fold: Counts, y_cnt: Counts, group_y_counts: Counts) -> int:
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
        raise CorpusError(f"row {row}: date {str(text)!r}; expected ISO 8601, such as 2024-01-31") from None
