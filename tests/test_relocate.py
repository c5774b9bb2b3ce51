"""A store of runs whose folder was moved: it is noticed, told, and mended; nothing appears at the old place."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bundles import CARD, TOPIC, TOPICS
from hypothesis import given
from hypothesis import strategies as st

from saring import store, tracking
from saring.__main__ import main
from saring.champions import PROMOTE, Step
from saring.errors import BundleError, ConfigError, NotNotedWarning, SaringError
from saring.predict import load
from saring.relocate import database_of, moved, relocate, rewritten
from saring.tracking.runs import opened

NAME = "clone 100% für berita"


def uri(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def texts(database: Path) -> dict[str, list[str]]:
    """Every text of every table, by table and column."""
    found: dict[str, list[str]] = {}
    with closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, str):
                        found.setdefault(f"{table}.{name}", []).append(value)
    return found


def record(bundle: Path, name: str, **more: Any) -> tracking.RunRecord:
    return tracking.RunRecord(bundle=bundle, topics=TOPICS, name=name, **more)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of one run, whose model is champion; beside it a neighbour whose name is a prefix."""
    home = tmp_path_factory.mktemp("made") / NAME
    with pytest.MonkeyPatch.context() as patch:
        home.mkdir()
        patch.chdir(home)
        patch.setenv("MLFLOW_TRACKING_URI", uri(home))
        bundle = store.save(home / "models" / "uji", {"topic": TOPIC}, CARD)
        info = tracking.log_run(record(bundle, "pertama", params={"corpus": str(home / "data" / "a.jsonl")}))
        with opened(SaringError("no client")) as mlflow:
            client = mlflow.MlflowClient()
            client.set_registered_model_alias("saring", "champion", info.registered_version)
            client.set_tag(info.run_id, "neighbour", f"{home}-2/data")
            client.set_tag(info.run_id, "note", f"words of people about {home}/data stay")
            source = json.dumps({"uri": str(home / "data" / "a.jsonl")})
            dataset = mlflow.entities.Dataset("corpus", "00ff", "local", source)
            client.log_inputs(info.run_id, [mlflow.entities.DatasetInput(dataset)])
    return home


@pytest.fixture(scope="module")
def clone(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same folder under another roof."""
    there = tmp_path_factory.mktemp("moved") / "pindah% ñ"
    made.rename(there)
    return there


@pytest.fixture
def _env(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(clone)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri(clone))
    yield


@pytest.mark.usefixtures("_env")
class TestAMovedStore:
    """In the order in which a user meets it."""

    def test_is_noticed_by_what_looks_for_a_model(self, made: Path, clone: Path) -> None:
        with pytest.raises(BundleError, match="run `saring relocate`") as caught:
            load("models:/saring@champion")
        assert str(made) in str(caught.value)
        assert str(clone) in str(caught.value)

    def test_is_noticed_by_what_logs(self, clone: Path) -> None:
        with pytest.raises(SaringError, match="run `saring relocate`"):
            tracking.log_run(record(clone / "models" / "uji", "kedua"))

    def test_is_noticed_before_a_training_begins(self, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main_of("train", "none.jsonl") == 1
        assert "run `saring relocate`" in capsys.readouterr().err

    def test_is_told_by_a_promotion_and_a_step_back_which_hold(self, clone: Path, tmp_path: Path) -> None:
        step = Step("saring", PROMOTE, "uji", load(clone / "models" / "uji").model_version, "it is better")
        for tell in (tracking.promoted, tracking.rolled_back):
            with pytest.warns(NotNotedWarning, match="holds; .*run `saring relocate`"):
                tell(step, clone / "models" / "uji")

    def test_is_noticed_before_a_champion_is_changed(self, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
        models = str(clone / "models")
        for command in (
            ["promote", models + "/uji", "--models", models, "--because", "x"],
            ["rollback", "--models", models],
        ):
            assert main_of(*command) == 1
            assert "run `saring relocate`" in capsys.readouterr().err
        assert not (clone / "models" / "history.jsonl").exists()

    def test_is_told_by_commands_that_do_not_need_it(self, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main_of("models", "--models", str(clone / "models")) == 0
        assert "run `saring relocate`" in capsys.readouterr().err

    def test_the_old_folder_is_not_made_again(self, made: Path) -> None:
        assert not made.exists()

    def test_is_relocated_by_the_command(self, made: Path, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = (clone / "mlflow.db").read_bytes()
        assert main_of("relocate") == 0
        told = capsys.readouterr().err
        assert f"{made} -> {clone}" in told
        for place in (
            "experiments.artifact_location", "runs.artifact_uri", "logged_models.artifact_location",
            "model_versions.storage_location", "datasets.dataset_source", "params.value", "MLmodel files",
        ):  # fmt: skip
            assert place in told
        backup = clone / "mlflow.db.before-relocate-1"
        assert str(backup) in told
        assert texts(backup) != texts(clone / "mlflow.db")
        assert len(backup.read_bytes()) == len(before)

    def test_names_the_old_place_nowhere(self, made: Path, clone: Path) -> None:
        columns = {
            column
            for column, values in texts(clone / "mlflow.db").items()
            if any(name in value for name in (str(made), made.as_uri()) for value in values)
        }
        assert columns == {"tags.value"}  # another folder and words, as the next test says
        for path in (clone / "mlartifacts").rglob("MLmodel"):
            assert made.as_uri() not in path.read_text("utf-8")

    def test_leaves_a_neighbour_whose_name_begins_alike(self, made: Path, clone: Path) -> None:
        tags = texts(clone / "mlflow.db")["tags.value"]
        assert f"{made}-2/data" in tags
        assert f"words of people about {made}/data stay" in tags

    def test_the_data_set_is_found_again(self, clone: Path) -> None:
        [source] = texts(clone / "mlflow.db")["datasets.dataset_source"]
        assert json.loads(source) == {"uri": str(clone / "data" / "a.jsonl")}

    def test_the_champion_is_loaded(self, clone: Path) -> None:
        assert load("models:/saring@champion").model_version == load(clone / "models" / "uji").model_version

    def test_takes_a_new_run(self, made: Path, clone: Path) -> None:
        info = tracking.log_run(record(clone / "models" / "uji", "kedua"))
        assert info.registered_version == 2
        assert len([*(clone / "mlartifacts").rglob("MLmodel")]) == 2
        assert not made.exists()

    def test_has_nothing_more_to_relocate(self, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main_of("relocate", str(clone / "mlflow.db")) == 0
        assert "nothing to relocate" in capsys.readouterr().err
        assert not (clone / "mlflow.db.before-relocate-2").exists()


def main_of(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["saring", *arguments])
        return main()


# what counts as moved


def small(folder: Path, location: str) -> Path:
    """A database with the one table that is asked."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        connection.execute("CREATE TABLE experiments (artifact_location TEXT)")
        connection.execute("INSERT INTO experiments VALUES (?)", (location,))
        connection.commit()
    return folder


def test_a_store_is_where_it_was(tmp_path: Path) -> None:
    assert moved(uri(small(tmp_path, (tmp_path / "mlartifacts").as_uri()))) is None


def test_a_copy_is_noticed_though_the_original_is_there(tmp_path: Path) -> None:
    (tmp_path / "a" / "mlartifacts").mkdir(parents=True)
    (tmp_path / "b" / "mlartifacts").mkdir(parents=True)
    found = moved(uri(small(tmp_path / "b", (tmp_path / "a" / "mlartifacts").as_uri())))
    assert found is not None
    assert found.old == [tmp_path / "a"]


def test_files_kept_elsewhere_on_purpose_are_left_there(tmp_path: Path) -> None:
    (tmp_path / "disk" / "mlartifacts").mkdir(parents=True)
    home = small(tmp_path / "b", str(tmp_path / "disk" / "mlartifacts"))
    assert moved(uri(home)) is None
    assert relocate(uri(home)).backup is None


def test_a_folder_reached_by_a_link_was_not_moved(tmp_path: Path) -> None:
    (tmp_path / "a" / "mlartifacts").mkdir(parents=True)
    small(tmp_path / "a", (tmp_path / "a" / "mlartifacts").as_uri())
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert moved(uri(tmp_path / "link")) is None


@pytest.mark.parametrize("location", ["mlflow-artifacts:/1", "s3://bucket/mlartifacts", "", "/elsewhere/mlruns/0"])
def test_what_is_no_folder_of_ours_was_not_moved(location: str, tmp_path: Path) -> None:
    assert moved(uri(small(tmp_path, location))) is None


@pytest.mark.parametrize("address", ["http://127.0.0.1:5000", "postgresql://h/db", "sqlite:///:memory:", "sqlite://"])
def test_a_server_keeps_its_own_places(address: str) -> None:
    assert database_of(address) is None
    assert moved(address) is None


def test_looking_makes_no_database(tmp_path: Path) -> None:
    assert moved(uri(tmp_path)) is None
    (tmp_path / "mlflow.db").write_text("no database")
    assert moved(uri(tmp_path)) is None
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


# what relocate refuses, and what a user may name


def test_both_places_may_be_named(tmp_path: Path) -> None:
    small(tmp_path, "/old/artefak/3")
    done = relocate(tmp_path / "mlflow.db", "/old", "/new place")
    assert dict(done.changed) == {"experiments.artifact_location": 1}
    assert texts(tmp_path / "mlflow.db") == {"experiments.artifact_location": ["/new place/artefak/3"]}


def test_a_backup_overwrites_no_other(tmp_path: Path) -> None:
    small(tmp_path, "/a/x")
    (tmp_path / "mlflow.db").chmod(0o600)
    backups = [relocate(tmp_path / "mlflow.db", *way).backup for way in (("/a", "/b"), ("/b", "/c"))]
    assert [path and path.name for path in backups] == ["mlflow.db.before-relocate-1", "mlflow.db.before-relocate-2"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}  # who may not read it reads no copy


def test_a_folder_store_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    with pytest.raises(ConfigError, match="migrate-filestore"):
        relocate(tmp_path / "mlruns")


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        relocate(tmp_path / "mlflow.db")
    (tmp_path / "mlflow.db").write_text("no database, though its name says so")
    with pytest.raises(ConfigError, match="no database of MLflow"):
        relocate(tmp_path / "mlflow.db")
    with pytest.raises(ConfigError, match="a server keeps its own"):
        relocate("http://127.0.0.1:5000")
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_store_in_use_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(tmp_path, "/a/x")
    monkeypatch.setattr("saring.relocate.WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ConfigError, match="database is locked"):
            relocate(tmp_path / "mlflow.db", "/a", "/b")
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


# every name a folder can have

STEPS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/"), min_size=1, max_size=6)
FOLDERS = st.lists(STEPS.filter(lambda step: step not in (".", "..")), min_size=1, max_size=3).map(
    lambda steps: Path("/", *steps)
)


@given(FOLDERS, FOLDERS, FOLDERS)
def test_an_address_moves_with_its_folder_in_its_own_form(old: Path, new: Path, tail: Path) -> None:
    below = str(tail).lstrip("/")
    there = new / below
    if (old / below).is_relative_to(new):  # it lies in the new folder already
        assert rewritten(str(old / below), [old], new) == str(old / below)
        return
    assert rewritten(str(old / below), [old], new) == str(there)
    assert rewritten((old / below).as_uri(), [old], new) == there.as_uri()
    assert json.loads(rewritten(json.dumps({"uri": str(old / below)}), [old], new)) == {"uri": str(there)}
    assert rewritten(rewritten(str(old / below), [old], new), [old], new) == str(there)


@given(FOLDERS, FOLDERS, STEPS, FOLDERS)
def test_a_folder_whose_name_begins_alike_stays(old: Path, new: Path, more: str, tail: Path) -> None:
    beside = Path(f"{old}{more}") / str(tail).lstrip("/")
    for address in (str(beside), beside.as_uri(), f"s3://bucket{beside}", f"see {old}/x"):
        assert rewritten(address, [old], new) == address
