"""Rules for teasers and boilerplate (markers.toml), tried where their literals occur."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from os.path import commonprefix
from typing import Any, NamedTuple

from saring.errors import ConfigError

# The short strings that rules need, and where a text holds them: the one search through a text.


Hit = tuple[int, int]
"""Where in a text one of the strings stands, and its number."""

MIN_CHARS = 3
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # no UTF-8 holds one

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class Literals:
    """Strings to look for, each once.

    Attributes
    ----------
    strings : tuple of str
        By their numbers.
    """

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        """Take the strings of each rule.

        Raises
        ------
        ConfigError
            For one that is not in lower case, or not in ASCII, whose capitals `lower` knows; or
            for one of less than three characters, by which texts are searched.
        """
        groups = list(groups)
        self.strings = tuple(dict.fromkeys(string for group in groups for string in group))
        for string in self.strings:
            if not string.isascii() or string != string.lower() or len(string) < MIN_CHARS:
                raise ConfigError(
                    f"markers.toml: needs = {string!r}; expected {MIN_CHARS} small letters of ASCII or more"
                )
        self._numbers = {string: number for number, string in enumerate(self.strings)}
        # Strings that begin alike ("[gambas", "[video") are looked for by their beginning first.
        shared = [commonprefix(group) for group in groups]  # noqa: RUF071, characters are meant
        self._within = _nested([*self.strings, *filter(None, shared)])
        self._automaton: Any = None
        # 16,780 articles: 0.20 s; plain Python 1.8 s, a scan of our own compiled by numba 0.13 s.
        if find_spec("ahocorasick_rs"):
            from ahocorasick_rs import AhoCorasick, Implementation

            self._automaton = AhoCorasick(self.strings, implementation=Implementation.DFA)

    def find(self, text: str) -> list[Hit]:
        """Return where a text holds which string, whatever its capitals.

        They come in the order of their ends, of one end the longest first.
        """
        low = lower(text)
        if self._automaton is not None:
            return self._search(low)
        met = [short for short in self._within if short in low]
        found: list[tuple[int, int, int]] = []
        for string in [string for short in met for string in (short, *self._within[short])]:
            number = self._numbers.get(string)
            at = -1 if number is None else low.find(string)
            while at >= 0 and number is not None:
                end = at + len(string)
                found.append((end, at, number))
                at = low.find(string, end)
        return [(at, number) for _, at, number in sorted(found)]

    def _search(self, low: str) -> list[Hit]:
        """Return the hits of one walk; those that overlap the last of their string are left out, as by `str.find`."""
        try:
            matches = self._automaton.find_matches_as_indexes(low, overlapping=True)
        except UnicodeEncodeError:
            low = _LONE_SURROGATE.sub("\ufffd", low)
            matches = self._automaton.find_matches_as_indexes(low, overlapping=True)
        found, free = [], [0] * len(self.strings)
        for number, at, end in matches:
            if at >= free[number]:
                free[number] = end
                found.append((at, number))
        return found


def lower(text: str) -> str:
    """Return the text in lower case, of the same length, so that places in it stay true."""
    lowered = text.lower()
    # A few letters (the dotted capital I of Turkish names) lower to two characters.
    return lowered if len(lowered) == len(text) else text.translate(_LOWER)


def _nested(strings: Iterable[str]) -> dict[str, list[str]]:
    """Return the strings that contain no other one, each with those that contain it.

    What is in none of them need not be looked for: "update berita" only where "berita" is.
    """
    nested: dict[str, list[str]] = {}
    for string in sorted(set(strings), key=len):
        short = next((one for one in nested if one in string), None)
        nested.setdefault(short or string, []).extend([string] * (short is not None))
    return nested


# What a rule is, and which rules may match where in a text.


MAX_CHARS = 200  # a whole-line rule looks at no longer line unless it says so: paragraphs are longer
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
    """A stretch of boilerplate; `kind` names the removal, `where` is one of `PLACES`.

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
    literals : Literals
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
        self._sizes = {place: sorted({rule.max_chars for rule in rules}) for place, rules in self._places.items()}
        ends = [rule for rule in self.at("end") if rule.ends is None]
        searched: list[Marker | Rule] = [*self.markers, *self.at("inside"), *self.at("line"), *ends]
        self.literals = Literals([one.needs for one in searched])
        self._owners = [self._owned(string) for string in self.literals.strings]
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
        """Return where in a text which rules may match, from the hits of `literals`."""
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


def take_line(rules: Iterable[Rule], line: str, before: str = "") -> tuple[Rule, re.Match[str]] | None:
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


# The rules of `markers.toml`, compiled: what portals print around an article's paragraphs.


PLACES = ("inside", "line", "head", "tail", "tail_header", "start", "end")
"""Where a rule may apply: inside a line, as a whole line (anywhere, before the first paragraph,
after the last), as the header of all that follows, at the first paragraph's start, at the end."""

_SPACE = r"[\s\u200b\ufeff]"  # \s covers the no-break space; scrapers leave zero-width ones too
_MARKER_END = r"(?:(?!\w)|(?-i:(?<=[Jj]uga)(?=[A-Z])))"  # a lost line break: "Baca JugaPanen"
_RULE_KEYS = frozenset(
    "kind where case needs starts ends max_chars after pattern example not".split()  # noqa: SIM905
)


@cache
def load_rules() -> Rules:
    """Return the rules shipped with saring; they are read once."""
    data = files("saring.parsing").joinpath("markers.toml").read_text(encoding="utf-8")
    return read_rules(tomllib.loads(data))


def read_rules(data: Mapping[str, Any]) -> Rules:
    """Return the rules in parsed TOML.

    Raises
    ------
    ConfigError
        If a rule has an unknown key or place, lacks an example, or its pattern is not valid.
    """
    markers = [_marker(entry) for entry in data.get("marker", [])]
    rules = [_rule(entry) for entry in data.get("rule", [])]
    return Rules(markers, rules)


def _marker(entry: Mapping[str, Any]) -> Marker:
    """Compile one entry of ``[[marker]]``."""
    _check(entry, {"name", "kind", "needs", "pattern", "separator", "example", "not"})
    return Marker(
        name=entry["name"],
        kind=entry.get("kind", "link"),
        pattern=_compile(entry["name"], rf"(?:{_spaced(entry['pattern'])}){_MARKER_END}", case=False),
        separator=entry["separator"],
        needs=tuple(entry["needs"]),
        examples=tuple(entry["example"]),
        false_friends=tuple(entry.get("not", ())),
    )


def _rule(entry: Mapping[str, Any]) -> Rule:
    """Compile one entry of ``[[rule]]``."""
    _check(entry, _RULE_KEYS)
    kind, where = entry["kind"], entry["where"]
    if where not in PLACES:
        raise ConfigError(f"markers.toml: rule {kind!r}: where = {where!r}; expected one of {PLACES}")
    spaced = _spaced(entry["pattern"]) + (r"\Z" if where == "end" else "")
    return Rule(
        kind=kind,
        where=where,
        pattern=_compile(kind, spaced, entry.get("case", False)),
        needs=tuple(entry.get("needs", ())),
        starts=tuple(entry.get("starts", "")),
        ends=_compile(kind, entry["ends"], case=False) if "ends" in entry else None,
        max_chars=entry.get("max_chars", MAX_CHARS),
        after=entry.get("after", ""),
        examples=tuple(entry["example"]),
        false_friends=tuple(entry.get("not", ())),
    )


def _check(entry: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse an entry with unknown keys or without an example."""
    name = entry.get("name") or entry.get("kind")
    unknown = sorted(set(entry).difference(known))
    if unknown:
        raise ConfigError(f"markers.toml: rule {name!r}: unknown key {unknown[0]!r}; known: {sorted(known)}")
    if not entry.get("example"):
        raise ConfigError(f"markers.toml: rule {name!r} has no example; give a line it must take")


def _compile(name: str, pattern: str, case: bool) -> re.Pattern[str]:
    """Compile a pattern; an error names its rule."""
    try:
        return re.compile(pattern, 0 if case else re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"markers.toml: rule {name!r}: {error} in {pattern!r}") from error


def _spaced(pattern: str) -> str:
    """Write out a blank as some white space and ``~`` as optional white space."""
    outside = re.compile(r"(\[(?:\\.|[^\]\\])+\])|(\\.)|( )|(~)")  # not within [...] or escaped
    return outside.sub(lambda m: f"{_SPACE}{{1,5}}" if m[3] else f"{_SPACE}{{0,5}}" if m[4] else m[0], pattern)
