"""Spark sessions, the model that travels to workers, and what workers do."""

from __future__ import annotations

import os
import platform
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from saring import __version__
from saring.article import KeepLinks, Record
from saring.batch.jobs import Scoring, made_tables
from saring.errors import BundleError, ConfigError, MissingExtraError, SaringError, install_hint
from saring.io.blocks import InputRow, to_record
from saring.io.columns import Broken, Columns
from saring.io.formats import batch_rows, json_line
from saring.io.records import ReadOptions, fixer
from saring.io.writers import SUFFIXES, arrow_batch, arrow_schema
from saring.kernel import SWITCH, prepare
from saring.parsing.engine import text_id
from saring.predict import Model, load
from saring.processes import program

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A Spark session for one command, and what is asked of its file system.


JAVA = "17"
# What pyspark warns of when it sees pandas 3, which is not used here: batches are Arrow's.
NEW_PANDAS = "PySpark does not yet fully support pandas >= 3"
_SAFE = "PYTHONSAFEPATH"
_CALL = "An error occurred while calling"  # what the bridge to Java says first, and no more
_OURS = re.compile(r"^saring\.errors\.\w+: (.+)", re.M)  # in the traceback of a worker process


@contextmanager
def opened(master: str | None) -> Iterator[SparkSession]:
    """Yield a Spark session; what goes wrong in it is a SaringError. One that was there stays.

    Parameters
    ----------
    master : str or None
        Address of the cluster; as Spark is configured when None, or else this machine.

    Raises
    ------
    MissingExtraError
        pyspark is not installed.
    ConfigError
        Java is not installed, or this process has a session on another master.
    SaringError
        Spark cannot start or finish.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise MissingExtraError("spark", "scoring with Spark") from error
    before = SparkSession.getActiveSession()
    if before is None:
        _check_java()
    elif master and before.sparkContext.master != master:
        raise ConfigError(
            f"{master}: found a session on {before.sparkContext.master} in this process; stop it "
            "or leave the master out"
        )
    # Spark asks for "python3" otherwise, which need not be the one that saring is installed in.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # It starts Python with the working folder first among the places for modules.
    builder = SparkSession.builder.appName("saring").config(f"spark.executorEnv.{_SAFE}", "1")
    spark: SparkSession | None = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", NEW_PANDAS)
            spark = (builder.master(master) if master else builder).getOrCreate()
        spark.conf.set("spark.sql.session.timeZone", "UTC")  # dates are read as `saring.io` does
        yield spark
    except (PySparkException, Py4JError) as error:
        raise SaringError(f"Spark could not finish: {_reason(str(error))}") from error
    finally:
        if spark is not None and before is None:
            spark.stop()


def _check_java() -> None:
    """Raise ConfigError when there is no Java."""
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else program("java")
    if not java or not os.access(java, os.X_OK):
        raise ConfigError(
            f"found no Java{f' in JAVA_HOME, {home}' if home else ''}; Spark expects Java {JAVA} "
            f"or newer; install one (Debian: apt-get install openjdk-{JAVA}-jre-headless)"
        )


def _reason(message: str) -> str:
    """Return why a job failed: what saring says in a worker process, or else Python, or Spark."""
    if ours := _OURS.findall(message):
        return str(ours[-1])
    lines = message.strip().splitlines()
    if "Traceback" in message:
        return lines[-1]
    return next((line for line in lines if not line.startswith(_CALL)), message).lstrip(": ")


def address(path: str | Path) -> str:
    """Return where a path lies, for Spark, which may take a bare one for a path of its cluster."""
    return str(path) if "://" in str(path) else f"file://{Path(path).absolute()}"


def rename_parts(spark: SparkSession, folder: str, suffix: str) -> None:
    """Give the files of a folder the suffix of their format; Spark calls all lines .txt."""
    jvm, context = spark.sparkContext._jvm, spark.sparkContext._jsc
    assert jvm is not None  # it is there as long as the session
    place = jvm.org.apache.hadoop.fs.Path(folder)
    files = place.getFileSystem(context.hadoopConfiguration())
    for status in files.listStatus(place):
        name = status.getPath().getName()
        if name.endswith(".txt"):
            files.rename(status.getPath(), jvm.org.apache.hadoop.fs.Path(place, name.removesuffix(".txt") + suffix))


# A model on its way to other machines: shipped with the job, opened once in each process there.


T = TypeVar("T")

_DECIDING = ("numpy", "scikit-learn", "scipy")  # packages that last digits hang on

_opened: dict[tuple[str, bool], Model] = {}  # of this process, which works on many tasks


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model's bundle as bytes, and what must be the same wherever it is opened.

    It travels with the function that scores. Spark broadcasts what is greater than a megabyte, so
    each machine gets it once, not each task.

    Attributes
    ----------
    model_version : str
    files : tuple of (str, bytes)
        Those of the bundle's folder.
    versions : tuple of (str, str)
        Packages and their versions.
    compiled : bool
        Whether the compiled kernel answers, or plain Python.
    """

    model_version: str
    files: tuple[tuple[str, bytes], ...]
    versions: tuple[tuple[str, str], ...]
    compiled: bool

    def opened(self) -> Model:
        """Return the model, which a process opens once.

        Raises
        ------
        ConfigError
            This machine would give other last digits than the one the model comes from.
        BundleError
            The files are not those of this model.
        """
        key = (self.model_version, self.compiled)
        if key not in _opened:
            self._check_versions()
            with self._engine():
                self._check_kernel()
                _opened[key] = self._unpacked()
        return _opened[key]

    def answers(self, items: Iterator[T]) -> Iterator[T]:
        """Yield items, each made while the code that is to score answers in this process."""
        while True:
            with self._engine():
                try:
                    item = next(items)
                except StopIteration:
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
            if before is None:
                del os.environ[SWITCH]
            else:
                os.environ[SWITCH] = before

    def _check_versions(self) -> None:
        """Raise ConfigError where a package has another version here."""
        here = dict(_versions())
        for package, expected in self.versions:
            if here[package] != expected:
                raise ConfigError(
                    f"{platform.node()}: found {package} {here[package]}, expected {expected} "
                    "as where the job was started; install the same versions on all machines"
                )

    def _check_kernel(self) -> None:
        """Raise ConfigError where the same code cannot answer."""
        if self.compiled and not prepare():
            raise ConfigError(
                f"{platform.node()}: found no compiled kernel, which answers where the job was "
                f"started; {install_hint('fast')} on all machines, or start it with {SWITCH}=0"
            )

    def _unpacked(self) -> Model:
        """Return the model, all of it in memory."""
        with TemporaryDirectory(prefix="saring-") as folder:
            for name, data in self.files:
                (Path(folder) / name).write_bytes(data)
            model = load(folder)
            for task in model.bundle.tasks:  # each is read when it is first asked for
                getattr(model.bundle, task)
        if model.model_version != self.model_version:
            raise BundleError(
                f"{model.path}: found model {model.model_version}, expected {self.model_version}; "
                "leave models alone while a job starts, and start it again"
            )
        return model


def ship(model: Model) -> Shipped:
    """Return a model as it travels."""
    paths = sorted(path for path in model.path.iterdir() if path.is_file())
    files = tuple((path.name, path.read_bytes()) for path in paths)
    return Shipped(model.model_version, files, _versions(), prepare())


def _versions() -> tuple[tuple[str, str], ...]:
    """Return the versions that decide a prediction's digits, on this machine."""
    return ("saring", __version__), *((name, version(name)) for name in _DECIDING)


# What Spark's worker processes do: number rows, and turn rows into prediction rows.


# Columns beside those of the articles.
FILE = "_saring_file"  # address of the file a row is from
START = "_saring_start"  # byte of the file at which the block starts that Spark reads as one
ROW = "_saring_row"  # number of the row in its file, from 1
LINE = "_saring_line"  # a line of JSON Lines
BROKEN = "_saring_broken"  # what of a CSV file is no row

LINES = {"value": "string"}  # the one column that is written as text

_BOM = b"\xef\xbb\xbf"

Batches = Iterator[Any]  # Arrow record batches of one partition


def numbering(before: Mapping[tuple[str, int], int], header: Sequence[str] = ()) -> Callable[[Batches], Batches]:
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
                found = [(column[at].as_py() or "").lstrip("\ufeff") for column in batch.columns[2:]]
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

    def _row(self, values: dict[str, Any] | Broken) -> InputRow:
        """Return a row as it stood in its file."""
        if isinstance(values, Broken):
            return InputRow({}, "", "", values.error)
        if FILE not in values:
            return InputRow(values, "", "")
        label, name = self._names(values.pop(FILE))
        number = values.pop(ROW)
        id, where = f"{label}:{number}", f"{name}:{number}"
        broken = values.pop(BROKEN, None)
        if broken is not None:
            return InputRow({}, id, where, f"{where}: {_BROKEN_CSV}")
        found = json_line(values[LINE].removeprefix(_BOM) + b"\n") if LINE in values else values
        if isinstance(found, Broken):
            return InputRow({}, id, where, f"{where}: {found.error}")
        return InputRow(found, id, where)

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
