"""saring as a step of a datatrove pipeline: `TeaserCleaner`.

It needs saring's core and datatrove's, no extra of either: pages are turned to text by another step before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

from saring.article import KeepLinks
from saring.columns import Columns
from saring.errors import InputError, MissingExtraError, UsageError
from saring.integrations.cleaning import Answer, Cleaner
from saring.predict import load
from saring.sources import record_of

try:
    from datatrove.pipeline.base import PipelineStep
except ImportError:
    raise MissingExtraError("datatrove", "a step of a datatrove pipeline") from None

OnError = Literal["keep", "raise"]


class TeaserCleaner(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    r"""Replaces the text of each document by its clean text and says in the metadata what left.

    Each document goes on, in its order. ``doc.metadata["saring"]`` then holds ``links``, with the columns of a link in
    docs/columns.md; ``spans`` of the text as it came, objects of start, end, kind and score as `saring clean --spans`
    counts them; ``n_links``, ``n_unrelated``, ``removed``, ``model_version`` and ``error``, empty where all is well;
    with `topics` also ``topic``, ``topic_probability``, ``abstained``, ``out_of_domain`` and ``clickbait``.

    Parameters
    ----------
    model : str or path, optional
        As of `saring.load`; a worker on another machine must find it there, too.
    keep_links : {"none", "related", "all"}
        Which links stay in the text, as lines of their own.
    topics : bool
        Whether to ask for topics and clickbait, too; without them only articles with links are scored.
    title : str, optional
        Key of the title in the metadata; a usual one ("title", "judul") if not given. It helps to tell related links
        from others.
    replace_text : bool
        Whether the clean text takes the text's place; if not, only the metadata is written.
    parquet : bool
        Whether to write ``links`` and ``spans`` as JSON text and nothing as null: datatrove's ParquetWriter takes the
        types of all rows from the first one, in which a list may be empty.
    on_error : {"keep", "raise"}
        What becomes of a document that cannot be read: it stays as it is, with ``error`` saying why, or the task ends.
    key : str
        Where in the metadata all this goes.
    batch_size : int
        Documents that are scored at once.

    Examples
    --------
    >>> from datatrove.data import Document
    >>> text = "Rupiah menguat.\nBaca Juga: Potret Mesra Artis Sinetron\nPasar tenang."
    >>> [doc] = TeaserCleaner().run([Document(text=text, id="1", metadata={"title": "Kurs Hari Ini"})])
    >>> doc.text, [link["related"] for link in doc.metadata["saring"]["links"]]
    ('Rupiah menguat.\nPasar tenang.', [False])
    """

    type = "🧹 - CLEANER"
    name = "📰 saring"

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        keep_links: KeepLinks = "none",
        topics: bool = True,
        title: str | None = None,
        replace_text: bool = True,
        parquet: bool = False,
        on_error: OnError = "keep",
        key: str = "saring",
        batch_size: int = 256,
    ) -> None:
        super().__init__()
        for name, value, known in (
            ("keep_links", keep_links, get_args(KeepLinks)), ("on_error", on_error, get_args(OnError))
        ):  # fmt: skip
            if value not in known:
                raise UsageError(f"{name} is {value!r}; expected one of {', '.join(known)}")
        if batch_size < 1:
            raise UsageError(f"batch_size is {batch_size}; expected at least 1")
        self.model = None if model is None else str(model)  # what it is called: a task opens it where it runs
        self.keep_links, self.topics, self.title, self.replace_text = keep_links, topics, title, replace_text
        self.parquet, self.on_error, self.key, self.batch_size = parquet, on_error, key, batch_size

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        """Yield the documents of a task, cleaned; a model is opened before the first of them."""
        cleaner = Cleaner(load(self.model), self.keep_links, self.topics)
        columns = Columns({"text": "text", "id": "id"} | ({"title": self.title} if self.title else {}))
        waiting = iter(data or ())
        while documents := list(islice(waiting, self.batch_size)):
            with self.track_time(unit="batch"):
                rows = (doc.metadata | {"text": doc.text, "id": doc.id} for doc in documents)
                found = cleaner.answers([record_of(row, columns) for row in rows])
            for doc, answer in zip(documents, found, strict=True):
                self._note(doc, answer)
                yield doc

    def _note(self, doc: Any, answer: Answer) -> None:
        """Write an answer into its document and count it."""
        said = answer.said
        if answer.text is None and self.on_error == "raise":
            raise InputError(f"document {doc.id!r}: {said['error']}")
        self.stat_update("total")
        self.stat_update("links", value=said["n_links"])
        self.stat_update("unrelated_links", value=said["n_unrelated"])
        if answer.text is None:
            self.stat_update("errors")
        else:
            self.stat_update("characters_removed", value=len(doc.text) - len(answer.text))
            if self.replace_text:
                doc.text = answer.text
        doc.metadata[self.key] = answer.typed() if self.parquet else said
        self.update_doc_stats(doc)
