"""Floors: figures that a model must not fall below, whichever protocol or file is the worst."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saring.config import read_toml
from saring.errors import ConfigError
from saring.evaluate import Report

__all__ = ["Check", "check_floors", "load_floors"]

METRICS = ("accuracy", "macro_f1")
TWO_LABEL_METRICS = ("accuracy", "auc", "macro_f1")  # only one of two labels can be ranked


@dataclass(frozen=True, slots=True)
class Check:
    """One floor, and the worst figure that was found for it."""

    task: str
    metric: str
    floor: float
    worst: float
    split: str  # where the worst figure was found

    @property
    def holds(self) -> bool:
        """Whether the figure is not below its floor."""
        return self.worst >= self.floor


def load_floors(
    path: str | Path, model: str, labels: Mapping[str, Sequence[str]]
) -> Mapping[str, Mapping[str, float]]:
    """Return a model's floors, by task and metric, from a TOML file.

    Parameters
    ----------
    path : str or path
    model : str
        The model's name, as its card has it.
    labels : Mapping[str, Sequence[str]]
        The labels of each question that the model answers.

    Raises
    ------
    ConfigError
        When the file cannot be read, has no floors for the model, names a question that the model
        does not answer, or a floor is no figure in [0, 1].
    """
    tables = read_toml(path)
    if model not in tables:
        raise ConfigError(
            f"{path}: found floors for {', '.join(tables) or 'no model'}; expected a table "
            f"[{model}.TASK], as the model is called {model!r}"
        )
    floors: Mapping[str, Mapping[str, float]] = _table(tables[model], f"{path} [{model}]")
    for task, figures in floors.items():
        where = f"{path} [{model}.{task}]"
        _table(figures, where)
        if task not in labels:
            raise ConfigError(
                f"{where}: the model answers no question {task!r}; expected one of "
                f"{', '.join(labels)}"
            )
        known = TWO_LABEL_METRICS if len(labels[task]) == 2 else METRICS
        for metric, floor in figures.items():
            if metric not in known or not isinstance(floor, float) or not 0 <= floor <= 1:
                raise ConfigError(
                    f"{where}: {metric} = {floor!r}; expected one of {', '.join(known)}, 0.0 to 1.0"
                )
    return floors


def _table(found: Any, where: str) -> Mapping[str, Any]:
    """Return what is found where it is a table with something in it."""
    if isinstance(found, Mapping) and found:
        return found
    raise ConfigError(f"{where} is {found!r}; expected a table of floors, as a gate needs some")


def check_floors(
    reports: Sequence[Report], floors: Mapping[str, Mapping[str, float]]
) -> list[Check]:
    """Return each floor beside the worst figure of the reports that are about whole splits.

    Raises
    ------
    ConfigError
        When no report has a figure for a floor: a gate that is not asked must not stand open.
    """
    checks = []
    for task, figures in floors.items():
        for metric, floor in figures.items():
            found = [
                (math.isfinite(figure.value), figure.value, report.split)
                for report in reports
                if report.name == task
                and not report.part
                and (figure := getattr(report, metric)) is not None
            ]
            if not found:
                raise ConfigError(f"floor {task}.{metric}: no report has this figure")
            _, worst, split = min(found)  # what is no number is the worst
            checks.append(Check(task, metric, floor, worst, split))
    return checks
