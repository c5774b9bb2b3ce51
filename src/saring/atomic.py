"""Files and folders that appear under their name only when they are whole and on the disk.

What a rename shows after a power cut is what was brought to the disk before it; that the name is
there at all is known once the folder is on the disk, too. So: write aside, `sync`, `appear`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["appear", "sync", "sync_folder", "whole"]


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that has its name once it is complete; on an error an older one stays."""
    aside = path.with_name(path.name + ".part")
    try:
        with aside.open("wb") as file:
            yield file
            sync(file)
        appear(aside, path)
    finally:
        aside.unlink(
            missing_ok=True
        )  # gone already when all went well; a full disk needs each byte


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
