"""Files to a folder of prediction rows: what the command line is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from saring.article import KeepLinks
from saring.errors import ConfigError
from saring.predict import Model
from saring.read import ReadOptions, fixer, kept_kinds
from saring.score import Summary
from saring.spark.frames import map_batches, quoted, row_kinds
from saring.spark.readers import READERS, found, spread
from saring.spark.session import address, opened, rename_parts
from saring.spark.shipped import ship
from saring.spark.workers import LINES, Scorer
from saring.writers import check_place

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["score_files"]

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
    check_place(Path(out), overwrite=overwrite, folder=True)
    _refuse_own_output(inputs, out)
    groups, names = found(inputs, options.format)
    suffix = Path(out).suffix.lower()
    lines = "" if suffix == ".parquet" else suffix
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    local = [path for path in inputs if "://" not in str(path)]
    kept = (
        kept_kinds(local, options)
        if len(local) == len(inputs)
        else dict.fromkeys(options.keep, "json")
    )
    scorer = Scorer(ship(model), keep_links, stamp, options, lines, names, kept)
    columns = row_kinds(model, kept)
    with opened(master) as spark:
        frames = [
            map_batches(
                spread(READERS[format](spark, paths, options)),
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
        return _counted(
            spark, address(out), suffix, list(columns), [name for _, name in names.values()]
        )


def _refuse_own_output(inputs: Sequence[str | Path], out: str | Path) -> None:
    """Raise ConfigError where the output would be read, or an input replaced."""
    for given in map(str, inputs):
        here, there = Path(address(given)), Path(address(out))
        if here == there or here in there.parents or there in here.parents:
            raise ConfigError(f"{out}: is an input or lies within {given}; name another folder")


def _counted(
    spark: SparkSession, out: str, suffix: str, columns: Sequence[str], files: Sequence[str]
) -> Summary:
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
    found = [
        (order.get(file, len(order)), file, first["error"]) for file, first in firsts.collect()
    ]
    return str(min(found)[2])
