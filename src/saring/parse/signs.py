"""What each place behind a marker says of the headline's end.

A headline tells its end by what stands before it and what follows: Title Case up to here and lower
case after, a word that opens sentences, an open quotation mark, two words glued together. Each such
sign is a feature by name; `runon` weighs them.
"""

from __future__ import annotations

from typing import NamedTuple

from saring.parse.shape import SMALL_WORDS
from saring.parse.window import Window
from saring.parse.word import CLOSING

__all__ = ["Features", "read_signs"]

AHEAD = 6  # words read behind a candidate
FAR_AHEAD = 24  # words in which a caption's credit is looked for
MANY = 6  # counts are read up to here
MAX_PHRASE_WORDS = 7  # a quotation of more words is a sentence
MAX_SUBHEADING = 9  # words
MIN_TITLE_WORDS = 3  # of a title that tells how long the portal's headlines are
CHARS = 6  # in a step of the headline's length
LEEWAY = 6  # words or steps by which it is longer or shorter than the title


class Features(NamedTuple):
    """What a candidate shows: names of signs, and log-odds of words by the name of their table."""

    signs: list[str]
    odds: list[tuple[str, float]]


def read_signs(window: Window, place: int) -> Features:
    """Return the features of the candidate before token `place`."""
    found = Features([], [])
    _add_length(found, window, place)
    if place:
        _add_headline(found, window, place)
    if place < len(window.tokens):
        _add_sentence(found, window, place)
        _add_far(found, window, place)
    else:
        found.signs.append("at_stop")
    if 0 < place < len(window.tokens):
        _add_joint(found, window, place)
    return found


def _add_length(found: Features, window: Window, place: int) -> None:
    """Add how long the headline would be, and how much longer than the article's title."""
    words, title = _bucket(place), window.host.title_words
    if title < MIN_TITLE_WORDS:
        found.signs.append(f"untitled:words:{words}")
        return
    found.signs.append(f"words:{words}")
    if place:
        chars = window.tokens[place - 1].end - window.tokens[0].start - window.host.title_chars
        found.signs.append(f"longer:words:{max(-LEEWAY, min(place - title, LEEWAY))}")
        found.signs.append(f"longer:chars:{max(-LEEWAY, min(chars // CHARS, LEEWAY))}")


def _add_headline(found: Features, window: Window, place: int) -> None:
    """Add what the words before the candidate say."""
    before, style = window.tokens[place - 1].word, window.style
    lower, shouted = window.lower[place], window.shouted[place] - window.shouted[1]
    found.odds.append(("closer", window.tables.closers.get(before.key, 0.0)))
    found.odds.append((f"{style}:inside_openers", window.openers[place] - window.openers[1]))
    found.odds.append((f"{style}:inside_prose", window.prose[place]))
    found.signs.extend(
        (
            f"{style}:inside_lower:{min(lower, MANY)}",
            f"{style}:tail_lower:{lower - window.lower[max(0, place - 3)]}",
            f"{style}:inside_shouted:{min(shouted, 3)}",
            f"clause:{_clause_words(window, place)}",
            f"before:{before.ends}",
            f"inside_stop:{min(window.stops[place - 1], 3)}",
            f"inside_joint:{min(window.joined[place], 3)}",
        )
    )
    if window.quotes[place] % 2:
        found.signs.append("open_quote")
    if window.brackets[place] > 0:
        found.signs.append("open_bracket")
    if window.gaps[place] > window.gaps[1]:
        found.signs.append("inside_gap")
    if window.credits[place] > window.credits[1]:
        found.signs.append("inside_credit")
    if window.host.counts[before.bare] > 1:
        found.signs.append("known_closer")
    if before.bare in SMALL_WORDS:
        found.signs.append("before_small_word")


def _add_sentence(found: Features, window: Window, place: int) -> None:
    """Add what the words after the candidate say."""
    token, style = window.tokens[place], window.style
    odds = window.tables.openers.get(token.word.key)
    if odds is None:
        found.signs.append(f"{style}:unseen")
    else:
        found.odds.append((f"{style}:opener", odds))
    if place + 1 < len(window.tokens):
        pair = f"{token.word.key}_{window.tokens[place + 1].word.key}"
        found.odds.append((f"{style}:start", window.tables.starts.get(pair, 0.0)))
    if window.host.counts[token.word.bare] > 1:
        found.signs.append("known_opener")
    if token.word.bare in window.host.starts:
        found.signs.append("known_start")
    if token.common:
        found.signs.append(f"{style}:common")
    ahead = window.tokens[place + 1 : place + 1 + AHEAD]
    first = next((n for n, one in enumerate(ahead, 1) if one.word.lower), AHEAD + 1)
    stop = next((n for n, one in enumerate(ahead) if one.word.ends == "stop"), AHEAD)
    run, end = min(place + first, len(window.tokens)), place + 1 + len(ahead)
    found.odds.append((f"{style}:ahead_prose", window.prose[end] - window.prose[place]))
    found.signs.extend(
        (
            f"opens:{_opening(window, place)}",
            f"sentence:{stop}",
            f"{style}:first_lower:{first}",
            f"{style}:ahead_lower:{window.lower[end] - window.lower[place + 1]}",
            f"{style}:ahead_capitals:{window.capitals[run] - window.capitals[place + 1]}",
            f"{style}:ahead_shouted:{window.shouted[run] - window.shouted[place + 1]}",
            f"{style}:form:{'_'.join(window.forms[place : place + 3])}",
        )
    )


def _add_far(found: Features, window: Window, place: int) -> None:
    """Add what stands further behind: the next sentence after a subheading, a caption's credit."""
    landmark = window.landmarks[place]
    if landmark <= min(place + MAX_SUBHEADING, len(window.tokens) - 1):
        kind = "stop" if window.tokens[landmark].word.ends == "stop" else "opener"
        found.signs.append(f"{window.style}:{kind}_at:{landmark - place}")
    end = min(place + FAR_AHEAD, len(window.tokens))
    if window.credits[end] > window.credits[place]:
        found.signs.append("credit_ahead")


def _add_joint(found: Features, window: Window, place: int) -> None:
    """Add what stands at the candidate itself: glue, white space, a name it would split."""
    tokens, pairs, style = window.tokens, window.host.pairs, window.style
    before, token = tokens[place - 1], tokens[place]
    bare = token.word.bare
    found.signs.append(f"{style}:joint:{window.forms[place - 1]}>{window.forms[place]}")
    if token.joined:
        found.signs.append("joint:glued" if window.host.is_glued else "joint:spaced")
    elif window.joined[-1]:
        found.signs.append("joint_elsewhere")
    if token.gap > 1:
        found.signs.append("wide_gap")
    if pairs[before.word.bare, bare] > 1:
        found.signs.append("splits_pair")
    if place + 1 < len(tokens):
        after = tokens[place + 1].word.bare
        if pairs[bare, after] > 1:
            found.signs.append("keeps_pair")
            if place + 2 < len(tokens):
                _add_repeat(found, window, place, after)


def _add_repeat(found: Features, window: Window, place: int, after: str) -> None:
    """Add whether three words stand elsewhere: a caption printed twice starts with the first."""
    host, token, third = window.host, window.tokens[place], window.tokens[place + 2]
    if host.triples[token.word.bare, after, third.word.bare] > 1:
        phrase = host.text[token.start : third.end]
        before = host.text.find(phrase, window.tokens[0].start, token.start) >= 0
        found.signs.append("repeats_triple" if before else "keeps_triple")


def _opening(window: Window, place: int) -> str:
    """Return what a token would open a sentence as; a quotation is a phrase or a sentence."""
    opens = window.tokens[place].word.opens
    if opens != "quotation":
        return opens
    for token in window.tokens[place : place + MAX_PHRASE_WORDS]:
        if token.text.rstrip(".,?!:;)")[-1:] in CLOSING and len(token.text) > 1:
            return "quoted_phrase"
    return opens


def _clause_words(window: Window, place: int) -> int:
    """Return how many words the headline's last clause has, up to 4."""
    for count in range(1, 4):
        before = place - count - 1
        if before < 0 or window.tokens[before].text[-1] in ",:?!":
            return count
    return 4


def _bucket(words: int) -> int:
    """Return the bucket of a headline's length in words."""
    return words if words <= 14 else 16 if words <= 16 else 20 if words <= 20 else 28
