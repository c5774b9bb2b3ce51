"""Where many texts hold many short strings: one walk over the bytes, for all of them at once.

Three bytes in a row tell for nearly all of a text that no string begins there. Where one may, an
automaton after Aho and Corasick goes on: its state is the longest beginning of a string that the
last bytes are, so that no byte is read twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from saring.kernel.loops import LITERALS, Int, Numbers, native
from saring.kernel.text_arrays import Column, as_column

Hit = tuple[int, int]  # where, and the number of the string

# The one letter beyond ASCII whose small one is in it: a text with a Kelvin sign is Python's.
_FALLBACK = "\u212a"
_BYTES_A_HIT = 64  # room is made for so many hits at first; texts with more are read twice
_CAPITALS = range(ord("A"), ord("Z") + 1)
_TO_SMALL = 32
_KINDS = 64  # of bytes: those that strings hold, and all others
_BEGINNINGS = 255  # a byte numbers them
_BITS, _THREE = np.uint32(6), np.uint32(_KINDS**3 - 1)  # of one kind; of three in a row


@native(*LITERALS)
def _scan(
    data: Numbers, ends: Numbers, kinds: Numbers, begins: Numbers, begun: Numbers, steps: Numbers,
    first: Numbers, last: Numbers, sizes: Numbers, cuts: Numbers, hits: Numbers,
) -> Int:  # fmt: skip
    """Note place and string of each hit, as far as there is room; return how many there are.

    `kinds`: the kind of each byte; `begins`: for each three kinds in a row the number of their step
    in `begun`, 0 where they begin no string; `steps`: twice the row of the state behind each state
    and kind, and 1 where strings end there: those in `last` from `first` of the state on; `sizes`:
    their characters; `cuts`: where the hits of each text begin.
    """
    n = 0
    free = np.zeros(len(sizes), np.int64)
    width = len(steps) // (len(first) - 1)
    for row in range(len(ends) - 1):
        step, chars, counted = np.int64(0), np.int64(0), ends[row]
        three = np.uint32(0)
        free[:] = 0
        for i in range(ends[row], ends[row + 1]):
            kind = kinds[data[i]]
            three = (three << _BITS | kind) & _THREE
            if step:
                step = np.int64(steps[(step >> 1) + kind])
            elif begins[three]:
                step = np.int64(begun[begins[three]])
            if not step & 1:
                continue
            for j in range(counted, i + 1):  # characters are counted up to hits only
                chars += data[j] & 0xC0 != 0x80
            counted = i + 1
            state = (step >> 1) // width
            for k in range(first[state], first[state + 1]):
                string = last[k]
                at = chars - sizes[string]
                if at < free[string]:  # as `str.find` goes on behind what it has found
                    continue
                free[string] = chars
                if n < len(hits):
                    hits[n, 0], hits[n, 1] = at, string
                n += 1
        cuts[row + 1] = n
    return n


def find(texts: Sequence[str], strings: tuple[str, ...]) -> list[list[Hit] | None]:
    """Return the hits of each text, whatever its capitals; None where Python must look.

    They come in the order of their ends, of one end the longest first.

    Parameters
    ----------
    texts : sequence of str
    strings : tuple of str
        In lower case and ASCII, of three characters or more. One that overlaps itself is found as
        `str.find` finds it, each time behind the last.

    Raises
    ------
    ValueError
        For a shorter string, and for so many that their bytes or beginnings do not fit the tables.
    """
    hits, cuts = _hits(as_column(texts), _automaton(strings))
    numbers, ask = hits[:, 1].tolist(), len(strings)
    pairs = list(zip(hits[:, 0].tolist(), numbers, strict=True))
    spans = pairwise(cuts.tolist())
    if ask in numbers:
        return [None if ask in numbers[a:b] else pairs[a:b] for a, b in spans]
    return [pairs[a:b] for a, b in spans]


@dataclass(frozen=True, slots=True, eq=False)
class _Automaton:
    """What `_scan` walks along."""

    kinds: NDArray[np.uint8]
    begins: NDArray[np.uint8]
    begun: NDArray[np.int32]
    steps: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    sizes: NDArray[np.int64]


def _hits(column: Column, automaton: _Automaton) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return place and string of each hit, shape (n, 2), and where those of each text begin."""
    a, room = automaton, column.size // _BYTES_A_HIT
    cuts = np.zeros(len(column) + 1, np.int64)
    while True:
        hits = np.empty((room, 2), np.int64)
        n: int = _scan(
            column.data, column.offsets, a.kinds, a.begins, a.begun, a.steps, a.first, a.last,
            a.sizes, cuts, hits,
        )  # fmt: skip
        if n <= room:
            return hits[:n], cuts
        room = n


@lru_cache(maxsize=4)
def _automaton(strings: tuple[str, ...]) -> _Automaton:
    """Return the automaton of strings, and of the letter that only Python makes small."""
    words = [string.encode() for string in (*strings, _FALLBACK)]
    children, ending = _tree(words)
    bytes_ = sorted({byte for word in words for byte in word})
    if min(map(len, words)) < 3 or len(bytes_) >= _KINDS or len(words) > _BEGINNINGS:
        raise ValueError(
            f"{len(words)} strings of {len(bytes_)} different bytes, the shortest of "
            f"{min(map(len, words))} bytes; expected up to {_BEGINNINGS} strings of less than "
            f"{_KINDS} different bytes, of three or more each"
        )
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
    begins, thirds, shallow = _beginnings(children, kinds)
    steps[np.isin(steps, shallow)] = 0  # from there on three bytes tell again
    ends = np.array([bool(here) for here in ending])
    coded = (np.arange(len(children)) * steps.shape[1] << 1) + ends
    counts = np.cumsum([0, *map(len, ending)])
    flat = [string for here in ending for string in here]
    sizes = [len(string) for string in (*strings, _FALLBACK)]
    return _Automaton(
        kinds,
        begins.ravel(),
        coded[thirds].astype(np.int32),
        coded[steps].ravel().astype(np.int32),
        counts.astype(np.int32),
        np.array(flat, np.int32),
        np.array(sizes, np.int64),
    )


def _beginnings(
    children: Sequence[Mapping[int, int]], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], list[int], list[int]]:
    """Return for each three kinds a number, the state that it stands for, and those before it.

    Number 0 is for kinds that begin no string; its state is the root.
    """
    begins = np.zeros((_KINDS, _KINDS, _KINDS), np.uint8)
    thirds, shallow = [0], [0]
    for one, first in children[0].items():
        shallow.append(first)
        for two, second in children[first].items():
            shallow.append(second)
            for three, third in children[second].items():
                begins[kinds[one], kinds[two], kinds[three]] = len(thirds)
                thirds.append(third)
    return begins, thirds, shallow


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
