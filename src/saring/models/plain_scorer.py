"""Scores in plain Python from fitted parameters: topics, out-of-domain, clickbait, links."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain, pairwise, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saring.models.pair_features import FEATURES, SPECIFIC_WEIGHT, ArticleText, Headline, Tools, pair_features, ties
from saring.models.pair_vocabulary import DAMPED, LatentSpace, TermGroups, Vocabulary, unseen_weight
from saring.models.parameters import ClickbaitParameters, PairParameters, TermWeights, TopicParameters
from saring.text import (
    FRAMED_TOKEN,
    LEAD_CHARS,
    SHARE_SCALE,
    Bag,
    GroupCounter,
    Row,
    Splitter,
    field_text,
    framed,
    runs,
    words,
)

# Pairs judged: their features, and the words that tell why, from what fitting learned.


Pair = tuple[str, str, str]  # title and body of the article, headline of the link

TELLING_WEIGHT = 5.0  # idf from which a word outside the lexicon tells a person something
MIN_TELLING_CHARS = 3


class Tie(NamedTuple):
    """A word that ties a headline to an article.

    Attributes
    ----------
    word : str
    weight : float
        How rare it is, and how often the article says it: its part in the feature ``mentions``.
    shared : bool
        Whether the article has the word itself; otherwise it has the word's related terms.
    """

    word: str
    weight: float
    shared: bool


class PairScorer:
    """What plain Python says of pairs.

    Parameters
    ----------
    learned : PairParameters
    """

    def __init__(self, parameters: PairParameters) -> None:
        self._known = {term for group in parameters.lexicon.values() for term in group}
        self._tools = Tools(
            vocabulary=Vocabulary(parameters.words, parameters.idf, parameters.names, parameters.min_df),
            term_groups=TermGroups(parameters.term_groups),
            family_weights=parameters.family_weights.tolist(),
            subjects=GroupCounter(parameters.lexicon),
            subject_weights=parameters.subject_weights.tolist(),
            latent=LatentSpace(parameters.latent_words, parameters.latent_idf, parameters.axes),
            splitter=Splitter(parameters.abbreviations),
        )

    def features(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the features of each pair, in the order of `FEATURES`."""
        found = np.zeros((len(pairs), len(FEATURES)))
        for i, article, headline in self._met(pairs):
            found[i] = pair_features(article, headline, ties(article, headline), self._tools)
        return found

    def ties(self, pair: Pair) -> list[Tie]:
        """Return the headline's words that tie it to the article, the weightiest first.

        Words that many articles share ("soal", "usai") and numbers are left out.
        """
        for _, article, headline in self._met([pair]):
            return self._told(article, headline, ties(article, headline))
        return []

    def features_and_ties(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], list[list[Tie]]]:
        """Return what `features` and, pair by pair, `ties` say, at the cost of the first."""
        features = np.zeros((len(pairs), len(FEATURES)))
        told: list[list[Tie]] = [[] for _ in pairs]
        for i, article, headline in self._met(pairs):
            found = ties(article, headline)
            features[i] = pair_features(article, headline, found, self._tools)
            told[i] = self._told(article, headline, found)
        return features, told

    def weight(self, word: str) -> float:
        """Return how rare a word is: its idf in the training articles (natural log, from 1 up)."""
        return self._tools.vocabulary.weight(word)

    def _met(self, pairs: Sequence[Pair]) -> Iterator[tuple[int, ArticleText, Headline]]:
        """Yield the place of each pair that is no background, article by article."""
        for (title, body), places in by_article(pairs).items():
            article = ArticleText(title, body, self._tools)
            for i in places:
                yield i, article, Headline(pairs[i][2], self._tools)

    def _told(self, article: ArticleText, headline: Headline, found: dict[str, float]) -> list[Tie]:
        """Return the ties that tell a person something, the weightiest first."""
        told = [
            Tie(word, weight, shared=article.mentions(word) > 0)
            for word, weight in found.items()
            if weight > 0 and self._tells(word, headline.weights[word])
        ]
        return sorted(told, key=lambda tie: (-tie.weight, tie.word))

    def _tells(self, word: str, weight: float) -> bool:
        """Whether a shared word tells a person something: it is rare, or the lexicon has it."""
        if len(word) < MIN_TELLING_CHARS or word.isdigit():
            return False
        return weight >= (SPECIFIC_WEIGHT if word in self._known else TELLING_WEIGHT)


def by_article(pairs: Sequence[Pair]) -> dict[tuple[str, str], list[int]]:
    """Return the places of the pairs that are no background by title and body."""
    articles: dict[tuple[str, str], list[int]] = {}
    for i, (title, body, headline) in enumerate(pairs):
        if headline.strip():
            articles.setdefault((title, body), []).append(i)
    return articles


# The out-of-domain score: how unlike Indonesian news a text is, by the rarity of its words.


# A headline alone has few words, all of them telling; as many ordinary ones are thought beside it.
PULL_WORDS = 20
ORDINARY_RARITY = 4.3  # mean over real articles, the same to a decimal for every publisher tried
# Malay shares most of its words with Indonesian. One that it alone has weighs as much as so many
# unknown ones: a tenth of Malay news, where Indonesian news has one in a thousand.
MALAY_WEIGHT = 3.0
# News is written in sentences; so many words without the end of one are a menu or a list.
MOST_WORDS_WITHOUT_END = 25
SENTENCE_ENDS = ".?!"
# Of a text without words or sentences: beyond every mean, and a number that a card can hold.
MOST_OUT_OF_DOMAIN = 99.0


def out_of_domain(
    rows: Sequence[Row], terms: Sequence[str], idf: NDArray[np.float64], min_df: int
) -> NDArray[np.float64]:
    """Return how strange (title, body) rows are, shape (n,).

    The mean rarity (idf, natural log, from 1 up) of a row's words; `STRANGEST` where it has no
    word, or no sentence. For the other parameters see `rarities`.
    """
    known, unknown = rarities(terms, idf, min_df)
    totals = [_totals(row, known, unknown) for row in rows]
    return mean_rarity(np.array(totals, dtype=np.float64).reshape(-1, 4))


def rarities(terms: Sequence[str], idf: NDArray[np.float64], min_df: int) -> tuple[dict[str, float], float]:
    """Return the rarity of each word, and that of an unknown one.

    Parameters
    ----------
    terms, idf : sequence of str, (n_terms,) array
        Of the whole texts in a topic model.
    min_df : int
        In how many articles a term had to stand to be among them.
    """
    unknown = unseen_weight(idf, min_df)
    rarity = dict(zip(terms, idf.tolist(), strict=True))
    return rarity | {word: MALAY_WEIGHT * unknown for word in malay_words()}, unknown


@cache
def malay_words() -> frozenset[str]:
    """Return the words of malay.toml, which Malay has and Indonesian has not."""
    table = tomllib.loads(files("saring.models").joinpath("malay.toml").read_text("utf-8"))
    return frozenset(words(table["words"]))


def mean_rarity(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean rarity of rows, pulled towards that of an ordinary article, shape (n,).

    Parameters
    ----------
    totals : (n, 4) array
        Of each row the words, those of the body, whether its body has the end of a sentence, and
        the sum of its words' rarities.
    """
    found, in_body, ends, rarity = totals.T
    mean = (PULL_WORDS * ORDINARY_RARITY + rarity) / (PULL_WORDS + found)
    listed = (ends == 0) & (in_body > MOST_WORDS_WITHOUT_END)
    return np.where((found == 0) | listed, MOST_OUT_OF_DOMAIN, mean)


def _totals(row: Row, idf: Mapping[str, float], unknown: float) -> tuple[float, ...]:
    """Return what `mean_rarity` asks of one row."""
    found, body = words(field_text(row, "all")), row[1]
    ends = any(end in body for end in SENTENCE_ENDS)
    return len(found), len(words(body)), ends, sum(idf.get(word, unknown) for word in found)


# The same answers in plain Python: few rows have them before the kernel is read from the disk.


Numbers = NDArray[np.float64]

_FRAMED_TOKEN = re.compile(FRAMED_TOKEN)


class NotCompiled(Exception):
    """The kernel's table cannot tell two terms apart; plain Python answers in its place."""


class PlainArticles:
    """The topic model.

    Parameters
    ----------
    model : TopicParameters
    """

    def __init__(self, model: TopicParameters) -> None:
        rarity, unknown = rarities(model.whole.terms, model.whole.idf, model.min_df)
        fields = model.fields
        # The words that have a rarity come first.
        self._slots = _Slots(chain(rarity, *(field.terms for field in fields.values())))
        self._fields = {name: _Field(f, self._slots) for name, f in fields.items() if f.terms}
        self._rarity = np.full(len(self._slots.by_term) + 1, unknown)
        self._rarity[: len(rarity)] = list(rarity.values())
        self._counter = GroupCounter(model.lexicon)
        self._in_title, self._shares = np.split(domain_weights(model), 2)
        self._intercept = model.intercept

    def __call__(self, titles: Sequence[str], bodies: Sequence[str]) -> tuple[Numbers, Numbers]:
        """Return probabilities, shape (n, n_topics), and out-of-domain score, shape (n,)."""
        scores = np.tile(self._intercept, (len(titles), 1))
        totals = np.zeros((len(titles), 4))
        for i, (title, body) in enumerate(zip(titles, bodies, strict=True)):
            totals[i] = self._read(title, body, scores[i])
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        return parts / parts.sum(axis=1, keepdims=True), mean_rarity(totals)

    def _read(self, title: str, body: str, scores: Numbers) -> tuple[float, ...]:
        """Add up the scores of one row; return what `mean_rarity` asks of it."""
        heading, text = runs(title), runs(body)
        bags = dict.fromkeys(("title", "lead", "all"), Bag(heading))
        if text:
            bags["lead"] = Bag(heading + runs(body[:LEAD_CHARS]))
            bags["all"] = Bag(heading + text)
        found: dict[Bag, _Found] = {}  # the fields of a headline are one text
        for name, field in self._fields.items():
            bag = bags[name]
            if bag not in found:
                found[bag] = self._slots.find(bag.counts)
            scores += field.scores(found[bag])
        named, whole = bags["title"], bags["all"]
        if len(self._shares):
            told = in_title = self._counter.count(named)
            if whole is not named:
                told = self._counter.count(whole)
            scores += [times > 0 for times in in_title] @ self._in_title
            scores += np.sqrt(np.divide(told, max(1, whole.size))) @ self._shares
        ends = any(end in body for end in SENTENCE_ENDS)
        rarity = self._rarity.take(found[whole].places) @ [*whole.counts.values()]
        return whole.size, whole.size - named.size, ends, float(rarity)


class PlainHeadlines:
    """The clickbait model.

    Parameters
    ----------
    model : ClickbaitParameters
    """

    def __init__(self, model: ClickbaitParameters) -> None:
        self._small = _Slots(chain(model.words.terms, model.known.terms))
        self._written = _Slots(model.cased.terms)
        self._words, self._known = (_Field(b, self._small) for b in (model.words, model.known))
        self._cased = _Field(model.cased, self._written)
        self._intercept = model.intercept

    def __call__(self, headlines: Sequence[str]) -> Numbers:
        """Return the probability of each label, shape (n, 2)."""
        scores = np.full(len(headlines), self._intercept)
        for i, headline in enumerate(headlines):
            small = _FRAMED_TOKEN.findall(framed(headline, cased=False).lower())
            cased = _FRAMED_TOKEN.findall(framed(headline, cased=True))
            found = self._small.find(Counter(small))
            scores[i] += self._known.scores(found)[0]
            scores[i] += self._words.scores(found + self._small.find(_pairs(small)))[0]
            written = self._written.find({**Counter(cased), **_pairs(cased)})
            scores[i] += self._cased.scores(written)[0]
        return two_labels(scores)


def domain_weights(model: TopicParameters) -> Numbers:
    """Return the weights of the domains, shape (2 * n_domains, n_topics).

    The second half is for the roots of shares, without the factor that training gave them.
    """
    weights = np.ascontiguousarray((model.domains * model.domains_scale).T)
    weights[len(model.lexicon) :] *= SHARE_SCALE
    return weights


def two_labels(scores: Numbers) -> Numbers:
    """Return the probabilities of two labels from the log-odds of the second, shape (n, 2)."""
    both = np.empty((len(scores), 2))
    both[:, 1] = np.exp(-np.logaddexp(0, -scores))
    both[:, 0] = 1 - both[:, 1]
    return both


class _Found(NamedTuple):
    """The terms of a text: where their numbers stand, and how much each counts."""

    places: list[int]
    damped: list[float]

    def __add__(self, other: _Found) -> _Found:  # type: ignore[override]
        return _Found(self.places + other.places, self.damped + other.damped)


class _Slots:
    """Terms, each once, and where their numbers stand; those of unknown ones stand last."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.by_term = dict.fromkeys(terms, 0)
        self.by_term.update(zip(self.by_term, range(len(self.by_term)), strict=True))

    def find(self, counts: Mapping[str, int]) -> _Found:
        """Return the terms of a text, which is given counted."""
        places = map(self.by_term.get, counts, repeat(len(self.by_term)))
        return _Found([*places], [DAMPED[times] for times in counts.values()])


class _Field:
    """A field: its numbers by slot."""

    def __init__(self, field: TermWeights, slots: _Slots) -> None:
        self._numbers = np.zeros((len(slots.by_term) + 1, 1 + len(field.coef)))
        places = [*map(slots.by_term.__getitem__, field.terms)]
        self._numbers[places, 0] = field.idf
        self._numbers[places, 1:] = field.weights.T

    def scores(self, found: _Found) -> Numbers:
        """Return what a text's terms add to each score."""
        numbers = self._numbers.take(found.places, axis=0)
        tfidf = numbers[:, 0] * found.damped
        length = math.sqrt(tfidf @ tfidf)
        return tfidf @ numbers[:, 1:] / (length or 1.0)


def _pairs(words: Sequence[str]) -> Counter[str]:
    """Return the pairs of neighbouring words, counted."""
    return Counter([f"{one} {two}" for one, two in pairwise(words)])
