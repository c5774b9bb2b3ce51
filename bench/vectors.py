"""Make src/saring/models/vectors.npz: words of Indonesian news and their vectors.

    .venv/bin/python bench/vectors.py ARTICLES... src/saring/models/vectors.npz

Takes files as `saring score` does; the shipped file is of the raw articles of CLICK-ID. No label
is looked at. One minute and 2 GB for 22,138 articles.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.utils.extmath import randomized_svd

from saring.io.records import read
from saring.parsing.engine import parse
from saring.text import NUMBER, TOKEN

N_WORDS = 12_000  # the commonest; the rest stand in fewer than 25 places
N_NUMBERS = 64  # of a vector: 100 and 200 gained nothing that could be measured
WINDOW = 5  # words apart, weighted 1/distance
# Context counts to this power: keeps rare contexts from ruling (Levy and others, 2015).
SMOOTHING = 0.75
# An article's first lines say what it is about; the rest costs time and changes little.
MAX_CHARS = 1500
SEED = 0


def texts(paths: Iterable[str]) -> list[list[str]]:
    """Return the tokens of each article, title first, numbers made one."""
    articles = (parse(record) for path in paths for record in read(path))
    lines = (f"{a.title} . {a.body[:MAX_CHARS]}".lower() for a in articles)
    return [[NUMBER if t[0].isdigit() else t for t in re.findall(TOKEN, line)] for line in lines]


def cooccurrence(documents: list[list[str]], place: dict[str, int]) -> csr_matrix:
    """Return how often words stand near one another, nearer counting more."""
    flat = np.array([i for d in documents for i in [*(place.get(t, -1) for t in d), *[-1] * WINDOW]])
    total = csr_matrix((len(place), len(place)))
    for distance in range(1, WINDOW + 1):
        left, right = flat[:-distance], flat[distance:]
        both = (left >= 0) & (right >= 0)
        weights = np.full(both.sum(), 1 / distance)
        total = total + coo_matrix((weights, (left[both], right[both])), shape=total.shape).tocsr()
    return (total + total.T).tocsr()


def vectors(counts: csr_matrix) -> NDArray[np.int8]:
    """Return a vector for each word, in steps of 1/127 of the largest number."""
    sums = np.asarray(counts.sum(axis=1)).ravel() + 1e-9
    context = sums**SMOOTHING / (sums**SMOOTHING).sum()
    cells = counts.tocoo()
    information = np.log(cells.data / (sums[cells.row] * context[cells.col]))
    known = information > 0
    matrix = csr_matrix((information[known], (cells.row[known], cells.col[known])), shape=counts.shape)
    left, values, _ = randomized_svd(matrix, N_NUMBERS, n_iter=3, random_state=SEED)
    found = left * np.sqrt(values)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return np.round(found / np.abs(found).max() * 127).astype(np.int8)


def main(paths: list[str], out: str) -> None:
    """Write the words and vectors of the articles in `paths`."""
    documents = texts(paths)
    commonest = Counter(t for d in documents for t in d).most_common(N_WORDS)
    terms = sorted(term for term, _ in commonest)
    found = vectors(cooccurrence(documents, {term: i for i, term in enumerate(terms)}))
    blob = np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)
    np.savez_compressed(Path(out), terms=blob, vectors=found)
    print(f"{len(documents):,} articles, {found.shape[0]:,} words x {found.shape[1]} numbers")


if __name__ == "__main__":
    main(sys.argv[1:-1], sys.argv[-1])
