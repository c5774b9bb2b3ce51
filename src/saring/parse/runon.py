"""Where a teaser's headline ends in a text that lost its line breaks.

"... ujarnya. Baca juga: Harga Cabai Turun Lagi Menurut Rina, panen raya ...": nothing marks the
end. Each place where a sentence may begin is a candidate, and the best-scored one is taken. The
score is a sum of log-weights over the features of `signs`. Weights and word tables are data
(`runon.toml`), fitted by ``bench/runon.py --fit`` on the embedded corpus and on CLICK-ID, whose
articles are printed as run-on text for it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from operator import mul
from typing import Any, NamedTuple

from saring.parse.echoes import ECHOES, Echo
from saring.parse.host import Host
from saring.parse.signs import odds_names, read_odds, read_signs
from saring.parse.tables import Tables
from saring.parse.window import Window

__all__ = [
    "Candidate",
    "Features",
    "Model",
    "candidate_score",
    "candidates",
    "headline_end",
    "load_model",
]

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


def headline_end(host: Host, start: int, stop: int) -> int:
    """Return where the headline that starts at `start` ends; `start` itself if none is there.

    Parameters
    ----------
    host : Host
        The article's text.
    start, stop : int
        The stretch the headline lies in: it ends at `stop` at the latest.
    """
    model = load_model()
    window = Window(host, start, stop, model.tables)
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


def candidates(host: Host, start: int, stop: int, tables: Tables) -> list[Candidate]:
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
    window = Window(host, start, stop, tables)
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
    if 0 < len(words) <= MAX_WORDS and not window.host.text[window.ends[-1] : stop].strip():
        places.append(len(words))
    return places


def _score(window: Window, place: int) -> float:
    """Return the log-weight of a place, without echoes."""
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
    strong = sorted(
        [(weights.get(name, 0.0), name) for name in ECHOES], key=lambda one: -abs(one[0])
    )
    adds = [max(0.0, weight) for weight, _ in strong]
    return [
        (weight, ECHOES[name], sum(adds[number:]))
        for number, (weight, name) in enumerate(strong)
        if weight
    ]


@cache
def load_model() -> Model:
    """Return the weights and tables shipped with saring; they are read once."""
    data = tomllib.loads(files("saring.parse").joinpath("runon.toml").read_text(encoding="utf-8"))
    words = {name: frozenset(text.split()) for name, text in data["words"].items()}
    openers, closers, prose, starts = (
        {word: float(odds) for odds, text in data[name].items() for word in text.split()}
        for name in ("openers", "closers", "prose", "starts")
    )
    tables = Tables(openers, closers, prose, starts, words["common"], words["camel"])
    return Model(data["weights"], tables)
