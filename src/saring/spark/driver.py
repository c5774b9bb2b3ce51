"""DataFrames and files scored through a Spark session: read by Spark's readers, scored by its worker processes.

Each row of a file gets the id and the place that `saring.batch.score` gives it: the file and the number of the row.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from saring.article import KeepLinks
from saring.batch.parts import Summary, Task
from saring.columns import Broken, Columns, holding
from saring.errors import ConfigError, InputError, MissingExtraError, SaringError
from saring.io.blocks import CHECKED_ROWS
from saring.io.formats import TRAFILATURA_CSV, arrow_names, header_of, json_line, parquet_schema
from saring.io.input_files import FORMATS, InputFile, find_files
from saring.io.records import KEEP_ERRORS, ReadOptions, arrow_kinds, fixer, kept_kinds
from saring.io.web import is_web_address
from saring.io.writers import arrow_schema, check_place
from saring.predict import Model, now
from saring.processes import program
from saring.spark.executors import BROKEN, FILE, LINE, LINES, ROW, START, Batches, Scorer, numbering, ship

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

JAVA = "17"
TASKS_A_CORE = 4  # where Spark's reader makes too few: the last to end then keeps none waiting long
HEADER_LINES = 20  # that a header may have: a name with a line break in it has several
# What pyspark warns of when it sees pandas 3, which is not used here: batches are Arrow's.
NEW_PANDAS = "PySpark does not yet fully support pandas >= 3"

_CALL = "An error occurred while calling"  # what the bridge to Java says first, and no more
_OURS = re.compile(r"^saring\.errors\.\w+: (.+)", re.M)  # in the traceback of a worker process
_PLACE = "^(.*?):([0-9]+): "  # at the start of an error: its file and row


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

    The model travels with the job and is opened once in each worker process, where saring must be installed in the
    same version.

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

    Returns
    -------
    DataFrame
        The columns of docs/columns.md, and those of `keep` behind them.

    Raises
    ------
    InputError
        There is no text column.
    ConfigError
        `keep_links` cannot be met, or `columns` names no field of ours.

    Examples
    --------
    >>> from pyspark.sql import SparkSession  # doctest: +SKIP
    >>> import saring, saring.spark
    >>> spark = SparkSession.builder.getOrCreate()  # doctest: +SKIP
    >>> articles = spark.createDataFrame([("Rupiah Menguat", "Rupiah menguat.")], "title string, text string")
    ... # doctest: +SKIP
    >>> saring.spark.score(articles, saring.load()).select("topic").show()  # doctest: +SKIP
    """
    from pyspark.sql.pandas.types import to_arrow_schema

    model.check_keep_links(keep_links)
    options = ReadOptions(columns=dict(columns or {}), on_error="keep", keep=tuple(keep))
    chosen = df.select(*map(_quoted, _article_columns(_names(df.schema), options)))
    kept = arrow_kinds(to_arrow_schema(chosen.schema, timezone="UTC"), Columns(options.columns, options.keep))
    scorer = Scorer(ship(model), keep_links, scored_at or now(), options, kept=kept)
    return map_batches(chosen, scorer, Task("score", model, keep_links, kept=kept).columns)


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

    Rows are those of `saring.batch.score`, but that JSON Lines must be UTF-8, that the error of a broken row of CSV
    is in other words, and that a byte in it which is no letter is U+FFFD.

    Parameters
    ----------
    inputs : sequence of path
        Files and folders of Parquet, JSON Lines or CSV; or addresses such as ``hdfs://...``, which Spark alone reads.
    out : path
        Folder to be made, its name ending in .parquet, .jsonl or .csv; each task writes a file into it. It is
        complete when it holds ``_SUCCESS``.
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
    options = options or KEEP_ERRORS
    model.check_keep_links(keep_links)
    fixer(options)
    check_place(Path(out), overwrite=overwrite, folder=True)
    there = Path(_address(out))
    for given in map(str, inputs):
        here = Path(_address(given))
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise ConfigError(f"{out}: is an input or lies within {given}; name another folder")
    groups, files = _found(inputs, options.format)
    suffix = Path(out).suffix.lower()
    lines = "" if suffix == ".parquet" else suffix
    is_local = not any("://" in str(path) for path in inputs)
    kept = kept_kinds(inputs, options) if is_local else dict.fromkeys(options.keep, "json")
    scorer = Scorer(ship(model), keep_links, now(), options, lines, files, kept)
    columns = Task("score", model, keep_links, kept=kept).columns
    with spark_session(master) as spark:
        cores = spark.sparkContext.defaultParallelism
        frames = []
        for format, paths in groups.items():
            rows = READERS[format](spark, paths, options)
            if rows.rdd.getNumPartitions() < cores:  # the same rows in each task, should one be redone
                rows = rows.repartition(TASKS_A_CORE * cores, FILE, ROW)
            frames.append(map_batches(rows, scorer, LINES if lines else columns))
        writer = reduce(lambda one, other: one.union(other), frames).write.mode("overwrite" if overwrite else "error")
        if lines:
            writer.text(_address(out))
            _rename_parts(spark, _address(out), suffix)
        else:
            writer.option("compression", "zstd").parquet(_address(out))
        return _counted(spark, _address(out), suffix, list(columns), [file.name for file in files.values()])


def map_batches(df: DataFrame, work: Callable[[Batches], Batches], columns: Mapping[str, str]) -> DataFrame:
    """Return what `work` makes of the Arrow batches of each partition: these columns, to their kinds."""
    from pyspark.sql.pandas.types import from_arrow_schema

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NEW_PANDAS)
        return df.mapInArrow(work, from_arrow_schema(arrow_schema(columns)))


@contextmanager
def spark_session(master: str | None) -> Iterator[SparkSession]:
    """Yield a Spark session; one that was there before stays. What goes wrong in it is a `SaringError`."""
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise MissingExtraError("spark", "scoring with Spark") from error
    before = SparkSession.getActiveSession()
    if before is None:
        home = os.environ.get("JAVA_HOME")
        java = Path(home, "bin", "java") if home else program("java")
        if not java or not os.access(java, os.X_OK):
            raise ConfigError(
                f"found no Java{f' in JAVA_HOME, {home}' if home else ''}; Spark expects Java {JAVA} or newer; install "
                f"one (Debian: apt-get install openjdk-{JAVA}-jre-headless)"
            )
    elif master and before.sparkContext.master != master:
        raise ConfigError(
            f"{master}: found a session on {before.sparkContext.master} in this process; stop it or leave the "
            "master out"
        )
    # Spark asks for "python3" otherwise, which need not be the one that saring is installed in.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # It starts Python with the working folder first among the places for modules.
    builder = SparkSession.builder.appName("saring").config("spark.executorEnv.PYTHONSAFEPATH", "1")
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


def _reason(message: str) -> str:
    """Return why a job failed: what saring says in a worker process, or else Python, or Spark."""
    if ours := _OURS.findall(message):
        return str(ours[-1])
    lines = message.strip().splitlines()
    if "Traceback" in message:
        return lines[-1]
    return next((line for line in lines if not line.startswith(_CALL)), message).lstrip(": ")


def _address(path: str | Path) -> str:
    """Return where a path lies, for Spark, which may take a bare one for a path of its cluster."""
    return str(path) if "://" in str(path) else f"file://{Path(path).absolute()}"


def _rename_parts(spark: SparkSession, folder: str, suffix: str) -> None:
    """Give the files of a folder the suffix of their format; Spark calls all lines .txt."""
    jvm, context = spark.sparkContext._jvm, spark.sparkContext._jsc
    assert jvm is not None  # it is there as long as the session
    path = jvm.org.apache.hadoop.fs.Path(folder)
    files = path.getFileSystem(context.hadoopConfiguration())
    for status in files.listStatus(path):
        name = status.getPath().getName()
        if name.endswith(".txt"):
            files.rename(status.getPath(), jvm.org.apache.hadoop.fs.Path(path, name.removesuffix(".txt") + suffix))


def _found(inputs: Sequence[str | Path], format: str) -> tuple[dict[str, list[str]], dict[str, InputFile]]:
    """Return the addresses of each format, and the local files by their paths."""
    groups: dict[str, list[str]] = {}
    files: dict[str, InputFile] = {}
    for given in map(str, inputs):
        if "://" in given:
            if is_web_address(given):
                raise InputError(f"{given}: Spark reads no web address; leave --engine spark out for this one")
            suffixes = [suffix for suffix in Path(given).suffixes[-2:] if suffix != ".gz"]
            found = format or FORMATS.get(suffixes[-1].lower() if suffixes else "", "")
            if not format and found not in READERS:
                raise InputError(f"{given}: the address tells no format; give --format {', '.join(READERS)}")
            groups.setdefault(found, []).append(given)
            continue
        for file in find_files([given], format):
            if not isinstance(file.path, Path) or file.format not in READERS:
                raise InputError(
                    f"{file.name}: found {file.format or 'standard input'}; Spark reads {', '.join(READERS)}; "
                    "leave --engine spark out for this one"
                )
            path = file.path.absolute()
            if str(path) in files:
                raise InputError(f"{file.name}: is named twice; name each file once")
            if path.name.startswith(("_", ".")):
                raise InputError(f"{file.name}: Spark leaves out such a name; rename the file")
            files[str(path)] = file
            literal = re.sub(r"([\[\]{}*?\\])", r"\\\1", _address(path))  # Spark takes each letter for itself
            groups.setdefault(file.format, []).append(literal)
    return groups, files


def _article_columns(names: Iterable[str], options: ReadOptions) -> list[str]:
    """Return those of a table's columns that hold our fields; InputError without a text or one the user named."""
    columns, given = Columns(options.columns, options.keep), tuple(names)
    found = columns.find(given)
    if missing := found.missing or columns.unknown([given]):
        raise InputError(missing)
    chosen = holding(given, found.needed)
    return [name for name in chosen if not any(name.startswith(other + ".") for other in chosen)]


def _names(schema: StructType) -> tuple[str, ...]:
    """Return the columns of a DataFrame, and behind them those within structs, as `saring.columns` names them."""
    fields = [(field.name, field.dataType) for field in schema.fields]
    for name, kind in fields:  # which grows
        fields += [(f"{name}.{field.name}", field.dataType) for field in getattr(kind, "fields", ())]
    return tuple(name for name, _ in fields)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


# A time as Spark has it, from a number of units; what it cannot hold becomes one that Python cannot.
_MOST = 2**63 // 1000 - 1
_MILLIS = f"least(greatest({{}}, -{_MOST}), {_MOST}) * 1000"
_MICROS = {"s": _MILLIS, "ms": _MILLIS, "us": "{}", "ns": "({} div 1000)"}  # Parquet holds seconds as milliseconds
# How Spark reads a column of Parquet, by its Arrow type, and what is made of it.
_PARQUET_TYPES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("string", "large_string"), ("STRING", "{}")),
    "int64": ("BIGINT", "{}"),
    "int32": ("INT", "{}"),
    "double": ("DOUBLE", "{}"),
    "date32[day]": ("DATE", "{}"),
    **{f"timestamp[{u}]": ("BIGINT", f"CAST(timestamp_micros({m}) AS TIMESTAMP_NTZ)") for u, m in _MICROS.items()},
    **{f"timestamp[{u}, tz=UTC]": ("BIGINT", f"timestamp_micros({m})") for u, m in _MICROS.items()},
}


def _parquet(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the rows of Parquet files, of columns no more than are needed."""
    types: dict[str, str] = {}  # of a local file
    names: tuple[str, ...] = ()
    if paths[0].startswith("file://"):
        schema = parquet_schema(Path(re.sub(r"\\(.)", r"\1", paths[0].removeprefix("file://"))))
        types = {field.name: str(field.type) for field in schema or ()}
        names = arrow_names(schema) if types else ()
    chosen = _article_columns(names or _names(spark.read.parquet(*paths).schema), options)
    values = [_quoted(name) for name in chosen]
    reader = spark.read
    if all(types.get(name) in _PARQUET_TYPES for name in chosen):
        # Given a schema, Spark does not look at other columns, of which it knows fewer than Arrow.
        read_as = {_quoted(name): _PARQUET_TYPES[types[name]] for name in chosen}
        spark.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
        reader = reader.schema(", ".join(f"{name} {kind}" for name, (kind, _) in read_as.items()))
        values = [f"{made.format(name)} AS {name}" for name, (_, made) in read_as.items()]
    return reader.parquet(*paths).selectExpr(
        f"_metadata.file_path AS {FILE}", f"_metadata.row_index + 1 AS {ROW}", *values
    )


def _csv(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the rows of CSV files with one header, all cells as texts."""
    head = [row["value"] for row in spark.read.text(paths[0]).take(HEADER_LINES)]
    delimiter, header, told = header_of("\n".join(head))
    if told:
        raise InputError(
            f"{paths[0]}: found {head[0]!r} before the header; take the line out, or leave --engine spark out for "
            "this file"
        )
    if header == [*TRAFILATURA_CSV]:
        raise InputError(f"{paths[0]}: found trafilatura's CSV, which has no header; leave --engine spark out for it")
    chosen = _article_columns(header, options)
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
    values = [f"{cells[header.index(name)]} AS {_quoted(name)}" for name in chosen]
    return _numbered(table, {}, dict.fromkeys([*chosen, BROKEN], "string"), [*values, BROKEN], chosen)


def _json_lines(spark: SparkSession, paths: list[str], options: ReadOptions) -> DataFrame:
    """Return the lines of JSON Lines files; blank ones are none."""
    # Both passes over the files must split them alike, however many workers have come by then.
    spark.conf.set("spark.sql.files.minPartitionNum", str(spark.sparkContext.defaultParallelism))
    text = spark.read.option("lineSep", "\n").text(paths).where(r"value RLIKE '\\S'")
    columns = Columns(options.columns, options.keep)
    first = [json_line(row["value"]) for row in text.take(CHECKED_ROWS)]
    missing = [columns.missing_in(row) for row in first if not isinstance(row, Broken)]
    if missing and all(missing):
        raise InputError(missing[0])
    block = (f"_metadata.file_path AS {FILE}", f"_metadata.file_block_start AS {START}")
    before: dict[tuple[str, int], int] = {}
    rows: dict[str, int] = {}
    for file, start, count in sorted(text.selectExpr(*block).groupBy(FILE, START).count().collect()):
        before[file, start] = rows.get(file, 0)
        rows[file] = before[file, start] + count
    return _numbered(text, before, {LINE: "bytes"}, [f"CAST(value AS BINARY) AS {LINE}"])


def _numbered(
    table: DataFrame,
    before: Mapping[tuple[str, int], int],
    columns: Mapping[str, str],
    expressions: Sequence[str],
    header: Sequence[str] = (),
) -> DataFrame:
    """Return columns of a table behind each row's file and number in it; see `numbering`."""
    chosen = table.selectExpr(f"_metadata.file_path AS {FILE}", f"_metadata.file_block_start AS {START}", *expressions)
    return map_batches(chosen, numbering(before, header), {FILE: "string", ROW: "int", **columns})


READERS: Mapping[str, Callable[[SparkSession, list[str], ReadOptions], DataFrame]] = {
    "parquet": _parquet,
    "jsonl": _json_lines,
    "csv": _csv,
}


def _counted(spark: SparkSession, out: str, suffix: str, columns: Sequence[str], files: Sequence[str]) -> Summary:
    """Return the counts of an output's rows, and the error of the first row in the order of `files`."""
    if suffix == ".parquet":
        rows = spark.read.parquet(out)
    else:
        texts = ", ".join(f"{_quoted(name)} STRING" for name in columns)
        read = spark.read.options(header=True, multiLine=suffix == ".csv", escape='"').schema(texts)
        rows = read.format("csv" if suffix == ".csv" else "json").load(out)
    counts = rows.selectExpr(
        "count(*)",
        "count(error)",
        "count_if(CAST(abstained AS BOOLEAN) AND error IS NULL)",
        "coalesce(sum(CAST(n_links AS BIGINT)), 0)",
        "coalesce(sum(CAST(n_unrelated AS BIGINT)), 0)",
    ).first()
    assert counts is not None  # an aggregate always has its row
    total, errors, abstained, links, unrelated = counts
    first_error = ""
    if errors:
        firsts = (
            rows.where("error IS NOT NULL")
            .selectExpr(
                f"regexp_extract(error, '{_PLACE}', 1) AS file",
                f"struct(coalesce(CAST(regexp_extract(error, '{_PLACE}', 2) AS BIGINT), 0) AS row, error) AS first",
            )
            .groupBy("file")
            .agg({"first": "min"})
        )
        order = {name: number for number, name in enumerate(files)}
        found = [(order.get(file, len(order)), file, first["error"]) for file, first in firsts.collect()]
        first_error = str(min(found)[2])
    return Summary(total, total - errors - abstained, abstained, errors, links, unrelated, first_error)
