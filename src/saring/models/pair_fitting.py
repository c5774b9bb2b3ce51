"""Fitting of pair features on background articles: abbreviations, rarities, latent space."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from saring.models.pair_vocabulary import TermGroups, glued_parts, load_term_groups, name_shares, words_inside
from saring.models.parameters import PairParameters
from saring.models.plain_scorer import Pair, PairScorer
from saring.models.tfidf_features import Counts, Rows, count_terms
from saring.text import (
    ABBREVIATIONS,
    PUNKT_NUMBER,
    PUNKT_TOKEN,
    Bag,
    GroupCounter,
    like_letter,
    load_lexicon,
    paragraphs,
    runs,
)

# Abbreviations learned from texts: the rules by which Punkt finds them, and no others of its.


# Punkt also learns ordinary words that end sentences; an abbreviation is short.
MAX_ABBREVIATION_CHARS = 6

# Source: NLTK's PunktTrainer.
LIKELY = 0.3  # score from which a word is an abbreviation
RARE = 5  # a word met so often is judged by its score alone
WITH_STOP = 0.99  # share of an abbreviation's places in which it has its full stop
NEVER_ZERO = 1e-8  # added to shares whose logarithm is taken
NUMBER_TYPE = "##number##"
SENTENCE_ENDS = frozenset(".?!")
INTERNAL_MARKS = frozenset(",:;")  # a sentence goes on behind them

# What a token does to its sentence.
GOES_ON, ENDS, UNKNOWN = range(3)


def learn_abbreviations(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the abbreviations of a corpus, found by Punkt's statistics, and the known ones.

    Parameters
    ----------
    texts : iterable of str
        Articles; a few hundred are enough.

    Notes
    -----
    Gives what NLTK's trainer gives with our tokens, in a third of the time: neither sentence
    starters nor collocations are looked for, nor anything about words that no rule asks for.
    Source: Kiss & Strunk (2006), Unsupervised multilingual sentence boundary detection, as
    implemented by NLTK.
    """
    trainer = _Trainer()
    for text in texts:
        trainer.read(text)
    parameters = {word for word in trainer.known if len(word) <= MAX_ABBREVIATION_CHARS and word[:1].isalpha()}
    return tuple(sorted(parameters | set(ABBREVIATIONS)))


class _Types(dict[str, str]):
    """Tokens and their types: numbers are alike, and so are letters big and small."""

    def __missing__(self, token: str) -> str:
        found = self[token] = NUMBER_TYPE if PUNKT_NUMBER.fullmatch(token) else token.lower()
        return found


class _Trainer:
    """Reads texts one by one; what it holds for abbreviations then changes with each.

    Attributes
    ----------
    known : set of str
        Abbreviations, lower-case, without the final full stop.
    """

    def __init__(self) -> None:
        self.known: set[str] = set()
        self._types = _Types()
        self._times: Counter[str] = Counter()  # of each type
        self._size = self._stops = 0  # tokens met, and those of them with a full stop at the end
        # Types met with a capital where a sentence begins, and where one goes on.
        self._capital_begins: set[str] = set()
        self._capital_inside: set[str] = set()

    def read(self, text: str) -> None:
        """Learn from a text."""
        lines = [PUNKT_TOKEN.findall(line) for line in paragraphs(text)]
        tokens = [token for line in lines for token in line]
        types = list(map(self._types.__getitem__, tokens))
        self._times.update(types)
        self._size += len(tokens)
        self._stops += sum(token.endswith(".") for token in tokens)
        for type_ in set(types):
            if type_.endswith(".") or type_ in self.known:
                self._reconsider(type_)
        ends = [token[-1] in SENTENCE_ENDS and self._ends(token) for token in tokens]
        self._note_capitals(lines, types, ends)
        for i, (token, following) in enumerate(pairwise(tokens)):
            if ends[i] and token[-1] == "." and self._rare(types[i], following, ends[i + 1]):
                self.known.add(_without_stop(types[i]))

    def _reconsider(self, type_: str) -> None:
        """Put a type among the abbreviations, or take it from them, by how often it has a stop."""
        stopped = type_.endswith(".")
        if type_ == NUMBER_TYPE or (stopped and type_ in self.known):
            return
        if not any(map(like_letter, type_)):
            return
        word = type_.removesuffix(".")
        if self._score(word) >= LIKELY:
            if stopped:
                self.known.add(word)
        elif not stopped:
            self.known.remove(word)

    def _score(self, word: str) -> float:
        """Return how likely a word and a full stop are one thing."""
        stopped, bare = self._times[f"{word}."], self._times[word]
        share = self._stops / self._size
        apart = stopped * math.log(share + NEVER_ZERO) + bare * math.log(1.0 - share + NEVER_ZERO)
        together = stopped * math.log(WITH_STOP) + bare * math.log(1.0 - WITH_STOP)
        n_stops = word.count(".") + 1
        n_others = len(word) - n_stops + 1
        likelihood = -2.0 * (apart - together)
        return likelihood * math.exp(-n_others) * n_stops * math.pow(n_others, -bare)

    def _ends(self, token: str) -> bool:
        """Whether a token ends a sentence, as far as its own letters say."""
        if token in SENTENCE_ENDS:
            return True
        if not token.endswith(".") or token.endswith(".."):
            return False
        word = token[:-1].lower()
        return self.known.isdisjoint((word, word.split("-")[-1]))

    def _note_capitals(self, lines: Sequence[Sequence[str]], types: Sequence[str], ends: Sequence[bool]) -> None:
        """Note which types have a capital at the beginning of sentences, and inside them."""
        before = GOES_ON
        for (token, first), type_, end in zip(_begun(lines), types, ends, strict=True):
            here = UNKNOWN if first and before == GOES_ON else before
            if here != UNKNOWN and token[0].isupper():
                seen = self._capital_begins if here == ENDS else self._capital_inside
                seen.add(_without_stop(type_) if end else type_)
            before = GOES_ON
            if end:
                initial = len(token) == 2 and like_letter(token[0])
                before = UNKNOWN if initial or type_.startswith(NUMBER_TYPE) else ENDS
            elif token[-1] == "." and (len(token) > 1):
                before = UNKNOWN if not token.endswith("..") or not token.strip(".") else GOES_ON

    def _rare(self, type_: str, following: str, following_ends: bool) -> bool:
        """Whether a word whose stop seemed to end a sentence is an abbreviation too rare to score.

        The sentence goes on behind it: with a mark, or with a small letter where the next word
        has had a capital at the beginning of sentences and never inside.
        """
        word = _without_stop(type_)
        if word in self.known or self._times[word] + self._times[word[:-1]] >= RARE:
            return False
        if following[0] in INTERNAL_MARKS:
            return True
        if not following[0].islower():
            return False
        type_ = self._types[following]
        next_word = _without_stop(type_) if following_ends else type_
        return next_word in self._capital_begins and next_word not in self._capital_inside


def _without_stop(type_: str) -> str:
    """Return a type without its final full stop; a stop alone stays."""
    return type_[:-1] if len(type_) > 1 and type_[-1] == "." else type_


def _begun(lines: Iterable[Sequence[str]]) -> Iterator[tuple[str, bool]]:
    """Yield the tokens of lines, and whether each is the first of its line."""
    for line in lines:
        for place, token in enumerate(line):
            yield token, not place


# What fitting counts in background articles; each text is read once.


Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Articles that words are learned from, some or all of a table's.

    Attributes
    ----------
    texts : list of str
        Title and body of all articles of the table, each once.
    words, inside : Counts
        How often each of all has each word, and each word as it is written inside a sentence.
    numbers : (n,) array of int
        Which of all articles these are.
    """

    texts: list[str]
    words: Counts
    inside: Counts
    numbers: Numbers
    _asked: dict[int, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Sequence[Any]) -> Background:
        """Return the articles of (title, body, headline) rows, in order of first appearance."""
        if not isinstance(pairs, Rows):
            return _read(pairs)[0]
        every, number = pairs.once("background", _read)
        found = dict.fromkeys(number[pairs.numbers].tolist())
        return replace(every, numbers=np.array(list(found), dtype=np.intp))

    def counts(self) -> Counts:
        """Return how often each of these articles has each word."""
        return self.words[self.numbers]

    def times_inside(self) -> Iterator[tuple[str, float]]:
        """Yield words as they are written inside sentences, and how often they are."""
        times = np.asarray(self.inside.matrix[self.numbers].sum(axis=0)).ravel()
        yield from zip(self.inside.place, times.tolist(), strict=True)

    def some(self, most: int) -> list[str]:
        """Return texts from all over the articles, up to about so many."""
        return [self.texts[i] for i in self._some(most)]

    def ask_some(self, most: int, ask: Callable[[str], NDArray[Any]]) -> NDArray[Any]:
        """Return what `ask` says of `some` texts, one line each; it is asked once a text.

        It must be the same question every time.
        """
        some = self._some(most)
        for i in some:
            if i not in self._asked:
                self._asked[i] = ask(self.texts[i])
        return np.stack([self._asked[i] for i in some])

    def _some(self, most: int) -> list[int]:
        found: list[int] = self.numbers[:: 1 + len(self.numbers) // most].tolist()
        return found


def _read(pairs: Iterable[Any]) -> tuple[Background, Numbers]:
    """Return the articles of pairs, and which of them is that of each pair."""
    found: dict[tuple[str, str], int] = {}
    numbers = [found.setdefault((title, body), len(found)) for title, body, _ in pairs]
    texts = [f"{title}\n{body}" for title, body in found]
    inside = count_terms((body for _, body in found), words_inside)
    # Single characters are left out once at the end sooner than of each text's words.
    counts = count_terms(texts, runs)
    words = counts.only([term for term in counts.place if len(term) > 1])
    every = Background(texts, words, inside, np.arange(len(texts)))
    return every, np.array(numbers, dtype=np.intp)


# The scikit-learn transformer of pairs: what is learned for `pair_scorer` from background articles.


# A subject met in every article says nothing; one never met must not weigh without bound.
SUBJECT_FLOOR = 0.005
# Subjects and families are common enough to be counted on some texts, abbreviations on fewer:
# Punkt takes five milliseconds a text.
SAMPLE, ABBREVIATION_SAMPLE = 3000, 500
# The latent space of more words is no better, and its matrix is most of what the bundle weighs.
LATENT_WORDS = 8000


class PairFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers that tell whether a headline belongs to an article, shape (n_pairs, 17).

    A word counts as shared when the article has it, or has it inside a longer word: that finds
    affixed forms (``naik`` in ``kenaikan``) and words that scraping glued together. A pair whose
    headline has no text is background: fitting learns from its article, and its features are 0.

    Parameters
    ----------
    min_df : int
        A word must stand in this many training articles to be known; unknown words weigh most.
    dimensions : int
        Size of the latent space (LSA) learned on the training articles.
    seed : int
        For the randomised decomposition.
    """

    def __init__(self, min_df: int = 2, dimensions: int = 100, seed: int = 0) -> None:
        self.min_df = min_df
        self.dimensions = dimensions
        self.seed = seed

    def fit(self, pairs: Sequence[Pair], y: Any = None) -> PairFeatures:
        """Learn what words weigh, the latent space and the sentence splitter; return self."""
        self.__dict__.pop("pair_scorer", None)  # of an earlier fit
        background = Background.of(pairs)
        counts = background.counts()
        terms = counts.fit(TfidfVectorizer(min_df=self.min_df, sublinear_tf=True))
        latent_terms = counts.fit(TfidfVectorizer(min_df=self.min_df, max_features=LATENT_WORDS, sublinear_tf=True))
        # Half the digits take half the time, and leave the space the same to five digits.
        weighed = counts.weigh(latent_terms).astype(np.float32)
        dimensions = min(self.dimensions, min(weighed.shape) - 1)
        latent = TruncatedSVD(dimensions, random_state=self.seed).fit(weighed)
        self.parameters_ = PairParameters(
            words=list(terms.vocabulary_),
            idf=terms.idf_,
            names=name_shares(background.times_inside(), terms.vocabulary_),
            min_df=self.min_df,
            latent_words=list(latent_terms.vocabulary_),
            latent_idf=latent_terms.idf_,
            axes=latent.components_.astype(np.float64),
            abbreviations=list(learn_abbreviations(background.some(ABBREVIATION_SAMPLE))),
            **_group_weights(background),
        )
        return self

    def transform(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Return the features of each pair, in the order of `FEATURES`."""
        return self.pair_scorer.features(pairs)

    @cached_property
    def pair_scorer(self) -> PairScorer:
        """Who answers from the fitted parameters."""
        return PairScorer(self.parameters_)


class PairScaler(StandardScaler):  # type: ignore[misc]
    """Features of mean 0 and spread 1, learned on the pairs that are no background."""

    def fit(self, features: ArrayLike, y: Any = None) -> PairScaler:
        """Learn mean and spread of the rows that are not all 0; return self."""
        rows = np.asarray(features)
        real = rows.any(axis=1)
        super().fit(rows[real] if real.any() else rows)
        return self


def _group_weights(background: Background) -> dict[str, Any]:
    """Return subjects and groups of terms, and how rare each is in the background's texts."""
    domains = load_lexicon("domains")
    places = {name: domains[name] for name in ("abroad", "home")}
    groups = places | load_lexicon("subjects")
    lexicon = {name: list(terms) for name, terms in groups.items()}
    families = {kind: list(terms) for kind, terms in load_term_groups().items()}
    subjects, term_groups = GroupCounter(lexicon), TermGroups(families)

    def met(text: str) -> NDArray[np.bool_]:
        bag = Bag.of(text)
        named = [times > 0 for times in subjects.count(bag)]
        return np.array(named + term_groups.met(bag.followed_by(glued_parts(text))))

    rarity = _rarity(background.ask_some(SAMPLE, met))
    subject_weights, family_weights = np.split(rarity, [len(lexicon)])
    return {
        "lexicon": lexicon,
        "term_groups": families,
        "subject_weights": subject_weights,
        "family_weights": family_weights,
    }


def _rarity(met: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights of groups of words from which texts have them, shape (n_groups,)."""
    weights: NDArray[np.float64] = -np.log(met.mean(axis=0) + SUBJECT_FLOOR).clip(None, 0)
    return weights
