"""What each word of a text adds to a model's scores: the same sums as `plain_scorer`, kept apart."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

import numpy as np

from saring.models.parameters import ClickbaitParameters, Floats, TermWeights, TopicParameters
from saring.models.plain_scorer import domain_weights, field_bags
from saring.models.vocabulary import DAMPED, GroupCounter, with_pairs
from saring.text import framed_tokens

Contributions = dict[str, Floats]  # what each word adds to each score, (n_scores,)


def topic_contributions(model: TopicParameters) -> Callable[[str, str], Contributions]:
    """Return a function of title and body that gives what each word adds to each topic's score.

    A domain of the lexicon, or a kind of names, stands among the words as ``[domain]``. All contributions and the
    intercept add up to the scores, whose softmax are the probabilities.
    """
    fields = {name: _Field(weights) for name, weights in model.fields.items() if weights.terms}
    counter, names = GroupCounter(model.lexicon.values()), list(model.lexicon)
    in_title, shares = np.split(domain_weights(model), 2)

    def contributions(title: str, body: str) -> Contributions:
        bags = field_bags(title, body)
        found = _sums([field(bags[name].counts) for name, field in fields.items()])
        named, counts = counter.count(bags["title"]), counter.count(bags["all"])
        for at, name in enumerate(names):
            if named[at] or counts[at]:
                share = math.sqrt(counts[at] / max(1, bags["all"].size))
                found[f"[{name}]"] = (named[at] > 0) * in_title[at] + share * shares[at]
        return found

    return contributions


def clickbait_contributions(model: ClickbaitParameters) -> Callable[[str], Contributions]:
    """Return a function of a headline that gives what each token, or pair of tokens, adds to the log-odds of clickbait.

    Tokens are told in lower case, whichever way the model reads them.
    """
    words, cased, single = map(_Field, (model.words, model.cased, model.known))

    def contributions(headline: str) -> Contributions:
        [small], [written] = (framed_tokens([headline], cased=case) for case in (False, True))
        texts = (single, small), (words, with_pairs(small)), (cased, with_pairs(written))
        return _sums([field(Counter(tokens)) for field, tokens in texts])

    return contributions


Terms = list[tuple[str, float]]  # with their weights, the weightiest first


def top_terms(model: TopicParameters, most: int) -> list[Terms]:
    """Return the terms that weigh most for each topic, against the mean of all topics, in all fields together."""
    weights = _sums([_weights(field) for field in model.fields.values()])
    return [
        _top({term: part[at] - part.mean() for term, part in weights.items()}, most)
        for at in range(len(model.intercept))
    ]


def top_domains(model: TopicParameters, most: int) -> list[Terms]:
    """Return the domains and kinds of names that weigh most for each topic: named in the title, and all their words."""
    whole = np.add(*np.split(domain_weights(model), 2)) if model.lexicon else np.zeros((0, len(model.intercept)))
    against = whole - whole.mean(axis=1, keepdims=True)
    return [_top(dict(zip(model.lexicon, against[:, at], strict=True)), most) for at in range(len(model.intercept))]


def top_tokens(model: ClickbaitParameters, most: int) -> list[Terms]:
    """Return the tokens and pairs that weigh most against clickbait, and for it."""
    weights = _sums([_weights(field) for field in (model.words, model.cased, model.known)])
    return [_top({term: sign * part[0] for term, part in weights.items()}, most) for sign in (-1.0, 1.0)]


def _weights(field: TermWeights) -> Contributions:
    """Return the weight of each term of a field for each score, as if a text had that term alone."""
    return dict(zip(field.terms, field.coef.T * field.scale, strict=True))


def _top(weights: Mapping[str, float], most: int) -> Terms:
    return sorted(((term, float(w)) for term, w in weights.items() if w > 0), key=lambda one: (-one[1], one[0]))[:most]


class _Field:
    """TF-IDF of one field of a text, with the weights of its terms."""

    def __init__(self, weights: TermWeights) -> None:
        self._place = {term: at for at, term in enumerate(weights.terms)}
        self._idf, self._coef = weights.idf, weights.coef.T * weights.scale

    def __call__(self, counts: Mapping[str, int]) -> Contributions:
        """Return what each of the counted terms that the model knows adds to each score."""
        found = {term: self._place[term] for term in counts if term in self._place}
        tfidf = np.array([self._idf[at] * DAMPED[counts[term]] for term, at in found.items()])
        length = math.sqrt(tfidf @ tfidf) or 1.0
        return {term: part * self._coef[at] for (term, at), part in zip(found.items(), tfidf / length, strict=True)}


def _sums(parts: list[Contributions]) -> Contributions:
    """Return the contributions of all fields, those of one word added up."""
    found: defaultdict[str, Floats] = defaultdict(lambda: np.zeros(1))
    for part in parts:
        for term, added in part.items():
            found[term.lower()] = found[term.lower()] + added
    return dict(found)
