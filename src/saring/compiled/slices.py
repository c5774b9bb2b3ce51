"""Rows in slices, for as many threads as there are: the kernel releases the GIL."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from saring.compiled.texts import Column
from saring.errors import ConfigError

__all__ = ["THREADS", "cores", "in_slices"]

# Names the variable that says how many threads a process has where nobody else does: who keeps
# several processes busy gives each its share.
THREADS = "SARING_THREADS"

# Some five milliseconds of work: more than a thread costs, and few enough bytes that threads
# end together.
SLICE_BYTES = 1 << 20


def cores() -> int:
    """Return how many threads or processes can run side by side."""
    if hasattr(os, "sched_getaffinity"):  # in a container there are fewer than the machine has
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _threads() -> int:
    """Return how many threads this process may have."""
    given = os.environ.get(THREADS) or "0"
    if not re.fullmatch("[0-9]{1,4}", given):
        raise ConfigError(f"{THREADS}: found {given!r}; expected a number of threads")
    return int(given) or cores()


def in_slices(
    work: Callable[[int, int], None], columns: Sequence[Column], threads: int | None
) -> None:
    """Call `work` with the first row of each slice and the one behind its last.

    Parameters
    ----------
    work : callable
    columns : sequence of Column
        What is worked on, of one length.
    threads : int or None
        How many slices are worked on at once. When None, as many as the variable SARING_THREADS
        says, or else as there are cores for this process.
    """
    n, size = len(columns[0]), sum([column.size for column in columns])
    # In this order: a single article is not to wait for what the system says of its threads.
    if size <= SLICE_BYTES or (threads := threads or _threads()) == 1:
        work(0, n)
        return
    ends = sum(column.offsets[1:] - column.offsets[0] for column in columns)
    marks = np.searchsorted(ends, np.arange(SLICE_BYTES, size, SLICE_BYTES))
    cuts = sorted({0, *marks.tolist(), n})
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, start, stop) for start, stop in pairwise(cuts)]:
            done.result()
