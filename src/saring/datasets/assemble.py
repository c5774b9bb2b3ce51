"""From the tables of a data set to rows of a corpus.

`open_tables` finds the tables of a file, folder or zip. `table_rows` gives their rows under our names. `Drafter`
repairs texts and turns values into labels. `merged` and `corpus_rows` join labels to articles by title.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from lzma import LZMAError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from saring.columns import Unreadable, flattened, paragraphs
from saring.datasets.fetch import check_sha256
from saring.datasets.recipe import Annotations, ArticleKey, Recipe, demojibake, split_paragraphs, title_key
from saring.dates import MIDNIGHT, read_date
from saring.errors import ConfigError, CorpusError, InputError
from saring.io.blocks import InputRow
from saring.io.records import KEEP_ERRORS, rows
from saring.training.corpus import CHOSEN, SECTION

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".parquet", ".gz", ".zst")
MAX_UNPACKED_BYTES = 1 << 33  # of a zip's tables; CLICK-ID's take some hundred million
SHOWN_VALUES = 5  # of those that an error names; a recipe is mended in one go when it shows most
NO_TIME = " 00:00:00"  # what pandas writes behind a date without a time

_UNPACKING_ERRORS = (  # RuntimeError: encrypted, an unknown compression; the last by crafted zips
    zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, RuntimeError,
    ValueError, LookupError, ArithmeticError, struct.error,
)  # fmt: skip


@contextmanager
def open_tables(source: Path, recipe: Recipe) -> Iterator[list[Path]]:
    """Give the tables of a source, in order, their checksums verified; a zip is unpacked meanwhile.

    Of a folder or zip these are the tables of the first layout of which any is there. InputError when the source is not
    there, holds no table, or a checksum differs.
    """
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder; check the path")
    with ExitStack() as stack:
        tables = [source]
        if source.is_dir() or zipfile.is_zipfile(source):
            folder = source
            if source.is_file():
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="saring-")))
                _unpack(source, folder, recipe)
            names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
            tables = [folder / name for name in _wanted([name.as_posix() for name in names], recipe)]
        if not tables:
            expected = " or ".join(", ".join(layout) for layout in recipe.layouts)
            raise InputError(f"{source}: found no table of {recipe.path}; expected {expected or TABLE_SUFFIXES}")
        for table in tables:
            if checksum := recipe.checksums.get(table.name):
                check_sha256(table, checksum)
        yield tables


def _wanted(names: Sequence[str], recipe: Recipe) -> list[str]:
    """Return the names that the first fitting layout asks for, in its order."""
    seen = [name for name in names if not re.search(r"(\A|/)(\.|__MACOSX/)", name)]
    if not recipe.layouts:
        return [name for name in seen if name.lower().endswith(TABLE_SUFFIXES)]
    for layout in recipe.layouts:
        # Wherever it lies: a zip may hold everything in a folder named like the data set.
        if found := [name for like in layout for name in seen if fnmatchcase(f"/{name}", f"*/{like}")]:
            return found
    return []


def _unpack(source: Path, folder: Path, recipe: Recipe) -> None:
    """Unpack the tables of a zip that the recipe asks for."""
    try:
        with zipfile.ZipFile(source) as archive:
            wanted = _wanted(archive.namelist(), recipe)
            size = sum(archive.getinfo(name).file_size for name in wanted)
            if size > MAX_UNPACKED_BYTES:
                found = f"its tables take {size:,} bytes unpacked; expected at most {MAX_UNPACKED_BYTES:,}"
                raise InputError(f"{source}: {found}; unpack it and give the folder")
            archive.extractall(folder, wanted)  # leaves out "..", so nothing lands elsewhere
    except _UNPACKING_ERRORS as error:
        raise InputError(f"{source}: cannot be unpacked ({error}); fetch it anew") from error


def table_rows(table: Path, recipe: Recipe) -> Iterator[InputRow]:
    """Yield the rows of a table with their values by our names, as text; what means nothing is left out.

    A row with a value that cannot be read, except its date, has an error. ConfigError at the end when no row has a
    column of the recipe; only tables of a layout may lack some.
    """
    seen: set[str] = set()
    for row in rows(table, KEEP_ERRORS):
        values, error = {}, row.error
        given = flattened(row.values)
        seen.update(given)
        for ours, theirs in recipe.columns.items():
            cells = {name: given[name] for name in theirs if name in given}
            for name, cell in cells.items():
                if isinstance(cell, Unreadable) and ours != "date":
                    error = error or f"{row.where}: column {name!r}: found {cell.error}"
            value = next((cell for cell in cells.values() if cell is not None), None)
            if ours == "text" and isinstance(value, (list, dict)):
                value = paragraphs(value)
            if isinstance(value, float) and value.is_integer():  # pandas writes whole numbers so where some are missing
                value = int(value)
            unread = value is None or value != value or isinstance(value, Unreadable)  # NaN differs from itself
            if not unread and (text := str(value)).strip() not in ("", *recipe.missing):
                values[ours] = text
        yield replace(row, values=values, error=error)
    for ours, theirs in recipe.columns.items():
        if seen and not recipe.layouts and seen.isdisjoint(theirs):
            raise ConfigError(
                f"{table}: has no column {' or '.join(map(repr, theirs))}, which {recipe.path} "
                f"names for {ours!r}; found {', '.join(map(repr, sorted(seen)))}"
            )


@dataclass(slots=True)
class Draft:
    """A row on its way into the corpus; what nobody gave is empty."""

    key: str  # of the title as published, before repair
    title: str
    text: str
    publisher: str
    id: str = ""
    date: str = ""
    url: str = ""
    section: str = ""  # and behind a "/" the subsection
    topic: str = ""
    shares: list[float] = field(default_factory=list)  # each reading's share of annotators who said clickbait, 0 to 1
    voted: bool = False  # the shares come from counted votes rather than from a majority
    alone: bool = False  # a headline alone, there for its clickbait label


class Drafter:
    """Turns rows of tables into drafts, counts them, and remembers what was wrong with them."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._unknown: dict[tuple[str, str, str], str] = {}  # column, value, expected -> place
        self.rows = 0
        self.left_out = 0  # rows that could not be used
        self.problems: list[str] = []  # what was wrong with those, and with unreadable dates, each with its place

    def drafts(self, table: Path) -> Iterator[Draft]:
        """Yield the drafts of a table's rows that can be used."""
        for row in table_rows(table, self._recipe):
            self.rows += 1
            error = row.error
            if not error and not {"title", "text"} & set(row.values):
                error = f"{row.where}: found neither title nor text; left out"
            if error:
                self.left_out += 1
                self.problems.append(error)
            else:
                yield self._draft(row, table.name)

    def close(self) -> None:
        """Raise CorpusError when a label column held values that the recipe does not name."""
        shown = [
            f"{where}: column {self._theirs(column)} is {value!r}; expected {expected}"
            for (column, value, expected), where in list(self._unknown.items())[:SHOWN_VALUES]
        ]
        if more := len(self._unknown) - len(shown):
            shown.append(f"and {more} more unknown values")
        if shown:
            raise CorpusError("; ".join(shown) + f"; name them in {self._recipe.path}")

    def _draft(self, row: InputRow, table: str) -> Draft:
        """Return the draft of a row; the name of its table may tell the publisher."""
        recipe, values = self._recipe, row.values
        title, text, publisher = (values.get(name, "") for name in ("title", "text", "publisher"))
        shares, voted = self._shares(row)
        topic = values.get("topic", "").strip()
        if topic and recipe.topics:
            if topic not in recipe.topics and not recipe.unknown:
                self._note(row, "topic", f"one of {', '.join(map(repr, recipe.topics))}")
            topic = recipe.topics.get(topic, recipe.unknown)
        body = demojibake(text, recipe.mojibake)
        return Draft(
            key=title_key(title or text),
            title=" ".join(demojibake(title, recipe.mojibake).split()),
            text=split_paragraphs(body) if recipe.paragraphs == "commas" else body.strip(),
            publisher=recipe.publisher_name(publisher or table) or publisher or recipe.publisher,
            id=values.get("id", "").strip(),
            date=self._date(row),
            url=values.get("url", "").strip(),
            section="/".join(values[name].strip() for name in ("section", "subsection") if name in values),
            topic=topic,
            shares=shares,
            voted=voted,
            alone=bool(shares) and not text and not topic,
        )

    def _date(self, row: InputRow) -> str:
        given = row.values.get("date", "")
        if given and "time" in row.values:
            given = f"{given.removesuffix(NO_TIME)} {row.values['time']}"
        date = read_date(given)
        if given and not date:
            column = self._theirs("date")
            self.problems.append(f"{row.where}: column {column} is {given!r}; expected a date; left empty")
        return date.removesuffix(MIDNIGHT)

    def _shares(self, row: InputRow) -> tuple[list[float], bool]:
        """Return the share of annotators who said clickbait, none or one, and whether by votes."""
        recipe = self._recipe
        votes, label = (row.values.get(name, "").strip() for name in ("votes", "clickbait"))
        if votes:
            if votes.isdecimal() and int(votes) <= recipe.voters:
                return [int(votes) / recipe.voters], True
            self._note(row, "votes", f"a whole number from 0 to {recipe.voters} (`voters`)")
        elif label:
            meaning = recipe.clickbait.get(label, recipe.clickbait.get(label.lower()))
            if meaning is not None:
                return [float(meaning)], False
            self._note(row, "clickbait", f"one of {', '.join(map(repr, recipe.clickbait))}")
        return [], False

    def _note(self, row: InputRow, column: str, expected: str) -> None:
        """Remember a value that the recipe does not name, for `close`."""
        self._unknown.setdefault((column, row.values[column].strip(), expected), row.where)

    def _theirs(self, column: str) -> str:
        """Return the user's names for a column of ours."""
        return " or ".join(map(repr, self._recipe.columns[column]))


def merged(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the articles, and each headline alone whose title none of them has, once.

    A headline was labelled by itself, whoever prints it: all readings of one title count together, for the first
    article with that title or else for the first headline.
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

    An annotation goes to the first row of its publisher with its title; of the headlines of its links those are left
    out whose title no row of the publisher has.
    """
    titles = {(draft.publisher, draft.key): draft.title for draft in reversed(drafts)}  # of the first with a key
    taken: dict[str, int] = {}
    given: set[ArticleKey] = set()
    for draft in drafts:
        place = draft.publisher, draft.key
        found = Annotations() if place in given else annotations
        given.add(place)
        links = [
            {"headline": title, "related": grade >= 1, "grade": grade}
            for key, grade in found.links.get(place, ())
            if (title := titles.get((draft.publisher, key)))
        ]
        row: dict[str, Any] = {"id": _unique(draft.id or draft.key, taken), "title": draft.title, "text": draft.text}
        row |= {name: value for name in ("publisher", "date", "url", "section") if (value := getattr(draft, name))}
        if reading := found.topics.get(place):
            row |= {"topic": reading.topic, "sure": reading.sure} | ({"topic_source": CHOSEN} if reading.chosen else {})
        elif draft.topic:
            row["topic"] = draft.topic
        elif (entry := recipe.section_entry(draft.publisher, draft.section)) and not draft.alone:
            row |= {"topic": recipe.sections[draft.publisher][entry], "topic_source": SECTION}
        if links:
            row["links"] = links
        if draft.shares:
            share = sum(draft.shares) / len(draft.shares)
            row["clickbait"] = int(share > 0.5)  # a tie is no majority, so it is 0
            if draft.voted:
                row["clickbait_share"] = round(share, 4)
        yield row


def _unique(name: str, taken: dict[str, int]) -> str:
    """Return the name, or with -2, -3 behind it what is not taken; `taken` has the number to go on from for each."""
    number, found = taken.get(name, 1), name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken[name] = number
    taken.setdefault(found, 1)
    return found


def agreements(rows: Iterable[Mapping[str, Any]], recipe: Recipe) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return for each (publisher, section) of the recipe: its rows, those that were read, those of them that agree."""
    counts = {(publisher, section): (0, 0, 0) for publisher, found in recipe.sections.items() for section in found}
    for row in rows:
        publisher = row.get("publisher", "")
        if entry := recipe.section_entry(publisher, row.get("section", "")):
            is_read = "topic" in row and "topic_source" not in row
            agrees = is_read and row["topic"] == recipe.sections[publisher][entry]
            total, read, agreed = counts[publisher, entry]
            counts[publisher, entry] = total + 1, read + is_read, agreed + agrees
    return counts
