"""Runs in MLflow: one is logged with its model, which is registered."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from itertools import chain, count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from saring import store
from saring.champions import CHALLENGER, LINE, models_folder
from saring.columns import aliases
from saring.errors import MissingExtraError, SaringError, masked
from saring.relocate import ARTIFACTS, database_of, moved
from saring.schema import LINK_COLUMNS, prediction_columns
from saring.tracking.checkout import harmless
from saring.tracking.turns import again, turn
from saring.tracking.wheel import write_wheel

# The columns of the MLflow model, in MLflow's own JSON form.

_TYPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "strings": {"type": "array", "items": {"type": "string"}},
    "int": {"type": "long"},
    "float": {"type": "double"},
    "bool": {"type": "boolean"},
}
_LINK = {column.name: {**_TYPES[column.kind], "required": True} for column in LINK_COLUMNS}


def signature(topics: Iterable[str]) -> dict[str, str]:
    """Return the ``outputs`` of a model with these topics: the columns of `Prediction.row`, in its order.

    All but the id may be absent. No inputs are named: MLflow would drop every other column and refuse numbers and dates
    where it expects text, and `Columns` finds our fields under all usual names, in whatever spelling and type.
    """
    types = {**_TYPES, "links": {"type": "array", "items": {"type": "object", "properties": _LINK}}}
    outputs = [
        {**types[column.kind], "name": column.name, "required": column.name == "id"}
        for column in prediction_columns(topics)
    ]
    return {"outputs": json.dumps(outputs)}


# Runs.

Metrics = Mapping[str, float | None]  # None for one that could not be computed
ADDRESS = "models:/NAME/VERSION"  # in a description: where the model will be, which is known once it is registered
VERSION_TAGS = ("verdict", "gate")  # of a run that its model's version has, too
_URI_VARIABLE = "MLFLOW_TRACKING_URI"
_KIND = {"mlflow.experimentKind": "custom_model_development"}  # which the browser would guess
_TABLE_ROWS = 5_000  # MLflow's browser shows no table of more than 2 MB
_MOST_RUNS = 1_000

# Set before mlflow is imported, where the user has not set them: each is read only then.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # of each run on a server, among the tables that are printed
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # else every table it creates is announced
    "MLFLOW_UV_AUTO_DETECT": "false",  # else the working folder's uv.lock travels with the model
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",  # else it complains where git is not installed
}
# Packages a scoring host needs for the same predictions, beside saring; pinned, so that MLflow infers nothing.
_REQUIRED = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy")
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


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Labelled rows that a model was trained or tested on: ids and labels, never a text, and what was measured."""

    name: str  # the task and how the rows were held out, "topic/publisher-out"
    digest: str  # of the words and labels, in whatever order: equal for equal rows
    context: str  # "train", "eval" or "test"
    ids: Sequence[str]
    labels: Sequence[str]
    sources: Sequence[str] = ()  # names of the files
    metrics: Metrics = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class RunRecord:
    """What one run is remembered by; settings and metrics are flat, as in ``"topic/test/macro_f1"``."""

    name: str  # another run's is told apart by a number
    bundle: Path | None = None  # folder of the model it made; None where it made none
    topics: Sequence[str] = ()  # the model's, in order: the p_<topic> columns of its rows
    line: str = LINE  # of models, which is what the model is registered as
    description: str = ""  # Markdown; `ADDRESS` in it becomes the registered model's
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=dict)  # of no data set in particular
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: Sequence[DataSet] = ()
    tables: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)  # columns, by the table's name
    files: Mapping[str, str] = field(default_factory=dict)  # contents, by path
    children: Sequence[RunRecord] = ()  # runs below it, which tell the tasks one by one


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Where a run was logged: its ids, the registered model's version and the tracking address."""

    run_id: str
    run_name: str
    experiment_id: str
    registered_version: int
    model_uri: str  # models:/saring/<version>
    tracking_uri: str


def log_run(run: RunRecord, alias: str = CHALLENGER) -> RunInfo:
    """Return where `run` was logged; its model is the newest version of its line and gets the alias, if not empty.

    The run goes to ``MLFLOW_TRACKING_URI``, or to ``mlflow.db`` beside the folder of models, its artifacts in
    ``mlartifacts`` there. Where MLflow refuses, a SaringError says why, and the bundle stays where it is.
    """
    assert run.bundle is not None
    model_version = {"model_version": store.load(run.bundle).model_version}
    failure = SaringError(f"the run {run.name!r} could not be logged; the model itself is whole, in {run.bundle}")
    with opened(failure, writes=True) as mlflow:
        import pandas as pd
        from mlflow.exceptions import MlflowException

        client, line = mlflow.MlflowClient(), registered_name(run.line)
        with _started(mlflow, LINE, run.name, run.description) as info:
            # Before the metrics, which then name it: so models can be ranked on a data set.
            with TemporaryDirectory() as aside:
                wheel = write_wheel(Path(aside))
                model = mlflow.pyfunc.log_model(
                    name=LINE,
                    loader_module="saring.pyfunc",  # by name, for MLflow imports it
                    data_path=str(run.bundle),
                    signature=mlflow.models.ModelSignature.from_dict(signature(run.topics)),
                    input_example=pd.DataFrame([_EXAMPLE]),
                    code_paths=[str(wheel)],  # which lies in the folder `code` then
                    pip_requirements=[f"code/{wheel.name}", *(f"{name}=={version(name)}" for name in _REQUIRED)],
                    metadata={"columns": aliases()},
                    params={name: str(value) for name, value in run.params.items()},
                    tags=model_version,
                )
            _log(mlflow, replace(run, tags={**run.tags, **model_version}), model.model_id)
            for child in run.children:
                with mlflow.start_run(
                    experiment_id=info.experiment_id, run_name=f"{child.name} ({info.run_name})", nested=True,
                    description=child.description,
                ):  # fmt: skip
                    _log(mlflow, replace(child, tags={**child.tags, **model_version}))
        try:
            client.create_registered_model(line)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        tags = {**{name: run.tags[name] for name in VERSION_TAGS if name in run.tags}, **model_version}
        version_of = partial(
            client.create_model_version,
            line, model.model_uri, info.run_id, tags={**tags, "run_name": info.run_name}, model_id=model.model_id,
            description=run.tags.get("verdict", ""),
        )  # fmt: skip
        made = again(version_of)
        if alias:
            again(partial(client.set_registered_model_alias, line, alias, made.version))
        address = f"models:/{line}/{made.version}"
        if ADDRESS in run.description:
            client.set_tag(info.run_id, "mlflow.note.content", run.description.replace(ADDRESS, address))
    return RunInfo(info.run_id, info.run_name, info.experiment_id, int(made.version), address, tracking_uri())


def registered_name(line: str) -> str:
    """Return what the models of a line are registered as: MLflow takes neither slash nor colon in a name."""
    return re.sub(r"[/:'\"]", "_", line)


def log_trial(experiment: str, name: str, params: Mapping[str, Any], metrics: Metrics, tags: Mapping[str, str]) -> str:
    """Return the id of a new run that holds settings and metrics, as in `RunRecord`, and no model.

    It goes where `log_run` says, into an experiment that is made when it is new, and raises the same.
    """
    with (
        opened(SaringError(f"the trial {name!r} could not be logged"), writes=True) as mlflow,
        _started(mlflow, experiment, name) as info,
    ):
        _log(mlflow, RunRecord(name, params=params, metrics=metrics, tags=tags))
        return str(info.run_id)


def _log(mlflow: Any, run: RunRecord, model_id: str | None = None) -> None:
    """Log into the active run what it is remembered by; what was measured on data sets is linked to the model."""
    import pandas as pd
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.pandas_dataset import PandasDataset

    mlflow.log_params(dict(run.params))
    mlflow.set_tags(dict(run.tags))
    inputs = [
        PandasDataset(
            pd.DataFrame({"id": list(one.ids), "label": list(one.labels)}),
            # Of files on this machine another can only know the names.
            source=CodeDatasetSource({"files": ", ".join(one.sources)}),
            targets="label", name=one.name, digest=one.digest,
        )
        for one in run.datasets
    ]  # fmt: skip
    if inputs:
        mlflow.log_inputs(inputs, [one.context for one in run.datasets], [None] * len(inputs))
    for one, dataset in zip(run.datasets, inputs, strict=True):
        mlflow.log_metrics(_numbers(one.metrics), model_id=model_id, dataset=dataset)
    mlflow.log_metrics(_numbers(run.metrics))
    # As `mlflow.log_table` writes them, which would round the figures: to ten digits, as pandas does.
    for name, columns in run.tables.items():
        rows = list(islice(zip(*columns.values(), strict=True), _TABLE_ROWS))
        mlflow.log_text(json.dumps({"columns": list(columns), "data": rows}), f"{name}.json")
    if run.tables:
        listed = [{"path": f"{name}.json", "type": "table"} for name in run.tables]
        mlflow.set_tag("mlflow.loggedArtifacts", json.dumps(listed))
    for path, content in run.files.items():
        mlflow.log_text(content, path)


def _numbers(metrics: Metrics) -> dict[str, float]:
    """Return the metrics that could be computed, under names that MLflow takes."""
    return {_METRIC_NAME.sub("_", name): float(n) for name, n in metrics.items() if n is not None}


def tracking_uri() -> str:
    """Return ``MLFLOW_TRACKING_URI``, or the database ``mlflow.db`` beside the folder of models."""
    return os.environ.get(_URI_VARIABLE) or f"sqlite:///{models_folder().absolute().parent / 'mlflow.db'}"


@contextmanager
def opened(failure: SaringError, *, writes: bool = False) -> Iterator[Any]:
    """Yield the mlflow module, quiet and pointed at `tracking_uri`; what it was pointed at is restored.

    Who `writes` into an SQLite file is alone in it. What goes wrong in MLflow, its database or its files is raised as
    `failure`, with the reason.
    """
    uri = tracking_uri()
    if there := moved(uri):
        raise type(failure)(str(there))
    for name, value in QUIET.items():
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
            with turn(uri, mlflow.MlflowClient, writes=writes):
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
def _started(mlflow: Any, experiment: str, name: str, description: str = "") -> Iterator[Any]:
    """Yield what MLflow says of a new run; one whose name another run has gets a number as well."""
    client, uri = mlflow.MlflowClient(), mlflow.get_tracking_uri()
    artifacts = None  # where the server has them; beside an SQLite file otherwise
    if database := database_of(uri):
        artifacts = (database.parent / ARTIFACTS).as_uri()

    def found() -> str:
        there = client.get_experiment_by_name(experiment)
        return str(there.experiment_id if there else client.create_experiment(experiment, artifacts, tags=_KIND))

    place = again(found)
    pattern = name.replace("'", "_")  # of which _ is any character
    others = client.search_runs([place], f"attributes.run_name LIKE '{pattern}%'", max_results=_MOST_RUNS)
    taken = {other.info.run_name for other in others}
    free = next(one for one in chain([name], (f"{name} #{n}" for n in count(2))) if one not in taken)
    with mlflow.start_run(experiment_id=place, run_name=free, description=description or None) as active:
        yield active.info
