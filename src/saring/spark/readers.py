"""Files to DataFrames, by Spark's readers: each row with its file and its number in it.

Rows without an id are named after these, as `saring.read` does. Parquet tells each row's number. A
CSV file is read by one task, which counts. JSON Lines are split at any byte, so the rows of each
block are counted once before they are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saring.errors import InputError
from saring.read import Broken, Columns, ReadOptions, json_line, sources
from saring.read.delimited import header_of
from saring.read.parquet import parquet_schema
from saring.read.source import FORMATS
from saring.spark.frames import article_columns, map_batches, quoted
from saring.spark.session import address
from saring.spark.workers import BROKEN, FILE, LINE, ROW, START, numbering

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["READERS", "found", "spread"]

CHECKED_ROWS = 100  # as `saring.read` does before it says that there is no text column
TASKS_A_CORE = 4  # where Spark's reader makes too few: the last to end then keeps none waiting long
HEADER_LINES = 20  # that a header may have: a name with a line break in it has several

Reader = Callable[["SparkSession", "list[str]", ReadOptions], "DataFrame"]


def found(
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
            if source.path is None or source.format not in READERS:
                raise InputError(
                    f"{source.name}: found {source.format or 'standard input'}; Spark reads "
                    f"{', '.join(READERS)}; leave --engine spark out for this one"
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
    if format not in READERS:
        raise InputError(
            f"{given}: the address tells no format; give --format {', '.join(READERS)}"
        )
    return format


def _literal(path: str) -> str:
    """Return a path in which Spark takes every letter for itself."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


def _parquet(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the rows of Parquet files, of columns no more than are needed."""
    types = _types(paths[0])
    names = list(types) or spark.read.parquet(*paths).columns
    chosen = article_columns(names, options)
    values = [quoted(name) for name in chosen]
    reader = spark.read
    if all(types.get(name) in _KINDS for name in chosen):
        # Told the types, Spark does not look at other columns, of which it knows fewer than Arrow.
        kinds = [_KINDS[types[name]] for name in chosen]
        spark.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
        told = zip(values, kinds, strict=True)
        reader = reader.schema(", ".join(f"{value} {kind}" for value, (kind, _) in told))
        values = [
            f"{given.format(value)} AS {value}"
            for value, (_, given) in zip(values, kinds, strict=True)
        ]
    return reader.parquet(*paths).selectExpr(
        f"_metadata.file_path AS {FILE}", f"_metadata.row_index + 1 AS {ROW}", *values
    )


def _types(address: str) -> dict[str, str]:
    """Return the Arrow type of each column of a local Parquet file; none of one elsewhere."""
    path = Path(re.sub(r"\\(.)", r"\1", address.removeprefix("file://")))
    schema = parquet_schema(path) if address.startswith("file://") else None
    return {} if schema is None else {field.name: str(field.type) for field in schema}


# A time as Spark has it, from a number; what it cannot hold becomes one that Python cannot.
_MOST = 2**63 // 1000 - 1
_FROM = {
    "s": f"least(greatest({{}}, -{_MOST}), {_MOST}) * 1000",  # which Parquet holds as milliseconds
    "ms": f"least(greatest({{}}, -{_MOST}), {_MOST}) * 1000",
    "us": "{}",
    "ns": "({} div 1000)",
}
_KINDS: Mapping[str, tuple[str, str]] = {
    "string": ("STRING", "{}"),
    "large_string": ("STRING", "{}"),
    "int64": ("BIGINT", "{}"),
    "int32": ("INT", "{}"),
    "double": ("DOUBLE", "{}"),
    "date32[day]": ("DATE", "{}"),
    **{
        f"timestamp[{unit}]": ("BIGINT", f"CAST(timestamp_micros({micros}) AS TIMESTAMP_NTZ)")
        for unit, micros in _FROM.items()
    },
    **{
        f"timestamp[{unit}, tz=UTC]": ("BIGINT", f"timestamp_micros({micros})")
        for unit, micros in _FROM.items()
    },
}
"""How Spark reads a column of an Arrow type, and what is made of it."""


def _csv(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the rows of CSV files with one header, all cells as texts."""
    head = [row["value"] for row in spark.read.text(paths[0]).take(HEADER_LINES)]
    delimiter, header, told = header_of("\n".join(head))
    if told:
        raise InputError(
            f"{paths[0]}: found {head[0]!r} before the header; take the line out, or leave "
            "--engine spark out for this file"
        )
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


READERS: Mapping[str, Reader] = {"parquet": _parquet, "jsonl": _json_lines, "csv": _csv}


def _check_lines(lines: Sequence[str], options: ReadOptions) -> None:
    """Raise InputError when none of the first lines has a text column."""
    columns = Columns(options.columns, options.keep)
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


def spread(df: DataFrame) -> DataFrame:
    """Return rows in as many tasks as the cores need; the same in each, should a task be redone."""
    cores = df.sparkSession.sparkContext.defaultParallelism
    if df.rdd.getNumPartitions() >= cores:
        return df
    return df.repartition(TASKS_A_CORE * cores, FILE, ROW)
