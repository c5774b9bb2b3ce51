"""What a rule is, and which rules may match where in a text.

Most texts hold little of what rules need. So whatever can be said of a rule beforehand is a table
here: which of them a string calls for, and which may take a line with these two ends.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from saring.parse.needles import Hit, Needles

__all__ = ["MAX_CHARS", "Marker", "Places", "Rule", "Rules", "take_line"]

MAX_CHARS = (
    200  # a whole-line rule looks at no longer line unless it says so: paragraphs are longer
)
ENDS_KEPT = 1 << 12  # first and last characters of lines whose rules are known


@dataclass(frozen=True, slots=True)
class Marker:
    """What stands before the headline of another article.

    Attributes
    ----------
    name : str
        Name of the marker in the data file.
    kind : str
        "link", or the kind of removal the whole teaser is ("video_teaser").
    pattern : re.Pattern
        The marker's words, without separator.
    separator : str
        "optional" or "needed": whether a headline may follow without a colon at a line's start.
    needs : tuple of str
        Lower-case strings, one of which starts every match.
    examples, false_friends : tuple of str
        Lines it must and must not take.
    """

    name: str
    kind: str
    pattern: re.Pattern[str]
    separator: str
    needs: tuple[str, ...]
    examples: tuple[str, ...]
    false_friends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A stretch of furniture; `kind` names the removal, `where` is one of `PLACES`.

    `needs` holds lower-case strings of which a match has one; inside a line it starts with one.
    `starts`: characters, one of which a line starts with (none: any may); `ends`: the kind of the
    last character of what a rule for lines or for the end takes; `after` restricts a line to stand
    right behind a removal of that kind.
    """

    kind: str
    where: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    starts: tuple[str, ...]
    ends: re.Pattern[str] | None
    max_chars: int
    after: str
    examples: tuple[str, ...]
    false_friends: tuple[str, ...]


class Places(NamedTuple):
    """Where in a text rules may match: the place of what they need, and the rules.

    Those of lines and of the end come by their number among such.
    """

    marks: list[tuple[int, Sequence[Marker]]]
    inside: list[tuple[int, Rule]]
    lines: list[tuple[int, int]]
    end: list[tuple[int, int]]


class Rules:
    """Markers and rules, in the order of the data file.

    Attributes
    ----------
    markers : tuple of Marker
    rules : tuple of Rule
    needles : Needles
        What markers, rules for inside a line, those for lines and those for the end need; of the
        last only those that say nothing of the last character.
    needless : list of int
        Numbers of the rules for lines that need nothing but a start, or a line before.
    line_starts : frozenset of str
        What these lines start with.
    ending : callable
        Takes a character and returns the rules for the end that may take what ends with it, each
        with its number among them.
    """

    def __init__(self, markers: Iterable[Marker], rules: Iterable[Rule]) -> None:
        self.markers = tuple(markers)
        self.rules = tuple(rules)
        self._places: dict[str, list[Rule]] = {}
        for rule in self.rules:
            self._places.setdefault(rule.where, []).append(rule)
        self._sizes = {
            place: sorted({rule.max_chars for rule in rules})
            for place, rules in self._places.items()
        }
        ends = [rule for rule in self.at("end") if rule.ends is None]
        searched: list[Marker | Rule] = [*self.markers, *self.at("inside"), *self.at("line"), *ends]
        self.needles = Needles([one.needs for one in searched])
        self._owners = [self._owned(string) for string in self.needles.strings]
        self.needless = [n for n, rule in enumerate(self.at("line")) if not rule.needs]
        self.line_starts = frozenset(start for rule in self.at("line") for start in rule.starts)
        self._fitting = lru_cache(ENDS_KEPT)(self._fit)
        self.ending = lru_cache(ENDS_KEPT)(self._ending)

    def at(self, place: str) -> Sequence[Rule]:
        """Return the rules for a place, one of `PLACES`."""
        return self._places.get(place, ())

    def _owned(self, string: str) -> list[tuple[int, Any]]:
        """Return what needs a string, each with the number of its field in `Places`."""
        markers = tuple([marker for marker in self.markers if string in marker.needs])
        return [
            *([(0, markers)] if markers else []),
            *[(1, rule) for rule in self.at("inside") if string in rule.needs],
            *[(2, n) for n, rule in enumerate(self.at("line")) if string in rule.needs],
            *[(3, n) for n, rule in enumerate(self.at("end")) if string in rule.needs],
        ]

    def places(self, hits: Iterable[Hit]) -> Places:
        """Return where in a text which rules may match, from the hits of `needles`."""
        found = Places([], [], [], [])
        for at, number in hits:
            for kind, owner in self._owners[number]:
                found[kind].append((at, owner))
        return found

    def longest(self, place: str) -> int:
        """Return how many characters a line for a place has at most."""
        return self._sizes.get(place, [0])[-1]

    def following(self, place: str, kind: str) -> Sequence[Rule]:
        """Return the rules for a place that stand right behind a removal of a kind."""
        return [rule for rule in self.at(place) if rule.after == kind] if kind else ()

    def whole_line(self, place: str, line: str) -> tuple[Rule, re.Match[str]] | None:
        """Return the rule for a place that takes a line by itself and its match, or None."""
        sizes = self._sizes.get(place, ())
        size = bisect_left(sizes, len(line))
        if not line or size == len(sizes):
            return None
        rules = self._fitting(place, sizes[size], line[0], line[-1])
        return take_line(rules, line) if rules else None

    def _fit(self, place: str, size: int, first: str, last: str) -> Sequence[Rule]:
        """Return the rules for a place that may take a line of such a size with these ends."""
        return [
            rule
            for rule in self.at(place)
            if not rule.after
            and rule.max_chars >= size
            and (not rule.starts or first in rule.starts)
            and (not rule.ends or rule.ends.match(last))
        ]

    def _ending(self, char: str) -> Sequence[tuple[int, Rule]]:
        """Return the rules for the end that may take what ends with a character, and numbers."""
        rules = enumerate(self.at("end"))
        return [(n, rule) for n, rule in rules if not rule.ends or rule.ends.match(char)]


def take_line(
    rules: Iterable[Rule], line: str, before: str = ""
) -> tuple[Rule, re.Match[str]] | None:
    """Return the first rule that takes the whole line and its match, or None.

    Parameters
    ----------
    rules : iterable of Rule
        The rules.
    line : str
        The line, stripped.
    before : str
        Kind of the removal right before the line, empty when there is none.
    """
    size, low = len(line), ""
    for rule in rules:
        if size > rule.max_chars or (rule.after and rule.after != before):
            continue
        if rule.starts and not line.startswith(rule.starts):
            continue
        if rule.ends and not rule.ends.match(line, size - 1):
            continue
        if rule.needs:
            low = low or line.lower()
            for need in rule.needs:  # a loop: `any` takes three times as long
                if need in low:
                    break
            else:
                continue
        match = rule.pattern.fullmatch(line)
        if match:
            return rule, match
    return None
