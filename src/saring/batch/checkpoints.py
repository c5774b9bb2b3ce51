"""The finished parts of an output, kept beside it until all are there.

The folder ``<out>.parts`` holds a file for each finished part, another one for its rows with errors, a lock that one
run at a time holds, and the manifest: JSON Lines, the plan of the run, then a line for each finished part with the
digests of its files. An interrupted run of the same plan goes on from there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from saring.atomic import Aside, claim, sync, whole
from saring.batch.parts import Part, Summary
from saring.errors import ConfigError
from saring.io.blocks import Block
from saring.io.input_files import PARTS_SUFFIX
from saring.io.writers import RowFile, put, telling

LAYOUT = 4  # of the folder of parts; a run of another one is not gone on with
LOCK, MANIFEST = "lock", "manifest.jsonl"
REFUSED_SUFFIX = ".errors"
_PART = re.compile(rf"part-\d{{6,}}({re.escape(REFUSED_SUFFIX)})?(\.part)?")
_OTHERS = (MANIFEST, f"{MANIFEST}.part", LOCK)  # in the order in which they may go

FileId = list[int]  # a file's device, number and length, which tell it from all others whatever its name


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides every byte of an output."""

    input: str  # digest of the input files; empty where they can be read only once
    model: str  # the model's version, itself a digest; empty without a model
    settings: Mapping[str, Any]  # how the input is read, scored and written; JSON types
    scored_at: str  # time that stands in the rows; all else being equal, that of the interrupted run is taken over

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
    """What is noted of a finished part."""

    digest: str  # of its rows, and of those with errors
    rows_in: int
    summary: Summary


class Manifest(NamedTuple):
    """What the manifest of an output says."""

    plan: Plan | None  # None where there is none, or one of another layout
    done: dict[int, Done]  # finished parts by number
    joined: list[FileId]  # files that the parts were joined to, which then got their names or were about to


class Checkpoint:
    """The finished parts of one output, from `open_checkpoint`; `rows` is how many rows went into them."""

    def __init__(self, out: Path, plan: Plan, done: dict[int, Done], joined: list[FileId]) -> None:
        self._out = out
        self._folder = parts_folder(out)
        self.plan, self.done, self.joined = plan, done, joined
        self.rows = self._resumed = sum(part.rows_in for part in done.values())
        self._count = 0  # parts of the whole output, as far as is known
        with whole(self._folder / MANIFEST) as file:
            file.write(_json({"layout": LAYOUT, "config": _digest(_json(plan.settings)), **asdict(plan)}) + b"\n")
            file.writelines(_part_line(number, part) for number, part in sorted(done.items()))
            if joined:
                file.write(_signed({"joined": joined}))

    def missing(self, batches: Iterable[list[Block]]) -> Iterator[tuple[int, Sequence[Block]]]:
        """Yield the batches whose parts are not there yet, each with its number; of all batches `finish` has parts."""
        for number, batch in enumerate(batches):
            self._count = number + 1
            if number not in self.done:
                yield number, batch

    def add(self, number: int, part: Part, rows_in: int) -> None:
        """Keep a part; ConfigError where the disk is full, or refuses otherwise."""
        noted = Done(_digest(part.data + part.refused), rows_in, part.summary)
        with telling(self._out):
            if part.refused:
                with whole(self._folder / (_name(number) + REFUSED_SUFFIX)) as file:
                    file.write(part.refused)
            with whole(self._folder / _name(number)) as file:
                file.write(part.data)
            self._note(_part_line(number, noted))
        self.done[number] = noted
        self.rows += rows_in

    def kept(self) -> str:
        """Return in words what an interrupted run leaves."""
        if not self.plan.input:
            return "nothing is kept, for the input can be read only once"
        if not self.rows:
            return "no part was finished"
        return f"{self.rows:,} rows are kept in {self._folder}; the same command goes on from there"

    def _note(self, line: bytes) -> None:
        """Append a line to the manifest."""
        with (self._folder / MANIFEST).open("ab") as manifest:
            manifest.write(line)
            sync(manifest)

    def finish(self, columns: Mapping[str, str], quarantine: Aside | None, *, overwrite: bool) -> Summary:
        """Join all parts to rows of these columns, remove them and return what was done.

        Output and quarantine are whole before one of them gets its name, and the manifest knows them before that: a
        run that ends in between is gone on with like any other. ConfigError where the disk is full, or refuses
        otherwise, or a part is no longer as it was written.
        """
        with RowFile(self._out, columns, overwrite=overwrite or is_one_of(self._out, self.joined)) as rows:
            files = [rows.file]
            for number in range(self._count):
                found = _read_part(self._folder, number, self.done[number])
                if found is None:
                    raise ConfigError(
                        f"{self._folder / _name(number)}: is gone or was changed while the run went on; "
                        "run the same command again, which makes it anew"
                    )
                data, refused = found
                rows.append(data)
                if quarantine is not None:
                    with telling(quarantine.path):
                        quarantine.file.write(refused)
            rows.complete()
            if quarantine is not None:
                with telling(quarantine.path):
                    sync(quarantine.file)
                files.append(quarantine.file)
            # Files of an earlier run may still be in their place.
            joined = [*self.joined, *(_file_id(os.fstat(file.fileno())) for file in files)]
            with telling(self._out):
                self._note(_signed({"joined": joined}))
        if quarantine is not None:
            put(quarantine, overwrite=overwrite or is_one_of(quarantine.path, self.joined))
        _empty(self._folder)
        return sum((self.done[number].summary for number in range(self._count)), Summary(resumed=self._resumed))


@contextmanager
def open_checkpoint(out: Path, plan: Plan, *, overwrite: bool) -> Iterator[Checkpoint]:
    """Give the finished parts of an output, those of an interrupted run of the same plan among them.

    On an error the finished parts stay; a folder without any is removed. ConfigError where another run writes this
    output, or one with another plan was interrupted and `overwrite` does not say that its parts may go.
    """
    folder = parts_folder(out)
    lock = None
    with telling(out):
        while lock is None:
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # a run that ended just now removed the folder
                lock = claim(folder / LOCK)
    with lock:  # the system frees it however the process ends
        older, done, joined = read_manifest(out)
        if older and plan.input and not plan.changes(older):
            plan = older
            done = {number: part for number, part in done.items() if _read_part(folder, number, part) is not None}
        else:
            if older and older.input and done and not overwrite:
                changes = plan.changes(older) or ["the input can be read only once"]
                raise ConfigError(
                    f"{folder}: holds the parts of an interrupted run that cannot be gone on with: "
                    f"{'; '.join(changes)}; run the command that was interrupted, or add --overwrite to start anew"
                )
            done, joined = {}, []
            with telling(folder):
                _remove_parts(folder)  # an older run's would be taken for this one's
        try:
            with telling(out):
                checkpoint = Checkpoint(out, plan, done, joined)
            yield checkpoint
        finally:
            if not done or not plan.input:
                _empty(folder)


def read_manifest(out: Path) -> Manifest:
    """Return what the manifest of an output says, which need not be there.

    ConfigError where the folder of parts holds what is not ours, or cannot be read.
    """
    folder = parts_folder(out)
    path = folder / MANIFEST
    try:
        first, *lines = (path.read_bytes() if path.is_file() else b"").split(b"\n")
        head = _object(first)
        foreign = [
            item.name
            for item in (folder.iterdir() if folder.exists() else ())
            if not (item.name in _OTHERS or ("layout" in head and _PART.fullmatch(item.name))) or not item.is_file()
        ]
    except OSError as error:
        raise ConfigError(
            f"{error.filename or path}: cannot be read ({error.strerror}); let it be read, or name another output"
        ) from None
    if foreign:
        raise ConfigError(
            f"{folder}: unfinished output goes there, but it holds {min(foreign)!r}, which is not ours; "
            "move the folder away or name another output"
        )
    kinds = {"input": str, "model": str, "settings": dict, "scored_at": str}
    if head.get("layout") != LAYOUT or not all(isinstance(head.get(name), kind) for name, kind in kinds.items()):
        return Manifest(None, {}, [])
    done: dict[int, Done] = {}
    joined: list[FileId] = []
    for line in lines[:-1]:
        found = _object(line)
        if found.pop("line", "") != _digest(_json(found)):
            break
        if "joined" in found:
            joined = found["joined"]
        else:
            number, summary = found.pop("part"), Summary(**found.pop("summary"))
            del found["rows_out"]
            done[number] = Done(**found, summary=summary)
    return Manifest(Plan(**{name: head[name] for name in kinds}), done, joined)


def parts_folder(out: Path) -> Path:
    """Return the folder of an output's finished parts."""
    return out.parent / (out.name + PARTS_SUFFIX)  # of "." too, which is refused a little later


def is_one_of(path: Path, files: Iterable[FileId]) -> bool:
    """Return whether a path leads to one of some files; OSError where it may not be followed."""
    return path.exists() and _file_id(path.stat()) in files


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _file_id(status: os.stat_result) -> FileId:
    return [status.st_dev, status.st_ino, status.st_size]


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _object(line: bytes) -> dict[str, Any]:
    """Return the object of a line of JSON, an empty one where there is none."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _signed(line: Mapping[str, Any]) -> bytes:
    """Return a line with a digest of itself."""
    return _json({**line, "line": _digest(_json(line))}) + b"\n"


def _part_line(number: int, done: Done) -> bytes:
    return _signed({"part": number, **asdict(done), "rows_out": done.summary.rows})


def _name(number: int) -> str:
    return f"part-{number:06d}"


def _read_part(folder: Path, number: int, done: Done) -> tuple[bytes, bytes] | None:
    """Return a part's rows and those with errors; None where they are not as they were written."""
    path = folder / _name(number)
    try:
        data = path.read_bytes()
        refused = path.with_name(path.name + REFUSED_SUFFIX).read_bytes() if done.summary.errors else b""
    except OSError:
        return None
    return (data, refused) if _digest(data + refused) == done.digest else None


def _remove_parts(folder: Path) -> None:
    for path in folder.iterdir():
        if _PART.fullmatch(path.name):
            path.unlink()


def _empty(folder: Path) -> None:
    """Remove all that is ours in a folder, the lock last, and the folder if that was all."""
    with suppress(OSError):
        _remove_parts(folder)
        for name in _OTHERS:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
