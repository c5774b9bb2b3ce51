"""Files and folders that appear under their name only when they are whole and on the disk.

What a rename shows after a power cut is what was brought to the disk before it; that the name is there at all is known
once the folder is on the disk, too. So: write aside, `sync`, `appear`.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

# A link or pipe in the place of our own file is an error, not followed nor waited for.
_CLAIMING = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_TURN_PAUSE = 0.05  # seconds


class Aside:
    """A file that is written aside, as `path` with ``.part`` behind it, and claimed for this process.

    Used as a context: what has not appeared by the end is removed, and an older file stays. BlockingIOError where
    another process has claimed the file, and holds it for so many seconds.
    """

    def __init__(self, path: Path, seconds: float = 0.0) -> None:
        self.path = path
        self._aside = path.with_name(path.name + ".part")
        self.file = claim(self._aside, seconds)
        self._appeared = False

    def appear(self) -> None:
        """Give the file its name, in place of an older one."""
        sync(self.file)
        if os.name == "nt":  # Windows cannot rename an open file
            self.file.close()
        appear(self._aside, self.path)
        self._appeared = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):  # what a full disk did not take when written it does not take now
            self.file.close()
        if not self._appeared:
            self._aside.unlink(missing_ok=True)


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that has its name once it is complete; on an error an older one stays."""
    with Aside(path) as aside:
        yield aside.file
        aside.appear()


def claim(path: Path, seconds: float = 0.0) -> IO[bytes]:
    """Return an empty file that is this process's alone until it is closed, however that ends.

    Raises BlockingIOError where another process has claimed it, and holds it for so many seconds.
    """
    end = time.monotonic() + seconds
    while True:
        file = os.fdopen(os.open(path, _CLAIMING, 0o666), "wb")
        try:
            _lock(file.fileno())
            found = os.fstat(file.fileno())
            with suppress(FileNotFoundError):
                if os.path.samestat(found, path.stat()):  # who had it before may have renamed it
                    if not stat.S_ISREG(found.st_mode):
                        raise FileExistsError(errno.EEXIST, f"{path.name} is no regular file")
                    file.truncate(0)
                    return file
        except BlockingIOError:
            if time.monotonic() >= end:
                file.close()
                raise
            time.sleep(_TURN_PAUSE)
        except BaseException:
            file.close()
            raise
        file.close()


_TURNS = threading.RLock()
_held: set[Path] = set()


@contextmanager
def in_turn(path: Path, seconds: float = 600.0) -> Iterator[None]:
    """Let one process at a time, and one thread of it, do what follows: others wait, and TimeoutError ends that.

    `path` is a file that is there meanwhile. In a folder that nobody can write into there is no queue.
    """
    with _TURNS:
        if path in _held:
            yield
            return
        file: IO[bytes] | None = None
        try:
            file = claim(path, seconds)
        except BlockingIOError:
            raise TimeoutError(f"{path}: another process has held it for {seconds:.0f} seconds") from None
        except OSError:  # nobody can write there
            pass
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            if file:
                if os.name != "nt":  # Windows cannot remove an open file
                    path.unlink(missing_ok=True)
                file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> None:
        """Lock an open file, or raise BlockingIOError where another process has."""
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from None

else:
    import fcntl

    def _lock(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync(file: IO[bytes]) -> None:
    """Bring what was written to an open file to the disk."""
    file.flush()
    os.fsync(file.fileno())


def appear(aside: Path, path: Path) -> None:
    """Give a file or folder that is on the disk its name, in place of an older file."""
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
