"""What Spark's worker processes do: number rows, and turn rows into prediction rows.

Both are given Arrow batches of one partition and yield others. They hold nothing but their
settings, so a task that is run again on another machine gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from saring.article import KeepLinks, Record
from saring.parse import text_id
from saring.read import Broken, Columns, ReadOptions, Row, batch_rows, fixer, json_line, to_record
from saring.score import Scoring, made_tables
from saring.spark.shipped import Shipped
from saring.writers import SUFFIXES, arrow_batch, arrow_schema

__all__ = ["BROKEN", "FILE", "LINE", "LINES", "ROW", "START", "Batches", "Scorer", "numbering"]

# Columns beside those of the articles.
FILE = "_saring_file"  # address of the file a row is from
START = "_saring_start"  # byte of the file at which the block starts that Spark reads as one
ROW = "_saring_row"  # number of the row in its file, from 1
LINE = "_saring_line"  # a line of JSON Lines
BROKEN = "_saring_broken"  # what of a CSV file is no row

LINES = {"value": "string"}  # the one column that is written as text

_BOM = b"\xef\xbb\xbf"

Batches = Iterator[Any]  # Arrow record batches of one partition


def numbering(
    before: Mapping[tuple[str, int], int], header: Sequence[str] = ()
) -> Callable[[Batches], Batches]:
    """Return what puts rows' numbers in their files into the column that says where blocks start.

    It is a function within a function for those travel by value: processes that only count need
    not import saring, which takes them seconds.

    Parameters
    ----------
    before : Mapping[tuple[str, int], int]
        Rows of a file before each block: its address and start to their number.
    header : sequence of str
        What stands in the first row of each file, which is left out; nothing where there is none.
    """
    name = ROW
    first = 0 if header else 1

    def number(batches: Batches) -> Batches:
        here: tuple[str, int] | None = None
        last = 0
        for batch in batches:
            numbers = []
            for block in zip(batch[0].to_pylist(), batch[1].to_pylist(), strict=True):
                if block != here:  # Spark reads a block in one go
                    here, last = block, before.get(block, 0) + first - 1
                last += 1
                numbers.append(last)
            numbered = batch.set_column(1, name, numbers)
            for at in [at for at, number in enumerate(numbers) if number == 0]:
                found = [
                    (column[at].as_py() or "").lstrip("\ufeff") for column in batch.columns[2:]
                ]
                if found[: len(header)] != list(header):
                    raise ValueError(
                        f"{batch[0][at]}: found a header without {list(header)}, which the first "
                        "file has; score files of other columns by themselves"
                    )
            yield numbered.filter([number > 0 for number in numbers]) if header else numbered

    return number


@dataclass(frozen=True, slots=True)
class Scorer:
    """Turns rows into prediction rows, as columns or as lines of a file.

    Attributes
    ----------
    model : Shipped
    keep_links : {"none", "related", "all"}
    scored_at : str
        One time for the whole job.
    options : ReadOptions
        Names of columns, and whether mojibake is repaired.
    suffix : str
        Format of the lines, one of `SUFFIXES`; empty for columns.
    names : Mapping[str, tuple[str, str]]
        Path of a local file to what ids are made of, and to what messages call it.
    kept : Mapping[str, str]
        Columns of the input that stay in the rows, to their kinds.
    """

    model: Shipped
    keep_links: KeepLinks
    scored_at: str
    options: ReadOptions = field(default_factory=ReadOptions)
    suffix: str = ""
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, batches: Batches) -> Batches:
        """Yield the prediction rows of a partition's batches."""
        job = Scoring(self.model.opened(), self.keep_links, self.scored_at, self.kept)
        made = self.model.answers(made_tables(job, self._records(batches)))
        if not self.suffix:
            schema = arrow_schema(job.columns)
            yield from (arrow_batch(table, schema) for table in made)
            return
        lines = SUFFIXES[self.suffix](job.columns)
        schema = arrow_schema(LINES)
        head = lines.start()
        for table in made:
            # Spark puts the last line break itself.
            value = (head + lines.part_of(table)).decode().removesuffix("\n")
            yield arrow_batch({"value": [value]}, schema)
            head = b""

    def _records(self, batches: Batches) -> Iterator[Record]:
        """Yield the record in each row."""
        columns, fix = Columns(self.options.columns, self.options.keep), fixer(self.options)
        for batch in batches:
            for values in batch_rows(batch):
                yield _named(fix(to_record(self._row(values), columns)))

    def _row(self, values: dict[str, Any] | Broken) -> Row:
        """Return a row as it stood in its file."""
        if isinstance(values, Broken):
            return Row({}, "", "", values.error)
        if FILE not in values:
            return Row(values, "", "")
        label, name = self._names(values.pop(FILE))
        number = values.pop(ROW)
        id, where = f"{label}:{number}", f"{name}:{number}"
        broken = values.pop(BROKEN, None)
        if broken is not None:
            return Row({}, id, where, f"{where}: {_BROKEN_CSV}")
        found = json_line(values[LINE].removeprefix(_BOM) + b"\n") if LINE in values else values
        if isinstance(found, Broken):
            return Row({}, id, where, f"{where}: {found.error}")
        return Row(found, id, where)

    def _names(self, address: str) -> tuple[str, str]:
        """Return what ids are made of, and what messages call a file."""
        path = unquote(urlsplit(address).path)
        return self.names.get(path, (path.rpartition("/")[2], address))


def _named(record: Record) -> Record:
    """Return a record with an id: one from no file is named after its text, as `parse` does."""
    if record.id or record.error or not (record.title.strip() or record.text.strip()):
        return record
    return replace(record, id=text_id(record.text))


_BROKEN_CSV = (
    "found a row that does not fit the header; expected as many cells, and quotes in pairs, "
    "doubled inside a cell; repair the row"
)
