"""Runs in MLflow: one is logged with its model, which is registered."""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saring import store
from saring.champions import models_folder
from saring.errors import MissingExtraError, SaringError, masked
from saring.relocate import moved
from saring.schema import LINK_COLUMNS, prediction_columns
from saring.tracking.checkout import harmless

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The columns of the MLflow model, in MLflow's own JSON form.

_INPUTS = ("text", "title", "id", "published", "publisher", "url")  # only the text is required
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "strings": {"type": "array", "items": {"type": "string"}},
    "int": {"type": "long"},
    "float": {"type": "double"},
    "bool": {"type": "boolean"},
}
_LINK = {column.name: {**_TYPES[column.kind], "required": True} for column in LINK_COLUMNS}


def signature(topics: Iterable[str]) -> dict[str, str]:
    """Return the ``inputs`` and ``outputs`` of a model with these topics.

    The outputs are the columns of `Prediction.row`, in its order; all but the id may be absent.
    """
    inputs = [{"type": "string", "name": name, "required": name == "text"} for name in _INPUTS]
    types = {**_TYPES, "links": {"type": "array", "items": {"type": "object", "properties": _LINK}}}
    outputs = [
        {**types[column.kind], "name": column.name, "required": column.name == "id"}
        for column in prediction_columns(topics)
    ]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)}


# Runs.

Metrics = Mapping[str, float | None]  # None for one that could not be computed
MODEL_NAME = "saring"
CHALLENGER = "challenger"  # alias of the model trained last; `champion` is given by a person
_URI_VARIABLE = "MLFLOW_TRACKING_URI"

# Set before mlflow is imported, where the user has not set them: each is read only then.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # else every table it creates is announced
    "MLFLOW_UV_AUTO_DETECT": "false",  # else the working folder's uv.lock travels with the model
    "GIT_PYTHON_REFRESH": "quiet",  # else it complains where git is not installed
}
# Packages a scoring host needs for the same predictions; pinned, so that MLflow infers nothing.
_REQUIRED = ("saring", "mlflow", "numpy", "pandas", "scikit-learn", "scipy")
_EXAMPLE = {
    "title": "Rupiah menguat terhadap dolar AS",
    "text": "Rupiah ditutup menguat pada perdagangan sore ini, didorong oleh naiknya ekspor.",
}
# Warnings of mlflow 3.17 about its own code, or of what it imports, which no user of saring can help.
_ITS_OWN = (
    (DeprecationWarning, ""),  # it calls what SQLAlchemy 2.1 and pandas 3.1 deprecate
    (UserWarning, r".*Any type hint is inferred as AnyType"),  # of a class it declares itself
    (Warning, "IProgress not found"),  # in a notebook tqdm would draw a bar
)
_METRIC_NAME = re.compile(r"[^\w\-. :/]")  # what MLflow does not take in a name
_RACES = ("database is locked", "already exists")  # two first runs may create the same database at once
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What one training run is remembered by; settings and metrics are flat, as in ``"test/macro_f1"``."""

    bundle: Path  # folder of the model it made
    topics: Sequence[str]  # the model's, in order: the p_<topic> columns of its rows
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)  # digest of the data, `git_commit`
    figures: Mapping[str, Figure] = field(default_factory=dict)  # by name, without a suffix


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Where a run was logged: its ids, the registered model's version and the tracking address."""

    run_id: str
    experiment_id: str
    registered_version: int
    model_uri: str  # models:/saring/<version>
    tracking_uri: str


def log_run(run: RunRecord) -> RunInfo:
    """Return where `run` was logged; its model is the newest version, alias `challenger`.

    The run goes to ``MLFLOW_TRACKING_URI``, or to ``mlflow.db`` beside the folder of models, its artifacts in
    ``mlartifacts`` there. Where MLflow refuses, a SaringError says why, and the bundle stays where it is.
    """
    tags = {**run.tags, "model_version": store.load(run.bundle).model_version}
    failure = SaringError(f"the run {run.name!r} could not be logged; the model itself is whole, in {run.bundle}")
    with opened(failure) as mlflow:
        import pandas as pd
        from mlflow.exceptions import MlflowException

        with _started(mlflow, MODEL_NAME, run.name, run.params, run.metrics, tags) as info:
            for name, figure in run.figures.items():
                mlflow.log_figure(figure, f"figures/{name}.png")
            mlflow.log_artifacts(str(run.bundle), "bundle")
            model = mlflow.pyfunc.log_model(
                name=MODEL_NAME,
                loader_module="saring.pyfunc",  # by name, for MLflow imports it
                data_path=str(run.bundle),
                signature=mlflow.models.ModelSignature.from_dict(signature(run.topics)),
                input_example=pd.DataFrame([_EXAMPLE]),
                pip_requirements=[f"{package}=={version(package)}" for package in _REQUIRED],
            )
        client = mlflow.MlflowClient()
        try:
            client.create_registered_model(MODEL_NAME)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        made = client.create_model_version(MODEL_NAME, model.model_uri, info.run_id, model_id=model.model_id)
        client.set_registered_model_alias(MODEL_NAME, CHALLENGER, made.version)
    address = f"models:/{MODEL_NAME}/{made.version}"
    return RunInfo(info.run_id, info.experiment_id, int(made.version), address, tracking_uri())


def log_trial(experiment: str, name: str, params: Mapping[str, Any], metrics: Metrics, tags: Mapping[str, str]) -> str:
    """Return the id of a new run that holds settings and metrics, as in `RunRecord`, and no model.

    It goes where `log_run` says, into an experiment that is made when it is new, and raises the same.
    """
    with (
        opened(SaringError(f"the trial {name!r} could not be logged")) as mlflow,
        _started(mlflow, experiment, name, params, metrics, tags) as info,
    ):
        return str(info.run_id)


def tracking_uri() -> str:
    """Return ``MLFLOW_TRACKING_URI``, or the database ``mlflow.db`` beside the folder of models."""
    return os.environ.get(_URI_VARIABLE) or f"sqlite:///{models_folder().absolute().parent / 'mlflow.db'}"


@contextmanager
def opened(failure: SaringError) -> Iterator[Any]:
    """Yield the mlflow module, quiet and pointed at `tracking_uri`; what it was pointed at is restored.

    What goes wrong in MLflow, its database or its files is raised as `failure`, with the reason.
    """
    uri = tracking_uri()
    if there := moved(uri):
        raise type(failure)(str(there))
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        for category, message in _ITS_OWN:
            warnings.filterwarnings("ignore", message, category, module=r"(mlflow|tqdm)\b")
        try:
            import mlflow
        except ModuleNotFoundError as error:
            raise MissingExtraError("train", "keeping training runs in MLflow") from error
        # MLflow writes its address into the environment as well, and runs git: both are given back as they were.
        environment = {name: os.environ.pop(name, None) for name in (_URI_VARIABLE, *harmless())}
        os.environ.update(harmless())
        before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
        mlflow.set_tracking_uri(uri)
        try:
            yield mlflow
        except SaringError:
            raise
        except Exception as error:  # MLflow, its stores and its plugins raise whatever there is
            whole = type(failure)(f"{failure}; {uri}: {' '.join(str(error).split())}")
            # What MLflow says may hold the address, and a traceback would print it.
            raise whole from (error if masked(str(error)) == str(error) else None)
        finally:
            mlflow.set_tracking_uri(before)
            for name, old in environment.items():
                os.environ.pop(name, None)
                if old is not None:
                    os.environ[name] = old


@contextmanager
def _started(
    mlflow: Any, experiment: str, name: str, params: Mapping[str, Any], metrics: Metrics, tags: Mapping[str, str]
) -> Iterator[Any]:
    """Yield what MLflow says of a new run, in which settings, metrics and tags are logged."""
    client, uri = mlflow.MlflowClient(), mlflow.get_tracking_uri()
    artifacts = None  # where the server has them; beside an SQLite file otherwise
    if uri.startswith("sqlite:///"):
        home = Path(uri.removeprefix("sqlite:///")).absolute().parent
        home.mkdir(parents=True, exist_ok=True)
        artifacts = (home / "mlartifacts").as_uri()

    def found() -> str:
        there = client.get_experiment_by_name(experiment)
        return str(there.experiment_id if there else client.create_experiment(experiment, artifacts))

    try:
        place = found()
    except Exception as error:
        if not any(race in str(error) for race in _RACES):
            raise
        time.sleep(_PAUSE_SECONDS)
        place = found()
    with mlflow.start_run(experiment_id=place, run_name=name) as active:
        mlflow.log_params(dict(params))
        numbers = {_METRIC_NAME.sub("_", name): float(n) for name, n in metrics.items() if n is not None}
        mlflow.log_metrics(numbers)
        mlflow.set_tags(dict(tags))
        yield active.info
