"""Sentences of Indonesian news: an NLTK Punkt splitter with abbreviations learnt from a corpus.

Punkt needs no download here: its parameters are a list of abbreviations, learnt from our own
articles at training time and kept in the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["ABBREVIATIONS", "Splitter", "learn_abbreviations"]

# Titles, units and ranks with a full stop inside sentences; every corpus has too few of some.
ABBREVIATIONS = (
    "a.n", "bpk", "cq", "d.a", "dkk", "dll", "dr", "drg", "dra", "drs", "dsb", "dst", "gg", "h",
    "hj", "hlm", "ir", "jend", "jl", "k.h", "kab", "kec", "kel", "kol", "letjen", "m.h", "m.m",
    "m.pd", "m.si", "mayjen", "no", "ph.d", "prof", "ps", "pt", "rp", "s.e", "s.h", "s.pd", "s.sos",
    "sdr", "st", "tbk", "tgl", "tn", "u.p", "ust", "vol", "yg", "yth",
)  # fmt: skip
# Punkt also learns ordinary words that end sentences; an abbreviation is short.
MAX_ABBREVIATION_CHARS = 6
# NLTK gives up on a text that takes it five seconds. No paragraph comes near this; a longer line is
# a dump that lost its line breaks, and is cut at a space.
MAX_LINE_CHARS = 20_000
_LINE_PART = re.compile(rf".{{1,{MAX_LINE_CHARS}}}(?:\s|$)|.{{1,{MAX_LINE_CHARS}}}", re.DOTALL)


def learn_abbreviations(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the abbreviations of a corpus, found by Punkt's statistics, and the known ones.

    Parameters
    ----------
    texts : iterable of str
        Articles; a few hundred are enough.

    Notes
    -----
    Source: Kiss & Strunk (2006), Unsupervised multilingual sentence boundary detection, as
    implemented by NLTK.
    """
    from nltk.tokenize.punkt import PunktTrainer

    trainer = PunktTrainer()
    for text in texts:
        trainer.train("\n".join(_lines(text)), finalize=False)
    trainer.finalize_training()
    learnt = {
        word
        for word in trainer.get_params().abbrev_types
        if len(word) <= MAX_ABBREVIATION_CHARS and word[:1].isalpha()
    }
    return tuple(sorted(learnt | set(ABBREVIATIONS)))


class Splitter:
    """Splits paragraphs into sentences.

    Parameters
    ----------
    abbreviations : iterable of str
        Lower-case, without the final full stop.
    """

    def __init__(self, abbreviations: Iterable[str] = ABBREVIATIONS) -> None:
        self._abbreviations = frozenset(abbreviations)
        self._punkt: Any = None

    def sentences(self, text: str) -> list[str]:
        """Return the sentences of a text in order; a line break always ends one."""
        if self._punkt is None:
            from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

            parameters = PunktParameters()
            parameters.abbrev_types = set(self._abbreviations)
            self._punkt = PunktSentenceTokenizer(parameters)
        return [sentence for line in _lines(text) for sentence in self._punkt.tokenize(line)]


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, without white space at their ends and of bearable length."""
    for line in text.splitlines():
        for part in _LINE_PART.findall(line.strip()):
            yield part.strip()
