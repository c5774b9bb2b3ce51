"""The three tasks (topic, link, clickbait) as tables of rows and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from saring.config import TrainConfig
from saring.evaluation.measure import Strings
from saring.models import pipelines
from saring.models.tfidf_features import Rows
from saring.training.corpus import SECTION, UNSURE, LabelledArticle, row_keys

DAY_CHARS = len("2024-01-31")
REST = "other"  # the topic of all that has no topic of its own
# In the order of the alphabet, as scikit-learn keeps classes; the second is the positive one.
LINK_LABELS = ("related", "unrelated")
CLICKBAIT_LABELS = ("clear", "clickbait")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The rows of one task, column by column."""

    rows: Sequence[Any]  # what the model reads
    truth: Strings
    publishers: Strings
    days: Strings  # on which its article was published, as 2024-01-31; empty where unknown
    corpora: Strings  # name of the file it comes from
    ids: Strings  # of its article
    articles: NDArray[np.intp]  # number of its article; the rows of one article stay together in every split
    weights: NDArray[np.float64]  # in training; from a row without weight only features are learned
    shares: NDArray[np.float64]  # of the annotators who gave the row its truth; NaN where nobody counted
    grades: NDArray[np.float64]  # how near a link is, 0 to 2; NaN where nobody graded it
    is_eval: NDArray[np.bool_]  # whether it may be tested; the others only help in training

    def take(self, chosen: NDArray[Any]) -> Table:
        """Return the rows chosen by a mask or by row numbers."""
        numbers = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        columns = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "rows"}
        rows = self.rows
        return Table(
            rows=rows.take(numbers) if isinstance(rows, Rows) else [rows[int(i)] for i in numbers],
            **{name: column[numbers] for name, column in columns.items()},
        )

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class _TableRow:
    """One row before it is put into columns."""

    row: Any
    truth: str
    weight: float = 1.0
    is_eval: bool = True
    share: float = np.nan
    grade: float = np.nan


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its name, its labels, its model, and how an article becomes rows.

    Where `every_corpus` is set, calibration and thresholds follow from the answers to all corpora, each with the same
    say, and not from those to ``config.tested`` alone: that corpus's rows may be real, but another's are more like what
    will be predicted.
    """

    name: str
    labels: tuple[str, ...]  # the second of two is the positive one; empty: those of the corpus, sorted
    build: Callable[[TrainConfig], Pipeline]
    parameters: Callable[[Pipeline], Any]  # of a fitted one
    article_rows: Callable[[LabelledArticle, TrainConfig], Iterator[_TableRow]]
    every_corpus: bool = False

    def table(self, articles: Sequence[LabelledArticle], config: TrainConfig) -> Table:
        """Return the task's rows, article by article; one without its label gives none."""
        found = [(i, a, row) for i, a in enumerate(articles) for row in self.article_rows(a, config)]
        return Table(
            rows=[row.row for _, _, row in found],
            truth=np.array([row.truth for _, _, row in found], dtype=np.str_),
            publishers=np.array([a.article.publisher for _, a, _ in found], dtype=np.str_),
            days=np.array([a.article.published[:DAY_CHARS] for _, a, _ in found], dtype=np.str_),
            corpora=np.array([a.corpus for _, a, _ in found], dtype=np.str_),
            ids=np.array([a.article.id for _, a, _ in found], dtype=np.str_),
            articles=np.array([i for i, _, _ in found], dtype=np.intp),
            weights=np.array([row.weight for _, _, row in found]),
            shares=np.array([row.share for _, _, row in found]),
            grades=np.array([row.grade for _, _, row in found]),
            is_eval=np.array([row.is_eval for _, _, row in found], dtype=np.bool_),
        )


def task_labels(task: Task, table: Table) -> tuple[str, ...]:
    """Return a task's own labels, or those the table has, in the order of the alphabet."""
    return task.labels or tuple(str(label) for label in np.unique(table.truth))


def _topic_rows(labelled: LabelledArticle, config: TrainConfig) -> Iterator[_TableRow]:
    """Yield the article, and as training help the headlines of its related links.

    A related headline has its article's topic, in other words and without its length. A topic that only the portal's
    section gives is not used, and an article that was chosen for being hard is no fair sample. Where the reader was not
    sure of the topic, all its rows weigh less; more where the topic is that of all the rest.
    """
    if not labelled.topic or labelled.topic_source == SECTION:
        return
    weight = config.topic.unsure if labelled.kind == UNSURE else 1.0
    weight *= config.topic.other if labelled.topic == REST else 1.0
    row = (labelled.article.title, labelled.article.body)
    yield _TableRow(row, labelled.topic, weight, is_eval=not labelled.topic_source)
    weight *= config.topic.headline_weight
    for link in labelled.links:
        if link.related and weight > 0:
            yield _TableRow((link.headline, ""), labelled.topic, weight, is_eval=False)


def _link_rows(labelled: LabelledArticle, config: TrainConfig) -> Iterator[_TableRow]:
    """Yield the article with each of its labelled links, or else as background."""
    title, body = labelled.article.title, labelled.article.body
    pairs = [link for link in labelled.links if link.related is not None]
    for link in pairs:
        grade, weight = (np.nan, config.link.ungraded) if link.grade is None else (link.grade, 1.0)
        yield _TableRow((title, body, link.headline), LINK_LABELS[not link.related], weight, grade=grade)
    if config.link.background and body and not pairs:
        yield _TableRow((title, body, ""), LINK_LABELS[0], weight=0.0, is_eval=False)


def _clickbait_rows(labelled: LabelledArticle, config: TrainConfig) -> Iterator[_TableRow]:
    """Yield the title and the headlines that have a clickbait label.

    Where annotators were of two minds, both labels are trained on, each by its share of the votes.
    """
    headlines = [(labelled.article.title, labelled.clickbait, labelled.clickbait_share)]
    headlines += [(link.headline, link.clickbait, None) for link in labelled.links]
    for headline, clickbait, votes in headlines:
        if not headline or clickbait is None:
            continue
        label, other = CLICKBAIT_LABELS[clickbait], CLICKBAIT_LABELS[not clickbait]
        if votes is None:
            yield _TableRow(headline, label, config.clickbait.single_vote)
            continue
        share = votes if clickbait else 1 - votes
        yield _TableRow(headline, label, share, share=share)
        if share < 1:
            yield _TableRow(headline, other, 1 - share, is_eval=False)


TASKS = (
    Task("topic", (), lambda config: pipelines.topic_model(config.topic), pipelines.topic_parameters, _topic_rows),
    Task(
        "link",
        LINK_LABELS,
        lambda config: pipelines.link_model(config.link, config.seed),
        pipelines.link_parameters,
        _link_rows,
        every_corpus=True,  # CLICK-ID has hard pairs of real titles, ours has teasers
    ),
    Task(
        "clickbait",
        CLICKBAIT_LABELS,
        lambda config: pipelines.clickbait_model(config.clickbait),
        pipelines.clickbait_parameters,
        _clickbait_rows,
    ),
)


class RowText(NamedTuple):
    """What a person reads of a row: of a headline the last, of an article the first two, of a link all."""

    title: str = ""
    body: str = ""
    headline: str = ""


def texts_by_key(task: str, articles: Sequence[LabelledArticle]) -> dict[int, RowText]:
    """Return the text of each row of a task that may be tested, by its key; see `training.corpus.row_keys`."""
    [found] = [one for one in TASKS if one.name == task]
    table = found.table(articles, TrainConfig())
    table = table.take(table.is_eval)
    texts = (RowText(headline=row) if isinstance(row, str) else RowText(*row) for row in table.rows)
    return dict(zip(row_keys(table.rows).tolist(), texts, strict=True))
