"""Strangeness: how unlike Indonesian news a text is, by the rarity of its words.

A topic model must answer, and is sure of itself wherever a word or two is known: a page of code
with "bank" in it is economy. The mean rarity of all words tells such a text apart: English, code, a
recipe's list or a menu are made of words that news seldom or never has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

from saring.features import Row, field_text
from saring.lexicon import load_lexicon, words

__all__ = ["STRANGEST", "strangeness"]

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


def strangeness(model: Pipeline, rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return how strange (title, body) rows are to a fitted topic model, shape (n,).

    The mean rarity (idf, natural log, from 1 up) of a row's words; `STRANGEST` where it has no
    word, or no sentence.
    """
    idf, unknown = _rarities(
        dict(model.named_steps["features"].transformer_list)["all"].vectorizer_
    )
    return np.array([_mean_rarity(row, idf, unknown) for row in rows])


def _rarities(vectorizer: TfidfVectorizer) -> tuple[dict[str, float], float]:
    """Return the rarity of each word, and that of an unknown one."""
    idf = {word: float(vectorizer.idf_[i]) for word, i in vectorizer.vocabulary_.items()}
    # What min_df left out is rarer than the rarest word kept.
    unknown = float(vectorizer.idf_.max() + np.log(vectorizer.min_df))
    idf |= {word: MALAY_WEIGHT * unknown for word in load_lexicon("foreign")["malay"]}
    return idf, unknown


def _mean_rarity(row: Row, idf: Mapping[str, float], unknown: float) -> float:
    """Return the mean rarity of a row's words, pulled towards that of an ordinary article."""
    found = words(field_text(row, "all"))
    body = row[1]
    if not found:
        return STRANGEST
    if not any(end in body for end in SENTENCE_ENDS) and len(words(body)) > MOST_WORDS_WITHOUT_END:
        return STRANGEST
    total = PULL_WORDS * ORDINARY_RARITY + sum(idf.get(word, unknown) for word in found)
    return total / (PULL_WORDS + len(found))
