"""The clickbait model, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from saring.compiled import kernel
from saring.compiled.letters import letters
from saring.compiled.native import Numbers
from saring.compiled.plain import two_labels
from saring.compiled.slices import in_slices
from saring.compiled.terms import Terms
from saring.compiled.texts import Column
from saring.parameters import ClickbaitParameters

__all__ = ["HeadlineScorer"]


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
        facts = np.zeros((len(framed), kernel.FACTS))

        def work(start: int, stop: int) -> None:
            kernel.score_headlines(
                (framed.data, framed.offsets), start, stop, letters(), self.small.table,
                self.cased.table, self.fields, self.lexicon, scores, facts,
            )  # fmt: skip

        in_slices(work, (framed,), threads)
        return two_labels(scores[:, 0]), np.flatnonzero(facts[:, kernel.MUST_ASK])
