"""The finished parts of an output, kept beside it until all are there.

The folder ``<out>.parts`` holds a file for each finished part, another one for its rows with errors, a lock that one
run at a time holds, and the manifest: JSON Lines, the plan of the run, then a line for each finished part with the
digests of its files. An interrupted run of the same plan goes on from there.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from saring.atomic import Aside, claim, sync, whole
from saring.batch.leases import Lease
from saring.batch.parts import Part, Summary
from saring.errors import ConfigError, LostConnectionError
from saring.io.addresses import Address, AddressAside, Place
from saring.io.blocks import Block
from saring.io.connections import Refused
from saring.io.input_files import PARTS_SUFFIX
from saring.io.writers import RowFile, put, telling, write_whole

LAYOUT = 4  # of the folder of parts; a run of another one is not gone on with
LOCK, MANIFEST = "lock", "manifest.jsonl"
REFUSED_SUFFIX = ".errors"
_PART = re.compile(rf"part-\d{{6,}}({re.escape(REFUSED_SUFFIX)})?(\.part)?")
_OTHERS = (MANIFEST, f"{MANIFEST}.part", LOCK)  # in the order in which they may go

NOTING_SHARE = 0.05  # of a run's time goes into a manifest at an address, which is put anew as a whole

FileId = list[int]  # a file's device, number and length, which tell it from all others; of an object the length alone


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

    def __init__(
        self, out: Place, plan: Plan, done: dict[int, Done], joined: list[FileId], lease: Lease | None = None
    ) -> None:
        self._out, self._lease = out, lease
        self._folder = parts_folder(out)
        self.plan, self.done, self.joined = plan, done, joined
        self.rows = self._resumed = sum(part.rows_in for part in done.values())
        self._count = 0  # parts of the whole output, as far as is known
        lines = [_json({"layout": LAYOUT, "config": _digest(_json(plan.settings)), **asdict(plan)}) + b"\n"]
        lines += [_part_line(number, part) for number, part in sorted(done.items())]
        lines += [_signed({"joined": joined})] if joined else []
        path = self._folder / MANIFEST
        self._notes = PutNotes(path, lines) if isinstance(path, Address) else Notes(path, lines)

    def missing(self, batches: Iterable[list[Block]]) -> Iterator[tuple[int, Sequence[Block]]]:
        """Yield the batches whose parts are not there yet, each with its number; of all batches `finish` has parts."""
        for number, batch in enumerate(batches):
            self._count = number + 1
            if number not in self.done:
                yield number, batch

    def add(self, number: int, part: Part, rows_in: int) -> None:
        """Keep a part; ConfigError where the disk is full, or refuses otherwise."""
        if self._lease:
            self._lease.check()
        noted = Done(_digest(part.data + part.refused), rows_in, part.summary)
        with telling(self._out):
            if part.refused:
                write_whole(self._folder / (_name(number) + REFUSED_SUFFIX), part.refused)
            write_whole(self._folder / _name(number), part.data)
            self._notes.add(_part_line(number, noted))
        self.done[number] = noted
        self.rows += rows_in

    def kept(self) -> str:
        """Return in words what an interrupted run leaves."""
        if not self.plan.input:
            return "nothing is kept, for the input can be read only once"
        if not self.rows:
            return "no part was finished"
        return f"{self.rows:,} rows are kept in {self._folder}; the same command goes on from there"

    def settle(self) -> None:
        """Note what is not noted yet, if that can be done at once."""
        with suppress(Refused, LostConnectionError):
            self._notes.settle(once=True)

    def finish(
        self, columns: Mapping[str, str], quarantine: Aside | AddressAside | None, *, overwrite: bool
    ) -> Summary:
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
            places = [self._out, *([quarantine.path] if quarantine else [])]
            ids = [_id_of(path, os.fstat(file.fileno())) for path, file in zip(places, files, strict=True)]
            if self._lease:
                self._lease.renew()
                self._lease.check()
            with telling(self._out):
                self._notes.add(_signed({"joined": [*self.joined, *ids]}))
                self._notes.settle()
        if quarantine is not None:
            put(quarantine, overwrite=overwrite or is_one_of(quarantine.path, self.joined))
        _empty(self._folder)
        return sum((self.done[number].summary for number in range(self._count)), Summary(resumed=self._resumed))


class Notes:
    """The manifest of an output: lines that are on the disk once they are added."""

    def __init__(self, path: Path, lines: Sequence[bytes]) -> None:
        self._path = path
        with whole(path) as file:
            file.writelines(lines)

    def add(self, line: bytes) -> None:
        """Append a line."""
        with self._path.open("ab") as file:
            file.write(line)
            sync(file)

    def settle(self, *, once: bool = False) -> None:
        """Do nothing: all lines are there."""


class PutNotes:
    """The manifest at an address: nothing can be appended there, so all of it is put again, not too often."""

    def __init__(self, path: Address, lines: Sequence[bytes]) -> None:
        self._path, self._lines = path, list(lines)
        self._put()

    def _put(self, *, once: bool = False) -> None:
        began = time.monotonic()
        self._path.write_bytes(b"".join(self._lines), once=once)
        self._is_settled = True
        ended = time.monotonic()
        self._next = ended + (ended - began) / NOTING_SHARE

    def add(self, line: bytes) -> None:
        """Append a line, which is put at once or with a later one."""
        self._lines.append(line)
        self._is_settled = False
        if time.monotonic() >= self._next:
            self._put()

    def settle(self, *, once: bool = False) -> None:
        """Put the lines that have not been."""
        if not self._is_settled:
            self._put(once=once)


@contextmanager
def open_checkpoint(out: Place, plan: Plan, *, overwrite: bool) -> Iterator[Checkpoint]:
    """Give the finished parts of an output, those of an interrupted run of the same plan among them.

    On an error the finished parts stay; a folder without any is removed. ConfigError where another run writes this
    output, or one with another plan was interrupted and `overwrite` does not say that its parts may go.
    """
    folder = parts_folder(out)
    lock: IO[bytes] | Lease | None = None
    with telling(out):
        while lock is None:
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # a run that ended just now removed the folder
                path = folder / LOCK
                lock = Lease(path) if isinstance(path, Address) else claim(path)
    with lock:  # the system frees a file's however the process ends
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
        checkpoint = None
        try:
            with telling(out):
                checkpoint = Checkpoint(out, plan, done, joined, lock if isinstance(lock, Lease) else None)
            yield checkpoint
        finally:
            if not done or not plan.input:
                _empty(folder)
            elif checkpoint:
                checkpoint.settle()


def read_manifest(out: Place) -> Manifest:
    """Return what the manifest of an output says, which need not be there.

    ConfigError where the folder of parts holds what is not ours, or cannot be read.
    """
    folder = parts_folder(out)
    path = folder / MANIFEST
    try:
        first, *lines = (path.read_bytes() if path.is_file() else b"").split(b"\n")
        head = _object(first)
        items: Iterable[Place] = folder.iterdir() if isinstance(folder, Address) or folder.exists() else ()
        foreign = [
            item.name
            for item in items
            if not (item.name in _OTHERS or ("layout" in head and _PART.fullmatch(item.name))) or not item.is_file()
        ]
    except Refused as refusal:
        raise ConfigError(f"{path}: cannot be read: {refusal.strerror}; {refusal.mend}") from None
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


def parts_folder(out: Place) -> Place:
    """Return the folder of an output's finished parts."""
    return out.parent / (out.name + PARTS_SUFFIX)  # of "." too, which is refused a little later


def is_one_of(path: Place, files: Collection[FileId]) -> bool:
    """Return whether a path leads to one of some files; OSError where it may not be followed."""
    if isinstance(path, Address):
        return bool(files) and path.is_file() and [0, 0, path.facts().size] in files
    return path.exists() and _file_id(path.stat()) in files


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _id_of(path: Place, status: os.stat_result) -> FileId:
    """Return what will tell a file once it is at its place."""
    return [0, 0, status.st_size] if isinstance(path, Address) else _file_id(status)


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


def _read_part(folder: Place, number: int, done: Done) -> tuple[bytes, bytes] | None:
    """Return a part's rows and those with errors; None where they are not as they were written."""
    path = folder / _name(number)
    try:
        data = path.read_bytes()
        refused = (folder / (_name(number) + REFUSED_SUFFIX)).read_bytes() if done.summary.errors else b""
    except OSError:
        return None
    return (data, refused) if _digest(data + refused) == done.digest else None


def _remove_parts(folder: Place) -> None:
    items: list[Place] = list(folder.iterdir())
    for path in items:
        if _PART.fullmatch(path.name):
            path.unlink()


def _empty(folder: Place) -> None:
    """Remove all that is ours in a folder, the lock last, and the folder if that was all."""
    with suppress(OSError, LostConnectionError):
        _remove_parts(folder)
        for name in _OTHERS:
            if name != LOCK or isinstance(folder, Path):  # a `Lease` removes its own
                (folder / name).unlink(missing_ok=True)
        folder.rmdir()
