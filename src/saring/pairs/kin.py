"""Words that name one thing or belong to one specific subject (kin.toml), found in texts."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from saring.lexicon import Bag, GroupCounter, load_lexicon, words

__all__ = ["KINDS", "WORD_LISTS", "Kin", "glued_parts", "load_kin", "separate_words"]

Families = dict[str, list[str]]  # kind of family to families; a family is its terms, with commas

KINDS = ("places", "actors", "matters")
WORD_LISTS = ("everyday", "towns")  # words that belong to no group: everyday actors, places
# Where scraping lost a space: two words, each of three lower-case letters and more (not "YouTube").
_GLUED = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")
# The same, in a text of which only spaces and the case of its letters are left: quicker to look
# for, and the middle of it quicker still.
_CASES = bytes(
    ord("a" if c.islower() else "A" if c.isupper() else " " if c.isspace() else ".")
    for c in map(chr, range(128))
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
def load_kin() -> Families:
    """Return the families of kin.toml by kind, the everyday actors, and the lexicon's places."""
    table = tomllib.loads((files("saring.pairs") / "kin.toml").read_text(encoding="utf-8"))
    domains = load_lexicon("domains")
    families = {kind: table[kind].strip().splitlines() for kind in KINDS}
    everyday = [term.strip() for term in table["everyday"].replace("\n", " ").split(",")]
    return families | {"everyday": everyday, "towns": [*domains["abroad"], *domains["home"]]}


class Kin:
    """Which families the words of a text belong to.

    Parameters
    ----------
    families : Mapping[str, Sequence[str]]
        As `load_kin` gives them.

    Attributes
    ----------
    places, actors : frozenset of str
        Words that say where and who; all others say what.
    families : list of list of str
        The terms of each family.
    """

    def __init__(self, families: Mapping[str, Sequence[str]]) -> None:
        self.families = [family.split(", ") for kind in KINDS for family in families[kind]]
        terms = {
            kind: {term for family in families[kind] for term in family.split(", ")}
            for kind in KINDS
        }
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
