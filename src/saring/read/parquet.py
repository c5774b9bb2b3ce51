"""Parquet files to Arrow batches, and batches to rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from saring.errors import InputError
from saring.read.source import Source
from saring.read.stream import BUFFER_BYTES, Stream
from saring.read.values import Broken, Values

__all__ = ["BATCH_ROWS", "batch_rows", "is_text", "parquet_batches", "parquet_length",
           "parquet_rows", "parquet_schema"]  # fmt: skip

BATCH_ROWS = 512  # some 2 MB of articles


def parquet_rows(source: Source, stream: Stream) -> Iterator[Values | Broken]:
    """Yield the rows of a Parquet file."""
    for batch in parquet_batches(source, stream):
        yield from batch_rows(batch)


def parquet_batches(
    source: Source, stream: Stream, names: Sequence[str] | None = None
) -> Iterator[Any]:
    """Yield the rows of a Parquet file as Arrow batches, of these columns alone or of all.

    Raises
    ------
    InputError
        The file is no Parquet or is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with ExitStack() as opened:
            plain = source.path if source.reopens and not stream.packed else None
            # Arrow would look for an address in a path, and refuse one that is not UTF-8.
            file: Any = opened.enter_context(
                pa.OSFile(os.fsencode(plain)) if plain else stream.spooled()
            )
            # Buffered and not read ahead: by default a whole row group is held, and kept (measured:
            # 720 MB for a file of 600 MB, so 150).
            table = opened.enter_context(
                parquet.ParquetFile(file, buffer_size=BUFFER_BYTES, pre_buffer=False)
            )
            yield from table.iter_batches(batch_size=BATCH_ROWS, columns=names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"found no readable Parquet ({error}); write the file anew") from None


def parquet_schema(path: Path) -> Any:
    """Return the Arrow schema of a Parquet file, None where it cannot be read."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with pa.OSFile(os.fsencode(path)) as file:
            return parquet.read_schema(file)
    except (pa.ArrowException, OSError):
        return None


def parquet_length(path: Path) -> int | None:
    """Return how many rows a Parquet file says it has, None where it cannot be read."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with pa.OSFile(os.fsencode(path)) as file:
            return int(parquet.read_metadata(file).num_rows)
    except (pa.ArrowException, OSError):
        return None


def batch_rows(batch: Any) -> Iterator[Values | Broken]:
    """Yield the rows of an Arrow batch."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for row in range(batch.num_rows):
            try:
                yield from batch.slice(row, 1).to_pylist()
            except UnicodeDecodeError as error:
                yield Broken(f"found bytes that are no UTF-8 ({error.reason}); write the row anew")


def is_text(kind: Any) -> bool:
    """Return whether an Arrow type is that of plain strings."""
    return str(kind) in ("string", "large_string")
