"""A stored model corrected by new labelled rows, without the corpus it was trained on.

Each task's weights move as far as the new rows ask for, under two restraints: a Gaussian prior around the model's own
weights, and articles whose labels nobody needs (the anchors), to which the moved model shall answer as before. The
columns stay: the corrected model is as fast as the one it is made from, and lies in a bundle of the same form.

What it brings and costs is measured by bench/corrections.py and told in docs/design.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, vstack
from scipy.special import log_softmax
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from saring.champions import LINE, line_of, model_name
from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.heldout import HeldOut, from_arrays
from saring.evaluation.metrics import Floats
from saring.models.pipelines import fit_move, score_columns
from saring.store import Bundle
from saring.training.corpus import IN_MEMORY, LabelledArticle, digests, merged_digests, row_keys, seen
from saring.training.evaluate import answer_threshold
from saring.training.fit import Progress, held_out, predicted_labels
from saring.training.refitting import LinearModel, linear_model
from saring.training.splits import article_groups
from saring.training.tasks import TASKS, Table, Task
from saring.training.trainer import Fit, Job

CORRECTIONS = "corrections"  # what the split of the new rows is called
STRENGTHS = (0.1, 0.3, 1.0)  # variances of the prior that cross-validation chooses from
ANCHOR_WEIGHT = 1.0  # of a new row's
PUBLISHERS = 3.0  # size of the columns of publishers: so large that their weights are nearly free
WITHOUT_ANCHORS = STRENGTHS[:2]  # more would move answers that nobody corrected
FOLDS = 5
LEAST = 1e-12  # probability: below it a score would be infinite
FEWEST_ROWS = 20  # of a task: fewer say nothing


def correct(
    base: Bundle,
    articles: Sequence[LabelledArticle],
    config: TrainConfig,
    texts: Sequence[LabelledArticle] = (),
    *,
    sha256: str = "",
    sources: Sequence[str] = (IN_MEMORY,),
    progress: Progress = lambda stage, done, total: None,
) -> Fit:
    """Return a stored model moved by new labelled rows, measured.

    Parameters
    ----------
    base : Bundle
        The model to correct.
    articles : sequence of LabelledArticle
        The new rows, whatever their split.
    config : TrainConfig
        Name, licence and seed of the corrected model; its other settings are the base's.
    texts : sequence of LabelledArticle
        Articles that stand for what the model shall go on answering: those of the split ``train`` are its anchors,
        whatever their labels, and those that the base held out are asked again, so that both can be compared.
    sha256, sources : str and sequence of str
        What the new rows were read from, for the card.
    progress : callable, optional
        Called with the stage's name, the steps done and the steps to do.

    Raises
    ------
    CorpusError
        When no task has enough rows with a label, or one has a label that the model lacks.
    """
    new = [replace(article, topic_source="", split="train") for article in articles]
    mine = set(_keys(new))
    known = [a for a, key in zip(texts, _keys(texts), strict=True) if key not in mine]
    groups = article_groups([*new, *known])
    fresh = ~np.array(seen(new, base.card.get("trained_on", "")), dtype=np.bool_)
    models: dict[str, Any] = {task: getattr(base, task) for task in base.tasks}
    heldout: list[HeldOut] = []
    jobs: list[Job] = []
    strengths: dict[str, float] = {}
    tasks = [task for task in TASKS if task.name in base.tasks]
    for number, task in enumerate(tasks):
        progress("correct", number, len(tasks))
        stored = [one for one in from_arrays(base.heldout) if one.task == task.name and not one.by]
        table = task.table(new, config)
        if int(table.is_eval.sum()) < FEWEST_ROWS:
            heldout += stored
            continue
        with threadpool_limits(limits=1):
            found = _Correction(base, task, table, task.table(known, config), known, groups, config.seed)
        models[task.name], strengths[task.name] = found.model, found.C
        heldout += [*found.of_new(fresh), *found.of_known(stored)]
        everything = np.arange(len(table))
        jobs.append(Job(task, table, groups[table.articles], {}, (everything, everything[:0])))
    progress("correct", len(tasks), len(tasks))
    if not jobs:
        raise CorpusError(
            f"{sources[0]}: found fewer than {FEWEST_ROWS} labelled rows of each task ({', '.join(base.tasks)}); "
            "expected more of one: label more"
        )
    reports = tuple(one.report({}, seed=config.seed, thresholds=base.card["thresholds"]) for one in heldout)
    card = _card(base, config, sources, strengths) | {
        "data": {"sha256": sha256, "articles": len(new)}
        | {f"{j.task.name}_rows": int(j.table.is_eval.sum()) for j in jobs},
        "trained_on": merged_digests(base.card.get("trained_on", ""), digests(new)),
        "metrics": {f"{r.name}.{r.subset}": r.to_json() for r in reports},
    }
    return Fit(models, card, reports, tuple(heldout), new, jobs)


def _keys(articles: Sequence[LabelledArticle]) -> list[int]:
    return row_keys([(a.article.title, a.article.body) for a in articles]).tolist()  # type: ignore[no-any-return]


def _card(base: Bundle, config: TrainConfig, sources: Sequence[str], strengths: Mapping[str, float]) -> dict[str, Any]:
    """Return what the card says besides rows and figures."""
    theirs = base.card
    name = config.name
    if name == LINE:
        is_ours = line_of(theirs) == LINE  # of other topics the name is that of the line
        name = f"{theirs['name']}+{Path(sources[0]).name.partition('.')[0]}" if is_ours else theirs["name"]
    chosen = {"name": model_name(name, theirs["labels"]["topic"], sources), "licence": config.licence}
    own = {"seed": config.seed, **{f"correction.{task}": C for task, C in strengths.items()}}
    return {
        "name": chosen["name"],
        "based_on": {"name": theirs["name"], "model_version": base.model_version},
        "about": theirs.get("about", ""),
        "config": {**theirs["config"], **chosen, **own, "based_on": base.model_version},
        "labels": theirs["labels"],
        "majority": theirs["majority"],
        "thresholds": theirs["thresholds"],
        "licence": f"{theirs['licence']}; of the new rows: {config.licence}",
        "sources": [*theirs["sources"], *sources],
    }


class _Correction:
    """One task of a model, moved by new rows; what the moved model and those of its folds answer."""

    def __init__(
        self,
        base: Bundle,
        task: Task,
        new: Table,
        known: Table,
        articles: Sequence[LabelledArticle],
        groups: NDArray[np.intp],
        seed: int,
    ) -> None:
        self.labels = tuple(base.card["labels"][task.name])
        if len(unknown := np.setdiff1d(new.truth, self.labels)):
            raise CorpusError(
                f"{task.name}: found the label(s) {', '.join(map(str, unknown))}; the model {base.card['name']!r} has "
                f"{', '.join(self.labels)}: rename them, or train a model of your own without --from"
            )
        self._task, self._new, self._known = task, new, known
        self._linear: LinearModel = linear_model(getattr(base, task.name))
        self._threshold = answer_threshold(base, task)
        self._groups = groups[new.articles], groups[len(groups) - len(articles) + known.articles]
        is_anchor = np.array([a.split == "train" for a in articles], dtype=np.bool_)[known.articles]
        self._anchors = np.flatnonzero(is_anchor)
        self._columns: tuple[Any, Any] = self._linear.read(new.rows), self._linear.read(known.rows)
        self._fit(seed)
        self.model = self._linear.with_weights(self._linear.weights + self._move)

    def _fit(self, seed: int) -> None:
        """Choose the strength of the prior by folds, and move the weights by all rows."""
        new, known = self._columns
        columns = vstack([new, known[self._anchors]], format="csr")
        scores = self._linear.scores(columns)
        n_new = new.shape[0]
        codes = np.array([self.labels.index(label) for label in self._new.truth], dtype=np.intp)
        targets = np.concatenate([np.eye(len(self.labels))[codes], _probabilities(scores[n_new:])])
        if len(self.labels) == 2:
            targets = targets[:, 1:]
        weights = np.concatenate([self._new.weights, np.full(len(targets) - n_new, ANCHOR_WEIGHT)])
        groups = np.concatenate([self._groups[0], self._groups[1][self._anchors]])

        # How much clickbait a portal prints is its own affair: an intercept of each takes that up, and is dropped.
        publishers = np.unique(self._new.publishers) if self._task.name == "clickbait" else np.zeros(0, dtype=np.str_)
        of_publisher = np.zeros((len(targets), len(publishers)))
        of_publisher[:n_new] = PUBLISHERS * (self._new.publishers[:, None] == publishers)
        wider = hstack([columns, csr_matrix(of_publisher)], format="csr")

        def moved(rows: NDArray[Any], C: float) -> Floats:
            return fit_move(wider[rows], targets[rows], weights[rows], scores[rows], C)[: columns.shape[1]]

        # New rows and anchors are shared out together: each is answered by a move that saw neither it nor its like.
        n_folds = min(FOLDS, len(np.unique(self._groups[0])))
        folds = [test for _, test in GroupKFold(n_folds, shuffle=True, random_state=seed).split(columns, groups=groups)]
        strengths = STRENGTHS if len(self._anchors) >= n_new else WITHOUT_ANCHORS
        moves = {C: [moved(np.setdiff1d(np.arange(len(groups)), test), C) for test in folds] for C in strengths}
        loss = np.zeros((len(strengths), len(folds)))
        for at, C in enumerate(strengths):
            for fold, test in enumerate(folds):
                rows = test[test < n_new]
                rows = rows[self._new.is_eval[rows]]
                likely = log_softmax(score_columns(scores[rows] + columns[rows] @ moves[C][fold]), axis=1)
                loss[at, fold] = -likely[np.arange(len(rows)), codes[rows]].sum()
        self.C = strengths[int(loss.sum(axis=1).argmin())]
        self._move = moved(np.arange(len(groups)), self.C)
        # The fold's strength is chosen by the answers of the others.
        chosen = [strengths[int((loss.sum(axis=1) - loss[:, fold]).argmin())] for fold in range(len(folds))]
        self._of_fold = [moves[C][fold] for fold, C in enumerate(chosen)]
        fold_of = np.empty(len(groups), dtype=np.intp)
        for fold, test in enumerate(folds):
            fold_of[test] = fold
        self._fold_of_group = dict(zip(groups.tolist(), fold_of.tolist(), strict=True))

    def of_new(self, fresh: NDArray[np.bool_]) -> list[HeldOut]:
        """Return the answers to the new rows that the base was not trained on, each by a move that did not see it."""
        rows = np.flatnonzero(self._new.is_eval & fresh[self._new.articles])
        if not len(rows):
            return []
        columns = self._columns[0][rows]
        likely = _probabilities(self._linear.scores(columns) + self._moved(columns, self._groups[0][rows]))
        return [
            held_out(
                self._task, self._new, rows, likely, labels=self.labels, groups=self._groups[0], split=CORRECTIONS,
                threshold=self._threshold,
            )
        ]  # fmt: skip

    def of_known(self, stored: Sequence[HeldOut]) -> list[HeldOut]:
        """Return the base's answers to rows it held out, moved: to those whose texts are known and not trained on."""
        mine = set(row_keys(self._new.rows).tolist())
        at = {key: row for row, key in enumerate(row_keys(self._known.rows).tolist())}
        found = []
        for one in stored:
            kept = np.array([key in at and key not in mine for key in one.keys.tolist()], dtype=np.bool_)
            if not kept.any() or one.scored.labels != self.labels:
                continue
            one = one.take(np.flatnonzero(kept))
            rows = np.array([at[key] for key in one.keys.tolist()], dtype=np.intp)
            likely = np.log(np.maximum(one.scored.probabilities, LEAST))
            scores = likely if len(self.labels) > 2 else likely[:, 1:] - likely[:, :1]
            probabilities = _probabilities(scores + self._moved(self._columns[1][rows], self._groups[1][rows]))
            predicted = predicted_labels(probabilities, self.labels, self._threshold)
            found.append(replace(one, scored=replace(one.scored, probabilities=probabilities, predicted=predicted)))
        return found

    def _moved(self, columns: csr_matrix, groups: NDArray[np.intp]) -> Floats:
        """Return by how much scores of rows move, by the move that saw nothing of their groups."""
        found: Floats = columns @ self._move
        folds = np.array([self._fold_of_group.get(group, -1) for group in groups.tolist()])
        for fold, move in enumerate(self._of_fold):
            found[folds == fold] = columns[folds == fold] @ move
        return found


def _probabilities(scores: Floats) -> Floats:
    """Return the probability of each label, given scores of all or, of two, of the second."""
    found: Floats = np.exp(log_softmax(score_columns(scores), axis=1))
    return found
