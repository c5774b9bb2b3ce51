"""What became of the rows of an import, and whose data they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saring.errors import CorpusError
from saring.importing.annotations import Annotations
from saring.importing.assemble import DESK, DeskAgreement, agreements
from saring.importing.drafts import Draft, Drafter
from saring.importing.recipe import Recipe

__all__ = ["Imported", "Origin", "report"]

SHOWN_PROBLEMS = 5
# Of the embedded corpus, and so of the model that comes with saring. A corpus may have others, but
# only a model trained on them can be asked about it.
TOPICS = ("economy", "gossip", "international_politics", "other")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the tables came from.

    Attributes
    ----------
    path : Path
        What was read.
    address : str
        Where it was fetched; empty for a path of the user's.
    sha256 : str
        Of the file; empty for a folder.
    verified : bool
        Whether that is the checksum that the user or the recipe names.
    tables, verified_tables : int
        Tables that were read, and those of them whose checksum the recipe names.
    """

    path: Path
    address: str = ""
    sha256: str = ""
    verified: bool = False
    tables: int = 0
    verified_tables: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `rows_in` = `articles` + `headlines` + `joined` + `left_out`.

    Attributes
    ----------
    recipe : Recipe
        Names the data, its licence and its citation.
    origin : Origin
        Where the tables came from.
    articles, headlines, joined, left_out : int
        Rows written with more than a headline; headlines alone; headlines whose label went to an
        article or an equal headline; rows that could not be used.
    topics_read, topics_by_desk, topics_none : int
        Articles whose topic stands in an annotation or a column; those whose desk gave it; others.
    own_topics : Mapping[str, int]
        Rows of each topic that is none of `TOPICS`, the commonest first.
    clickbait, links : int
        Labelled titles and links.
    unplaced : int
        Labels of the annotations whose article or headline no table has.
    desks : tuple[DeskAgreement, ...]
        How the desks of the recipe fare with the readings.
    problems : tuple[str, ...]
        What was wrong with which row.
    """

    recipe: Recipe
    origin: Origin
    rows_in: int
    articles: int
    headlines: int
    joined: int
    left_out: int
    topics_read: int
    topics_by_desk: int
    topics_none: int
    own_topics: Mapping[str, int]
    clickbait: int
    links: int
    unplaced: int
    desks: tuple[DeskAgreement, ...]
    problems: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the report for people, line by line."""
        yield (
            f"{self.rows_in:,} rows = {self.articles:,} articles + {self.headlines:,} headlines "
            f"alone + {self.joined:,} joined to them + {self.left_out:,} left out"
        )
        yield (
            f"topics of articles: {self.topics_read:,} read, {self.topics_by_desk:,} by desk, "
            f"{self.topics_none:,} without; {self.clickbait:,} titles with a clickbait label; "
            f"{self.links:,} links"
        )
        if self.own_topics:
            shown = ", ".join(f"{topic} ({n:,})" for topic, n in self.own_topics.items())
            yield (
                f"topics of your own: {shown}; `saring train` learns them, but saring's own model "
                f"answers {', '.join(TOPICS)} alone: if these are meant, name yours under [topics] "
                f"in {self.recipe.path}"
            )
        if self.unplaced:
            yield f"{self.unplaced:,} labels of the annotations found no row with their title"
        read = [desk for desk in self.desks if desk.read]
        for desk in read:
            share = f"{desk.agreed} of {desk.read} read"
            yield f"  {desk.publisher} {desk.desk}: {desk.rows:,} rows, {desk.topic} in {share}"
        if read:
            agreed, all_read = sum(d.agreed for d in read), sum(d.read for d in read)
            yield f"desks and readers agree on {agreed:,} of {all_read:,} articles"
        yield from self._about_data()
        yield from self.problems[:SHOWN_PROBLEMS]
        if len(self.problems) > SHOWN_PROBLEMS:
            yield f"and {len(self.problems) - SHOWN_PROBLEMS:,} more such rows"

    def _about_data(self) -> Iterator[str]:
        """Yield where the data come from and what is owed to their makers."""
        origin, recipe = self.origin, self.recipe
        if origin.address or (recipe.sha256 and origin.sha256):
            known = "as expected" if origin.verified else "not verified, for no checksum names it"
            yield f"{origin.address or origin.path}: SHA-256 {origin.sha256} ({known})"
        if recipe.checksums:
            yield f"{origin.verified_tables} of {origin.tables} tables verified by their checksum"
        if recipe.licence:
            yield f"licence {recipe.licence}"
        if recipe.citation:
            yield f"cite {recipe.citation}"


def report(
    plan: Recipe,
    origin: Origin,
    annotations: Annotations,
    drafter: Drafter,
    drafts: Sequence[Draft],
    rows: Sequence[dict[str, Any]],
) -> Imported:
    """Return what became of the rows.

    Raises
    ------
    CorpusError
        When none was written.
    """
    if not rows:
        raise CorpusError(
            f"{origin.path}: found no row to import of {drafter.rows}; first problem: "
            f"{next(iter(drafter.problems), 'the tables are empty')}"
        )
    headlines = sum(draft.alone for draft in drafts)
    articles = len(drafts) - headlines
    topics = [row.get("topic_source", "read") for row in rows if "topic" in row]
    own = Counter(topic for row in rows if (topic := row.get("topic", TOPICS[-1])) not in TOPICS)
    links = sum(len(row.get("links", ())) for row in rows)
    return Imported(
        recipe=plan,
        origin=origin,
        rows_in=drafter.rows,
        articles=articles,
        headlines=headlines,
        joined=drafter.rows - drafter.left_out - len(rows),
        left_out=drafter.left_out,
        topics_read=len(topics) - topics.count(DESK),
        topics_by_desk=topics.count(DESK),
        topics_none=articles - len(topics),
        own_topics=dict(own.most_common()),
        clickbait=sum("clickbait" in row for row in rows),
        links=links,
        unplaced=annotations.labels - sum("sure" in row for row in rows) - links,
        desks=tuple(agreements(rows, plan)),
        problems=tuple(drafter.problems),
    )
