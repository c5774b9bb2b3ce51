"""The clickbait pipeline, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from saring.compiled import kernel
from saring.compiled.blocks import HeadlineModel
from saring.compiled.letters import letters
from saring.compiled.native import Numbers
from saring.compiled.plain import two_labels
from saring.compiled.slices import in_slices
from saring.compiled.terms import Terms
from saring.compiled.texts import Column

__all__ = ["HeadlineScorer"]


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineScorer:
    """A clickbait pipeline as flat arrays; `kernel` says what each is."""

    small: Terms
    cased: Terms
    fields: tuple[Numbers, ...]
    lexicon: tuple[Numbers, ...]
    intercept: float

    @classmethod
    def of(cls, model: HeadlineModel) -> HeadlineScorer:
        """Return a clickbait pipeline, compiled.

        Raises
        ------
        NotCompiled
            When two terms have one hash.
        """
        words, known, cased = model.words, model.known, model.cased
        small, as_written = Terms.of(chain(words.terms, known.terms)), Terms.of(cased.terms)
        n_slots = max(len(small.slots), len(as_written.slots))
        by_block = ((small, words), (small, known), (as_written, cased))  # as the kernel takes them
        return cls(
            small,
            as_written,
            tuple(terms.field(b.terms, b.idf, b.weights) for terms, b in by_block),
            (np.zeros(n_slots + 1), np.zeros(n_slots + 1, np.int32), np.zeros(0, np.int32)),
            model.intercept,
        )

    def __call__(self, framed: Column, threads: int | None) -> tuple[Numbers, Numbers]:
        """Return probabilities and the numbers of the rows that Python must answer.

        `framed` are headlines between `fields.START` and `END`.
        """
        scores = np.full((len(framed), 1), self.intercept)
        facts = np.zeros((len(framed), kernel.FACTS))

        def work(start: int, stop: int) -> None:
            kernel.score_headlines(
                (framed.data, framed.offsets), start, stop, letters(), self.small.table,
                self.cased.table, self.fields, self.lexicon, scores, facts,
            )  # fmt: skip

        in_slices(work, (framed,), threads)
        return two_labels(scores[:, 0]), np.flatnonzero(facts[:, kernel.MUST_ASK])
