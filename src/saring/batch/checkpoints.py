"""Finished parts beside the output and the manifest that says what they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Self

import orjson

from saring.atomic import Aside, appear, claim, sync, whole
from saring.batch.jobs import Job, Part, Summary, total
from saring.errors import ConfigError
from saring.io.input_files import PARTS_SUFFIX
from saring.io.writers import RowFile, put, telling

# What a run is about, and which of its parts are done; kept beside them as JSON Lines.


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


# The folder of an output's finished parts, beside it while a run goes; one run at a time.


LOCK, MANIFEST = "lock", "manifest.jsonl"
REFUSED_SUFFIX = ".errors"
_PART = re.compile(rf"part-\d{{6,}}({re.escape(REFUSED_SUFFIX)})?(\.part)?")
_OTHERS = (MANIFEST, "manifest.aside", LOCK)  # in the order in which they may go


class Parts:
    """The finished parts of one output, from `open_parts`.

    Attributes
    ----------
    plan : Plan
        What the run is about.
    done : dict[int, Done]
        Finished parts by number, those of an earlier run among them.
    rows : int
        Rows in them.
    joined : list[Mark]
        The files that an interrupted run of the same plan joined its parts to.
    """

    def __init__(self, folder: Path, out: Path, manifest: Manifest, plan: Plan) -> None:
        self._folder = folder
        self._out = out
        self._manifest = manifest
        self.plan = plan
        self.done = manifest.done
        self.joined = manifest.joined
        self.rows = self._resumed = sum(done.rows_in for done in self.done.values())

    def add(self, number: int, part: Part, rows_in: int) -> None:
        """Keep a part.

        Raises
        ------
        ConfigError
            The disk is full, or refuses otherwise.
        """
        with telling(self._out):
            if part.refused:
                self._write(_name(number) + REFUSED_SUFFIX, part.refused)
            self._write(_name(number), part.data)
            self._manifest.add(number, Done.of(part, rows_in))
        self.rows += rows_in

    def _write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        with whole(self._folder / name) as file:
            file.write(data)

    def summary(self) -> Summary:
        """Return what was done so far, earlier runs counted in."""
        numbers = sorted(self.done)
        found = total(self.done[number].summary for number in numbers)
        return total((found, Summary(resumed=self._resumed)))

    def finish(self, count: int, job: Job, quarantine: Aside | None, *, overwrite: bool) -> Summary:
        """Join parts 0 to `count` - 1, remove them and return what was done.

        Output and quarantine are whole before one of them gets its name, and the manifest knows
        them before that: a run that ends in between is gone on with like any other.

        Raises
        ------
        ConfigError
            The disk is full, or refuses otherwise; a part is no longer as it was written.
        """
        for number in [number for number in self.done if number >= count]:
            del self.done[number]  # of files that were gone when they were to be read again
        replaces = overwrite or is_one_of(self._out, self.joined)
        with RowFile(self._out, job.columns, overwrite=replaces) as rows:
            files = [rows.file]
            for number in range(count):
                data, refused = self._read(number)
                rows.append(data)
                if quarantine is not None:
                    with telling(quarantine.path):
                        quarantine.file.write(refused)
            rows.complete()
            if quarantine is not None:
                with telling(quarantine.path):
                    sync(quarantine.file)
                files.append(quarantine.file)
            with telling(self._out):
                self._manifest.join(files)
        if quarantine is not None:
            put(quarantine, overwrite=overwrite or is_one_of(quarantine.path, self.joined))
        self._manifest.close()
        _empty(self._folder)
        return self.summary()

    def _read(self, number: int) -> tuple[bytes, bytes]:
        """Return the rows of a part and those with errors."""
        found = _read(self._folder, number, self.done[number])
        if found is None:
            raise ConfigError(
                f"{self._folder / _name(number)}: is gone or was changed while the run went on; "
                "run the same command again, which makes it anew"
            )
        return found


def parts_folder(out: Path) -> Path:
    """Return the folder of an output's finished parts."""
    return out.parent / (out.name + PARTS_SUFFIX)  # of "." too, which is refused a little later


def joined_files(out: Path) -> list[Mark]:
    """Return the files that an interrupted run joined the parts of an output to.

    Raises
    ------
    ConfigError
        The output's folder of parts is not ours.
    """
    return _manifest(parts_folder(out)).joined


@contextmanager
def open_parts(out: Path, plan: Plan, *, overwrite: bool) -> Iterator[Parts]:
    """Give the parts of an output, those of an interrupted run of the same plan among them.

    On an error the finished parts stay; a folder without any is removed.

    Raises
    ------
    ConfigError
        Another run writes this output, or one with another plan was interrupted and `overwrite`
        does not say that its parts may go; the folder is not ours.
    """
    folder = parts_folder(out)
    with _locked(folder, out):
        manifest = _manifest(folder)
        older = manifest.plan
        if older and plan.input and not plan.changes(older):
            manifest.done = {n: d for n, d in manifest.done.items() if _read(folder, n, d) is not None}
            plan = older
        else:
            if older and older.input and manifest.done and not overwrite:
                raise ConfigError(_refusal(folder, plan, older))
            manifest.done, manifest.joined = {}, []
            with telling(folder):
                _remove_parts(folder)  # an older run's would be taken for this one's
        try:
            with telling(out):
                manifest.begin(plan)
            yield Parts(folder, out, manifest, plan)
        finally:
            manifest.close()
            if not manifest.done or not plan.input:
                _empty(folder)


@contextmanager
def _locked(folder: Path, out: Path) -> Iterator[None]:
    """Hold a folder's lock; the system frees it however the process ends."""
    lock = None
    with telling(out):
        while lock is None:
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # a run that ended just now removed the folder
                lock = claim(folder / LOCK)
    with lock:
        yield


def _manifest(folder: Path) -> Manifest:
    """Return the manifest in a folder of parts, which need not be there.

    Raises
    ------
    ConfigError
        The folder is there and holds what is not ours, or cannot be read.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest(path)
        found = list(folder.iterdir()) if folder.exists() else []
        strange = [
            item.name
            for item in found
            if not (item.name in _OTHERS or (manifest.is_ours and _PART.fullmatch(item.name))) or not item.is_file()
        ]
    except OSError as error:
        raise ConfigError(
            f"{error.filename or path}: cannot be read ({error.strerror}); let it be read, or name another output"
        ) from None
    if strange:
        raise ConfigError(
            f"{folder}: unfinished output goes there, but it holds {min(strange)!r}, which is not "
            "ours; move the folder away or name another output"
        )
    return manifest


def _refusal(folder: Path, plan: Plan, older: Plan) -> str:
    """Return in words why a run is not gone on with."""
    changes = plan.changes(older) or ["the input can be read only once"]
    return (
        f"{folder}: holds the parts of an interrupted run that cannot be gone on with: "
        f"{'; '.join(changes)}; run the command that was interrupted, or add --overwrite to "
        "start anew"
    )


def _name(number: int) -> str:
    """Return the name of a part's file."""
    return f"part-{number:06d}"


def _read(folder: Path, number: int, done: Done) -> tuple[bytes, bytes] | None:
    """Return a part's rows and those with errors; None where they are not as they were written."""
    path = folder / _name(number)
    try:
        data = path.read_bytes()
        refused = path.with_name(path.name + REFUSED_SUFFIX).read_bytes() if done.refused else b""
    except OSError:
        return None
    found = (len(data), digest(data), digest(refused) if refused else "")
    return (data, refused) if found == (done.bytes, done.digest, done.refused) else None


def _remove_parts(folder: Path) -> None:
    """Remove the files of all parts."""
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
