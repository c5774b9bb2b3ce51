"""Trials: runs that measured settings and left no model, in experiments of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saring.errors import SaringError
from saring.track.runs import experiment_id, log_values, opened, tracking_uri

__all__ = ["log_trial"]


def log_trial(
    experiment: str,
    name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float | None],
    tags: Mapping[str, str],
) -> str:
    """Return the id of a new run that holds settings and figures; no model is registered.

    Where it goes is said at `log_run`.

    Parameters
    ----------
    experiment, name : str
        Of the experiment, made when it is new, and of the run.
    params, metrics, tags : Mapping
        As in `RunRecord`.

    Raises
    ------
    MissingExtraError
        When mlflow is not installed.
    SaringError
        When MLflow refuses.
    """
    uri = tracking_uri()
    with opened(uri, SaringError(f"the trial {name!r} could not be logged")) as mlflow:
        place = experiment_id(mlflow, experiment, uri)
        with mlflow.start_run(experiment_id=place, run_name=name) as active:
            log_values(mlflow, params, metrics, tags)
        return str(active.info.run_id)
