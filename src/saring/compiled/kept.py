"""Whether a compiled kernel lies on the disk, asked without numba, whose import takes a while."""

from __future__ import annotations

import os
import pickletools
import re
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["kernel_is_kept"]

_KEPT = re.compile(rb"^ *@native\(\*", re.MULTILINE)  # before a function that numba keeps


def kernel_is_kept() -> bool:
    """Return whether a kernel of this version is where numba keeps it.

    It is, if each file's functions are there, made by this numba of this very file and after all
    files that may have gone into them. Numba alone knows whether it fits the processor, and a third
    place, for folders that nobody may write to. Who is to start several processes makes the kernel
    first where this says no, for each of them would make it.
    """
    try:
        sources = {path: path.read_bytes() for path in Path(__file__).parent.rglob("*.py")}
        newest = max(path.stat().st_mtime for path in sources)
        return all(
            len({name for name in _functions(path, source, newest)}) >= len(_KEPT.findall(source))
            for path, source in sources.items()
        )
    except (OSError, PackageNotFoundError):
        return False


def _functions(path: Path, source: bytes, newest: float) -> Iterator[str]:
    """Yield the names of a file's functions that are kept as they are now."""
    index = f"{path.stem}.*.py{sys.version_info.major}{sys.version_info.minor}*.nbi"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    for kept in (
        Path(chosen).glob(f"*/{index}") if chosen else path.parent.glob(f"__pycache__/{index}")
    ):
        data = kept.read_bytes()
        fits = sha256(source).digest() in data and _maker(data) == version("numba")
        if fits and kept.stat().st_mtime >= newest:
            yield kept.name.partition("-")[0]


def _maker(data: bytes) -> object:
    """Return the version of numba that an index begins with; it is looked at, and not unpickled."""
    try:
        return next(value for _, value, _ in pickletools.genops(data) if isinstance(value, str))
    except (ValueError, StopIteration):
        return None
