"""The rules of `markers.toml`, compiled: what portals print around an article's paragraphs.

Rules are data; this module only turns them into regular expressions, once, on first use. What a
blank and ``~`` mean in a pattern is told at the top of the data file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from saring.errors import ConfigError
from saring.parse.needles import Hit, Needles

__all__ = [
    "MAX_CHARS",
    "PLACES",
    "Marker",
    "Places",
    "Rule",
    "Rules",
    "load_rules",
    "read_rules",
    "take_line",
]

PLACES = ("inside", "line", "head", "tail", "tail_header", "start", "end")
"""Where a rule may apply: inside a line, as a whole line (anywhere, before the first paragraph,
after the last), as the header of all that follows, at the first paragraph's start, at the end."""

MAX_CHARS = (
    200  # a whole-line rule looks at no longer line unless it says so: paragraphs are longer
)

_SPACE = r"[\s\u200b\ufeff]"  # \s covers the no-break space; scrapers leave zero-width ones too
_MARKER_END = r"(?:(?!\w)|(?-i:(?<=[Jj]uga)(?=[A-Z])))"  # a lost line break: "Baca JugaPanen"
_RULE_KEYS = frozenset(
    "kind where case needs starts ends max_chars after pattern example not".split()  # noqa: SIM905
)


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
    """Where in a text rules may match.

    For markers and for rules inside a line, the place and the rule; for those of lines, the place
    of what they need and their number among them.
    """

    marks: list[tuple[int, Marker]]
    inside: list[tuple[int, Rule]]
    lines: list[tuple[int, int]]


class Rules:
    """Markers and rules, in the order of the data file.

    Attributes
    ----------
    markers : tuple of Marker
    rules : tuple of Rule
    needles : Needles
        What markers, rules for inside a line and those for lines need.
    needless : list of int
        Numbers of the rules for lines that need nothing but a start, or a line before.
    line_starts : frozenset of str
        What these lines start with.
    """

    def __init__(self, markers: Iterable[Marker], rules: Iterable[Rule]) -> None:
        self.markers = tuple(markers)
        self.rules = tuple(rules)
        self._places: dict[str, list[Rule]] = {}
        for rule in self.rules:
            self._places.setdefault(rule.where, []).append(rule)
        searched: list[Marker | Rule] = [*self.markers, *self.at("inside")]
        self.needles = Needles([one.needs for one in [*searched, *self.at("line")]])
        self._owners = [
            (
                [marker for marker in self.markers if string in marker.needs],
                [rule for rule in self.at("inside") if string in rule.needs],
                [number for number, rule in enumerate(self.at("line")) if string in rule.needs],
            )
            for string in self.needles.strings
        ]
        self.needless = [n for n, rule in enumerate(self.at("line")) if not rule.needs]
        self.line_starts = frozenset(start for rule in self.at("line") for start in rule.starts)
        self._ending: dict[str, Sequence[Rule]] = {}
        self._long = {
            place: [rule for rule in rules if rule.max_chars > MAX_CHARS]
            for place, rules in self._places.items()
        }

    def at(self, place: str) -> Sequence[Rule]:
        """Return the rules for a place, one of `PLACES`."""
        return self._places.get(place, ())

    def ending(self, char: str) -> Sequence[Rule]:
        """Return the rules for the end that may take what ends with a character."""
        if char not in self._ending:
            rules = [rule for rule in self.at("end") if not rule.ends or rule.ends.match(char)]
            self._ending[char] = rules
        return self._ending[char]

    def places(self, hits: Iterable[Hit]) -> Places:
        """Return where in a text which rules may match, from the hits of `needles`."""
        found = Places([], [], [])
        for at, number in hits:
            markers, inside, of_lines = self._owners[number]
            for marker in markers:
                found.marks.append((at, marker))
            for rule in inside:
                found.inside.append((at, rule))
            for rule_number in of_lines:
                found.lines.append((at, rule_number))
        return found

    def whole_line(self, place: str, line: str) -> tuple[Rule, re.Match[str]] | None:
        """Return the rule for a place that takes the whole line and its match, or None."""
        rules = self.at(place) if len(line) <= MAX_CHARS else self._long.get(place, ())
        return take_line(rules, line) if rules else None


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
        if size > rule.max_chars or rule.after not in ("", before):
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


@cache
def load_rules() -> Rules:
    """Return the rules shipped with saring; they are read once."""
    data = files("saring.parse").joinpath("markers.toml").read_text(encoding="utf-8")
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
        pattern=_compile(
            entry["name"], rf"(?:{_spaced(entry['pattern'])}){_MARKER_END}", case=False
        ),
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
        raise ConfigError(
            f"markers.toml: rule {kind!r}: where = {where!r}; expected one of {PLACES}"
        )
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
        raise ConfigError(
            f"markers.toml: rule {name!r}: unknown key {unknown[0]!r}; known: {sorted(known)}"
        )
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
    return outside.sub(
        lambda m: f"{_SPACE}{{1,5}}" if m[3] else f"{_SPACE}{{0,5}}" if m[4] else m[0], pattern
    )
