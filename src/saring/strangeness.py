"""Strangeness: how unlike Indonesian news a text is, by the rarity of its words.

A topic model must answer, and is sure of itself wherever a word or two is known: a page of code
with "bank" in it is economy. The mean rarity of all words tells such a text apart: English, code, a
recipe's list or a menu are made of words that news seldom or never has.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from saring.fields import Row, field_text
from saring.lexicon import words
from saring.pairs.vocabulary import unseen_weight

__all__ = ["STRANGEST", "malay_words", "mean_rarity", "rarities", "strangeness"]

# A headline alone has few words, all of them telling; as many ordinary ones are thought beside it.
PULL_WORDS = 20
ORDINARY_RARITY = 4.3  # mean over real articles, the same to a decimal for every publisher tried
# Malay shares most of its words with Indonesian. One that it alone has weighs as much as so many
# unknown ones: a tenth of Malay news, where Indonesian news has one in a thousand.
MALAY_WEIGHT = 3.0
# News is written in sentences; so many words without the end of one are a menu or a list.
MOST_WORDS_WITHOUT_END = 25
SENTENCE_ENDS = ".?!"
# Of a text without words or sentences: beyond every mean, and a number that a card can hold.
STRANGEST = 99.0


def strangeness(
    rows: Sequence[Row], terms: Sequence[str], idf: NDArray[np.float64], min_df: int
) -> NDArray[np.float64]:
    """Return how strange (title, body) rows are, shape (n,).

    The mean rarity (idf, natural log, from 1 up) of a row's words; `STRANGEST` where it has no
    word, or no sentence. For the other parameters see `rarities`.
    """
    known, unknown = rarities(terms, idf, min_df)
    totals = [_totals(row, known, unknown) for row in rows]
    return mean_rarity(np.array(totals, dtype=np.float64).reshape(-1, 4))


def rarities(
    terms: Sequence[str], idf: NDArray[np.float64], min_df: int
) -> tuple[dict[str, float], float]:
    """Return the rarity of each word, and that of an unknown one.

    Parameters
    ----------
    terms, idf : sequence of str, (n_terms,) array
        Of the whole texts in a topic model.
    min_df : int
        In how many articles a term had to stand to be among them.
    """
    unknown = unseen_weight(idf, min_df)
    rarity = dict(zip(terms, idf.tolist(), strict=True))
    return rarity | {word: MALAY_WEIGHT * unknown for word in malay_words()}, unknown


@cache
def malay_words() -> frozenset[str]:
    """Return the words of malay.toml, which Malay has and Indonesian has not."""
    table = tomllib.loads(files("saring").joinpath("malay.toml").read_text("utf-8"))
    return frozenset(words(table["words"]))


def mean_rarity(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean rarity of rows, pulled towards that of an ordinary article, shape (n,).

    Parameters
    ----------
    totals : (n, 4) array
        Of each row the words, those of the body, whether its body has the end of a sentence, and
        the sum of its words' rarities.
    """
    found, in_body, ends, rarity = totals.T
    mean = (PULL_WORDS * ORDINARY_RARITY + rarity) / (PULL_WORDS + found)
    listed = (ends == 0) & (in_body > MOST_WORDS_WITHOUT_END)
    return np.where((found == 0) | listed, STRANGEST, mean)


def _totals(row: Row, idf: Mapping[str, float], unknown: float) -> tuple[float, ...]:
    """Return what `mean_rarity` asks of one row."""
    found, body = words(field_text(row, "all")), row[1]
    ends = any(end in body for end in SENTENCE_ENDS)
    return len(found), len(words(body)), ends, sum(idf.get(word, unknown) for word in found)
