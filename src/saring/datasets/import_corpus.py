"""The import of a data set: from its address or path to a corpus file, with a report of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from saring.champions import TOPICS
from saring.datasets.assemble import Draft, Drafter, agreements, corpus_rows, merged, open_tables
from saring.datasets.fetch import check_sha256, fetch, file_name
from saring.datasets.recipe import Recipe, load_recipe, read_annotations
from saring.errors import ConfigError, CorpusError, InputError, masked
from saring.io.web import is_web_address
from saring.io.writers import check_place, open_rows
from saring.training.corpus import SECTION

CLICK_ID = "click-id"  # the recipe that comes with saring
BATCH_ROWS = 1000
SHOWN_PROBLEMS = 5

Progress = Callable[[str, int, int], None]


class Origin(NamedTuple):
    """Where the tables came from."""

    path: Path  # what was read
    address: str = ""  # where it was fetched; empty for a path of the user's
    sha256: str = ""  # of the file; empty for a folder
    verified: bool = False  # that is the checksum that the user or the recipe names


class Imported(NamedTuple):
    """What an import did."""

    recipe: Recipe
    origin: Origin
    counts: Mapping[str, int]  # rows = articles + headlines + joined + left_out; topics and labels by their source
    own_topics: Mapping[str, int]  # rows of each topic that is none of `TOPICS`, the commonest first
    sections: Mapping[tuple[str, str], tuple[int, int, int]]  # as `assemble.agreements` returns them
    problems: Sequence[str]  # what was wrong with which row

    def lines(self) -> Iterator[str]:
        """Yield the report for people, line by line."""
        yield (
            "{rows:,} rows = {articles:,} articles + {headlines:,} headlines alone + {joined:,} joined to them "
            "+ {left_out:,} left out"
        ).format_map(self.counts)
        yield (
            "topics of articles: {topics_read:,} read, {topics_by_section:,} by section, {topics_none:,} without; "
            "{clickbait:,} titles with a clickbait label; {links:,} links"
        ).format_map(self.counts)
        if self.own_topics:
            shown = ", ".join(f"{topic} ({n:,})" for topic, n in self.own_topics.items())
            yield (
                f"topics of your own: {shown}; `saring train` learns them, but saring's own model answers "
                f"{', '.join(TOPICS)} alone: if these are meant, name yours under [topics] in {self.recipe.path}"
            )
        if unplaced := self.counts["unplaced"]:
            yield f"{unplaced:,} labels of the annotations found no row with their title"
        all_read = all_agreed = 0
        for (publisher, section), (rows, read, agreed) in self.sections.items():
            if read:
                topic = self.recipe.sections[publisher][section]
                yield f"  {publisher} {section}: {rows:,} rows, {topic} in {agreed} of {read} read"
                all_read, all_agreed = all_read + read, all_agreed + agreed
        if all_read:
            yield f"sections and readers agree on {all_agreed:,} of {all_read:,} articles"
        yield from self._about_data()
        yield from self.problems[:SHOWN_PROBLEMS]
        if len(self.problems) > SHOWN_PROBLEMS:
            yield f"and {len(self.problems) - SHOWN_PROBLEMS:,} more such rows"

    def _about_data(self) -> Iterator[str]:
        """Yield where the data come from and what is owed to their makers."""
        origin, recipe = self.origin, self.recipe
        if origin.address or (recipe.sha256 and origin.sha256):
            checked = "as expected" if origin.verified else "not verified, for no checksum names it"
            yield f"{origin.address or origin.path}: SHA-256 {origin.sha256} ({checked})"
        if recipe.checksums:
            yield "{verified_tables} of {tables} tables verified by their checksum".format_map(self.counts)
        if recipe.licence:
            yield f"licence {recipe.licence}"
        if recipe.citation:
            yield f"cite {recipe.citation}"


def import_corpus(
    recipe: str | Path,
    source: str | Path | None,
    out: str | Path,
    *,
    sha256: str = "",
    overwrite: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Imported:
    """Write the rows of a source in the corpus format and return what was done.

    `recipe` is a TOML file, or the one that comes with saring, ``"click-id"``. `source` is a table, folder or zip, or
    the web address of one; None for the recipe's address. `out` is a .jsonl file, which appears when it is complete;
    what is fetched is kept beside it. `sha256` is the checksum of what is fetched, instead of the recipe's, or of the
    file at a path. `progress` takes a stage, what is done of it and how much there is, 0 when unknown.
    """
    shipped = Path(__file__).parent / CLICK_ID / f"{CLICK_ID}.toml"
    plan = load_recipe(shipped if str(recipe) == CLICK_ID else recipe)
    out = Path(out)
    check_place(out, overwrite=overwrite, suffixes=(".jsonl",))
    annotations = read_annotations(plan.annotations)
    drafter = Drafter(plan)

    def drafts_of(table: Path) -> Iterator[Draft]:
        for draft in drafter.drafts(table):
            if drafter.rows % BATCH_ROWS == 0:
                progress("reading", drafter.rows, 0)
            yield draft

    with open_rows(out, {}, overwrite=overwrite) as file:
        origin = _origin(plan, source, out.parent, sha256, progress)
        with open_tables(origin.path, plan) as tables:
            if out.resolve() in (table.resolve() for table in tables):
                raise ConfigError(f"{out}: is also an input; name another file for the output")
            drafts = merged(chain.from_iterable(map(drafts_of, tables)))
        drafter.close()
        rows = list(corpus_rows(drafts, annotations, plan))
        if not rows:
            problem = next(iter(drafter.problems), "the tables are empty")
            raise CorpusError(f"{origin.path}: found no row to import of {drafter.rows}; first problem: {problem}")
        for start in range(0, len(rows), BATCH_ROWS):
            file.write(rows[start : start + BATCH_ROWS])
            progress("writing", min(start + BATCH_ROWS, len(rows)), len(rows))
    headlines = sum(draft.alone for draft in drafts)
    sources = Counter(row.get("topic_source", "read") for row in rows if "topic" in row)
    links = sum(len(row.get("links", ())) for row in rows)
    counts = {
        "tables": len(tables),
        "verified_tables": sum(table.name in plan.checksums for table in tables),
        "rows": drafter.rows,
        "articles": len(drafts) - headlines,  # with more than a headline
        "headlines": headlines,  # alone
        "joined": drafter.rows - drafter.left_out - len(rows),  # headlines whose label went to another row
        "left_out": drafter.left_out,
        "topics_read": sources.total() - sources[SECTION],  # they stand in an annotation or a column
        "topics_by_section": sources[SECTION],
        "topics_none": len(drafts) - headlines - sources.total(),
        "clickbait": sum("clickbait" in row for row in rows),
        "links": links,
        # labels of the annotations whose article or headline no table has
        "unplaced": annotations.labels - sum("sure" in row for row in rows) - links,
    }
    own = Counter(topic for row in rows if (topic := row.get("topic", TOPICS[-1])) not in TOPICS)
    return Imported(plan, origin, counts, dict(own.most_common()), agreements(rows, plan), drafter.problems)


def _origin(plan: Recipe, source: str | Path | None, folder: Path, sha256: str, progress: Progress) -> Origin:
    """Return where the source lies, once it has been fetched if it is an address."""
    if source is not None and not is_web_address(str(source)):
        path = Path(source)
        if path.is_file():
            digest = check_sha256(path, sha256)
            return Origin(path, sha256=digest, verified=digest in (sha256, plan.sha256))
        if sha256 and path.is_dir():
            expected = f"that of a file, or those of its tables under [sha256] in {plan.path}"
            raise ConfigError(f"{path}: a checksum was given for a folder; expected {expected}")
        return Origin(path)
    addresses = [str(source)] if source else plan.addresses
    if not addresses:
        raise ConfigError(f"{plan.path}: has no [download] addresses; expected a path to import")
    expected, problems = sha256 or plan.sha256, []
    for address in addresses:
        path = folder / file_name(address)
        try:
            digest = fetch(address, path, expected, partial(progress, "fetching"))
        except InputError as error:
            problems.append(str(error))
        else:
            return Origin(path, masked(address), digest, verified=bool(expected))
    raise InputError("; ".join(problems))
