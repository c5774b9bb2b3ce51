"""Trainings that end at the same moment lose nothing, in a new SQLite file and on a server; `make mlflow` shows them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from bundles import CARD, TOPIC
from runs_at_once import log_at_once
from servers import HOST, answered, free_port, left_of, postgres, processes_of, served, tracking_server

from saring import store, tracking
from saring.atomic import in_turn
from saring.errors import SaringError
from saring.tracking.runs import opened

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store.save(tmp_path_factory.mktemp("models") / "uji", {"topic": TOPIC}, CARD)


def assert_all_there(uri: str, logged: dict[str, tuple[str, int]]) -> None:
    """Every run is whole and is the source of a version of its own; the alias is at one of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        with opened(SaringError("nothing can be read")) as mlflow:
            client = mlflow.MlflowClient()
            [experiment] = [found for found in client.search_experiments() if found.name == "saring"]
            runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
            versions = {made.run_id: int(made.version) for made in client.search_model_versions("name='saring'")}
            bundles = [store.load(tracking.resolve(f"models:/saring/{n}")) for n in versions.values()]
            alias = client.get_model_version_by_alias("saring", "challenger")
    assert {name: run.info.run_id for name, run in runs.items()} == {name: run for name, (run, _) in logged.items()}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert all(run.data.params["name"] == name for name, run in runs.items())
    assert all(run.data.metrics["test/macro_f1"] == 0.5 for run in runs.values())
    assert len({bundle.model_version for bundle in bundles}) == 1
    assert versions == dict(logged.values())
    assert sorted(versions.values()) == list(range(1, len(logged) + 1))
    assert alias.run_id in versions


@pytest.mark.slow
def test_eight_runs_at_once_make_one_new_store(bundle: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}"
    assert_all_there(uri, log_at_once(uri, bundle, 8))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["mlartifacts", "mlflow.db"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
    with postgres() as address, tracking_server(address, tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.mark.slow
def test_runs_at_once_reach_a_server_over_postgresql(server: str, bundle: Path) -> None:
    assert_all_there(server, log_at_once(server, bundle, 8))


# whose turn it is


def test_turns_are_taken_one_after_the_other(tmp_path: Path) -> None:
    inside: list[int] = []
    most = 0

    def work() -> None:
        nonlocal most
        with in_turn(tmp_path / "lock"), in_turn(tmp_path / "lock"):  # who has it has it
            inside.append(1)
            most = max(most, len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_who_is_killed_in_its_turn_holds_up_nobody(tmp_path: Path) -> None:
    code = """if True:
        import os, sys
        from pathlib import Path
        from saring.atomic import in_turn
        with in_turn(Path(sys.argv[1])):
            os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", code, tmp_path / "lock"], check=False)
    assert (tmp_path / "lock").exists()
    with in_turn(tmp_path / "lock", 5):
        pass
    assert list(tmp_path.iterdir()) == []


def test_waiting_has_an_end(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from saring.atomic import in_turn
        with in_turn(Path(sys.argv[1])):
            print(flush=True)
            sys.stdin.readline()
    """
    command = [sys.executable, "-c", code, tmp_path / "lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None and other.stdout is not None
        other.stdout.readline()
        with pytest.raises(TimeoutError, match="another process"), in_turn(tmp_path / "lock", 0.1):
            pass
        other.stdin.close()


# make mlflow


def searched(address: str) -> list[str]:
    """The names of the experiments that a server finds."""
    status, text = answered(f"{address}/api/2.0/mlflow/experiments/search", b'{"max_results": 10}')
    assert status == 200, text
    return [experiment["name"] for experiment in json.loads(text)["experiments"]]


@pytest.fixture
def started(tmp_path: Path) -> tuple[list[str], str, dict[str, str]]:
    """The command that `make mlflow` runs, its address and its environment."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    env |= {"PORT": str(port), "SARING_MODELS": str(tmp_path / "home" / "models")}
    return [sys.executable, "-m", "saring.tracking.server"], f"http://{HOST}:{port}", env


@pytest.mark.slow
def test_make_mlflow_starts_light_and_leaves_nothing(
    started: tuple[list[str], str, dict[str, str]], tmp_path: Path
) -> None:
    command, address, env = started
    log = tmp_path / "log"
    with served(command, f"{address}/health", log, tmp_path, env) as process:
        assert searched(address) == ["Default"]
        assert len(processes_of(process.pid)) <= 3
        group = process.pid
    assert left_of(group) == []
    store_of = tmp_path / "home" / "mlflow.db"  # where `saring train` writes
    assert f"experiments of sqlite:///{store_of}: {address}" in log.read_text()
    with closing(sqlite3.connect(store_of)) as connection:
        assert connection.execute("SELECT count(*) FROM experiments").fetchone() == (1,)


def test_make_mlflow_says_what_is_wrong(started: tuple[list[str], str, dict[str, str]], tmp_path: Path) -> None:
    command, _, env = started

    def told(**more: str) -> str:
        done = subprocess.run(command, env={**env, **more}, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1
        return done.stderr

    assert "names a server already: open http://127.0.0.1:1" in told(MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    assert "PORT=x: expected a number" in told(PORT="x")
    import socket

    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        assert "choose another" in told(PORT=str(taken.getsockname()[1]))


def test_the_makefile_runs_it() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--assume-old=.venv/.ready", "mlflow", "PORT=5123"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "PORT=5123 exec .venv/bin/python -m saring.tracking.server" in done.stdout
