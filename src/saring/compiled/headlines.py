"""The clickbait pipeline, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy.special import expit
from sklearn.pipeline import Pipeline

from saring.compiled import kernel
from saring.compiled.blocks import blocks, check, idf_of, terms_of
from saring.compiled.letters import letters
from saring.compiled.native import Numbers
from saring.compiled.slices import in_slices
from saring.compiled.terms import Terms
from saring.compiled.texts import Column
from saring.headlines import END, START, TOKEN, HeadlineTfidf
from saring.smoothed import SmoothedLogistic

__all__ = ["HeadlineScorer"]

# The blocks in the order of the kernel: (cased, known).
BLOCKS = ((False, False), (False, True), (True, False))


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineScorer:
    """A clickbait pipeline as flat arrays; `kernel` says what each is."""

    small: Terms
    cased: Terms
    fields: tuple[Numbers, ...]
    lexicon: tuple[Numbers, ...]
    intercept: float

    @classmethod
    def of(cls, model: Pipeline) -> HeadlineScorer:
        """Return a fitted clickbait pipeline, compiled.

        Raises
        ------
        NotCompiled
            For one that is not as `saring.models` makes them, or when two terms have one hash.
        """
        classifier = model.named_steps["classify"]
        check(type(classifier) is SmoothedLogistic, f"a {type(classifier).__name__}")
        found = {}
        for transformer, weights in blocks(model):
            check(type(transformer) is HeadlineTfidf, f"a {type(transformer).__name__}")
            block = _terms(transformer), idf_of(transformer.vectorizer_), weights
            found[transformer.cased, transformer.known] = block
        check(sorted(found) == sorted(BLOCKS), "other blocks of headlines")
        words, known, cased = (found[block] for block in BLOCKS)
        small, as_written = Terms.of(chain(words[0], known[0])), Terms.of(cased[0])
        n_slots = max(len(small.slots), len(as_written.slots))
        return cls(
            small,
            as_written,
            (small.field(*words), small.field(*known), as_written.field(*cased)),
            (np.zeros(n_slots + 1), np.zeros(n_slots + 1, np.int32), np.zeros(0, np.int32)),
            float(classifier.intercept_[0]),
        )

    def __call__(self, framed: Column, threads: int | None) -> tuple[Numbers, Numbers]:
        """Return probabilities and the numbers of the rows that Python must answer.

        `framed` are headlines between `headlines.START` and `END`.
        """
        scores = np.full((len(framed), 1), self.intercept)
        facts = np.zeros((len(framed), kernel.FACTS))

        def work(start: int, stop: int) -> None:
            kernel.score_headlines(
                (framed.data, framed.offsets), start, stop, letters(), self.small.table,
                self.cased.table, self.fields, self.lexicon, scores, facts,
            )  # fmt: skip

        in_slices(work, (framed,), threads)
        second = expit(scores[:, 0])
        return np.column_stack([1 - second, second]), np.flatnonzero(facts[:, kernel.MUST_ASK])


def _terms(transformer: HeadlineTfidf) -> list[str]:
    """Return the terms of a block in the order of its columns."""
    return terms_of(
        transformer.vectorizer_,
        sublinear_tf=True,
        ngram_range=(1, 1) if transformer.known else (1, 2),
        lowercase=not transformer.cased,
        token_pattern=f"[{START}{END}]|{TOKEN}",
    )
