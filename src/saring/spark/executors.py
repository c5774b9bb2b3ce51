"""What Spark's worker processes do: open the model that travelled to them, number rows, score rows."""

from __future__ import annotations

import os
import platform
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from saring import __version__
from saring.article import KeepLinks, Record
from saring.batch.parts import Task, row_tables
from saring.columns import Broken, Columns
from saring.errors import ConfigError, install_hint
from saring.io.blocks import InputRow, input_row, to_record
from saring.io.formats import batch_rows, json_line
from saring.io.input_files import InputFile
from saring.io.records import ReadOptions, fixer
from saring.io.writers import SUFFIXES, arrow_batch, arrow_schema
from saring.kernel.scoring import SWITCH, prepare
from saring.parsing.engine import text_id
from saring.predict import Model, load_same

# Columns beside those of the articles.
FILE = "_saring_file"  # address of the file a row is from
START = "_saring_start"  # byte of the file at which the block starts that Spark reads as one
ROW = "_saring_row"  # number of the row in its file, from 1
LINE = "_saring_line"  # a line of JSON Lines
BROKEN = "_saring_broken"  # what of a CSV file is no row

LINES = {"value": "string"}  # the one column that is written as text

_DECIDING = ("numpy", "scikit-learn", "scipy")  # packages that last digits hang on

Batches = Iterator[Any]  # Arrow record batches of one partition
T = TypeVar("T")

_models: dict[tuple[str, bool], Model] = {}  # opened in this process, which works on many tasks


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """A model's bundle as bytes, which Spark sends to each machine, and what must be the same there."""

    model_version: str
    files: tuple[tuple[str, bytes], ...]  # names and contents of the bundle's files
    versions: tuple[tuple[str, str], ...]  # packages and their versions
    compiled: bool  # whether the compiled kernel answers, or plain Python

    def opened(self) -> Model:
        """Return the model, which a process opens once; ConfigError where this machine would give other last digits."""
        key = (self.model_version, self.compiled)
        if key in _models:
            return _models[key]
        here = dict(_versions())
        for package, expected in self.versions:
            if here[package] != expected:
                raise ConfigError(
                    f"{platform.node()}: found {package} {here[package]}, expected {expected} as where the job was "
                    "started; install the same versions on all machines"
                )
        with self._engine(), TemporaryDirectory(prefix="saring-") as folder:
            if self.compiled and not prepare():
                raise ConfigError(
                    f"{platform.node()}: found no compiled kernel, which answers where the job was started; "
                    f"{install_hint('fast')} on all machines, or start it with {SWITCH}=0"
                )
            for name, data in self.files:
                (Path(folder) / name).write_bytes(data)
            model = load_same(folder, self.model_version)
            for task in model.bundle.tasks:  # each is read when it is first asked for
                getattr(model.bundle, task)
        _models[key] = model
        return model

    def answers(self, items: Iterator[T]) -> Iterator[T]:
        """Yield items, each made while the code that is to score answers in this process."""
        while True:
            with self._engine():
                item = next(items, None)
            if item is None:
                return
            yield item

    @contextmanager
    def _engine(self) -> Iterator[None]:
        """Have the same code answer here as where the job was started, and no longer."""
        before = os.environ.get(SWITCH)
        os.environ[SWITCH] = str(int(self.compiled))
        try:
            yield
        finally:
            del os.environ[SWITCH]
            if before is not None:
                os.environ[SWITCH] = before


def ship(model: Model) -> ShippedModel:
    """Return a model as it travels."""
    files = tuple((path.name, path.read_bytes()) for path in sorted(model.path.iterdir()) if path.is_file())
    return ShippedModel(model.model_version, files, _versions(), prepare())


def _versions() -> tuple[tuple[str, str], ...]:
    """Return the versions that decide a prediction's digits, on this machine."""
    return ("saring", __version__), *((name, version(name)) for name in _DECIDING)


def numbering(before: Mapping[tuple[str, int], int], header: Sequence[str] = ()) -> Callable[[Batches], Batches]:
    """Return what puts rows' numbers in their files into the column that says where blocks start.

    `before` is the number of rows of a file before each block, by its address and start. `header` is the first row of
    each file, which is left out; empty where there is none. Functions within functions travel by value: processes
    that only count need not import saring, which takes them seconds.
    """
    row_column = ROW
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
            numbered = batch.set_column(1, row_column, numbers)
            for at in [at for at, number in enumerate(numbers) if number == 0]:
                found = [(column[at].as_py() or "").lstrip("\ufeff") for column in batch.columns[2:]]
                if found[: len(header)] != list(header):
                    raise ValueError(
                        f"{batch[0][at]}: found a header without {list(header)}, which the first file has; "
                        "score files of other columns by themselves"
                    )
            yield numbered.filter([number > 0 for number in numbers]) if header else numbered

    return number


@dataclass(frozen=True, slots=True)
class Scorer:
    """Turns rows into prediction rows, as columns or as lines of a file."""

    model: ShippedModel
    keep_links: KeepLinks
    scored_at: str  # one time for the whole job
    options: ReadOptions = field(default_factory=ReadOptions)
    suffix: str = ""  # format of the lines, one of `SUFFIXES`; empty for columns
    files: Mapping[str, InputFile] = field(default_factory=dict)  # the local ones by their paths
    kept: Mapping[str, str] = field(default_factory=dict)  # columns of the input that stay, to their kinds

    def __call__(self, batches: Batches) -> Batches:
        """Yield the prediction rows of a partition's batches."""
        task = Task("score", self.model.opened(), self.keep_links, self.scored_at, self.kept)
        tables = self.model.answers(row_tables(task, self._records(batches)))
        if not self.suffix:
            schema = arrow_schema(task.columns)
            yield from (arrow_batch(table, schema) for table in tables)
            return
        lines = SUFFIXES[self.suffix](task.columns)
        schema = arrow_schema(LINES)
        head = lines.start()
        for table in tables:
            # Spark puts the last line break itself.
            value = (head + lines.part_of(table)).decode().removesuffix("\n")
            yield arrow_batch({"value": [value]}, schema)
            head = b""

    def _records(self, batches: Batches) -> Iterator[Record]:
        """Yield the record in each row; one from no file and without an id is named after its text."""
        columns, fix = Columns(self.options.columns, self.options.keep), fixer(self.options)
        for batch in batches:
            for values in batch_rows(batch):
                record = fix(to_record(self._row(values), columns))
                unnamed = not record.id and not record.error and (record.title.strip() or record.text.strip())
                yield replace(record, id=text_id(record.text)) if unnamed else record

    def _row(self, values: dict[str, Any]) -> InputRow:
        """Return a row as it stood in its file."""
        if FILE not in values:
            return InputRow(values, "", "")
        address, number = values.pop(FILE), values.pop(ROW)
        path = unquote(urlsplit(address).path)
        file = self.files.get(path) or InputFile(address, path.rpartition("/")[2], None, "", named=False)
        found: dict[str, Any] | Broken = values
        if values.pop(BROKEN, None) is not None:
            found = Broken(
                "found a row that does not fit the header; expected as many cells, and quotes in pairs, doubled "
                "inside a cell; repair the row"
            )
        elif LINE in values:
            found = json_line(values[LINE].removeprefix(BOM_UTF8) + b"\n")
        return input_row(file, number, found)
