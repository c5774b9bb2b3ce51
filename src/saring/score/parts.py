"""The folder of an output's finished parts, beside it while a run goes; one run at a time.

Each part is written aside, brought to the disk and renamed, and only then noted in the manifest. So
a run that is killed leaves whole parts, and the next run of the same command goes on behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from saring.atomic import Aside, claim, sync, whole
from saring.errors import ConfigError
from saring.read import PARTS_SUFFIX
from saring.score.jobs import Job
from saring.score.making import Part
from saring.score.manifest import Done, Manifest, Mark, Plan, digest, is_one_of
from saring.score.summary import Summary, total
from saring.writers import RowFile, put, telling

__all__ = ["Parts", "joined_files", "open_parts", "parts_folder"]

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
            manifest.done = {
                n: d for n, d in manifest.done.items() if _read(folder, n, d) is not None
            }
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
            if not (item.name in _OTHERS or (manifest.is_ours and _PART.fullmatch(item.name)))
            or not item.is_file()
        ]
    except OSError as error:
        raise ConfigError(
            f"{error.filename or path}: cannot be read ({error.strerror}); let it be read, or name "
            "another output"
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
