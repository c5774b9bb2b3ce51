"""Tables and annotations to corpus rows."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from lzma import LZMAError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from saring.datasets.fetch import check_sha256
from saring.datasets.recipe import Annotations, Place, Recipe, demojibake, split_paragraphs, title_key
from saring.dates import MIDNIGHT, read_date
from saring.errors import ConfigError, CorpusError, InputError
from saring.io.blocks import InputRow
from saring.io.columns import Unreadable
from saring.io.records import ReadOptions, rows

# The tables of a source, a file, folder or zip, and their rows under our names.


TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".parquet", ".gz", ".zst")
MAX_UNPACKED_BYTES = 1 << 33  # of a zip's tables; CLICK-ID's take some hundred million
_UNPACKING_ERRORS = (  # RuntimeError: encrypted, an unknown compression; the last by crafted zips
    zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, RuntimeError,
    ValueError, LookupError, ArithmeticError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row's values under our names, as text; what it lacks, or means nothing, is left out.

    Attributes
    ----------
    values : Mapping[str, str]
        By name of ours.
    where : str
        The row's place, for messages.
    table : str
        Name of its file, which may tell the publisher.
    error : str
        Why the row could not be read.
    """

    values: Mapping[str, str]
    where: str
    table: str
    error: str = ""


@contextmanager
def open_tables(source: Path, recipe: Recipe) -> Iterator[list[Path]]:
    """Give the tables of a source, in order, their checksums verified; a zip is unpacked meanwhile.

    Raises
    ------
    InputError
        When the source is not there, holds no table, or a checksum differs.
    """
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder; check the path")
    if source.is_file() and zipfile.is_zipfile(source):
        with TemporaryDirectory(prefix="saring-") as folder:
            _unpack(source, Path(folder), recipe)
            yield _found(Path(folder), recipe, str(source))
    else:
        yield _found(source, recipe, str(source)) if source.is_dir() else [_checked(source, recipe)]


def table_rows(table: Path, recipe: Recipe) -> Iterator[TableRow]:
    """Yield the rows of a table; a broken row has its error.

    Raises
    ------
    ConfigError
        At the end, when no row has a column that the recipe names. Tables of a layout differ, so
        they may lack some.
    """
    seen: set[str] = set()
    for row in rows(table, ReadOptions(on_error="keep")):
        seen.update(row.values)
        yield TableRow(_values(row, recipe), row.where, table.name, row.error or _lost(row, recipe))
    for our, theirs in recipe.columns.items():
        if seen and not recipe.layouts and seen.isdisjoint(theirs):
            raise ConfigError(
                f"{table}: has no column {' or '.join(map(repr, theirs))}, which {recipe.path} "
                f"names for {our!r}; found {', '.join(map(repr, sorted(seen)))}"
            )


def _found(folder: Path, recipe: Recipe, source: str) -> list[Path]:
    """Return the tables of a folder: those of the first layout of which any is there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in paths]
    wanted = _wanted(names, recipe)
    if not wanted:
        expected = " or ".join(", ".join(layout) for layout in recipe.layouts)
        raise InputError(f"{source}: found no table of {recipe.path}; expected {expected or TABLE_SUFFIXES}")
    return [_checked(folder / name, recipe) for name in wanted]


def _wanted(names: Sequence[str], recipe: Recipe) -> list[str]:
    """Return the names that the first fitting layout asks for, in its order."""
    seen = [name for name in names if not re.search(r"(\A|/)(\.|__MACOSX/)", name)]
    for layout in recipe.layouts:
        # Wherever it lies: a zip may hold everything in a folder named like the data set.
        if found := [n for like in layout for n in seen if fnmatchcase(f"/{n}", f"*/{like}")]:
            return found
    return [] if recipe.layouts else [n for n in seen if n.lower().endswith(TABLE_SUFFIXES)]


def _checked(table: Path, recipe: Recipe) -> Path:
    """Return a table when its checksum, if the recipe has one, is right."""
    if expected := recipe.checksums.get(table.name):
        check_sha256(table, expected)
    return table


def _unpack(source: Path, folder: Path, recipe: Recipe) -> None:
    """Unpack the tables of a zip that the recipe asks for."""
    try:
        with zipfile.ZipFile(source) as archive:
            wanted = _wanted(archive.namelist(), recipe)
            size = sum(archive.getinfo(name).file_size for name in wanted)
            if size > MAX_UNPACKED_BYTES:
                raise InputError(
                    f"{source}: its tables take {size:,} bytes unpacked; expected at most "
                    f"{MAX_UNPACKED_BYTES:,}; unpack it and give the folder"
                )
            for name in wanted:
                archive.extract(name, folder)  # leaves out "..", so nothing lands elsewhere
    except _UNPACKING_ERRORS as error:
        raise InputError(f"{source}: cannot be unpacked ({error}); fetch it anew") from error


def _values(row: InputRow, recipe: Recipe) -> dict[str, str]:
    """Return a row's values under our names."""
    found = {}
    for our, theirs in recipe.columns.items():
        value = next((_text(row.values[name]) for name in theirs if name in row.values), "")
        if value.strip() and value.strip() not in recipe.missing:
            found[our] = value
    return found


def _lost(row: InputRow, recipe: Recipe) -> str:
    """Return why a row is lost: it has a value that cannot be read, and more than its date."""
    for our, theirs in recipe.columns.items():
        for name in theirs:
            value = row.values.get(name)
            if our != "date" and isinstance(value, Unreadable):
                return f"{row.where}: column {name!r}: found {value.error}"
    return ""


def _text(value: Any) -> str:
    """Return a cell as text; a whole number in a column of floats as pandas writes it is whole."""
    if value is None or value != value or isinstance(value, Unreadable):  # NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# Rows of tables read by a recipe: texts repaired, dates ISO, values turned into labels.


SHOWN_VALUES = 5  # of those that an error names; a recipe is mended in one go when it shows most
NO_TIME = " 00:00:00"  # what pandas writes behind a date without a time


@dataclass(slots=True)
class Draft:
    """A row on its way into the corpus; what nobody gave is empty.

    Attributes
    ----------
    key : str
        Of the title as published, before repair.
    shares : list[float]
        Each reading's share of annotators who called the title clickbait, 0 to 1.
    voted : bool
        Whether the shares come from counted votes rather than from a majority.
    alone : bool
        Whether the row is a headline alone, there for its clickbait label.
    """

    key: str
    title: str
    text: str
    publisher: str
    id: str = ""
    date: str = ""
    url: str = ""
    desk: str = ""
    topic: str = ""
    shares: list[float] = field(default_factory=list)
    voted: bool = False
    alone: bool = False


class Drafter:
    """Turns rows of tables into drafts, and remembers what was wrong with them.

    Attributes
    ----------
    rows : int
        Rows taken so far.
    left_out : int
        Rows of them that could not be used.
    problems : list[str]
        What was wrong with those, and with dates that nobody understands; each with its place.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._unknown: dict[tuple[str, str, str], str] = {}  # column, value, expected -> place
        self.rows = 0
        self.left_out = 0
        self.problems: list[str] = []

    def take(self, rows: Iterable[TableRow]) -> Iterator[Draft]:
        """Yield the drafts of the rows that can be used."""
        for row in rows:
            self.rows += 1
            error = row.error
            if not error and not {"title", "text"} & set(row.values):
                error = f"{row.where}: found neither title nor text; left out"
            if error:
                self.left_out += 1
                self.problems.append(error)
            else:
                yield self._draft(row)

    def close(self) -> None:
        """Raise CorpusError when a label column held values that the recipe does not know."""
        if not self._unknown:
            return
        shown = [
            f"{where}: column {self._theirs(column)} is {value!r}; expected {expected}"
            for (column, value, expected), where in list(self._unknown.items())[:SHOWN_VALUES]
        ]
        more = len(self._unknown) - len(shown)
        shown += [f"and {more} more unknown values"] * bool(more)
        raise CorpusError("; ".join(shown) + f"; name them in {self._recipe.path}")

    def _draft(self, row: TableRow) -> Draft:
        recipe = self._recipe
        given = row.values
        title, text = given.get("title", ""), given.get("text", "")
        publisher = given.get("publisher", "")
        shares, voted = self._shares(row)
        topic = self._topic(row)
        return Draft(
            key=title_key(title or text),
            title=" ".join(demojibake(title, recipe.mojibake).split()),
            text=self._text(text),
            publisher=recipe.publisher_name(publisher or row.table) or publisher
            or recipe.publisher,
            id=given.get("id", "").strip(),
            date=self._date(row),
            url=given.get("url", "").strip(),
            desk="/".join(given[name].strip() for name in ("desk", "subdesk") if name in given),
            topic=topic,
            shares=shares,
            voted=voted,
            alone=bool(shares) and not text and not topic,
        )  # fmt: skip

    def _text(self, text: str) -> str:
        text = demojibake(text, self._recipe.mojibake)
        return split_paragraphs(text) if self._recipe.paragraphs == "commas" else text.strip()

    def _date(self, row: TableRow) -> str:
        given = row.values.get("date", "")
        if given and "time" in row.values:
            given = f"{given.removesuffix(NO_TIME)} {row.values['time']}"
        date = read_date(given)
        if given and not date:
            self.problems.append(
                f"{row.where}: column {self._theirs('date')} is {given!r}; expected a date; left empty"
            )
        return date.removesuffix(MIDNIGHT)

    def _topic(self, row: TableRow) -> str:
        given = row.values.get("topic", "").strip()
        topics = self._recipe.topics
        if not given or not topics:
            return given
        if given not in topics and not self._recipe.unknown:
            self._note(row, "topic", f"one of {', '.join(map(repr, topics))}")
        return topics.get(given, self._recipe.unknown)

    def _shares(self, row: TableRow) -> tuple[list[float], bool]:
        """Return the share of annotators who said clickbait, none or one, and whether by votes."""
        votes = row.values.get("votes", "").strip()
        voters = self._recipe.voters
        if votes:
            if votes.isdecimal() and int(votes) <= voters:
                return [int(votes) / voters], True
            self._note(row, "votes", f"a whole number from 0 to {voters} (`voters`)")
        given = row.values.get("clickbait", "").strip()
        if not given or votes:
            return [], False
        meaning = self._recipe.clickbait.get(given, self._recipe.clickbait.get(given.lower()))
        if meaning is None:
            self._note(row, "clickbait", f"one of {', '.join(map(repr, self._recipe.clickbait))}")
            return [], False
        return [float(meaning)], False

    def _note(self, row: TableRow, column: str, expected: str) -> None:
        self._unknown.setdefault((column, row.values[column].strip(), expected), row.where)

    def _theirs(self, column: str) -> str:
        """Return the user's names for a column of ours."""
        return " or ".join(map(repr, self._recipe.columns[column]))


# Drafts to rows of a corpus: labels joined by title, a reading before a desk.


CHOSEN = "chosen"  # value of `topic_source`: read, but picked because a model was unsure of it
DESK = "desk"  # value of `topic_source`: the desk table gave the topic, nobody read the article


@dataclass(frozen=True, slots=True)
class DeskAgreement:
    """How a desk of the recipe fares: its rows, those that were read, those that it fits."""

    publisher: str
    desk: str
    topic: str
    rows: int
    read: int
    agreed: int


def merged(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the articles, and each headline alone whose title none of them has, once.

    A headline was judged by itself, whoever prints it: all readings of one title count together,
    for the first article with that title or else for the first headline.
    """
    articles: list[Draft] = []
    headlines: dict[str, Draft] = {}
    for draft in drafts:
        if not draft.alone:
            articles.append(draft)
        elif draft.key in headlines:
            headlines[draft.key].shares += draft.shares
        else:
            headlines[draft.key] = draft
    for article in articles:
        if found := headlines.pop(article.key, None):
            article.shares += found.shares
            article.voted = found.voted
    return [*articles, *headlines.values()]


def corpus_rows(drafts: Sequence[Draft], annotations: Annotations, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """Yield drafts as rows of the corpus format; a label that nobody gave has no key.

    An annotation goes to the first row of its publisher with its title.
    """
    titles: dict[Place, str] = {}
    for draft in drafts:
        titles.setdefault((draft.publisher, draft.key), draft.title)
    taken: dict[str, int] = {}
    given: set[Place] = set()
    for draft in drafts:
        place = draft.publisher, draft.key
        labels = _topic(draft, place, annotations, recipe, first=place not in given)
        if place not in given and (links := _links(place, annotations, titles)):
            labels["links"] = links
        given.add(place)
        yield {
            "id": _unique(draft.id or draft.key, taken),
            "title": draft.title,
            "text": draft.text,
            **{name: value for name in ("publisher", "date", "url", "desk") if (value := getattr(draft, name))},
            **labels,
            **_clickbait(draft),
        }


def agreements(rows: Iterable[Mapping[str, Any]], recipe: Recipe) -> list[DeskAgreement]:
    """Return how the topics of desks fare with those of readers, desk by desk of the recipe."""
    counts = {(publisher, desk): [0, 0, 0] for publisher, desks in recipe.desks.items() for desk in desks}
    for row in rows:
        place = (row.get("publisher", ""), recipe.desk_entry(row.get("publisher", ""), row.get("desk", "")))
        if place not in counts:
            continue
        count = counts[place]
        count[0] += 1
        if "topic" in row and "topic_source" not in row:
            count[1] += 1
            count[2] += row["topic"] == recipe.desks[place[0]][place[1]]
    return [
        DeskAgreement(publisher, desk, recipe.desks[publisher][desk], *count)
        for (publisher, desk), count in counts.items()
    ]


def _topic(draft: Draft, place: Place, annotations: Annotations, recipe: Recipe, *, first: bool) -> dict[str, Any]:
    """Return a row's topic and where it comes from: a reading, the row itself, or its desk."""
    if first and (reading := annotations.topics.get(place)):
        source = {"topic_source": CHOSEN} if reading.chosen else {}
        return {"topic": reading.topic, "sure": reading.sure} | source
    if draft.topic:
        return {"topic": draft.topic}
    entry = recipe.desk_entry(draft.publisher, draft.desk)
    if entry and not draft.alone:
        return {"topic": recipe.desks[draft.publisher][entry], "topic_source": DESK}
    return {}


def _links(place: Place, annotations: Annotations, titles: Mapping[Place, str]) -> list[dict[str, Any]]:
    """Return the judged headlines of an article; one whose title is not there is left out."""
    publisher, _ = place
    return [
        {"headline": title, "related": grade >= 1, "grade": grade}
        for key, grade in annotations.links.get(place, ())
        if (title := titles.get((publisher, key)))
    ]


def _clickbait(draft: Draft) -> dict[str, Any]:
    """Return the majority of all readings, and the share of votes where they were counted."""
    if not draft.shares:
        return {}
    share = sum(draft.shares) / len(draft.shares)
    label = {"clickbait": int(share > 0.5)}  # a tie is no majority, so it is 0
    return label | {"clickbait_share": round(share, 4)} if draft.voted else label


def _unique(name: str, taken: dict[str, int]) -> str:
    """Return a name that no row has yet: itself, or with -2, -3 behind it.

    `taken`: the names given, each with the number to go on from.
    """
    number, found = taken.get(name, 1), name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken[name] = number
    taken.setdefault(found, 1)
    return found
