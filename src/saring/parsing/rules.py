"""The markers and rules of markers.toml: what portals print around an article's paragraphs, as data.

Most articles hold little of it. So each rule lists required literals ("baca"): one of them stands in whatever the
rule takes. A text is searched once for the literals of all rules, and a rule is tried only where one of its own is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from saring.errors import ConfigError

MARKERS = files("saring.parsing").joinpath("markers.toml")
PLACES = ("inside", "line", "head", "tail", "tail_header", "start", "end")
"""Where a rule may apply: inside a line, as a whole line (anywhere, before the first paragraph,
after the last), as the header of all that follows, at the first paragraph's start, at the end."""

MIN_LITERAL_CHARS = 3
PORTAL_SIGNS = (".co", ".id", "(antara")
MAX_CHARS = 200  # a whole-line rule looks at no longer line unless it says so: paragraphs are longer
ENDS_KEPT = 1 << 12  # first and last characters of lines whose rules are known

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # no UTF-8 holds one
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_SPACE = r"[\s\u200b\ufeff]"  # \s covers the no-break space; scrapers leave zero-width ones too
_BLANK = re.compile(r"(\[(?:\\.|[^\]\\])+\])|(\\.)|( )|(~)")  # the last two not within [...] or escaped
_MARKER_END = r"(?:(?!\w)|(?-i:(?<=[Jj]uga)(?=[A-Z])))"  # a lost line break: "Baca JugaPanen"
_KEYS = {"examples": "example", "false_friends": "not"}  # fields that the data file calls otherwise

Hit = tuple[int, int]  # where in a text a literal stands, and the literal's number


class Literals:
    """The strings that texts are searched for, each once; `strings` holds them by their numbers."""

    def __init__(self, strings: Iterable[str]) -> None:
        """Take literals of three or more characters of ASCII, whose capitals `lower` knows."""
        self.strings = tuple(dict.fromkeys(strings))
        for string in self.strings:
            if not string.isascii() or string != string.lower() or len(string) < MIN_LITERAL_CHARS:
                raise ConfigError(
                    f"markers.toml: needs = {string!r}; expected {MIN_LITERAL_CHARS} small letters of ASCII or more"
                )
        self._automaton = AhoCorasick(self.strings, implementation=Implementation.DFA)

    def find(self, text: str) -> list[Hit]:
        """Return the hits in a text, whatever its capitals: by their ends, of one end the longest first.

        Those that overlap the last of their string are left out, as by `str.find`.
        """
        low = lower(text)
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
    """Return the text in lower case and of the same length, so that places in it stay true."""
    lowered = text.lower()
    # A few letters (the dotted capital I of Turkish names) lower to two characters.
    return lowered if len(lowered) == len(text) else text.translate(_LOWER)


@dataclass(frozen=True, slots=True, eq=False)
class Marker:
    """What stands before the headline of another article: "Baca juga"."""

    name: str
    pattern: re.Pattern[str]  # its words, without separator
    separator: str  # "optional" or "needed": may a headline follow without a colon at a line's start?
    needs: tuple[str, ...]  # required literals, one of which starts every match
    examples: tuple[str, ...]  # lines it takes
    false_friends: tuple[str, ...] = ()  # lines it leaves alone
    phrases: tuple[str, ...] = ()  # how web pages print it, in lower case
    comma_ends: bool = False  # in text whose paragraphs commas join, the first comma ends its headline
    kind: str = "link"  # or the kind of removal that the whole teaser is: "video_teaser"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A stretch of boilerplate."""

    kind: str  # of the removal
    where: str  # one of `PLACES`
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    false_friends: tuple[str, ...] = ()
    case: bool = False  # whether its capitals count
    needs: tuple[str, ...] = ()  # required literals; a match inside a line starts with one
    starts: str = ""  # characters, one of which the line starts with; none: any
    ends: re.Pattern[str] | None = None  # the last character of what a rule for lines or the end takes
    max_chars: int = MAX_CHARS  # of the line, or of the match
    after: str = ""  # the line stands right behind a removal of this kind; empty: behind anything


class Places(NamedTuple):
    """Where in a text markers and rules may match: the places of their literals."""

    marks: list[tuple[int, Sequence[Marker]]]
    inside: list[tuple[int, Rule]]
    line: list[tuple[int, Rule]]
    end: list[tuple[int, Rule]]
    portals: list[tuple[int, str]]  # what datelines name a portal by


class Draft(NamedTuple):
    """An article while it is parsed: its text, what is known of it, and where in it which rules may match."""

    text: str
    title: str  # empty where unknown, as the publisher
    publisher: str
    rules: Rules
    places: Places


class Rules:
    """All markers and rules in the order of the data file, and the literals to search a text for."""

    def __init__(self, markers: Iterable[Marker], rules: Iterable[Rule]) -> None:
        self.markers, self.rules = tuple(markers), tuple(rules)
        self.at = {place: [rule for rule in self.rules if rule.where == place] for place in PLACES}
        self.longest = {place: max([rule.max_chars for rule in rules], default=0) for place, rules in self.at.items()}
        # What says how it ends is tried where a text ends so, and is not searched for.
        searched = [*self.at["inside"], *self.at["line"], *[rule for rule in self.at["end"] if not rule.ends]]
        needs = [*[one.needs for one in self.markers], *[one.needs for one in searched], PORTAL_SIGNS]
        self.literals = Literals(chain.from_iterable(needs))
        self._owners: list[list[tuple[int, Any]]] = []  # by a literal's number: field of `Places`, and who needs it
        for string in self.literals.strings:
            markers = tuple([marker for marker in self.markers if string in marker.needs])
            needing = [(Places._fields.index(rule.where), rule) for rule in searched if string in rule.needs]
            sign = [(Places._fields.index("portals"), string)] if string in PORTAL_SIGNS else []
            self._owners.append([*([(0, markers)] if markers else []), *needing, *sign])
        self.phrases = tuple(phrase for marker in self.markers for phrase in marker.phrases)
        self.line_starts = frozenset(start for rule in self.at["line"] for start in rule.starts)
        self._fitting = lru_cache(ENDS_KEPT)(self._fit)

    def places(self, text: str) -> Places:
        """Return where in a text which markers and rules may match."""
        found = Places([], [], [], [], [])
        for at, number in self.literals.find(text):
            for field, owner in self._owners[number]:
                found[field].append((at, owner))
        return found

    def whole_line(self, place: str, line: str) -> tuple[Rule, re.Match[str]] | None:
        """Return the rule for a place that takes a line by itself, and its match, or None."""
        rules = self._fitting(place, line[0], line[-1]) if line else ()
        return take_line(rules, line) if rules else None

    def _fit(self, place: str, first: str, last: str) -> Sequence[Rule]:
        """Return the rules for a place that may take a line with these ends, whatever is before it."""
        return [
            rule
            for rule in self.at[place]
            if not rule.after and (not rule.starts or first in rule.starts) and (not rule.ends or rule.ends.match(last))
        ]


def take_line(rules: Iterable[Rule], line: str, before: str = "") -> tuple[Rule, re.Match[str]] | None:
    """Return the first rule that takes the whole line, and its match, or None.

    `line` is stripped; `before` is the kind of the removal right before it, empty when there is none.
    """
    size, low = len(line), ""
    for rule in rules:
        if size > rule.max_chars or (rule.after and rule.after != before):
            continue
        if (rule.starts and line[:1] not in rule.starts) or (rule.ends and not rule.ends.match(line, size - 1)):
            continue
        if rule.needs:
            low = low or line.lower()
            if not any([need in low for need in rule.needs]):
                continue
        if match := rule.pattern.fullmatch(line):
            return rule, match
    return None


@cache
def load_rules() -> Rules:
    """Return the rules of markers.toml; it is read once."""
    return read_rules(tomllib.loads(MARKERS.read_text(encoding="utf-8")))


def read_rules(data: Mapping[str, Any]) -> Rules:
    """Return the rules in parsed TOML; one with an unknown key, a wrong pattern or no example is a ConfigError."""
    return Rules(map(_marker, data.get("marker", [])), map(_rule, data.get("rule", [])))


def _marker(entry: Mapping[str, Any]) -> Marker:
    """Compile one entry of ``[[marker]]``; without a pattern of its own it matches its phrases."""
    values = _values(Marker, entry)
    phrases = values.get("phrases", ())
    pattern = entry.get("pattern") or "|".join(re.escape(phrase).replace(r"\ ", " ") for phrase in phrases)
    values["pattern"] = _compile(entry["name"], rf"(?:{_spaced(pattern)}){_MARKER_END}")
    values.setdefault("needs", tuple(dict.fromkeys(phrase.split()[0] for phrase in phrases)))
    return Marker(**values)


def _rule(entry: Mapping[str, Any]) -> Rule:
    """Compile one entry of ``[[rule]]``."""
    values, kind, where = _values(Rule, entry), entry["kind"], entry["where"]
    if where not in PLACES:
        raise ConfigError(f"markers.toml: rule {kind!r}: where = {where!r}; expected one of {PLACES}")
    pattern = _spaced(entry["pattern"]) + (r"\Z" if where == "end" else "")
    values["pattern"] = _compile(kind, pattern, 0 if entry.get("case") else re.IGNORECASE)
    if "ends" in entry:
        values["ends"] = _compile(kind, entry["ends"])
    return Rule(**values)


def _values(made: type[Marker | Rule], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry by field; refuse unknown keys, and one without an example or without anything to match."""
    name = entry.get("name") or entry.get("kind")
    by_key = {_KEYS.get(field.name, field.name): field.name for field in fields(made)}
    if unknown := sorted(set(entry).difference(by_key)):
        raise ConfigError(f"markers.toml: rule {name!r}: unknown key {unknown[0]!r}; expected one of {sorted(by_key)}")
    if not entry.get("example") or not (entry.get("pattern") or entry.get("phrases")):
        missing = "pattern, nor phrases; give one" if entry.get("example") else "example; give a line it must take"
        raise ConfigError(f"markers.toml: rule {name!r} has no {missing}")
    return {by_key[key]: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _compile(name: str, pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """Compile a pattern; an error names its rule."""
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise ConfigError(f"markers.toml: rule {name!r}: {error} in {pattern!r}") from error


def _spaced(pattern: str) -> str:
    """Write out a blank as some white space and ``~`` as optional white space."""
    return _BLANK.sub(lambda m: f"{_SPACE}{{1,5}}" if m[3] else f"{_SPACE}{{0,5}}" if m[4] else m[0], pattern)
