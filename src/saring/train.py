"""The assembly: labelled articles to a model bundle, its reports and an MLflow run.

read > group > measure under each protocol > calibrate > fit > store > log
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from saring import store
from saring.config import TrainConfig, flat
from saring.corpus import LabelledArticle, fingerprint, read_corpus
from saring.errors import CorpusError, MissingExtraError
from saring.evaluate import Report, majority_labels
from saring.folds import Progress
from saring.measure import Job, Measured, make_jobs, measure
from saring.modelcard import model_card
from saring.seen import digests

__all__ = ["Trained", "train"]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: the bundle's folder, its reports and, where logged, the MLflow run."""

    folder: Path
    reports: tuple[Report, ...]
    run_id: str = ""
    registered_version: int | None = None


def train(
    corpus: Sequence[str | Path],
    models: str | Path,
    config: TrainConfig | None = None,
    *,
    bundle: str | Path | None = None,
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
    bundle : path, optional
        The bundle's own folder, instead of a new one in `models`; a bundle there is replaced, and a
        page about the model is written beside it.
    log : bool
        Whether the run is logged and the model registered in MLflow.
    progress : callable
        Called with the stage's name, the steps done and the steps to do.

    Raises
    ------
    BundleError
        When `bundle` is there and is no bundle.
    CorpusError
        When the corpus breaks its contract, or is too small to split.
    MissingExtraError
        When `log` is true and MLflow is not installed.
    """
    config = config or TrainConfig()
    if log:
        _check_extra()
    if bundle is not None:
        store.check_target(Path(bundle), replace=True)  # now, not after minutes of work
    articles = [article for path in corpus for article in read_corpus(path)]
    jobs = make_jobs(articles, config)
    if not any(job.task.name == "topic" for job in jobs):
        raise CorpusError(
            f"{corpus[0]}: found no article with a 'topic' to train on; expected labelled topics, "
            "not all of them in the split 'test'"
        )
    # One thread for linear algebra: sums then come out the same on every machine, and sooner.
    with threadpool_limits(limits=1):
        measured = list(measure(jobs, config, progress))
    progress("store", 0, 1)
    models_by_task: dict[str, Any] = {}
    thresholds: dict[str, float] = {}
    for found in measured:
        found.calibration.set_on(found.model)
        task = found.job.task
        models_by_task[task.name] = task.parameters(found.model)
        thresholds |= found.thresholds
    card = _card(corpus, articles, config, measured, thresholds)
    if bundle is None:
        folder = store.add(Path(models), models_by_task, card)
    else:
        folder = store.save(Path(bundle), models_by_task, card, replace=True)
        page = model_card(store.describe(folder))
        folder.with_name(f"{folder.name}.md").write_text(page, encoding="utf-8")
    progress("store", 1, 1)
    reports = tuple(report for found in measured for report in found.reports)
    if not log:
        return Trained(folder, reports)
    return _log(folder, reports, config, card)


def _check_extra() -> None:
    """Raise MissingExtraError now, not after minutes of work, where the run cannot be logged."""
    if not all(map(find_spec, ("mlflow", "matplotlib", "pandas"))):
        raise MissingExtraError("train", "logging the run to MLflow (or else --no-log)")


def _card(
    corpus: Sequence[str | Path],
    articles: Sequence[LabelledArticle],
    config: TrainConfig,
    measured: Sequence[Measured],
    thresholds: dict[str, float],
) -> dict[str, Any]:
    """Return the caller's part of the bundle's card."""
    jobs = [found.job for found in measured]
    rows = {f"{job.task.name}_rows": int(job.table.asked.sum()) for job in jobs}
    reports = [report for found in measured for report in found.reports]
    return {
        "name": config.name,
        "data": {"sha256": fingerprint(corpus), "articles": len(articles)} | rows,
        "about": config.about,
        "config": {name: value for name, value in flat(config).items() if name != "about"},
        "labels": {job.task.name: list(job.labels) for job in jobs},
        "trained_on": digests([articles[i] for i in sorted(_known(jobs))]),
        "majority": {job.task.name: _majority(job) for job in jobs},
        "metrics": {f"{r.name}.{r.asked_of}": r.to_json() for r in reports},
        "thresholds": thresholds,
        "licence": config.licence,
        "sources": [Path(path).name for path in corpus],
    }


def _known(jobs: Sequence[Job]) -> set[int]:
    """Return the numbers of the articles that some model has read."""
    return {int(i) for job in jobs for i in job.known.articles}


def _majority(job: Job) -> str:
    """Return the commonest label of the training rows."""
    return str(majority_labels(job.known.truth[job.known.asked], 1)[0])


def _log(
    folder: Path, reports: Sequence[Report], config: TrainConfig, card: dict[str, Any]
) -> Trained:
    """Log the run to MLflow and register the model."""
    from saring import track
    from saring.plots import figures

    drawn = {
        f"{r.name}.{r.asked_of}.{name}": figure
        for r in reports
        for name, figure in figures(r).items()
    }
    info = track.log_run(
        track.RunRecord(
            bundle=folder,
            topics=card["labels"]["topic"],
            name=folder.name,
            params=card["config"],
            metrics={name: value for r in reports for name, value in r.metrics().items()},
            tags={"data_sha256": card["data"]["sha256"], **track.git_commit()},
            figures=drawn,
        )
    )
    return Trained(folder, tuple(reports), info.run_id, info.registered_version)
