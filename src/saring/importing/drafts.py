"""Rows of tables read by a recipe: texts repaired, dates ISO, values turned into labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from saring.dates import MIDNIGHT, read_date
from saring.errors import CorpusError
from saring.importing.annotations import title_key
from saring.importing.recipe import Recipe
from saring.importing.repair import demojibake, split_paragraphs
from saring.importing.tables import TableRow

__all__ = ["Draft", "Drafter"]

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
                f"{row.where}: column {self._theirs('date')} is {given!r}; expected a date; left "
                "empty"
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
