"""A file of rows that appears under its name only when it is complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from saring.atomic import appear, sync
from saring.errors import ConfigError, UsageError
from saring.writers.formats import SUFFIXES, Format, Rows

__all__ = ["RowFile", "check_place", "open_rows", "telling"]


class RowFile:
    """A file of rows that appears under its name only when it is complete.

    Used as a context: on an error, what was written is removed and an older file stays.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self._path = path
        self._aside = path.with_name(path.name + ".part")
        self._format: Format = SUFFIXES[path.suffix.lower()](columns)
        with telling(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._aside.open("wb")
            self._put(self._format.start())

    def write(self, rows: Rows) -> None:
        """Append rows; each has all columns."""
        if rows:
            self.append(self._format.part(rows))

    def append(self, part: bytes) -> None:
        """Append rows that the format has made a part of."""
        with telling(self._path):
            self._put(self._format.place(part, self._file.tell()))

    def _put(self, data: bytes) -> None:
        self._file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with telling(self._path):
                with self._file:
                    if kind is None:
                        self._put(self._format.end())
                        sync(self._file)
                if kind is None:
                    appear(self._aside, self._path)
        finally:
            self._aside.unlink(missing_ok=True)  # gone already when all went well


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn a refusal of the disk into an error that names the output."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); make room or name another file"
        ) from error


def check_place(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that rows cannot or shall not be written to.

    Raises
    ------
    ConfigError
        For a suffix that no format has, or a file that is there and shall not be overwritten.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path}: found suffix {path.suffix!r}; expected one of {', '.join(SUFFIXES)}"
        )
    if path.exists() and not overwrite:
        raise ConfigError(f"{path}: is there already; name another file or add --overwrite")


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
    check_place(path, overwrite=overwrite)
    return RowFile(path, columns)
