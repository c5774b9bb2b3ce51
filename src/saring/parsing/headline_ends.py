"""Where the headline of a teaser ends in a text that lost its line breaks: the place that scores best.

A place is scored by features of the words around it, weighed by a conditional logit that `bench/runon.py` fits.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from saring.parsing.lines import SMALL_WORDS
from saring.parsing.words import ArticleWords, Window, WordOdds

MAX_WORDS = 28  # no headline read had more
AHEAD = 6  # words read behind a place
FAR_AHEAD = 24  # words in which a caption's credit is looked for
MANY, FEW = 6, 3  # counts are read up to here
MAX_CLAUSE = 4  # words of a headline's last clause
MAX_PHRASE_WORDS = 7  # a quotation of more words is a sentence
MAX_SUBHEADING = 9  # words
MIN_TITLE_WORDS = 3  # of a title that tells how long the portal's headlines are
CHARS = 6  # in a step of the headline's length
LEEWAY = 6  # words or steps by which it is longer or shorter than the title
DIGITS = 6  # of a score: weights have two, log-odds are quarters, the rest is rounding's

# Words that end no headline.
NEVER_LAST = frozenset("di ke dari yang dan untuk dengan pada dalam oleh atau bagi serta".split())  # noqa: SIM905

Feature = tuple[str, float]  # name and value: 1 of an indicator, or the log-odds of words


class Candidate(NamedTuple):
    """A place where the headline may end, and its features."""

    end: int
    features: list[Feature]


class HeadlineEndModel(NamedTuple):
    """What `runon.toml` holds: the features' weights, and the log-odds of words that features are read from."""

    weights: Mapping[str, float]
    odds: WordOdds


def headline_end(article: ArticleWords, start: int, stop: int) -> int:
    """Return where the headline that starts at `start` ends, at `stop` at the latest; `start` if none is there."""
    weights, odds = load_model()
    weigh = weights.get
    window = Window(article, start, stop, odds)
    scores = {
        place: sum([weigh(name, 0.0) * value for name, value in read_features(window, place)])
        for place in _places(window, stop)
    }
    best, best_score = 0, -math.inf
    for place in sorted(scores, key=lambda place: -scores[place]):
        score = scores[place]
        for weight, shows, most in _repetition_weights():
            if round(score + most, DIGITS) < best_score:
                break  # repetitions cannot make it the best any more
            score += weight * shows(window, place)
        score = round(score, DIGITS)
        if (score, place) > (best_score, best):
            best, best_score = place, score
    return window.ends[best - 1] if best else start


def candidates(article: ArticleWords, start: int, stop: int, odds: WordOdds) -> list[Candidate]:
    """Return the places where a headline may end that starts at `start`, with all their features."""
    window = Window(article, start, stop, odds)
    found = []
    for place in _places(window, stop):
        repetitions = [(name, 1.0) for name, shows in REPETITIONS.items() if shows(window, place)]
        end = window.ends[place - 1] if place else start
        found.append(Candidate(end, [*read_features(window, place), *repetitions]))
    return found


def candidate_score(candidate: Candidate, weights: Mapping[str, float]) -> float:
    """Return the log-weight of a candidate."""
    return sum([weights.get(name, 0.0) * value for name, value in candidate.features])


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
    if 0 < len(words) <= MAX_WORDS and not window.article.text[window.ends[-1] : stop].strip():
        places.append(len(words))
    return places


def read_features(window: Window, place: int) -> list[Feature]:
    """Return the features of the place before a word of the window, or behind its last, but for repetitions."""
    title_words = window.article.title_words
    length = place if place <= 14 else 16 if place <= 16 else 20 if place <= 20 else 28
    names = [f"words:{length}" if title_words >= MIN_TITLE_WORDS else f"untitled:words:{length}"]
    if place:
        names += _before(window, place)
    if place < len(window.words):
        names += _behind(window, place)
    else:
        names.append("at_stop")
    return [*[(name, 1.0) for name in names], *_log_odds(window, place)]


def _before(window: Window, place: int) -> list[str]:
    """Return the indicators of the words before a place, the headline that ends there."""
    style, before, lower, article = window.style, window.words[place - 1], window.lower[place], window.article
    clause = place - 1 - window.clauses[place - 1]
    names = [
        f"{style}:inside_lower:{min(lower, MANY)}",
        f"{style}:tail_lower:{lower - window.lower[max(place - 3, 0)]}",
        f"{style}:inside_shouted:{min(window.shouted[place] - window.shouted[1], FEW)}",
        f"before:{before.ends}",
        f"clause:{min(clause, MAX_CLAUSE)}",
        f"inside_stop:{min(window.stops[place - 1], FEW)}",
        f"inside_joint:{min(window.joined[place], FEW)}",
    ]
    if article.title_words >= MIN_TITLE_WORDS:
        chars = window.ends[place - 1] - window.starts[0] - article.title_chars
        names.append(f"longer:words:{max(-LEEWAY, min(place - article.title_words, LEEWAY))}")
        names.append(f"longer:chars:{max(-LEEWAY, min(chars // CHARS, LEEWAY))}")
    shown = {
        "before_small_word": before.bare in SMALL_WORDS,
        "open_quote": window.quotes[place] % 2,
        "open_bracket": window.brackets[place] > 0,
        "inside_gap": window.gaps[place] > window.gaps[1],
        "inside_credit": window.credits[place] > window.credits[1],
    }
    return names + [name for name, shows in shown.items() if shows]


def _behind(window: Window, place: int) -> list[str]:
    """Return the indicators of the words behind a place, which begin a sentence if the headline ends there."""
    style, words, size = window.style, window.words, len(window.words)
    opens = words[place].opens
    if opens == "quotation" and any([word.closes for word in words[place : place + MAX_PHRASE_WORDS]]):
        opens = "quoted_phrase"
    first = _steps(place, window.small, AHEAD)
    run, end = min(place + first, size), min(place + 1 + AHEAD, size)
    names = [
        f"opens:{opens}",
        f"sentence:{_steps(place, window.ending, AHEAD) - 1}",
        f"{style}:first_lower:{first}",
        f"{style}:ahead_lower:{window.lower[end] - window.lower[place + 1]}",
        f"{style}:ahead_capitals:{window.capitals[run] - window.capitals[place + 1]}",
        f"{style}:ahead_shouted:{window.shouted[run] - window.shouted[place + 1]}",
        f"{style}:form:{'_'.join(window.forms[place : place + 3])}",
    ]
    if not words[place].seen:
        names.append(f"{style}:unseen")
    if window.common[place]:
        names.append(f"{style}:common")
    far = _steps(place, window.landmarks, MAX_SUBHEADING)
    if far <= MAX_SUBHEADING:
        names.append(f"{style}:{'stop' if words[place + far].stops else 'opener'}_at:{far}")
    if window.credits[min(place + FAR_AHEAD, size)] > window.credits[place]:
        names.append("credit_ahead")
    if place:
        names.append(f"{style}:joint:{window.forms[place - 1]}>{window.forms[place]}")
        if window.glued[place]:
            names.append("joint:glued" if window.article.is_glued else "joint:spaced")
        elif window.joined[-1]:
            names.append("joint_elsewhere")
        if window.wide[place]:
            names.append("wide_gap")
    return names


def _log_odds(window: Window, place: int) -> list[Feature]:
    """Return the log-odds of the words before and behind a place."""
    style, words, prose = window.style, window.words, window.prose
    odds: list[Feature] = []
    if place:
        odds = [
            ("closer", words[place - 1].closer),
            (f"{style}:inside_openers", window.openers[place] - window.openers[1]),
            (f"{style}:inside_prose", prose[place]),
        ]
    if place < len(words):
        end = min(place + 1 + AHEAD, len(words))
        odds.append((f"{style}:opener", words[place].opener))
        odds.append((f"{style}:ahead_prose", prose[end] - prose[place]))
    if place + 1 < len(words):
        pair = f"{words[place].key}_{words[place + 1].key}"
        odds.append((f"{style}:start", window.odds.starts.get(pair, 0.0)))
    return odds


def _steps(place: int, shown: bytes, most: int) -> int:
    """Return how many words behind a place the next is that is so; `most` + 1 if farther."""
    found = shown.find(1, place + 1, place + 1 + most)
    return found - place if found > 0 else most + 1


Repetition = Callable[[Window, int], bool]

REPETITIONS: Mapping[str, Repetition] = {
    # The headline's last word, or the first behind it, stands elsewhere in the text, or opens a sentence there.
    "known_closer": lambda window, place: place > 0 and window.repeats(place - 1, 1),
    "known_opener": lambda window, place: window.repeats(place, 1),
    "known_start": lambda window, place: (
        place < len(window.words) and window.words[place].bare in window.article.starts
    ),
    # Words stand side by side elsewhere that the place parts, or that it leaves together.
    "splits_pair": lambda window, place: place > 0 and window.repeats(place - 1, 2),
    "keeps_pair": lambda window, place: place > 0 and window.repeats(place, 2),
    "keeps_triple": lambda window, place: place > 0 and window.repeats(place, 3) and not window.has_before(place, 3),
    # They stand in the headline: a caption printed twice starts there.
    "repeats_triple": lambda window, place: place > 0 and window.repeats(place, 3) and window.has_before(place, 3),
}
"""Features of what the rest of the text repeats; they take longest, and so are read last."""


@cache
def _repetition_weights() -> list[tuple[float, Repetition, float]]:
    """Return each repetition's weight and test, and what those from it on add at most; heavy ones first."""
    weights = load_model().weights
    heavy = sorted([(weights.get(name, 0.0), name) for name in REPETITIONS], key=lambda one: -abs(one[0]))
    adds = [max(0.0, weight) for weight, _ in heavy]
    return [(weight, REPETITIONS[name], sum(adds[number:])) for number, (weight, name) in enumerate(heavy) if weight]


@cache
def load_model() -> HeadlineEndModel:
    """Return the weights and log-odds shipped with saring; they are read once."""
    data = tomllib.loads(files("saring.parsing").joinpath("runon.toml").read_text(encoding="utf-8"))
    common, camel = (frozenset(data["words"][name].split()) for name in ("common", "camel"))
    openers, closers, prose, starts = (
        {word: float(odds) for odds, text in data[name].items() for word in text.split()}
        for name in ("openers", "closers", "prose", "starts")
    )
    return HeadlineEndModel(data["weights"], WordOdds(openers, closers, prose, starts, common, camel))
