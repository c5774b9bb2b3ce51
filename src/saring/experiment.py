"""What ``saring train`` does: a model is trained, stored, reviewed beside the champion, and logged with its pages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from saring import store, tracking
from saring.champions import CHALLENGER, line_of
from saring.config import TrainConfig
from saring.errors import BundleError, MissingExtraError
from saring.evaluation.comparison import Comparison, compare
from saring.evaluation.heldout import HeldOut, from_arrays, to_arrays
from saring.evaluation.reports import Report, hub_card
from saring.html_reports.comparison_report import comparison_html
from saring.html_reports.evaluation_report import evaluation_html
from saring.model_comparison import compare_models
from saring.promotion import Review, champion_of, review
from saring.relocate import refuse_moved
from saring.store import Bundle
from saring.training.corpus import open_corpus, read_corpus, row_keys
from saring.training.corrections import correct
from saring.training.evaluate import answers
from saring.training.fit import Progress
from saring.training.label_issues import COLUMNS, held_out_issues
from saring.training.learning_curve import learning_curve
from saring.training.trainer import TEST, Fit, Job, fit_corpus
from saring.training.worst_errors import ERROR_COLUMNS, worst_errors

EARLIER = 3  # other models of the line that a run is compared with; a second or two each


@dataclass(frozen=True, slots=True)
class Trained:
    """What ``saring train`` made: the bundle's folder, its reports, its review and, where logged, the MLflow run."""

    folder: Path
    reports: tuple[Report, ...]
    review: Review | None = None  # beside the champion; None where the folder was named, for that is no challenger
    run_id: str = ""
    run_name: str = ""
    registered_version: int | None = None


def train_files(
    corpus: Sequence[str | Path],
    models: str | Path,
    config: TrainConfig | None = None,
    *,
    bundle: str | Path | None = None,
    log: bool = True,
    curve: bool = False,
    base: Bundle | None = None,
    texts: Sequence[str | Path] = (),
    progress: Progress = lambda stage, done, total: None,
) -> Trained:
    """Train a model on labelled files, store it in the folder `models` and log it to MLflow, as ``saring train`` does.

    With `bundle` it gets that folder instead of a new one in `models`: a bundle there is replaced, and a page about the
    model is written beside it. With `curve` models of fewer rows are measured, too. With a `base` nothing is trained
    anew: that model is corrected by the labelled rows, and `texts` are files of articles whose answers shall stay; see
    `training.corrections.correct`. Raises as `train` and `correct` do, and MissingExtraError where `log` is true and
    MLflow is not installed.
    """
    config = config or TrainConfig()
    if log and not all(map(find_spec, ("mlflow", "jinja2", "pandas"))):
        raise MissingExtraError("train", "logging the run to MLflow (or else --no-log)")
    if log:
        refuse_moved(tracking.tracking_uri())
    if bundle is not None:
        store.check_target(Path(bundle), replace=True)  # now, not after minutes of work
    elif Path(models).exists() and not (Path(models).is_dir() and os.access(models, os.W_OK)):
        raise BundleError(f"{models}: no folder that can be written; make it one, or name another for your models")
    if base is None:
        made = fit_corpus(corpus, config, progress)
    else:
        articles, sha256, sources = open_corpus(corpus)
        known = [article for path in texts for article in read_corpus(path)]
        made = correct(base, articles, config, known, sha256=sha256, sources=sources, progress=progress)
    card = {**made.card, **tracking.git_commit()}
    if curve:
        card["learning_curve"] = [asdict(p) for p in learning_curve(made.articles, config, progress=progress)]
    reviewed = None
    if bundle is None:
        progress("champion", 0, 1)
        current = None
        with suppress(BundleError):  # a champion that is gone is told by the review; what was trained is kept
            current = champion_of(Path(models), line_of(card))
        theirs = current.card if current else None
        changes = tracking.changed_settings(card, theirs) if theirs else {}
        card["run_name"] = tracking.run_name(card, theirs, changes)
        heldout = [*made.heldout, *(_answered(current, made) if current else ())]
        made_bundle = store.load(store.add(Path(models), made.models, card, to_arrays(heldout)))
        reviewed = review(made_bundle, Path(models))
    else:
        folder = store.save(Path(bundle), made.models, card, to_arrays(made.heldout), replace=True)
        made_bundle = store.load(folder)
        folder.with_name(f"{folder.name}.md").write_text(hub_card(made_bundle.card), encoding="utf-8")
    progress("store", 1, 1)
    if not log:
        return Trained(made_bundle.path, made.reports, reviewed)
    progress("log", 0, 1)
    run = _run_record(made_bundle, made, reviewed, Path(models))
    info = tracking.log_run(run, CHALLENGER if reviewed else "")
    progress("log", 1, 1)
    return Trained(made_bundle.path, made.reports, reviewed, info.run_id, info.run_name, info.registered_version)


def _run_record(bundle: Bundle, made: Fit, reviewed: Review | None, models: Path) -> tracking.RunRecord:
    """Return what MLflow is to keep of a training; a model of no line goes by the name of its folder."""
    beside: dict[str, Any] = {"name": bundle.path.name}
    if reviewed:
        beside = {name: getattr(reviewed, name) for name in ("champion", "comparisons", "checks", "verdict")}
        beside |= {"name": bundle.card["run_name"], "others": _beside_earlier(reviewed, models)}
    trained_on = [_trained_on(job, bundle.card["sources"]) for job in made.jobs]
    return tracking.run_record(bundle, trained_on=trained_on, files=_pages(bundle, made, reviewed), **beside)


def _answered(current: Bundle, made: Fit) -> list[HeldOut]:
    """Return what the champion answers to the rows that training held out, and that it was not trained on."""
    found = answers(current, [a for a in made.articles if a.split == TEST], TEST)
    others = answers(current, [a for a in made.articles if a.split != TEST], "")
    splits = dict.fromkeys((one.task, one.split) for one in made.heldout if one.split != TEST)
    return found + [replace(one, split=split) for task, split in splits for one in others if one.task == task]


def _beside_earlier(reviewed: Review, models: Path) -> dict[str, list[Comparison]]:
    """Return comparisons with the newest other models of the line, by their names, on rows of the first protocol.

    The champion has its own. Answers that are all the same are left out: there is nothing to resample.
    """
    protocol = reviewed.challenger.card["config"]["protocols"][0]
    own = _by_protocol(reviewed.challenger, protocol)
    done = {reviewed.challenger.model_version, reviewed.champion.model_version if reviewed.champion else ""}
    found: dict[str, list[Comparison]] = {}
    for folder in reversed(store.bundles(models)):
        with suppress(BundleError):
            other = store.load(folder)
            if other.model_version in done or line_of(other.card) != reviewed.line:
                continue
            done.add(other.model_version)
            theirs = _by_protocol(other, protocol)
            found[f"{other.card.get('run_name', other.card['name'])} ({other.model_version})"] = [
                c
                for task in [task for task in own if task in theirs]
                if not np.array_equal(theirs[task].scored.predicted, own[task].scored.predicted)
                for c in compare([theirs[task]], [own[task]])
            ]
        if len(found) == EARLIER:
            break
    return found


def _by_protocol(bundle: Bundle, protocol: str) -> dict[str, HeldOut]:
    """Return what a model answered under a protocol, by task."""
    heldout = from_arrays(bundle.heldout)
    return {one.task: one for one in heldout if one.split == protocol and not (one.by or one.part)}


def _trained_on(job: Job, sources: Sequence[str]) -> tracking.DataSet:
    """Return the labelled rows that a task's model is fitted on."""
    rows = job.train.take(job.train.weights > 0)
    name = f"{job.task.name}/train"
    return tracking.data_set(name, "train", row_keys(rows.rows), rows.truth, rows.ids, sources)


def _pages(bundle: Bundle, made: Fit, reviewed: Review | None) -> dict[str, str]:
    """Return the pages and tables of a run that show texts, by path.

    They hold titles and headlines, never bodies: without them nobody could look at an error. They are in the run alone,
    which lies where the user put it, beside the corpus that is the user's, too; the bundle, which is passed on, has
    none. Who sends runs to a server sends these along.
    """
    errors = worst_errors(bundle, made.heldout, made.articles)
    issues = held_out_issues(made.heldout, made.articles)
    listed = [{"task": task, **asdict(issue)} for task, some in issues.items() for issue in some]
    likely = sorted((issue for some in issues.values() for issue in some), key=lambda issue: issue.p_label)
    verdict = reviewed.verdict if reviewed else None
    beside = {}
    if reviewed and reviewed.champion:
        ours = bundle.card.get("run_name") or bundle.path.name
        names = f"the champion, {reviewed.champion.card['name']}", f"the challenger, {ours}"
        compared = reviewed.comparisons or None  # a review of equal models has none
        found = compare_models(reviewed.champion, bundle, names=names, texts=made.articles, compared=compared)
        beside["compare.html"] = comparison_html(found, bodies=False)
    return {
        **beside,
        "report.html": evaluation_html(bundle, errors=errors, label_issues=likely, verdict=verdict),
        "errors.csv": tracking.csv_text([*ERROR_COLUMNS], map(asdict, errors)),
        "label-issues.csv": tracking.csv_text(["task", *COLUMNS], listed),
    }
