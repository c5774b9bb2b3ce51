"""Files to a folder of prediction rows: what the command line is given, by Spark's readers.

Rows without an id are named after their file and their number in it, as `saring.read` does. For
that Parquet tells each row's number. A CSV file is read by one task, which counts. JSON Lines are
split at any byte, so their rows are counted once before they are scored.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from saring.article import KeepLinks
from saring.errors import ConfigError, InputError
from saring.predict import Model
from saring.read import Broken, Columns, ReadOptions, fixer, json_line, sources
from saring.read.source import FORMATS
from saring.score import Summary, prediction_columns
from saring.spark.frames import article_columns, map_batches, quoted
from saring.spark.session import address, opened, rename_parts
from saring.spark.shipped import ship
from saring.spark.workers import BROKEN, FILE, LINE, LINES, ROW, START, Scorer, numbering
from saring.writers import check_place

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["score_files"]

CHECKED_ROWS = 100  # as `saring.read` does before it says that there is no text column
TASKS_A_CORE = 4  # where Spark's reader makes too few: the last to end then keeps none waiting long
HEADER_LINES = 20  # that a header may have: a name with a line break in it has several
DELIMITERS = ",;\t"

Reader = Callable[["SparkSession", "list[str]", ReadOptions], "DataFrame"]


def score_files(
    inputs: Sequence[str | Path],
    out: str | Path,
    model: Model,
    options: ReadOptions | None = None,
    *,
    master: str | None = None,
    keep_links: KeepLinks = "none",
    overwrite: bool = False,
) -> Summary:
    """Write the prediction rows of files with Spark and return what was done.

    Rows are those of `saring.score.score`, but that JSON Lines must be UTF-8, that a broken row of
    a CSV file is told of in other words, and that a byte in it which is no letter is U+FFFD.

    Parameters
    ----------
    inputs : sequence of path
        Files and folders of Parquet, JSON Lines or CSV; or addresses such as ``hdfs://...``, which
        Spark alone reads.
    out : path
        Folder to be made, its name ending in .parquet, .jsonl or .csv; each task writes a file
        into it. It is complete when it holds ``_SUCCESS``.
    model, options, keep_links, overwrite
        As for `saring.score.score`.
    master : str, optional
        Address of the cluster; as Spark is configured when not given, or else this machine.

    Raises
    ------
    InputError
        An input is not there, is of another format or has no text column.
    ConfigError
        `out` is there already, is or lies in an input, or has another suffix.
    SaringError
        Spark cannot start or finish.
    """
    options = options or ReadOptions(on_error="keep")
    model.predict([], keep_links=keep_links)  # tells a wish that cannot be met before the job
    fixer(options)
    check_place(Path(out), overwrite=overwrite)
    _refuse_own_output(inputs, out)
    groups, names = _found(inputs, options.format)
    suffix = Path(out).suffix.lower()
    lines = "" if suffix == ".parquet" else suffix
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    scorer = Scorer(ship(model), keep_links, stamp, options, lines, names)
    columns = prediction_columns(model.topics)
    with opened(master) as spark:
        frames = [
            map_batches(
                _spread(_READERS[format](spark, paths, options)),
                scorer,
                LINES if lines else columns,
            )
            for format, paths in groups.items()
        ]
        whole = reduce(lambda one, other: one.union(other), frames)
        writer = whole.write.mode("overwrite" if overwrite else "error")
        if lines:
            writer.text(address(out))
            rename_parts(spark, address(out), suffix)
        else:
            writer.option("compression", "zstd").parquet(address(out))
        return _counted(spark, address(out), suffix, list(columns))


def _found(
    inputs: Sequence[str | Path], format: str
) -> tuple[dict[str, list[str]], dict[str, tuple[str, str]]]:
    """Return the addresses of each format, and what ids and messages call each local file."""
    groups: dict[str, list[str]] = {}
    names: dict[str, tuple[str, str]] = {}
    for given in map(str, inputs):
        if "://" in given:
            groups.setdefault(format or _format_of(given), []).append(given)
            continue
        for source in sources([given], format):
            if source.path is None or source.format not in _READERS:
                raise InputError(
                    f"{source.name}: found {source.format or 'standard input'}; Spark reads "
                    f"{', '.join(_READERS)}; leave --engine spark out for this one"
                )
            path = source.path.absolute()
            if str(path) in names:
                raise InputError(f"{source.name}: is named twice; name each file once")
            if path.name.startswith(("_", ".")):
                raise InputError(f"{source.name}: Spark leaves out such a name; rename the file")
            names[str(path)] = (source.label, source.name)
            groups.setdefault(source.format, []).append(_literal(address(path)))
    return groups, names


def _format_of(given: str) -> str:
    """Return the format that an address ends in."""
    suffixes = [suffix for suffix in Path(given).suffixes[-2:] if suffix != ".gz"]
    format = FORMATS.get(suffixes[-1].lower(), "") if suffixes else ""
    if format not in _READERS:
        raise InputError(
            f"{given}: the address tells no format; give --format {', '.join(_READERS)}"
        )
    return format


def _literal(path: str) -> str:
    """Return a path in which Spark takes every letter for itself."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


def _refuse_own_output(inputs: Sequence[str | Path], out: str | Path) -> None:
    """Raise ConfigError where the output would be read, or an input replaced."""
    for given in map(str, inputs):
        here, there = Path(address(given)), Path(address(out))
        if here == there or here in there.parents or there in here.parents:
            raise ConfigError(f"{out}: is an input or lies within {given}; name another folder")


def _parquet(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the rows of Parquet files, of columns no more than are needed."""
    table = spark.read.parquet(*paths)
    chosen = article_columns(table.columns, options)
    row = "_metadata.row_index + 1"
    return table.selectExpr(
        f"_metadata.file_path AS {FILE}", f"{row} AS {ROW}", *map(quoted, chosen)
    )


def _csv(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the rows of CSV files with one header, all cells as texts."""
    head = [row["value"] for row in spark.read.text(paths[0]).take(HEADER_LINES)]
    delimiter = max(DELIMITERS, key="".join(head[:1]).count)
    text = "\n".join(head).lstrip("\ufeff\r\n")
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    chosen = article_columns(header, options)
    cells = [f"_c{number}" for number in range(len(header))]
    # As rows like others: Spark's own check of headers does not take empty names or equal ones.
    table = spark.read.csv(
        paths,
        schema=", ".join(f"{cell} STRING" for cell in [*cells, BROKEN]),
        columnNameOfCorruptRecord=BROKEN,
        escape='"',
        multiLine=True,
        sep=delimiter,
    )
    found = [f"{cells[header.index(name)]} AS {quoted(name)}" for name in chosen]
    return _numbered(
        table, {}, {**dict.fromkeys(chosen, "string"), BROKEN: "string"}, found, chosen
    )


def _json_lines(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the lines of JSON Lines files; blank ones are none."""
    # Both passes over the files must split them alike, however many workers have come by then.
    cores = spark.sparkContext.defaultParallelism
    spark.conf.set("spark.sql.files.minPartitionNum", str(cores))
    text = spark.read.option("lineSep", "\n").text(paths).where(r"value RLIKE '\\S'")
    _check_lines([row["value"] for row in text.take(CHECKED_ROWS)], options)
    block = (f"_metadata.file_path AS {FILE}", f"_metadata.file_block_start AS {START}")
    counts = text.selectExpr(*block).groupBy(FILE, START).count().collect()
    before: dict[tuple[str, int], int] = {}
    rows: dict[str, int] = {}
    for count in sorted(counts):
        file, start, found = count
        before[file, start] = rows.get(file, 0)
        rows[file] = before[file, start] + found
    return _numbered(text, before, {LINE: "bytes"}, [f"CAST(value AS BINARY) AS {LINE}"])


_READERS: Mapping[str, Reader] = {"parquet": _parquet, "jsonl": _json_lines, "csv": _csv}


def _check_lines(lines: Sequence[str], options: ReadOptions) -> None:
    """Raise InputError when none of the first lines has a text column."""
    columns = Columns(options.columns)
    rows = [row for line in lines if not isinstance(row := json_line(line), Broken)]
    missing = [columns.find(tuple(row)).missing for row in rows]
    if missing and all(missing):
        raise InputError(missing[0])


def _numbered(
    table: DataFrame,
    before: Mapping[tuple[str, int], int],
    columns: Mapping[str, str],
    expressions: Sequence[str],
    header: Sequence[str] = (),
) -> DataFrame:
    """Return columns of a table behind each row's file and number in it."""
    chosen = table.selectExpr(
        f"_metadata.file_path AS {FILE}",
        f"_metadata.file_block_start AS {START}",
        *expressions,
        *[BROKEN] * (BROKEN in columns),
    )
    whole = {FILE: "string", ROW: "int", **columns}
    return map_batches(chosen, numbering(before, header), whole)


def _spread(df: DataFrame) -> DataFrame:
    """Return rows in as many tasks as the cores need; the same in each, should a task be redone."""
    cores = df.sparkSession.sparkContext.defaultParallelism
    if df.rdd.getNumPartitions() >= cores:
        return df
    return df.repartition(TASKS_A_CORE * cores, FILE, ROW)


def _counted(spark: SparkSession, out: str, suffix: str, columns: Sequence[str]) -> Summary:
    """Return what stands in an output: a task that was redone is counted once."""
    texts = ", ".join(f"{quoted(name)} STRING" for name in columns)
    read = spark.read.options(header=True, multiLine=suffix == ".csv", escape='"')
    rows = (
        read.parquet(out)
        if suffix == ".parquet"
        else read.schema(texts).format({".csv": "csv", ".jsonl": "json"}[suffix]).load(out)
    )
    found = rows.selectExpr(
        "count(*)",
        "count(error)",
        "count_if(CAST(abstained AS BOOLEAN))",
        "coalesce(sum(CAST(n_links AS BIGINT)), 0)",
        "coalesce(sum(CAST(n_unrelated AS BIGINT)), 0)",
        "coalesce(min(error), '')",
    ).first()
    assert found is not None  # an aggregate always has its row
    total, errors, abstained, links, unrelated, first_error = found
    scored = total - errors - abstained
    return Summary(total, scored, abstained, errors, links, unrelated, first_error)
