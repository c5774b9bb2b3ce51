"""The quality gate: thresholds that a model's figures must not fall below, whichever protocol or file is the worst."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saring.config import read_toml
from saring.errors import ConfigError
from saring.evaluation.metrics import figure
from saring.evaluation.reports import Report

METRICS = ("accuracy", "macro_f1")
TWO_LABEL_METRICS = ("accuracy", "auc", "macro_f1")  # only one of two labels can be ranked


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold, and the worst figure that was found for it."""

    task: str
    metric: str
    threshold: float
    worst: float
    split: str  # where the worst figure was found

    @property
    def holds(self) -> bool:
        """Whether the figure is not below its threshold."""
        return self.worst >= self.threshold

    def __str__(self) -> str:
        relation = "at least" if self.holds else "below"
        return f"{self.task} {self.metric} {figure(self.worst)}, {relation} {self.threshold:g} ({self.split})"


def is_failed(checks: Sequence[Check]) -> bool:
    """Return whether a threshold does not hold."""
    return not all(check.holds for check in checks)


def gate_told(checks: Sequence[Check]) -> str:
    """Return in words what the gate says: first whether it is passed, then which thresholds do not hold."""
    if failed := [str(check) for check in checks if not check.holds]:
        return f"failed, {len(failed)} of {len(checks)} thresholds do not hold: {'; '.join(failed)}"
    return f"passed, {len(checks)} thresholds hold" if checks else "none, no thresholds are set for the model's name"


def load_thresholds(
    path: str | Path, model: str, labels: Mapping[str, Sequence[str]], *, skip: bool = False
) -> Mapping[str, Mapping[str, float]]:
    """Return the thresholds of the model of that name, by task and metric, from a TOML file.

    `labels` are those of each task of the model; with `skip` other tasks are left out. ConfigError when the file cannot
    be read, has no thresholds for the model, names a task that the model does not have, or a threshold is no figure in
    [0, 1].
    """
    tables = read_toml(path)
    if model not in tables:
        raise ConfigError(
            f"{path}: found thresholds for {', '.join(tables) or 'no model'}; expected a table "
            f"[{model}.TASK], as the model is called {model!r}"
        )
    thresholds: Mapping[str, Mapping[str, float]] = _table(tables[model], f"{path} [{model}]")
    thresholds = {task: figures for task, figures in thresholds.items() if task in labels or not skip}
    for task, figures in thresholds.items():
        where = f"{path} [{model}.{task}]"
        _table(figures, where)
        if task not in labels:
            raise ConfigError(f"{where}: the model answers no question {task!r}; expected one of {', '.join(labels)}")
        metrics = TWO_LABEL_METRICS if len(labels[task]) == 2 else METRICS
        for metric, value in figures.items():
            if metric not in metrics or not isinstance(value, float) or not 0 <= value <= 1:
                raise ConfigError(f"{where}: {metric} = {value!r}; expected one of {', '.join(metrics)}, 0.0 to 1.0")
    return thresholds


def _table(found: Any, where: str) -> Mapping[str, Any]:
    """Return what is found where it is a table with something in it."""
    if isinstance(found, Mapping) and found:
        return found
    raise ConfigError(f"{where} is {found!r}; expected a table of thresholds, as a gate needs some")


def check_thresholds(reports: Sequence[Report], thresholds: Mapping[str, Mapping[str, float]]) -> list[Check]:
    """Return each threshold beside the worst figure of the reports that are about whole splits.

    ConfigError when no report has a figure for a threshold: a gate that checks nothing must not pass.
    """
    checks = []
    for task, figures in thresholds.items():
        for metric, threshold in figures.items():
            found = [
                (math.isfinite(figure.value), figure.value, report.split)
                for report in reports
                if report.name == task and not report.part and (figure := getattr(report, metric)) is not None
            ]
            if not found:
                raise ConfigError(f"threshold {task}.{metric}: no report has this figure")
            _, worst, split = min(found)  # what is no number is the worst
            checks.append(Check(task, metric, threshold, worst, split))
    return checks
