"""A file of rows that appears under its name only when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from saring.atomic import Aside, sync
from saring.errors import ConfigError, UsageError
from saring.writers.formats import SUFFIXES, Format, Rows

__all__ = ["RowFile", "check_place", "claimed", "followed", "open_rows", "put", "telling"]


class RowFile:
    """A file of rows that appears under its name only when it is complete.

    Used as a context: on an error, what was written is removed and an older file stays.
    """

    def __init__(self, path: Path, columns: Mapping[str, str], *, overwrite: bool = False) -> None:
        self._path = path
        self._overwrite = overwrite
        self._format: Format = SUFFIXES[path.suffix.lower()](columns)
        self._aside = claimed(path)
        self.file = self._aside.file
        self._is_complete = False
        self._put(self._format.start())

    def write(self, rows: Rows) -> None:
        """Append rows; each has all columns."""
        if rows:
            self.append(self._format.part(rows))

    def append(self, part: bytes) -> None:
        """Append rows that the format has made a part of."""
        self._put(self._format.place(part, self.file.tell()))

    def complete(self) -> None:
        """Write what a file ends with and bring all to the disk; nothing is appended after that."""
        if not self._is_complete:
            self._put(self._format.end())
            self._is_complete = True
        with telling(self._path):
            sync(self.file)

    def _put(self, data: bytes) -> None:
        with telling(self._path):
            self.file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._aside:
            if kind is None:
                self.complete()
                put(self._aside, overwrite=self._overwrite)


def claimed(path: Path) -> Aside:
    """Return a file to be written aside, or raise ConfigError; folders on the way are made."""
    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return Aside(path)


def put(aside: Aside, *, overwrite: bool) -> None:
    """Give a file its name, unless another one got it meanwhile and shall not be replaced."""
    check_place(aside.path, overwrite=overwrite)
    with telling(aside.path):
        aside.appear()


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn a refusal of the disk into an error that names the output."""
    try:
        yield
    except BlockingIOError:
        raise ConfigError(
            f"{path}: another run is writing it just now; wait for that to end or name another file"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); make room or name another file"
        ) from error


def check_place(path: Path, *, overwrite: bool, folder: bool = False) -> None:
    """Refuse a place that rows cannot or shall not be written to.

    Parameters
    ----------
    path : Path
        The place.
    overwrite : bool
        Whether what is there may be replaced.
    folder : bool
        Whether it is to be a folder and not a file.

    Raises
    ------
    ConfigError
        For a suffix that no format has, something else than a file (or folder), or one that is
        there and shall not be overwritten.
    """
    with telling(path):
        there = os.path.lexists(path)
        fits = path.is_dir() if folder else path.is_file()
    if there and not fits:
        raise ConfigError(
            f"{path}: is there and no {'folder' if folder else 'regular file'}; name another place"
        )
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path}: found suffix {path.suffix!r}; expected one of {', '.join(SUFFIXES)}"
        )
    if there and not overwrite:
        raise ConfigError(f"{path}: is there already; name another file or add --overwrite")


def followed(path: str | Path) -> Path:
    """Return where a file is to be written: where a link leads, so that the link stays."""
    path = Path(path)
    with telling(path):
        # Not where a device's name leads (/dev/stdout), which `check_place` refuses by that name.
        is_ours = path.suffix.lower() in SUFFIXES and path.is_symlink()
        return Path(os.path.realpath(path)) if is_ours else path


def open_rows(path: str | Path, columns: Mapping[str, str], *, overwrite: bool = False) -> RowFile:
    """Return a file of rows; its suffix says the format.

    Parameters
    ----------
    path : path
        Ends in .jsonl, .csv or .parquet. In CSV, lists are JSON, and an apostrophe stands
        wherever a spreadsheet would begin a formula, whether commas, semicolons or tabs separate
        its cells; the others hold every text as it is.
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
    path = followed(path)
    check_place(path, overwrite=overwrite)
    return RowFile(path, columns, overwrite=overwrite)
