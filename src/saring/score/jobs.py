"""What is done to records: each job turns some into rows.

Rows are columns on their way from the model to a file: lists of values are what both work on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from saring.article import Article, KeepLinks, Prediction, Record, clean_text
from saring.compiled import prepare
from saring.errors import BundleError
from saring.intake import take
from saring.predict import Model, load
from saring.schema import CLEAN_COLUMNS, as_table, kept_columns, kinds, prediction_columns
from saring.writers import Table

__all__ = ["Cleaning", "Job", "Scoring"]


class Cleaned(NamedTuple):
    """An article and its clean text, None where it could not be read: a clean row's making."""

    article: Article
    text: str | None


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
    kept: Mapping[str, str] = field(default_factory=dict)  # the input's own columns, to their kinds

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of prediction rows."""
        columns = prediction_columns(self.model.topics)
        return kinds((*columns, *kept_columns(self.kept, columns)))

    def table(self, records: list[Record]) -> Table:
        """Return the prediction rows of records."""
        found = self.model.predict(records, keep_links=self.keep_links, scored_at=self.scored_at)
        columns = prediction_columns(self.model.topics)
        own = kept_columns(self.kept, columns)
        return as_table(columns, found) | as_table(own, records)

    def __reduce__(self) -> tuple[Any, ...]:
        place = (str(self.model.path), self.model.model_version)
        return _opened, (Scoring, place, self.keep_links, self.scored_at, self.kept)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Articles without teasers and furniture; a model is needed to keep the related links."""

    model: Model | None
    keep_links: KeepLinks
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns of clean articles."""
        return kinds((*CLEAN_COLUMNS, *kept_columns(self.kept, CLEAN_COLUMNS)))

    def table(self, records: list[Record]) -> Table:
        """Return records as clean articles."""
        found = take(records)
        texts = iter(self._texts([item for item in found if isinstance(item, Article)]))
        cleaned = [
            Cleaned(item, next(texts))
            if isinstance(item, Article)
            else Cleaned(_unread(item), None)
            for item in found
        ]
        own = kept_columns(self.kept, CLEAN_COLUMNS)
        return as_table(CLEAN_COLUMNS, cleaned) | as_table(own, records)

    def _texts(self, articles: Sequence[Article]) -> list[str | None]:
        """Return the clean text of each article with the links to keep."""
        if self.model is not None and self.keep_links == "related":
            found: list[Prediction] = self.model.predict(articles, keep_links=self.keep_links)
            return [prediction.clean_text for prediction in found]
        return [clean_text(a, a.links if self.keep_links == "all" else ()) for a in articles]

    def __reduce__(self) -> tuple[Any, ...]:
        needed = self.model if self.keep_links == "related" else None
        place = (str(needed.path), needed.model_version) if needed else None
        return _opened, (Cleaning, place, self.keep_links, self.kept)


def _unread(item: Prediction) -> Article:
    """Return what is known of an article that could not be read."""
    return Article(
        item.id, item.title, "", publisher=item.publisher_printed, url=item.url, note=item.error
    )


def _opened(make: Callable[..., Job], place: tuple[str, str] | None, *rest: Any) -> Job:
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
    model = load(path)
    if model.model_version != version:
        raise BundleError(
            f"{path}: found model {model.model_version}, expected {version}, which the run began "
            "with; leave models alone while they work, and run the command again"
        )
    return make(model, *rest)
