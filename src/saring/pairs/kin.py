"""Words that name one thing or belong to one specific subject (kin.toml), found in texts."""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from saring.lexicon import load_lexicon, words

__all__ = ["Kin", "load_kin", "separate_words"]

Families = dict[str, list[str]]  # kind of family to families; a family is its terms, with commas

KINDS = ("places", "actors", "matters")
# Where scraping lost a space: two words, each of three lower-case letters and more (not "YouTube").
_GLUED = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")


def separate_words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, in order, with glued ones taken apart.

    What was glued also stays as it stood, because it may be a name (``WhatsApp``).
    """
    found = words(text)
    if not _GLUED.search(text):
        return found
    parts = [part for word in text.split() if _GLUED.search(word) for part in _GLUED.split(word)]
    return found + words(" ".join(parts))


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
    n_families : int
    """

    def __init__(self, families: Mapping[str, Sequence[str]]) -> None:
        self._of: dict[str, list[int]] = defaultdict(list)
        terms: dict[str, set[str]] = {kind: set() for kind in KINDS}
        self.n_families = 0
        for kind in KINDS:
            for family in families[kind]:
                for term in family.split(", "):
                    self._of[term].append(self.n_families)
                    terms[kind].add(term)
                self.n_families += 1
        self.places = frozenset(terms["places"] | set(families["towns"]))
        self.actors = frozenset(terms["actors"] | set(families["everyday"])) - self.places

    def families(self, found: Sequence[str]) -> Counter[int]:
        """Return how often each family occurs in a run of words."""
        counts: Counter[int] = Counter()
        for term in (*found, *_pairs(found)):
            if term in self._of:
                counts.update(self._of[term])
        return counts

    def by_word(self, found: Sequence[str]) -> dict[str, set[int]]:
        """Return the families that each word belongs to, alone or with its neighbour."""
        of: dict[str, set[int]] = {}
        for term in (*found, *_pairs(found)):
            for word in term.split() if term in self._of else ():
                of.setdefault(word, set()).update(self._of[term])
        return of


def _pairs(found: Sequence[str]) -> list[str]:
    """Return the pairs of neighbouring words."""
    return [f"{one} {two}" for one, two in pairwise(found)]
