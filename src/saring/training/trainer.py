"""Training: each task is measured by its protocols, then its model is fitted on all rows but the test split's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from saring import store
from saring.champions import model_name
from saring.config import TrainConfig, flat, load_config
from saring.errors import ConfigError, CorpusError
from saring.evaluation.heldout import HeldOut, to_arrays
from saring.evaluation.measure import majority_labels
from saring.evaluation.metrics import Floats
from saring.evaluation.reports import Report
from saring.models.pipelines import Calibration
from saring.predict import Model
from saring.profiles import out_of_domain_bin
from saring.training.corpus import Corpus, LabelledArticle, article_counts, digests, open_corpus
from saring.training.fit import (
    Answers,
    Fitted,
    FoldTask,
    Progress,
    best_threshold,
    confidence_for,
    held_out,
    label_targets,
    run_folds,
)
from saring.training.splits import PUBLISHER_OUT, Fold, article_groups, protocol_folds
from saring.training.tasks import LINK_LABELS, TASKS, Table, Task, task_labels

TEST = "test"
# Of the articles of a large portal that the model never saw, this share may be taken for no news.
OUT_OF_DOMAIN_SHARE = 0.02
PORTAL_ROWS = 100  # of fewer, the fiftieth part is one odd article
# To a model of few articles every word is rare, whether news or not, and its articles are more alike than those it will
# read. Headlines of real articles stay below this to models of a hundred.
LEAST_OUT_OF_DOMAIN = 4.75


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One task to train: its rows, their near-duplicate groups, and the folds of each protocol.

    The first protocol calibrates, on other corpora too where the task says so: a protocol stands under its name and
    that of the other corpus whose rows it tests, else an empty one. `test` trains on all rows that are not marked
    ``test`` and tests those that are.
    """

    task: Task
    table: Table
    groups: NDArray[np.intp]
    protocols: Mapping[tuple[str, str], list[Fold]]
    test: Fold

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the probabilities."""
        return task_labels(self.task, self.table)

    @property
    def train(self) -> Table:
        """The rows that the final model is fitted on."""
        return self.table.take(self.test[0])


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the answers of all protocols say of a job, and its final model, calibrated by them."""

    job: Job
    model: Pipeline
    thresholds: Mapping[str, float]
    reports: tuple[Report, ...]
    heldout: tuple[HeldOut, ...]
    out_of_domain: Floats  # scores of articles by models that had not seen them; empty for other rows


def make_jobs(articles: Sequence[LabelledArticle], config: TrainConfig) -> list[Job]:
    """Return a job for each task that the articles have labels for.

    CorpusError where a label stands only in the test split, or in too few groups to split; ConfigError where a protocol
    is unknown, or no article is of the corpus whose rows are to be tested.
    """
    corpora = {article.corpus for article in articles}
    if config.tested and config.tested not in corpora:
        expected = f"one of {', '.join(sorted(corpora))}, or nothing for all rows"
        raise ConfigError(f"tested: no corpus is named {config.tested!r}; expected {expected}")
    groups = article_groups(articles)
    return [job for task in TASKS if (job := _job(task, articles, groups, config))]


def _job(task: Task, articles: Sequence[LabelledArticle], groups: NDArray[np.intp], config: TrainConfig) -> Job | None:
    """Return a task's rows and folds; None when the corpus has no label to train it on."""
    table = task.table(articles, config)
    if not config.tested:  # several files are then one corpus
        table = replace(table, corpora=np.full(len(table), "", dtype=np.str_))
    is_test = np.array([articles[i].split == TEST for i in table.articles], dtype=np.bool_)
    row_groups = groups[table.articles]
    # A near-duplicate of a tested article would let the model recite it.
    train = np.flatnonzero(~is_test & ~np.isin(row_groups, row_groups[is_test]))
    if not table.is_eval[train].any():
        return None
    labels = table.truth[train[table.weights[train] > 0]]
    if len(untrained := np.setdiff1d(table.truth[is_test], labels)):
        raise CorpusError(
            f"{task.name}: {', '.join(map(str, untrained))} stands only in the split 'test'; "
            "expected each label in training rows too"
        )
    if len(np.unique(labels)) == 1:
        raise CorpusError(
            f"{task.name}: the training rows all have one label, {labels[0]}; expected two labels or more: add rows "
            "of another"
        )
    rows, rows_groups = table.take(train), row_groups[train]
    protocols = {(name, ""): folds for name, folds in protocol_folds(rows, rows_groups, config).items()}
    if task.every_corpus and config.tested:  # the first protocol's folds of each other corpus too
        for corpus in map(str, np.unique(rows.corpora[rows.is_eval & (rows.corpora != config.tested)])):
            plan = replace(config, tested=corpus, protocols=config.protocols[:1])
            [(name, folds)] = protocol_folds(rows, rows_groups, plan).items()
            protocols[name, corpus] = folds
    return Job(
        task,
        table,
        row_groups,
        {name: [(train[fitted], train[tested]) for fitted, tested in folds] for name, folds in protocols.items()},
        (train, np.flatnonzero(is_test & table.is_eval)),
    )


def measure(jobs: Sequence[Job], config: TrainConfig, progress: Progress) -> Iterator[Measured]:
    """Yield what each job's protocols and test split say, and its model; folds run in parallel."""
    named = [
        (name, FoldTask(job.task, job.table, fold, keep=name == (TEST, "")), job)
        for job in jobs
        for name, folds in [*job.protocols.items(), ((TEST, ""), [job.test])]
        for fold in folds
    ]
    answers: dict[tuple[str, str], list[Answers]] = {}
    runs = run_folds([fold for _, fold, _ in named], config, progress)
    for (name, _, job), (fitted, found) in zip(named, runs, strict=True):
        if found is not None:
            answers.setdefault(name, []).append(found)
        if fitted is not None:
            yield _measured(job, fitted, answers, config)
            answers = {}


def _measured(
    job: Job, fitted: Fitted, answers: Mapping[tuple[str, str], Sequence[Answers]], config: TrainConfig
) -> Measured:
    """Return calibration, thresholds and reports, given each protocol's answers."""
    first, _ = next(iter(job.protocols))
    base = CalibratingAnswers(job, [a for (name, _), some in answers.items() if name == first for a in some])
    thresholds_of_model = base.thresholds(config)
    if job.task.labels == LINK_LABELS:
        thresholds_of_model["overlap"] = fitted.overlap
    reports, heldout = [], []
    for (protocol, corpus), some in answers.items():
        applied = [base.apply(part) for part in some]
        probabilities, thresholds = (np.concatenate(column) for column in zip(*applied, strict=True))
        rows = np.concatenate([part.rows for part in some])
        rules = {rule: np.concatenate([part.baselines[rule] for part in some]) for rule in some[0].baselines}
        if protocol == PUBLISHER_OUT:
            del rules["publisher"]  # no publisher is known there: it is the majority again
        whole = held_out(
            job.task, job.table, rows, probabilities,
            labels=job.labels, groups=job.groups, split=protocol, part=corpus, threshold=thresholds,
        )  # fmt: skip
        heldout.append(whole)
        unanimous = job.table.shares[rows] == 1
        parts = {corpus: np.ones(len(rows), dtype=np.bool_)}
        if unanimous.any() and not unanimous.all():
            parts[", ".join(filter(None, (corpus, "unanimous")))] = unanimous
        reports += [
            whole.take(np.flatnonzero(chosen)).report(
                {rule: labels[chosen] for rule, labels in rules.items()},
                part=part,
                seed=config.seed,
                thresholds=thresholds_of_model,
            )
            for part, chosen in parts.items()
        ]
    base.calibration.set_on(fitted.model)
    return Measured(job, fitted.model, thresholds_of_model, tuple(reports), tuple(heldout), base.out_of_domain)


class CalibratingAnswers:
    """The answers of the calibrating protocol, from which calibration and thresholds of all answers are learned."""

    def __init__(self, job: Job, parts: Sequence[Answers]) -> None:
        self._job = job
        self._rows, self._scores, self.out_of_domain = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "scores", "out_of_domain")
        )
        self._table = job.table.take(self._rows)
        self._targets = label_targets(self._table, job.labels)
        _, corpus, sizes = np.unique(self._table.corpora, return_inverse=True, return_counts=True)
        self._weights = 1 / sizes[corpus]
        self.calibration = Calibration(self._scores, self._targets, self._weights)

    def apply(self, part: Answers) -> tuple[Floats, Floats]:
        """Return a part's probabilities and its rows' thresholds, both learned on other rows: else they flatter it."""
        outside = ~np.isin(self._rows, part.rows)
        if not outside.any():  # a single fold
            outside[:] = True
        calibration = Calibration(self._scores[outside], self._targets[outside], self._weights[outside])
        threshold = self._unrelated_from(calibration, outside)
        return calibration.apply(part.scores), np.full(len(part.rows), threshold)

    def _unrelated_from(self, calibration: Calibration, rows: NDArray[np.bool_]) -> float:
        """Return the probability from which a link counts as unrelated; 0.5 for other tasks."""
        if self._job.task.labels != LINK_LABELS:
            return 0.5
        positive = self._table.truth[rows] == LINK_LABELS[1]
        return best_threshold(calibration.apply(self._scores[rows])[:, 1], positive, self._table.corpora[rows])

    def thresholds(self, config: TrainConfig) -> dict[str, float]:
        """Return the thresholds that the task's model comes with."""
        if self._job.task.labels == LINK_LABELS:
            return {"unrelated": self._unrelated_from(self.calibration, np.ones(len(self._rows), dtype=np.bool_))}
        if self._job.task.labels:
            return {}
        probabilities = self.calibration.apply(self._scores)
        right = np.array(self._job.labels)[probabilities.argmax(axis=1)] == self._table.truth
        publishers = self._table.publishers
        names, sizes = np.unique(publishers, return_counts=True)
        portals = [publishers == name for name in names[sizes >= PORTAL_ROWS]]
        every = np.ones(len(right), dtype=np.bool_)
        # "lower": one odd row must not make room for all others.
        share = 1 - OUT_OF_DOMAIN_SHARE
        tops = [np.quantile(self.out_of_domain[rows], share, method="lower") for rows in portals or [every]]
        return {
            "abstain": confidence_for(probabilities.max(axis=1), right, config.abstain_risk, portals),
            "out_of_domain": max(LEAST_OUT_OF_DOMAIN, *map(float, tops)),
        }


def train(
    corpus: Corpus,
    config: TrainConfig | str | Path | None = None,
    *,
    out: str | Path | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Model:
    """Return a model trained on labelled articles.

    Topics are whatever topics the rows have; the model scores links and clickbait where rows have labels of them.
    Training first measures the model on articles that it has not seen, then fits it on all rows but those whose
    ``split`` is ``test``. The figures are in the bundle's card and printed by ``saring evaluate``.

    Parameters
    ----------
    corpus : path, iterable of paths, iterable of dicts, or pandas.DataFrame
        Files in the corpus format, or the rows themselves: ``title`` and ``text``, and any of the labels ``topic``,
        ``clickbait`` and ``links`` (a list of dicts with ``headline``, ``related`` and ``clickbait``); optional are
        ``id``, ``publisher``, ``date``, ``url`` and ``split``. A row without a label only helps to weigh words.
    config : TrainConfig or path, optional
        Settings, or the TOML file that has them; the defaults are those of conf/train.toml.
    out : path, optional
        Folder that gets the model, for `saring.load`; a bundle there is replaced. Without it the model lies in a
        temporary folder, which goes when nobody holds the model any more.
    progress : callable, optional
        Called with the stage's name, the steps done and the steps to do.

    Returns
    -------
    Model

    Raises
    ------
    BundleError
        When something is at `out` that is no bundle.
    ConfigError
        When a setting is unknown or out of range.
    CorpusError
        When a row breaks the corpus format, no row has a topic, or a topic has too few articles to be tested.
    InputError
        When a file cannot be read.

    Examples
    --------
    >>> import saring
    >>> rows = [{"title": f"Harga saham {n} naik", "text": f"Bursa mencatat {n} emiten.", "topic": "ekonomi"}
    ...         for n in range(10)]
    >>> rows += [{"title": f"Striker cetak {n} gol", "text": f"Laga ke-{n} dimenangi.", "topic": "olahraga"}
    ...          for n in range(10)]
    >>> model = saring.train(rows)
    >>> model.topics
    ('ekonomi', 'olahraga')
    >>> [prediction] = model.predict(["Pelatih memuji striker usai laga dan gol itu."])
    >>> prediction.topic
    'olahraga'
    """
    config = load_config(config) if isinstance(config, str | Path) else config or TrainConfig()
    if out is not None:
        store.check_target(Path(out), replace=True)  # now, not after minutes of work
    made = fit_corpus(corpus, config, progress)
    parts = made.models, made.card, to_arrays(made.heldout)
    if out is not None:
        return Model(store.load(store.save(Path(out), *parts, replace=True)), "just trained")
    folder = Path(mkdtemp(prefix="saring-"))
    bundle = store.load(store.add(folder, *parts))
    finalize(bundle, rmtree, folder, ignore_errors=True)
    return Model(bundle, "just trained")


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What training makes before anything is stored."""

    models: Mapping[str, Any]  # the fitted parameters of each task
    card: Mapping[str, Any]  # of the bundle
    reports: tuple[Report, ...]
    heldout: tuple[HeldOut, ...]  # the answers that the reports are of
    articles: Sequence[LabelledArticle]
    jobs: Sequence[Job]


def fit_corpus(corpus: Corpus, config: TrainConfig, progress: Progress) -> Fit:
    """Return the models that a corpus trains, measured."""
    articles, sha256, sources = open_corpus(corpus)
    jobs = make_jobs(articles, config)
    if not any(job.task.name == "topic" for job in jobs):
        raise CorpusError(
            f"{sources[0]}: found no article with a 'topic' to train on; expected labelled topics, "
            "not all of them in the split 'test'"
        )
    [topics] = [job.labels for job in jobs if job.task.name == "topic"]
    name = model_name(config.name, topics, sources)
    # One thread for linear algebra: sums then come out the same on every machine, and sooner.
    with threadpool_limits(limits=1):
        measured = list(measure(jobs, config, progress))
    progress("store", 0, 1)
    models: dict[str, Any] = {}
    thresholds: dict[str, float] = {}
    for found in measured:
        models[found.job.task.name] = found.job.task.parameters(found.model)
        thresholds |= found.thresholds
    reports = tuple(report for found in measured for report in found.reports)
    trained_on = sorted({int(i) for job in jobs for i in job.train.articles})
    counts = article_counts(articles[i] for i in trained_on)
    counts.out_of_domain.update(
        out_of_domain_bin(score) for found in measured for score in found.out_of_domain.tolist()
    )
    rows = {f"{job.task.name}_rows": int(job.table.is_eval.sum()) for job in jobs}
    card = {
        "name": name,
        "data": {"sha256": sha256, "articles": len(articles)} | rows,
        "about": config.about,
        "config": {name: value for name, value in flat(config).items() if name != "about"},
        "labels": {job.task.name: list(job.labels) for job in jobs},
        "trained_on": digests([articles[i] for i in trained_on]),
        "profile": counts.to_json(),
        "majority": {job.task.name: str(majority_labels(job.train.truth[job.train.is_eval], 1)[0]) for job in jobs},
        "metrics": {f"{r.name}.{r.subset}": r.to_json() for r in reports},
        "thresholds": thresholds,
        "licence": config.licence,
        "sources": sources,
    }
    heldout = tuple(one for found in measured for one in found.heldout)
    return Fit(models, card, reports, heldout, articles, jobs)
