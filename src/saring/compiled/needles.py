"""Where many texts hold many short strings: one walk over the bytes, for all of them at once.

An automaton after Aho and Corasick: its state is the longest beginning of a string that the last
bytes are, so that no byte is read twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from saring.compiled.native import NEEDLES, Int, Numbers, native
from saring.compiled.texts import Column, as_column

__all__ = ["Hit", "find"]

Hit = tuple[int, int]  # where, and the number of the string

# The one letter beyond ASCII whose small one is in it: a text with a Kelvin sign is Python's.
_ASK = "\u212a"
_BYTES_A_HIT = 64  # room is made for so many hits at first; texts with more are read twice
_CAPITALS = range(ord("A"), ord("Z") + 1)
_TO_SMALL = 32


@native(*NEEDLES)
def _scan(
    data: Numbers, ends: Numbers, kinds: Numbers, steps: Numbers, first: Numbers, last: Numbers,
    sizes: Numbers, hits: Numbers,
) -> Int:  # fmt: skip
    """Note row, place and string of each hit, as far as there is room; return how many there are.

    `kinds`: the kind of each byte; `steps`: the state behind each state and kind; `last`: the
    strings that end at each state, from `first` on; `sizes`: their characters.
    """
    n = 0
    free = np.zeros(len(sizes), np.int64)
    for row in range(len(ends) - 1):
        state, chars = np.int64(0), np.int64(0)
        free[:] = 0
        for i in range(ends[row], ends[row + 1]):
            byte = data[i]
            chars += byte & 0xC0 != 0x80
            state = np.int64(steps[state, kinds[byte]])
            for k in range(first[state], first[state + 1]):
                string = last[k]
                at = chars - sizes[string]
                if at < free[string]:  # as `str.find` goes on behind what it has found
                    continue
                free[string] = chars
                if n < len(hits):
                    hits[n, 0], hits[n, 1], hits[n, 2] = row, at, string
                n += 1
    return n


def find(texts: Sequence[str], strings: tuple[str, ...]) -> list[list[Hit] | None]:
    """Return the hits of each text in order, whatever its capitals; None where Python must look.

    Parameters
    ----------
    texts : sequence of str
    strings : tuple of str
        In lower case and ASCII. One that overlaps itself is found as `str.find` finds it, each time
        behind the last.
    """
    column = as_column(texts)
    hits = _hits(column, _automaton(strings))
    hits = hits[np.lexsort((hits[:, 2], hits[:, 1], hits[:, 0]))]
    cuts = np.searchsorted(hits[:, 0], np.arange(len(texts) + 1)).tolist()
    pairs = list(zip(hits[:, 1].tolist(), hits[:, 2].tolist(), strict=True))
    found: list[list[Hit] | None] = [pairs[start:stop] for start, stop in pairwise(cuts)]
    for row in hits[hits[:, 2] == len(strings), 0].tolist():
        found[row] = None
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Automaton:
    """What `_scan` walks along."""

    kinds: NDArray[np.uint8]
    steps: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    sizes: NDArray[np.int64]


def _hits(column: Column, automaton: _Automaton) -> NDArray[np.int64]:
    """Return row, place and string of each hit, shape (n_hits, 3)."""
    a, room = automaton, column.size // _BYTES_A_HIT
    while True:
        hits = np.empty((room, 3), np.int64)
        n: int = _scan(
            column.data, column.offsets, a.kinds, a.steps, a.first, a.last, a.sizes, hits
        )
        if n <= room:
            return hits[:n]
        room = n


@lru_cache(maxsize=4)
def _automaton(strings: tuple[str, ...]) -> _Automaton:
    """Return the automaton of strings, and of the letter that only Python makes small."""
    words = [string.encode() for string in (*strings, _ASK)]
    children, ending = _tree(words)
    bytes_ = sorted({byte for word in words for byte in word})
    kinds = np.zeros(256, np.uint8)  # 0: in no string
    kinds[bytes_] = range(1, len(bytes_) + 1)
    for capital in _CAPITALS:
        kinds[capital] = kinds[capital + _TO_SMALL]
    steps = np.zeros((len(children), len(bytes_) + 1), np.int32)
    back = [0] * len(children)
    waiting = [0]
    for state in waiting:  # grows: shorter beginnings come before longer ones
        steps[state] = steps[back[state]]
        for byte, child in children[state].items():
            back[child] = int(steps[state, kinds[byte]])
            ending[child] += ending[back[child]]
            steps[state, kinds[byte]] = child
            waiting.append(child)
    counts = np.cumsum([0, *map(len, ending)])
    flat = [string for here in ending for string in here]
    sizes = [len(string) for string in (*strings, _ASK)]
    return _Automaton(
        kinds, steps, counts.astype(np.int32), np.array(flat, np.int32), np.array(sizes, np.int64)
    )


def _tree(words: Sequence[bytes]) -> tuple[list[dict[int, int]], list[list[int]]]:
    """Return for each state where each byte leads, and the words that end there."""
    children: list[dict[int, int]] = [{}]
    ending: list[list[int]] = [[]]
    for number, word in enumerate(words):
        state = 0
        for byte in word:
            if byte not in children[state]:
                children[state][byte] = len(children)
                children.append({})
                ending.append([])
            state = children[state][byte]
        ending[state].append(number)
    return children, ending
