"""What is done to records: each job turns some into rows, and `make_part` rows into bytes.

Rows are columns on their way from the model to a file: lists of values are what both work on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from saring.article import Article, KeepLinks, Prediction, Record, as_columns, clean_text
from saring.compiled import prepare
from saring.errors import BundleError, InputError, SaringError
from saring.intake import take
from saring.predict import Model, load
from saring.score.summary import Summary
from saring.writers import SUFFIXES, Table

__all__ = ["CLEAN_COLUMNS", "Cleaning", "Job", "Part", "Scoring", "batches", "made_tables",
           "make_part", "prediction_columns"]  # fmt: skip

STEP_ROWS = 256  # asked of the model at once: enough for scikit-learn's overhead to vanish
STEP_CHARS = 2_000_000  # few enough for any memory, where articles are huge

CLEAN_COLUMNS: Mapping[str, str] = {
    "id": "string",
    "title": "string",
    "published": "string",
    "publisher": "string",
    "source": "string",
    "author": "string",
    "editor": "string",
    "place": "string",
    "tags": "strings",
    "url": "string",
    "text": "string",
    "n_links": "int",
    "error": "string",
}


class Job(Protocol):
    """What is done to records; it is sent to worker processes as it is."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of its rows and their kinds."""

    def table(self, records: list[Record]) -> Table:
        """Return a row for each record, as columns; one with `error` filled gives one with it."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """Prediction rows, all with one time."""

    model: Model
    keep_links: KeepLinks
    scored_at: str

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of prediction rows."""
        return prediction_columns(self.model.topics)

    def table(self, records: list[Record]) -> Table:
        """Return the prediction rows of records."""
        found = self.model.predict(records, keep_links=self.keep_links, scored_at=self.scored_at)
        return as_columns(found, self.model.topics)

    def __reduce__(self) -> tuple[Any, ...]:
        place = (str(self.model.path), self.model.model_version)
        return _opened, (Scoring, place, self.keep_links, self.scored_at)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Articles without teasers and furniture; a model is needed to keep the related links."""

    model: Model | None
    keep_links: KeepLinks

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of clean articles."""
        return CLEAN_COLUMNS

    def table(self, records: list[Record]) -> Table:
        """Return records as clean articles."""
        found = take(records)
        texts = iter(self._texts([item for item in found if isinstance(item, Article)]))
        rows = [
            _clean_row(item, next(texts), "")
            if isinstance(item, Article)
            else _clean_row(Article(id=item.id, title=item.title, text=""), None, item.error)
            for item in found
        ]
        return {name: [row[name] for row in rows] for name in self.columns}

    def _texts(self, articles: Sequence[Article]) -> list[str | None]:
        """Return the clean text of each article with the links to keep."""
        if self.model is not None and self.keep_links == "related":
            found: list[Prediction] = self.model.predict(articles, keep_links=self.keep_links)
            return [prediction.clean_text for prediction in found]
        return [clean_text(a, a.links if self.keep_links == "all" else ()) for a in articles]

    def __reduce__(self) -> tuple[Any, ...]:
        needed = self.model if self.keep_links == "related" else None
        place = (str(needed.path), needed.model_version) if needed else None
        return _opened, (Cleaning, place, self.keep_links)


def _opened(make: Callable[..., Job], place: tuple[str, str] | None, *rest: str) -> Job:
    """Return a job in a worker, which opens the model anew: a bundle loads faster than it travels.

    Raises
    ------
    BundleError
        Another model lies in its place by now.
    """
    if place is None:
        return make(None, *rest)
    path, version = place
    prepare()
    model = load(path, allow_version_skew=True)  # who started the run has let it pass
    if model.model_version != version:
        raise BundleError(
            f"{path}: found model {model.model_version}, expected {version}, which the run began "
            "with; leave models alone while they work, and run the command again"
        )
    return make(model, *rest)


def prediction_columns(topics: Sequence[str]) -> dict[str, str]:
    """Return the columns of prediction rows and their kinds, for `open_rows`."""
    kinds = {
        "topic_probability": "float",
        "clickbait": "float",
        "abstained": "bool",
        "links": "links",
        "n_links": "int",
        "n_unrelated": "int",
        **{f"p_{topic}": "float" for topic in topics},
    }
    return {name: kinds.get(name, "string") for name in as_columns([], topics)}


def _clean_row(article: Article, text: str | None, error: str) -> dict[str, Any]:
    """Return an article as a flat row."""
    return {
        "id": article.id,
        "title": article.title or None,
        "published": article.published or None,
        "publisher": article.publisher or None,
        "source": article.source or None,
        "author": article.author or None,
        "editor": article.editor or None,
        "place": article.place or None,
        "tags": list(article.tags),
        "url": article.url or None,
        "text": text,
        "n_links": None if error else len(article.links),
        "error": error or None,
    }


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the output.

    Attributes
    ----------
    data : bytes
        Its rows in the output's format.
    refused : bytes
        JSON Lines of the rows with errors: their file, row, id and reason.
    summary : Summary
        Its rows counted.
    """

    data: bytes
    refused: bytes
    summary: Summary


def make_part(job: Job, suffix: str, records: Sequence[Record]) -> Part:
    """Return the part of an output that records make.

    Parameters
    ----------
    job : Job
        What is done to them.
    suffix : str
        Names the format, one of `SUFFIXES`.
    records : sequence of Record
        In the order of their rows.
    """
    table = _joined(made_tables(job, records), job.columns)
    if len(table["error"]) != len(records):
        raise AssertionError(f"{len(records)} records gave {len(table['error'])} rows")
    refused = [
        _refused(record, id, error)
        for record, id, error in zip(records, table["id"], table["error"], strict=True)
        if error
    ]
    data = SUFFIXES[suffix](job.columns).part_of(table)
    return Part(data, b"".join(refused), Summary.of(table))


def made_tables(job: Job, records: Iterable[Record]) -> Iterator[Table]:
    """Yield the rows of records as columns, a step's at a time."""
    for step in batches(records, STEP_ROWS, STEP_CHARS):
        yield _table(job, step)


def _joined(tables: Iterable[Table], names: Iterable[str]) -> Table:
    """Return tables of these columns one below another."""
    whole: dict[str, list[Any]] = {name: [] for name in names}
    for table in tables:
        for name, values in whole.items():
            values += table[name]
    return whole


def _table(job: Job, records: list[Record]) -> Table:
    """Return the rows of records; what an article breaks is the error of its own row.

    Raises
    ------
    InputError
        All of several articles break the scoring: then it is not they who are at fault.
    """
    try:
        return job.table(records)
    except SaringError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error!s:.200}"
    tables: list[Table] = []
    failed = 0
    for record in records:
        try:
            tables.append(job.table([record]))
        except SaringError:
            raise
        except Exception as error:
            failed += 1
            why = f"the article broke the scoring ({type(error).__name__}: {error!s:.200})"
            tables.append(job.table([broken(record, why)]))
    if failed == len(records) > 1:
        raise InputError(
            f"{records[0].where}: scoring fails from here on, whatever the article ({reason}); "
            "check the installation, and please report it"
        )
    return _joined(tables, job.columns)


def broken(record: Record, why: str) -> Record:
    """Return a record as one that cannot be scored."""
    return replace(record, error=f"{record.where}: {why}; look at it or take it out")


def _refused(record: Record, id: str, error: str) -> bytes:
    """Return the line of a row with an error in the quarantine file."""
    file, colon, number = record.where.rpartition(":")
    counted = bool(colon) and number.isdigit()
    return orjson.dumps(
        {
            "file": file if counted else record.where,
            "row": int(number) if counted else None,
            "id": id,
            "reason": error,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def batches(records: Iterable[Record], max_rows: int, max_chars: int) -> Iterator[list[Record]]:
    """Yield records in lists of bounded length and size."""
    batch: list[Record] = []
    chars = 0
    for record in records:
        batch.append(record)
        chars += len(record.text)
        if len(batch) == max_rows or chars >= max_chars:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch
