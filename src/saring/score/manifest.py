"""What a run is about, and which of its parts are done; kept beside them as JSON Lines.

The first line is the `Plan`, each further one a finished part, but for the last: it says which
files the parts were joined to. Lines are only ever added and hold a digest of themselves. So a run
that is killed leaves at worst half a line at the end; from the first that is not whole they count
for nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Self

import orjson

from saring.atomic import appear, sync
from saring.score.making import Part
from saring.score.summary import Summary

__all__ = ["Done", "Manifest", "Mark", "Plan", "digest", "is_one_of"]

Mark = list[int]  # a file's device, number and length

LAYOUT = 3  # of the folder of parts; a run of another one is not gone on with


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides every byte of an output.

    Attributes
    ----------
    input : str
        Digest of the input files; empty where they can be read only once.
    model : str
        The model's version, itself a digest; empty for a run without one.
    settings : Mapping[str, Any]
        How it is read, scored and written; JSON types.
    scored_at : str
        Time that stands in the rows. All else being equal, an older run's is taken over.
    """

    input: str
    model: str
    settings: Mapping[str, Any]
    scored_at: str

    @property
    def config(self) -> str:
        """Digest of the settings."""
        return blake2b(_json(self.settings), digest_size=16).hexdigest()

    def changes(self, older: Plan) -> list[str]:
        """Return in words why an older run cannot be gone on with; nothing if it can."""
        found = []
        if self.input != older.input:
            found.append("the input has changed")
        if self.model != older.model:
            found.append(f"the model was {older.model or 'none'} and is {self.model or 'none'}")
        for name in sorted({*self.settings, *older.settings}):
            was, now = older.settings.get(name), self.settings.get(name)
            if was != now:
                found.append(f"{name} was {was!r} and is {now!r}")
        return found


@dataclass(frozen=True, slots=True)
class Done:
    """A finished part: length and digest of its file, rows that went in, what came out.

    `refused` is the digest of its rows with errors, empty where there are none.
    """

    bytes: int
    digest: str
    refused: str
    rows_in: int
    summary: Summary

    @classmethod
    def of(cls, part: Part, rows_in: int) -> Self:
        """Return what is noted of a part."""
        refused = digest(part.refused) if part.refused else ""
        return cls(len(part.data), digest(part.data), refused, rows_in, part.summary)


class Manifest:
    """The file that says what a run is about and which parts are done.

    Attributes
    ----------
    is_ours : bool
        Whether a manifest was found there, of this layout or another one.
    plan : Plan or None
        None where there is none that can be gone on with.
    done : dict[int, Done]
        Finished parts by number.
    joined : list[Mark]
        The files that the parts were joined to, which got their names then or were about to.

    Raises
    ------
    OSError
        The file may not be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.done: dict[int, Done] = {}
        self.joined: list[Mark] = []
        data = path.read_bytes() if path.is_file() else b""
        first, *rest = data.split(b"\n")
        head = _object(first)
        self.is_ours = "layout" in head
        self.plan = _plan(head)
        for line in rest[:-1] if self.plan else []:
            found = _object(line)
            if found.pop("line", "") != digest(_json(found)):
                break
            if "joined" in found:
                self.joined = found["joined"]
            else:
                number, summary = found.pop("part"), Summary(**found.pop("summary"))
                found.pop("rows_out")
                self.done[number] = Done(**found, summary=summary)

    def begin(self, plan: Plan) -> None:
        """Write the manifest anew, with the parts that are done, and keep it open."""
        self.close()
        self.plan = plan
        head = {"layout": LAYOUT, "config": plan.config, **asdict(plan)}
        aside = self._path.with_suffix(".aside")
        self._file = aside.open("wb")
        self._file.write(_json(head) + b"\n")
        for number, done in sorted(self.done.items()):
            self._file.write(_line(number, done))
        if self.joined:
            self._file.write(_signed({"joined": self.joined}))
        sync(self._file)
        appear(aside, self._path)

    def add(self, number: int, done: Done) -> None:
        """Note that a part is done."""
        self._append(_line(number, done))
        self.done[number] = done

    def join(self, files: Iterable[IO[bytes]]) -> None:
        """Note that these files hold what the parts were joined to."""
        # One of an earlier run may still be in its place.
        self.joined = [*self.joined, *(_mark(os.fstat(file.fileno())) for file in files)]
        self._append(_signed({"joined": self.joined}))

    def _append(self, line: bytes) -> None:
        assert self._file is not None, "begin() comes first"
        self._file.write(line)
        sync(self._file)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with suppress(OSError):  # what a full disk did not take, and was told of
                self._file.close()
            self._file = None


def digest(data: bytes) -> str:
    """Return a digest of some bytes."""
    return blake2b(data, digest_size=16).hexdigest()


def is_one_of(path: Path, files: Iterable[Mark]) -> bool:
    """Return whether a path leads to one of some files.

    Raises
    ------
    OSError
        The path may not be followed.
    """
    return path.exists() and _mark(path.stat()) in files


def _mark(status: os.stat_result) -> Mark:
    """Return what tells a file from all others whatever its name."""
    return [status.st_dev, status.st_ino, status.st_size]


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _signed(line: Mapping[str, Any]) -> bytes:
    """Return a line with a digest of itself."""
    return _json({**line, "line": digest(_json(line))}) + b"\n"


def _line(number: int, done: Done) -> bytes:
    """Return the line of a finished part."""
    return _signed({"part": number, **asdict(done), "rows_out": done.summary.rows})


def _object(line: bytes) -> dict[str, Any]:
    """Return the object of a line of JSON, an empty one where there is none."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _plan(head: Mapping[str, Any]) -> Plan | None:
    """Return the plan in a manifest's first line, None where it is of another layout or broken."""
    found = {item.name: head.get(item.name) for item in fields(Plan)}
    kinds = {"input": str, "model": str, "settings": dict, "scored_at": str}
    if head.get("layout") == LAYOUT and all(isinstance(found[n], k) for n, k in kinds.items()):
        return Plan(**found)  # type: ignore[arg-type]
    return None
