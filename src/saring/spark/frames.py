"""A DataFrame of articles to a DataFrame of prediction rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from saring.article import KeepLinks
from saring.errors import InputError, MissingExtraError
from saring.predict import Model
from saring.read import Columns, ReadOptions
from saring.schema import kept_columns, kinds, prediction_columns
from saring.spark.session import NEW_PANDAS
from saring.spark.shipped import ship
from saring.spark.workers import Batches, Scorer
from saring.writers import arrow_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["article_columns", "map_batches", "quoted", "row_kinds", "score"]


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


def map_batches(
    df: DataFrame, work: Callable[[Batches], Batches], columns: Mapping[str, str]
) -> DataFrame:
    """Return what `work` makes of the Arrow batches of each partition.

    Parameters
    ----------
    columns : Mapping[str, str]
        Name of each column that comes out to its kind, as in `saring.writers.open_rows`.
    """
    try:
        from pyspark.sql.pandas.types import from_arrow_schema
    except ModuleNotFoundError as error:
        raise MissingExtraError("spark", "scoring with Spark") from error
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NEW_PANDAS)
        return df.mapInArrow(work, from_arrow_schema(arrow_schema(columns)))
