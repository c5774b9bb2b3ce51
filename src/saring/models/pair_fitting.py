"""Fitting of pair features on background articles: abbreviations, rarity of words and groups, latent space."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import StandardScaler

from saring.models.pair_features import Pair, PairScorer
from saring.models.parameters import Floats, PairParameters
from saring.models.tfidf_features import Counts, Rows, count_terms, per_row
from saring.models.vocabulary import KINDS, NAME_PRIOR, NAME_PRIOR_WEIGHT, Bag, GroupCounter, TermGroups, words_inside
from saring.text import (
    ABBREVIATIONS,
    PUNKT_NUMBER,
    PUNKT_TOKEN,
    Row,
    like_letter,
    load_lexicon,
    load_names,
    paragraphs,
    read,
    runs,
)

MAX_ABBREVIATION_CHARS = 6  # Punkt also learns ordinary words that end sentences
# Source: NLTK's PunktTrainer.
LIKELY = 0.3  # score from which a word is an abbreviation
RARE = 5  # a word met so often is judged by its score alone
WITH_STOP = 0.99  # share of an abbreviation's places in which it has its full stop
NEVER_ZERO = 1e-8  # added to shares whose logarithm is taken
NUMBER_TYPE = "##number##"
SENTENCE_ENDS = frozenset(".?!")
INTERNAL_MARKS = frozenset(",:;")  # a sentence goes on behind them

LEAST_SUBJECT = 0.005  # a subject met in every article says nothing; one never met must not weigh without bound
# Subjects and groups are common enough for some texts to tell; abbreviations for fewer, at five milliseconds a text.
SAMPLE, ABBREVIATION_SAMPLE = 3000, 500
LATENT_WORDS = 8000  # more are no better, and their matrix is most of what the bundle weighs


def learn_abbreviations(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the abbreviations found by Punkt's statistics in a few hundred articles, and those of `ABBREVIATIONS`.

    Gives what NLTK's trainer gives with our tokens, in a third of the time: neither sentence starters nor collocations
    are looked for, nor anything about words that no rule asks for.
    Source: Kiss & Strunk (2006), Unsupervised multilingual sentence boundary detection, as implemented by NLTK.
    """
    trainer = AbbreviationTrainer()
    for text in texts:
        trainer.read(text)
    short = {word for word in trainer.found if len(word) <= MAX_ABBREVIATION_CHARS and word[:1].isalpha()}
    return tuple(sorted(short | set(ABBREVIATIONS)))


@lru_cache(maxsize=1 << 16)
def _type(token: str) -> str:
    """Return the type of a token: numbers are alike, and so are letters big and small."""
    return NUMBER_TYPE if PUNKT_NUMBER.fullmatch(token) else token.lower()


class AbbreviationTrainer:
    """Reads texts one by one; the abbreviations `found`, without their final full stop, change with each."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._times: Counter[str] = Counter()  # of each type
        self._size = self._stops = 0  # tokens met, and those of them with a full stop at the end
        # Types met with a capital where a sentence begins, and where one goes on.
        self._capital_begins: set[str] = set()
        self._capital_inside: set[str] = set()

    def read(self, text: str) -> None:
        """Learn from a text."""
        lines = [PUNKT_TOKEN.findall(line) for line in paragraphs(text)]
        tokens = [token for line in lines for token in line]
        types = list(map(_type, tokens))
        self._times.update(types)
        self._size += len(tokens)
        self._stops += sum(token.endswith(".") for token in tokens)
        for type_ in set(types):
            if type_.endswith(".") or type_ in self.found:
                self._reconsider(type_)
        ends = [token[-1] in SENTENCE_ENDS and self._ends(token) for token in tokens]
        firsts = [not place for line in lines for place in range(len(line))]
        self._note_capitals(tokens, firsts, types, ends)
        for i, (token, following) in enumerate(pairwise(tokens)):
            if ends[i] and token[-1] == "." and self._goes_on(types[i], following, ends[i + 1]):
                self.found.add(_without_stop(types[i]))

    def _reconsider(self, type_: str) -> None:
        """Put a type among the abbreviations, or take it from them, by how often it has a stop."""
        stopped = type_.endswith(".")
        if type_ == NUMBER_TYPE or (stopped and type_ in self.found) or not any(map(like_letter, type_)):
            return
        word = type_.removesuffix(".")
        if self._score(word) < LIKELY:
            if not stopped:
                self.found.remove(word)
        elif stopped:
            self.found.add(word)

    def _score(self, word: str) -> float:
        """Return how likely a word and a full stop are one thing."""
        stopped, bare = self._times[f"{word}."], self._times[word]
        share = self._stops / self._size
        apart = stopped * math.log(share + NEVER_ZERO) + bare * math.log(1.0 - share + NEVER_ZERO)
        together = stopped * math.log(WITH_STOP) + bare * math.log(1.0 - WITH_STOP)
        n_stops = word.count(".") + 1
        n_others = len(word) - n_stops + 1
        return -2.0 * (apart - together) * math.exp(-n_others) * n_stops * math.pow(n_others, -bare)

    def _ends(self, token: str) -> bool:
        """Whether a token that ends in a mark ends a sentence, as far as its own letters say."""
        if token in SENTENCE_ENDS:
            return True
        word = token[:-1].lower()
        return token[-1] == "." and token[-2] != "." and self.found.isdisjoint((word, word.split("-")[-1]))

    def _note_capitals(self, tokens: list[str], firsts: list[bool], types: list[str], ends: list[bool]) -> None:
        """Note which types have a capital at the beginning of sentences, and inside them."""
        begins: bool | None = False  # None where nobody knows
        for token, first, type_, end in zip(tokens, firsts, types, ends, strict=True):
            here = None if first and begins is False else begins
            if here is not None and token[0].isupper():
                seen = self._capital_begins if here else self._capital_inside
                seen.add(_without_stop(type_) if end else type_)
            if end:
                initial = len(token) == 2 and like_letter(token[0])
                begins = None if initial or type_.startswith(NUMBER_TYPE) else True
            else:  # an abbreviation may end a sentence too, and so may an ellipsis
                stopped = len(token) > 1 and token[-1] == "."
                begins = None if stopped and (token[-2] != "." or not token.strip(".")) else False

    def _goes_on(self, type_: str, following: str, following_ends: bool) -> bool:
        """Whether the sentence goes on behind a stop that seemed to end it, after a word too rare to score.

        It does with a mark, or with a small letter where the next word has had a capital at the beginning of
        sentences and never inside.
        """
        word = _without_stop(type_)
        if word in self.found or self._times[word] + self._times[word[:-1]] >= RARE:
            return False
        if following[0] in INTERNAL_MARKS or not following[0].islower():
            return following[0] in INTERNAL_MARKS
        next_type = _type(following)
        next_word = _without_stop(next_type) if following_ends else next_type
        return next_word in self._capital_begins and next_word not in self._capital_inside


def _without_stop(type_: str) -> str:
    """Return a type without its final full stop; a stop alone stays."""
    return type_[:-1] if len(type_) > 1 and type_[-1] == "." else type_


class PairFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Features that tell whether a headline belongs to an article, shape (n_pairs, n_features).

    A pair whose headline has no text is background: fitting learns from its article, and its features are 0. A word
    must stand in `min_df` training articles to be known; unknown words weigh most. The latent space (LSA) has so many
    `dimensions`, found with `seed`.
    """

    def __init__(self, min_df: int = 2, dimensions: int = 100, seed: int = 0) -> None:
        self.min_df = min_df
        self.dimensions = dimensions
        self.seed = seed

    def fit(self, pairs: Sequence[Pair], y: Any = None) -> PairFeatures:
        """Learn what words weigh, the latent space and the sentence splitter; return self."""
        self.__dict__.pop("pair_scorer", None)  # of an earlier fit
        articles = background(pairs)
        counts: Counts = per_row(articles, "words", _count_words)
        inside: Counts = per_row(articles, "inside", lambda rows: count_terms((row[1] for row in rows), words_inside))
        tfidf, latent_tfidf = counts.fit(self.min_df), counts.fit(self.min_df, LATENT_WORDS)
        # Half the digits take half the time, and leave the space the same to five digits.
        weighed = latent_tfidf.weigh(counts).astype(np.float32)
        dimensions = min(self.dimensions, min(weighed.shape) - 1)
        latent = TruncatedSVD(dimensions, random_state=self.seed).fit(weighed)
        times = np.asarray(inside.matrix.sum(axis=0)).ravel().tolist()
        self.parameters_ = PairParameters(
            words=tfidf.terms,
            idf=tfidf.idf,
            names=name_shares(zip(inside.place, times, strict=True), tfidf.terms),
            min_df=self.min_df,
            latent_words=latent_tfidf.terms,
            latent_idf=latent_tfidf.idf,
            axes=latent.components_.astype(np.float64),
            abbreviations=[*learn_abbreviations(map("\n".join, _some(articles, ABBREVIATION_SAMPLE)))],
            relations={name: list(told.related) for name, told in load_names().items()},
            **group_weights(articles),
        )
        return self

    def transform(self, pairs: Sequence[Pair]) -> Floats:
        """Return the features of each pair, in the order of `FEATURES`."""
        return self.pair_scorer.features_and_evidence(pairs)[0]

    @cached_property
    def pair_scorer(self) -> PairScorer:
        """The scorer of the fitted parameters."""
        return PairScorer(self.parameters_)


class PairScaler(StandardScaler):  # type: ignore[misc]
    """Features of mean 0 and spread 1, learned on the pairs that are no background."""

    def fit(self, features: ArrayLike, y: Any = None) -> PairScaler:
        """Learn mean and spread of the rows that are not all 0; return self."""
        rows = np.asarray(features)
        real = rows.any(axis=1)
        super().fit(rows[real] if real.any() else rows)
        return self


def background(pairs: Sequence[Pair]) -> Rows:
    """Return the (title, body) of the articles of pairs, each once, in order of first appearance.

    They remember what is counted in them for all folds of a table, as the pairs do.
    """
    rows = Rows.of(pairs)
    articles, numbers = rows.once("articles", _articles)
    return articles.take(np.array([*dict.fromkeys(numbers[rows.numbers].tolist())], dtype=np.intp))


def _articles(pairs: Sequence[Pair]) -> tuple[Rows, NDArray[np.intp]]:
    """Return the articles of pairs, and which of them is that of each pair."""
    found: dict[tuple[str, str], int] = {}
    numbers = [found.setdefault((title, body), len(found)) for title, body, _ in pairs]
    return Rows(found), np.array(numbers, dtype=np.intp)


def _some(articles: Rows, most: int) -> Rows:
    """Return up to about so many articles from all over them."""
    return articles.take(np.arange(len(articles))[:: 1 + len(articles) // most])


def _count_words(articles: Sequence[Row]) -> Counts:
    # Single characters are left out once at the end sooner than of each text's words.
    counts = count_terms(map("\n".join, articles), runs)
    return counts.only([term for term in counts.place if len(term) > 1])


def name_shares(times: Iterable[tuple[str, float]], words: Sequence[str]) -> Floats:
    """Return how often each of some words, lower-cased, has a capital inside sentences, shape (n_words,).

    `times` are the words inside sentences, as they are written, and how often each was met.
    """
    place = dict(zip(words, range(len(words)), strict=True))
    capitals, total = np.zeros((2, len(words)))
    for word, often in times:
        at = place.get(word.lower())
        if at is not None:
            total[at] += often
            capitals[at] += often * word[0].isupper()
    shares: Floats = (capitals + NAME_PRIOR * NAME_PRIOR_WEIGHT) / (total + NAME_PRIOR_WEIGHT)
    return shares


@cache
def load_term_groups() -> Mapping[str, list[str]]:
    """Return the groups of term_groups.toml by kind, each its terms with commas; everyday actors; lexicon's places."""
    table = tomllib.loads((files("saring.models") / "term_groups.toml").read_text(encoding="utf-8"))
    domains = load_lexicon("domains")
    everyday = [term.strip() for term in table["everyday"].replace("\n", " ").split(",")]
    groups = {kind: table[kind].strip().splitlines() for kind in KINDS}
    return groups | {"everyday": everyday, "towns": [*domains["abroad"], *domains["home"]]}


def group_weights(articles: Rows) -> dict[str, Any]:
    """Return subjects and groups of terms, and how rare each is in the articles."""
    domains = load_lexicon("domains")
    groups = {name: domains[name] for name in ("abroad", "home")} | load_lexicon("subjects")
    lexicon = {name: list(terms) for name, terms in groups.items()}
    term_groups = {kind: list(terms) for kind, terms in load_term_groups().items()}
    subjects, related = GroupCounter(lexicon.values()), TermGroups(term_groups).counter

    def met(articles: Sequence[Row]) -> NDArray[np.bool_]:
        texts = read(*map("\n".join, articles))
        return np.array([subjects.count(Bag(own)) + related.count(Bag(own + parts)) for own, parts in texts]) > 0

    shares = per_row(_some(articles, SAMPLE), "groups", met).mean(axis=0)
    subject_weights, family_weights = np.split(-np.log(shares + LEAST_SUBJECT).clip(None, 0), [len(lexicon)])
    return {
        "lexicon": lexicon, "term_groups": term_groups,
        "subject_weights": subject_weights, "family_weights": family_weights,
    }  # fmt: skip
