"""What scored rows say in numbers, by publisher and month: a `Profile`, small and without texts.

Two profiles add up to that of all their rows, so that parts of a run, days or portals can be put together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from math import isfinite, log2
from pathlib import Path
from typing import Any

import orjson

from saring.columns import Broken
from saring.errors import InputError
from saring.io.addresses import Place, place
from saring.io.blocks import sniffed
from saring.io.formats import TABLES, batch_rows, json_line
from saring.io.input_files import InputFile, Inputs, find_files, listed
from saring.io.streams import Stream
from saring.io.writers import check_place, output_place, write_whole
from saring.schema import KINDS, LINK_COLUMNS, prediction_columns
from saring.text import words

Row = Mapping[str, Any]

BATCH_ROWS = 1000
SHOWN_COLUMNS = 12  # named in a message
# Columns that a profile is made of. Rows of earlier versions lack the last two, which are then not compared.
NEEDED = ("title", "published", "publisher", "topic", "topic_probability", "abstained_because", "clickbait", "links",
          "clean_text", "error", "model_version")  # fmt: skip
NO_ROWS = "found no rows; expected those that `saring score` writes: see whether articles are still collected"
USED = (*NEEDED, "out_of_domain", "removed")
_KINDS = {column.name: column.kind for column in prediction_columns(())}

# Rows of files.


def read_rows(paths: Inputs, columns: Collection[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of files that `saring score` wrote, some hundred at a time.

    Parameters
    ----------
    paths : path or sequence of path
        JSON Lines, CSV or Parquet, any of them .gz or .zst; folders of them, as Spark writes; "-" for standard input.
    columns : collection of str, optional
        The columns that the caller reads; the others may be left out of the rows, which is faster.

    Yields
    ------
    list of dict
        Rows as `Prediction.row()` gives them. From CSV what was not there and what was empty are both None.

    Raises
    ------
    InputError
        When a file is none of these or has other columns than rows have, and when none of them has a row.
    """
    is_empty = True
    for file in find_files(paths):
        try:
            with file.open() as stream:
                format = file.format or sniffed(stream.head)  # of rows in CSV no column need be a text
                format = "csv" if format == "txt" and not file.format else format
                if format not in TABLES:
                    raise InputError(f"found {format}; expected rows in JSON Lines, CSV or Parquet")
                first = 1
                for rows in _batches(replace(file, format=format), stream, columns):
                    for number, row in enumerate(rows, first):
                        _check_values(row, number)
                    is_empty = is_empty and not rows
                    yield rows
                    first += len(rows)
                stream.check()
        except InputError as error:
            raise InputError(f"{file.name}: {error}") from None
    if is_empty:
        raise InputError(f"{_named(paths)}: {NO_ROWS}")


def _named(paths: Inputs) -> str:
    """Return the first of some inputs, and how many more there are."""
    first, *others = map(str, listed(paths))
    return f"{first} and {len(others)} more" if others else first


def _batches(file: InputFile, stream: Stream, columns: Collection[str] | None) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of one file, typed."""

    def choose(names: Sequence[str]) -> list[str]:
        _check(names)
        return [name for name in names if columns is None or name in columns]

    if file.format == "parquet":
        for batch in TABLES["parquet"](file, stream, choose):
            yield list(batch_rows(batch))
        return
    rows = []
    for number, item in enumerate(TABLES[file.format](file, stream, choose), start=1):
        row = json_line(item) if isinstance(item, bytes | str) else item
        try:
            if isinstance(row, Broken):
                raise InputError(row.error)
            if file.format == "csv":
                row = {name: _typed(name, cell) for name, cell in row.items() if columns is None or name in columns}
            else:
                _check(row)
        except InputError as error:
            raise InputError(f"row {number}: {error}") from None
        rows.append(row)
        if len(rows) == BATCH_ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _check(names: Collection[str]) -> None:
    """Raise InputError where columns of a prediction row are missing."""
    if missing := [name for name in NEEDED if name not in names]:
        shown = ", ".join(list(names)[:SHOWN_COLUMNS]) + (", ..." if len(names) > SHOWN_COLUMNS else "")
        raise InputError(
            f"has no column {', '.join(missing)}; found {shown or 'none'}; expected the rows that `saring score` "
            "writes: score the articles first"
        )


# Whether a value is of a kind of column; nothing else is ever None.
_FITS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "strings": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) in (int, float) and isfinite(value),
    "bool": lambda value: type(value) is bool,
    "links": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
}
_CHECKED = [(name, _FITS[kind], KINDS[kind]) for name, kind in _KINDS.items()]
_CHECKED_LINK = [(column.name, _FITS[column.kind], KINDS[column.kind]) for column in LINK_COLUMNS]
_NEEDED_LINK = ("headline", "marker")


def _check_values(row: Row, number: int) -> None:
    """Raise InputError where a row has a value that no row has."""
    _check_fields(row, _CHECKED, number, "")
    for link in row.get("links") or ():
        missing = [name for name in _NEEDED_LINK if link.get(name) is None]
        if "related" not in link or missing:
            lost = ", ".join(missing) or "related"
            raise InputError(f"row {number}: a link has no {lost}; expected rows as saring wrote them")
        _check_fields(link, _CHECKED_LINK, number, "a link's ")


def _check_fields(values: Row, checked: Sequence[tuple[str, Callable[[Any], bool], str]], number: int, of: str) -> None:
    for name, fits, kind in checked:
        value = values.get(name)
        if value is not None and not fits(value):
            raise InputError(f"row {number}: {of}{name} is {str(value)[:40]!r}; expected {kind}, as saring wrote it")


def _typed(name: str, cell: str) -> Any:
    """Return the value in a cell of CSV."""
    kind = "float" if name.startswith("p_") else _KINDS.get(name, "string")
    if not cell or kind == "string":
        return cell or None
    try:
        match kind:
            case "float" | "int":
                return float(cell) if kind == "float" else int(cell)
            case "bool":
                return {"true": True, "false": False}[cell.lower()]  # spreadsheets shout
            case _:
                return orjson.loads(cell)
    except (ValueError, KeyError):
        raise InputError(f"column {name}: found {cell[:40]!r}; expected {kind}") from None


# Counts.

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
MOST_OUT_OF_DOMAIN = 12.0
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
        if (unlike := row.get("out_of_domain")) is not None:
            self.out_of_domain[unlike_bin(unlike)] += 1

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


def unlike_bin(score: float) -> int:
    """Return the number of the bin of an out-of-domain score."""
    return int(min(score, MOST_OUT_OF_DOMAIN) * OUT_OF_DOMAIN_BINS)


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
        return Profile(
            _merged(self.counts, other.counts), _merged(self.words, other.words), self.models + other.models
        )  # fmt: skip

    @property
    def publishers(self) -> list[str]:
        """The publishers, those with most rows first."""
        rows: Counter[str] = Counter()
        for (publisher, _), counts in self.counts.items():
            rows[publisher] += counts.rows
        return sorted(rows, key=lambda name: (-rows[name], name))

    @property
    def months(self) -> list[str]:
        """The months, as in "2025-06", in order; without the empty one."""
        return sorted({month for _, month in self.counts} - {NO_MONTH})

    def of(self, publisher: str | None = None, months: Collection[str] | None = None) -> Counts:
        """Return the counts of a publisher in some months; by default of all publishers and months."""
        total = Counts()
        for (name, month), counts in self.counts.items():
            if (publisher is None or name == publisher) and (months is None or month in months):
                total += counts
        return total

    def by_publisher(self) -> dict[str, Counts]:
        """Return the counts of each publisher in all months."""
        found: dict[str, Counts] = {}
        for (publisher, _), counts in self.counts.items():
            found[publisher] = found[publisher] + counts if publisher in found else counts
        return found

    def within(self, months: Collection[str]) -> Profile:
        """Return the profile of the rows of some months."""
        counts = {key: found for key, found in self.counts.items() if key[1] in months}
        return Profile(counts, {month: found for month, found in self.words.items() if month in months}, self.models)

    def titles(self) -> Words:
        """Return the words of all months."""
        total = Words()
        for found in self.words.values():
            total += found
        return total

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


def _merged(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the values of both, added up where both have one."""
    return {**one, **{key: one[key] + value if key in one else value for key, value in other.items()}}


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
        raise InputError(f"{_named(paths)}: {NO_ROWS}")
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
