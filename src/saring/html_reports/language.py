"""The words and numbers of a page, in Indonesian or English: a package's phrases.toml, read once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

OWN = "saring.html_reports"
LANGUAGES = ("id", "en")
MARKS = {"en": (",", "."), "id": (".", ",")}  # between thousands, and before decimals


class Language:
    """Says phrases and writes numbers as one language does; `package` may have more phrases than this one.

    >>> indonesian = Language("id")
    >>> indonesian.number(1234.5, 1), indonesian.percent(0.415, 1), indonesian.month("2025-06")
    ('1.234,5', '41,5%', 'Juni 2025')
    """

    def __init__(self, name: str, package: str = OWN) -> None:
        self.name, self._package = name, package
        self._phrases = {**phrases(OWN), **phrases(package)}
        self._thousands, self._decimal = MARKS[name]

    def __call__(self, key: str, **values: Any) -> str:
        """Return a phrase with its values; a number among them is written as a whole one."""
        phrase: str = self._phrases[key][self.name]
        return phrase.format_map({n: self.number(v) if isinstance(v, int) else v for n, v in values.items()})

    def counted(self, key: str, n: int) -> str:
        """Return how many there are of something, the key of whose phrase ends in "_one" where it is one."""
        return self(f"{key}_one" if n == 1 else key, n=n)

    def reason(self, reason: str) -> str:
        """Return a reason for a verdict on a link, which `predict.link_reasons` gave; another's words as they are.

        >>> Language("id").reason("shares 'bulog' 6.4, 'beras' 4.8")
        "sama-sama menyebut 'bulog' 6,4, 'beras' 4,8"
        """
        return self._other_words("reason", reason)

    def fault(self, fault: str) -> str:
        """Return what is wrong, or what to do about it, as a package of this language has it; another's as it is.

        >>> Language("id", "saring.serve").fault("more than 1,000 articles in rows.csv")
        'lebih dari 1.000 artikel di rows.csv'
        """
        return self._other_words("fault", fault)

    def _other_words(self, kind: str, english: str) -> str:
        """Return English words in this language, by the first phrase of a kind that they are made of."""
        if self.name == "en":
            return english
        for key, pattern in _patterns(kind, self._package):
            if found := pattern.fullmatch(english):
                values = {name: self._whole(value) for name, value in found.groupdict().items()}
                if words := values.get("words"):
                    words = _MORE.sub(lambda more: " " + self("and_more", n=int(more[1])), words)
                    words = words.replace(", known with ", self("known_with"))
                    values["words"] = _WEIGHT.sub(lambda weight: self.number(float(weight[0]), 1), words)
                if topic := values.get("topic"):
                    values["topic"] = self.term("topic", topic.replace(" ", "_"))
                return self(key, **values)
        return english

    def term(self, kind: str, name: str) -> str:
        """Return what is said for a name of saring's, such as a topic; another's name as it is."""
        found = self._phrases.get(f"{kind}_{name}")
        return found[self.name] if found else name

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with marks between its thousands."""
        return f"{value:,.{digits}f}".translate({ord(","): self._thousands, ord("."): self._decimal})

    def percent(self, share: float, digits: int = 0) -> str:
        """Return a share in percent."""
        return f"{self.number(100 * share, digits)}%"

    def probability(self, p: float) -> str:
        """Return a probability in percent, which never reads as certain."""
        if 0 < p < 0.01:
            return f"<{self.percent(0.01)}"
        return f">{self.percent(0.99)}" if 0.99 < p < 1 else self.percent(p)

    def month(self, month: str) -> str:
        """Return a year and month, "2025-06", in words; a year alone as it is."""
        year, _, number = month.partition("-")
        names = self._phrases["months"][self.name].split()
        return f"{names[int(number) - 1]} {year}" if number.isdecimal() and 0 < int(number) <= len(names) else month

    def _whole(self, text: str) -> str:
        """Return a whole number of English text as this language writes it; anything else as it is."""
        return self.number(int(text.replace(",", ""))) if _WHOLE.fullmatch(text) else text


_WEIGHT = re.compile(r"(?<=' )\d+\.\d")  # behind a word in quotes
_WHOLE = re.compile(r"\d{1,3}(,\d{3})+")
_MORE = re.compile(r" and (\d+) more$")


@cache
def _patterns(kind: str, package: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return the keys of phrases of a kind, and patterns of their English words."""
    known = {**phrases(OWN), **phrases(package)}
    given = [(key, re.escape(phrase["en"])) for key, phrase in known.items() if key.startswith(f"{kind}_")]
    made = ((key, words.replace(r"\{n\}", r"(?P<n>[\d,]+)")) for key, words in given)
    return [(key, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", words))) for key, words in made]


@cache
def phrases(package: str = OWN) -> Mapping[str, Mapping[str, str]]:
    """Return a package's phrases.toml: each phrase by its key, in each language."""
    return tomllib.loads(files(package).joinpath("phrases.toml").read_text("utf-8"))
