"""The short strings that rules need, and where a text holds them: the one search through a text.

Most texts hold few of them, and a rule whose strings are nowhere costs nothing from there on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os.path import commonprefix

from saring.errors import ConfigError

__all__ = ["Hit", "Needles", "lower"]

Hit = tuple[int, int]
"""Where in a text one of the strings stands, and its number."""

MIN_CHARS = 3

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class Needles:
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
                    f"markers.toml: needs = {string!r}; expected {MIN_CHARS} small letters of "
                    "ASCII or more"
                )
        self._numbers = {string: number for number, string in enumerate(self.strings)}
        # Strings that begin alike ("[gambas", "[video") are looked for by their beginning first.
        shared = [commonprefix(group) for group in groups]  # noqa: RUF071, characters are meant
        self._within = _nested([*self.strings, *filter(None, shared)])

    def find(self, text: str) -> list[Hit]:
        """Return where a text holds which string, whatever its capitals.

        They come in the order of their ends, of one end the longest first.
        """
        low = lower(text)
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
