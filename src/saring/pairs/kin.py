"""Words that name one thing or belong to one specific subject (kin.toml), found in texts."""

from __future__ import annotations

import re
import string
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from saring.lexicon import Bag, GroupCounter, load_lexicon, words

__all__ = ["Kin", "glued_parts", "load_kin", "separate_words"]

Families = dict[str, list[str]]  # kind of family to families; a family is its terms, with commas

KINDS = ("places", "actors", "matters")
# Where scraping lost a space: two words, each of three lower-case letters and more (not "YouTube").
_GLUED = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")
# The same, in a text of which only the case of its letters is left: quicker to look for.
_CASES = bytes.maketrans(
    (string.ascii_lowercase + string.ascii_uppercase).encode(), b"a" * 26 + b"A" * 26
)
_GLUED_CASES = b"aaaAaa"


def separate_words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, in order, with glued ones taken apart.

    What was glued also stays as it stood, because it may be a name (``WhatsApp``).
    """
    return words(text) + glued_parts(text)


def glued_parts(text: str) -> list[str]:
    """Return the words, lower-cased, that are glued together in a text."""
    if _GLUED_CASES not in text.encode("ascii", "replace").translate(_CASES):
        return []
    parts = [part for word in text.split() if _GLUED.search(word) for part in _GLUED.split(word)]
    return words(" ".join(parts))


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
    """

    def __init__(self, families: Mapping[str, Sequence[str]]) -> None:
        groups = [family.split(", ") for kind in KINDS for family in families[kind]]
        terms = {
            kind: {term for family in families[kind] for term in family.split(", ")}
            for kind in KINDS
        }
        self._of: defaultdict[str, list[int]] = defaultdict(list)
        for number, group in enumerate(groups):
            for term in group:
                self._of[term].append(number)
        self.n_families = len(groups)
        self.places = frozenset(terms["places"] | set(families["towns"]))
        self.actors = frozenset(terms["actors"] | set(families["everyday"])) - self.places
        self._counter = GroupCounter({str(number): group for number, group in enumerate(groups)})

    def count(self, family: int, bag: Bag) -> int:
        """Return how often a family occurs in a text."""
        return self._counter.count_one(family, bag)

    def met(self, bag: Bag) -> list[bool]:
        """Return which families occur in a text."""
        return [times > 0 for times in self._counter.count(bag)]

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
