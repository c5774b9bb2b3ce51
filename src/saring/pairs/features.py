"""One pair (article, headline) to numbers, each rising with relatedness."""

from __future__ import annotations

import math
from collections.abc import Container

from saring.pairs.host import MIN_STEM_CHARS, Headline, Host, Tools

__all__ = ["FEATURES", "SPECIFIC_WEIGHT", "pair_features", "ties"]

FEATURES = (
    "overlap",  # share of the headline's word weight that stands anywhere in the article
    "kin_overlap",  # ... with words that only have kin there counted in part
    "lead_overlap",  # ... in its first words
    "sentence_overlap",  # ... in the sentence that has most of it
    "title_recall",  # share of the title's word weight that the headline repeats
    "key_recall",  # share of the article's key terms, by weight, that the headline names
    "specific",  # weight of the shared words above what any two articles share
    "saturated",  # weight of the shared words, the more often said the more, up to a bound (BM25)
    "phrases",  # weight of the neighbouring words shared, by how often the article has them
    "mentions",  # how often, in logs, the article says the headline's words; common words left out
    "matter",  # ... places and everyday actors left out: they relate no two stories
    "missing_places",  # minus the weight of the headline's places that the article lacks
    "names",  # share of the headline's names, by weight, that the article has
    "kin",  # share of the headline's families of words, by weight, that the article has
    "latent_lead",  # cosine with the title and lead in the latent space of the background
    "subject_share",  # how prominent the headline's subjects are in the article
    "subject_missing",  # minus the weight of the headline's subjects that the article lacks
)

COMMON_WEIGHT = 2.0  # idf of a word that stands in one article of three: it says nothing
SPECIFIC_WEIGHT = 3.0  # idf from which a shared word says something: one article in 7
KIN_SHARE = 0.6  # a relative says less than the word itself
# A share of nothing is 0, and one small word found is not yet all: added to what is divided by.
NAME_FLOOR, KIN_FLOOR = 3.0, 2.0
TINY = 1e-9  # instead of no subject at all
# Source: Robertson & Zaragoza (2009), The probabilistic relevance framework: BM25 and beyond.
BM25_SATURATION, BM25_LENGTH = 1.2, 0.75
USUAL_WORDS = 250  # length of an ordinary article


def pair_features(
    host: Host, headline: Headline, found: dict[str, float], tools: Tools
) -> list[float]:
    """Return the features of a pair, in the order of `FEATURES`; `found` is what `ties` gives."""
    weights, total = headline.weights, headline.total
    said = {word: host.mentions(word) for word in weights}
    shared = {word: w for word, w in weights.items() if said[word]}
    lead = host.lead
    akin = {w for w, of in headline.relatives.items() if any(map(host.kin, of))}
    near = {w for w in akin if w not in lead and any(map(host.lead_has_kin, headline.relatives[w]))}
    return [
        sum(shared.values()) / total,
        _partly(weights, shared, akin) / total,
        _partly(weights, lead, near) / total,
        host.best_sentence(weights) / total,
        _recall(host.title_weights, headline),
        _recall(host.key_weights, headline),
        sum([w - SPECIFIC_WEIGHT for w in shared.values() if w > SPECIFIC_WEIGHT]),
        sum([w * _saturated(said[word], host.n_words) for word, w in shared.items()]),
        _phrases(host, headline),
        *_said(found, headline, tools),
        _names(host, headline, shared, tools),
        _families(host, headline, tools),
        float(headline.direction @ host.direction),
        *_subjects(host, headline, tools),
    ]


def ties(host: Host, headline: Headline) -> dict[str, float]:
    """Return the headline's words that are not common, and how much the article says each.

    That is how rare the word is times how often, in logs, the article has it or, at a discount, its
    kin; 0 for a word that it lacks.
    """
    found = {}
    for word, weight in headline.weights.items():
        if weight > COMMON_WEIGHT:
            kin = max(map(host.kin, headline.relatives.get(word, ())), default=0)
            said = max(math.log1p(host.mentions(word)), KIN_SHARE * math.log1p(kin))
            found[word] = (weight - COMMON_WEIGHT) * said
    return found


def _partly(weights: dict[str, float], found: Container[str], akin: Container[str]) -> float:
    """Return the weight of the words found; one of which only kin is found counts in part."""
    return sum(
        [
            w if word in found else w * KIN_SHARE
            for word, w in weights.items()
            if word in found or word in akin
        ]
    )


def _phrases(host: Host, headline: Headline) -> float:
    """Return the weight of the neighbouring words that both have, by how often the article does."""
    weights = headline.weights
    return sum(
        math.log1p(times) * min(weights[one], weights[two])
        for one, two in headline.pairs
        if (times := host.pairs(one, two))
    )


def _said(found: dict[str, float], headline: Headline, tools: Tools) -> list[float]:
    """Return the ties of all words and of what happens, and minus the places that are missing."""
    places, actors = tools.kin.places, tools.kin.actors
    return [
        sum(found.values()),
        sum(tie for word, tie in found.items() if word not in places and word not in actors),
        -sum(
            headline.weights[word] - COMMON_WEIGHT
            for word, tie in found.items()
            if tie == 0 and word in places
        ),
    ]


def _names(host: Host, headline: Headline, shared: Container[str], tools: Tools) -> float:
    """Return the share of the headline's names, by weight, that the article has."""
    named = {
        word: w * (1.0 if host.names(word) else tools.vocabulary.name(word))
        for word, w in headline.weights.items()
    }
    found = [w for word, w in named.items() if word in shared]
    return sum(found) / (sum(named.values()) + NAME_FLOOR)


def _families(host: Host, headline: Headline, tools: Tools) -> float:
    """Return the share of the headline's families, by weight, that the article has."""
    weights = tools.family_weights
    found = sum(weights[f] for f in headline.families if host.kin(f))
    return found / (sum(weights[f] for f in headline.families) + KIN_FLOOR)


def _subjects(host: Host, headline: Headline, tools: Tools) -> tuple[float, float]:
    """Return how prominent the headline's subjects are, and minus the weight of those missing."""
    weights, found = tools.subject_weights, host.subjects
    named = headline.subjects
    most = max(max(found, default=0.0), TINY)
    share = sum(weights[s] * (found[s] / most) for s in named)
    missing = sum(weights[s] for s in named if found[s] == 0)
    return share / max(sum(weights[s] for s in named), TINY), -missing


def _saturated(mentions: int, n_words: int) -> float:
    """Return BM25's count of a word: it rises ever slower, and slower in a long article."""
    length = 1 - BM25_LENGTH + BM25_LENGTH * n_words / USUAL_WORDS
    return mentions * (BM25_SATURATION + 1) / (mentions + BM25_SATURATION * length)


def _recall(wanted: dict[str, float], headline: Headline) -> float:
    """Return the share, by weight, of the wanted words that a headline has."""
    total = sum(wanted.values()) or 1.0
    has, lowered = headline.weights, headline.lowered
    found = [
        weight
        for word, weight in wanted.items()
        if word in has or (len(word) >= MIN_STEM_CHARS and word in lowered)
    ]
    return sum(found) / total
