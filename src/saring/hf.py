"""Hugging Face's datasets scored: `score(model)` is a function for `Dataset.map` and `IterableDataset.map`.

It imports nothing of ``datasets`` and asks no network. Its columns have the types of the schema in every batch,
whatever is in it, so that a first batch without a link or a title does not decide for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saring.article import KeepLinks, Record
from saring.batch.parts import Task, row_tables
from saring.errors import ConfigError, InputError
from saring.frames import TableMaker, block_of, row_batches
from saring.io.records import KEEP_ERRORS, open_blocks
from saring.io.writers import arrow_schema
from saring.predict import Model, now
from saring.schema import rows_in
from saring.sources import table_chunks


def score(
    model: Model,
    *,
    keep_links: KeepLinks = "none",
    scored_at: str | None = None,
    columns: Sequence[str] | None = None,
    prefix: str = "",
) -> Score:
    """Return a function for ``map(..., batched=True)`` that adds the columns of a prediction row.

    It works in whatever format a dataset has, also ``with_format("pandas")``, ``"polars"`` and ``"arrow"``, streamed or
    not, and with ``num_proc``; a second map of the same rows, model and options is read from the cache.

    Parameters
    ----------
    model : Model
        From `saring.load`.
    keep_links : {"none", "related", "all"}
        Which links stay in ``clean_text``.
    scored_at : str, optional
        Time to note in the rows, ISO 8601; when not given, that of their batch.
    columns : sequence of str, optional
        Which columns to add, all when not given.
    prefix : str
        What their names begin with. Without one they take the place of the dataset's columns of the same names:
        ``title``, ``topic``.

    Raises
    ------
    ConfigError
        When `columns` names one that a row does not have, or `keep_links` is none of these.

    Examples
    --------
    >>> import saring
    >>> import saring.hf
    >>> added = saring.hf.score(saring.load(), columns=["topic", "n_links"], prefix="saring_")
    >>> added({"text": ["Rupiah menguat terhadap dolar AS.", None]})
    {'saring_topic': ['economy', None], 'saring_n_links': [0, None]}
    """
    model.check_keep_links(keep_links)
    names = tuple(Task("score", model, keep_links).columns)
    if unknown := [name for name in columns or () if name not in names]:
        raise ConfigError(f"found the column {unknown[0]!r}; expected some of {', '.join(names)}")
    return Score(model, keep_links, scored_at, tuple(columns or names), prefix)


@dataclass(frozen=True)
class Score:
    """What `score` returns. It is pickled and hashed by its options and the model's place and version."""

    model: Model
    keep_links: KeepLinks
    scored_at: str | None
    columns: tuple[str, ...]
    prefix: str

    def __call__(self, batch: Any) -> Any:
        """Return the columns of a batch of columns, or a batch that is a table with them, as an Arrow table."""
        if not isinstance(batch, Mapping):
            return self._beside(batch)
        task = self._task()
        types = arrow_schema(task.columns)
        tables = list(row_tables(task, _records(batch)))
        return {
            self.prefix + name: TypedList([value for table in tables for value in table[name]], types.field(name).type)
            for name in self.columns
        }

    def features(self, features: Any = None) -> Any:
        """Return the features of the columns, behind those of a dataset, for ``map(..., features=)``.

        Only a dataset that is streamed has use for them: it does not know its columns before they are there.
        """
        from datasets import Features

        return Features({**(features or {}), **Features.from_arrow_schema(self._schema())})

    def _task(self) -> Task:
        return Task("score", self.model, self.keep_links, self.scored_at or now())

    def _schema(self) -> Any:
        """Return the Arrow schema of the columns that are added."""
        import pyarrow as pa

        schema = arrow_schema(self._task().columns)
        return pa.schema([schema.field(name).with_name(self.prefix + name) for name in self.columns])

    def _beside(self, batch: Any) -> Any:
        """Return a table with the columns behind its own; where they have one's name, in its place."""
        import pyarrow as pa

        task = self._task()
        rows = row_batches(batch, TableMaker(task, kinds=task.columns), 1)
        made = pa.Table.from_batches(rows, arrow_schema(task.columns))
        if hasattr(batch, "iloc"):
            found = pa.Table.from_pandas(batch, preserve_index=False)
        else:
            found = batch.to_arrow() if hasattr(batch, "to_arrow") else batch  # of polars
        for name, field in zip(self.columns, self._schema(), strict=True):
            place = found.schema.get_field_index(field.name)
            column = made.column(name)
            found = found.append_column(field, column) if place < 0 else found.set_column(place, field, column)
        return found


def _records(batch: Mapping[str, Any]) -> list[Record]:
    """Return the articles of a batch of columns, whose Arrow table is read where `datasets` gives it along."""
    table = getattr(batch, "pa_table", None)
    if (table is None or len(table) == 1) and not all(map(_is_column, batch.values())):
        raise InputError("found one article; expected a batch of them: write map(..., batched=True)")
    if table is not None:
        chunks = table_chunks(table)
    else:
        plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in batch.items()}
        chunks = iter([list(rows_in(plain))])
    return open_blocks(map(block_of, chunks), KEEP_ERRORS)


def _is_column(values: Any) -> bool:
    return hasattr(values, "__len__") and not isinstance(values, str | bytes | Mapping)


class TypedList(list[Any]):
    """Values that Arrow makes a column of their type, where others would have it guessed from what is in them."""

    def __init__(self, values: Iterable[Any], type: Any) -> None:
        super().__init__(values)
        self._type = type

    def __arrow_array__(self, type: Any = None) -> Any:
        """Return the values as an Arrow array."""
        import pyarrow as pa

        return pa.array(list(self), type or self._type)
