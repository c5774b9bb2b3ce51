"""What a line looks like: headline or prose. The portals' own habits, no word lists to maintain.

Headlines are short, end without a full stop and, on most portals, Are Written Like This.
"""

from __future__ import annotations

import re

__all__ = [
    "MAX_HEADLINE_CHARS",
    "PROSE_CHARS",
    "SMALL_WORDS",
    "capital_share",
    "is_prose",
    "is_title_case",
    "may_be_headline",
    "sentence_ends",
]

MAX_HEADLINE_CHARS = 220  # the longest teaser of 4,000 read had 190 characters
MAX_HEADLINE_WORDS = 32
MIN_HEADLINE_WORDS = 3
PROSE_CHARS = 200  # a line this long is a paragraph whatever its end
PROSE_END_CHARS = 60  # a shorter one is a paragraph when it ends like a sentence

SMALL_WORDS = frozenset(
    """di ke dari yang dan untuk dengan pada dalam ini itu saat soal oleh atau tak bagi agar serta
    hingga usai karena jadi akan ada vs the of and to in a para sejak demi atas antara sampai lewat
    jelang seperti secara sebagai tapi bukan masih bisa""".split()  # noqa: SIM905
)
"""Words that Title Case leaves small."""

_STOPS = (".", '."', ".”", ".'", ".)", '",', "”,", ",", ";", ":")
_SENTENCE_BREAK = re.compile(  # it looks back from white space: a line has less of that than signs
    r"\s(?:(?<=[a-z]{3}[.]\s)|(?<=[\d)\"”][.]\s)|(?<=[.?!][\"”]\s))(?<!prof\.\s)\s*(?=[\"“A-Z])"
)


def capital_share(words: list[str]) -> float:
    """Return the share in [0, 1] of words, small ones aside, that start with a capital or digit."""
    total = capitals = 0
    for word in words:
        bare = word.lstrip("\"'“‘([")
        if not bare or bare.lower() in SMALL_WORDS:
            continue
        total += 1
        capitals += bare[0].isupper() or bare[0].isdigit()
    return capitals / total if total else 0.0


def may_be_headline(line: str, min_share: float = 0.0) -> bool:
    """Return whether a line has a headline's length, start, end and share of capitals.

    Parameters
    ----------
    line : str
        A line, stripped.
    min_share : float
        Least `capital_share` among its words, in [0, 1].
    """
    if not 12 <= len(line) <= MAX_HEADLINE_CHARS or (
        line.endswith(_STOPS) and not line.endswith("..")
    ):
        return False
    start = line.lstrip("\"'“‘([#")[:1]
    if not (start.isupper() or start.isdigit()):
        return False
    words = line.split()
    if not MIN_HEADLINE_WORDS <= len(words) <= MAX_HEADLINE_WORDS or _SENTENCE_BREAK.search(line):
        return False
    return capital_share(words[1:]) >= min_share


def is_prose(text: str, start: int, end: int) -> bool:
    """Return whether a line of a text is running text rather than a label or headline."""
    size = end - start
    return size >= PROSE_CHARS or (size >= PROSE_END_CHARS and text.endswith(_STOPS, start, end))


def sentence_ends(line: str) -> bool:
    """Return whether a full stop ends the line or a sentence within it."""
    return line.endswith(_STOPS[:5]) or _SENTENCE_BREAK.search(line) is not None


def is_title_case(line: str, min_share: float = 0.75) -> bool:
    """Return whether a line Is Written Like a Headline on Most Portals."""
    return capital_share(line.split()) >= min_share
