"""What words weigh in a pair (article, headline): rarity, names, latent space, term groups."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from saring.text import Bag, GroupCounter, load_lexicon, words

# What background articles teach of words: how rare they are, and whether they are names.


# A word inside a sentence: after a lower-case letter, a digit or a comma, and a space, which stands
# first because it is looked for fastest.
_INSIDE = re.compile(r" (?<=[a-z0-9,] )(\w\w+)")
# Seven unknown words of ten are names, so a word is one until seen otherwise; worth two sightings.
NAME_PRIOR, NAME_PRIOR_WEIGHT = 0.7, 2.0


class _Damped(dict[int, float]):
    """How much a word counts that stands so often in a text: one and the logarithm."""

    def __missing__(self, times: int) -> float:
        value = self[times] = 1 + math.log(times)
        return value


DAMPED = _Damped()


def capitalised(text: str) -> set[str]:
    """Return the words, lower-cased, that stand inside a sentence with a capital."""
    return {word.lower() for word in words_inside(text) if word[0].isupper()}


def words_inside(text: str) -> list[str]:
    """Return the words that stand inside sentences, as they are written.

    Headlines cannot tell names: many portals begin every word of them with a capital.
    """
    return _INSIDE.findall(text)


def name_shares(times: Iterable[tuple[str, float]], vocabulary: Mapping[str, int]) -> NDArray[np.float64]:
    """Return for each word how often it has a capital inside sentences, shape (n_words,).

    Parameters
    ----------
    times : iterable of (str, float)
        Words inside sentences, as they are written, and how often each was met.
    vocabulary : Mapping[str, int]
        Each word, lower-cased, and its place.
    """
    capitals, all_ = np.zeros((2, len(vocabulary)))
    for word, often in times:
        place = vocabulary.get(word.lower())
        if place is not None:
            all_[place] += often
            capitals[place] += often * word[0].isupper()
    shares: NDArray[np.float64] = (capitals + NAME_PRIOR * NAME_PRIOR_WEIGHT) / (all_ + NAME_PRIOR_WEIGHT)
    return shares


class Vocabulary:
    """Look-up of words.

    Parameters
    ----------
    words : sequence of str
    idf : (n_words,) array
        Their inverse document frequencies.
    names : (n_words,) array
        As `name_shares` gives them.
    min_df : int
        In how many articles a word had to stand to be among them.

    Attributes
    ----------
    idf : dict of str to float
        How rare each known word is.
    unseen : float
        How rare any other is.
    """

    def __init__(self, words: Sequence[str], idf: NDArray[np.float64], names: NDArray[np.float64], min_df: int) -> None:
        # Common words first: they lie beside each other in memory, and most look-ups are of them.
        order = idf.argsort(kind="stable")
        known = zip(order.tolist(), idf[order].tolist(), strict=True)
        self.idf: dict[str, float] = {words[i]: weight for i, weight in known}
        self._names: dict[str, float] = dict(zip(words, names.tolist(), strict=True))
        self.unseen = unseen_weight(idf, min_df)

    def weight(self, word: str) -> float:
        """Return how rare a word is: its idf (natural log, from 1 up)."""
        return self.idf.get(word, self.unseen)

    def name(self, word: str) -> float:
        """Return how probable it is that a word is a name."""
        return self._names.get(word, NAME_PRIOR)


def unseen_weight(idf: NDArray[np.float64], min_df: int) -> float:
    """Return how rare an unknown word is.

    What `min_df` left out is rarer than the rarest word kept.
    """
    return float(idf.max()) + math.log(min_df)


# The latent space (LSA) of the background: directions of short texts in it.


class LatentSpace:
    """Where texts lie in a latent space.

    Parameters
    ----------
    words : sequence of str
    idf : (n_words,) array
        Their inverse document frequencies.
    axes : (n_dimensions, n_words) array
        What a TruncatedSVD fitted on their TF-IDF, with logarithms of counts, calls components.
    """

    def __init__(self, words: Sequence[str], idf: NDArray[np.float64], axes: NDArray[np.float64]) -> None:
        self._place = dict(zip(words, range(len(words)), strict=True))
        self._rows = word_rows(idf, axes)

    def direction(self, words: Iterable[str]) -> NDArray[np.float64]:
        """Return the unit vector of a text, shape (n_dimensions,); zeros if it has no known word.

        It is what scikit-learn's two transformers and `normalize` give but for rounding.
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
    """Return a row a word, as wide as the space, of which directions are made.

    The length of a text does not matter to its direction.
    """
    return np.ascontiguousarray(axes.T * idf[:, None])


# Words that name one thing or belong to one specific subject (term_groups.toml), found in texts.


Families = dict[str, list[str]]  # kind of family to families; a family is its terms, with commas

KINDS = ("places", "actors", "matters")
WORD_LISTS = ("everyday", "towns")  # words that belong to no group: everyday actors, places
# Where scraping lost a space: two words, each of three lower-case letters and more (not "YouTube").
_GLUED = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")
# The same, in a text of which only spaces and the case of its letters are left: quicker to look
# for, and the middle of it quicker still.
_CASES = bytes(
    ord("a" if c.islower() else "A" if c.isupper() else " " if c.isspace() else ".") for c in map(chr, range(128))
).ljust(256, b".")
_GLUED_MIDDLE, _GLUED_CASES = b"aA", b"aaaAaa"


def separate_words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, in order, with glued ones taken apart.

    What was glued also stays as it stood, because it may be a name (``WhatsApp``).
    """
    return words(text) + glued_parts(text)


def glued_parts(text: str) -> list[str]:
    """Return the words, lower-cased, that are glued together in a text."""
    cases = text.encode("ascii", "replace").translate(_CASES)
    if _GLUED_MIDDLE not in cases or _GLUED_CASES not in cases:
        return []
    if text.isascii():
        glued = [text[start:end] for start, end in _around(_GLUED_CASES, cases)]
    else:  # with spaces that are not of ASCII
        glued = [word for word in text.split() if _GLUED.search(word)]
    return words(" ".join([part for word in glued for part in _GLUED.split(word)]))


def _around(sought: bytes, text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the spans between spaces that have something."""
    at = text.find(sought)
    while at >= 0:
        start, end = text.rfind(b" ", 0, at) + 1, text.find(b" ", at)
        end = len(text) if end < 0 else end
        yield start, end
        at = text.find(sought, end)


@cache
def load_term_groups() -> Families:
    """Return the groups of term_groups.toml by kind, everyday actors, and the lexicon's places."""
    table = tomllib.loads((files("saring.models") / "term_groups.toml").read_text(encoding="utf-8"))
    domains = load_lexicon("domains")
    families = {kind: table[kind].strip().splitlines() for kind in KINDS}
    everyday = [term.strip() for term in table["everyday"].replace("\n", " ").split(",")]
    return families | {"everyday": everyday, "towns": [*domains["abroad"], *domains["home"]]}


class TermGroups:
    """Which families the words of a text belong to.

    Parameters
    ----------
    families : Mapping[str, Sequence[str]]
        As `load_term_groups` gives them.

    Attributes
    ----------
    places, actors : frozenset of str
        Words that say where and who; all others say what.
    families : list of list of str
        The terms of each family.
    """

    def __init__(self, families: Mapping[str, Sequence[str]]) -> None:
        self.families = [family.split(", ") for kind in KINDS for family in families[kind]]
        terms = {kind: {term for family in families[kind] for term in family.split(", ")} for kind in KINDS}
        self._of: defaultdict[str, list[int]] = defaultdict(list)
        for number, group in enumerate(self.families):
            for term in group:
                self._of[term].append(number)
        self._firsts = {term.split()[0] for term in self._of if " " in term}
        self.places = frozenset(terms["places"] | set(families["towns"]))
        self.actors = frozenset(terms["actors"] | set(families["everyday"])) - self.places
        self._counter = GroupCounter({str(i): group for i, group in enumerate(self.families)})

    def count(self, family: int, bag: Bag) -> int:
        """Return how often a family occurs in a text."""
        return self._counter.count_one(family, bag)

    def met(self, bag: Bag) -> list[bool]:
        """Return which families occur in a text."""
        return [times > 0 for times in self._counter.count(bag)]

    def relatives(self, found: Sequence[str]) -> tuple[dict[str, set[int]], list[int]]:
        """Return the families of each of the words that have some, and all families in order.

        A word has a family alone or with its neighbour.
        """
        by_word: dict[str, set[int]] = {}
        met: dict[int, None] = {}
        pairs = [f"{one} {two}" for one, two in pairwise(found) if one in self._firsts]
        for term in (*found, *pairs):
            if term in self._of:
                met.update(dict.fromkeys(self._of[term]))
                for word in term.split():
                    by_word.setdefault(word, set()).update(self._of[term])
        return by_word, list(met)
