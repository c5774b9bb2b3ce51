"""Labelled files asked about: by a stored model, and by models that never saw the label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from saring import kernel
from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.reports import Report
from saring.models.pair_features import BASELINE
from saring.models.pipelines import Calibration
from saring.store import Bundle
from saring.training.corpus import LabelledArticle, count_seen
from saring.training.fit import (
    Answers,
    Progress,
    Question,
    label_targets,
    make_report,
    overlap_labels,
    run_folds,
    task_labels,
)
from saring.training.splits import article_groups
from saring.training.tasks import DESK, LINK_LABELS, RANDOM, TASKS, Table, Task, protocol_folds

# A stored model asked about labelled articles: a report for each question they have labels for.


REST = "other"  # the topic of all that has no topic of its own


def assess(bundle: Bundle, articles: Sequence[LabelledArticle], split: str) -> list[Report]:
    """Return the reports of a model on labelled articles, for the whole and for each kind of row.

    Parameters
    ----------
    bundle : Bundle
        The model.
    articles : sequence of LabelledArticle
        Where some of them are marked ``test``, only these are asked about.
    split : str
        Name of the file or split, for the reports.

    Raises
    ------
    CorpusError
        When no row has a label of a question the model answers, or a label the model lacks.
    """
    asked = _asked(articles)
    groups = article_groups(asked)
    kinds = np.array([a.kind for a in asked], dtype=np.str_)
    reports = []
    for task in TASKS:
        table = task.table(asked, TrainConfig())
        if task.name not in bundle.tasks or not table.is_eval.any():
            continue
        _check_labels(bundle, task, table, asked)
        reports += _task_reports(bundle, task, table, groups, kinds, split)
    if not reports:
        raise CorpusError(f"{split}: no row has a label of a question that this model answers")
    return reports


def _asked(articles: Sequence[LabelledArticle]) -> list[LabelledArticle]:
    """Return the articles of a file that a model is asked about: its test split, or all."""
    return [a for a in articles if a.split == "test"] or list(articles)


def asked_note(bundle: Bundle, articles: Sequence[LabelledArticle], path: str) -> str:
    """Return a sentence: which rows of a file were asked about, and how many were trained on."""
    asked = _asked(articles)
    note = f"{path}: all {len(asked):,} rows"
    if len(asked) < len(articles):
        note = f"{path}: the rows whose split is test, {len(asked):,} of {len(articles):,}"
        if path.rpartition("/")[2] in bundle.card["sources"]:
            note += ", which training asked about too (test)"
    if seen := count_seen(asked, bundle.card.get("trained_on", "")):
        note += f". The model WAS TRAINED ON {seen:,} of them: of new articles expect less"
    return f"{note}."


def stored_reports(bundle: Bundle) -> list[Report]:
    """Return the reports that training left in a model's card: one for each protocol."""
    return [Report.from_json(stored) for stored in bundle.card["metrics"].values()]


def _check_labels(bundle: Bundle, task: Task, table: Table, articles: Sequence[LabelledArticle]) -> None:
    """Raise CorpusError for a label that is none of the model's, before it is asked."""
    labels = bundle.card["labels"][task.name]
    unknown = np.flatnonzero(table.is_eval & ~np.isin(table.truth, labels))
    if len(unknown):
        first = articles[table.articles[unknown[0]]]
        raise CorpusError(
            f"{first.where or first.article.id}: {task.name} is {str(table.truth[unknown[0]])!r}, "
            f"one of {len(unknown)} such label(s) ({', '.join(np.unique(table.truth[unknown]))}); "
            f"the model {bundle.card['name']!r} expects one of {', '.join(labels)}: rename them (a "
            "recipe's [topics] does), or ask a model that `saring train` made from such rows"
        )


def _task_reports(
    bundle: Bundle, task: Task, table: Table, groups: NDArray[np.intp], kinds: NDArray[np.str_], split: str
) -> list[Report]:
    """Return the reports of one question: all rows, then each part of them."""
    table = table.take(table.is_eval)
    labels = tuple(bundle.card["labels"][task.name])
    probabilities = _probabilities(bundle, task, table.rows)
    rules = _rules(bundle, task, table.rows)
    reports = []
    for part in _parts(table, kinds[table.articles], labels):
        columns = np.array([labels.index(label) for label in part.labels])
        given = probabilities[np.ix_(part.rows, columns)]
        reports.append(
            make_report(
                task,
                table,
                part.rows,
                given / given.sum(axis=1, keepdims=True),
                {name: np.asarray(rule)[part.rows] for name, rule in rules.items()} if part.labels == labels else {},
                labels=part.labels,
                groups=groups[table.articles],
                split=split,
                part=part.name,
                threshold=bundle.card["thresholds"]["unrelated"] if task.name == "link" else 0.5,
            )
        )
    return reports


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some rows of a table that are reported apart, and the labels that they may have."""

    name: str
    rows: NDArray[np.intp]
    labels: tuple[str, ...]


def _parts(table: Table, kinds: NDArray[np.str_], labels: tuple[str, ...]) -> Iterator[_Part]:
    """Yield all rows; each kind; and of each the rows and labels that leave no room for doubt.

    Those are links graded 0 or 2, without the ones between, and topics without the rest class.
    """
    every = np.ones(len(table), dtype=np.bool_)
    named = {"": every} | {str(kind): kinds == kind for kind in np.unique(kinds) if kind}
    sharp = np.isin(table.grades, (0, 2))
    clear = table.truth != REST
    three = tuple(label for label in labels if label != REST)
    for name, chosen in named.items():
        yield _Part(name, np.flatnonzero(chosen), labels)
        if sharp.any() and not sharp.all() and (chosen & sharp).any():
            yield _Part(", ".join(filter(None, (name, "graded 0 or 2"))), np.flatnonzero(chosen & sharp), labels)
        if REST in labels and len(three) > 1 and (chosen & clear).any():
            yield _Part(", ".join(filter(None, (name, f"{REST} left out"))), np.flatnonzero(chosen & clear), three)


def _probabilities(bundle: Bundle, task: Task, rows: Sequence[Any]) -> NDArray[np.float64]:
    """Return the probability of each label for rows of a task, shape (n, n_labels)."""
    if task.name == "topic":
        titles, bodies = zip(*rows, strict=True)
        return kernel.topics(bundle.topic, titles, bodies).probabilities
    if bundle.link is not None and task.name == "link":
        unrelated = kernel.links(bundle.link, rows)[0]
        return np.column_stack([1 - unrelated, unrelated])
    assert bundle.clickbait is not None  # `assess` asks for what the bundle has
    return kernel.clickbait(bundle.clickbait, rows)


def _rules(bundle: Bundle, task: Task, rows: Sequence[Any]) -> Mapping[str, ArrayLike]:
    """Return what the baselines learned in training say of rows."""
    rules: dict[str, ArrayLike] = {"majority": np.full(len(rows), bundle.card["majority"][task.name])}
    if bundle.link is not None and task.labels == LINK_LABELS:
        features = kernel.pair_features(bundle.link.pairs, rows)
        overlap = ((features - bundle.link.mean) / bundle.link.scale)[:, BASELINE]
        rules["overlap"] = overlap_labels(overlap, bundle.card["thresholds"]["overlap"])
    return rules


# Label issues: labels that a model which never saw them finds unlikely, for people to look at.


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
class LabelIssue:
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
class LabelIssues:
    """The flagged labels, the most flagged first, and how many labels of each source were asked."""

    rows: tuple[LabelIssue, ...]
    is_eval: Mapping[str, int]

    def lines(self) -> list[str]:
        """Return what people are told: each source's labels and how many of them are flagged."""
        flagged = Counter(row.label_source for row in self.rows)
        return [
            f"{source or READ:<8} {n:>7,} labels {flagged[source]:>6,} doubted ({flagged[source] / n:.1%})"
            for source, n in sorted(self.is_eval.items())
        ]


def find_label_issues(
    articles: Sequence[LabelledArticle],
    config: TrainConfig,
    question: str = "topic",
    progress: Progress = lambda stage, done, total: None,
) -> LabelIssues:
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
    table, trained_on = _questions(task, articles, config)
    if not table.is_eval.any():
        raise CorpusError(f"{question}: found no label among {len(articles)} article(s); expected labelled ones")
    labels = task_labels(task, table)
    with threadpool_limits(limits=1):
        groups = article_groups(articles)[table.articles]
        parts = _answers(task, table, trained_on, groups, config, progress)
    rows = np.concatenate([part.rows for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    targets = label_targets(table.take(rows), labels)
    fair = trained_on[rows]  # by noisier labels a model looks surer than it should be
    probabilities = Calibration(scores[fair], targets[fair]).apply(scores)
    found = [
        _label_issue(task, table, row, articles, dict(zip(labels, map(float, p), strict=True)))
        for row, p in zip(rows.tolist(), probabilities, strict=True)
    ]
    return LabelIssues(
        tuple(sorted((d for d in found if d.predicted != d.label), key=_surest_first)),
        Counter(label_issue.label_source for label_issue in found),
    )


def _questions(task: Task, articles: Sequence[LabelledArticle], config: TrainConfig) -> tuple[Table, NDArray[np.bool_]]:
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
    trained_on: NDArray[np.bool_],
    groups: NDArray[np.intp],
    config: TrainConfig,
    progress: Progress,
) -> list[Answers]:
    """Return the answers to all questions, fold by fold."""
    plan = replace(config, protocols=(RANDOM,), tested="")
    [folds] = protocol_folds(table, groups, plan).values()
    questions = [Question(task, table, (train[trained_on[train]], test)) for train, test in folds]
    return [answers for _, answers in run_folds(questions, config, progress) if answers]


def _label_issue(
    task: Task, table: Table, row: int, articles: Sequence[LabelledArticle], probabilities: Mapping[str, float]
) -> LabelIssue:
    """Return a row's label beside the most probable one, which may be the same."""
    labelled = articles[table.articles[row]]
    label = str(table.truth[row])
    predicted = max(probabilities, key=probabilities.__getitem__)
    asked = table.rows[row]
    headline = asked if isinstance(asked, str) else "".join(asked[2:])  # of a pair the third
    return LabelIssue(
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


def _surest_first(label_issue: LabelIssue) -> tuple[float, float, str]:
    """Return what label issues are ordered by; the id, so that the order is always the same."""
    return label_issue.p_label, -label_issue.p_predicted, label_issue.id
