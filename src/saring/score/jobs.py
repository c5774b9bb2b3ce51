"""What is done to records: each job turns some into rows.

Rows are columns on their way from the model to a file: lists of values are what both work on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from saring.article import Article, KeepLinks, Prediction, Record, as_columns, clean_text
from saring.compiled import prepare
from saring.errors import BundleError
from saring.intake import take
from saring.predict import Model, load
from saring.writers import Table

__all__ = ["CLEAN_COLUMNS", "Cleaning", "Job", "Scoring", "prediction_columns"]


CLEAN_COLUMNS: Mapping[str, str] = {
    "id": "string",
    "title": "string",
    "published": "string",
    "publisher": "string",
    "source": "string",
    "author": "string",
    "editor": "string",
    "place": "string",
    "tags": "strings",
    "url": "string",
    "text": "string",
    "n_links": "int",
    "error": "string",
}


class Job(Protocol):
    """What is done to records; it is sent to worker processes as it is."""

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of its rows and their kinds."""

    def table(self, records: list[Record]) -> Table:
        """Return a row for each record, as columns; one with `error` filled gives one with it."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """Prediction rows, all with one time."""

    model: Model
    keep_links: KeepLinks
    scored_at: str

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of prediction rows."""
        return prediction_columns(self.model.topics)

    def table(self, records: list[Record]) -> Table:
        """Return the prediction rows of records."""
        found = self.model.predict(records, keep_links=self.keep_links, scored_at=self.scored_at)
        return as_columns(found, self.model.topics)

    def __reduce__(self) -> tuple[Any, ...]:
        place = (str(self.model.path), self.model.model_version)
        return _opened, (Scoring, place, self.keep_links, self.scored_at)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Articles without teasers and furniture; a model is needed to keep the related links."""

    model: Model | None
    keep_links: KeepLinks

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of clean articles."""
        return CLEAN_COLUMNS

    def table(self, records: list[Record]) -> Table:
        """Return records as clean articles."""
        found = take(records)
        texts = iter(self._texts([item for item in found if isinstance(item, Article)]))
        rows = [
            _clean_row(item, next(texts))
            if isinstance(item, Article)
            else _clean_row(Article(id=item.id, title=item.title, text="", note=item.error), None)
            for item in found
        ]
        return {name: [row[name] for row in rows] for name in self.columns}

    def _texts(self, articles: Sequence[Article]) -> list[str | None]:
        """Return the clean text of each article with the links to keep."""
        if self.model is not None and self.keep_links == "related":
            found: list[Prediction] = self.model.predict(articles, keep_links=self.keep_links)
            return [prediction.clean_text for prediction in found]
        return [clean_text(a, a.links if self.keep_links == "all" else ()) for a in articles]

    def __reduce__(self) -> tuple[Any, ...]:
        needed = self.model if self.keep_links == "related" else None
        place = (str(needed.path), needed.model_version) if needed else None
        return _opened, (Cleaning, place, self.keep_links)


def _opened(make: Callable[..., Job], place: tuple[str, str] | None, *rest: str) -> Job:
    """Return a job in a worker, which opens the model anew: a bundle loads faster than it travels.

    Raises
    ------
    BundleError
        Another model lies in its place by now.
    """
    if place is None:
        return make(None, *rest)
    path, version = place
    prepare()
    model = load(path, allow_version_skew=True)  # who started the run has let it pass
    if model.model_version != version:
        raise BundleError(
            f"{path}: found model {model.model_version}, expected {version}, which the run began "
            "with; leave models alone while they work, and run the command again"
        )
    return make(model, *rest)


def prediction_columns(topics: Sequence[str]) -> dict[str, str]:
    """Return the columns of prediction rows and their kinds, for `open_rows`."""
    kinds = {
        "topic_probability": "float",
        "clickbait": "float",
        "abstained": "bool",
        "links": "links",
        "n_links": "int",
        "n_unrelated": "int",
        **{f"p_{topic}": "float" for topic in topics},
    }
    return {name: kinds.get(name, "string") for name in as_columns([], topics)}


def _clean_row(article: Article, text: str | None) -> dict[str, Any]:
    """Return an article as a flat row."""
    return {
        "id": article.id,
        "title": article.title or None,
        "published": article.published or None,
        "publisher": article.publisher or None,
        "source": article.source or None,
        "author": article.author or None,
        "editor": article.editor or None,
        "place": article.place or None,
        "tags": list(article.tags),
        "url": article.url or None,
        "text": text,
        "n_links": None if text is None else len(article.links),
        "error": article.note or None,
    }
