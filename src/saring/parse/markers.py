"""The rules of `markers.toml`, compiled: what portals print around an article's paragraphs.

Rules are data; this module only turns them into regular expressions, once, on first use. What a
blank and ``~`` mean in a pattern is told at the top of the data file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from saring.errors import ConfigError
from saring.parse.rules import MAX_CHARS, Marker, Rule, Rules

__all__ = ["PLACES", "load_rules", "read_rules"]

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
