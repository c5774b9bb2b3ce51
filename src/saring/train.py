"""The assembly: labelled articles to a model bundle, its reports and an MLflow run.

read > group > split > cross-validate > calibrate > fit > evaluate > store > log
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from saring import store
from saring.config import TrainConfig, flat
from saring.corpus import LabelledArticle, fingerprint, read_corpus
from saring.errors import CorpusError
from saring.evaluate import Report, majority_labels
from saring.fit import (
    Answers,
    answer,
    best_threshold,
    calibrated,
    fit,
    folds,
    make_report,
    task_labels,
)
from saring.split import near_duplicate_groups
from saring.tasks import LINK_LABELS, TASKS, Table, Task

__all__ = ["Trained", "train"]

MODEL_NAME = "saring"
LICENCE = "that of the training data"  # whose corpus it is, only its owner knows

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: the bundle's folder, its reports and, where logged, the MLflow run."""

    folder: Path
    reports: tuple[Report, ...]
    run_id: str = ""
    registered_version: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One question of one corpus, with its rows' groups and folds of row numbers."""

    task: Task
    table: Table
    groups: NDArray[np.intp]
    protocol: str
    folds: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    test: tuple[NDArray[np.intp], NDArray[np.intp]]


def train(
    corpus: Sequence[str | Path],
    models: str | Path,
    config: TrainConfig | None = None,
    *,
    log: bool = True,
    progress: Progress = lambda stage, done, total: None,
) -> Trained:
    """Return a model trained on labelled files, stored in `models` and logged to MLflow.

    Parameters
    ----------
    corpus : sequence of path
        Files in the corpus format. Rows whose ``split`` is ``test`` are never trained on.
    models : path
        Folder that gets the new bundle.
    config : TrainConfig, optional
        Settings; the defaults are those of conf/train.toml.
    log : bool
        Whether the run is logged and the model registered in MLflow.
    progress : callable
        Called with the stage's name, the steps done and the steps to do.

    Raises
    ------
    CorpusError
        When the corpus breaks its contract, or is too small to split.
    MissingExtraError
        When `log` is true and MLflow is not installed.
    """
    config = config or TrainConfig()
    articles = [article for path in corpus for article in read_corpus(path)]
    groups = near_duplicate_groups([f"{a.article.title}\n{a.article.text}" for a in articles])
    jobs = [job for task in TASKS if (job := _job(task, articles, groups, config))]
    if not any(job.task.name == "topic" for job in jobs):
        raise CorpusError(
            f"{corpus[0]}: found no article with a 'topic' to train on; expected labelled topics, "
            "not all of them in the split 'test'"
        )
    reports, estimators, thresholds = [], {}, {"abstain": config.abstain_below}
    # One thread for linear algebra: sums then come out the same on every machine, and sooner.
    with threadpool_limits(limits=1):
        answers = _ask_all(jobs, config, progress)
        for number, job in enumerate(jobs):
            progress("fit", number, len(jobs))
            *parts, test = next(answers)
            model, found = _finish(job, parts, test, config)
            estimators[job.task.name] = model
            reports += found
            if job.task.labels == LINK_LABELS:
                thresholds["overlap"] = _overlap_threshold(model, job)
    card = _card(corpus, articles, config, jobs, reports, thresholds)
    folder = store.add(Path(models), estimators, card, single=list(estimators))
    progress("fit", len(jobs), len(jobs))
    if not log:
        return Trained(folder, tuple(reports))
    return _log(folder, reports, config, card)


def _job(
    task: Task, articles: list[LabelledArticle], groups: NDArray[np.intp], config: TrainConfig
) -> _Job | None:
    """Return a question's rows and folds; None when the corpus has no label to train it on."""
    table = task.table(articles, config)
    held = np.array([articles[i].split == "test" for i in table.articles], dtype=np.bool_)
    row_groups = groups[table.articles]
    # A near-duplicate of a tested article would let the model recite it.
    known = np.flatnonzero(~held & ~np.isin(row_groups, row_groups[held]))
    if not len(known):
        return None
    strangers = np.setdiff1d(table.truth[held], table.truth[known])
    if len(strangers):
        raise CorpusError(
            f"{task.name}: {', '.join(map(str, strangers))} stands only in the split 'test'; "
            "expected each label in training rows too"
        )
    protocol, parts = folds(table.take(known), row_groups[known], config)
    return _Job(
        task,
        table,
        row_groups,
        protocol,
        [(known[train], known[test]) for train, test in parts],
        (known, np.flatnonzero(held)),
    )


def _ask_all(
    jobs: Sequence[_Job], config: TrainConfig, progress: Progress
) -> Iterator[list[Answers]]:
    """Yield the answers of each job, fold by fold and the test split last; in parallel."""
    asked = [(job, part) for job in jobs for part in [*job.folds, job.test] if len(part[1])]
    run = Parallel(n_jobs=-1, return_as="generator")(
        delayed(answer)(job.task, job.table, *part, config) for job, part in asked
    )
    collected: list[Answers] = []
    for done, ((job, _), answers) in enumerate(zip(asked, run, strict=True), start=1):
        progress("cross-validate", done, len(asked))
        collected.append(answers)
        expected = len(job.folds) + bool(len(job.test[1]))
        if len(collected) == expected:
            if not len(job.test[1]):
                collected.append(_NO_TEST)
            yield collected
            collected = []


_NO_TEST = Answers(np.zeros(0, dtype=np.intp), np.zeros(0), {})


def _finish(
    job: _Job, parts: Sequence[Answers], test: Answers, config: TrainConfig
) -> tuple[Pipeline, list[Report]]:
    """Return the calibrated model fitted on all training rows, and its reports."""
    labels = task_labels(job.task, job.table)
    probabilities, calibration = calibrated(parts, job.table.truth, labels)
    rows = np.concatenate([part.rows for part in parts])
    rules = {
        name: np.concatenate([p.baselines[name] for p in parts]) for name in parts[0].baselines
    }
    if job.protocol == "publisher-out":
        del rules["publisher"]  # no publisher is known there: it is the majority again

    def reported(rows: Any, probabilities: Any, rules: Any, split: str) -> Report:
        return make_report(
            job.task, job.table, rows, probabilities, rules,
            labels=labels, groups=job.groups, split=split, seed=config.seed,
        )  # fmt: skip

    reports = [reported(rows, probabilities, rules, job.protocol)]
    if len(test.rows):
        answers = calibration.apply(test.scores)
        reports.append(reported(test.rows, answers, test.baselines, "test"))
    model = fit(job.task, job.table.take(job.test[0]), config)
    calibration.set_on(model)
    return model, reports


def _overlap_threshold(model: Pipeline, job: _Job) -> float:
    """Return the threshold of the overlap baseline, on the link model's first scaled feature."""
    known = job.table.take(job.test[0])
    overlap = model.named_steps["features"].transform(known.rows)[:, 0]
    return best_threshold(overlap, known.truth == LINK_LABELS[0])


def _card(
    corpus: Sequence[str | Path],
    articles: Sequence[LabelledArticle],
    config: TrainConfig,
    jobs: Sequence[_Job],
    reports: Sequence[Report],
    thresholds: dict[str, float],
) -> dict[str, Any]:
    """Return the caller's part of the bundle's card."""
    return {
        "name": MODEL_NAME,
        "data": {"sha256": fingerprint(corpus), "articles": len(articles)}
        | {f"{job.task.name}_rows": int(job.table.asked.sum()) for job in jobs},
        "config": flat(config),
        "labels": {job.task.name: list(task_labels(job.task, job.table)) for job in jobs},
        "majority": {job.task.name: _majority(job) for job in jobs},
        "metrics": {f"{r.name}.{r.split}": r.to_json() for r in reports},
        "thresholds": thresholds,
        "licence": LICENCE,
        "sources": [Path(path).name for path in corpus],
    }


def _majority(job: _Job) -> str:
    """Return the commonest label of the training rows."""
    known = job.table.take(job.test[0])
    return str(majority_labels(known.truth[known.asked], 1)[0])


def _log(
    folder: Path, reports: Sequence[Report], config: TrainConfig, card: dict[str, Any]
) -> Trained:
    """Log the run to MLflow and register the model."""
    from saring import track
    from saring.plots import figures

    drawn = {
        f"{r.name}.{r.split}.{name}": figure for r in reports for name, figure in figures(r).items()
    }
    info = track.log_run(
        track.RunRecord(
            bundle=folder,
            topics=card["labels"]["topic"],
            name=folder.name,
            params=flat(config),
            metrics={name: value for r in reports for name, value in r.metrics().items()},
            tags={"data_sha256": card["data"]["sha256"], **track.git_commit()},
            figures=drawn,
        )
    )
    return Trained(folder, tuple(reports), info.run_id, info.registered_version)
