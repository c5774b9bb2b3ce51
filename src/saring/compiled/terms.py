"""Terms to the kernel's table: each has a slot, found by the hash of its letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saring.compiled.kernel import FACTOR, FREE, PAIR_FACTOR, SEED
from saring.compiled.native import Numbers, Table
from saring.compiled.plain import NotCompiled
from saring.parameters import TermWeights

__all__ = ["Terms", "hash_terms"]

Hash = Callable[[Sequence[str]], NDArray[np.uint64]]

LOAD = 2  # places for each term, at least: few steps to what is there, fewer to what is not
_BLANK = ord(" ")


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Terms, each once, and the table that finds them.

    Attributes
    ----------
    slots : Mapping[str, int]
        Where a term's numbers stand.
    table : tuple of arrays
        As the kernel takes it.
    """

    slots: Mapping[str, int]
    table: Table

    @classmethod
    def of(cls, terms: Iterable[str], hashed: Hash | None = None) -> Terms:
        """Return the terms, and the first words of pairs, numbered in their order.

        Parameters
        ----------
        terms : iterable of str
        hashed : callable, optional
            Terms to hashes; `hash_terms` when not given, and always where the kernel is to look.

        Raises
        ------
        NotCompiled
            When two terms have one hash: the table could not tell them apart.
        """
        given = list(dict.fromkeys(terms))
        firsts = {term[: term.index(" ")] for term in given if " " in term}
        known = list(dict.fromkeys([*given, *sorted(firsts)]))
        hashes = (hashed or hash_terms)(known)
        if len(set(hashes.tolist())) < len(known) or FREE in hashes:
            raise NotCompiled("two terms of one hash")
        slots = dict(zip(known, range(len(known)), strict=True))
        begins = np.zeros(len(known), dtype=np.uint8)
        begins[[slots[first] for first in firsts]] = 1
        return cls(slots, (*_places(hashes), begins))

    def field(self, field: TermWeights) -> NDArray[np.float64]:
        """Return a field as the kernel takes it, shape (n_slots, 1 + n_scores); or of no slots."""
        if not field.terms:
            return np.zeros((0, 1))
        found = np.zeros((len(self.slots), 1 + len(field.coef)))
        at = np.fromiter(map(self.slots.__getitem__, field.terms), np.intp, len(field.terms))
        found[at, 0] = field.idf
        found[at, 1:] = field.weights.T
        return found

    def members(
        self, groups: Iterable[Sequence[str]]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return where the groups of each slot begin, and the groups, slot by slot."""
        pairs = [(self.slots[term], g) for g, group in enumerate(groups) for term in group]
        slots, members = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2).T
        starts = np.searchsorted(slots, np.arange(len(self.slots) + 1))
        return starts.astype(np.int32), np.ascontiguousarray(members)


def hash_terms(terms: Sequence[str]) -> NDArray[np.uint64]:
    """Return the hash of each term, as the kernel hashes words and pairs of words."""
    lengths = np.fromiter(map(len, terms), dtype=np.intp, count=len(terms))
    letters = np.frombuffer("".join(terms).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    order = np.argsort(-lengths, kind="stable")
    begins = (np.cumsum(lengths) - lengths)[order]
    hashed, before = np.full(len(terms), SEED), np.zeros(len(terms), dtype=np.uint64)
    n_left = len(terms) - np.cumsum(np.bincount(lengths))  # terms of more letters than k
    for k, n in enumerate(n_left):
        letter = letters[begins[:n] + k].astype(np.uint64)
        blank = letter == _BLANK
        before[:n][blank] = _joined(before[:n][blank], hashed[:n][blank])
        hashed[:n] = np.where(blank, SEED, (hashed[:n] ^ letter) * FACTOR)
    found = np.empty_like(hashed)
    found[order] = _joined(before, hashed)
    return found


def _joined(before: Numbers, hashed: Numbers) -> NDArray[np.uint64]:
    """Return the hashes of runs of words and one more word; 0 is no word."""
    both: NDArray[np.uint64] = (before * PAIR_FACTOR + hashed) * FACTOR
    return np.where(before == FREE, hashed, both)


def _places(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return hashes and their numbers by place: at the hash's own, or the next that was free."""
    size = 1 << (LOAD * len(hashes) + 1).bit_length()
    keys, slots = np.zeros(size, dtype=np.uint64), np.full(size, -1, dtype=np.int32)
    waiting = np.arange(len(hashes), dtype=np.int32)
    places = (hashes >> np.uint64(32)).astype(np.int64) & (size - 1)
    while len(waiting):
        free = waiting[keys[places[waiting]] == FREE]
        slots[places[free]] = free  # of several at one place the last one stays
        settled = free[slots[places[free]] == free]
        keys[places[settled]] = hashes[settled]
        waiting = waiting[slots[places[waiting]] != waiting]
        places[waiting] = (places[waiting] + 1) & (size - 1)
    return keys, slots
