"""Whether a compiled kernel lies on the disk, asked without numba, whose import takes a while."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["kernel_is_kept"]

# As numba names what it keeps of `kernel.py`, by version of Python.
_INDEX = f"kernel.*.py{sys.version_info.major}{sys.version_info.minor}*.nbi"


def kernel_is_kept() -> bool:
    """Return whether a kernel is where numba keeps it, be it an older one.

    Numba alone knows whether it is of use, and a third place, for folders that nobody may write to.
    Who is to start several processes makes the kernel first where this says no, for each of them
    would make it.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return any(Path(chosen).glob(f"*/{_INDEX}"))
    return any(Path(__file__).parent.glob(f"__pycache__/{_INDEX}"))
