"""Rows in slices, for as many threads as there are: the kernel releases the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["in_slices"]

# Some five milliseconds of work: more than a thread costs, and few enough bytes that threads
# end together.
SLICE_BYTES = 1 << 20


def in_slices(
    work: Callable[[int, int], None], sizes: NDArray[np.int64], threads: int | None
) -> None:
    """Call `work` with the first and the last row (exclusive) of each slice.

    Parameters
    ----------
    work : callable
    sizes : (n,) array
        Bytes of each row.
    threads : int or None
        How many slices are worked on at once; as many as there are processors when None.
    """
    ends = np.cumsum(sizes)
    n_slices = 1 if threads == 1 or not len(ends) else int(ends[-1]) // SLICE_BYTES + 1
    if n_slices == 1:
        work(0, len(sizes))
        return
    marks = np.searchsorted(ends, np.arange(1, n_slices) * SLICE_BYTES)
    cuts = np.unique([0, *marks.tolist(), len(sizes)]).tolist()
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        for done in [pool.submit(work, start, stop) for start, stop in pairwise(cuts)]:
            done.result()
