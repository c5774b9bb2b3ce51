"""Label issues: labels that a model which never saw them finds unlikely, for people to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from threadpoolctl import threadpool_limits

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.heldout import HeldOut
from saring.models.pipelines import Calibration
from saring.training.corpus import SECTION, LabelledArticle
from saring.training.fit import FoldTask, Progress, label_targets, run_folds
from saring.training.splits import RANDOM, article_groups, protocol_folds
from saring.training.tasks import TASKS, task_labels, texts_by_key

READ = "read"  # how people are told of a source that is empty: somebody read the article


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """A label and the one that a model would give instead."""

    id: str  # of the article, as title and publisher are
    title: str
    publisher: str
    headline: str  # that the label is of; empty where it is of the article
    label: str
    label_source: str  # who gave a topic, as in `LabelledArticle.topic_source`
    predicted: str
    p_label: float  # probability of the label, as the model sees it
    p_predicted: float


# The columns of a table of label issues and their kinds, as `writers.open_rows` takes them.
COLUMNS = {field.name: "float" if field.type == "float" else "string" for field in fields(LabelIssue)}


@dataclass(frozen=True, slots=True)
class LabelIssues:
    """The flagged labels, the least probable first, and how many labels of each source were checked."""

    rows: tuple[LabelIssue, ...]
    n_checked: Mapping[str, int]

    def lines(self) -> list[str]:
        """Return what people are told: each source's labels and how many of them are flagged."""
        flagged = Counter(row.label_source for row in self.rows)
        return [
            f"{source or READ:<8} {n:>7,} labels {flagged[source]:>6,} flagged ({flagged[source] / n:.1%})"
            for source, n in sorted(self.n_checked.items())
        ]


def find_label_issues(
    articles: Sequence[LabelledArticle],
    config: TrainConfig,
    question: str = "topic",
    progress: Progress = lambda stage, done, total: None,
) -> LabelIssues:
    """Return the labels that models trained on other articles disagree with.

    The folds are random and keep near-duplicates together, whatever the articles' ``split``. A topic that only a
    portal's section gives is not trained on, unless no reader gave that topic to any article. `question` is "topic",
    "link" or "clickbait". CorpusError when no article has a label of it, or one stands in too few articles to split.
    """
    [task] = [task for task in TASKS if task.name == question]
    table = task.table([replace(a, topic_source="") for a in articles], config)
    if not table.is_eval.any():
        raise CorpusError(f"{question}: found no label among {len(articles)} article(s); expected labelled ones")
    by_section = [not task.labels and a.topic_source == SECTION for a in articles]
    untrained = np.array(by_section, dtype=np.bool_)[table.articles]
    untrained &= np.isin(table.truth, table.truth[~untrained])
    with threadpool_limits(limits=1):
        groups = article_groups(articles)[table.articles]
        [folds] = protocol_folds(table, groups, replace(config, protocols=(RANDOM,), tested="")).values()
        runs = [FoldTask(task, table, (train[~untrained[train]], test)) for train, test in folds]
        answers = [found for _, found in run_folds(runs, config, progress) if found]
    rows = np.concatenate([part.rows for part in answers])
    scores = np.concatenate([part.scores for part in answers])
    labels = task_labels(task, table)
    targets = label_targets(table.take(rows), labels)
    fair = ~untrained[rows]  # by noisier labels a model looks surer than it should be
    probabilities = Calibration(scores[fair], targets[fair]).apply(scores)
    found = []
    for row, p in zip(rows.tolist(), probabilities.tolist(), strict=True):
        labelled, read = articles[table.articles[row]], table.rows[row]
        headline = read if isinstance(read, str) else "".join(read[2:])  # of a pair the third
        found.append(_issue(task.name, labelled, headline, str(table.truth[row]), labels, p))
    return LabelIssues(_flagged(found), Counter(issue.label_source for issue in found))


def held_out_issues(
    heldout: Iterable[HeldOut], articles: Sequence[LabelledArticle], most: int = 500
) -> dict[str, list[LabelIssue]]:
    """Return the labels of each task that the answers which training has already disagree with, the worst first.

    The answers are those of random folds, where training made such, else of its first protocol; at most so many issues
    of each task. `find_label_issues` is more careful, and trains for it.
    """
    protocols: dict[str, HeldOut] = {}
    for one in sorted(heldout, key=lambda one: one.split != RANDOM):
        if not one.by and one.split != "test":
            protocols.setdefault(one.task, one)
    by_id = {a.article.id: a for a in articles}
    return {task: list(_flagged(_answered(one, by_id, articles)))[:most] for task, one in protocols.items()}


def _answered(
    one: HeldOut, by_id: Mapping[str, LabelledArticle], articles: Sequence[LabelledArticle]
) -> Iterator[LabelIssue]:
    """Yield each held-out row whose article is there, with its label and the one that the model would give."""
    texts, labels = texts_by_key(one.task, articles), one.scored.labels
    columns = (one.ids, one.keys, one.scored.truth, one.scored.probabilities)
    for article, key, label, p in zip(*(column.tolist() for column in columns), strict=True):
        if (labelled := by_id.get(article)) and (text := texts.get(key)):
            yield _issue(one.task, labelled, text.headline, label, labels, p)


def _issue(
    task: str, labelled: LabelledArticle, headline: str, label: str, labels: Sequence[str], probabilities: list[float]
) -> LabelIssue:
    """Return a label beside the one that a model would give, in the probabilities of all labels."""
    return LabelIssue(
        id=labelled.article.id,
        title=labelled.article.title,
        publisher=labelled.article.publisher,
        headline=headline,
        label=label,
        label_source=labelled.topic_source if task == "topic" else "",
        predicted=labels[probabilities.index(max(probabilities))],
        p_label=probabilities[labels.index(label)],
        p_predicted=max(probabilities),
    )


def _flagged(found: Iterable[LabelIssue]) -> tuple[LabelIssue, ...]:
    """Return those whose label is not the one that a model would give, the least probable first."""
    issues = [issue for issue in found if issue.predicted != issue.label]
    return tuple(sorted(issues, key=lambda issue: (issue.p_label, -issue.p_predicted, issue.id)))
