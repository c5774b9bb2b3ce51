"""The tables of a source, a file, folder or zip, and their rows under our names."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from lzma import LZMAError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from saring.errors import ConfigError, InputError
from saring.fetch import check_sha256
from saring.importing.recipe import Recipe
from saring.read import ReadOptions, Row, Unreadable, rows

__all__ = ["TableRow", "open_tables", "table_rows"]

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".parquet", ".gz", ".zst")
MAX_UNPACKED_BYTES = 1 << 33  # of a zip's tables; CLICK-ID's take some hundred million
_UNPACKING_ERRORS = (  # RuntimeError: encrypted, an unknown compression; the last by crafted zips
    zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, RuntimeError,
    ValueError, LookupError, ArithmeticError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row's values under our names, as text; what it lacks, or means nothing, is left out.

    Attributes
    ----------
    values : Mapping[str, str]
        By name of ours.
    where : str
        The row's place, for messages.
    table : str
        Name of its file, which may tell the publisher.
    error : str
        Why the row could not be read.
    """

    values: Mapping[str, str]
    where: str
    table: str
    error: str = ""


@contextmanager
def open_tables(source: Path, recipe: Recipe) -> Iterator[list[Path]]:
    """Give the tables of a source, in order, their checksums verified; a zip is unpacked meanwhile.

    Raises
    ------
    InputError
        When the source is not there, holds no table, or a checksum differs.
    """
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder; check the path")
    if source.is_file() and zipfile.is_zipfile(source):
        with TemporaryDirectory(prefix="saring-") as folder:
            _unpack(source, Path(folder), recipe)
            yield _found(Path(folder), recipe, str(source))
    else:
        yield _found(source, recipe, str(source)) if source.is_dir() else [_checked(source, recipe)]


def table_rows(table: Path, recipe: Recipe) -> Iterator[TableRow]:
    """Yield the rows of a table; a broken row has its error.

    Raises
    ------
    ConfigError
        At the end, when no row has a column that the recipe names. Tables of a layout differ, so
        they may lack some.
    """
    seen: set[str] = set()
    for row in rows(table, ReadOptions(on_error="keep")):
        seen.update(row.values)
        yield TableRow(_values(row, recipe), row.where, table.name, row.error or _lost(row, recipe))
    for our, theirs in recipe.columns.items():
        if seen and not recipe.layouts and seen.isdisjoint(theirs):
            raise ConfigError(
                f"{table}: has no column {' or '.join(map(repr, theirs))}, which {recipe.path} "
                f"names for {our!r}; found {', '.join(map(repr, sorted(seen)))}"
            )


def _found(folder: Path, recipe: Recipe, source: str) -> list[Path]:
    """Return the tables of a folder: those of the first layout of which any is there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in paths]
    wanted = _wanted(names, recipe)
    if not wanted:
        expected = " or ".join(", ".join(layout) for layout in recipe.layouts)
        raise InputError(
            f"{source}: found no table of {recipe.path}; expected {expected or TABLE_SUFFIXES}"
        )
    return [_checked(folder / name, recipe) for name in wanted]


def _wanted(names: Sequence[str], recipe: Recipe) -> list[str]:
    """Return the names that the first fitting layout asks for, in its order."""
    seen = [name for name in names if not re.search(r"(\A|/)(\.|__MACOSX/)", name)]
    for layout in recipe.layouts:
        # Wherever it lies: a zip may hold everything in a folder named like the data set.
        if found := [n for like in layout for n in seen if fnmatchcase(f"/{n}", f"*/{like}")]:
            return found
    return [] if recipe.layouts else [n for n in seen if n.lower().endswith(TABLE_SUFFIXES)]


def _checked(table: Path, recipe: Recipe) -> Path:
    """Return a table when its checksum, if the recipe has one, is right."""
    if expected := recipe.checksums.get(table.name):
        check_sha256(table, expected)
    return table


def _unpack(source: Path, folder: Path, recipe: Recipe) -> None:
    """Unpack the tables of a zip that the recipe asks for."""
    try:
        with zipfile.ZipFile(source) as archive:
            wanted = _wanted(archive.namelist(), recipe)
            size = sum(archive.getinfo(name).file_size for name in wanted)
            if size > MAX_UNPACKED_BYTES:
                raise InputError(
                    f"{source}: its tables take {size:,} bytes unpacked; expected at most "
                    f"{MAX_UNPACKED_BYTES:,}; unpack it and give the folder"
                )
            for name in wanted:
                archive.extract(name, folder)  # leaves out "..", so nothing lands elsewhere
    except _UNPACKING_ERRORS as error:
        raise InputError(f"{source}: cannot be unpacked ({error}); fetch it anew") from error


def _values(row: Row, recipe: Recipe) -> dict[str, str]:
    """Return a row's values under our names."""
    found = {}
    for our, theirs in recipe.columns.items():
        value = next((_text(row.values[name]) for name in theirs if name in row.values), "")
        if value.strip() and value.strip() not in recipe.missing:
            found[our] = value
    return found


def _lost(row: Row, recipe: Recipe) -> str:
    """Return why a row is lost: it has a value that cannot be read, and more than its date."""
    for our, theirs in recipe.columns.items():
        for name in theirs:
            value = row.values.get(name)
            if our != "date" and isinstance(value, Unreadable):
                return f"{row.where}: column {name!r}: found {value.error}"
    return ""


def _text(value: Any) -> str:
    """Return a cell as text; a whole number in a column of floats as pandas writes it is whole."""
    if value is None or value != value or isinstance(value, Unreadable):  # NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
