"""What lies in the inputs before they are read: a digest, and about how many rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from saring.read import Source, parquet_length, sources

__all__ = ["Survey", "survey"]

CHUNK_BYTES = 1 << 20
PACKED = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in the inputs.

    Attributes
    ----------
    digest : str
        Of the names and the content of all files; empty where one can be read only once.
    rows : int or None
        About how many rows there are, None where only reading them would tell.
    """

    digest: str
    rows: int | None


def survey(inputs: Iterable[str | Path], format: str) -> Survey:
    """Return what lies in the inputs; their bytes are read, not understood.

    Raises
    ------
    InputError
        An input is not there, or a folder holds nothing to read.
    """
    found = blake2b(digest_size=16)
    rows: int | None = 0
    once = False
    for source in sources(list(inputs), format):
        counted = None
        if source.path is None or not source.reopens:
            once |= source.named
        else:
            counted = _take_in(found, source, source.path)
        rows = None if rows is None or counted is None else rows + counted
    return Survey("" if once else found.hexdigest(), rows)


def _take_in(found: blake2b, source: Source, path: Path) -> int | None:
    """Add a file to a digest and return about how many rows it has."""
    found.update(repr((source.name, source.format)).encode())
    lines = quotes = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                found.update(chunk)
                if source.format == "jsonl":
                    lines += chunk.count(b"\n")
                elif source.format == "csv":
                    pieces = chunk.split(b'"')  # every other one stands within quotes
                    lines += sum(piece.count(b"\n") for piece in pieces[quotes % 2 :: 2])
                    quotes += len(pieces) - 1
    except OSError as error:  # reading it will say so again, as the error of its row
        found.update(repr(error.errno).encode())
        return None
    return _rows(source, path, lines)


def _rows(source: Source, path: Path, lines: int) -> int | None:
    """Return about how many rows a file has, by its format and the lines that were counted."""
    if path.suffix.lower() in PACKED:
        return None
    if source.format in ("txt", "html"):
        return 1
    if source.format == "parquet":
        return parquet_length(path)
    return {"jsonl": lines, "csv": max(0, lines - 1)}.get(source.format)
