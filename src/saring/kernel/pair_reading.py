"""Compiled: one walk over a text finds its words, its sentences, and words glued together by a lost space.

It finds what `saring.models.pair_features` finds of an article or a headline with `saring.text`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from saring.kernel.loops import MARK, MISSING, SEED, Int, Numbers, Records, Table, add_letter, native, slot_of
from saring.models.pair_features import LEAD_CHARS, LEAD_WORDS
from saring.text import MAX_LINE_CHARS

# What training left of a term: how rare it is (idf), how probably a name; its row in `Terms.axes`, or
# -1; its number among names and their companions, or -1; its groups in `Terms.groups`; whether it is one of the
# names, a place or an everyday actor, in the lexicon, the first word of a term of two, an abbreviation,
# the last word of one.
TERM = np.dtype(
    [("idf", "f8"), ("name", "f8"), ("row", "i4"), ("known", "i4"), ("start", "i4"), ("stop", "i4")]
    + [(flag, "?") for flag in ("is_name", "place", "actor", "in_lexicon", "begins_pair")]
    + [(flag, "?") for flag in ("abbreviation", "ends_abbreviation")],
    align=True,
)
# A word of a text: its slot in `Terms.info`, where it begins first; how often it stands there, and how
# often not as a part of glued words; its first and last token; whether it has a capital inside a
# sentence, and stands in the title or in the lead.
WORD = np.dtype(
    [(name, "i4") for name in ("slot", "begin", "length", "times", "unglued", "first", "last")]
    + [(flag, "?") for flag in ("named", "in_title", "in_lead")],
    align=True,
)
# A token: the number of its word; of its sentence, if every mark that may end one does (fine), or only
# those that surely do (coarse); the next token of the same word.
TOKEN = np.dtype([(name, "i4") for name in ("word", "fine", "coarse", "after")])
# How many there are: different words; tokens with and without the parts of glued words; of these the
# title's; tokens that end within `LEAD_CHARS` of the body; runs of glued words; sentences at most;
# words of title and lead. `mask` belongs to the table; not 0, `fallback` leaves the text to Python.
SIZES = np.dtype(
    [(name, "i8") for name in ("words", "tokens", "plain", "title", "title_parts", "early")]
    + [(name, "i8") for name in ("glued", "sentences", "lead", "mask", "fallback")]
)


class Terms(NamedTuple):
    """What training left of the terms that texts are searched for."""

    table: Table  # finds a term's slot
    info: Records  # a `TERM` for each slot, the last for all that is no term
    groups: Numbers  # groups of each term: those of the lexicon, then term groups
    subject_weights: Numbers
    group_weights: Numbers
    axes: Numbers  # of the latent space
    companion_starts: Numbers  # where the companions of each known term begin
    companions: Numbers  # ... and the known terms that are


class Text(NamedTuple):
    """Room for what is found in a text; few arrays, for each costs time when it is passed on."""

    letters: Numbers  # of each code point its small letter and marks
    quads: Numbers  # ... and the three letters behind it, in short
    tokens: Records  # every `TOKEN` in order, the parts of glued words last
    words: Records  # each different `WORD`, in the order in which they are met
    hashes: Any  # of each word
    places: Numbers  # number of the word and 1, at the place of its hash
    lead: Numbers  # words of title and lead, in order
    glued: Numbers  # runs in which words are glued: begin, end, and how many tokens come before
    sizes: Records  # one record of `SIZES`


@native(allocates=True)
def empty_text(chars: Int) -> Text:
    """Return room for a text of so many code points."""
    size = 2
    while size <= chars:
        size *= 2
    n = chars + 2  # words are of two letters and more, parts of three: together not as many
    return Text(
        np.empty(n, np.uint32), np.empty(n, np.uint32), np.empty(n, TOKEN), np.empty(n, WORD), np.empty(n, np.uint64),
        np.empty(size, np.int32), np.empty(n, np.int32), np.empty((n // 6 + 1, 3), np.int32), np.empty(1, SIZES),
    )  # fmt: skip


@native()
def _place(text: Text, hashed: np.uint64) -> Int:
    """Return where in the table a word is, or would be."""
    mask = text.sizes[0].mask
    i = np.int64(hashed >> np.uint64(32)) & mask
    while text.places[i] != 0 and text.hashes[text.places[i] - 1] != hashed:
        i = (i + 1) & mask
    return i


@native()
def find(text: Text, hashed: np.uint64) -> Int:
    """Return the number of a word, `MISSING` where the text lacks it."""
    return np.int64(text.places[_place(text, hashed)]) - 1


@native()
def _add_token(text: Text, hashed: np.uint64, begin: Int, length: Int, fine: Int, coarse: Int, terms: Terms) -> Int:
    """Add a token, and its word where it was not met before; return the number of the word."""
    sizes, place = text.sizes[0], _place(text, hashed)
    number, at = np.int64(text.places[place]) - 1, sizes.tokens
    if number < 0:
        number = sizes.words
        sizes.words += 1
        text.places[place] = number + 1
        text.hashes[number] = hashed
        new = text.words[number]
        new.slot, new.begin, new.length = slot_of(hashed, terms.table), begin, length
        new.times = new.unglued = 0
        new.named = new.in_title = new.in_lead = False
    word, token = text.words[number], text.tokens[at]
    token.word, token.fine, token.coarse, token.after = number, fine, coarse, MISSING
    if word.times == 0:
        word.first = at
    else:
        text.tokens[word.last].after = at
    word.last = at
    word.times += 1
    sizes.tokens += 1
    return number


# Whether a mark ends a sentence, as far as the kernel knows; `saring.text.Splitter` knows the rest.
NO, PERHAPS, SURE = range(3)
BLANK, UNBROKEN, COMMA, FULL_STOP = map(ord, " \xa0,.")
SMALL_A, SMALL_Z, CAPITAL_A, CAPITAL_Z, DIGIT_0, DIGIT_9 = map(ord, "azAZ09")
# Source: str.splitlines.
LINE_BREAKS = tuple(map(ord, "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
# Source: NLTK's PunktLanguageVars.
QUOTES = tuple(map(ord, '"“'))
NO_WORDS = tuple(map(ord, ")\";}]*:@'({[‘’“”«»?!"))


@native()
def _ends_sentence(points: Numbers, letters: Numbers, i: Int, run: Int, term: Any) -> Int:
    """Return whether a mark ends a sentence; a word of `run` characters stands before it, `term` in the table.

    Decided are only cases in which the splitter looks no farther, or at few letters of one more word.
    """
    if i == 0 or i + 1 == len(points):
        return PERHAPS
    behind, before = points[i + 1], points[i - 1]
    if not (behind in NO_WORDS or letters[i + 1] & MARK.space):
        return NO
    if not _is_last(points, letters, i + 1):
        return PERHAPS
    if points[i] != FULL_STOP or before in NO_WORDS:
        return SURE
    ordinary = run > 1 and not (term.abbreviation or term.ends_abbreviation)
    digit = i - run
    while digit < i and letters[digit] & MARK.digit:
        digit += 1
    if ordinary and digit < i:
        return SURE
    if run == 0:
        return PERHAPS
    at = i + 1
    while at < len(points) and (points[at] == BLANK or points[at] == UNBROKEN):
        at += 1
    if ordinary:  # behind a number a sentence begins with a capital or a quote
        return SURE if at < len(points) and (_is_capital(points[at]) or points[at] in QUOTES) else PERHAPS
    alone = i == run or points[i - run - 1] == BLANK
    short = run == 1 and (_is_small(before) or _is_capital(before))
    short |= run > 1 and term.abbreviation
    return NO if alone and short and _is_word(points, letters, at) else PERHAPS


@native()
def _is_last(points: Numbers, letters: Numbers, i: Int) -> bool:
    """Whether no other mark stands before the next blank: the last one of a word counts."""
    for k in range(i, len(points)):
        if points[k] == BLANK or _breaks_line(points[k]):
            return True
        if letters[k] & MARK.ends:
            return False
    return True


@native()
def _is_word(points: Numbers, letters: Numbers, i: Int) -> bool:
    """Whether letters of ASCII, and maybe a comma, are all that stands from here to a space."""
    at = i
    while at < len(points) and (_is_small(points[at]) or _is_capital(points[at])):
        at += 1
    if at == i:
        return False
    if at < len(points) and points[at] == COMMA:
        at += 1
    return bool(letters[at] & MARK.space)


@native()
def _is_small(point: Int) -> bool:
    return bool(SMALL_A <= point <= SMALL_Z)


@native()
def _is_capital(point: Int) -> bool:
    return bool(CAPITAL_A <= point <= CAPITAL_Z)


@native()
def _breaks_line(point: Int) -> bool:
    return bool(point != BLANK and point in LINE_BREAKS)


# Numba compiles a function once more where it is called with a number as it is written here.
ZERO: Any = np.int64(0)
NO_TITLE: Any = np.int64(-1)
QUAD = 4  # letters that are looked at together
GLUED_BEFORE, GLUED_BEHIND = 3, 2  # small letters around the capital where a space was lost


@native()
def read(points: Numbers, title: Int, chars: Numbers, terms: Terms, text: Text) -> None:
    """Read a text that begins with a title of so many characters and a line break, or `NO_TITLE`."""
    n, sizes, letters = len(points), text.sizes[0], text.letters
    sizes.words = sizes.tokens = sizes.title = sizes.title_parts = 0
    sizes.early = sizes.glued = sizes.lead = 0
    size = 2
    while size <= n:
        size *= 2
    sizes.mask = size - 1
    text.places[:size] = 0
    seen = np.uint32(0)
    for i in range(n):
        entry = chars[points[i]]
        letters[i] = entry
        seen |= entry
    letters[n] = MARK.space
    for i in range(n - QUAD + 1):  # equal letters are equal, others seldom
        text.quads[i] = np.uint32(
            (letters[i] & 0xFF) | (letters[i + 1] & 0xFF) << 8
            | (letters[i + 2] & 0xFF) << 16 | (letters[i + 3] & 0xFF) << 24
        )  # fmt: skip
    sizes.fallback = seen & MARK.fallback
    _walk(points, title, terms, text)
    sizes.plain = sizes.tokens
    _take_apart(points, title, terms, text)


@native()
def _walk(points: Numbers, title: Int, terms: Terms, text: Text) -> None:
    """Find the words, and what stands between them."""
    letters, sizes = text.letters, text.sizes[0]
    hashed, run, token, before, glued = SEED, ZERO, ZERO, ZERO, False
    fine, coarse, line = ZERO, ZERO, title + 1
    for i in range(len(points) + 1):
        entry = letters[i]
        if entry & MARK.word:
            hashed = add_letter(hashed, entry)
            run += 1
            glued |= entry & MARK.capital and _lost_space(points, i)
            continue
        slot = MISSING
        if run > 1:
            word = text.words[_add_token(text, hashed, i - run, run, fine, coarse, terms)]
            word.unglued += 1
            sizes.early += i <= title + 1 + LEAD_CHARS
            word.named |= _inside(points, letters, i - run, title + 1)
            slot = np.int64(word.slot)
        if entry & MARK.ends and i > title:
            verdict = _ends_sentence(points, letters, i, run, terms.info[slot])
            fine += verdict != NO
            coarse += verdict == SURE
        if entry & MARK.space:
            if glued:
                at = sizes.glued
                text.glued[at, 0], text.glued[at, 1], text.glued[at, 2] = token, i, before
                sizes.glued += 1
            token, before, glued = i + 1, sizes.tokens, False
            if i == title:
                sizes.title = sizes.tokens
                sizes.early = 0
            if i == len(points) or (i >= title and _breaks_line(points[i])):
                sizes.fallback |= i - line > MAX_LINE_CHARS
                fine, coarse, line = fine + 1, coarse + 1, i + 1
        hashed, run = SEED, ZERO
    sizes.sentences = fine + 1


@native()
def _take_apart(points: Numbers, title: Int, terms: Terms, text: Text) -> None:
    """Add the words of runs in which some are glued, taken apart, behind all others."""
    sizes = text.sizes[0]
    for k in range(sizes.glued):
        begin, end, at = text.glued[k]
        hashed, run, whole = SEED, ZERO, ZERO
        for i in range(begin, end + 1):
            entry = text.letters[i] if i < end else MARK.space
            in_word = entry & MARK.word != 0
            if run > 0 and not (in_word and not _lost_space(points, i)):
                if run > 1:
                    fine, coarse = np.int64(text.tokens[at].fine), np.int64(text.tokens[at].coarse)
                    _add_token(text, hashed, i - run, run, fine, coarse, terms)
                hashed, run = SEED, ZERO
            if in_word:
                hashed = add_letter(hashed, entry)
                run += 1
                whole += 1
            else:
                at += whole > 1
                whole = 0
        if begin < title:
            sizes.title_parts = sizes.tokens - sizes.plain


@native()
def _lost_space(points: Numbers, i: Int) -> bool:
    """Whether a word begins here that is glued to the one before, as `glued_parts` says."""
    if i < GLUED_BEFORE or i + GLUED_BEHIND >= len(points) or not _is_capital(points[i]):
        return False
    for k in range(i - GLUED_BEFORE, i + GLUED_BEHIND + 1):  # noqa: SIM110 - numba compiles no generator
        if k != i and not _is_small(points[k]):
            return False
    return True


@native()
def _inside(points: Numbers, letters: Numbers, begin: Int, body: Int) -> bool:
    """Whether a word begins with a capital inside a sentence, as `capitalised` says."""
    if begin - 2 < body or points[begin - 1] != BLANK or not letters[begin] & MARK.capital:
        return False
    before = points[begin - 2]
    return _is_small(before) or before == COMMA or DIGIT_0 <= before <= DIGIT_9


@native()
def find_lead(text: Text, title: Int, chars: Int) -> None:
    """Line up the words of title and lead as `ArticleText` has them, and mark them."""
    sizes = text.sizes[0]
    n_plain = min(LEAD_WORDS, sizes.plain - sizes.title)
    if chars - title - 1 > LEAD_CHARS and sizes.early < LEAD_WORDS:
        sizes.fallback = 1  # its end cuts a word in two
        return
    parts = sizes.plain + sizes.title_parts
    n_parts = min(LEAD_WORDS - n_plain, sizes.tokens - parts)
    for start, stop, titled in (
        (ZERO, sizes.title, True), (sizes.plain, parts, True),
        (sizes.title, sizes.title + n_plain, False), (parts, parts + n_parts, False),
    ):  # fmt: skip
        for at in range(start, stop):
            number = text.tokens[at].word
            text.words[number].in_title |= titled
            text.words[number].in_lead |= not titled
            text.lead[sizes.lead] = number
            sizes.lead += 1
