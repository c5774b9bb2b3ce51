"""What a run is about, and which of its parts are done; kept beside them as JSON Lines.

The first line is the `Plan`, each further one a finished part. Lines are only ever added, so that
a run that is killed leaves at worst half a line at the end, which counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Self

import orjson

from saring.atomic import appear, sync
from saring.score.making import Part
from saring.score.summary import Summary

__all__ = ["Done", "Manifest", "Plan"]

LAYOUT = 2  # of the folder of parts; a run of another one is not gone on with


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
    """A finished part: the length and digest of its file, how many rows went in, what came out."""

    bytes: int
    digest: str
    rows_in: int
    summary: Summary

    @classmethod
    def of(cls, part: Part, rows_in: int) -> Self:
        """Return what is noted of a part."""
        return cls(len(part.data), digest(part.data), rows_in, part.summary)


class Manifest:
    """The file that says what a run is about and which parts are done.

    Attributes
    ----------
    plan : Plan or None
        None where there is no readable manifest.
    done : dict[int, Done]
        Finished parts by number.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.plan: Plan | None = None
        self.done: dict[int, Done] = {}
        head, *rest = _lines(path) or [{}]
        if head.get("layout") == LAYOUT:
            names = ("input", "model", "settings", "scored_at")
            self.plan = Plan(**{name: head[name] for name in names})
            self.done = {line["part"]: _done(line) for line in rest}

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
        sync(self._file)
        appear(aside, self._path)

    def add(self, number: int, done: Done) -> None:
        """Note that a part is done."""
        assert self._file is not None, "begin() comes first"
        self._file.write(_line(number, done))
        sync(self._file)
        self.done[number] = done

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def digest(data: bytes) -> str:
    """Return a digest of a part's bytes."""
    return blake2b(data, digest_size=16).hexdigest()


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _line(number: int, done: Done) -> bytes:
    """Return the line of a finished part."""
    summary = asdict(done.summary)
    return _json({"part": number, **asdict(done), "rows_out": summary["rows"]}) + b"\n"


def _done(line: Mapping[str, Any]) -> Done:
    """Return the finished part of a line."""
    return Done(line["bytes"], line["digest"], line["rows_in"], Summary(**line["summary"]))


def _lines(path: Path) -> list[Any]:
    """Return the objects of a file of JSON Lines, up to the first that is not whole."""
    found: list[Any] = []
    data = path.read_bytes() if path.is_file() else b""
    for line in data.split(b"\n")[:-1]:
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            break
        if not isinstance(value, dict):
            break
        found.append(value)
    return found
