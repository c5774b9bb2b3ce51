"""What scored rows say in numbers, by publisher and month: a `Profile`, small and without texts.

Two profiles add up to that of all their rows, so that parts of a run, days or portals can be put together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from itertools import chain
from math import log2
from pathlib import Path
from typing import Any

import orjson

from saring.errors import InputError
from saring.io.addresses import Place, place
from saring.io.input_files import Inputs, listed
from saring.io.writers import check_place, output_place, write_whole
from saring.scored_rows import NEEDED, Row, no_rows, read_rows
from saring.text import words

# Columns that a profile is made of. Rows of earlier versions lack the last two, which are then not compared.
USED = (*NEEDED, "out_of_domain", "removed")
NO_MONTH = ""  # of rows without a date
NO_PUBLISHER = ""
OTHERS = "(other publishers)"
MAX_PUBLISHERS = 2_000  # a column that is not the publisher has a million values
MAX_WORDS = 20_000  # of a month: twice as many are cut to this
KEPT_WORDS = 300  # of a month in a file
MIN_WORD_CHARS = 3
MOST_LINKS = 20  # counted as such; beyond are lists
MOST_REASONS = 100
UNITS = 1_000_000_000  # a share as a whole number: sums then do not hang on their order
REMOVED_BINS, PROBABILITY_BINS, OUT_OF_DOMAIN_BINS = 20, 10, 4  # a unit
LAST_OUT_OF_DOMAIN = 12.0
OCTAVE_BINS = 4  # lengths: four bins until they have doubled

_PLACE = re.compile(r"^\S[^;]*?(?::\d+|\.\w{2,7}): ")
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\b(?:0x[\da-f]+|\d[\d.,]*)")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_MARKER = re.compile(r"[^\w\s]+")


@dataclass(slots=True)
class Counts:
    """What some rows say, in whole numbers; `+` gives the counts of all of them.

    Of the rows with verdicts (`rows` less `failed`) all but `errors` is counted. Histograms map a bin's number to
    rows: `body_chars`, `given_chars` as `chars_bin` numbers them; `removed` in twentieths; `topic_probability` and
    `clickbait` in tenths; `out_of_domain` in quarters; `link_counts` by the number itself.
    """

    rows: int = 0
    failed: int = 0  # rows without verdicts
    dated: int = 0
    named: int = 0  # rows whose publisher was found
    with_links: int = 0  # articles
    links: int = 0
    related: int = 0
    unrelated: int = 0
    body: int = 0  # characters of clean text
    taken: int = 0  # characters that were taken out, by `removed`
    clickbait_units: int = 0  # sum of the probabilities, in billionths
    errors: Counter[str] = field(default_factory=Counter)  # by reason, without the place
    markers: Counter[str] = field(default_factory=Counter)  # articles with a teaser so introduced
    topics: Counter[str] = field(default_factory=Counter)
    abstained: Counter[str] = field(default_factory=Counter)  # by reason
    link_counts: Counter[int] = field(default_factory=Counter)
    body_chars: Counter[int] = field(default_factory=Counter)
    given_chars: Counter[int] = field(default_factory=Counter)  # of the text before anything was taken out
    removed: Counter[int] = field(default_factory=Counter)
    topic_probability: Counter[int] = field(default_factory=Counter)
    clickbait: Counter[int] = field(default_factory=Counter)
    out_of_domain: Counter[int] = field(default_factory=Counter)

    @property
    def scored(self) -> int:
        """Rows with verdicts."""
        return self.rows - self.failed

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def add(self, row: Row) -> None:
        """Count a row."""
        self.rows += 1
        if (error := row["error"]) is not None:
            reason = reason_of(error)
            self.errors[reason if reason in self.errors or len(self.errors) < MOST_REASONS else "(other)"] += 1
        if row["topic"] is None:
            self.failed += 1
            return
        self.dated += bool(row["published"])
        self.named += bool(row["publisher"])
        self._add_verdicts(row)
        self._add_lengths(len(row["clean_text"] or ""), row.get("removed"))
        self._add_links(row["links"] or ())

    def _add_verdicts(self, row: Row) -> None:
        if row["topic"]:
            self.topics[row["topic"]] += 1
        if (probability := row["topic_probability"]) is not None:
            self.topic_probability[_bin(probability, PROBABILITY_BINS)] += 1
        if (why := row["abstained_because"]) is not None:
            self.abstained[why] += 1
        if (bait := row["clickbait"]) is not None:
            self.clickbait[_bin(bait, PROBABILITY_BINS)] += 1
            self.clickbait_units += round(bait * UNITS)
        if (score := row.get("out_of_domain")) is not None:
            self.out_of_domain[out_of_domain_bin(score)] += 1

    def _add_lengths(self, body: int, removed: float | None) -> None:
        self.body += body
        self.body_chars[chars_bin(body)] += 1
        if removed is not None:
            self.removed[int(removed * REMOVED_BINS)] += 1
            if removed < 1:  # or nothing tells how long the text was
                given = round(body / (1 - removed))
                self.given_chars[chars_bin(given)] += 1
                self.taken += given - body

    def _add_links(self, links: Sequence[Row]) -> None:
        self.link_counts[min(len(links), MOST_LINKS)] += 1
        if not links:
            return
        self.with_links += 1
        self.links += len(links)
        for link in links:
            if (related := link["related"]) is not None:
                self.related += related
                self.unrelated += not related
        self.markers.update({marker_of(link["marker"]) for link in links})

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON types, nothing for what is 0."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        shown = {name: _json(value) if isinstance(value, Counter) else value for name, value in found.items()}
        return {name: value for name, value in shown.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Counts:
        """Return the counts that `to_json` wrote; ValueError or TypeError for anything else."""
        found: dict[str, Any] = {}
        for f in fields(cls):
            if f.type == "int":
                found[f.name] = int(values.get(f.name, 0))
            else:
                key: type = int if f.type == "Counter[int]" else str
                found[f.name] = Counter({key(k): int(n) for k, n in dict(values.get(f.name, {})).items()})
        return cls(**found)


def _json(counter: Counter[Any]) -> dict[str, int]:
    """Return a counter as a JSON object, in the order of its keys."""
    return {str(key): counter[key] for key in sorted(counter)}


def month_of(published: str | None) -> str:
    """Return the month of a date in ISO 8601, as in "2025-06"; empty for anything else."""
    return published[:7] if published and _MONTH.match(published) else NO_MONTH


def _bin(share: float, bins: int) -> int:
    return min(int(share * bins), bins - 1)


def out_of_domain_bin(score: float) -> int:
    """Return the number of the bin of an out-of-domain score."""
    return int(min(score, LAST_OUT_OF_DOMAIN) * OUT_OF_DOMAIN_BINS)


def chars_bin(chars: int) -> int:
    """Return the number of the bin of a length: four until it has doubled."""
    return int(log2(chars + 1) * OCTAVE_BINS)


def bin_chars(number: int) -> int:
    """Return the length in the middle of a bin, in characters."""
    return round(2 ** ((number + 0.5) / OCTAVE_BINS) - 1) if number else 0


def marker_of(printed: str) -> str:
    """Return a marker as it is counted: in small letters, without its colon.

    >>> marker_of("Baca Juga:")
    'baca juga'
    """
    return " ".join(_MARKER.sub(" ", printed.lower()).split())[:40]


def reason_of(error: str) -> str:
    """Return the reason in an error: without its place, its numbers, what is quoted, and the advice.

    >>> reason_of("news.csv:17: column 'isi' is empty; look at it or take it out")
    'column … is empty'
    """
    return _PARTICULAR.sub("…", _PLACE.sub("", error).partition(";")[0]).strip()[:100]


@dataclass(slots=True)
class Words:
    """In how many titles each word stands; one that is not listed stands in `unlisted` titles at most."""

    counts: Counter[str] = field(default_factory=Counter)
    unlisted: int = 0

    def __add__(self, other: Words) -> Words:
        return Words(self.counts + other.counts, self.unlisted + other.unlisted)

    def most(self, word: str) -> int:
        """Return the most titles that a word can stand in."""
        return self.counts[word] + self.unlisted

    def cut(self, most: int) -> Words:
        """Return the commonest words, equal ones by the alphabet, none of a single title."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        kept = {word: n for word, n in ranked[:most] if n > 1}
        return Words(Counter(kept), self.unlisted + max((n for word, n in ranked if word not in kept), default=0))


@dataclass(slots=True)
class Profile:
    """What rows say in numbers: `counts` by publisher and month, words of titles by month, models by version.

    A publisher or month is empty where a row has none. `+` gives the profile of both profiles' rows.
    """

    counts: dict[tuple[str, str], Counts] = field(default_factory=dict)
    words: dict[str, Words] = field(default_factory=dict)
    models: Counter[str] = field(default_factory=Counter)  # rows that each version scored

    def __add__(self, other: Profile) -> Profile:
        counts, words = (
            _summed(chain(a.items(), b.items())) for a, b in ((self.counts, other.counts), (self.words, other.words))
        )
        return Profile(counts, words, self.models + other.models)

    @property
    def publishers(self) -> list[str]:
        """The publishers, those with most rows first."""
        counts = self.by_publisher()
        return sorted(counts, key=lambda name: (-counts[name].rows, name))

    @property
    def months(self) -> list[str]:
        """The months, as in "2025-06", in order; without the empty one."""
        return sorted({month for _, month in self.counts} - {NO_MONTH})

    def of(self, publisher: str | None = None, months: Collection[str] | None = None) -> Counts:
        """Return the counts of a publisher in some months; by default of all publishers and months."""
        chosen = (
            counts
            for (name, month), counts in self.counts.items()
            if (publisher is None or name == publisher) and (months is None or month in months)
        )
        return sum(chosen, Counts())

    def by_publisher(self) -> dict[str, Counts]:
        """Return the counts of each publisher in all months."""
        return _summed((publisher, counts) for (publisher, _), counts in self.counts.items())

    def by_month(self) -> dict[str, Counts]:
        """Return the counts of each month, the empty one as well, of all publishers."""
        return _summed((month, counts) for (_, month), counts in self.counts.items())

    def within(self, months: Collection[str]) -> Profile:
        """Return the profile of the rows of some months."""
        counts = {key: found for key, found in self.counts.items() if key[1] in months}
        return Profile(counts, {month: found for month, found in self.words.items() if month in months}, self.models)

    def titles(self) -> Words:
        """Return the words of all months."""
        return sum(self.words.values(), Words())

    def add(self, rows: Iterable[Row]) -> None:
        """Count rows."""
        known = {publisher for publisher, _ in self.counts}
        for row in rows:
            publisher = row["publisher"] or NO_PUBLISHER
            if publisher not in known:
                publisher = publisher if len(known) < MAX_PUBLISHERS else OTHERS
                known.add(publisher)
            month = month_of(row["published"])
            counts = self.counts.get((publisher, month))
            if counts is None:
                counts = self.counts[publisher, month] = Counts()
            counts.add(row)
            self.models[row["model_version"] or ""] += 1
            if title := row["title"]:
                found = self.words.get(month)
                if found is None:
                    found = self.words[month] = Words()
                found.counts.update({word for word in words(title) if len(word) >= MIN_WORD_CHARS})
                if len(found.counts) > 2 * MAX_WORDS:
                    self.words[month] = found.cut(MAX_WORDS)

    def to_json(self) -> dict[str, Any]:
        """Return the profile as JSON types; nothing is left out."""
        publishers: dict[str, dict[str, Any]] = {}
        for publisher, month in sorted(self.counts):
            publishers.setdefault(publisher, {})[month] = self.counts[publisher, month].to_json()
        titles = {month: {"unlisted": found.unlisted, "counts": _json(found.counts)}
                  for month, found in sorted(self.words.items())}  # fmt: skip
        return {MARK: FORMAT, "models": _json(self.models), "publishers": publishers, "words": titles}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Profile:
        """Return the profile that `to_json` gave; InputError for anything else."""
        if values.get(MARK) != FORMAT:
            raise InputError(f"found profile format {values.get(MARK)!r}; expected {FORMAT}; make the profile anew")
        try:
            counts = {(publisher, month_of(month)): Counts.from_json(found)
                      for publisher, by_month in values["publishers"].items()
                      for month, found in by_month.items()}  # fmt: skip
            titles = {month_of(month): Words(Counter(found["counts"]), int(found["unlisted"]))
                      for month, found in values["words"].items()}  # fmt: skip
            return cls(counts, titles, Counter(values["models"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
            raise InputError(f"found a damaged profile ({why}); make it anew with `saring drift ROWS --out`") from None

    def write(self, path: str | Path) -> None:
        """Write the profile as a JSON file that appears whole; of each month's words the commonest are kept."""
        kept = Profile(self.counts, {month: found.cut(KEPT_WORDS) for month, found in self.words.items()}, self.models)
        write_whole(output_place(path), orjson.dumps(kept.to_json(), option=orjson.OPT_APPEND_NEWLINE))


MARK, FORMAT = "saring_profile", 1  # what tells a profile from other JSON, and its form
PROFILE_SUFFIXES = (".json",)


def _summed(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return the sum of the values of each key."""
    found: dict[Any, Any] = {}
    for key, value in pairs:
        found[key] = found[key] + value if key in found else value
    return found


def profile_rows(rows: Iterable[Row]) -> Profile:
    r"""Return the profile of rows, in one pass and bounded memory.

    Examples
    --------
    >>> import saring
    >>> rows = [found.row() for found in saring.load().predict(["Rupiah menguat.\nBaca Juga: Harga Emas Turun"])]
    >>> profile_rows(rows).of().links
    1
    """
    profile = Profile()
    profile.add(rows)
    return profile


@contextmanager
def profiled(rows: str | Path, profile: str | Path | None, *, overwrite: bool) -> Iterator[None]:
    """Write the profile of rows, where one is wanted, once they are written; what hinders it is told before."""
    if profile:
        check_place(output_place(profile), overwrite=overwrite, suffixes=PROFILE_SUFFIXES)
    yield
    if profile:
        read_profile(rows).write(profile)


def read_profile(paths: Inputs) -> Profile:
    """Return the profile of files, rows or profiles of rows, taken together; see `read_rows`."""
    profile = Profile()
    of_rows: list[Place] = []
    for path in map(place, listed(paths)):
        values = _profile_values(path)
        if values is None:
            of_rows.append(path)
            continue
        try:
            profile += Profile.from_json(values)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    for rows in read_rows(of_rows, USED) if of_rows else ():
        try:
            profile.add(rows)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = f"{type(error).__name__}: {error!s:.100}"
            raise InputError(
                f"found values that no row has ({why}); expected rows as `saring score` wrote them"
            ) from None
    if not profile.counts:
        raise no_rows(paths)
    return profile


def _profile_values(path: Place) -> Mapping[str, Any] | None:
    """Return what a JSON file holds that says it is a profile, None for any other file."""
    try:
        if path.suffix.lower() not in PROFILE_SUFFIXES or not path.is_file():
            return None
        values = orjson.loads(path.read_bytes())
    except (OSError, ValueError):  # reading it as rows says what is wrong with it
        return None
    return values if isinstance(values, dict) and MARK in values else None
