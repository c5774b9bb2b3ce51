"""Rows to files: JSON Lines, CSV and Parquet, whole or not at all."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import orjson

from saring.errors import ConfigError

__all__ = ["SUFFIXES", "RowFile", "open_rows"]

# A cell that begins with one of these is run as a formula by spreadsheets; an apostrophe stops it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Format(Protocol):
    """Writes rows of one format to an open file."""

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows."""

    def close(self) -> None:
        """Write what the format needs at its end."""


class _JsonLines:
    """One JSON object a line."""

    def __init__(self, file: IO[bytes], columns: Mapping[str, str]) -> None:
        self._file = file

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._file.write(
            b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        )

    def close(self) -> None:
        """Nothing is left to write."""


class _Csv:
    """A header and one line a row; lists and objects as JSON."""

    def __init__(self, file: IO[bytes], columns: Mapping[str, str]) -> None:
        import io

        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._writer = csv.DictWriter(self._text, list(columns))
        self._writer.writeheader()

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


class _Parquet:
    """Columns with fixed types, zstd-compressed."""

    def __init__(self, file: IO[bytes], columns: Mapping[str, str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        link = pa.struct([(name, _arrow_type(pa, kind)) for name, kind in LINK_COLUMNS.items()])
        self._pa = pa
        self._schema = pa.schema(
            [
                (name, pa.list_(link) if kind == "links" else _arrow_type(pa, kind))
                for name, kind in columns.items()
            ]
        )
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._writer.write_table(self._pa.Table.from_pylist(list(rows), schema=self._schema))

    def close(self) -> None:
        self._writer.close()


LINK_COLUMNS: Mapping[str, str] = {
    "headline": "string",
    "marker": "string",
    "start": "int",
    "end": "int",
    "related": "bool",
    "p_unrelated": "float",
    "topic": "string",
    "clickbait": "float",
    "reasons": "strings",
    "url": "string",
}
SUFFIXES: Mapping[str, type] = {".jsonl": _JsonLines, ".csv": _Csv, ".parquet": _Parquet}


def _arrow_type(pa: Any, kind: str) -> Any:
    """Return the Arrow type of a column."""
    types = {
        "string": pa.string(),
        "strings": pa.list_(pa.string()),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
    }
    return types[kind]


def _cell(value: Any) -> Any:
    """Return a CSV cell: nested values as JSON, and no text that a spreadsheet would run."""
    if isinstance(value, list | tuple | dict):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value


class RowFile:
    """A file of rows that appears under its name only when it is complete.

    Used as a context: on an error, what was written is removed and an older file stays.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        with _telling(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("wb")
            self._format: _Format = SUFFIXES[path.suffix.lower()](self._file, columns)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows; each has all columns."""
        with _telling(self._path):
            self._format.write(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with _telling(self._path):
                with self._file:
                    self._format.close()
                    self._file.flush()
                    os.fsync(self._file.fileno())
                if kind is None:
                    self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)  # gone already when all went well


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Turn a refusal of the disk into an error that names the output."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); make room or name another file"
        ) from error


def open_rows(path: str | Path, columns: Mapping[str, str], *, overwrite: bool = False) -> RowFile:
    """Return a file of rows; its suffix says the format.

    Parameters
    ----------
    path : path
        Ends in .jsonl, .csv or .parquet. In CSV, lists are JSON, and a text that a spreadsheet
        would run as a formula gets an apostrophe before it; the others hold every text as it is.
    columns : Mapping[str, str]
        Name of each column to its kind: string, strings, int, float, bool or links.
    overwrite : bool
        Whether an existing file is replaced, once the new one is complete.

    Raises
    ------
    ConfigError
        For another suffix, a file that is there and shall not be overwritten, or a place that
        cannot be written to.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"{path}: found suffix {path.suffix!r}; expected one of {', '.join(SUFFIXES)}"
        )
    if path.exists() and not overwrite:
        raise ConfigError(f"{path}: is there already; name another file or add --overwrite")
    return RowFile(path, columns)
