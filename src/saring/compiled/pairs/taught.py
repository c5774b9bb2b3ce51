"""What fitting learnt of pairs, as the kernel looks it up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from saring.compiled.kernel import MISSING
from saring.compiled.native import Numbers, Table
from saring.compiled.pairs.known import ACTOR, BEGINS_PAIR, GROUPED, IDF, KNOWN, NAME, PLACE
from saring.compiled.pairs.stops import ABBREVIATION, ABBREVIATION_END
from saring.compiled.terms import Terms
from saring.pairs.kin import Kin
from saring.pairs.latent import word_rows
from saring.pairs.vocabulary import NAME_PRIOR, unseen_weight
from saring.parameters import PairParameters

__all__ = ["tables"]

_LAST_WORD = re.compile(r"\w+$")


def tables(learnt: PairParameters) -> tuple[Table, tuple[Numbers, ...]]:
    """Return the table of terms, and what is known of them: the arrays of `known.Known`.

    Raises
    ------
    NotCompiled
        When two terms have one hash.
    """
    kin, lexicon = Kin(learnt.kin), list(learnt.lexicon.values())
    short, ends = _abbreviations(learnt.abbreviations)
    order = learnt.idf.argsort(kind="stable")  # common words lie beside each other in memory
    groups = [*lexicon, *kin.families]
    grouped = set(chain.from_iterable(groups))
    notes = (
        (PLACE, kin.places), (ACTOR, kin.actors), (KNOWN, set(chain.from_iterable(lexicon))),
        (ABBREVIATION, short), (ABBREVIATION_END, ends),
        (GROUPED, grouped), (BEGINS_PAIR, {term.split()[0] for term in grouped if " " in term}),
    )  # fmt: skip
    others = [learnt.latent_words, *kin.families, *(sorted(words) for _, words in notes)]
    terms = Terms.of(chain([learnt.words[i] for i in order.tolist()], *others))
    known = (
        _numbers(terms, learnt, order), _notes(terms, notes), _rows(terms, learnt.latent_words),
        *terms.members(groups), learnt.subject_weights, learnt.family_weights,
        word_rows(learnt.latent_idf, learnt.axes),
    )  # fmt: skip
    return terms.table, known


def _abbreviations(known: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return the abbreviations that are one word, and the last words of all."""
    last = {term: end[0] for term in known if (end := _LAST_WORD.search(term))}
    return {term for term, end in last.items() if term == end}, set(last.values())


def _numbers(terms: Terms, learnt: PairParameters, order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how rare each slot's word is, and how probably a name, shape (n + 1, 2).

    The words that have a rarity come first, in this order.
    """
    found = np.empty((len(terms.slots) + 1, 2))
    found[:, IDF], found[:, NAME] = unseen_weight(learnt.idf, learnt.min_df), NAME_PRIOR
    found[: len(order), IDF], found[: len(order), NAME] = learnt.idf[order], learnt.names[order]
    return found


def _rows(terms: Terms, words: Sequence[str]) -> NDArray[np.int32]:
    """Return the row of each slot's word among the axes, `MISSING` where it has none."""
    found = np.full(len(terms.slots) + 1, MISSING, np.int32)
    found[[terms.slots[word] for word in words]] = range(len(words))
    return found


def _notes(terms: Terms, notes: Iterable[tuple[int, Iterable[str]]]) -> NDArray[np.int32]:
    """Return what is noted of each slot's term."""
    found = np.zeros(len(terms.slots) + 1, np.int32)
    for note, words in notes:
        found[[terms.slots[word] for word in words]] |= note
    return found
