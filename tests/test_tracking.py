"""Training runs in MLflow: everything is logged, on this machine, and the model is found again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bundles import CARD, TOPIC, TOPICS

from saring import store, tracking
from saring.article import Prediction
from saring.errors import BundleError, MissingExtraError, SaringError
from saring.predict import load
from saring.pyfunc import PyfuncModel
from saring.tracking import git_commit, signature

TEXTS = ["rupiah menguat tajam", "saham naik lagi", "gempa di kota itu", "banjir surut"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store.save(tmp_path_factory.mktemp("models") / "uji", {"topic": TOPIC}, CARD)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the models' folder lies in, where nobody has set an address."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SARING_MODELS", str(folder / "models"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield folder


@pytest.fixture(scope="module")
def logged(home: Path, bundle: Path) -> tracking.RunInfo:
    return tracking.log_run(
        tracking.RunRecord(
            bundle=bundle,
            topics=TOPICS,
            name="uji",
            params={"seed": 7, "topic.C": 3.0},
            metrics={"test/macro_f1": 0.9, "test/f1.politik & hukum": 0.5, "test/auc": None},
            tags={"data": "00ff", **git_commit(home)},
            files={"pages/report.html": "<!doctype html>"},
        )
    )


@pytest.fixture(scope="module")
def client(logged: tracking.RunInfo) -> Any:
    import mlflow

    return mlflow.MlflowClient(tracking_uri=logged.tracking_uri)


def test_importing_the_module_imports_no_mlflow() -> None:
    code = "import sys, saring.tracking; print({'mlflow', 'sklearn', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_missing_mlflow_names_what_to_install(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*'mlflow>=[^\[]* and try again"):
        tracking.log_run(tracking.RunRecord(bundle=bundle, topics=TOPICS, name="uji"))


# one run


def test_a_run_lies_beside_the_folder_of_models(home: Path, logged: tracking.RunInfo) -> None:
    assert logged.tracking_uri == f"sqlite:///{home / 'mlflow.db'}"
    assert sorted(path.name for path in home.iterdir()) == ["mlartifacts", "mlflow.db"]


def test_a_run_holds_what_was_given(client: Any, logged: tracking.RunInfo, bundle: Path) -> None:
    run = client.get_run(logged.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "uji"
    assert run.data.params == {"seed": "7", "topic.C": "3.0"}
    assert run.data.metrics == {"test/macro_f1": 0.9, "test/f1.politik _ hukum": 0.5}
    assert run.data.tags["data"] == "00ff"
    assert run.data.tags["model_version"] == store.load(bundle).model_version
    artifacts = {item.path for item in client.list_artifacts(logged.run_id)}
    assert artifacts == {"pages"}  # the bundle lies in the model alone
    assert [item.path for item in client.list_artifacts(logged.run_id, "pages")] == ["pages/report.html"]


def test_the_model_is_registered_as_challenger(client: Any, logged: tracking.RunInfo) -> None:
    version = client.get_model_version_by_alias("saring", "challenger")
    assert int(version.version) == logged.registered_version
    assert version.run_id == logged.run_id
    assert logged.model_uri == f"models:/saring/{version.version}"


def test_the_alias_moves_to_the_next_run(client: Any, logged: tracking.RunInfo, bundle: Path, home: Path) -> None:
    second = tracking.log_run(tracking.RunRecord(bundle=bundle, topics=TOPICS, name="kedua"))
    assert second.registered_version == logged.registered_version + 1
    assert second.experiment_id == logged.experiment_id
    version = client.get_model_version_by_alias("saring", "challenger")
    assert int(version.version) == second.registered_version


def test_a_trial_leaves_figures_and_no_model(client: Any, logged: tracking.RunInfo) -> None:
    versions = len(client.search_model_versions())
    run_id = tracking.log_trial(
        "uji-coba", "tanpa judul", {"topic.title_field": 0.0},
        {"topic.random.macro_f1": 0.8, "topic.f1.a & b": 0.5, "topic.auc": None}, {"task": "topic"},
    )  # fmt: skip
    run = client.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "tanpa judul")
    assert client.get_experiment(run.info.experiment_id).name == "uji-coba"
    assert run.info.experiment_id != logged.experiment_id
    assert run.data.params == {"topic.title_field": "0.0"}
    assert run.data.metrics == {"topic.random.macro_f1": 0.8, "topic.f1.a _ b": 0.5}
    assert run.data.tags["task"] == "topic"
    assert client.list_artifacts(run_id) == []
    assert len(client.search_model_versions()) == versions


@pytest.mark.parametrize(
    "form",
    [
        "models:/saring/{version}",
        "challenger",
        "runs:/{run}/saring",
        "runs:/{run}",
        "{run}",
        "uji",
        "saring@challenger",
    ],
)
def test_a_registered_model_is_found_as_a_bundle(form: str, logged: tracking.RunInfo, bundle: Path, home: Path) -> None:
    reference = form.format(version=logged.registered_version, run=logged.run_id)
    found = store.load(tracking.resolve(reference))
    assert found.checksums == store.load(bundle).checksums


@pytest.mark.parametrize("reference", ["champion", "models:/saring/99", "runs:/0/bundle", 32 * "0", "nobody's run"])
def test_an_unknown_model_is_an_error_with_a_remedy(reference: str, logged: tracking.RunInfo, home: Path) -> None:
    with pytest.raises(BundleError, match=r"no such model; train one .`saring train`"):
        tracking.resolve(reference)


def test_what_is_logged_is_data_alone(client: Any, logged: tracking.RunInfo) -> None:
    root = tracking.resolve(logged.model_uri).parent.parent
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert not [name for name in files if name.endswith((".pkl", ".py", ".pickle", ".joblib"))]
    requirements = (root / "requirements.txt").read_text().splitlines()
    wheel, *others = requirements
    assert wheel.startswith(f"code/saring-{version('saring')}-")
    assert (root / wheel).is_file()
    assert all("==" in line for line in others)


def test_the_address_the_process_had_is_given_back(
    home: Path, logged: tracking.RunInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert not mlflow.is_tracking_uri_set()


def test_the_address_in_the_environment_is_read_anew_each_time(
    home: Path, logged: tracking.RunInfo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import mlflow

    elsewhere = f"sqlite:///{tmp_path / 'none.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", elsewhere)
    with pytest.raises(BundleError, match="no such model"):
        tracking.resolve("challenger")
    assert (os.environ["MLFLOW_TRACKING_URI"], mlflow.get_tracking_uri()) == (elsewhere, elsewhere)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", logged.tracking_uri)
    assert tracking.resolve("challenger").is_dir()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert tracking.resolve("challenger").is_dir()
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert not mlflow.is_tracking_uri_set()


def test_a_refusal_says_where_the_bundle_is(bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(SaringError, match=r"could not be logged; the model itself is whole.*; .*not a database"):
        tracking.log_run(tracking.RunRecord(bundle=bundle, topics=TOPICS, name="uji"))


def test_an_address_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings(action="ignore"):
        monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 1)  # it tries for a minute otherwise
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://saring:ra@ha/sia@127.0.0.1:1/runs")
    for reference in ("champion", "models:/saring/3"):
        with pytest.raises(SaringError) as caught:
            tracking.resolve(reference)
        told = "".join(traceback.format_exception(caught.value))
        assert "postgresql://***@127.0.0.1:1/runs" in told
        assert "sia" not in told


# the columns


def test_the_signature_names_the_columns_of_a_prediction_row() -> None:
    columns = signature(TOPICS)
    assert "inputs" not in columns  # every usual name of a column is taken
    outputs = [column["name"] for column in json.loads(columns["outputs"])]
    assert outputs == list(Prediction(id="", topics=TOPICS).row())


def test_the_pyfunc_gives_one_row_for_each_row(bundle: Path) -> None:
    model = PyfuncModel(load(bundle))
    frame = pd.DataFrame(
        {"title": ["satu", None, "tiga"], "text": ["isi", "isi", None], "id": ["a", "b", "c"]}, index=[7, 7, 9]
    )
    rows = model.predict(frame)
    assert list(rows.columns) == list(Prediction(id="", topics=TOPICS).row())
    assert list(rows.index) == [7, 7, 9]
    assert list(rows["id"]) == ["a", "b", "c"]
    assert rows["error"].tolist() == [None, None, None]
    assert list(model.predict(frame[:0]).columns) == list(rows.columns)


def test_the_server_writes_absent_values_as_null(bundle: Path) -> None:
    rows = PyfuncModel(load(bundle)).predict(pd.DataFrame({"text": ["isi", None]}))
    [_, failed] = rows.to_dict("records")
    assert json.loads(json.dumps(failed, allow_nan=False)) == failed
    assert failed["topic"] is failed["topic_probability"] is failed["abstained"] is failed["n_links"] is None


# the model as MLflow gives it back

NEWS = [
    "Rupiah Menguat\n\nRupiah menguat terhadap dolar AS.\nBaca Juga: Harga Emas Hari Ini Turun Lagi",
    "Timnas Menang Tipis\n\nTimnas menang 1-0 dalam laga persahabatan.",
    "Gempa mengguncang pesisir.",
]


@pytest.fixture(scope="module")
def served(home: Path, bundle_folder: Path) -> Any:
    """The model logged, registered and loaded by its address."""
    import mlflow

    topics = load(bundle_folder).topics
    info = tracking.log_run(tracking.RunRecord(bundle=bundle_folder, topics=topics, name="uji"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", info.tracking_uri)
        yield mlflow.pyfunc.load_model(info.model_uri)


def test_three_rows_in_are_three_rows_out(served: Any, bundle_folder: Path) -> None:
    rows = served.predict(pd.DataFrame({"title": ["satu", "dua", "tiga"], "text": NEWS}))
    assert list(rows["title"]) == ["satu", "dua", "tiga"]
    assert list(rows.columns) == list(Prediction(id="", topics=load(bundle_folder).topics).row())


def test_a_row_that_cannot_be_scored_keeps_its_place(served: Any) -> None:
    rows = served.predict(pd.DataFrame({"text": [NEWS[0], None, NEWS[1]]}, index=[5, 5, 9]))
    assert list(rows.index) == [5, 5, 9]
    assert rows["error"].isna().tolist() == [True, False, True]


def test_the_rows_are_those_of_predict(served: Any, bundle_folder: Path) -> None:
    frame = served.predict(pd.DataFrame({"text": NEWS}))
    model = load(bundle_folder)
    found = model.predict([{"text": text} for text in NEWS], scored_at=frame["scored_at"][0])
    theirs = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert theirs == [prediction.row() for prediction in found]


def test_the_newest_model_is_found_by_its_alias(served: Any, bundle_folder: Path) -> None:
    model = load("models:/saring@challenger")
    assert model.model_version == load(bundle_folder).model_version


QUIET = """
import socket, sys
from pathlib import Path
def refuse(self, address):
    raise SystemExit(f"network: {address}")
socket.socket.connect = refuse
from saring import tracking
tracking.log_run(tracking.RunRecord(bundle=Path(sys.argv[1]), topics=("economy", "other"), name="uji"))
from mlflow.telemetry import get_telemetry_client
assert get_telemetry_client() is None
"""


@pytest.mark.slow
def test_logging_is_silent_and_uses_no_network(bundle_folder: Path, tmp_path: Path) -> None:
    # Without pytest's and a CI's variables, by which mlflow turns telemetry off of itself.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    kept["SARING_MODELS"] = str(tmp_path / "models")
    kept["SARING_MODELS"] = str(tmp_path / "models")
    done = subprocess.run(
        [sys.executable, "-c", QUIET, bundle_folder], cwd=tmp_path, env=kept, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# git


def git(folder: Path, *command: str) -> None:
    subprocess.run(
        ["git", "-C", folder, "-c", "user.name=u", "-c", "user.email=u@example.org", *command],
        check=True,
        capture_output=True,
    )


def test_a_commit_and_what_differs_from_it(tmp_path: Path) -> None:
    git(tmp_path, "init")
    assert git_commit(tmp_path) == {}
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "a")
    state = git_commit(tmp_path)
    assert len(state["git_commit"]) == 40
    assert state["git_dirty"] == "false"
    (tmp_path / "new").write_text("untracked files do not count")
    assert git_commit(tmp_path) == state
    (tmp_path / "a").write_text("2")
    assert git_commit(tmp_path) == state | {"git_dirty": "true"}


def test_a_checkout_runs_nothing_when_it_is_asked_for_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    home = tmp_path / "checkout"
    home.mkdir()
    git(home, "init")
    (home / "a").write_text("1")
    git(home, "add", "a")
    git(home, "commit", "-m", "a")
    (home / ".git" / "info" / "attributes").write_text("a filter=odd=name")
    (home / ".git" / "hooks").mkdir(exist_ok=True)
    hook = home / ".git" / "hooks" / "post-index-change"
    hook.write_text(f"#!/bin/sh\necho hook >> {ran}\n")
    hook.chmod(0o755)
    for name in ("core.fsmonitor", "filter.odd=name.clean", "filter.odd=name.process", "diff.external"):
        git(home, "config", name, f"echo {name} >> {ran}; cat")
    os.utime(home / "a", (1, 1))  # so that its content must be compared
    state = git_commit(home)
    assert state["git_dirty"] == "false"
    assert not ran.exists()
    # Nor do the user's variables lead elsewhere.
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"echo variable >> {ran}")
    assert git_commit(home) == state
    assert not ran.exists()


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_commit(tmp_path) == {}
    assert git_commit(tmp_path / "nowhere") == {}
    monkeypatch.setenv("PATH", "")
    assert git_commit() == {}
