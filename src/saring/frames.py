"""Tables scored: of pandas, polars and Arrow, by this process or, where they are large, by one a core.

What kind of table comes in comes out. Rows travel and are put together as Arrow columns of the types that the schema
says, whatever is in them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from saring.article import Record
from saring.batch.parts import Part, PartMaker, Summary, Task, row_tables
from saring.batch.run import BATCH_SIZE, MAX_WORKERS, cut_batches
from saring.batch.workers import pool_for
from saring.columns import Columns
from saring.errors import ConfigError
from saring.html.page import PageReader
from saring.io.blocks import ArrowBlock, Block
from saring.io.records import open_blocks
from saring.io.writers import arrow_batch, arrow_schema
from saring.sources import CHUNK_ROWS, is_lazy, is_table, lazy_schema, needed, record_of, rows_of, table_chunks


def answered(frame: Any, task: Task, workers: int | None = None) -> Any:
    """Return the rows that a task makes of a table, or of a list of articles, as a table of its kind.

    That is pandas' of a list, with the index of a DataFrame; polars' of polars, lazy of what is lazy; Arrow's of
    anything else that speaks Arrow, and of a stream a stream, whose rows are made as they are read.
    """
    if workers is not None and not 1 <= workers <= MAX_WORKERS:
        raise ConfigError(f"workers is {workers}; expected 1 to {MAX_WORKERS}")
    if hasattr(frame, "iloc") or not is_table(frame):
        return _of_pandas(frame, task, workers)
    if is_lazy(frame):
        return _of_lazy_polars(frame, task, workers)
    return _of_arrow(frame, task, workers)


def _of_arrow(frame: Any, task: Task, workers: int | None) -> Any:
    """Return the rows of what speaks Arrow."""
    import pyarrow as pa

    schema = arrow_schema(task.columns)
    batches = row_batches(frame, TableMaker(task, kinds=task.columns), workers)
    if isinstance(frame, pa.RecordBatchReader):
        return pa.RecordBatchReader.from_batches(schema, batches)
    table = pa.Table.from_batches(batches, schema)
    if type(frame).__module__.startswith("polars."):
        import polars as pl

        return pl.from_arrow(table)
    if isinstance(frame, pa.RecordBatch):
        return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=schema)
    return table


def _of_lazy_polars(frame: Any, task: Task, workers: int | None) -> Any:
    """Return the rows of a LazyFrame, made when they are collected; columns that nobody needs are never read."""
    import polars as pl

    rows: Any = pl.from_arrow(arrow_schema(task.columns).empty_table())
    return frame.select(needed(lazy_schema(frame))).map_batches(
        lambda part: _of_arrow(part, task, workers),
        predicate_pushdown=False,  # the columns that come out are others than those that go in
        projection_pushdown=False,
        schema=rows.schema,
    )


def _of_pandas(frame: Any, task: Task, workers: int | None) -> Any:
    """Return the rows of a DataFrame, a Series of texts or a list as a DataFrame of pandas' own types."""
    import orjson
    import pandas as pd
    import pyarrow as pa

    # `links` are lists of mappings, which are made from JSON much sooner than from Arrow.
    kinds = {name: "json" if kind == "links" else kind for name, kind in task.columns.items()}
    schema = arrow_schema(kinds)
    batches: Iterable[Any]
    if is_table(frame):
        batches = row_batches(frame, TableMaker(task, kinds=kinds), workers)
    else:
        articles: list[Any] = list(rows_of(frame))
        batches = [arrow_batch(task.table(articles), schema)]
    dtypes = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    table = pa.Table.from_batches(batches, schema)
    rows = table.to_pandas(types_mapper=dtypes.get)
    for name in [name for name, kind in task.columns.items() if kind == "links"]:
        values = [text and orjson.loads(text) for text in table.column(name).to_pylist()]
        rows[name] = pd.Series(values, dtype="object")
    if isinstance(frame, pd.DataFrame | pd.Series):
        rows.index = frame.index
    return rows


class _Unfiled:
    """A block's rows that no file and number names: ids are made from their texts, as of other rows of Python's."""

    __slots__ = ()

    def opened(self: Any, columns: Columns) -> Iterator[Record]:
        """Yield the record in each row."""
        return (record_of(row, columns) for row in self.values())


@dataclass(frozen=True, slots=True)
class RowBlock(_Unfiled, Block):
    """Rows of a table as mappings."""


@dataclass(frozen=True, slots=True)
class TableBlock(_Unfiled, ArrowBlock):
    """Rows of a table as an Arrow batch."""


def block_of(chunk: Any) -> Block:
    """Return rows of a table, mappings in a list or an Arrow batch, as a block."""
    return RowBlock(chunk) if isinstance(chunk, list) else TableBlock(chunk)


@dataclass(frozen=True, slots=True)
class TableMaker(PartMaker):
    """Makes the rows of blocks Arrow batches, here or in a worker process, to which it is pickled."""

    suffix: str = ""  # no file's
    kinds: Mapping[str, str] = field(default_factory=dict)  # the columns' types, as the table that is made has them

    def batches(self, blocks: Sequence[Block], pages: PageReader | None = None) -> Iterator[Any]:
        """Yield the rows in blocks as Arrow batches."""
        schema = arrow_schema(self.kinds)
        records = open_blocks(blocks, self.options, pages)
        return (arrow_batch(table, schema) for table in row_tables(self.task, records, self.seconds))

    def part(self, blocks: Sequence[Block], pages: PageReader | None = None) -> Part:
        """Return the rows in blocks as an Arrow stream."""
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, arrow_schema(self.kinds)) as stream:
            for batch in self.batches(blocks, pages):
                stream.write_batch(batch)
        return Part(sink.getvalue().to_pybytes(), b"", Summary())


def row_batches(table: Any, maker: TableMaker, workers: int | None) -> Generator[Any]:
    """Yield the rows of a table as Arrow batches, in order; without `workers` many are made by a process a core."""
    import pyarrow as pa

    parts = cut_batches(map(block_of, table_chunks(table)), CHUNK_ROWS, BATCH_SIZE)
    parts, pool, _ = pool_for(parts, workers, kernel=True)
    if not pool:
        for part in parts:
            yield from maker.batches(part)
        return
    waiting: dict[int, Part] = {}
    turn = 0
    with closing(pool.parts(enumerate(parts), maker)) as made:
        for number, _, answer in made:
            waiting[number] = answer
            while turn in waiting:
                yield from pa.ipc.open_stream(waiting.pop(turn).data)
                turn += 1
