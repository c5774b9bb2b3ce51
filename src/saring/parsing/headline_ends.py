"""Where the headline of a run-on teaser ends: indicator and repetition features, weighed."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from operator import mul
from typing import Any, NamedTuple, TypeAlias

from saring.parsing.window import ArticleWords, Window
from saring.parsing.words import SMALL_WORDS, Tables

# What the rest of the text says of a headline's end: which of its words stand elsewhere, too.


Echo: TypeAlias = Callable[[Window, int], bool]
"""Whether a place of a window shows a sign."""


def _closes(window: Window, place: int) -> bool:
    """Return whether the text has the headline's last word more than once."""
    return place > 0 and window.article_words.repeats(window.words[place - 1].bare)


def _opens(window: Window, place: int) -> bool:
    """Return whether the text has the word behind the headline more than once."""
    return place < len(window.words) and window.article_words.repeats(window.words[place].bare)


def _starts(window: Window, place: int) -> bool:
    """Return whether the word behind the headline opens a sentence elsewhere."""
    return place < len(window.words) and window.words[place].bare in window.article_words.starts


def _splits_pair(window: Window, place: int) -> bool:
    """Return whether the words before and behind a place stand side by side elsewhere."""
    return place > 0 and _repeats(window, place - 1, 2)


def _keeps_pair(window: Window, place: int) -> bool:
    """Return whether the two words behind the headline stand elsewhere."""
    return place > 0 and _repeats(window, place, 2)


def _keeps_triple(window: Window, place: int) -> bool:
    """Return whether the three words behind the headline stand elsewhere, but not within it."""
    return place > 0 and _repeats(window, place, 3) and not _stands_before(window, place)


def _repeats_triple(window: Window, place: int) -> bool:
    """Return whether three words stand in the headline: a caption printed twice starts there."""
    return place > 0 and _repeats(window, place, 3) and _stands_before(window, place)


ECHOES: Mapping[str, Echo] = {
    "known_closer": _closes,
    "known_opener": _opens,
    "known_start": _starts,
    "splits_pair": _splits_pair,
    "keeps_pair": _keeps_pair,
    "keeps_triple": _keeps_triple,
    "repeats_triple": _repeats_triple,
}
"""By their names."""


def _repeats(window: Window, place: int, size: int) -> bool:
    """Return whether so many words from a place on stand side by side more than once."""
    phrase = [word.bare for word in window.words[place : place + size]]
    return len(phrase) == size and window.article_words.repeats(*phrase)


def _stands_before(window: Window, place: int) -> bool:
    """Return whether three words from a place on stand in the headline before it."""
    start, end = window.starts[place], window.ends[place + 2]
    text = window.article_words.text
    return text.find(text[start:end], window.starts[0], start) >= 0


# What each place behind a marker says of the headline's end.


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
    groups: list[Group] = [(_length, place, window.article_words.title_words)]
    if place:
        groups += _headline(window, place)
    if place == len(window.words):
        groups.append((_shown, ("at_stop", True)))
        return groups
    groups += _sentence(window, place)
    if place:
        kind = "elsewhere" if window.joined[-1] else ""
        if window.glued[place]:
            kind = "glued" if window.article_words.is_glued else "spaced"
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
    chars = window.ends[place - 1] - window.starts[0] - window.article_words.title_chars
    return [
        (_longer, chars // CHARS, window.article_words.title_words >= MIN_TITLE_WORDS),
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
        (_opening, style, _opens_sentence(window, place), window.seen[place], window.common[place]),
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
    return [f"{style}:inside_lower:{lower}", f"{style}:tail_lower:{tail}", f"{style}:inside_shouted:{shouted}"]


def _end(sign: str, small: bool, clause: int) -> list[str]:
    """Return what the headline ends with: a sign, a small word, a clause of so many words."""
    return [f"before:{sign}", f"clause:{clause}", *_shown(("before_small_word", small))]


def _within(stops: int, joints: int, quote: bool, bracket: bool, gap: bool, credit: bool) -> list[str]:
    """Return what the headline holds that few do."""
    rare = {"open_quote": quote, "open_bracket": bracket, "inside_gap": gap, "inside_credit": credit}
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


def _opens_sentence(window: Window, place: int) -> str:
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


# Where a teaser's headline ends in a text that lost its line breaks.


MAX_WORDS = 28  # no headline read had more

GROUPS_KEPT = 1 << 16
DIGITS = 6  # of a score: weights have two, log-odds are quarters, the rest is rounding's

NEVER_LAST = frozenset(
    "di ke dari yang dan untuk dengan pada dalam oleh atau bagi serta".split()  # noqa: SIM905
)
"""Words that end no headline."""


class Features(NamedTuple):
    """What a candidate shows: names of signs, and log-odds of words by the name of their table."""

    signs: list[str]
    odds: list[tuple[str, float]]


class Candidate(NamedTuple):
    """A place where the headline may end, and its features."""

    end: int
    features: Features


class Model(NamedTuple):
    """What `runon.toml` holds: the features' weights, and the tables the features are read from."""

    weights: Mapping[str, float]
    tables: Tables


def headline_end(article_words: ArticleWords, start: int, stop: int) -> int:
    """Return where the headline that starts at `start` ends; `start` itself if none is there.

    Parameters
    ----------
    host : Host
        The article's text.
    start, stop : int
        The stretch the headline lies in: it ends at `stop` at the latest.
    """
    model = load_model()
    window = Window(article_words, start, stop, model.tables)
    places = _places(window, stop)
    if not places:
        return start
    scores = {place: _score(window, place) for place in places}
    best = _best(window, scores)
    return window.ends[best - 1] if best else start


def _best(window: Window, scores: Mapping[int, float]) -> int:
    """Return the place that scores best when the rest of the text is asked, too; the last of such.

    Parameters
    ----------
    window : Window
        The words behind the marker.
    scores : Mapping[int, float]
        What each place scores without `ECHOES`.
    """
    best, best_score = 0, -math.inf
    for place in sorted(scores, key=lambda place: -scores[place]):
        score = scores[place]
        for weight, shows, most in _echo_weights():
            if round(score + most, DIGITS) < best_score:
                break  # what is left to ask cannot make it the best
            score += weight * shows(window, place)
        score = round(score, DIGITS)
        if (score, place) > (best_score, best):
            best, best_score = place, score
    return best


def candidates(article_words: ArticleWords, start: int, stop: int, tables: Tables) -> list[Candidate]:
    """Return the places where the headline may end, with their features by name.

    Parameters
    ----------
    host : Host
        The article's text.
    start, stop : int
        The stretch the headline lies in.
    tables : Tables
        What the features are read from.
    """
    window = Window(article_words, start, stop, tables)
    found = []
    for place in _places(window, stop):
        signs = [name for read, *values in read_signs(window, place) for name in read(*values)]
        signs += [name for name, shows in ECHOES.items() if shows(window, place)]
        end = window.ends[place - 1] if place else start
        odds = zip(odds_names(window.style), read_odds(window, place), strict=True)
        found.append(Candidate(end, Features(signs, list(odds))))
    return found


def candidate_score(candidate: Candidate, weights: Mapping[str, float]) -> float:
    """Return the log-weight of a candidate: its signs' weights, and its weighted log-odds."""
    signs, odds = candidate.features
    score = sum([weights.get(sign, 0.0) for sign in signs])
    return score + sum([weights.get(name, 0.0) * value for name, value in odds])


def _places(window: Window, stop: int) -> list[int]:
    """Return the places where the headline may end: before these words, or behind the last."""
    words, glued = window.words, window.glued
    places = [
        place
        for place in range(1, min(len(words), MAX_WORDS + 1))
        if (words[place].may_open or glued[place]) and words[place - 1].bare not in NEVER_LAST
    ]
    # In Title Case something is advertised; elsewhere the headline may be lost.
    if words and words[0].may_open and window.style != "title":
        places.insert(0, 0)
    if 0 < len(words) <= MAX_WORDS and not window.article_words.text[window.ends[-1] : stop].strip():
        places.append(len(words))
    return places


def _score(window: Window, place: int) -> float:
    """Return the log-weight of a place, without repetitions."""
    signs = [_weight(*group) for group in read_signs(window, place)]
    odds = map(mul, _odds_weights(window.style), read_odds(window, place))
    return sum([*signs, *odds])


@lru_cache(maxsize=GROUPS_KEPT)
def _weight(read: Callable[..., list[str]], *values: Any) -> float:
    """Return what a group of signs weighs."""
    weights = load_model().weights
    return sum([weights.get(name, 0.0) for name in read(*values)])


@cache
def _odds_weights(style: str) -> list[float]:
    """Return the weights of log-odds, in the order of their names."""
    return [load_model().weights.get(name, 0.0) for name in odds_names(style)]


@cache
def _echo_weights() -> list[tuple[float, Echo, float]]:
    """Return each echo's weight and test, and what those from it on add at most; strong ones first.

    What has no weight is not asked.
    """
    weights = load_model().weights
    strong = sorted([(weights.get(name, 0.0), name) for name in ECHOES], key=lambda one: -abs(one[0]))
    adds = [max(0.0, weight) for weight, _ in strong]
    return [(weight, ECHOES[name], sum(adds[number:])) for number, (weight, name) in enumerate(strong) if weight]


@cache
def load_model() -> Model:
    """Return the weights and tables shipped with saring; they are read once."""
    data = tomllib.loads(files("saring.parsing").joinpath("runon.toml").read_text(encoding="utf-8"))
    words = {name: frozenset(text.split()) for name, text in data["words"].items()}
    openers, closers, prose, starts = (
        {word: float(odds) for odds, text in data[name].items() for word in text.split()}
        for name in ("openers", "closers", "prose", "starts")
    )
    tables = Tables(openers, closers, prose, starts, words["common"], words["camel"])
    return Model(data["weights"], tables)
