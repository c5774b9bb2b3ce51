"""Records to parts of an output, by a job; what an article breaks costs its own row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson

from saring.article import Record
from saring.errors import InputError, SaringError
from saring.processes import OutOfTime, time_limit
from saring.read import Block, Pages, ReadOptions, opened
from saring.score.jobs import Job
from saring.score.summary import Summary
from saring.writers import SUFFIXES, Table

__all__ = ["Maker", "Part", "broken", "made_tables", "make_part"]

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

    def pages(self) -> Pages:
        """Return what reads pages for many parts; a context manager."""
        return Pages(self.options.page_seconds)

    def part(self, blocks: Sequence[Block], pages: Pages) -> Part:
        """Return the part of an output that the rows in blocks make."""
        records = opened(blocks, self.options, pages)
        return make_part(self.job, self.suffix, records, self.seconds)


def make_part(
    job: Job, suffix: str, records: Sequence[Record], seconds: float = ARTICLE_SECONDS
) -> Part:
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


def made_tables(
    job: Job, records: Iterable[Record], seconds: float = ARTICLE_SECONDS
) -> Iterator[Table]:
    """Yield the rows of records as columns, a step's at a time."""
    for step in _batches(records, STEP_ROWS, STEP_CHARS):
        yield _table(job, step, seconds)


def _joined(tables: Iterable[Table], names: Iterable[str]) -> Table:
    """Return tables of these columns one below another."""
    whole: dict[str, list[Any]] = {name: [] for name in names}
    for table in tables:
        for name, values in whole.items():
            values += table[name]
    return whole


def _table(job: Job, records: list[Record], seconds: float) -> Table:
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
    tables: list[Table] = []
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
        {
            "file": file if counted else record.where,
            "row": int(number) if counted else None,
            "id": id,
            "reason": error,
        },
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
