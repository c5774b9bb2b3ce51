"""Records to parts of an output: the task that makes their rows, the bytes of the rows, and their counts.

A task that fails on one article costs that article's row alone, which then says what happened.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from typing import Any, Literal, NamedTuple, Protocol

import orjson

from saring.article import Article, KeepLinks, Prediction, Record, clean_text
from saring.errors import InputError, SaringError
from saring.html.page import PageReader
from saring.io.blocks import Block
from saring.io.records import KEEP_ERRORS, ReadOptions, open_blocks
from saring.io.writers import SUFFIXES, ColumnValues
from saring.schema import CLEAN_COLUMNS, SPAN_COLUMNS, Column, as_table, kept_columns, kinds, prediction_columns
from saring.sources import take
from saring.spans import Spans, spans_of

STEP_ROWS = 256  # given to the model at once: enough for the overhead of a call to vanish
STEP_CHARS = 2_000_000  # few enough for any memory, where articles are huge
# For an article, or a step of them: the largest there may be takes ten.
ARTICLE_SECONDS = 60.0
Command = Literal["score", "clean", "spans"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch did, in numbers that add up: `rows` = `scored` + `abstained` + `errors`."""

    rows: int = 0
    scored: int = 0  # rows with a topic or, of cleaning, with a clean text
    abstained: int = 0  # rows for which the model would rather not name a topic
    errors: int = 0  # rows with `error` filled
    links: int = 0  # teasers found
    unrelated: int = 0  # teasers that have nothing to do with their article
    first_error: str = ""
    resumed: int = 0  # how many of the rows an earlier, interrupted run had done
    skipped: Mapping[str, int] = field(default_factory=dict)  # what of web archives, or came before, is no row; why

    def __add__(self, later: Summary) -> Summary:
        sums = {f.name: getattr(self, f.name) + getattr(later, f.name) for f in fields(self) if f.type == "int"}
        skipped = dict(Counter(self.skipped) + Counter(later.skipped))
        return Summary(**sums, first_error=self.first_error or later.first_error, skipped=skipped)


def summary_of(table: ColumnValues) -> Summary:
    """Return the counts of rows, given as columns."""
    rows = len(table["error"])
    errors = [error for error in table["error"] if error]
    flags = table.get("abstained", [False] * rows)
    abstained = sum(bool(flag and not error) for flag, error in zip(flags, table["error"], strict=True))
    links, unrelated = (sum(number or 0 for number in table.get(name, ())) for name in ("n_links", "n_unrelated"))
    scored = rows - len(errors) - abstained
    return Summary(rows, scored, abstained, len(errors), links, unrelated, errors[0] if errors else "")


class Model(Protocol):
    """What a batch asks of a model: `saring.predict.Model`, whose `predict_frame` has its rows made here."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it knows, in the order of their columns."""

    @property
    def model_version(self) -> str:
        """Digest of what decides a prediction."""

    @property
    def unrelated_threshold(self) -> float | None:
        """The probability from which it calls a link unrelated; None where it has no verdicts on links."""

    def predict(
        self, articles: Sequence[Record | Article], *, keep_links: KeepLinks, scored_at: str | None = None
    ) -> list[Prediction]:
        """Return a prediction for each article, in order."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is done to records. It may be pickled for another process, which opens the model anew."""

    command: Command  # makes prediction rows, articles without teasers and boilerplate, or the spans of these
    model: Model | None  # None where no row hangs on what a model says
    keep_links: KeepLinks
    scored_at: str = ""  # time that stands in prediction rows, ISO 8601
    kept: Mapping[str, str] = field(default_factory=dict)  # the input's own columns that stay, to their kinds

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the rows, to their kinds."""
        return kinds([column for part in self._columns() for column in part])

    def table(self, records: list[Record]) -> ColumnValues:
        """Return a row for each record, as columns; a record with `error` filled gives a row with it."""
        own, kept = self._columns()
        return as_table(own, self._answers(records)) | as_table(kept, records)

    def _columns(self) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
        """Return the columns of the task's answers, and those kept of the input."""
        own: tuple[Column, ...] = SPAN_COLUMNS if self.command == "spans" else CLEAN_COLUMNS
        if self.command == "score" and self.model:
            own = prediction_columns(self.model.topics)
        return own, kept_columns(self.kept, own)

    def _answers(self, records: list[Record]) -> Sequence[Any]:
        """Return what the columns take their values from."""
        if self.model and self.command == "score":
            return self.model.predict(records, keep_links=self.keep_links, scored_at=self.scored_at)
        found = take(records)
        articles = [item for item in found if isinstance(item, Article)]
        if self.model and self.command == "spans":
            spans = iter(article_spans(self.model, articles))
            return [next(spans) if isinstance(i, Article) else Spans(i.id, error=i.error) for i in found]
        if self.model:
            texts = iter([p.clean_text for p in self.model.predict(articles, keep_links=self.keep_links)])
        else:
            texts = iter([clean_text(a, a.links if self.keep_links == "all" else ()) for a in articles])
        return [Cleaned(i, next(texts)) if isinstance(i, Article) else Cleaned(unreadable(i), None) for i in found]


def article_spans(model: Model, articles: Sequence[Article]) -> list[Spans]:
    """Return the spans of parsed articles; ConfigError where the model has no verdicts on links."""
    scored = iter(model.predict([article for article in articles if article.links], keep_links="related"))
    threshold, version = model.unrelated_threshold, model.model_version
    return [spans_of(a, next(scored).links if a.links else (), threshold, version) for a in articles]


class Cleaned(NamedTuple):
    """An article and its clean text, None where it could not be read."""

    article: Article
    text: str | None


def unreadable(item: Prediction) -> Article:
    """Return what is known of an article that could not be read."""
    return Article(item.id, item.title, "", publisher=item.publisher_printed, url=item.url, note=item.error)


class OutOfTime(Exception):
    """A step or an article took longer than it may."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the body once it has run for so long.

    Outside the main thread, on Windows, and where the program that uses saring has set an alarm there is no limit.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
        or signal.getitimer(signal.ITIMER_REAL)[0]
    ):
        yield
        return
    runs = True

    def stop(*alarm: object) -> None:
        if runs:
            raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again each second, should a library swallow it
    try:
        yield
    finally:
        runs = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class RowMaker(Protocol):
    """Makes rows of records, as columns: a `Task`, or a step of another project's pipeline."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of the rows, to their kinds."""

    def table(self, records: list[Record]) -> ColumnValues:
        """Return a row for each record."""


def row_tables(task: RowMaker, records: Iterable[Record], seconds: float = ARTICLE_SECONDS) -> Iterator[ColumnValues]:
    """Yield the rows of records as columns, a step's at a time."""
    step: list[Record] = []
    chars = 0
    for record in records:
        step.append(record)
        chars += len(record.text)
        if len(step) == STEP_ROWS or chars >= STEP_CHARS:
            yield _step_table(task, step, seconds)
            step, chars = [], 0
    if step:
        yield _step_table(task, step, seconds)


def _step_table(task: RowMaker, records: list[Record], seconds: float) -> ColumnValues:
    """Return the rows of records; where they fail together, each article on which the task fails has its own error.

    InputError where it fails on all of several articles: the installation is at fault, not they.
    """

    def tried(records: list[Record]) -> ColumnValues | Exception:
        try:
            with time_limit(seconds):
                return task.table(records)
        except SaringError:
            raise
        except Exception as error:
            return error

    found = tried(records)
    if not isinstance(found, Exception):
        return found
    tables: list[ColumnValues] = []
    failures = []
    for record in records:
        table = tried([record])
        if isinstance(table, OutOfTime):
            why = f"the article took longer than {seconds:g} seconds and was given up"
            table = task.table([with_error(record, why)])
        elif isinstance(table, Exception):
            failures.append(f"{type(table).__name__}: {table!s:.200}")
            table = task.table([with_error(record, f"the article broke the scoring ({failures[-1]})")])
        tables.append(table)
    if len(failures) == len(records) > 1:
        raise InputError(
            f"{records[0].where}: scoring fails from here on, whatever the article ({failures[0]}); "
            "check the installation, and please report it"
        )
    return _stacked(tables, task.columns)


def _stacked(tables: Sequence[ColumnValues], names: Iterable[str]) -> ColumnValues:
    """Return tables of these columns one below another."""
    return {name: list(chain.from_iterable(table[name] for table in tables)) for name in names}


def with_error(record: Record, why: str) -> Record:
    """Return a record as one that cannot be scored."""
    return replace(record, error=f"{record.where}: {why}; look at it or take it out".removeprefix(": "))


class Part(NamedTuple):
    """A part of the output."""

    data: bytes  # its rows in the output's format
    refused: bytes  # JSON Lines of the rows with errors: their file, row, id and reason
    summary: Summary


@dataclass(frozen=True, slots=True)
class PartMaker:
    """Makes parts of blocks, here or in a worker process, to which it is pickled."""

    task: Task
    suffix: str  # names the output's format, one of `SUFFIXES`
    options: ReadOptions = KEEP_ERRORS  # how the blocks are read
    seconds: float = ARTICLE_SECONDS  # time limit for one article

    def part(self, blocks: Sequence[Block], pages: PageReader | None = None) -> Part:
        """Return the part that the rows in blocks make; `pages` is the page reader of many parts."""
        records = open_blocks(blocks, self.options, pages)
        table = _stacked(list(row_tables(self.task, records, self.seconds)), self.task.columns)
        if len(table["error"]) != len(records):
            raise AssertionError(f"{len(records)} records gave {len(table['error'])} rows")
        refused = b""
        for record, id, error in zip(records, table["id"], table["error"], strict=True):
            if error:
                name, _, number = record.where.rpartition(":")
                file, row = (name, int(number)) if name and number.isdecimal() else (record.where, None)
                line = {"file": file, "row": row, "id": id, "reason": error}
                refused += orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        return Part(SUFFIXES[self.suffix](self.task.columns).part_of(table), refused, summary_of(table))
