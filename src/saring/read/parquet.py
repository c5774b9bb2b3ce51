"""Parquet files to Arrow batches, and batches to rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from saring.errors import InputError
from saring.read.source import Source
from saring.read.stream import BUFFER_BYTES, Stream
from saring.read.values import Unreadable, Values

__all__ = ["BATCH_ROWS", "batch_rows", "is_text", "parquet_batches", "parquet_length",
           "parquet_rows", "parquet_schema"]  # fmt: skip

BATCH_ROWS = 512  # some 2 MB of articles

Choose = Callable[[Sequence[str]], "Sequence[str] | None"]  # columns by their names; None: all


def parquet_rows(source: Source, stream: Stream, choose: Choose | None = None) -> Iterator[Values]:
    """Yield the rows of a Parquet file, of the columns that `choose` takes or of all."""
    for batch in parquet_batches(source, stream, choose):
        yield from batch_rows(batch)


def parquet_batches(source: Source, stream: Stream, choose: Choose | None = None) -> Iterator[Any]:
    """Yield the rows of a Parquet file as Arrow batches, of the columns that `choose` takes or all.

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
            names = choose(table.schema_arrow.names) if choose else None
            yield from table.iter_batches(batch_size=BATCH_ROWS, columns=names)
    except (pa.ArrowException, OSError, ValueError, LookupError, MemoryError) as error:
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


def batch_rows(batch: Any) -> Iterator[Values]:
    """Yield the rows of an Arrow batch; a value that Python has none for is `Unreadable`."""
    names = batch.schema.names
    for values in zip(*map(_values, batch.columns), strict=True):
        yield dict(zip(names, values, strict=True))


def _values(column: Any) -> list[Any]:
    """Return the values of an Arrow column."""
    try:
        return list(column.to_pylist())
    except Exception:  # whatever the libraries raise that know dates, time zones and encodings
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError as error:
        return Unreadable(f"bytes that are no UTF-8 ({error.reason})")
    except Exception as error:
        return Unreadable(f"a value of type {scalar.type} that nothing can hold ({error})")


def is_text(kind: Any) -> bool:
    """Return whether an Arrow type is that of plain strings."""
    return str(kind) in ("string", "large_string")
