"""The topic and the clickbait model as the compiled loops take them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from saring.kernel import loops
from saring.kernel.loops import (
    CAPITAL,
    DIGIT,
    ENDS,
    FACTOR,
    FALLBACK,
    FREE,
    PAIR_FACTOR,
    SEED,
    SPACE,
    WORD,
    Numbers,
    Table,
)
from saring.kernel.text_arrays import Column, in_slices
from saring.models.parameters import ClickbaitParameters, TermWeights, TopicParameters
from saring.models.plain_scorer import SENTENCE_ENDS, NotCompiled, domain_weights, mean_rarity, rarities, two_labels
from saring.text import LEAD_CHARS

# What the kernel knows of each code point: its small letter, and whether it makes words.


_MARKS = {WORD: r"\w+", DIGIT: r"\d+", SPACE: r"\s+", ENDS: f"[{SENTENCE_ENDS}]"}
# Their small letters are no single code point, or hang on their neighbours: İ is two, Σ at the end
# of a word another than inside. A text with one of them is left to Python.
_NOT_ALONE = [ord(letter) for letter in "\u0130\u03a3"]
_PLANES = 4  # beyond, Unicode has neither letters nor blanks


@cache
def letters() -> NDArray[np.uint32]:
    r"""Return small letter and marks of each code point, as Python sees them, shape (0x110000,).

    Marks are `WORD`, `DIGIT` and `SPACE`, which are ``\w``, ``\d`` and ``\s`` of `re`, `ENDS` of
    sentences, and `CAPITAL`, which is `str.isupper`; or `FALLBACK` alone, where `str.lower` must be
    asked.
    """
    found = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    points = found[: _PLANES << 16].astype("<u4")
    points[_NOT_ALONE] = 0
    written = points.tobytes().decode("utf-32-le", "surrogatepass")
    text = written.lower()
    found[: len(text)] = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    for mark, pattern in _MARKS.items():
        for run in re.finditer(pattern, text):
            found[slice(*run.span())] |= mark
    found[: len(text)][[letter.isupper() for letter in written]] |= CAPITAL
    found[_NOT_ALONE] = FALLBACK
    return found


# Terms to the kernel's table: each has a slot, found by the hash of its letters.


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

    def members(self, groups: Iterable[Sequence[str]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
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


# The topic model, compiled: probabilities and out-of-domain score of articles in one walk.


FIELDS = ("title", "lead", "all")  # as the kernel takes them


@dataclass(frozen=True, slots=True, eq=False)
class ArticleScorer:
    """The topic model as flat arrays; `kernel` says what each is."""

    terms: Terms
    fields: tuple[Numbers, ...]
    domains: Numbers
    lexicon: tuple[Numbers, ...]
    intercept: Numbers

    @classmethod
    def of(cls, model: TopicParameters) -> ArticleScorer:
        """Return the topic model, compiled.

        Raises
        ------
        NotCompiled
            When two terms have one hash.
        """
        rarity, unknown = rarities(model.whole.terms, model.whole.idf, model.min_df)
        common_first = sorted(rarity, key=rarity.__getitem__)
        others = (field.terms for field in model.fields.values())
        terms = Terms.of(chain(common_first, *others, *model.lexicon.values()))
        return cls(
            terms,
            tuple(terms.field(model.fields[name]) for name in FIELDS),
            domain_weights(model),
            (_by_slot(terms, rarity, unknown), *terms.members(model.lexicon.values())),
            model.intercept,
        )

    def __call__(self, titles: Column, bodies: Column, threads: int | None) -> tuple[Numbers, Numbers, Numbers]:
        """Return probabilities, out-of-domain scores, and the rows that Python must answer."""
        scores = np.tile(self.intercept, (len(titles), 1))
        facts = np.zeros((len(titles), loops.FACTS))

        def work(start: int, stop: int) -> None:
            loops.score_topics(
                (titles.data, titles.offsets), (bodies.data, bodies.offsets), start, stop,
                LEAD_CHARS, letters(), self.terms.table, self.fields, self.domains, self.lexicon,
                scores, facts,
            )  # fmt: skip

        in_slices(work, (titles, bodies), threads)
        strange = mean_rarity(facts[:, loops.WORDS : loops.RARITY + 1])
        return scores, strange, np.flatnonzero(facts[:, loops.NEEDS_FALLBACK])


def _by_slot(terms: Terms, rarity: Mapping[str, float], unknown: float) -> NDArray[np.float64]:
    """Return the rarity of each slot's word; the last is that of an unknown one."""
    found = np.full(len(terms.slots) + 1, unknown)
    found[[terms.slots[word] for word in rarity]] = list(rarity.values())
    return found


# The clickbait model, compiled.


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineScorer:
    """The clickbait model as flat arrays; `kernel` says what each is."""

    small: Terms
    cased: Terms
    fields: tuple[Numbers, ...]
    lexicon: tuple[Numbers, ...]
    intercept: float

    @classmethod
    def of(cls, model: ClickbaitParameters) -> HeadlineScorer:
        """Return the clickbait model, compiled.

        Raises
        ------
        NotCompiled
            When two terms have one hash.
        """
        words, known, cased = model.words, model.known, model.cased
        small, as_written = Terms.of(chain(words.terms, known.terms)), Terms.of(cased.terms)
        n_slots = max(len(small.slots), len(as_written.slots))
        by_field = ((small, words), (small, known), (as_written, cased))  # as the kernel takes them
        return cls(
            small,
            as_written,
            tuple(terms.field(field) for terms, field in by_field),
            (np.zeros(n_slots + 1), np.zeros(n_slots + 1, np.int32), np.zeros(0, np.int32)),
            model.intercept,
        )

    def __call__(self, framed: Column, threads: int | None) -> tuple[Numbers, Numbers]:
        """Return probabilities and the numbers of the rows that Python must answer.

        `framed` are headlines as `fields.framed` gives them.
        """
        scores = np.full((len(framed), 1), self.intercept)
        facts = np.zeros((len(framed), loops.FACTS))

        def work(start: int, stop: int) -> None:
            loops.score_headlines(
                (framed.data, framed.offsets), start, stop, letters(), self.small.table,
                self.cased.table, self.fields, self.lexicon, scores, facts,
            )  # fmt: skip

        in_slices(work, (framed,), threads)
        return two_labels(scores[:, 0]), np.flatnonzero(facts[:, loops.NEEDS_FALLBACK])
