"""A store of runs in a folder that was moved: notice it, and write the new place wherever the old one stands.

MLflow keeps absolute addresses: of an experiment's files, of each run's, model's and version's, of data sets. So every
text of every table is looked at, and of every JSON in one; an address at or below the old folder moves with it, in the
form that it has (`file:` or a plain path), and its end stays byte for byte. It needs no mlflow: SQL on the file.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from saring.atomic import whole
from saring.errors import ConfigError, SaringError

ARTIFACTS = "mlartifacts"  # the folder beside the database that holds the files of all runs
WAIT_SECONDS = 20.0  # for another process that writes into the database

_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///")
_FILE = re.compile(r"file:(?://(?:localhost)?)?(?=/)")
# What follows the folder in the address of an experiment: ours, and MLflow's own habit.
_TAIL = re.compile(rf"/(?:{ARTIFACTS}|mlruns)(?:/\d+)?")
_LOCATION = re.compile(rb"^artifact_path: (\S+)$", re.MULTILINE)  # in a model's own description


@dataclass(frozen=True, slots=True)
class Moved:
    """A database whose addresses name other folders than the one in which it lies."""

    database: Path
    old: Sequence[Path]

    def __str__(self) -> str:
        return (
            f"{self.database}: found the files of its runs noted in {', '.join(map(str, self.old))}; expected "
            f"{self.database.parent}, where they lie now: the folder was moved or copied; run `saring relocate`, which "
            "makes a backup and writes the new place"
        )


@dataclass(frozen=True, slots=True)
class Relocated:
    """What `relocate` changed: for each column, and for the models' own files, how many addresses."""

    database: Path
    old: Sequence[Path]
    new: Path
    backup: Path | None = None  # none where there was nothing to change
    changed: Mapping[str, int] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return it in words."""
        if self.backup is None:
            return [f"{self.database}: nothing to relocate; all addresses are where they should be"]
        places = [f"{n:7,} {place}" for place, n in sorted(self.changed.items())]
        return [f"{', '.join(map(str, self.old))} -> {self.new}", *places, f"backup: {self.backup}"]


def database_of(uri: str) -> Path | None:
    """Return the file of an SQLite store; None for a server, another database or one in memory."""
    found = _SQLITE.match(uri)
    path = uri[found.end() :].partition("?")[0] if found else ""
    return Path(path).absolute() if path and path != ":memory:" else None


def moved(uri: str) -> Moved | None:
    """Return where the runs of an SQLite store are looked for, if that is not where the store lies now.

    Whoever keeps the files of runs elsewhere on purpose has them there, and none beside the database.
    """
    database = database_of(uri)
    if database is None or not database.is_file():
        return None
    try:
        with _connected(database, "ro") as connection:
            rows = connection.execute("SELECT artifact_location FROM experiments").fetchall()
    except sqlite3.Error:
        return None  # no store of MLflow, or none yet
    home = database.parent
    old = [folder for row in rows if (folder := _former(row[0] or "", home))]
    return Moved(database, list(dict.fromkeys(old))) if old else None


def refuse_moved(uri: str) -> None:
    """Raise ConfigError for a store that was moved: before anything is done that it is to note."""
    if there := moved(uri):
        raise ConfigError(str(there))


def _former(location: str, home: Path) -> Path | None:
    """Return the folder that an experiment's address was made in, where `home` has taken its place."""
    path = _local(location)
    found = next((m for m in reversed([*_TAIL.finditer(path)]) if m.end() == len(path)), None)
    if found is None or not path.startswith("/"):
        return None
    folder, here = Path(path[: found.start()] or "/"), home / found[0].lstrip("/")
    if folder == home or (Path(path).exists() and (not here.exists() or here.samefile(path))):
        return None
    # An experiment of MLflow's own lies where it was started: that says nothing if no files are here.
    return folder if here.exists() or Path(path).name == ARTIFACTS else None


def relocate(store: str | Path, old: str | Path | None = None, new: str | Path | None = None) -> Relocated:
    """Write the new folder into an SQLite store, in one transaction, after a backup of it.

    Parameters
    ----------
    store : str or Path
        Address (``"sqlite:////home/me/saring/mlflow.db"``) or file of the database.
    old, new : str or Path, optional
        The folder that was moved, by default as the store's experiments name it; and where it is now, by default where
        the database lies.

    Raises
    ------
    ConfigError
        When `store` is no SQLite database of MLflow. Nothing is changed then, nor on any other error.
    """
    database = _database(store)
    found = moved(f"sqlite:///{database}")
    folders = [Path(old).expanduser().absolute()] if old else list(found.old) if found else []
    target = Path(new).expanduser().absolute() if new else database.parent
    if not folders:
        return Relocated(database, folders, target)
    try:
        with _connected(database, "rw") as connection:
            connection.execute("BEGIN IMMEDIATE")  # from here on nobody else writes
            changes = list(_changes(connection, folders, target))
            if not changes:
                return Relocated(database, folders, target)
            backup = _backup(database)
            for table, column, row, text in changes:
                connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (text, row))
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise ConfigError(f"{database}: could not be relocated ({error}); nothing was changed") from error
    counts = Counter(f"{table}.{column}" for table, column, _, _ in changes)
    models = [text for table, column, _, text in changes if (table, column) == ("logged_models", "artifact_location")]
    if mended := sum(_mend(Path(_local(place)) / "MLmodel", folders, target) for place in models):
        counts["MLmodel files"] = mended
    return Relocated(database, folders, target, backup, counts)


def _database(store: str | Path) -> Path:
    """Return the file of a store that is named by its address or path; ConfigError where it is no SQLite file."""
    database = database_of(str(store)) if "://" in str(store) else Path(store).expanduser().absolute()
    if database is None:
        raise ConfigError(f"{store}: found no SQLite file; expected sqlite:///PATH; a server keeps its own addresses")
    if database.is_dir():
        raise ConfigError(
            f"{database}: found a folder; expected an SQLite file. MLflow no longer works in folders (mlruns): "
            f"`mlflow migrate-filestore --source {database} --target sqlite:///mlflow.db` makes a database of it"
        )
    if not database.is_file():
        raise ConfigError(f"{database}: no such file; expected the SQLite file of a store, such as mlflow.db")
    try:
        with _connected(database, "ro") as connection:
            connection.execute("SELECT artifact_location FROM experiments LIMIT 1")
    except sqlite3.Error as error:
        raise ConfigError(f"{database}: found no database of MLflow ({error})") from error
    return database


@contextmanager
def _connected(database: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """Yield a connection that makes no file; what was not committed is undone when it closes."""
    address = f"{database.as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS, isolation_level=None)) as connection:
        yield connection


def _backup(database: Path) -> Path:
    """Return the file that a copy of a database was written to, under a name that was free."""
    number = 0
    while True:
        number += 1
        path = database.with_name(f"{database.name}.before-relocate-{number}")
        try:
            path.open("xb").close()
        except FileExistsError:
            continue
        try:
            with _connected(database, "ro") as source, _connected(path, "rw") as copy:
                source.backup(copy)
            shutil.copymode(database, path)
        except BaseException:
            path.unlink()
            raise
        return path


def _changes(connection: sqlite3.Connection, old: Sequence[Path], new: Path) -> Iterator[tuple[str, str, int, str]]:
    """Yield table, column, row and new text of every text that names a place in an old folder."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (table,) in tables.fetchall():
        for column in [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")').fetchall()]:
            where = f"typeof(\"{column}\") = 'text' AND instr(\"{column}\", '/')"
            rows = connection.execute(f'SELECT rowid, "{column}" FROM "{table}" WHERE {where}')
            for row, text in rows:
                if (there := rewritten(text, old, new)) != text:
                    yield table, column, row, there


def rewritten(text: str, old: Sequence[Path], new: Path) -> str:
    """Return a text with the new folder in place of an old one, if it is an address, or JSON with addresses in it.

    Words of people, in which a path may stand as well, are left as they are.

    >>> rewritten("file:///data/my%20news/mlartifacts/1", [Path("/data/my news")], Path("/srv/news"))
    'file:///srv/news/mlartifacts/1'
    """
    if text.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except ValueError:
            return text
        there = _in_json(value, old, new)
        return text if there == value else json.dumps(there, ensure_ascii=text.isascii())
    found = _FILE.match(text)
    head, path = (found[0], text[found.end() :]) if found else ("", text)
    if not path.startswith("/") or _below(path, new, bool(head)) is not None:
        return text  # that it lies in the new folder counts first, for this may lie in the old one
    for folder in old:
        if (tail := _below(path, folder, bool(head))) is not None:
            return head + (quote(str(new)) if head else str(new)).rstrip("/") + tail
    return text


def _in_json(value: Any, old: Sequence[Path], new: Path) -> Any:
    """Return a value of JSON whose texts are rewritten."""
    if isinstance(value, str):
        return rewritten(value, old, new)
    if isinstance(value, list):
        return [_in_json(item, old, new) for item in value]
    if isinstance(value, dict):
        return {name: _in_json(item, old, new) for name, item in value.items()}
    return value


def _below(path: str, folder: Path, quoted: bool) -> str | None:
    """Return what follows a folder in the path of an address, empty for itself; None for a path elsewhere."""
    steps = str(folder).rstrip("/").split("/")
    given = path.split("/")
    begins = [unquote(step) if quoted else step for step in given[: len(steps)]]
    return "".join(f"/{step}" for step in given[len(steps) :]) if begins == steps else None


def _local(location: str) -> str:
    """Return the path of an address on this machine; other addresses as they are."""
    found = _FILE.match(location)
    return unquote(location[found.end() :]) if found else location


def _mend(description: Path, old: Sequence[Path], new: Path) -> bool:
    """Return whether a model's own description named the old place; it names the new one then."""
    try:
        before = description.read_bytes()
        after = _LOCATION.sub(
            lambda line: f"artifact_path: {rewritten(line[1].decode(), old, new)}".encode(), before, count=1
        )
        if after != before:
            with whole(description) as file:
                file.write(after)
    except FileNotFoundError:
        return False  # a model that was deleted
    except OSError as error:
        raise SaringError(
            f"{description}: cannot be rewritten ({error.strerror}); the database is relocated"
        ) from error
    return after != before
