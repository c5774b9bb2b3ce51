"""Where sentences end, as far as the kernel knows: `sentences.Splitter` knows the rest.

Parts of `comparing`, by way of `reading`; here is no entry.
"""

from __future__ import annotations

from saring.compiled.kernel import COMMA, DIGIT, ENDS, FULL_STOP, SPACE
from saring.compiled.native import Int, Numbers, native

__all__ = ["ABBREVIATION", "ABBREVIATION_END", "BLANK", "NO", "PERHAPS", "SURE", "breaks_line",
           "ends_sentence", "is_capital", "is_small"]  # fmt: skip

# Whether a mark ends a sentence. Where Punkt's rules are long the kernel does not know.
NO, PERHAPS, SURE = range(3)
# What is noted of a term: it is an abbreviation; some abbreviation ends with it.
ABBREVIATION, ABBREVIATION_END = 1, 2
ABBREVIATIONS = ABBREVIATION | ABBREVIATION_END

BLANK, UNBROKEN, SMALL_A, SMALL_Z, CAPITAL_A, CAPITAL_Z = map(ord, " \xa0azAZ")
# Source: str.splitlines.
LINE_BREAKS = tuple(map(ord, "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
# Source: NLTK's PunktLanguageVars, as in `sentences`.
QUOTES = tuple(map(ord, '"“'))
NO_WORDS = tuple(map(ord, ")\";}]*:@'({[‘’“”«»?!"))


@native()
def ends_sentence(points: Numbers, letters: Numbers, i: Int, run: Int, note: Int) -> Int:
    """Return whether a mark ends a sentence; a word of `run` characters stands before it.

    `note` is what is noted of that word. Only cases in which `sentences.Splitter` does not look
    farther, or looks at few letters of one more word, are decided.
    """
    abbreviation = note & ABBREVIATIONS
    if i == 0 or i + 1 == len(points):
        return PERHAPS
    behind, before = points[i + 1], points[i - 1]
    if not (behind in NO_WORDS or letters[i + 1] & SPACE):
        return NO
    if not _is_last(points, letters, i + 1):
        return PERHAPS
    if points[i] != FULL_STOP or before in NO_WORDS:
        return SURE
    if run > 1 and abbreviation == 0 and not _is_number(letters, i - run, i):
        return SURE
    if run == 0:
        return PERHAPS
    at = i + 1
    while at < len(points) and (points[at] == BLANK or points[at] == UNBROKEN):
        at += 1
    if run > 1 and abbreviation == 0:
        return SURE if at < len(points) and _begins(points[at]) else PERHAPS
    alone = i == run or points[i - run - 1] == BLANK
    short = run == 1 and (is_small(before) or is_capital(before))
    short |= run > 1 and note & ABBREVIATION != 0
    return NO if alone and short and _is_word(points, letters, at) else PERHAPS


@native()
def _is_last(points: Numbers, letters: Numbers, i: Int) -> bool:
    """Whether no other mark stands before the next blank: the last one of a word counts."""
    for k in range(i, len(points)):
        if points[k] == BLANK or breaks_line(points[k]):
            return True
        if letters[k] & ENDS:
            return False
    return True


@native()
def _begins(point: Int) -> bool:
    """Whether a sentence may begin with this, also behind a number."""
    return is_capital(point) or point in QUOTES


@native()
def _is_number(letters: Numbers, i: Int, end: Int) -> bool:
    """Whether all are digits."""
    while i < end and letters[i] & DIGIT:
        i += 1
    return bool(i == end)


@native()
def _is_word(points: Numbers, letters: Numbers, i: Int) -> bool:
    """Whether letters of ASCII, and maybe a comma, are all that stands from here to a space."""
    at = i
    while at < len(points) and (is_small(points[at]) or is_capital(points[at])):
        at += 1
    if at == i:
        return False
    if at < len(points) and points[at] == COMMA:
        at += 1
    return bool(letters[at] & SPACE)


@native()
def is_small(point: Int) -> bool:
    """Whether it is a small letter of ASCII."""
    return bool(SMALL_A <= point <= SMALL_Z)


@native()
def is_capital(point: Int) -> bool:
    """Whether it is a capital of ASCII."""
    return bool(CAPITAL_A <= point <= CAPITAL_Z)


@native()
def breaks_line(point: Int) -> bool:
    """Whether a line ends with this."""
    return bool(point != BLANK and point in LINE_BREAKS)
