"""The folder of an output's finished parts, beside it while a run goes; one run at a time.

Each part is written aside, brought to the disk and renamed, and only then noted in the manifest. So
a run that is killed leaves whole parts, and the next run of the same command goes on behind them.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from saring.atomic import whole
from saring.errors import ConfigError
from saring.read import PARTS_SUFFIX
from saring.score.jobs import Job
from saring.score.making import Part
from saring.score.manifest import Done, Manifest, Plan, digest
from saring.score.summary import Summary, total
from saring.writers import RowFile, telling

__all__ = ["Parts", "open_parts"]

LOCK, MANIFEST = "lock", "manifest.jsonl"
REFUSED_SUFFIX = ".errors"


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
    """

    def __init__(self, folder: Path, out: Path, manifest: Manifest, plan: Plan) -> None:
        self._folder = folder
        self._out = out
        self._manifest = manifest
        self.plan = plan
        self.done = manifest.done
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

    def finish(self, count: int, job: Job, quarantine: Path | None) -> Summary:
        """Join parts 0 to `count` - 1 to the output, remove them and return what was done."""
        for number in [number for number in self.done if number >= count]:
            del self.done[number]  # of files that were gone when they were to be read again
        names = [self._folder / _name(number) for number in range(count)]
        if quarantine is not None:
            with telling(quarantine):
                _concatenate([path.with_name(path.name + REFUSED_SUFFIX) for path in names],
                             quarantine)  # fmt: skip
        with RowFile(self._out, job.columns) as file:
            for path in names:
                file.append(path.read_bytes())
        self._manifest.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        return self.summary()


@contextmanager
def open_parts(out: Path, plan: Plan, *, overwrite: bool) -> Iterator[Parts]:
    """Give the parts of an output, those of an interrupted run of the same plan among them.

    On an error the finished parts stay; a folder without any is removed.

    Raises
    ------
    ConfigError
        Another run writes this output, or one with another plan was interrupted and `overwrite`
        does not say that its parts may go.
    """
    folder = out.with_name(out.name + PARTS_SUFFIX)
    with telling(out):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, out):
        manifest = Manifest(folder / MANIFEST)
        older = manifest.plan
        if older and plan.input and not plan.changes(older):
            manifest.done = {n: d for n, d in manifest.done.items() if _is_whole(folder, n, d)}
            plan = older
        else:
            if older and older.input and manifest.done and not overwrite:
                raise ConfigError(_refusal(folder, plan, older))
            manifest.done = {}
        try:
            with telling(out):
                manifest.begin(plan)
            yield Parts(folder, out, manifest, plan)
        finally:
            manifest.close()
            if not manifest.done or not plan.input:
                shutil.rmtree(folder, ignore_errors=True)


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


def _is_whole(folder: Path, number: int, done: Done) -> bool:
    """Return whether the file of a part is there as it was written."""
    path = folder / _name(number)
    try:
        return path.stat().st_size == done.bytes and digest(path.read_bytes()) == done.digest
    except OSError:
        return False


def _concatenate(paths: list[Path], out: Path) -> None:
    """Write files one behind another, those that are there, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole(out) as file:
        for path in paths:
            if path.exists():
                file.write(path.read_bytes())


@contextmanager
def _locked(folder: Path, out: Path) -> Iterator[None]:
    """Hold a folder's lock; the system frees it however the process ends."""
    with telling(out):
        file = (folder / LOCK).open("ab")
    with file:
        try:
            _lock(file.fileno())
        except OSError:
            raise ConfigError(
                f"{out}: another run is writing it just now; wait for that to end or name "
                "another file"
            ) from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> None:
        """Lock an open file, or raise OSError where another process has."""
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(number: int) -> None:
        """Lock an open file, or raise OSError where another process has."""
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
