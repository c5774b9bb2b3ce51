"""An article as the features see it; made once for all its links. And a headline likewise."""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from itertools import pairwise

from saring.pairs.kin import Kin, separate_words
from saring.pairs.vocabulary import Vocabulary, capitalised
from saring.sentences import Splitter

__all__ = ["Headline", "Host", "Tools"]

LEAD_WORDS = 80  # the first two or three paragraphs
MIN_STEM_CHARS = 4  # a shorter word stands inside too many others ("as" in "tugas")
MIN_KEY_CHARS = 3
KEY_TERMS = 20  # the terms of highest TF-IDF that stand for an article


class Tools:
    """What was learnt and is looked up for every pair."""

    def __init__(self, vocabulary: Vocabulary, kin: Kin, splitter: Splitter) -> None:
        self.vocabulary = vocabulary
        self.kin = kin
        self.splitter = splitter


class Headline:
    """A headline as the features see it.

    Attributes
    ----------
    weights : dict of str to float
        Its words, in order, and how rare they are.
    total : float
        Their sum; 1 where there is no word.
    relatives : dict of str to set of int
        Its words that have kin, and their families.
    families : frozenset of int
    pairs : tuple of (str, str)
        Neighbouring words, each two once and in order: a sum over a set of them would have other
        last digits in each process.
    """

    def __init__(self, text: str, tools: Tools) -> None:
        found = separate_words(text)
        self.lowered = text.lower()
        self.weights = {word: tools.vocabulary.weight(word) for word in found}
        self.total = sum(self.weights.values()) or 1.0
        self.relatives = tools.kin.by_word(found)
        self.families = frozenset(tools.kin.families(found))
        self.pairs = tuple(dict.fromkeys(pairwise(found)))


class Host:
    """An article; everything it has is counted when it is first asked for."""

    def __init__(self, title: str, body: str, tools: Tools) -> None:
        self.title = title
        self.text = f"{title}\n{body}"
        self._body = body
        self._tools = tools
        self._lowered = self.text.lower()
        self._words = separate_words(self.text)
        self._counts = Counter(self._words)
        self.n_words = len(self._words)

    def has(self, word: str) -> bool:
        """Whether the article has a word, alone or inside a longer one."""
        return word in self._counts or (len(word) >= MIN_STEM_CHARS and word in self._lowered)

    def mentions(self, word: str) -> int:
        """How often the article has a word, alone or inside a longer one."""
        inside = self._lowered.count(word) if len(word) >= MIN_STEM_CHARS else 0
        return max(self._counts[word], inside)

    @cached_property
    def lead(self) -> frozenset[str]:
        """Words of the first paragraphs."""
        return frozenset(self._lead)

    @cached_property
    def lead_families(self) -> Counter[int]:
        """Families of the words of the title and the first paragraphs."""
        return self._tools.kin.families([*separate_words(self.title), *self._lead])

    @cached_property
    def families(self) -> Counter[int]:
        """Families of all words, and how often each occurs."""
        return self._tools.kin.families(self._words)

    @cached_property
    def sentences(self) -> list[frozenset[str]]:
        """Words of each sentence of the body."""
        sentences = self._tools.splitter.sentences(self._body)
        return [frozenset(separate_words(sentence)) for sentence in sentences]

    @cached_property
    def pairs(self) -> Counter[tuple[str, str]]:
        """Neighbouring words, and how often each two occur."""
        return Counter(pairwise(self._words))

    @cached_property
    def names(self) -> set[str]:
        """Words that have a capital inside a sentence."""
        return capitalised(self._body)

    @cached_property
    def title_weights(self) -> dict[str, float]:
        """Words of the title and their weights."""
        weight = self._tools.vocabulary.weight
        return {word: weight(word) for word in separate_words(self.title)}

    @cached_property
    def key_weights(self) -> dict[str, float]:
        """The terms of highest TF-IDF and their weights."""
        weight = self._tools.vocabulary.weight
        tfidf = {
            word: (1 + math.log(count)) * weight(word)
            for word, count in self._counts.items()
            if len(word) >= MIN_KEY_CHARS
        }
        return dict(sorted(tfidf.items(), key=lambda item: (-item[1], item[0]))[:KEY_TERMS])

    @cached_property
    def _lead(self) -> list[str]:
        return separate_words(self._body[: LEAD_WORDS * 20])[:LEAD_WORDS]
