"""Rows that `saring score` wrote, read again from JSON Lines, CSV or Parquet, each value of its column's type."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

import orjson

from saring.columns import Broken
from saring.errors import InputError
from saring.io.blocks import sniffed
from saring.io.formats import TABLES, batch_rows, json_line
from saring.io.input_files import InputFile, Inputs, find_files, listed
from saring.io.streams import Stream
from saring.schema import KINDS, LINK_COLUMNS, prediction_columns

Row = Mapping[str, Any]

BATCH_ROWS = 1000
SHOWN_COLUMNS = 12  # named in a message
NEEDED = ("title", "published", "publisher", "topic", "topic_probability", "abstained_because", "clickbait", "links",
          "clean_text", "error", "model_version")  # fmt: skip
COLUMNS = {column.name: column.kind for column in prediction_columns(())}  # all but the topics' p_<topic>


def read_rows(paths: Inputs, columns: Collection[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of files that `saring score` wrote, some hundred at a time.

    Parameters
    ----------
    paths : path or sequence of path
        JSON Lines, CSV or Parquet, any of them .gz or .zst; folders of them, as Spark writes; "-" for standard input.
    columns : collection of str, optional
        The columns that the caller reads; the others may be left out of the rows, which is faster.

    Yields
    ------
    list of dict
        Rows as `Prediction.row()` gives them. From CSV what was not there and what was empty are both None.

    Raises
    ------
    InputError
        When a file is none of these or has other columns than rows have, and when none of them has a row.
    """
    is_empty = True
    for file in find_files(paths):
        try:
            with file.open() as stream:
                format = file.format or sniffed(stream.head)  # of rows in CSV no column need be a text
                format = "csv" if format == "txt" and not file.format else format
                if format not in TABLES:
                    raise InputError(f"found {format}; expected rows in JSON Lines, CSV or Parquet")
                first = 1
                for rows in _batches(replace(file, format=format), stream, columns):
                    for number, row in enumerate(rows, first):
                        _check_values(row, number)
                    is_empty = is_empty and not rows
                    yield rows
                    first += len(rows)
                stream.check()
        except InputError as error:
            raise InputError(f"{file.name}: {error}") from None
    if is_empty:
        raise no_rows(paths)


def no_rows(paths: Inputs) -> InputError:
    """Return the error of inputs without a row."""
    first, *others = map(str, listed(paths))
    named = f"{first} and {len(others)} more" if others else first
    return InputError(
        f"{named}: found no rows; expected those that `saring score` writes: see whether articles are still collected"
    )


def _batches(file: InputFile, stream: Stream, columns: Collection[str] | None) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of one file, typed."""

    def choose(names: Sequence[str]) -> list[str]:
        _check(names)
        return [name for name in names if columns is None or name in columns]

    if file.format == "parquet":
        for batch in TABLES["parquet"](file, stream, choose):
            yield list(batch_rows(batch))
        return
    rows = []
    for number, item in enumerate(TABLES[file.format](file, stream, choose), start=1):
        row = json_line(item) if isinstance(item, bytes | str) else item
        try:
            if isinstance(row, Broken):
                raise InputError(row.error)
            if file.format == "csv":
                row = {name: _typed(name, cell) for name, cell in row.items() if columns is None or name in columns}
            else:
                _check(row)
        except InputError as error:
            raise InputError(f"row {number}: {error}") from None
        rows.append(row)
        if len(rows) == BATCH_ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _check(names: Collection[str]) -> None:
    """Raise InputError where columns of a prediction row are missing."""
    if missing := [name for name in NEEDED if name not in names]:
        shown = ", ".join(list(names)[:SHOWN_COLUMNS]) + (", ..." if len(names) > SHOWN_COLUMNS else "")
        raise InputError(
            f"has no column {', '.join(missing)}; found {shown or 'none'}; expected the rows that `saring score` "
            "writes: score the articles first"
        )


# Whether a value is of a kind of column; nothing else is ever None.
_FITS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "strings": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) in (int, float) and isfinite(value),
    "bool": lambda value: type(value) is bool,
    "links": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
}
_CHECKED = [(name, _FITS[kind], KINDS[kind]) for name, kind in COLUMNS.items()]
_CHECKED_LINK = [(column.name, _FITS[column.kind], KINDS[column.kind]) for column in LINK_COLUMNS]
_NEEDED_LINK = ("headline", "marker")


def _check_values(row: Row, number: int) -> None:
    """Raise InputError where a row has a value that no row has."""
    _check_fields(row, _CHECKED, number, "")
    for link in row.get("links") or ():
        missing = [name for name in _NEEDED_LINK if link.get(name) is None]
        if "related" not in link or missing:
            lost = ", ".join(missing) or "related"
            raise InputError(f"row {number}: a link has no {lost}; expected rows as saring wrote them")
        _check_fields(link, _CHECKED_LINK, number, "a link's ")


def _check_fields(values: Row, checked: Sequence[tuple[str, Callable[[Any], bool], str]], number: int, of: str) -> None:
    for name, fits, kind in checked:
        value = values.get(name)
        if value is not None and not fits(value):
            raise InputError(f"row {number}: {of}{name} is {str(value)[:40]!r}; expected {kind}, as saring wrote it")


def _typed(name: str, cell: str) -> Any:
    """Return the value in a cell of CSV."""
    kind = "float" if name.startswith("p_") else COLUMNS.get(name, "string")
    if not cell or kind == "string":
        return cell or None
    try:
        match kind:
            case "float" | "int":
                return float(cell) if kind == "float" else int(cell)
            case "bool":
                return {"true": True, "false": False}[cell.lower()]  # spreadsheets shout
            case _:
                return orjson.loads(cell)
    except (ValueError, KeyError):
        raise InputError(f"column {name}: found {cell[:40]!r}; expected {kind}") from None
