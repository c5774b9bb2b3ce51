"""saring as a stage of a NeMo Curator pipeline: `TeaserStage`.

It needs saring's core, and of NeMo Curator what reads and writes texts without a GPU. No extra of saring's names it:
it asks for CUDA's packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nemo_curator.stages.base import ProcessingStage
from nemo_curator.tasks import DocumentBatch

from saring.article import KeepLinks
from saring.columns import Columns
from saring.integrations.cleaning import KINDS, TOPIC_KINDS, Cleaner
from saring.io.writers import arrow_batch, arrow_schema
from saring.predict import load
from saring.sources import record_of


@dataclass
class TeaserStage(ProcessingStage[DocumentBatch, DocumentBatch]):  # type: ignore[misc]  # NeMo Curator has no types
    """Replaces a column of texts by clean texts and adds columns that say what left: ``saring_links`` and others.

    They are what `saring.integrations.datatrove.TeaserCleaner` writes with ``parquet=True``. A row that cannot be read
    keeps its text, and ``saring_error`` says why.
    """

    model: str | None = None  # as of `saring.load`
    keep_links: KeepLinks = "none"
    topics: bool = True
    text: str = "text"  # the column of texts
    title: str | None = None  # the column of titles, if it has no usual name
    name: str = "saring"

    def inputs(self) -> tuple[list[str], list[str]]:
        """Return what is needed: the column of texts."""
        return ["data"], [self.text]

    def outputs(self) -> tuple[list[str], list[str]]:
        """Return what is written: the same column, and saring's."""
        return ["data"], [self.text, *self._kinds()]

    def _kinds(self) -> dict[str, str]:
        """Return the added columns, to their kinds."""
        kinds = KINDS | TOPIC_KINDS if self.topics else KINDS
        return {f"saring_{name}": kind for name, kind in kinds.items()}

    def setup(self, worker_metadata: Any = None) -> None:
        """Open the model, once for each worker."""
        self._cleaner = Cleaner(load(self.model), self.keep_links, self.topics)

    def process(self, task: Any) -> Any:
        """Return a batch of documents, cleaned."""
        table = task.to_pyarrow()
        columns = Columns({"text": self.text} | ({"title": self.title} if self.title else {}))
        rows = table.to_pylist()
        answers = self._cleaner.answers([record_of(row, columns) for row in rows])
        texts = [row[self.text] if a.text is None else a.text for row, a in zip(rows, answers, strict=True)]
        said = [answer.typed() for answer in answers]
        kinds = {self.text: "string"} | self._kinds()
        values = {name: [one[name.removeprefix("saring_")] for one in said] for name in self._kinds()}
        made = arrow_batch({self.text: texts} | values, arrow_schema(kinds))
        for name in kinds:
            at = table.schema.get_field_index(name)
            table = table.append_column(name, made[name]) if at < 0 else table.set_column(at, name, made[name])
        return DocumentBatch(
            dataset_name=task.dataset_name, data=table, _metadata=task._metadata, _stage_perf=task._stage_perf
        )
