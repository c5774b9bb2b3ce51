"""The rules of `markers.toml`, compiled: what portals print around an article's paragraphs.

Rules are data; this module only turns them into regular expressions, once, on first use. What a
blank and ``~`` mean in a pattern is told at the top of the data file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from os.path import commonprefix
from typing import Any

from saring.errors import ConfigError

__all__ = [
    "MAX_CHARS",
    "PLACES",
    "Marker",
    "Rule",
    "Rules",
    "load_rules",
    "lower",
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
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


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
    `after` restricts a line to stand right behind a removal of that kind.
    """

    kind: str
    where: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    max_chars: int
    after: str
    examples: tuple[str, ...]
    false_friends: tuple[str, ...]


class Rules:
    """Markers and rules, in the order of the data file.

    Attributes
    ----------
    markers : tuple of Marker
    rules : tuple of Rule
    """

    def __init__(self, markers: Iterable[Marker], rules: Iterable[Rule]) -> None:
        self.markers = tuple(markers)
        self.rules = tuple(rules)
        self._places: dict[str, list[Rule]] = {}
        for rule in self.rules:
            self._places.setdefault(rule.where, []).append(rule)
        # Strings that begin alike ("[gambas", "[video") are looked for by their beginning first.
        self._needs: dict[str, dict[str, list[Marker | Rule]]] = {}
        searched: list[Marker | Rule] = [*self.markers, *self.at("inside")]
        for one in searched:
            shared = commonprefix(one.needs)  # noqa: RUF071, characters are what is meant
            for need in one.needs:
                owners = self._needs.setdefault(shared or need, {}).setdefault(need, [])
                owners.append(one)
        needs = [need for one in [*searched, *self.at("line")] for need in one.needs]
        self._within = _nested([*needs, *self._needs])
        self._long = {
            place: [rule for rule in rules if rule.max_chars > MAX_CHARS]
            for place, rules in self._places.items()
        }

    def at(self, place: str) -> Sequence[Rule]:
        """Return the rules for a place, one of `PLACES`."""
        return self._places.get(place, ())

    def met(self, low: str) -> set[str]:
        """Return which of the strings that markers and rules need a text, in lower case, has.

        This is the one search through the whole text: most articles hold few of them, and what
        needs the others costs nothing from here on.
        """
        found = {need for need in self._within if need in low}
        for need in tuple(found):
            found.update([longer for longer in self._within[need] if longer in low])
        return found

    def places(
        self, low: str, met: Collection[str] | None = None
    ) -> Iterator[tuple[int, Marker | Rule]]:
        """Yield where in a text, given in lower case, a marker or a rule for inside may match.

        `met` is what `met` gives for the text, where that is known.
        """
        met = self.met(low) if met is None else met
        for group in self._needs.values():
            for need, owners in group.items():
                at = low.find(need) if need in met else -1
                while at >= 0:
                    for one in owners:
                        yield at, one
                    at = low.find(need, at + len(need))

    def needed(self, place: str, low: str, met: Collection[str] | None = None) -> list[Rule]:
        """Return the rules for a place that may match within a text, given in lower case.

        `met` is what `met` gives for the text, where that is known and `place` is "line".
        """
        has = low.__contains__ if met is None else met.__contains__
        return [rule for rule in self.at(place) if not rule.needs or any(map(has, rule.needs))]

    def whole_line(self, place: str, line: str) -> tuple[Rule, re.Match[str]] | None:
        """Return the rule for a place that takes the whole line and its match, or None."""
        rules = self.at(place) if len(line) <= MAX_CHARS else self._long.get(place, ())
        return take_line(rules, line) if rules else None


def _nested(needs: Iterable[str]) -> dict[str, list[str]]:
    """Return the strings that contain no other one, each with those that contain it.

    What is in none of them need not be looked for: "update berita" only where "berita" is.
    """
    nested: dict[str, list[str]] = {}
    for need in sorted(set(needs), key=len):
        short = next((one for one in nested if one in need), None)
        nested.setdefault(short or need, []).extend([need] * (short is not None))
    return nested


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
        if rule.needs:
            low = low or line.lower()
            if not any([need in low for need in rule.needs]):
                continue
        match = rule.pattern.fullmatch(line)
        if match:
            return rule, match
    return None


def lower(text: str) -> str:
    """Return the text in lower case, of the same length, so that places in it stay true."""
    lowered = text.lower()
    # A few letters (the dotted capital I of Turkish names) lower to two characters.
    return lowered if len(lowered) == len(text) else text.translate(_LOWER)


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
    keys = {"kind", "where", "case", "needs", "max_chars", "after", "pattern", "example", "not"}
    _check(entry, keys)
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
        max_chars=entry.get("max_chars", MAX_CHARS),
        after=entry.get("after", ""),
        examples=tuple(entry["example"]),
        false_friends=tuple(entry.get("not", ())),
    )


def _check(entry: Mapping[str, Any], known: set[str]) -> None:
    """Refuse an entry with unknown keys or without an example."""
    name = entry.get("name") or entry.get("kind")
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ConfigError(
            f"markers.toml: rule {name!r}: unknown key {unknown[0]!r}; known: {known}"
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
