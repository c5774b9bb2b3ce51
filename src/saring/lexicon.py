"""The lexicon (lexicon.toml): groups of words by what they are about, counted in texts."""

from __future__ import annotations

import re
import string
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bag", "GroupCounter", "load_lexicon", "runs", "words"]

# scikit-learn's own word: two or more word characters. One definition for all features.
_WORD = re.compile(r"\w\w+")
# Most texts have none but the letters of ASCII, and few other marks; those are split by bytes.
_NO_WORD = re.compile(r"[^\x00-\x7f\w]+")
_SINGLE = frozenset(string.ascii_lowercase + string.digits + "_")
_APART = bytes(ord(c) if (c := chr(code).lower()) in _SINGLE else ord(" ") for code in range(256))


def words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, in order."""
    return [word for word in runs(text) if len(word) > 1]


def runs(text: str) -> list[str]:
    """Return the words of a text as `words` does, with single characters of ASCII left in."""
    if not text.isascii():
        text = _NO_WORD.sub(" ", text.lower())
        if not text.isascii():
            return _WORD.findall(text)
    return text.encode().translate(_APART).decode().split()


@cache
def load_lexicon(section: str) -> dict[str, tuple[str, ...]]:
    """Return the groups of a section of lexicon.toml: name to terms.

    Parameters
    ----------
    section : str
        ``domains`` or ``subjects``.
    """
    table = tomllib.loads((files("saring") / "lexicon.toml").read_text(encoding="utf-8"))
    return {
        name: tuple(term.strip() for term in group["terms"].replace("\n", " ").split(","))
        for name, group in table[section].items()
    }


class Bag:
    """The words of a text, counted.

    Parameters
    ----------
    runs : list of str
        The words in order, lower-cased; single characters of ASCII among them are no words.

    Attributes
    ----------
    counts : Counter of str
    size : int
        How many words there are.
    """

    def __init__(self, runs: list[str]) -> None:
        self._runs = runs
        self.counts = Counter(runs)
        self.size = len(runs)
        for character in self.counts.keys() & _SINGLE:
            self.size -= self.counts.pop(character)

    @classmethod
    def of(cls, *texts: str) -> Bag:
        """Return the words of texts that follow each other."""
        return cls([word for text in texts for word in runs(text)])

    def followed_by(self, found: list[str]) -> Bag:
        """Return these words and more of them behind."""
        if not found:
            return self
        longer = Bag([])
        longer._runs = self._runs + found
        longer.counts = self.counts.copy()
        longer.counts.update(found)
        longer.size = self.size + len(found)
        return longer

    @cached_property
    def words(self) -> list[str]:
        """The words in order."""
        return [word for word in self._runs if len(word) > 1]

    def pairs(self, one: str, two: str) -> int:
        """Return how often a word stands directly before another."""
        if one not in self.counts or two not in self.counts:
            return 0
        if one == two:
            return sum(word == following == one for word, following in pairwise(self.words))
        return self._joined.count(f" {one}  {two} ")

    @cached_property
    def _joined(self) -> str:
        # Each word has spaces of its own, so that neighbouring pairs do not overlap.
        return f" {'  '.join(self.words)} "


class GroupCounter:
    """Counts, text by text, how many words belong to each group of a lexicon.

    Parameters
    ----------
    groups : Mapping[str, Sequence[str]]
        Name of each group to its terms: lower-case words, or pairs of neighbouring words.
    """

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._terms = [[term.partition(" ")[::2] for term in terms] for terms in groups.values()]
        self._words: defaultdict[str, list[int]] = defaultdict(list)
        self._pairs: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for group, terms in enumerate(self._terms):
            for one, two in terms:
                if two:
                    self._pairs[one].append((two, group))
                else:
                    self._words[one].append(group)

    def counts(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return how often the terms of each group occur, shape (n_texts, n_groups)."""
        counts = np.zeros((len(texts), len(self._terms)))
        for row, text in zip(counts, texts, strict=True):
            row[:] = self.count(Bag.of(text))
        return counts

    def count(self, bag: Bag) -> list[int]:
        """Return how often the terms of each group occur in one text."""
        found = [0] * len(self._terms)
        for word in bag.counts.keys() & self._words.keys():
            for group in self._words[word]:
                found[group] += bag.counts[word]
        for one in bag.counts.keys() & self._pairs.keys():
            for two, group in self._pairs[one]:
                if two in bag.counts:
                    found[group] += bag.pairs(one, two)
        return found

    def count_one(self, group: int, bag: Bag) -> int:
        """Return how often the terms of one group, given by its place, occur in one text."""
        found = 0
        for one, two in self._terms[group]:
            if one in bag.counts:
                found += bag.pairs(one, two) if two else bag.counts[one]
        return found
