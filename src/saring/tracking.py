"""MLflow: log, register and resolve runs; the only module that imports mlflow."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saring import store
from saring.errors import BundleError, MissingExtraError, SaringError, masked
from saring.processes import program
from saring.schema import LINK_COLUMNS, Column, prediction_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The state of the git checkout a run was made in.


_COMMANDS = ("rev-parse --verify HEAD", "status --porcelain --untracked-files=no --ignore-submodules=dirty")
# What a checkout's own settings and hooks have git run.
_OFF = {"core.fsmonitor": "false", "core.hooksPath": os.devnull}
_ITS_OWN_SETTINGS = ("local", "worktree")  # scopes of settings that lie in the checkout
_FILTER = re.compile(r"filter\..*\.(clean|smudge|process)", re.DOTALL)


def harmless(off: Iterable[str] = ()) -> dict[str, str]:
    """Return variables under which git runs no program that the checkout names.

    Parameters
    ----------
    off : iterable of str
        More settings to be empty.
    """
    settings = {**_OFF, **dict.fromkeys(off, "")}
    keys = {f"GIT_CONFIG_KEY_{n}": name for n, name in enumerate(settings)}
    values = {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(settings.values())}
    return {
        **{"GIT_CONFIG_COUNT": str(len(settings)), **keys, **values},
        "GIT_OPTIONAL_LOCKS": "0",  # nor does it write the index, after which a hook would run
        "GIT_NO_LAZY_FETCH": "1",  # what a partial clone lacks stays away
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
    }


def git_commit(folder: Path | None = None) -> dict[str, str]:
    """Return tags that name the commit of a checkout and say whether tracked files differ from it.

    Parameters
    ----------
    folder : Path or None
        A folder in the checkout; None is the working folder.

    Returns
    -------
    dict[str, str]
        ``git_commit`` and ``git_dirty`` ("true" or "false"); empty outside a checkout, before its
        first commit, and where git is not installed.
    """
    try:
        place = folder or Path.cwd()
        own = _asked(place, "config --null --name-only --show-scope --list", harmless()).split("\0")
        scopes = zip(own[::2], own[1::2], strict=False)
        filters = [name for scope, name in scopes if scope in _ITS_OWN_SETTINGS and _FILTER.fullmatch(name)]
        commit, changes = (_asked(place, words, harmless(filters)) for words in _COMMANDS)
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"git_commit": commit.strip(), "git_dirty": str(bool(changes.strip())).lower()}


def _asked(folder: Path, words: str, variables: Mapping[str, str]) -> str:
    """Return what git answers, none of the user's variables of git in force.

    Raises
    ------
    OSError, CalledProcessError
        It is not installed, or has no answer.
    """
    git = program("git")
    if git is None:
        raise FileNotFoundError("git")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        [git, "-C", str(folder), *words.split()],
        capture_output=True,
        check=True,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
    ).stdout


# The columns of the MLflow model: what goes in and what comes out, in MLflow's own JSON form.


_INPUTS = ("text", "title", "id", "published", "publisher", "url")  # only the text is required
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "strings": {"type": "array", "items": {"type": "string"}},
    "int": {"type": "long"},
    "float": {"type": "double"},
    "bool": {"type": "boolean"},
}


def signature(topics: Iterable[str]) -> dict[str, str]:
    """Return the ``inputs`` and ``outputs`` of a model with these topics.

    The outputs are the columns of `Prediction.row`, in its order; all but the id may be absent.
    """
    inputs = [{"type": "string", "name": name, "required": name == "text"} for name in _INPUTS]
    outputs = [
        {**_type(column), "name": column.name, "required": column.name == "id"} for column in prediction_columns(topics)
    ]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)}


def _type(column: Column) -> Mapping[str, Any]:
    """Return the type of a column."""
    if column.kind != "links":
        return _TYPES[column.kind]
    link = {of.name: {**_type(of), "required": True} for of in LINK_COLUMNS}
    return {"type": "array", "items": {"type": "object", "properties": link}}


# Training runs in MLflow: log one, register its model, find a registered model's bundle.


MODEL_NAME = "saring"
CHALLENGER = "challenger"  # alias of the model trained last; `champion` is given by a person
_URI_VARIABLE = "MLFLOW_TRACKING_URI"
_LOADER = "saring.pyfunc"  # by name, as it stands below this module and MLflow imports it

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
# Warnings of mlflow 3.17 about mlflow's own code, which no user of saring can help.
_ITS_OWN = (
    (DeprecationWarning, ""),  # it calls what SQLAlchemy 2.1 and pandas 3.1 deprecate
    (UserWarning, r".*Any type hint is inferred as AnyType"),  # of a class it declares itself
)
_METRIC_NAME = re.compile(r"[^\w\-. :/]")  # what MLflow does not take in a name
# Two first runs may create the same database at once; the loser finds it made a moment later.
_RACES = ("database is locked", "already exists")
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What one training run is remembered by.

    Attributes
    ----------
    bundle : Path
        Folder of the model bundle it made.
    topics : Sequence[str]
        The model's topics in order: the ``p_<topic>`` columns of its rows.
    name : str
        Name of the run, for people.
    params : Mapping[str, Any]
        Settings, flat.
    metrics : Mapping[str, float or None]
        Metrics, flat, as in ``"test/macro_f1"``; None for one that could not be computed.
    tags : Mapping[str, str]
        Data digest, `git_commit` and the like.
    figures : Mapping[str, Figure]
        Figures by name, without a suffix.
    experiment : str
        Name of the experiment the run belongs to.
    """

    bundle: Path
    topics: Sequence[str]
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    experiment: str = MODEL_NAME


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

    The run goes to ``MLFLOW_TRACKING_URI``, or to ``mlflow.db`` in the working folder with its
    artifacts beside it in ``mlartifacts``.

    Raises
    ------
    MissingExtraError
        When mlflow is not installed.
    BundleError
        When the bundle is damaged.
    SaringError
        When MLflow refuses; the bundle stays where it is.
    """
    version_made = str(store.describe(run.bundle)["model_version"])
    uri = tracking_uri()
    failure = SaringError(f"the run {run.name!r} could not be logged; the model itself is whole, in {run.bundle}")
    with opened(uri, failure) as mlflow:
        experiment = experiment_id(mlflow, run.experiment, uri)
        with mlflow.start_run(experiment_id=experiment, run_name=run.name) as active:
            model = _log_all(mlflow, run, version_made)
        number = _register(mlflow.MlflowClient(), model, active.info.run_id)
    return RunInfo(
        run_id=active.info.run_id,
        experiment_id=experiment,
        registered_version=number,
        model_uri=f"models:/{MODEL_NAME}/{number}",
        tracking_uri=uri,
    )


def resolve(reference: str) -> Path:
    """Return the local folder of a registered model's bundle, for `store.load`.

    Parameters
    ----------
    reference : str
        An alias (``"challenger"``) or an MLflow address: ``"models:/saring@champion"``,
        ``"models:/saring/3"``, ``"runs:/<id>/bundle"``. A model on a server is downloaded.

    Raises
    ------
    MissingExtraError
        When mlflow is not installed.
    BundleError
        When there is no such model, or it holds no bundle.
    """
    uri = reference if ":/" in reference else f"models:/{MODEL_NAME}@{reference}"
    failure = BundleError(
        f"{uri}: no such model; train one (`saring train`), set MLFLOW_TRACKING_URI, or name a bundle's folder"
    )
    with opened(tracking_uri(), failure) as mlflow:
        root = Path(mlflow.artifacts.download_artifacts(uri))
    found = [path.parent for path in (*root.glob("card.json"), *root.glob("data/*/card.json"))]
    if len(found) != 1:
        raise BundleError(f"{uri}: expected one model bundle in {root}, found {len(found)}")
    return found[0]


def tracking_uri() -> str:
    """Return ``MLFLOW_TRACKING_URI``, or the database ``mlflow.db`` in the working folder."""
    return os.environ.get(_URI_VARIABLE) or f"sqlite:///{Path('mlflow.db').absolute()}"


@contextmanager
def opened(uri: str, failure: SaringError) -> Iterator[Any]:
    """Yield the mlflow module, quiet and pointed at `uri`; what it was pointed at is restored.

    What goes wrong in MLflow, its database or its files is raised as `failure`, with the reason.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        for category, message in _ITS_OWN:
            warnings.filterwarnings("ignore", message, category, module=r"mlflow\b")
        try:
            import mlflow
        except ModuleNotFoundError as error:
            raise MissingExtraError("train", "keeping training runs in MLflow") from error
        # MLflow writes its address into the environment as well: both are given back as they were.
        variables = (_URI_VARIABLE, *harmless())  # it asks git as well
        environment = {name: os.environ.pop(name, None) for name in variables}
        os.environ.update(harmless())
        before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
        mlflow.set_tracking_uri(uri)
        try:
            yield mlflow
        except SaringError:
            raise
        except Exception as error:  # MLflow, its stores and its plugins raise whatever there is
            told = type(failure)(f"{failure}; {uri}: {' '.join(str(error).split())}")
            # What MLflow says may hold the address, and a traceback would print it.
            raise told from (error if masked(str(error)) == str(error) else None)
        finally:
            mlflow.set_tracking_uri(before)
            for name, old in environment.items():
                os.environ.pop(name, None)
                if old is not None:
                    os.environ[name] = old


def _failures() -> tuple[type[Exception], ...]:
    """Return what MLflow raises for a server, database or file that does not do."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return (MlflowException, SQLAlchemyError, OSError, ImportError)  # the last for a database's driver


def experiment_id(mlflow: Any, name: str, uri: str) -> str:
    """Return the id of the experiment `name`, made when it is new; tries twice, see `_RACES`."""
    try:
        return _find_or_make(mlflow.MlflowClient(), name, uri)
    except _failures() as error:
        if not any(race in str(error) for race in _RACES):
            raise
        time.sleep(_PAUSE_SECONDS)
        return _find_or_make(mlflow.MlflowClient(), name, uri)


def _find_or_make(client: Any, name: str, uri: str) -> str:
    """Return the id of the experiment `name`, made when it is new."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, _artifact_location(uri)))


def _artifact_location(uri: str) -> str | None:
    """Return ``mlartifacts`` beside an SQLite file; None leaves it to the server."""
    if not uri.startswith("sqlite:///"):
        return None
    return (Path(uri.removeprefix("sqlite:///")).absolute().parent / "mlartifacts").as_uri()


def log_values(
    mlflow: Any, params: Mapping[str, Any], metrics: Mapping[str, float | None], tags: Mapping[str, str]
) -> None:
    """Log settings, figures and tags to the active run."""
    mlflow.log_params(dict(params))
    mlflow.log_metrics(
        {_METRIC_NAME.sub("_", name): float(value) for name, value in metrics.items() if value is not None}
    )
    mlflow.set_tags(dict(tags))


def _log_all(mlflow: Any, run: RunRecord, model_version: str) -> Any:
    """Log everything of `run` to the active run; return what mlflow says of the model."""
    import pandas as pd

    log_values(mlflow, run.params, run.metrics, {**run.tags, "model_version": model_version})
    for name, figure in run.figures.items():
        mlflow.log_figure(figure, f"figures/{name}.png")
    mlflow.log_artifacts(str(run.bundle), "bundle")
    return mlflow.pyfunc.log_model(
        name=MODEL_NAME,
        loader_module=_LOADER,
        data_path=str(run.bundle),
        signature=mlflow.models.ModelSignature.from_dict(signature(run.topics)),
        input_example=pd.DataFrame([_EXAMPLE]),
        pip_requirements=[f"{package}=={version(package)}" for package in _REQUIRED],
    )


def _register(client: Any, model: Any, run_id: str) -> int:
    """Register the model's version and give it the alias; return its number."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(MODEL_NAME)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(MODEL_NAME, source=model.model_uri, run_id=run_id, model_id=model.model_id)
    client.set_registered_model_alias(MODEL_NAME, CHALLENGER, made.version)
    return int(made.version)


# Trials: runs that measured settings and left no model, in experiments of their own.


def log_trial(
    experiment: str, name: str, params: Mapping[str, Any], metrics: Mapping[str, float | None], tags: Mapping[str, str]
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
