"""Words counted and weighed: bags of words, groups of the lexicon, term groups, rarity, names, latent space."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from saring.text import SINGLE

# Seven unknown words of ten are names, so a word is one until seen otherwise; worth two sightings.
NAME_PRIOR, NAME_PRIOR_WEIGHT = 0.7, 2.0
KINDS = ("places", "actors", "matters")  # of term groups
WORD_LISTS = ("everyday", "towns")  # words that belong to no group: everyday actors, places

# A word inside a sentence: after a lower-case letter, a digit or a comma, and a space, first as it is found fastest.
_INSIDE = re.compile(r" (?<=[a-z0-9,] )(\w\w+)")


class _Damped(dict[int, float]):
    """How much a word counts that stands so often in a text: one and the logarithm."""

    def __missing__(self, times: int) -> float:
        value = self[times] = 1 + math.log(times)
        return value


DAMPED = _Damped()


class Bag:
    """The words of a text, counted, from its `text.runs`."""

    def __init__(self, runs: list[str]) -> None:
        self._runs = runs
        self.counts = Counter(runs)
        self.size = len(runs)  # how many words there are
        for character in self.counts.keys() & SINGLE:
            self.size -= self.counts.pop(character)

    @cached_property
    def words(self) -> list[str]:
        """The words in order."""
        return [word for word in self._runs if len(word) > 1]

    def times(self, run: Sequence[str]) -> int:
        """Return how often a run of two words or more stands in the text."""
        if any(word not in self.counts for word in run):
            return 0
        if run[0] in run[1:]:  # one may begin inside another
            return sum(
                [window == tuple(run) for window in zip(*(self.words[k:] for k in range(len(run))), strict=False)]
            )
        return self._joined.count(f" {'  '.join(run)} ")

    @cached_property
    def _joined(self) -> str:
        # Each word has spaces of its own, so that neighbouring pairs do not overlap.
        return f" {'  '.join(self.words)} "


def with_pairs(tokens: list[str]) -> list[str]:
    """Return tokens, and the pairs of neighbours among them."""
    return tokens + [f"{one} {two}" for one, two in pairwise(tokens)]


class GroupCounter:
    """Counts how often terms of each group stand in a text: lower-case words, or runs of neighbouring words."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._n_groups = 0
        self._words: defaultdict[str, list[int]] = defaultdict(list)
        self._runs: defaultdict[str, defaultdict[tuple[str, ...], list[int]]] = defaultdict(lambda: defaultdict(list))
        for group, terms in enumerate(groups):
            self._n_groups = group + 1
            for term in terms:
                if " " in term:
                    run = tuple(term.split(" "))
                    self._runs[run[0]][run].append(group)
                else:
                    self._words[term].append(group)

    def count(self, bag: Bag) -> list[int]:
        """Return how often the terms of each group occur in a text."""
        found = [0] * self._n_groups
        for word in bag.counts.keys() & self._words.keys():
            for group in self._words[word]:
                found[group] += bag.counts[word]
        for first in bag.counts.keys() & self._runs.keys():
            for run, groups in self._runs[first].items():
                if run[1] in bag.counts and (times := bag.times(run)):
                    for group in groups:
                        found[group] += times
        return found


class TermGroups:
    """Groups of terms that name one thing or one subject, and word lists, both by kind (`term_groups.toml`)."""

    def __init__(self, by_kind: Mapping[str, Sequence[str]]) -> None:
        kinds = {kind: [group.split(", ") for group in by_kind[kind]] for kind in KINDS}
        self.groups = [*chain.from_iterable(kinds.values())]
        # Words that say where and who; all others say what.
        self.places = frozenset([*chain(*kinds["places"]), *by_kind["towns"]])
        self.actors = frozenset([*chain(*kinds["actors"]), *by_kind["everyday"]]) - self.places
        self.counter = GroupCounter(self.groups)
        self._of: defaultdict[str, list[int]] = defaultdict(list)
        for number, group in enumerate(self.groups):
            for term in group:
                self._of[term].append(number)
        self._firsts = {term.split()[0] for term in self._of if " " in term}

    def related(self, found: Sequence[str]) -> tuple[dict[str, set[int]], list[int]]:
        """Return the groups of each word that has some, alone or with its neighbour, and all groups as they are met."""
        by_word: dict[str, set[int]] = {}
        met: dict[int, None] = {}
        pairs = [f"{one} {two}" for one, two in pairwise(found) if one in self._firsts]
        for term in (*found, *pairs):
            if term in self._of:
                met.update(dict.fromkeys(self._of[term]))
                for word in term.split():
                    by_word.setdefault(word, set()).update(self._of[term])
        return by_word, list(met)


class Relations:
    """Names of the news, of one word to four, and their companions: what stories about them mention, too.

    It goes both ways between names: a name's companion has it for one, too.
    """

    def __init__(self, related: Mapping[str, Sequence[str]]) -> None:
        self._related = related
        self._longest: dict[str, int] = {}  # words of the longest name that begins with a word
        for name in related:
            first, size = name.partition(" ")[0], name.count(" ") + 1
            if size > self._longest.get(first, 0):
                self._longest[first] = size

    @cached_property
    def companions(self) -> dict[str, list[str]]:
        """The companions of each name. A process that meets no name does without the ten milliseconds they take."""
        both: dict[str, list[str]] = {name: list(terms) for name, terms in self._related.items()}
        for name, terms in self._related.items():
            for term in terms:
                if term in both:
                    both[term].append(name)
        return {name: list(dict.fromkeys(terms)) for name, terms in both.items()}

    @cached_property
    def terms(self) -> list[str]:
        """Names and companions, each once, names first."""
        return list(dict.fromkeys(chain(self.companions, *self.companions.values())))

    def names(self, words: Sequence[str]) -> list[str]:
        """Return the names among words, each once, as they are met; where several begin, the longest."""
        found: dict[str, None] = {}
        at = 0
        while at < len(words):
            step = 1
            for size in range(self._longest.get(words[at], 0), 0, -1):
                name = " ".join(words[at : at + size])
                if name in self._related and at + size <= len(words):
                    found[name], step = None, size
                    break
            at += step
        return list(found)


class LatentSpace:
    """Directions of short texts in a latent space (LSA).

    `axes`, shape (n_dimensions, n_words), are the components of a TruncatedSVD fitted on the TF-IDF of `words`, with
    logarithms of counts.
    """

    def __init__(self, words: Sequence[str], idf: NDArray[np.float64], axes: NDArray[np.float64]) -> None:
        self._place = dict(zip(words, range(len(words)), strict=True))
        self._rows = word_rows(idf, axes)

    def direction(self, words: Iterable[str]) -> NDArray[np.float64]:
        """Return the unit vector of a text, shape (n_dimensions,); zeros if it has no known word.

        But for rounding it is what scikit-learn's two transformers and `normalize` give.
        """
        counts = Counter(words)
        known = [word for word in counts if word in self._place]
        if not known:
            return np.zeros(self._rows.shape[1])
        rows = self._rows.take([self._place[word] for word in known], axis=0)
        found: NDArray[np.float64] = np.array([DAMPED[counts[word]] for word in known]) @ rows
        length = math.sqrt(found @ found)
        return found / length if length > 0 else found


def word_rows(idf: NDArray[np.float64], axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each word adds to a text's direction, whose length does not matter, (n_words, n_dimensions)."""
    return np.ascontiguousarray(axes.T * idf[:, None])


def unseen_weight(idf: NDArray[np.float64], min_df: int) -> float:
    """Return how rare an unknown word is: what `min_df` left out is rarer than the rarest word kept."""
    return float(idf.max()) + math.log(min_df)


def words_inside(text: str) -> list[str]:
    """Return the words that stand inside sentences, as they are written.

    Headlines cannot tell names: many portals begin every word of them with a capital.
    """
    return _INSIDE.findall(text)


def capitalised(text: str) -> set[str]:
    """Return the words, lower-cased, that stand inside a sentence with a capital."""
    return {word.lower() for word in words_inside(text) if word[0].isupper()}
