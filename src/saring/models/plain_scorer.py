"""Topics, out-of-domain score and clickbait in plain Python, from fitted parameters.

Few rows have these answers before the compiled kernel, which gives the same, is read from the disk.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain, repeat

import numpy as np

from saring.models.parameters import ClickbaitParameters, Floats, TermWeights, TopicParameters
from saring.models.vocabulary import DAMPED, Bag, GroupCounter, unseen_weight, with_pairs
from saring.text import LEAD_CHARS, SHARE_SCALE, Row, framed_tokens, runs, words

# A headline alone has few words, all of them telling; as many ordinary ones are thought beside it.
PULL_WORDS = 20
ORDINARY_RARITY = 4.3  # mean over real articles, the same to a decimal for every publisher tried
# Malay shares most of its words with Indonesian. One that it alone has weighs as much as so many unknown ones: they
# are a tenth of Malay news, and one word in a thousand of Indonesian news.
MALAY_WEIGHT = 3.0
# News is written in sentences; so many words without the end of one are a menu or a list.
MOST_WORDS_WITHOUT_END = 25
SENTENCE_ENDS = ".?!"
# Of a text without words or sentences: beyond every mean, and a number that a card can hold.
MOST_OUT_OF_DOMAIN = 99.0


class NotCompiled(Exception):
    """The kernel's table cannot tell two terms apart; plain Python answers in its place."""


def out_of_domain(rows: Sequence[Row], terms: Sequence[str], idf: Floats, min_df: int) -> Floats:
    """Return how unlike Indonesian news (title, body) rows are, shape (n,).

    That is the mean rarity (idf, natural log, from 1 up) of a row's words; `MOST_OUT_OF_DOMAIN` where it has no word,
    or no sentence. `terms` are those of the whole texts, which stood in `min_df` articles or more.
    """
    rarity, unknown = rarities(terms, idf, min_df)
    totals = np.zeros((len(rows), 4))
    for i, (title, body) in enumerate(rows):
        found = words(f"{title}\n{body}")
        ends = any(end in body for end in SENTENCE_ENDS)
        totals[i] = len(found), len(words(body)), ends, sum([rarity.get(word, unknown) for word in found])
    return mean_rarity(totals)


def rarities(terms: Sequence[str], idf: Floats, min_df: int) -> tuple[dict[str, float], float]:
    """Return the rarity of each term of the whole texts in a topic model, with Malay words; and of an unknown one."""
    unknown = unseen_weight(idf, min_df)
    rarity = dict(zip(terms, idf.tolist(), strict=True))
    return rarity | {word: MALAY_WEIGHT * unknown for word in malay_words()}, unknown


@cache
def malay_words() -> frozenset[str]:
    """Return the words of malay.toml, which Malay has and Indonesian has not."""
    table = tomllib.loads(files("saring.models").joinpath("malay.toml").read_text("utf-8"))
    return frozenset(words(table["words"]))


def mean_rarity(totals: Floats) -> Floats:
    """Return the mean rarity of rows, pulled towards that of an ordinary article, shape (n,).

    `totals`, shape (n, 4), are of each row the words, those of the body, whether its body has the end of a sentence,
    and the sum of its words' rarities.
    """
    found, in_body, ends, rarity = totals.T
    mean = (PULL_WORDS * ORDINARY_RARITY + rarity) / (PULL_WORDS + found)
    listed = (ends == 0) & (in_body > MOST_WORDS_WITHOUT_END)
    return np.where((found == 0) | listed, MOST_OUT_OF_DOMAIN, mean)


class PlainArticles:
    """The topic model."""

    def __init__(self, model: TopicParameters) -> None:
        rarity, unknown = rarities(model.whole.terms, model.whole.idf, model.min_df)
        # The words that have a rarity come first.
        self._slots = _Slots(chain(rarity, *(field.terms for field in model.fields.values())))
        self._fields = {name: self._slots.numbers(f) for name, f in model.fields.items() if f.terms}
        self._rarity = np.full(len(self._slots.by_term) + 1, unknown)
        self._rarity[: len(rarity)] = list(rarity.values())
        self._counter = GroupCounter(model.lexicon.values())
        self._in_title, self._shares = np.split(domain_weights(model), 2)
        self._intercept = model.intercept

    def __call__(self, titles: Sequence[str], bodies: Sequence[str]) -> tuple[Floats, Floats]:
        """Return probabilities, shape (n, n_topics), and out-of-domain scores, shape (n,)."""
        scores = np.tile(self._intercept, (len(titles), 1))
        totals = np.zeros((len(titles), 4))
        for i, (title, body) in enumerate(zip(titles, bodies, strict=True)):
            totals[i] = self._read(title, body, scores[i])
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        return parts / parts.sum(axis=1, keepdims=True), mean_rarity(totals)

    def _read(self, title: str, body: str, scores: Floats) -> tuple[float, ...]:
        """Add up the scores of one row; return its `totals` for `mean_rarity`."""
        bags = field_bags(title, body)
        found = {bag: self._slots.find(bag.counts) for bag in set(bags.values())}
        for name, numbers in self._fields.items():
            scores += _weighed(numbers, *found[bags[name]])
        named, whole = bags["title"], bags["all"]
        if len(self._shares):
            in_title = counts = self._counter.count(named)
            if whole is not named:
                counts = self._counter.count(whole)
            scores += [times > 0 for times in in_title] @ self._in_title
            scores += np.sqrt(np.divide(counts, max(1, whole.size))) @ self._shares
        ends = any(end in body for end in SENTENCE_ENDS)
        rarity = self._rarity.take(found[whole][0]) @ [*whole.counts.values()]
        return whole.size, whole.size - named.size, ends, float(rarity)


def field_bags(title: str, body: str) -> dict[str, Bag]:
    """Return the counted words of each field of an article; the fields of a headline are one text."""
    heading, lead, text = map(runs, (title, body[:LEAD_CHARS], body))
    bags = dict.fromkeys(("title", "lead", "all", "known"), Bag(heading))
    if text:
        bags |= {"lead": Bag(heading + lead)} | dict.fromkeys(("all", "known"), Bag(heading + text))
    return bags


class PlainHeadlines:
    """The clickbait model."""

    def __init__(self, model: ClickbaitParameters) -> None:
        self._small = _Slots(chain(model.words.terms, model.known.terms))
        self._written = _Slots(model.cased.terms)
        self._words, self._known = self._small.numbers(model.words), self._small.numbers(model.known)
        self._cased = self._written.numbers(model.cased)
        self._intercept = model.intercept

    def __call__(self, headlines: Sequence[str]) -> Floats:
        """Return the probability of each label, shape (n, 2)."""
        scores = np.full(len(headlines), self._intercept)
        tokens = zip(framed_tokens(headlines, cased=False), framed_tokens(headlines, cased=True), strict=True)
        for i, (small, cased) in enumerate(tokens):
            scores[i] += _weighed(self._known, *self._small.find(Counter(small)))[0]
            scores[i] += _weighed(self._words, *self._small.find(Counter(with_pairs(small))))[0]
            scores[i] += _weighed(self._cased, *self._written.find(Counter(with_pairs(cased))))[0]
        return two_labels(scores)


def domain_weights(model: TopicParameters) -> Floats:
    """Return the weights of the domains, shape (2 * n_domains, n_topics).

    The second half is for the roots of shares, without the factor that training gave them.
    """
    weights = np.ascontiguousarray((model.domains * model.domains_scale).T)
    weights[len(model.lexicon) :] *= SHARE_SCALE
    return weights


def two_labels(scores: Floats) -> Floats:
    """Return the probabilities of two labels from the log-odds of the second, shape (n, 2)."""
    both = np.empty((len(scores), 2))
    both[:, 1] = np.exp(-np.logaddexp(0, -scores))
    both[:, 0] = 1 - both[:, 1]
    return both


class _Slots:
    """Terms, each once, and where their numbers stand; those of unknown ones stand last."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.by_term = dict.fromkeys(terms, 0)
        self.by_term.update(zip(self.by_term, range(len(self.by_term)), strict=True))

    def find(self, counts: Mapping[str, int]) -> tuple[list[int], list[float]]:
        """Return where the numbers of a counted text's terms stand, and how much each counts."""
        places = map(self.by_term.get, counts, repeat(len(self.by_term)))
        return [*places], [DAMPED[times] for times in counts.values()]

    def numbers(self, field: TermWeights) -> Floats:
        """Return the numbers of a field by slot; those of unknown terms are 0."""
        return field.by_slot(self.by_term, len(self.by_term) + 1)


def _weighed(numbers: Floats, places: list[int], damped: list[float]) -> Floats:
    """Return what a text's terms add to each score, given a field's numbers and what `find` says of the text."""
    found = numbers.take(places, axis=0)
    tfidf = found[:, 0] * damped
    length = math.sqrt(tfidf @ tfidf)
    return tfidf @ found[:, 1:] / (length or 1.0)
