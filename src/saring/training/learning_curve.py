"""How good each task's model is when it is trained on less data, which tells whether to label more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.reports import CurvePoint
from saring.training.corpus import LabelledArticle
from saring.training.fit import Answers, FoldTask, Progress, held_out, run_folds
from saring.training.splits import Fold
from saring.training.trainer import CalibratingAnswers, Job, make_jobs

Name = tuple[str, str]  # of a protocol, and of the other corpus that it tests
SHARES = (0.125, 0.25, 0.5, 1.0)  # each twice the last: a straight line on paper means that doubling goes on helping


def learning_curve(
    articles: Sequence[LabelledArticle],
    config: TrainConfig,
    shares: Sequence[float] = SHARES,
    progress: Progress = lambda stage, done, total: None,
) -> list[CurvePoint]:
    """Return the macro-F1 of each task's models that were trained on a share of their rows, by the first protocol.

    The tested rows are the same for all shares, and so are the models of share 1 and those that training measures. A
    smaller share is part of each larger one; near-duplicates stay together. CorpusError where a share is too small to
    train on.
    """
    jobs = make_jobs(articles, config)
    wanted = [(job, share, name, fold) for job in jobs for share in shares for name, fold in _folds(job, share, config)]
    answers: dict[tuple[str, float], list[tuple[Name, Answers]]] = {}
    tasks = [FoldTask(job.task, job.table, fold) for job, _, _, fold in wanted]
    with threadpool_limits(limits=1):
        try:
            runs = run_folds(tasks, config, lambda _, done, total: progress("learning curve", done, total))
            for (job, share, name, _), (_, found) in zip(wanted, runs, strict=True):
                if found is not None:
                    answers.setdefault((job.task.name, share), []).append((name, found))
        except (CorpusError, ValueError) as error:  # the latter where no word is left
            raise CorpusError(
                f"learning curve: {min(shares):.1%} of the rows are too few to train on ({error}); add articles, or "
                "leave the curve out"
            ) from error
    return [_point(job, share, answers[job.task.name, share], config) for job in jobs for share in shares]


def _folds(job: Job, share: float, config: TrainConfig) -> list[tuple[Name, Fold]]:
    """Return the folds of the first protocol, and of other corpora under it, that train on a share of their rows."""
    first, _ = next(iter(job.protocols))
    ranks = np.random.default_rng(config.seed).random(int(job.groups.max()) + 1)  # of groups of near-duplicates

    def part(rows: NDArray[np.intp]) -> NDArray[np.intp]:
        own = ranks[job.groups[rows]]
        chosen: NDArray[np.intp] = rows[own <= np.sort(own)[max(0, round(share * len(rows)) - 1)]]
        return chosen

    named = [(name, fold) for name, folds in job.protocols.items() if name[0] == first for fold in folds]
    return [(name, (part(train), test)) for name, (train, test) in named]


def _point(job: Job, share: float, answers: Sequence[tuple[Name, Answers]], config: TrainConfig) -> CurvePoint:
    """Return the figure of one task at one share, calibrated as training does."""
    first = next(iter(job.protocols))
    base = CalibratingAnswers(job, [found for _, found in answers])
    own = [found for name, found in answers if name == first]
    probabilities, thresholds = (np.concatenate(c) for c in zip(*(base.apply(found) for found in own), strict=True))
    rows = np.concatenate([found.rows for found in own])
    whole = held_out(
        job.task, job.table, rows, probabilities,
        labels=job.labels, groups=job.groups, split=first[0], threshold=thresholds,
    )  # fmt: skip
    trained = [train[job.table.is_eval[train]] for name, (train, _) in _folds(job, share, config) if name == first]
    n = round(float(np.mean([len(rows) for rows in trained])))
    return CurvePoint(job.task.name, first[0], share, n, whole.report({}, seed=config.seed).macro_f1)
