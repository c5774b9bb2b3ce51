"""What a batch does to a block of rows, and what is counted and told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import orjson

from saring.article import Article, KeepLinks, Prediction, Record, clean_text
from saring.errors import BundleError, InputError, SaringError
from saring.html.page import PageReader
from saring.io.blocks import Block
from saring.io.formats import parquet_metadata
from saring.io.input_files import InputFile, find_files
from saring.io.records import ReadOptions, open_blocks
from saring.io.writers import SUFFIXES, ColumnValues
from saring.kernel import prepare
from saring.predict import Model, load, take
from saring.processes import OutOfTime, time_limit
from saring.schema import CLEAN_COLUMNS, as_table, kept_columns, kinds, prediction_columns

# What a batch did, in numbers that add up.


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch did; `rows` = `scored` + `abstained` + `errors`.

    `resumed` of the rows were done by an earlier run that was interrupted.
    """

    rows: int = 0
    scored: int = 0
    abstained: int = 0
    errors: int = 0
    links: int = 0
    unrelated: int = 0
    first_error: str = ""
    resumed: int = 0

    @classmethod
    def of(cls, table: Mapping[str, Sequence[Any]]) -> Self:
        """Return rows counted, given as columns."""
        found = [error for error in table["error"] if error]
        rows = len(table["error"])
        unsure = zip(table.get("abstained", ()), table["error"], strict=False)
        abstained = sum(bool(asked and not error) for asked, error in unsure)
        return cls(
            rows=rows,
            scored=rows - len(found) - abstained,
            abstained=abstained,
            errors=len(found),
            links=sum(number or 0 for number in table["n_links"]),
            unrelated=sum(number or 0 for number in table.get("n_unrelated", ())),
            first_error=found[0] if found else "",
        )


def total(summaries: Iterable[Summary]) -> Summary:
    """Return the sum of summaries, given in the order of their rows."""
    values: dict[str, Any] = {item.name: item.default for item in fields(Summary)}
    for summary in summaries:
        for name in values:
            value = getattr(summary, name)
            values[name] = (values[name] or value) if name == "first_error" else values[name] + value
    return Summary(**values)


# What lies in the inputs before they are read: a digest, and about how many rows.


CHUNK_BYTES = 1 << 20
PACKED = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in the inputs.

    Attributes
    ----------
    digest : str
        Of the names and the content of all files; empty where one can be read only once.
    rows : int or None
        About how many rows there are, None where only reading them would tell.
    """

    digest: str
    rows: int | None


def survey(inputs: Iterable[str | Path], format: str) -> Survey:
    """Return what lies in the inputs; their bytes are read, not understood.

    Raises
    ------
    InputError
        An input is not there, or a folder holds nothing to read.
    """
    found = blake2b(digest_size=16)
    rows: int | None = 0
    once = False
    for source in find_files(list(inputs), format):
        counted = None
        if source.path is None or not source.reopens:
            once |= source.named
        else:
            counted = _take_in(found, source, source.path)
        rows = None if rows is None or counted is None else rows + counted
    return Survey("" if once else found.hexdigest(), rows)


def _take_in(found: blake2b, source: InputFile, path: Path) -> int | None:
    """Add a file to a digest and return about how many rows it has."""
    found.update(repr((source.name, source.format)).encode())
    lines = quotes = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                found.update(chunk)
                if source.format == "jsonl":
                    lines += chunk.count(b"\n")
                elif source.format == "csv":
                    pieces = chunk.split(b'"')  # every other one stands within quotes
                    lines += sum(piece.count(b"\n") for piece in pieces[quotes % 2 :: 2])
                    quotes += len(pieces) - 1
    except OSError as error:  # reading it will say so again, as the error of its row
        found.update(repr(error.errno).encode())
        return None
    return _rows(source, path, lines)


def _rows(source: InputFile, path: Path, lines: int) -> int | None:
    """Return about how many rows a file has, by its format and the lines that were counted."""
    if path.suffix.lower() in PACKED:
        return None
    if source.format in ("txt", "html"):
        return 1
    if source.format == "parquet":
        metadata = parquet_metadata(path)
        return metadata and int(metadata.num_rows)
    return {"jsonl": lines, "csv": max(0, lines - 1)}.get(source.format)


# What is done to records: each job turns some into rows.


class Cleaned(NamedTuple):
    """An article and its clean text, None where it could not be read: a clean row's making."""

    article: Article
    text: str | None


class Job(Protocol):
    """What is done to records; it is sent to worker processes as it is."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of its rows and their kinds."""

    def table(self, records: list[Record]) -> ColumnValues:
        """Return a row for each record, as columns; one with `error` filled gives one with it."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """Prediction rows, all with one time."""

    model: Model
    keep_links: KeepLinks
    scored_at: str
    kept: Mapping[str, str] = field(default_factory=dict)  # the input's own columns, to their kinds

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of prediction rows."""
        columns = prediction_columns(self.model.topics)
        return kinds((*columns, *kept_columns(self.kept, columns)))

    def table(self, records: list[Record]) -> ColumnValues:
        """Return the prediction rows of records."""
        found = self.model.predict(records, keep_links=self.keep_links, scored_at=self.scored_at)
        columns = prediction_columns(self.model.topics)
        own = kept_columns(self.kept, columns)
        return as_table(columns, found) | as_table(own, records)

    def __reduce__(self) -> tuple[Any, ...]:
        place = (str(self.model.path), self.model.model_version)
        return _opened, (Scoring, place, self.keep_links, self.scored_at, self.kept)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Articles without teasers and boilerplate; a model is needed to keep the related links."""

    model: Model | None
    keep_links: KeepLinks
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of clean articles."""
        return kinds((*CLEAN_COLUMNS, *kept_columns(self.kept, CLEAN_COLUMNS)))

    def table(self, records: list[Record]) -> ColumnValues:
        """Return records as clean articles."""
        found = take(records)
        texts = iter(self._texts([item for item in found if isinstance(item, Article)]))
        cleaned = [
            Cleaned(item, next(texts)) if isinstance(item, Article) else Cleaned(_unread(item), None) for item in found
        ]
        own = kept_columns(self.kept, CLEAN_COLUMNS)
        return as_table(CLEAN_COLUMNS, cleaned) | as_table(own, records)

    def _texts(self, articles: Sequence[Article]) -> list[str | None]:
        """Return the clean text of each article with the links to keep."""
        if self.model is not None and self.keep_links == "related":
            found: list[Prediction] = self.model.predict(articles, keep_links=self.keep_links)
            return [prediction.clean_text for prediction in found]
        return [clean_text(a, a.links if self.keep_links == "all" else ()) for a in articles]

    def __reduce__(self) -> tuple[Any, ...]:
        needed = self.model if self.keep_links == "related" else None
        place = (str(needed.path), needed.model_version) if needed else None
        return _opened, (Cleaning, place, self.keep_links, self.kept)


def _unread(item: Prediction) -> Article:
    """Return what is known of an article that could not be read."""
    return Article(item.id, item.title, "", publisher=item.publisher_printed, url=item.url, note=item.error)


def _opened(make: Callable[..., Job], place: tuple[str, str] | None, *rest: Any) -> Job:
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
    model = load(path)
    if model.model_version != version:
        raise BundleError(
            f"{path}: found model {model.model_version}, expected {version}, which the run began "
            "with; leave models alone while they work, and run the command again"
        )
    return make(model, *rest)


# Records to parts of an output, by a job; what an article breaks costs its own row.


STEP_ROWS = 256  # asked of the model at once: enough for scikit-learn's overhead to vanish
# For an article, or a step of them: the largest there may be takes ten. A slow step is done again,
# one article at a time.
ARTICLE_SECONDS = 60.0
STEP_CHARS = 2_000_000  # few enough for any memory, where articles are huge
_AS_READ = ReadOptions(on_error="keep")


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


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes parts; it is sent to worker processes as it is.

    Attributes
    ----------
    job : Job
        What is done to records.
    suffix : str
        Names the format, one of `SUFFIXES`.
    options : ReadOptions
        Those that blocks are read with.
    seconds : float
        Time limit for one article.
    """

    job: Job
    suffix: str
    options: ReadOptions = _AS_READ
    seconds: float = ARTICLE_SECONDS

    def pages(self) -> PageReader:
        """Return what reads pages for many parts; a context manager."""
        return PageReader(self.options.page_seconds)

    def part(self, blocks: Sequence[Block], pages: PageReader) -> Part:
        """Return the part of an output that the rows in blocks make."""
        records = open_blocks(blocks, self.options, pages)
        return make_part(self.job, self.suffix, records, self.seconds)


def make_part(job: Job, suffix: str, records: Sequence[Record], seconds: float = ARTICLE_SECONDS) -> Part:
    """Return the part of an output that records make, in their order."""
    table = _joined(made_tables(job, records, seconds), job.columns)
    if len(table["error"]) != len(records):
        raise AssertionError(f"{len(records)} records gave {len(table['error'])} rows")
    refused = [
        _refused(record, id, error)
        for record, id, error in zip(records, table["id"], table["error"], strict=True)
        if error
    ]
    data = SUFFIXES[suffix](job.columns).part_of(table)
    return Part(data, b"".join(refused), Summary.of(table))


def made_tables(job: Job, records: Iterable[Record], seconds: float = ARTICLE_SECONDS) -> Iterator[ColumnValues]:
    """Yield the rows of records as columns, a step's at a time."""
    for step in _batches(records, STEP_ROWS, STEP_CHARS):
        yield _table(job, step, seconds)


def _joined(tables: Iterable[ColumnValues], names: Iterable[str]) -> ColumnValues:
    """Return tables of these columns one below another."""
    whole: dict[str, list[Any]] = {name: [] for name in names}
    for table in tables:
        for name, values in whole.items():
            values += table[name]
    return whole


def _table(job: Job, records: list[Record], seconds: float) -> ColumnValues:
    """Return the rows of records; what an article breaks is the error of its own row.

    Raises
    ------
    InputError
        All of several articles break the scoring: then it is not they who are at fault.
    """
    reason = ""
    with suppress(OutOfTime):
        try:
            with time_limit(seconds):
                return job.table(records)
        except (SaringError, OutOfTime):
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error!s:.200}"
    tables: list[ColumnValues] = []
    failed = 0
    for record in records:
        try:
            with time_limit(seconds):
                tables.append(job.table([record]))
            continue
        except SaringError:
            raise
        except OutOfTime:
            why = f"the article took longer than {seconds:g} seconds and was given up"
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
        {"file": file if counted else record.where, "row": int(number) if counted else None, "id": id, "reason": error},
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _batches(records: Iterable[Record], max_rows: int, max_chars: int) -> Iterator[list[Record]]:
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
