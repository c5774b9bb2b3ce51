"""What each place behind a marker says of the headline's end.

A headline tells its end by what stands before it and what follows: Title Case up to here and lower
case after, a word that opens sentences, an open quotation mark, two words glued together. Each such
sign is a feature by name; `runon` weighs them.

What a place shows repeats from headline to headline: three words in lower case, a comma at the end.
So signs come in groups, each a function that names them and what it takes; `runon` then keeps what
it weighs.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

from saring.parse.shape import SMALL_WORDS
from saring.parse.window import Window

__all__ = ["Group", "odds_names", "read_odds", "read_signs"]

AHEAD = 6  # words read behind a place
FAR_AHEAD = 24  # words in which a caption's credit is looked for
MANY, FEW = 6, 3  # counts are read up to here
MAX_CLAUSE = 4  # words of a headline's last clause
MAX_PHRASE_WORDS = 7  # a quotation of more words is a sentence
MAX_SUBHEADING = 9  # words
MIN_TITLE_WORDS = 3  # of a title that tells how long the portal's headlines are
CHARS = 6  # in a step of the headline's length
LEEWAY = 6  # words or steps by which it is longer or shorter than the title

Group: TypeAlias = tuple[Any, ...]
"""A function that returns names of signs, and what it takes."""


def read_signs(window: Window, place: int) -> list[Group]:
    """Return the signs of the place before a word of the window, or behind its last, in groups."""
    groups: list[Group] = [(_length, place, window.host.title_words)]
    if place:
        groups += _headline(window, place)
    if place == len(window.words):
        groups.append((_shown, ("at_stop", True)))
        return groups
    groups += _sentence(window, place)
    if place:
        kind = "elsewhere" if window.joined[-1] else ""
        if window.glued[place]:
            kind = "glued" if window.host.is_glued else "spaced"
        groups.append((_joint, kind, window.wide[place]))
    return groups


@cache
def odds_names(style: str) -> list[str]:
    """Return the names of the log-odds that `read_odds` reads in headlines of a style."""
    behind = ("inside_openers", "inside_prose", "opener", "ahead_prose", "start")
    return ["closer", *[f"{style}:{name}" for name in behind]]


def read_odds(window: Window, place: int) -> list[float]:
    """Return the log-odds of the words before and behind a place, in the order of their names."""
    words, openers, prose, starts = window.words, window.openers, window.prose, window.tables.starts
    odds = [0.0, 0.0, 0.0]
    if place:
        odds = [window.closer[place - 1], openers[place] - openers[1], prose[place]]
    if place == len(words):
        return [*odds, 0.0, 0.0, 0.0]
    end = min(place + 1 + AHEAD, len(words))
    pair = f"{words[place].key}_{words[place + 1].key}" if place + 1 < len(words) else ""
    return [*odds, window.opener[place], prose[end] - prose[place], starts.get(pair, 0.0)]


def _headline(window: Window, place: int) -> list[Group]:
    """Return what the words before a place say."""
    style, before, lower = window.style, window.words[place - 1], window.lower[place]
    shouted = window.shouted[place] - window.shouted[1]
    tail = lower - window.lower[place - 3 if place > 3 else 0]
    clause = place - 1 - window.clauses[place - 1]
    chars = window.ends[place - 1] - window.starts[0] - window.host.title_chars
    return [
        (_longer, chars // CHARS, window.host.title_words >= MIN_TITLE_WORDS),
        (_case, style, min(lower, MANY), tail, min(shouted, FEW)),
        (_end, before.ends, before.bare in SMALL_WORDS, min(clause, MAX_CLAUSE)),
        (
            _within,
            min(window.stops[place - 1], FEW),
            min(window.joined[place], FEW),
            window.quotes[place] % 2,
            window.brackets[place] > 0,
            window.gaps[place] > window.gaps[1],
            window.credits[place] > window.credits[1],
        ),
    ]


def _sentence(window: Window, place: int) -> list[Group]:
    """Return what the words behind a place say."""
    style, words, size = window.style, window.words, len(window.words)
    stop = _steps(place, window.ending, AHEAD) - 1
    first = _steps(place, window.small, AHEAD)
    far = _steps(place, window.landmarks, MAX_SUBHEADING)
    kind = "" if far > MAX_SUBHEADING else "stop" if words[place + far].stops else "opener"
    run, end = min(place + first, size), min(place + 1 + AHEAD, size)
    lower = window.lower[end] - window.lower[place + 1]
    capitals = window.capitals[run] - window.capitals[place + 1]
    shouted = window.shouted[run] - window.shouted[place + 1]
    credit = window.credits[min(place + FAR_AHEAD, size)] > window.credits[place]
    return [
        (_opening, style, _opens(window, place), window.seen[place], window.common[place]),
        (_ahead, style, stop, first, lower, capitals, shouted),
        (_forms, style, window.forms[place - 1] if place else "", window.forms[place : place + 3]),
        (_far, style, kind, far, credit),
    ]


def _shown(*signs: tuple[str, bool]) -> list[str]:
    """Return the names of the signs that are there."""
    return [name for name, shown in signs if shown]


def _length(words: int, title: int) -> list[str]:
    """Return how long the headline would be, and how much longer than the article's title."""
    bucket = words if words <= 14 else 16 if words <= 16 else 20 if words <= 20 else 28
    if title < MIN_TITLE_WORDS:
        return [f"untitled:words:{bucket}"]
    more = [f"longer:words:{max(-LEEWAY, min(words - title, LEEWAY))}"] if words else []
    return [f"words:{bucket}", *more]


def _longer(steps: int, titled: bool) -> list[str]:
    """Return how much longer than the article's title it would be, in steps of characters."""
    return [f"longer:chars:{max(-LEEWAY, min(steps, LEEWAY))}"] if titled else []


def _case(style: str, lower: int, tail: int, shouted: int) -> list[str]:
    """Return how many small words the headline has, and how many at its end; names in capitals."""
    return [
        f"{style}:inside_lower:{lower}",
        f"{style}:tail_lower:{tail}",
        f"{style}:inside_shouted:{shouted}",
    ]


def _end(sign: str, small: bool, clause: int) -> list[str]:
    """Return what the headline ends with: a sign, a small word, a clause of so many words."""
    return [f"before:{sign}", f"clause:{clause}", *_shown(("before_small_word", small))]


def _within(
    stops: int, joints: int, quote: bool, bracket: bool, gap: bool, credit: bool
) -> list[str]:
    """Return what the headline holds that few do."""
    rare = {
        "open_quote": quote,
        "open_bracket": bracket,
        "inside_gap": gap,
        "inside_credit": credit,
    }
    return [f"inside_stop:{stops}", f"inside_joint:{joints}", *_shown(*rare.items())]


def _opening(style: str, opens: str, seen: bool, common: bool) -> list[str]:
    """Return what the word behind the headline would open a sentence as."""
    return [f"opens:{opens}", *_shown((f"{style}:unseen", not seen), (f"{style}:common", common))]


def _ahead(style: str, stop: int, first: int, lower: int, capitals: int, shouted: int) -> list[str]:
    """Return how far the words ahead read like a sentence."""
    return [
        f"sentence:{stop}",
        f"{style}:first_lower:{first}",
        f"{style}:ahead_lower:{lower}",
        f"{style}:ahead_capitals:{capitals}",
        f"{style}:ahead_shouted:{shouted}",
    ]


def _forms(style: str, before: str, forms: tuple[str, ...]) -> list[str]:
    """Return how the words around a place are written."""
    joint = [f"{style}:joint:{before}>{forms[0]}"] if before else []
    return [f"{style}:form:{'_'.join(forms)}", *joint]


def _far(style: str, kind: str, steps: int, credit: bool) -> list[str]:
    """Return what stands further behind: the next sentence, a caption's credit."""
    next_ = [f"{style}:{kind}_at:{steps}"] if kind else []
    return [*next_, *_shown(("credit_ahead", credit))]


def _joint(kind: str, wide: bool) -> list[str]:
    """Return what stands at the place itself: glue, or white space."""
    glue = "joint_elsewhere" if kind == "elsewhere" else f"joint:{kind}"
    return _shown((glue, kind != ""), ("wide_gap", wide))


def _opens(window: Window, place: int) -> str:
    """Return what a word would open a sentence as; a quotation is a phrase or a sentence."""
    opens: str = window.words[place].opens
    if opens != "quotation":
        return opens
    phrase = window.words[place : place + MAX_PHRASE_WORDS]
    return "quoted_phrase" if any([word.closes for word in phrase]) else opens


def _steps(place: int, shown: bytes, most: int) -> int:
    """Return how many words behind a place the next is that is so; `most` + 1 if farther."""
    found = shown.find(1, place + 1, place + 1 + most)
    return found - place if found > 0 else most + 1
