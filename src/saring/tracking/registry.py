"""Registered models: found by what people call them, and which of a line's versions is the champion.

The history beside the models decides who answers; what is noted here follows it.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from saring import store
from saring.champions import CHAMPION, LINE, PROMOTE, Step, champion, line_of, models_folder
from saring.errors import BundleError, ConfigError, NotNotedWarning, SaringError
from saring.evaluation.gate import Check
from saring.relocate import database_of
from saring.store import Bundle
from saring.tracking.run_record import run_record
from saring.tracking.runs import RunInfo, log_run, opened, registered_name, tracking_uri

_RUN_ID = re.compile(r"(?:runs:/)?([0-9a-f]{32})(?:/.*)?")
# A promotion is done before the store hears of it, so nobody waits long for one that does not answer.
_PROMPT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


# A bundle, by what its model is called.


def resolve(reference: str) -> Path:
    """Return the local folder of a registered model's bundle, for `store.load`; one on a server is downloaded.

    `reference` is a run's name or id, an alias (``"challenger"``, ``"saring@champion"``), or an MLflow address:
    ``"models:/saring@champion"``, ``"models:/saring/3"``, ``"runs:/<id>"`` with whatever path behind it. BundleError
    where there is no such model, or it holds no bundle; ConfigError where several runs have the name.
    """
    failure = BundleError(
        f"{reference}: no such model; train one (`saring train`), set MLFLOW_TRACKING_URI, or name a bundle's folder"
    )
    with opened(failure) as mlflow:
        address = _address(mlflow.MlflowClient(), reference)
        root = Path(mlflow.artifacts.download_artifacts(address))
    found = [path.parent for path in (*root.glob(store.CARD), *root.glob(f"data/*/{store.CARD}"))]
    if len(found) != 1:
        raise BundleError(f"{address}: expected one model bundle in {root}, found {len(found)}")
    return found[0]


def _address(client: Any, reference: str) -> str:
    """Return the MLflow address of the model that a reference names."""
    if found := _RUN_ID.fullmatch(reference):
        return _model_of(client.get_run(found[1]), client)
    if ":/" in reference:
        return reference
    name, at, alias = reference.partition("@")
    if not at and (place := client.get_experiment_by_name(LINE)):
        named = client.search_runs([place.experiment_id], "attributes.run_name = '{}'".format(name.replace("'", "")))
        if len(named) > 1:
            ids = ", ".join(run.info.run_id for run in named)
            raise ConfigError(f"{reference}: {len(named)} runs have this name; name one by its id: {ids}")
        if named:
            return _model_of(named[0], client)
    return f"models:/{registered_name(name)}@{alias}" if at else f"models:/{LINE}@{name}"


def _model_of(run: Any, client: Any) -> str:
    """Return the address of the model that a run, or the run above it, logged."""
    if parent := run.data.tags.get("mlflow.parentRunId"):
        run = client.get_run(parent)
    if not (run.outputs and run.outputs.model_outputs):
        raise BundleError(f"the run {run.info.run_name!r} ({run.info.run_id}) made no model; name one that did")
    return f"models:/{run.outputs.model_outputs[0].model_id}"


# The champion.


def register(
    bundle: Bundle, checks: Sequence[Check] = (), name: str = "", files: Mapping[str, str] | None = None
) -> RunInfo:
    """Return where a bundle that no run made is registered: as a version of its line, by a run of its own.

    The run holds the figures of its card, `checks` of the quality gate and the data sets it was tested on; it is called
    `name`, or as the model is, and shows `files`, by path. In the shipped model's line the version gets the alias
    `champion` where nobody was promoted. A bundle that is registered already stays as it is. Raises as `log_run` does.
    """
    line = line_of(bundle.card)
    alias = CHAMPION if line == LINE and champion(models_folder(), line) is None else ""
    with opened(SaringError(f"{bundle.path}: could not be registered"), writes=True) as mlflow:
        client, registered = mlflow.MlflowClient(), registered_name(line)
        if found := _version(client, registered, bundle.model_version):
            if alias:
                client.set_registered_model_alias(registered, alias, found.version)
            run = client.get_run(found.run_id)
            uri = f"models:/{registered}/{found.version}"
            return RunInfo(
                found.run_id, run.info.run_name, run.info.experiment_id, int(found.version), uri, tracking_uri()
            )
    return log_run(run_record(bundle, name=name or str(bundle.card["name"]), checks=checks, files=files), alias)


def run_of(line: str, model_version: str) -> str:
    """Return the id of the run that made a model; empty where no store knows it, or answers."""
    with _noted() as mlflow:
        if mlflow and (found := _version(mlflow.MlflowClient(), registered_name(line), model_version)):
            return str(found.run_id)
    return ""


def promoted(step: Step, folder: Path, checks: Sequence[Check] = ()) -> None:
    """Note a promotion: the alias `champion` moves to the model's version, whose tags say why, by whom and when.

    A model that no run made is registered, with the `checks` of its quality gate. Nothing happens where MLflow is not
    installed or there is no store; a `NotNotedWarning` tells of one that does not answer.
    """
    with _noted("promotion") as mlflow:
        if not mlflow:
            return
        client, line = mlflow.MlflowClient(), registered_name(step.line)
        found = _version(client, line, step.model_version)
        version = str(found.version if found else register(store.load(folder), checks, step.bundle).registered_version)
        client.set_registered_model_alias(line, CHAMPION, version)
        _tag(client, line, version, step)


def rolled_back(step: Step, folder: Path | None = None) -> None:
    """Note a step back, as `promoted` does: the alias goes to the version of the model that answers again.

    `folder` is that model's bundle. The alias is gone where the model is not registered: no other version is champion.
    """
    with _noted("rollback") as mlflow:
        if not mlflow:
            return
        client, line = mlflow.MlflowClient(), registered_name(step.line)
        if before := _aliases(mlflow, client, line).get(CHAMPION):
            _tag(client, line, str(before), step)
            client.delete_registered_model_alias(line, CHAMPION)
        version = store.load(folder).model_version if folder else step.model_version
        if found := _version(client, line, version):
            client.set_registered_model_alias(line, CHAMPION, found.version)


def _tag(client: Any, line: str, version: str, step: Step) -> None:
    """Write a step of the history into the tags of a model's version; a step back leaves those of the promotion."""
    prefix = "" if step.action == PROMOTE else f"{step.action}_"
    tags = {f"{prefix}{name}": getattr(step, name) for name in ("reason", "who", "when")} | {"action": step.action}
    if step.action == PROMOTE:
        figures = "; ".join(f"{name}: {figure}" for name, figure in step.figures.items())
        tags |= {"figures": figures, "commit": step.commit, "overridden": str(step.overridden).lower()}
    for name, value in tags.items():
        client.set_model_version_tag(line, version, name, value)


def _version(client: Any, line: str, model_version: str) -> Any:
    """Return the newest version of a registered model with this bundle; None where there is none."""
    found = client.search_model_versions(f"name = '{line}' and tags.model_version = '{model_version}'")
    return max(found, key=lambda one: int(one.version), default=None)


def _aliases(mlflow: Any, client: Any, line: str) -> dict[str, str]:
    """Return the version of each alias of a registered model."""
    try:
        return dict(client.get_registered_model(line).aliases)
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}


@contextmanager
def _noted(what: str = "") -> Iterator[Any]:
    """Yield the mlflow module, or None where there is no store; warn of what goes wrong, where `what` is not empty."""
    database = database_of(tracking_uri())
    if not find_spec("mlflow") or (database and not database.exists()):
        yield None
        return
    waits = {name: os.environ.get(name) for name in _PROMPT}
    os.environ.update({name: value for name, value in _PROMPT.items() if waits[name] is None})
    is_open = False
    try:
        with opened(SaringError(f"the {what} holds, but could not be noted in MLflow"), writes=bool(what)) as mlflow:
            is_open = True
            yield mlflow
    except SaringError as error:
        if what:
            holds = "" if is_open else f"the {what} holds; "
            warnings.warn(f"{holds}{error}", NotNotedWarning, stacklevel=4)
        if not is_open:  # a store that was moved
            yield None
    finally:
        for name, value in waits.items():
            if value is None:
                os.environ.pop(name, None)
