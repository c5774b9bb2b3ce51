"""Where a teaser's headline ends in a text that lost its line breaks.

"... ujarnya. Baca juga: Harga Cabai Turun Lagi Menurut Rina, panen raya ...": nothing marks the
end. Each place where a sentence may begin is a candidate, and the best-scored one is taken. The
score is a sum of log-weights over the features of `signs`. Weights and word tables are data
(`runon.toml`), fitted by ``bench/runon.py --fit`` on the embedded corpus and on CLICK-ID, whose
articles are printed as run-on text for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from saring.parse.signs import Features, read_signs
from saring.parse.window import Host, Tables, Window

__all__ = ["Candidate", "Model", "candidate_score", "candidates", "headline_end", "load_model"]

MAX_WORDS = 28  # no headline read had more

NEVER_LAST = frozenset(
    "di ke dari yang dan untuk dengan pada dalam oleh atau bagi serta".split()  # noqa: SIM905
)
"""Words that end no headline."""


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
    best, best_score = start, float("-inf")
    for candidate in candidates(host, start, stop, model.tables):
        score = candidate_score(candidate, model.weights)
        if score > best_score:
            best, best_score = candidate.end, score
    return best


def candidate_score(candidate: Candidate, weights: Mapping[str, float]) -> float:
    """Return the log-weight of a candidate: its signs' weights, and its weighted log-odds."""
    signs, odds = candidate.features
    score = sum([weights.get(sign, 0.0) for sign in signs])
    return score + sum([weights.get(name, 0.0) * value for name, value in odds])


def candidates(host: Host, start: int, stop: int, tables: Tables) -> Iterator[Candidate]:
    """Yield the places where the headline may end, with their features.

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
    tokens = window.tokens
    for place, token in enumerate(tokens[: MAX_WORDS + 1]):
        before = tokens[place - 1] if place else None
        if before is None and window.style == "title":
            continue  # in Title Case something is advertised; elsewhere the headline may be lost
        if token.may_open and (before is None or before.word.bare not in NEVER_LAST):
            yield Candidate(before.end if before else start, read_signs(window, place))
    if tokens and len(tokens) <= MAX_WORDS and not host.text[tokens[-1].end : stop].strip():
        yield Candidate(tokens[-1].end, read_signs(window, len(tokens)))


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
