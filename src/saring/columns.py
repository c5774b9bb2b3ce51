"""Values as text, and which column of a table is the text, the title, the date."""

from __future__ import annotations

import difflib
import math
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from importlib.resources import files
from numbers import Number
from typing import Any

from saring.errors import InputError, UsageError, path_text

FIELDS = ("id", "title", "text", "published", "publisher", "url")
MAX_TEXT_BYTES = 20_000_000  # a hundred times the longest article seen
SHOWN_COLUMNS = 20  # columns named in a message
SHOWN_CHARS = 40  # of a column's name: a table without a header has articles for names
MAX_DEPTH = 100  # of lists and objects in a column that is kept; JSON writers allow some 250
MAX_INTEGER = 1 << 63
CLOSE = 0.6  # how alike two names are to be offered instead of each other (difflib's default)

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_BREAKS = re.compile(r"[\W_]+")

Values = dict[str, Any]  # a row: its values by their columns


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read, and why; or the whole file."""

    error: str
    of_file: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value of a row that Python has none for, and why; the row's others can be read."""

    error: str


def kind_of(value: Any) -> str:
    """Return in words what kind of value one is."""
    if isinstance(value, Unreadable):
        return value.error
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"the number {value}"
    kinds = {type(None): "null", bool: "true or false", str: "text", list: "a list", dict: "an object", bytes: "bytes"}
    return kinds.get(type(value), f"a {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class FoundColumns:
    """Where our fields are among the columns of a table."""

    columns: Mapping[str, str]  # our fields to their columns
    missing: str  # what is not there, in words; empty if all is
    kept: Mapping[str, str]  # names that the user wants to see again, to their columns

    @property
    def needed(self) -> list[str]:
        """All of these columns, each once."""
        return list(dict.fromkeys([*self.columns.values(), *self.kept.values()]))


class Columns:
    """Finds our fields among the columns of a row and reads their values.

    `named` are the user's columns for fields of ours, which go before all names in columns.toml; `keep` are those that
    stay in the rows as they are.
    """

    def __init__(self, named: Mapping[str, str], keep: Sequence[str] = ()) -> None:
        for name in named:
            if name not in FIELDS:
                raise UsageError(
                    f"--column {name}={named[name]}: found the field {name!r}; expected one of "
                    f"{', '.join(FIELDS)}; write it as --column text=isi"
                )
        if "" in keep:
            raise UsageError("--keep '': expected the name of a column")
        self._named = {name: path_text(column) for name, column in named.items()}
        self.keep = tuple(dict.fromkeys(map(path_text, keep)))
        self._seen: dict[tuple[str, ...], FoundColumns] = {}

    def find(self, names: tuple[str, ...]) -> FoundColumns:
        """Return where our fields are among the columns of a row."""
        if names in self._seen:
            return self._seen[names]
        plain = {_plain(name): name for name in reversed(names)}
        columns: dict[str, str] = {}
        lost: dict[str, str] = {}
        for name, given in self._named.items():
            column = given if given in names else plain.get(_plain(given))
            if column is None:
                lost[name] = f"no column {given!r}, which --column names for {name}"
            else:
                columns[name] = column
        for name in FIELDS:
            free = [plain[alias] for alias in aliases()[name] if plain.get(alias, "") not in {"", *columns.values()}]
            if free and name not in self._named:
                columns[name] = free[0]
        if "text" not in columns and "text" not in lost:
            lost["text"] = "no text column"
        others = [name for name in names if name not in columns.values()]
        missing = (self._missing(name, why, names, others) for name, why in lost.items())
        kept = {n: n if n in names else plain[_plain(n)] for n in self.keep if n in names or _plain(n) in plain}
        self._seen[names] = FoundColumns(columns, "; ".join(missing), kept)
        return self._seen[names]

    def fields(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return a row's fields by our names; none for one without a column; raise InputError for one without text.

        A date that cannot be read is left out, and ``note`` says so.
        """
        found = self.find(tuple(values))
        if "text" not in found.columns:
            raise InputError(found.missing)
        fields: dict[str, str] = {}
        for name, column in found.columns.items():
            value = values[column]
            if not isinstance(value, str):
                try:
                    value = _text(value, column, name)
                except InputError as error:
                    if name != "published":
                        raise
                    fields["note"] = f"{error}; the row is used without it"
                    continue
            fields[name] = value.replace("\0", "\ufffd")  # NUL ends a text for many programs
        if len(fields["text"]) > MAX_TEXT_BYTES:
            raise InputError(
                f"column {found.columns['text']!r} (text): found {len(fields['text']):,} "
                f"characters; expected one article, at most {MAX_TEXT_BYTES:,}; split it"
            )
        return fields

    def kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the columns to keep, None for those that are not there."""
        if not self.keep:
            return {}
        found = self.find(tuple(values)).kept
        return {name: as_json(values.get(found.get(name, ""))) for name in self.keep}

    def unknown(self, tables: Sequence[tuple[str, ...]]) -> str:
        """Return in words that none of some tables has a column to keep; empty if all are there."""
        lost = [name for name in self.keep if all(name not in self.find(table).kept for table in tables)]
        if not lost or not tables:
            return ""
        names = list(dict.fromkeys(name for table in tables for name in table))
        return f"no column {lost[0]!r}, which --keep names: found {_shown(names)}; name one of them"

    def identifier(self, values: Mapping[str, Any]) -> str:
        """Return a row's own id, empty where it has none; for rows that are broken otherwise."""
        value = values.get(self.find(tuple(values)).columns.get("id", ""))
        return str(value) if isinstance(value, (str, int)) else ""

    def _missing(self, name: str, why: str, names: Sequence[str], free: Sequence[str]) -> str:
        """Return in words that a field has no column, what there is and what to do."""
        wanted = [_plain(self._named[name])] if name in self._named else aliases()[name]
        close = [n for n in free if difflib.get_close_matches(_plain(n), wanted, 1, CLOSE)]
        hint = f"; close to it: {', '.join(map(repr, close))}" if close else ""
        expected = "" if name in self._named else f"; expected one of {', '.join(wanted)}"
        return (
            f"{why}: found {_shown(names)}{expected}{hint}; name the right one with --column "
            + shlex.quote(f"{name}={close[0] if close else 'NAME'}")  # to be pasted into a shell
        )


def _shown(names: Sequence[str]) -> str:
    """Return the names of columns for a message."""
    shown = ", ".join(repr(name[:SHOWN_CHARS]) for name in names[:SHOWN_COLUMNS]) or "no columns"
    return shown + (f" and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else "")


@cache
def aliases() -> dict[str, list[str]]:
    """Return columns.toml, read once."""
    return tomllib.loads(files("saring").joinpath("columns.toml").read_text("utf-8"))


def as_json(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON types that every format can hold; None for what has no value."""
    if _absent(value) or isinstance(value, Unreadable) or depth > MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {mended(str(name)): as_json(item, depth + 1) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, depth + 1) for item in value]
    if hasattr(value, "tolist"):  # of NumPy
        return as_json(value.tolist(), depth + 1)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < MAX_INTEGER):
        return value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return mended(value.isoformat() if isinstance(value, (date, time)) else str(value))


def mended(text: str) -> str:
    """Return a text with U+FFFD for what no file can hold."""
    return _UNWRITABLE.sub("\ufffd", text)


def _plain(name: str) -> str:
    return _BREAKS.sub("_", str(name).casefold()).strip("_")


def _absent(value: Any) -> bool:
    """Return whether a value says that there is none: null, NaN, NaT, pandas' NA."""
    is_nan = isinstance(value, Number) and value != value
    # Those of pandas by name: it need not be installed.
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def _text(value: Any, column: str, name: str) -> str:
    """Return a field's value as text: of an article's text also a list of paragraphs, of others numbers and dates."""
    expected = "text or a list of paragraphs" if name == "text" else "text or a number"
    if _absent(value):
        return ""
    if name == "text":
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return "\n".join(value)
    elif isinstance(value, (date, time)):
        return value.isoformat()
    elif isinstance(value, float) and value.is_integer():
        return str(int(value))  # a column of whole numbers with gaps is read as floats
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return str(value)
    raise InputError(
        f"column {column!r} ({name}): found {kind_of(value)}; expected {expected}; "
        f"name another column with --column {name}=NAME"
    )
