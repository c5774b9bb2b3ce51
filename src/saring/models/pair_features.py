"""Pairs (article, headline) to numbers: how much of the headline is at home in the article."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.models.pair_vocabulary import (
    DAMPED,
    LatentSpace,
    TermGroups,
    Vocabulary,
    capitalised,
    glued_parts,
    separate_words,
)
from saring.text import Bag, GroupCounter, Splitter, runs, words

# An article as the features see it; made once for all its links. And a headline likewise.


LEAD_WORDS = 80  # the first two or three paragraphs
LEAD_CHARS = LEAD_WORDS * 20  # all of which are looked for in so many characters
LATENT_CHARS = 600  # the title and the first two or three paragraphs
# Far longer than any article. Each link is looked for in the whole text: a book with thousands of
# links would cost their product.
BODY_CHARS = 100_000
MIN_STEM_CHARS = 4  # a shorter word stands inside too many others ("as" in "tugas")
MIN_KEY_CHARS = 3
KEY_TERMS = 20  # the terms of highest TF-IDF that stand for an article
# Letters whose small form is longer than they are, or hangs on their neighbours.
_ODD_LETTERS = ("İ", "Σ")
_BEFORE_INSIDE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789,")  # see `capitalised`


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """What was learned and is looked up for every pair."""

    vocabulary: Vocabulary
    term_groups: TermGroups
    family_weights: list[float]
    subjects: GroupCounter
    subject_weights: list[float]
    latent: LatentSpace
    splitter: Splitter


class Headline:
    """A headline as the features see it.

    Attributes
    ----------
    weights : dict of str to float
        Its words, in order, and how rare they are.
    total : float
        Their sum; 1 where there is no word.
    relatives : dict of str to set of int
        Its words that have related terms, and their families.
    families : frozenset of int
    pairs : tuple of (str, str)
        Neighbouring words, each two once and in order: a sum over a set of them would have other
        last digits in each process.
    subjects : list of int
        The groups of the lexicon that it names.
    direction : (n_dimensions,) array
        Where it lies in the latent space.
    """

    def __init__(self, text: str, tools: Tools) -> None:
        plain = words(text)
        found = plain + glued_parts(text)
        self.lowered = text.lower()
        self.weights = {word: tools.vocabulary.weight(word) for word in found}
        self.total = sum(self.weights.values()) or 1.0
        self.relatives, families = tools.term_groups.relatives(found)
        self.families = frozenset(families)
        self.pairs = tuple(dict.fromkeys(pairwise(found)))
        named = tools.subjects.count(Bag(plain))
        self.subjects = [group for group, times in enumerate(named) if times]
        self.direction = tools.latent.direction(plain)


class Sentences:
    """The sentences of an article's body: which of them have a word, read once for all headlines.

    Parameters
    ----------
    body : str
    splitter : Splitter
    glued : bool
        Whether it may have words that are glued together.
    """

    def __init__(self, body: str, splitter: Splitter, *, glued: bool = True) -> None:
        read = separate_words if glued else runs
        self._having: dict[str, Any] = {}
        self._size = 0
        for self._size, sentence in enumerate(splitter.sentences(body), 1):
            for word in set(read(sentence)):
                self._having.setdefault(word, []).append(self._size - 1)

    def best(self, weights: dict[str, float]) -> float:
        """Return the weight of the words found in the sentence that has most of it."""
        totals = np.zeros(self._size)
        for word, weight in weights.items():
            if word in self._having:
                self._having[word] = numbers = np.asarray(self._having[word])
                totals[numbers] += weight
        return float(totals.max(initial=0.0))


class ArticleText:
    """An article, of a very long one the beginning; what it has is counted when first asked for."""

    def __init__(self, title: str, body: str, tools: Tools) -> None:
        body = body[:BODY_CHARS]
        self.title = title
        self.text = f"{title}\n{body}"
        self._body = body
        self._tools = tools
        self._lowered = self.text.lower()
        self._odd = any(letter in self.text for letter in _ODD_LETTERS)
        # Cut at a space, so that the words of the lead need no second reading.
        cut = max(body.rfind(" ", 0, LEAD_CHARS), 0)
        self._head = runs(body[:cut])
        self._plain = Bag([*runs(title), *self._head, *runs(body[cut:])])
        parts = glued_parts(self.text)
        self._unglued = not parts
        self._bag = self._plain.followed_by(parts)
        self.n_words = self._bag.size
        self._mentions: dict[str, int] = {}
        self._kin: dict[int, int] = {}
        self._named: dict[str, bool] = {}

    def mentions(self, word: str) -> int:
        """Return how often the article has a word, alone or inside a longer one."""
        known = self._mentions.get(word)
        if known is None:
            inside = self._lowered.count(word) if len(word) >= MIN_STEM_CHARS else 0
            known = self._mentions[word] = max(self._bag.counts.get(word, 0), inside)
        return known

    def _stands(self, word: str) -> bool:
        """Whether the text has a run of characters, be it inside a word or short."""
        return self.mentions(word) > 0 or (len(word) < MIN_STEM_CHARS and word in self._lowered)

    def term_groups(self, family: int) -> int:
        """Return how often the article has a family of words."""
        known = self._kin.get(family)
        if known is None:
            known = self._kin[family] = self._tools.term_groups.count(family, self._bag)
        return known

    def lead_has_group(self, family: int) -> bool:
        """Whether the title or the first paragraphs have a family of words."""
        return self._tools.term_groups.count(family, self._lead_bag) > 0

    def pairs(self, one: str, two: str) -> int:
        """Return how often a word stands directly before another."""
        return self._bag.pairs(one, two)

    def names(self, word: str) -> bool:
        """Whether a word has a capital inside a sentence of the body."""
        known = self._named.get(word)
        if known is None:
            known = self._named[word] = self._finds_name(word)
        return known

    def _finds_name(self, word: str) -> bool:
        """Look for a word with a capital inside a sentence of the body."""
        if self._odd:
            return word in self._capitalised
        if word not in self._plain.counts:
            return False
        text, lowered, length = self.text, self._lowered, len(word) + 1
        at = lowered.find(f" {word}", len(self.title) + 1)
        while at >= 0:
            after = text[at + length : at + length + 1]
            if text[at + 1].isupper() and text[at - 1] in _BEFORE_INSIDE and not (after.isalnum() or after == "_"):
                return True
            at = lowered.find(f" {word}", at + length)
        return False

    def best_sentence(self, weights: dict[str, float]) -> float:
        """Return the weight of the words found in the sentence of the body that has most of it."""
        if not self._odd:  # what the article lacks none of its sentences has
            weights = {w: weight for w, weight in weights.items() if self._stands(w)}
        return self._sentences.best(weights) if weights else 0.0

    @cached_property
    def lead(self) -> frozenset[str]:
        """Words of the first paragraphs."""
        return frozenset(self._lead)

    @cached_property
    def title_weights(self) -> dict[str, float]:
        """Words of the title and their weights."""
        weight = self._tools.vocabulary.weight
        return {word: weight(word) for word in self._title}

    @cached_property
    def key_weights(self) -> dict[str, float]:
        """The terms of highest TF-IDF and their weights."""
        idf, unseen = self._tools.vocabulary.idf, self._tools.vocabulary.unseen
        counts = self._bag.counts
        terms = [word for word in counts if len(word) >= MIN_KEY_CHARS]
        tfidf = [DAMPED[counts[word]] * idf.get(word, unseen) for word in terms]
        # Sorting numbers alone is quicker than sorting all terms with them.
        least = sorted(tfidf)[-KEY_TERMS] if len(tfidf) > KEY_TERMS else 0.0
        best = [(-w, word) for w, word in zip(tfidf, terms, strict=True) if w >= least]
        return {word: -weight for weight, word in sorted(best)[:KEY_TERMS]}

    @cached_property
    def subjects(self) -> list[float]:
        """How much it has of each group of the lexicon: the logarithm of counts by rarity."""
        found = self._tools.subjects.count(self._plain)
        return [math.log1p(times) * weight for times, weight in zip(found, self._tools.subject_weights, strict=True)]

    @cached_property
    def direction(self) -> NDArray[np.float64]:
        """Where its title and lead lie in the latent space, shape (n_dimensions,)."""
        return self._tools.latent.direction(words(self.text[:LATENT_CHARS]))

    @cached_property
    def _sentences(self) -> Sentences:
        return Sentences(self._body, self._tools.splitter, glued=not self._unglued)

    @cached_property
    def _title(self) -> list[str]:
        return separate_words(self.title)

    @cached_property
    def _capitalised(self) -> set[str]:
        return capitalised(self._body)

    @cached_property
    def _lead(self) -> list[str]:
        found = [word for word in self._head[: 2 * LEAD_WORDS] if len(word) > 1]
        if len(found) < LEAD_WORDS:
            found = separate_words(self._body[:LEAD_CHARS])
        return found[:LEAD_WORDS]

    @cached_property
    def _lead_bag(self) -> Bag:
        return Bag([*self._title, *self._lead])


# One pair (article, headline) to numbers, each rising with relatedness.


FEATURES = (
    "overlap",  # share of the headline's word weight that stands anywhere in the article
    "group_overlap",  # ... with words that only have related terms there counted in part
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
    "groups",  # share of the headline's families of words, by weight, that the article has
    "latent_lead",  # cosine with the title and lead in the latent space of the background
    "subject_share",  # how prominent the headline's subjects are in the article
    "subject_missing",  # minus the weight of the headline's subjects that the article lacks
)

COMMON_WEIGHT = 2.0  # idf of a word that stands in one article of three: it says nothing
SPECIFIC_WEIGHT = 3.0  # idf from which a shared word says something: one article in 7
GROUP_SHARE = 0.6  # a relative says less than the word itself
# A share of nothing is 0, and one small word found is not yet all: added to what is divided by.
NAME_FLOOR, GROUP_FLOOR = 3.0, 2.0
TINY = 1e-9  # instead of no subject at all
# Source: Robertson & Zaragoza (2009), The probabilistic relevance framework: BM25 and beyond.
BM25_SATURATION, BM25_LENGTH = 1.2, 0.75
USUAL_WORDS = 250  # length of an ordinary article


def pair_features(article: ArticleText, headline: Headline, found: dict[str, float], tools: Tools) -> list[float]:
    """Return the features of a pair, in the order of `FEATURES`; `found` is what `ties` gives."""
    weights, total = headline.weights, headline.total
    said = {word: article.mentions(word) for word in weights}
    shared = {word: w for word, w in weights.items() if said[word]}
    lead = article.lead
    akin = {w for w, of in headline.relatives.items() if any(map(article.term_groups, of))}
    near = {w for w in akin if w not in lead and any(map(article.lead_has_group, headline.relatives[w]))}
    return [
        sum(shared.values()) / total,
        _partly(weights, shared, akin) / total,
        _partly(weights, lead, near) / total,
        article.best_sentence(weights) / total,
        _recall(article.title_weights, headline),
        _recall(article.key_weights, headline),
        sum([w - SPECIFIC_WEIGHT for w in shared.values() if w > SPECIFIC_WEIGHT]),
        sum([w * _saturated(said[word], article.n_words) for word, w in shared.items()]),
        _phrases(article, headline),
        *_said(found, headline, tools),
        _names(article, headline, shared, tools),
        _families(article, headline, tools),
        float(headline.direction @ article.direction),
        *_subjects(article, headline, tools),
    ]


def ties(article: ArticleText, headline: Headline) -> dict[str, float]:
    """Return the headline's words that are not common, and how much the article says each.

    That is how rare the word is times how often, in logs, the article has it or, at a discount, its
    related terms; 0 for a word that it lacks.
    """
    found = {}
    for word, weight in headline.weights.items():
        if weight > COMMON_WEIGHT:
            term_groups = max(map(article.term_groups, headline.relatives.get(word, ())), default=0)
            said = max(math.log1p(article.mentions(word)), GROUP_SHARE * math.log1p(term_groups))
            found[word] = (weight - COMMON_WEIGHT) * said
    return found


def _partly(weights: dict[str, float], found: Container[str], akin: Container[str]) -> float:
    """Return the weight of the words found; one with related terms alone counts in part."""
    return sum(
        [w if word in found else w * GROUP_SHARE for word, w in weights.items() if word in found or word in akin]
    )


def _phrases(article: ArticleText, headline: Headline) -> float:
    """Return the weight of the neighbouring words that both have, by how often the article does."""
    weights = headline.weights
    return sum(
        math.log1p(times) * min(weights[one], weights[two])
        for one, two in headline.pairs
        if (times := article.pairs(one, two))
    )


def _said(found: dict[str, float], headline: Headline, tools: Tools) -> list[float]:
    """Return the ties of all words and of what happens, and minus the places that are missing."""
    places, actors = tools.term_groups.places, tools.term_groups.actors
    return [
        sum(found.values()),
        sum(tie for word, tie in found.items() if word not in places and word not in actors),
        -sum(headline.weights[word] - COMMON_WEIGHT for word, tie in found.items() if tie == 0 and word in places),
    ]


def _names(article: ArticleText, headline: Headline, shared: Container[str], tools: Tools) -> float:
    """Return the share of the headline's names, by weight, that the article has."""
    named = {
        word: w * (1.0 if article.names(word) else tools.vocabulary.name(word)) for word, w in headline.weights.items()
    }
    found = [w for word, w in named.items() if word in shared]
    return sum(found) / (sum(named.values()) + NAME_FLOOR)


def _families(article: ArticleText, headline: Headline, tools: Tools) -> float:
    """Return the share of the headline's families, by weight, that the article has."""
    weights = tools.family_weights
    found = sum(weights[f] for f in headline.families if article.term_groups(f))
    return found / (sum(weights[f] for f in headline.families) + GROUP_FLOOR)


def _subjects(article: ArticleText, headline: Headline, tools: Tools) -> tuple[float, float]:
    """Return how prominent the headline's subjects are, and minus the weight of those missing."""
    weights, found = tools.subject_weights, article.subjects
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
        weight for word, weight in wanted.items() if word in has or (len(word) >= MIN_STEM_CHARS and word in lowered)
    ]
    return sum(found) / total
