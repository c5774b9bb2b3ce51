"""Values as text, and which column of a table is the text, the title, the date."""

from __future__ import annotations

import ast
import difflib
import math
import re
import shlex
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from numbers import Number
from typing import Any

import orjson

from saring.errors import InputError, UsageError, path_text
from saring.publishers import canonical_publisher, is_address, is_corpus

FIELDS = ("id", "title", "text", "published", "publisher", "url")
MAX_TEXT_BYTES = 20_000_000  # a hundred times the longest article seen
SHOWN_COLUMNS = 20  # columns named in a message
SHOWN_CHARS = 40  # of a column's name: a table without a header has articles for names
MAX_DEPTH = 100  # of lists and objects in a column that is kept; JSON writers allow some 250
MAX_INTEGER = 1 << 63
MAX_LEVELS = 5  # of objects within objects that fields are looked for in
MAX_NAMES = 300  # of a row, with those of its objects
FLAT = {str, int, float, bool, bytes, type(None)}  # of most values, which are no objects
ADDRESS, NAME, NO_NAME = "address", "name", "no name"
PRINTED = ("{'", '{"', "['", '["')  # how a cell begins that holds an object or a list
MAX_LITERAL_CHARS = 200_000  # of an object as Python prints it
KEPT_HEADERS = 1 << 10
KEPT_NAMES = 1 << 14
MIN_TEXT_CHARS = 40  # of a column that may be the text
NO_GUESS = "text=NAME"
NOTHING = {"null", "none", "nan", "nat", "<na>", "\\n", "n/a", "#n/a", "-"}  # as programs and tables write it
BODY = ("summary", "sections", "headline", "paragraphs", "text")  # of a body in parts, in the order to read them
CALLED = ("name", "$oid", "$date", "@value")  # what an object is called: a publisher, MongoDB's ids
CLOSE = 0.6  # how alike two names are to be offered instead of each other (difflib's default)

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_ARTICLE_ADDRESS = re.compile(r"https?://[^/\s]+/[^\s]+")
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
    """Where our fields are among the columns of a table; what objects hold has names such as ``metadata.url``."""

    candidates: Mapping[str, tuple[str, ...]]  # our fields to their columns: the first that holds something is taken
    missing: str  # what is not there, in words; empty if all is
    kept: Mapping[str, str]  # names that the user wants to see again, to their columns
    holders: tuple[str, ...] = ()  # columns that may hold fields as JSON
    corpus: str = ""  # the column that names a corpus, unless it names a portal
    marks: tuple[str, ...] = ()  # the columns by which it does

    @property
    def columns(self) -> dict[str, str]:
        """Our fields to the columns that go first."""
        return {name: columns[0] for name, columns in self.candidates.items()}

    @property
    def needed(self) -> list[str]:
        """All of these columns, each once."""
        candidates = [column for columns in self.candidates.values() for column in columns]
        return list(dict.fromkeys([*candidates, *self.kept.values(), *self.holders, *self.marks]))


class Columns:
    """Finds our fields among the columns of a row and reads their values.

    `named` are the user's columns for fields of ours, which go before all names in columns.toml; `keep` are those that
    stay in the rows as they are. Both may be within an object: ``metadata.body``.
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
        """Return where our fields are among the columns of a row, those of `flattened`."""
        if names in self._seen:
            return self._seen[names]
        plain = {_plain(name): name for name in reversed(names)}
        candidates: dict[str, tuple[str, ...]] = {}
        lost: dict[str, str] = {}
        for name, given in self._named.items():
            if column := _named_column(given, names, plain):
                candidates[name] = (column,)
            else:
                lost[name] = f"no column {given!r}, which --column names for {name}"
        taken = {column for columns in candidates.values() for column in columns}
        for name in FIELDS:
            fitting = [plain[spelt] for spelt in _spellings(name) if spelt in plain and plain[spelt] not in taken]
            if fitting and name not in self._named:
                candidates[name] = tuple(fitting)
        if "text" not in candidates and "text" not in lost:
            lost["text"] = "no text column"
        first = {columns[0] for columns in candidates.values()}
        others = [name for name in names if name not in first]
        missing = (self._missing(name, why, names, others) for name, why in lost.items())
        kept = {given: column for given in self.keep if (column := _named_column(given, names, plain))}
        complete = candidates.keys() >= {*FIELDS} - {"id"}
        holders = () if complete else (name for name in names if _plain(name) in _table()["json"])
        corpus, marks = "", tuple(plain[mark] for mark in plain.keys() & _table()["corpus"])
        if {"id", "text", "source"} <= plain.keys() and marks and "title" not in plain:
            corpus = plain["source"]
        if len(self._seen) >= KEPT_HEADERS:  # objects whose names are data have as many headers as rows
            self._seen.clear()
        self._seen[names] = FoundColumns(candidates, "; ".join(missing), kept, tuple(holders), corpus, marks)
        return self._seen[names]

    def fields(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return a row's fields by our names; none for one without a column; raise InputError for one without text.

        A date that cannot be read is left out, and ``note`` says so.
        """
        values = flattened(values)
        found = self.find(tuple(values))
        if "text" not in found.candidates:
            raise InputError(self.missing_in(values))
        fields: dict[str, str] = {}
        for name, columns in found.candidates.items():
            value = values.get(columns[0])
            if name == "publisher":
                value, address = self._publisher(values, found)
            elif not (isinstance(value, str) and _held(value)) or (name == "text" and value[:2] in PRINTED):
                try:
                    value = _first(values, columns, name)
                except InputError as error:
                    if name != "published":
                        raise
                    fields["note"] = f"{error}; the row is used without it"
                    continue
            fields[name] = value.replace("\0", "\ufffd")  # NUL ends a text for many programs
        if "publisher" in found.candidates and address and not _held(fields.get("url", "")):
            fields["url"] = address.replace("\0", "\ufffd")
        if len(fields["text"]) > MAX_TEXT_BYTES:
            raise InputError(
                f"column {found.columns['text']!r} (text): found {len(fields['text']):,} "
                f"characters; expected one article, at most {MAX_TEXT_BYTES:,}; split it"
            )
        return fields

    def _publisher(self, values: Mapping[str, Any], found: FoundColumns) -> tuple[str, str]:
        """Return the publisher that a row names, and the article's address where one stands in its place.

        An address is no name, but its host is; the name of a corpus is none, unless the user says so.
        """
        address = ""
        for column in found.candidates["publisher"]:
            printed = _first(values, (column,), "publisher")
            is_host = column == found.corpus or _plain(column) in _host_columns()
            kind = _kind_of_publisher(printed, is_host, column == found.corpus)
            if kind == ADDRESS:
                address = address or printed.strip()
            elif kind == NAME or (kind and "publisher" in self._named):
                return printed, _of_article(address)
        return canonical_publisher("", address), _of_article(address)

    def kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the columns to keep, None for those that are not there."""
        if not self.keep:
            return {}
        values = flattened(values)
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

    def missing_in(self, values: Mapping[str, Any]) -> str:
        """Return what a row lacks, in words; the column to name for the text is the longest, if none is close."""
        values = flattened(values)
        missing = self.find(tuple(values)).missing
        texts = {name: len(value) for name, value in values.items() if isinstance(value, str)}
        longest = max(texts, key=lambda name: texts[name], default="")
        if not missing.endswith(NO_GUESS) or texts.get(longest, 0) < MIN_TEXT_CHARS or len(longest) > SHOWN_CHARS:
            return missing
        return missing.removesuffix(NO_GUESS) + shlex.quote(f"text={longest}")

    def _missing(self, name: str, why: str, names: Sequence[str], free: Sequence[str]) -> str:
        """Return in words that a field has no column, what there is and what to do."""
        wanted = [_plain(self._named[name])] if name in self._named else aliases()[name][:SHOWN_COLUMNS]
        closest = {n: difflib.get_close_matches(_plain(n), wanted, 1, CLOSE) for n in free[: 2 * SHOWN_COLUMNS]}
        close = [n for n, found in closest.items() if found]
        close.sort(key=lambda n: -difflib.SequenceMatcher(None, closest[n][0], _plain(n)).ratio())
        hint = f"; close to it: {', '.join(map(repr, close))}" if close else ""
        expected = "" if name in self._named else f"; expected one of {', '.join(wanted)}"
        return (
            f"{why}: found {_shown(names)}{expected}{hint}; name the right one with --column "
            + shlex.quote(f"{name}={close[0] if close else 'NAME'}")  # to be pasted into a shell
        )


def mapping_fields(row: Mapping[Any, Any], columns: Columns) -> dict[str, str]:
    """Return the fields in a row of Python's, whose names may be numbers; raise InputError for one without text."""
    values = flattened({str(name): value for name, value in row.items()})
    if "text" not in columns.find(tuple(values)).candidates:
        raise InputError(f"an article needs 'text'; found the fields {sorted(values)}")
    return columns.fields(values)


def flattened(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row with what its objects hold behind its own columns: ``metadata.url``.

    JSON in a cell of metadata is an object, too, and so is what pandas writes for one. A row without objects is
    returned as it is.

    >>> list(flattened({"text": "Harga naik.", "metadata": {"url": "https://warta.example.id/1"}}))
    ['text', 'metadata', 'metadata.url']
    """
    objects = [
        (name, held)
        for name, value in values.items()
        if (type(value) not in FLAT or (type(value) is str and value[:1] == "{")) and (held := _object(name, value))
    ]
    if not objects:
        return values
    flat = dict(values)
    for prefix, held in objects:  # which grows
        for key, value in held.items():
            name = f"{prefix}.{key}"
            if len(flat) < MAX_NAMES and name not in flat:
                flat[name] = value
                if prefix.count(".") < MAX_LEVELS and (deeper := _object(name, value)):
                    objects.append((name, deeper))
    return flat


def _object(name: str, value: Any) -> Mapping[Any, Any] | None:
    """Return the object that a value is, or that the cell of a column for objects holds; None for any other."""
    if isinstance(value, str):
        value = _read_printed(value) if value[:1] == "{" and _plain(name) in _table()["json"] else None
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and isinstance(value[0], tuple):  # a map of Arrow
        return dict(pair for pair in value if len(pair) == 2)
    return None


def _read_printed(cell: str) -> Any:
    """Return what a cell holds as JSON or as Python prints it, which is what pandas writes; None for neither."""
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(cell)
    if len(cell) < MAX_LITERAL_CHARS:
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError), warnings.catch_warnings(action="ignore"):
            return ast.literal_eval(cell)
    return None


def holding(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return those of a table's columns that some columns are, or are within."""
    return [name for name in names if any(f"{column}.".startswith(f"{name}.") for column in columns)]


def _named_column(given: str, names: tuple[str, ...], plain: Mapping[str, str]) -> str:
    """Return the column that a user names; one within a column of JSON, which a row alone tells; empty if none is."""
    if given in names:
        return given
    if column := plain.get(_plain(given)):
        return column
    holders = [name for name in names if given.startswith(name + ".")]
    known = any(name.startswith(holder + ".") for name in names for holder in holders)
    return given if holders and not known else ""


def _shown(names: Sequence[str]) -> str:
    """Return the names of columns for a message."""
    shown = ", ".join(repr(name[:SHOWN_CHARS]) for name in names[:SHOWN_COLUMNS]) or "no columns"
    return shown + (f" and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else "")


@cache
def _table() -> dict[str, list[str]]:
    """Return columns.toml, read once."""
    return tomllib.loads(files("saring").joinpath("columns.toml").read_text("utf-8"))


def aliases() -> dict[str, list[str]]:
    """Return the names of each of our fields."""
    return {name: _table()[name] for name in FIELDS}


@cache
def _host_columns() -> frozenset[str]:
    """Return the names of columns of hosts, and those within an object."""
    table = _table()
    return frozenset([*table["hosts"], *(f"{holder}_{name}" for holder in table["holders"] for name in table["hosts"])])


@cache
def _spellings(name: str) -> tuple[str, ...]:
    """Return the names of a field, and behind them those within an object."""
    names = _table()[name]
    return (*names, *(f"{holder}_{spelt}" for holder in _table()["holders"] for spelt in names))


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


@lru_cache(maxsize=KEPT_NAMES)
def _plain(name: str) -> str:
    return _BREAKS.sub("_", str(name).casefold()).strip("_")


def _absent(value: Any) -> bool:
    """Return whether a value says that there is none: null, NaN, NaT, pandas' NA."""
    is_nan = isinstance(value, Number) and value != value
    # Those of pandas by name: it need not be installed.
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


@lru_cache(maxsize=KEPT_NAMES)
def _kind_of_publisher(printed: str, is_host: bool, is_portal: bool) -> str:
    """Return what stands in a publisher's place: nothing (empty), an address, a name, or what is none.

    `is_host`: the column is one of hosts, in which other words are none; `is_portal`: only a portal's name is one.
    """
    if not _held(printed):
        return ""
    if is_address(printed):
        return ADDRESS
    unknown = is_host and "." not in canonical_publisher(printed)
    is_word = unknown and (is_portal or " " not in printed or printed.islower())
    return NO_NAME if is_word or is_corpus(printed) else NAME


def _of_article(address: str) -> str:
    """Return an address if it may be an article's; that of a portal is none."""
    return address if _ARTICLE_ADDRESS.fullmatch(address) else ""


def _held(text: str) -> bool:
    """Return whether a text says something: blanks do not, nor do a program's words for nothing."""
    return bool(text) and not text.isspace() and not (len(text) <= 4 and text.casefold() in NOTHING)


def _first(values: Mapping[str, Any], columns: Sequence[str], name: str) -> str:
    """Return a field's text from the first column that holds some; as the first column has it where none does."""
    texts: list[str] = []
    for column in columns:
        try:
            text = _text(values.get(column), column, name)
        except InputError:
            if len(columns) == 1:
                raise
            continue
        if _held(text):
            return text
        texts.append(text)
    text = texts[0] if len(texts) == len(columns) else _text(values.get(columns[0]), columns[0], name)  # or its error
    return text if name in ("id", "text") or text.isspace() else ""  # a program's word for nothing is no title


def _text(value: Any, column: str, name: str) -> str:
    """Return a field's value as text: of an article's text also paragraphs, of others numbers and dates."""
    if isinstance(value, str):
        return value if name != "text" or value[:2] not in PRINTED else _of_printed(value)
    text = "" if _absent(value) else paragraphs(value) if name == "text" else _scalar(value, name)
    if text is not None:
        return text
    expected = "text or a list of paragraphs" if name == "text" else "text or a number"
    within = f"; it holds {_shown([f'{column}.{key}' for key in value])}" if isinstance(value, Mapping) else ""
    raise InputError(
        f"column {column!r} ({name}): found {kind_of(value)}; expected {expected}{within}; "
        f"name another column with --column {name}=NAME"
    )


def _scalar(value: Any, name: str) -> str | None:
    """Return a value that is no text as text: of an object what it is called; None for what is none."""
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a column of whole numbers with gaps is read as floats
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, (list, Mapping)):
        return None
    called = [value[key] for key in CALLED if value.get(key)] if isinstance(value, Mapping) else []
    if called and isinstance(called[0], (str, int)):
        return str(called[0])
    return "" if not value or name in ("id", "publisher", "url") else None  # a list of pictures is no publisher


def _of_printed(cell: str) -> str:
    """Return the text of a cell that holds a list of paragraphs or a body in parts, as JSON or as Python prints it."""
    held = _read_printed(cell)
    text = paragraphs(held) if isinstance(held, (list, Mapping)) else None
    return cell if text is None else text


def paragraphs(value: Any) -> str | None:
    """Return a text that is given as a list of paragraphs or as a body in parts; None for what is no such thing."""
    lines = _lines(value)
    return None if lines is None else "\n".join(lines)


def _lines(value: Any, depth: int = 0) -> list[str] | None:
    """Return the paragraphs of a list, or of an object as fundus writes a body; None if it is no such thing."""
    if isinstance(value, str):
        return [value]
    if hasattr(value, "tolist"):  # of NumPy, as pandas reads lists
        value = value.tolist()
    if isinstance(value, Mapping):
        parts: list[Any] = [value[key] for key in BODY if key in value]
    else:
        parts = value if isinstance(value, list) else []
    found = [_lines(part, depth + 1) for part in parts if part is not None and depth < MAX_LEVELS]
    if not parts or None in found:
        return [] if isinstance(value, list) and not value else None
    return [line for lines in found for line in lines or ()]
