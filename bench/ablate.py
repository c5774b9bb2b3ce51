"""What each setting of a model is worth: one is changed at a time and measured as in training.

    .venv/bin/python bench/ablate.py CORPUS... [--only link "topic: C 10"] [--no-log]

Prints one table: figures of each protocol and, in brackets, what they are more or less than those
of all settings as they are. Each line is a run of the MLflow experiment `saring-ablation`.
A setting of topics took 50 seconds on two busy cores.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from saring import tracking
from saring.cli.show import stages
from saring.config import TrainConfig, flat, load_config
from saring.errors import ConfigError, SaringError
from saring.evaluation.reports import Report, Row, Table
from saring.training.corpus import LabelledArticle, fingerprint, read_corpus
from saring.training.tasks import TASKS
from saring.training.trainer import make_jobs, measure

EXPERIMENT = "saring-ablation"
FULL = "as it is"  # the setting that the others are compared with
LEAVE_OUT = "leave_out"
FIGURES = {"macro_f1": "macro-F1", "auc": "AUC"}

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """One question measured under changed settings; the first of a question changes none."""

    task: str
    name: str
    changes: Settings

    @property
    def title(self) -> str:
        """What it is called in runs and tables."""
        return f"{self.task}: {self.name}"

    def config(self, config: TrainConfig) -> TrainConfig:
        """Return the settings with those of the trial.

        Raises
        ------
        ConfigError
            When the task has no such setting, or one of another type.
        """
        settings = getattr(config, self.task)
        known = asdict(settings)
        changes = {key: value for key, value in self.changes.items() if key != LEAVE_OUT}
        for key, value in changes.items():
            if key not in known or type(value) is not type(known[key]):
                raise ConfigError(
                    f"{self.title}: {key} = {value!r}; expected a setting, and a value of the kind it has: {known}"
                )
        return replace(config, **{self.task: replace(settings, **changes)})

    def articles(self, articles: Sequence[LabelledArticle]) -> list[LabelledArticle]:
        """Return the articles without the topics that the trial leaves out."""
        source = self.changes.get(LEAVE_OUT, FULL)
        return [replace(a, topic="") if a.topic_source == source else a for a in articles]


def read_trials(path: Path, only: Sequence[str]) -> list[Trial]:
    """Return the trials of a table, or of them those that `only` names or whose tasks it names.

    Raises
    ------
    ConfigError
        When a table is no task's, or a name in `only` is of no task and no trial.
    """
    tables: Mapping[str, Mapping[str, Settings]] = tomllib.loads(path.read_text(encoding="utf-8"))
    tasks = [task.name for task in TASKS]
    trials = [Trial(task, name, changes) for task in tasks for name, changes in tables.get(task, {}).items()]
    for found, expected in ((tables, tasks), (only, [*tasks, *(trial.title for trial in trials)])):
        if strange := set(found) - set(expected):
            raise ConfigError(f"{path}: found {sorted(strange)}; expected some of {expected}")
    chosen = [t for t in trials if not only or t.task in only or t.title in only]
    return [
        trial
        for task in dict.fromkeys(trial.task for trial in chosen)
        for trial in (Trial(task, FULL, {}), *(t for t in chosen if t.task == task))
    ]


def run(trial: Trial, articles: Sequence[LabelledArticle], config: TrainConfig) -> list[Report]:
    """Return the reports of one trial."""
    changed = trial.config(config)
    jobs = [j for j in make_jobs(trial.articles(articles), changed) if j.task.name == trial.task]
    with stages() as progress, threadpool_limits(limits=1):
        return [report for found in measure(jobs, changed, progress) for report in found.reports]


def log(trial: Trial, reports: Sequence[Report], config: TrainConfig, digest: str) -> None:
    """Log a trial as a run of its own."""
    params = {k: v for k, v in flat(trial.config(config)).items() if k != "about"}
    metrics = {name: value for report in reports for name, value in report.metrics().items()}
    tags = {"task": trial.task, "setting": trial.name, "data_sha256": digest}
    if LEAVE_OUT in trial.changes:
        tags[LEAVE_OUT] = trial.changes[LEAVE_OUT]
    tracking.log_trial(EXPERIMENT, trial.title, params, metrics, tags | tracking.git_commit())


def table(found: Sequence[tuple[Trial, Sequence[Report]]]) -> Table:
    """Return all trials side by side, a section for each figure of each question."""
    splits = list(dict.fromkeys(report.subset for _, reports in found for report in reports))
    sections = []
    for task in dict.fromkeys(trial.task for trial, _ in found):
        trials = {trial.name: reports for trial, reports in found if trial.task == task}
        for figure in FIGURES:
            values = {name: by_split(reports, figure) for name, reports in trials.items()}
            if values[FULL]:
                sections.append(section(f"{task} {FIGURES[figure]}", values, splits))
    return Table("Ablation", ("setting", *splits), tuple(sections))


def by_split(reports: Sequence[Report], figure: str) -> dict[str, float]:
    """Return a figure by split, where the reports have it."""
    return {r.subset: f.value for r in reports if (f := getattr(r, figure)) is not None}


def section(title: str, values: Mapping[str, Mapping[str, float]], splits: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of one figure, each setting beside the full one."""
    rows: list[Row] = []
    for name, here in values.items():
        cells = []
        for split in splits:
            text = f"{here[split]:.3f}" if split in here else ""
            if text and name != FULL:
                text += f" ({here[split] - values[FULL][split]:+.3f})"
            cells.append(text)
        rows.append((f"{title}, {name}", *cells))
    return tuple(rows)


def main(options: argparse.Namespace) -> None:
    """Measure all trials, log each and print the table."""
    config = load_config(options.config)
    trials = read_trials(options.table, options.only)
    for trial in trials:
        trial.config(config)  # a wrong setting is told now, not after an hour
    articles = [article for path in options.corpus for article in read_corpus(path)]
    digest = fingerprint(options.corpus)
    found: list[tuple[Trial, Sequence[Report]]] = []
    for number, trial in enumerate(trials, start=1):
        began = time.monotonic()
        reports = run(trial, articles, config)
        found.append((trial, reports))
        if not options.no_log:
            log(trial, reports, config, digest)
        seconds = time.monotonic() - began
        print(f"{number}/{len(trials)} {trial.title}  {seconds:.0f} s", flush=True)
    print(table(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--config", default="conf/pretrained.toml")
    parser.add_argument("--table", type=Path, default=Path("conf/ablate.toml"))
    parser.add_argument("--only", nargs="+", default=[], help="a task, or 'TASK: NAME'")
    parser.add_argument("--no-log", action="store_true", help="do not log runs to MLflow")
    try:
        main(parser.parse_args())
    except SaringError as error:
        sys.exit(f"ablate: {error}")
