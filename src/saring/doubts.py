"""Doubts: labels that a model which never saw them finds unlikely, for people to look at again.

Every label is asked about once, by a model trained on other articles. A topic that only a portal's
section gives is asked about too, but as everywhere not trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from saring.config import TrainConfig
from saring.corpus import LabelledArticle
from saring.errors import CorpusError
from saring.fit import Answers, label_targets, task_labels
from saring.folds import Progress, Question, run_folds
from saring.models import Calibration
from saring.protocols import RANDOM, protocol_folds
from saring.split import article_groups
from saring.tasks import DESK, TASKS, Table, Task

__all__ = ["COLUMNS", "Doubt", "Doubts", "find_doubts"]

# Columns of a doubt's row and their kinds, as `writers.open_rows` takes them.
COLUMNS: Mapping[str, str] = {
    "id": "string",
    "title": "string",
    "publisher": "string",
    "headline": "string",
    "label": "string",
    "label_source": "string",
    "predicted": "string",
    "p_label": "float",
    "p_predicted": "float",
}
READ = "read"  # how people are told of a source that is empty: somebody read the article


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label and the one that a model would give instead.

    Attributes
    ----------
    id, title, publisher : str
        Of the article.
    headline : str
        Headline that the label is of; empty where it is of the article.
    label, predicted : str
    label_source : str
        Who gave a topic, as in `LabelledArticle.topic_source`.
    p_label, p_predicted : float
        Probability of each, in [0, 1].
    """

    id: str
    title: str
    publisher: str
    headline: str
    label: str
    label_source: str
    predicted: str
    p_label: float
    p_predicted: float

    def row(self) -> dict[str, Any]:
        """Return the columns of `COLUMNS`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Doubts:
    """The doubted labels, the most doubted first, and how many labels of each source were asked."""

    rows: tuple[Doubt, ...]
    asked: Mapping[str, int]

    def lines(self) -> list[str]:
        """Return what people are told: each source's labels and how many of them are doubted."""
        doubted = Counter(row.label_source for row in self.rows)
        return [
            f"{source or READ:<8} {n:>7,} labels {doubted[source]:>6,} doubted"
            f" ({doubted[source] / n:.1%})"
            for source, n in sorted(self.asked.items())
        ]


def find_doubts(
    articles: Sequence[LabelledArticle],
    config: TrainConfig,
    question: str = "topic",
    progress: Progress = lambda stage, done, total: None,
) -> Doubts:
    """Return the labels of a question that models trained on other articles disagree with.

    The folds are random and keep near-duplicates together, whatever the articles' ``split``.
    The least probable label comes first.

    Parameters
    ----------
    articles : sequence of LabelledArticle
    config : TrainConfig
        Its folds, its seed and its settings of the question's model.
    question : str
        "topic", "link" or "clickbait".
    progress : callable
        Called with the stage's name, the steps done and the steps to do.

    Raises
    ------
    CorpusError
        When no article has a label of the question, or one stands in too few articles to split.
    """
    [task] = [task for task in TASKS if task.name == question]
    table, taught = _questions(task, articles, config)
    if not table.asked.any():
        raise CorpusError(
            f"{question}: found no label among {len(articles)} article(s); expected labelled ones"
        )
    labels = task_labels(task, table)
    with threadpool_limits(limits=1):
        groups = article_groups(articles)[table.articles]
        parts = _answers(task, table, taught, groups, config, progress)
    rows = np.concatenate([part.rows for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    targets = label_targets(table.take(rows), labels)
    fair = taught[rows]  # by noisier labels a model looks surer than it should be
    probabilities = Calibration(scores[fair], targets[fair]).apply(scores)
    found = [
        _doubt(task, table, row, articles, dict(zip(labels, map(float, p), strict=True)))
        for row, p in zip(rows.tolist(), probabilities, strict=True)
    ]
    return Doubts(
        tuple(sorted((d for d in found if d.predicted != d.label), key=_surest_first)),
        Counter(doubt.label_source for doubt in found),
    )


def _questions(
    task: Task, articles: Sequence[LabelledArticle], config: TrainConfig
) -> tuple[Table, NDArray[np.bool_]]:
    """Return a table that asks about every label, and which of its rows may be trained on.

    A desk's topic is not trained on, unless no reader gave that topic to any article.
    """
    table = task.table([replace(a, topic_source="") for a in articles], config)
    by_desk = [not task.labels and a.topic_source == DESK for a in articles]
    desk = np.array(by_desk, dtype=np.bool_)[table.articles]
    desk &= np.isin(table.truth, table.truth[~desk])
    return table, ~desk


def _answers(
    task: Task,
    table: Table,
    taught: NDArray[np.bool_],
    groups: NDArray[np.intp],
    config: TrainConfig,
    progress: Progress,
) -> list[Answers]:
    """Return the answers to all questions, fold by fold."""
    plan = replace(config, protocols=(RANDOM,), tested="")
    [folds] = protocol_folds(table, groups, plan).values()
    questions = [Question(task, table, (train[taught[train]], test)) for train, test in folds]
    return [answers for _, answers in run_folds(questions, config, progress) if answers]


def _doubt(
    task: Task,
    table: Table,
    row: int,
    articles: Sequence[LabelledArticle],
    probabilities: Mapping[str, float],
) -> Doubt:
    """Return a row's label beside the most probable one, which may be the same."""
    labelled = articles[table.articles[row]]
    label = str(table.truth[row])
    predicted = max(probabilities, key=probabilities.__getitem__)
    asked = table.rows[row]
    headline = asked if isinstance(asked, str) else "".join(asked[2:])  # of a pair the third
    return Doubt(
        labelled.article.id,
        labelled.article.title,
        labelled.article.publisher,
        headline,
        label,
        "" if task.labels else labelled.topic_source,
        predicted,
        probabilities[label],
        probabilities[predicted],
    )


def _surest_first(doubt: Doubt) -> tuple[float, float, str]:
    """Return what doubts are ordered by; the id, so that the order is always the same."""
    return doubt.p_label, -doubt.p_predicted, doubt.id
