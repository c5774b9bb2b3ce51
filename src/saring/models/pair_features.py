"""Features of a pair (article, headline): how much of the headline the article shares, and by which words.

A word counts as shared when the article has it, or has it inside a longer word: that finds affixed forms (``naik`` in
``kenaikan``) and words that scraping glued together. An article is read once for all its headlines.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from saring.models.parameters import PairParameters
from saring.models.vocabulary import (
    DAMPED,
    NAME_PRIOR,
    Bag,
    GroupCounter,
    LatentSpace,
    Relations,
    TermGroups,
    capitalised,
    unseen_weight,
)
from saring.text import Splitter, read

Pair = tuple[str, str, str]  # title and body of the article, headline of the link


class Features(NamedTuple):
    """The features of a pair: all there is to say of their names, number and order.

    Each rises with relatedness: what speaks against it is below 0. So the fitted coefficients have one sign, and one
    penalty (`LinkConfig.C`) is on all of them, each scaled to a spread of 1. New ones come last: a model that an
    earlier saring trained reads as many as it knows, the first ones.
    """

    overlap: Annotated[float, "share of the headline's word weight that stands anywhere in the article"]
    group_overlap: Annotated[float, "that share, with words that only have related terms there counted in part"]
    lead_overlap: Annotated[float, "share of the headline's word weight that stands in the article's first words"]
    sentence_overlap: Annotated[float, "share of the headline's word weight in the sentence that has most of it"]
    title_recall: Annotated[float, "share of the title's word weight that the headline repeats"]
    key_recall: Annotated[float, "share of the article's key terms, by weight, that the headline names"]
    specific: Annotated[float, "weight of the shared words above what any two articles share"]
    saturated: Annotated[float, "weight of the shared words, the more often said the more, up to a bound (BM25)"]
    phrases: Annotated[float, "weight of the neighbouring words shared, by how often the article has them"]
    mentions: Annotated[float, "how often, in logs, the article says the headline's words; common words left out"]
    matter: Annotated[float, "the same, places and everyday actors left out: they relate no two stories"]
    missing_places: Annotated[float, "minus the weight of the headline's places that the article lacks"]
    names: Annotated[float, "share of the headline's names, by weight, that the article has"]
    groups: Annotated[float, "share of the headline's groups of terms, by weight, that the article has"]
    latent_lead: Annotated[float, "cosine with the title and lead in the latent space of the background"]
    subject_share: Annotated[float, "how prominent the headline's subjects are in the article"]
    subject_missing: Annotated[float, "minus the weight of the headline's subjects that the article lacks"]
    known_names: Annotated[float, "share of the headline's known names that the article has, or a companion of"]
    missing_names: Annotated[float, "minus the weight of the known names that it lacks with all companions"]


FEATURES = Features._fields
FEWEST_FEATURES = FEATURES.index("known_names")  # that a model reads
BASELINE = FEATURES.index("overlap")  # the column that alone tells most, which a model is compared with


def feature_meanings() -> dict[str, str]:
    """Return what each feature is, in words."""
    hints = get_type_hints(Features, include_extras=True)
    return {name: hints[name].__metadata__[0] for name in FEATURES}


LEAD_WORDS = 80  # the first two or three paragraphs
LEAD_CHARS = LEAD_WORDS * 20  # all of which are looked for in so many characters
LATENT_CHARS = 600  # the title and the first two or three paragraphs
# Far longer than any article: each link is looked for in the whole text, so a book's links would cost their product.
BODY_CHARS = 100_000
MIN_STEM_CHARS = 4  # a shorter word stands inside too many others ("as" in "tugas")
MIN_KEY_CHARS = 3
KEY_TERMS = 20  # the terms of highest TF-IDF that stand for an article
COMMON_WEIGHT = 2.0  # idf of a word that stands in one article of three: it says nothing
SPECIFIC_WEIGHT = 3.0  # idf from which a shared word says something: one article in 7
GROUP_SHARE = 0.6  # a related term says less than the word itself
MOST_NAME = 10.0  # what a known name weighs at most
# A share of nothing is 0, and one small word found is not yet all: added to what is divided by.
LEAST_NAME, LEAST_GROUP = 3.0, 2.0
TINY = 1e-9  # instead of no subject at all
# Source: Robertson & Zaragoza (2009), The probabilistic relevance framework: BM25 and beyond.
BM25_SATURATION, BM25_LENGTH = 1.2, 0.75
USUAL_WORDS = 250  # length of an ordinary article
TELLING_WEIGHT = 5.0  # idf from which a word outside the lexicon tells a person something
MIN_TELLING_CHARS = 3


class Tools:
    """What every pair is looked up in, from the fitted parameters."""

    def __init__(self, fitted: PairParameters) -> None:
        # How rare each word is (natural log, from 1 up). Common words come first: they lie beside each other in
        # memory, and most look-ups are of them.
        idf: list[float] = fitted.idf.tolist()
        self.idf = {fitted.words[i]: idf[i] for i in fitted.idf.argsort(kind="stable").tolist()}
        self.unseen = unseen_weight(fitted.idf, fitted.min_df)
        self.names: dict[str, float] = dict(zip(fitted.words, fitted.names.tolist(), strict=True))
        self.lexicon = {term for group in fitted.lexicon.values() for term in group}
        self.subjects = GroupCounter(fitted.lexicon.values())
        self.subject_weights: list[float] = fitted.subject_weights.tolist()
        self.term_groups = TermGroups(fitted.term_groups)
        self.group_weights: list[float] = fitted.family_weights.tolist()
        self.latent = LatentSpace(fitted.latent_words, fitted.latent_idf, fitted.axes)
        self.relations = Relations(fitted.relations)
        self.splitter = Splitter(fitted.abbreviations)

    def weights(self, words: Sequence[str]) -> dict[str, float]:
        """Return how rare each word is."""
        idf, unseen = self.idf, self.unseen
        return {word: idf.get(word, unseen) for word in words}


class Headline:
    """A headline as the features see it."""

    def __init__(self, text: str, tools: Tools) -> None:
        [(plain, parts)] = read(text)
        bag = Bag(plain)
        found = bag.words + parts
        self.lowered = text.lower()
        self.weights = tools.weights(found)  # how rare its words are, in their order
        self.total = sum(self.weights.values()) or 1.0
        self.related, groups = tools.term_groups.related(found)  # its words that have related terms, with their groups
        self.groups = frozenset(groups)
        # Neighbouring words, each two once and in order: a sum over a set would have other last digits in each process.
        self.pairs = list(dict.fromkeys(pairwise(found)))
        self.subjects = [group for group, times in enumerate(tools.subjects.count(bag)) if times]
        self.direction = tools.latent.direction(bag.words)
        # The known names, and what each weighs: how rare its words are.
        self.names = {name: self._rarity(name) for name in tools.relations.names(bag.words)}

    def _rarity(self, name: str) -> float:
        return min(sum([self.weights[word] - 1.0 for word in name.split()]), MOST_NAME)


class Sentences:
    """The sentences of an article's body: which of them have a word, read once for all headlines."""

    def __init__(self, body: str, splitter: Splitter) -> None:
        self._having: dict[str, Any] = {}
        sentences = splitter.sentence_words(body)
        self._size = len(sentences)
        for number, words in enumerate(sentences):
            for word in set(words):
                self._having.setdefault(word, []).append(number)

    def best(self, weights: dict[str, float]) -> float:
        """Return the weight of the words found in the sentence that has most of it."""
        totals = np.zeros(self._size)
        for word, weight in weights.items():
            if word in self._having:
                self._having[word] = numbers = np.asarray(self._having[word])
                totals[numbers] += weight
        return float(totals.max(initial=0.0))


class ArticleText:
    """An article as the features see it; of a very long one the beginning."""

    def __init__(self, title: str, body: str, tools: Tools) -> None:
        self.body = body[:BODY_CHARS]
        text = f"{title}\n{self.body}"
        self._tools = tools
        self._lowered = text.lower()
        self._mentions: dict[str, int] = {}
        (runs, parts), *beginnings = read(text, title, self.body[:LEAD_CHARS], text[:LATENT_CHARS])
        plain = Bag(runs)
        self.bag = Bag(runs + parts) if parts else plain  # with glued words also taken apart
        titled, lead, latent = ([word for word in found if len(word) > 1] for found, _ in beginnings)
        titled, lead = titled + beginnings[0][1], (lead + beginnings[1][1])[:LEAD_WORDS]
        self.lead = set(lead)
        self.groups = tools.term_groups.counter.count(self.bag)  # how often it has each group of terms
        self.lead_groups = tools.term_groups.counter.count(Bag(titled + lead))
        self.title_weights = tools.weights(titled)
        self.key_weights = self._key_weights()
        counts = zip(tools.subjects.count(plain), tools.subject_weights, strict=True)
        self.subjects = [math.log1p(times) * weight for times, weight in counts]  # how much it has of each
        self.direction = tools.latent.direction(latent)
        self._plain = plain

    def mentions(self, word: str) -> int:
        """Return how often the article has a word, alone or inside a longer one."""
        if word not in self._mentions:
            inside = self._lowered.count(word) if len(word) >= MIN_STEM_CHARS else 0
            self._mentions[word] = max(self.bag.counts.get(word, 0), inside)
        return self._mentions[word]

    def has(self, term: str) -> bool:
        """Return whether the article has a word, or neighbouring words, as they are."""
        words = term.split()
        return words[0] in self._plain.counts and (len(words) == 1 or self._plain.times(words) > 0)

    @cached_property
    def names(self) -> set[str]:
        """Words with a capital inside a sentence of the body."""
        return capitalised(self.body)

    @cached_property
    def sentences(self) -> Sentences:
        """The sentences of the body."""
        return Sentences(self.body, self._tools.splitter)

    def _key_weights(self) -> dict[str, float]:
        """Return the terms of highest TF-IDF and their weights."""
        idf, unseen, counts = self._tools.idf, self._tools.unseen, self.bag.counts
        terms = [word for word in counts if len(word) >= MIN_KEY_CHARS]
        tfidf = [DAMPED[counts[word]] * idf.get(word, unseen) for word in terms]
        # Sorting numbers alone is quicker than sorting all terms with them.
        least = sorted(tfidf)[-KEY_TERMS] if len(tfidf) > KEY_TERMS else 0.0
        best = [(-w, word) for w, word in zip(tfidf, terms, strict=True) if w >= least]
        return {word: -weight for weight, word in sorted(best)[:KEY_TERMS]}


def pair_features(
    article: ArticleText, headline: Headline, evidence: dict[str, float], met: dict[str, str], tools: Tools
) -> Features:
    """Return the features of a pair; `evidence` and `met` are what `word_evidence` and `names_met` give for it."""
    weights, total = headline.weights, headline.total
    said = {word: article.mentions(word) for word in weights}
    shared = {word: w for word, w in weights.items() if said[word]}
    related = {w for w, groups in headline.related.items() if any([article.groups[g] for g in groups])}
    near = {w for w in related - article.lead if any([article.lead_groups[g] for g in headline.related[w]])}
    places, actors = tools.term_groups.places, tools.term_groups.actors
    # How often a word is said counts ever less, and less in a long article.
    bend = BM25_SATURATION * (1 - BM25_LENGTH + BM25_LENGTH * article.bag.size / USUAL_WORDS)
    named = {w: v * (1.0 if w in article.names else tools.names.get(w, NAME_PRIOR)) for w, v in weights.items()}
    groups = tools.group_weights
    groups_total = sum([groups[g] for g in headline.groups]) + LEAST_GROUP
    known, found = sum(headline.names.values()), sum([w for name, w in headline.names.items() if name in met])
    subject_share, subject_missing = _subjects(article.subjects, headline.subjects, tools.subject_weights)
    return Features(
        overlap=sum(shared.values()) / total,
        group_overlap=_partly(weights, shared, related) / total,
        lead_overlap=_partly(weights, article.lead, near) / total,
        sentence_overlap=article.sentences.best(weights) / total,
        title_recall=_recall(article.title_weights, headline),
        key_recall=_recall(article.key_weights, headline),
        specific=sum([w - SPECIFIC_WEIGHT for w in shared.values() if w > SPECIFIC_WEIGHT]),
        saturated=sum([w * (said[word] * (BM25_SATURATION + 1) / (said[word] + bend)) for word, w in shared.items()]),
        phrases=sum(
            math.log1p(times) * min(weights[pair[0]], weights[pair[1]])
            for pair in headline.pairs
            if (times := article.bag.times(pair))
        ),
        mentions=sum(evidence.values()),
        matter=sum([found for word, found in evidence.items() if word not in places and word not in actors]),
        missing_places=-sum([weights[w] - COMMON_WEIGHT for w, found in evidence.items() if not found and w in places]),
        names=sum([w for word, w in named.items() if word in shared]) / (sum(named.values()) + LEAST_NAME),
        groups=sum([groups[g] for g in headline.groups if article.groups[g]]) / groups_total,
        latent_lead=float(headline.direction @ article.direction),
        subject_share=subject_share,
        subject_missing=subject_missing,
        known_names=found / (known + LEAST_NAME),
        missing_names=found - known,
    )


def word_evidence(article: ArticleText, headline: Headline) -> dict[str, float]:
    """Return the headline's words that are not common, and how much the article says each.

    That is how rare the word is times how often, in logs, the article has it or, at a discount, its related terms;
    0 for a word that it lacks.
    """
    found = {}
    for word, weight in headline.weights.items():
        if weight > COMMON_WEIGHT:
            related = max([article.groups[group] for group in headline.related.get(word, ())], default=0)
            said = max(math.log1p(article.mentions(word)), GROUP_SHARE * math.log1p(related))
            found[word] = (weight - COMMON_WEIGHT) * said
    return found


def names_met(article: ArticleText, headline: Headline, tools: Tools) -> dict[str, str]:
    """Return the headline's known names of which the article has one companion or themselves, with the first it has."""
    met = {}
    for name in headline.names:
        if term := name if article.has(name) else next(filter(article.has, tools.relations.companions[name]), ""):
            met[name] = term
    return met


def _partly(weights: dict[str, float], found: Container[str], related: Container[str]) -> float:
    """Return the weight of the words found; one with related terms alone counts in part."""
    return sum(
        [w if word in found else w * GROUP_SHARE for word, w in weights.items() if word in found or word in related]
    )


def _recall(wanted: dict[str, float], headline: Headline) -> float:
    """Return the share, by weight, of the wanted words that a headline has."""
    has, lowered = headline.weights, headline.lowered
    found = [w for word, w in wanted.items() if word in has or (len(word) >= MIN_STEM_CHARS and word in lowered)]
    return sum(found) / (sum(wanted.values()) or 1.0)


def _subjects(found: list[float], named: list[int], weights: list[float]) -> tuple[float, float]:
    """Return how prominent the headline's subjects are, and minus the weight of those missing."""
    most = max(max(found, default=0.0), TINY)
    share = sum([weights[s] * (found[s] / most) for s in named])
    missing = sum([weights[s] for s in named if found[s] == 0])
    return share / max(sum([weights[s] for s in named]), TINY), -missing


class Evidence(NamedTuple):
    """A word that speaks for a headline's being related to an article."""

    word: str
    weight: float  # how rare it is, and how often the article says it: its part in the feature ``mentions``
    shared: bool  # whether the article has the word itself; otherwise it has the word's related terms
    companion: str = ""  # of a known name that the article lacks: what it has instead


class PairScorer:
    """The features of pairs in plain Python."""

    def __init__(self, parameters: PairParameters) -> None:
        self.tools = Tools(parameters)

    def features_and_evidence(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Evidence]]]:
        """Return the features of each pair, and its words that tell a person why, the weightiest first.

        A pair whose headline has no text has features of 0. Numbers tell nothing, nor do words that are neither in the
        lexicon nor rare: many articles share them ("soal", "usai").
        """
        features = np.zeros((len(pairs), len(FEATURES)))
        evidence: list[list[Evidence]] = [[] for _ in pairs]
        for (title, body), places in by_article(pairs).items():
            article = ArticleText(title, body, self.tools)
            for i in places:
                headline = Headline(pairs[i][2], self.tools)
                parts = word_evidence(article, headline)
                met = names_met(article, headline, self.tools)
                features[i] = pair_features(article, headline, parts, met, self.tools)
                for word, part in parts.items():
                    least = SPECIFIC_WEIGHT if word in self.tools.lexicon else TELLING_WEIGHT
                    telling = len(word) >= MIN_TELLING_CHARS and not word.isdigit() and headline.weights[word] >= least
                    if part > 0 and telling:
                        evidence[i].append(Evidence(word, part, article.mentions(word) > 0))
                evidence[i] += [Evidence(n, headline.names[n], False, term) for n, term in met.items() if term != n]
                evidence[i].sort(key=lambda term: (-term.weight, term.word))
        return features, evidence


def by_article(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[int]]:
    """Return the places of the pairs whose headline has text, by title and body."""
    articles: dict[tuple[str, str], list[int]] = {}
    for i, (title, body, headline) in enumerate(pairs):
        if headline.strip():
            articles.setdefault((title, body), []).append(i)
    return articles
