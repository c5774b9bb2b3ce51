"""Frames and files scored on a Spark cluster."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from saring.article import KeepLinks
from saring.batch.jobs import Summary
from saring.errors import ConfigError, InputError, MissingExtraError
from saring.io.columns import Broken, Columns
from saring.io.formats import header_of, json_line, parquet_schema
from saring.io.input_files import FORMATS, find_files
from saring.io.records import ReadOptions, fixer, kept_kinds
from saring.io.writers import arrow_schema, check_place
from saring.predict import Model
from saring.schema import kept_columns, kinds, prediction_columns
from saring.spark.session import (
    BROKEN,
    FILE,
    LINE,
    LINES,
    NEW_PANDAS,
    ROW,
    START,
    Batches,
    Scorer,
    address,
    numbering,
    opened,
    rename_parts,
    ship,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A DataFrame of articles to a DataFrame of prediction rows.


_KINDS = {  # of Spark's types, those that a column may have as they are
    "string": "string",
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), "int"),
    **dict.fromkeys(("float", "double"), "float"),
    "boolean": "bool",
}


def score(
    df: DataFrame,
    model: Model,
    *,
    keep_links: KeepLinks = "none",
    columns: Mapping[str, str] | None = None,
    scored_at: str | None = None,
    keep: Sequence[str] = (),
) -> DataFrame:
    """Return the prediction row of each row of `df`, lazily; the same as `Model.predict` gives.

    The model travels with the job and is opened once in each worker process; saring must be
    installed there in the same version.

    Parameters
    ----------
    df : DataFrame
        Articles; columns are found by name, as those of files are.
    model : Model
        From `saring.load`.
    keep_links : {"none", "related", "all"}
        Which links stay in ``clean_text``.
    columns : Mapping[str, str], optional
        The column for a field of ours where it is not found by its name, ``{"text": "naskah"}``.
    scored_at : str, optional
        Time to note in the rows, ISO 8601; that of this call when not given.
    keep : sequence of str
        Columns of `df` that stay in the rows; what is no text or number, as JSON.

    Raises
    ------
    InputError
        There is no text column.
    ConfigError
        `keep_links` cannot be met, or `columns` names no field of ours.
    MissingExtraError
        pyspark is not installed.
    """
    model.predict([], keep_links=keep_links)  # tells a wish that cannot be met before the job
    options = ReadOptions(columns=dict(columns or {}), on_error="keep", keep=tuple(keep))
    chosen = df.select(*map(quoted, article_columns(df.columns, options)))
    stamp = scored_at or datetime.now(UTC).isoformat(timespec="seconds")
    types = {field.name: field.dataType.simpleString() for field in chosen.schema}
    found = Columns(options.columns, options.keep).find(tuple(types)).kept
    kept = {name: _KINDS.get(types[column], "json") for name, column in found.items()}
    scorer = Scorer(ship(model), keep_links, stamp, options, kept=kept)
    return map_batches(chosen, scorer, row_kinds(model, kept))


def row_kinds(model: Model, kept: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of prediction rows to their kinds, the input's own among them."""
    columns = prediction_columns(model.topics)
    return kinds((*columns, *kept_columns(kept, columns)))


def article_columns(names: Iterable[str], options: ReadOptions) -> list[str]:
    """Return those of a table's columns that hold what we know of an article.

    Raises
    ------
    InputError
        There is none for the text, or none that the user named.
    """
    columns = Columns(options.columns, options.keep)
    given = tuple(names)
    found = columns.find(given)
    if missing := found.missing or columns.unknown([given]):
        raise InputError(missing)
    return found.needed


def quoted(name: str) -> str:
    """Return a column's name as Spark reads it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def map_batches(df: DataFrame, work: Callable[[Batches], Batches], columns: Mapping[str, str]) -> DataFrame:
    """Return what `work` makes of the Arrow batches of each partition.

    Parameters
    ----------
    columns : Mapping[str, str]
        Name of each column that comes out to its kind, as in `saring.io.writers.open_rows`.
    """
    try:
        from pyspark.sql.pandas.types import from_arrow_schema
    except ModuleNotFoundError as error:
        raise MissingExtraError("spark", "scoring with Spark") from error
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NEW_PANDAS)
        return df.mapInArrow(work, from_arrow_schema(arrow_schema(columns)))


# Files to DataFrames, by Spark's readers: each row with its file and its number in it.


CHECKED_ROWS = 100  # as `saring.io` does before it says that there is no text column
TASKS_A_CORE = 4  # where Spark's reader makes too few: the last to end then keeps none waiting long
HEADER_LINES = 20  # that a header may have: a name with a line break in it has several

Reader = Callable[["SparkSession", "list[str]", ReadOptions], "DataFrame"]


def found(inputs: Sequence[str | Path], format: str) -> tuple[dict[str, list[str]], dict[str, tuple[str, str]]]:
    """Return the addresses of each format, and what ids and messages call each local file."""
    groups: dict[str, list[str]] = {}
    names: dict[str, tuple[str, str]] = {}
    for given in map(str, inputs):
        if "://" in given:
            groups.setdefault(format or _format_of(given), []).append(given)
            continue
        for source in find_files([given], format):
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
        raise InputError(f"{given}: the address tells no format; give --format {', '.join(READERS)}")
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
    if all(types.get(name) in _JSON_KINDS for name in chosen):
        # Told the types, Spark does not look at other columns, of which it knows fewer than Arrow.
        kinds = [_JSON_KINDS[types[name]] for name in chosen]
        spark.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
        told = zip(values, kinds, strict=True)
        reader = reader.schema(", ".join(f"{value} {kind}" for value, (kind, _) in told))
        values = [f"{given.format(value)} AS {value}" for value, (_, given) in zip(values, kinds, strict=True)]
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
_JSON_KINDS: Mapping[str, tuple[str, str]] = {
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
    **{f"timestamp[{unit}, tz=UTC]": ("BIGINT", f"timestamp_micros({micros})") for unit, micros in _FROM.items()},
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
    return _numbered(table, {}, {**dict.fromkeys(chosen, "string"), BROKEN: "string"}, found, chosen)


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


# Files to a folder of prediction rows: what the command line is given.


_PLACE = "^(.*?):([0-9]+): "  # at the start of an error: its file and row


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

    Rows are those of `saring.batch.score`, but that JSON Lines must be UTF-8, that a broken row of
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
        As for `saring.batch.score`.
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
    check_place(Path(out), overwrite=overwrite, folder=True)
    _refuse_own_output(inputs, out)
    groups, names = found(inputs, options.format)
    suffix = Path(out).suffix.lower()
    lines = "" if suffix == ".parquet" else suffix
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    local = [path for path in inputs if "://" not in str(path)]
    kept = kept_kinds(local, options) if len(local) == len(inputs) else dict.fromkeys(options.keep, "json")
    scorer = Scorer(ship(model), keep_links, stamp, options, lines, names, kept)
    columns = row_kinds(model, kept)
    with opened(master) as spark:
        frames = [
            map_batches(spread(READERS[format](spark, paths, options)), scorer, LINES if lines else columns)
            for format, paths in groups.items()
        ]
        whole = reduce(lambda one, other: one.union(other), frames)
        writer = whole.write.mode("overwrite" if overwrite else "error")
        if lines:
            writer.text(address(out))
            rename_parts(spark, address(out), suffix)
        else:
            writer.option("compression", "zstd").parquet(address(out))
        return _counted(spark, address(out), suffix, list(columns), [name for _, name in names.values()])


def _refuse_own_output(inputs: Sequence[str | Path], out: str | Path) -> None:
    """Raise ConfigError where the output would be read, or an input replaced."""
    for given in map(str, inputs):
        here, there = Path(address(given)), Path(address(out))
        if here == there or here in there.parents or there in here.parents:
            raise ConfigError(f"{out}: is an input or lies within {given}; name another folder")


def _counted(spark: SparkSession, out: str, suffix: str, columns: Sequence[str], files: Sequence[str]) -> Summary:
    """Return what stands in an output: a task that was redone is counted once.

    Rows lie there as tasks came to them; the first error is that of the first row in `files`.
    """
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
        "count_if(CAST(abstained AS BOOLEAN) AND error IS NULL)",
        "coalesce(sum(CAST(n_links AS BIGINT)), 0)",
        "coalesce(sum(CAST(n_unrelated AS BIGINT)), 0)",
    ).first()
    assert found is not None  # an aggregate always has its row
    total, errors, abstained, links, unrelated = found
    scored = total - errors - abstained
    first_error = _first_error(rows, files) if errors else ""
    return Summary(total, scored, abstained, errors, links, unrelated, first_error)


def _first_error(rows: DataFrame, files: Sequence[str]) -> str:
    """Return the error of the first row that has one, in the order of the files."""
    places = rows.where("error IS NOT NULL").selectExpr(
        f"regexp_extract(error, '{_PLACE}', 1) AS file",
        f"CAST(regexp_extract(error, '{_PLACE}', 2) AS BIGINT) AS row",
        "error",
    )
    firsts = places.selectExpr("file", "struct(coalesce(row, 0) AS row, error) AS first")
    firsts = firsts.groupBy("file").agg({"first": "min"})
    order = {name: number for number, name in enumerate(files)}
    found = [(order.get(file, len(order)), file, first["error"]) for file, first in firsts.collect()]
    return str(min(found)[2])
