"""Near-duplicate articles: which texts are copies of one another, so that folds keep them together."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from saring.errors import ConfigError
from saring.training.corpus import LabelledArticle

Hashes = NDArray[np.uint64]

SHINGLE_WORDS = 5  # two writers on one event seldom share five words in a row; a copied article does
MIN_THRESHOLD = 0.4  # below it so many runs of each text are looked up that thousands of texts take minutes
CHUNK_TEXTS = 500  # texts whose candidates are held at once
CHUNK_PAIRS = 20_000  # pairs checked at once, some 50 MB of shingles
_WORD = re.compile(r"\w+")
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd: spreads every bit upwards


def article_groups(articles: Sequence[LabelledArticle]) -> NDArray[np.intp]:
    """Return the number of each article's group of near-duplicates, shape (n_articles,)."""
    return near_duplicate_groups([f"{a.article.title}\n{a.article.text}" for a in articles])


def near_duplicate_groups(texts: Sequence[str], threshold: float = 0.5) -> NDArray[np.intp]:
    """Return a group number per text, (n,); near-duplicates, and theirs in turn, share one.

    Two texts are near-duplicates when the Jaccard index of their sets of five-word runs reaches `threshold`. Case,
    punctuation and spacing do not count. A text of fewer than five words is one run; a text without a word is like no
    other. Numbers rise from 0 in order of first appearance. ConfigError when `threshold` is outside [0.4, 1].
    """
    if not MIN_THRESHOLD <= threshold <= 1:
        raise ConfigError(f"threshold of near-duplicates is {threshold}; expected {MIN_THRESHOLD} to 1")
    codes: dict[str, int] = {}
    shingles = [_shingles([codes.setdefault(w, len(codes)) for w in _WORD.findall(t.casefold())]) for t in texts]
    numbers: dict[bytes, int] = {}  # equal sets become one entry
    entry = np.array([numbers.setdefault(found.tobytes(), len(numbers)) for found in shingles], dtype=np.intp)
    groups = _components([np.frombuffer(key, dtype=np.uint64) for key in numbers], threshold)[entry]
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


def _components(sets: list[Hashes], threshold: float) -> NDArray[np.intp]:
    """Return the connected component of each set of shingles under "is a near-duplicate of".

    Sets as alike as that share one of the rarest runs of each, all but a threshold's share of them: only sets that
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
    rare = rank <= sizes[owner] - np.ceil(threshold * sizes[owner] - 1e-9)
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
        pairs = pairs[:, apart & (smaller >= threshold * larger)]
        parts = [pairs[:, at : at + CHUNK_PAIRS] for at in range(0, pairs.shape[1], CHUNK_PAIRS)]
        common = [whole[left].multiply(whole[right]).sum(axis=1) for left, right in parts]
        both = np.concatenate([*common, np.empty(0)])
        alike = both / (sizes[pairs].sum(axis=0) - both) >= threshold
        if alike.any():
            edges = np.concatenate([edges, pairs[:, alike]], axis=1)
            graph = coo_array((np.ones(edges.shape[1], dtype=np.int8), tuple(edges)), shape=(len(sets), len(sets)))
            component = connected_components(graph, directed=False)[1]
    return component
