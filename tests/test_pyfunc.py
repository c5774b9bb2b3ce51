"""A logged model answers as `saring.load` does: whatever a table's columns are called, elsewhere, and over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bundles import CARD, TOPIC, TOPICS
from servers import HOST, answered, free_port, left_of, served

from saring import store, tracking
from saring.columns import aliases
from saring.errors import SaringError
from saring.predict import load
from saring.tracking.runs import opened
from saring.tracking.wheel import write_wheel

VALUES = {
    "id": ["a-1", "a-2"],
    "title": ["Rupiah menguat", "Gempa di pesisir"],
    "text": ["Rupiah menguat dan saham naik.\nBaca Juga: Harga Emas Turun", "Gempa mengguncang, lalu banjir."],
    "published": ["2022-01-19 14:30", "20/01/2022"],
    "publisher": ["Warta Desa", "kompas.com"],
    "url": ["https://warta.example/1", "https://warta.example/2"],
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store.save(tmp_path_factory.mktemp("models") / "uji", {"topic": TOPIC}, CARD)


@pytest.fixture(scope="module")
def folder(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the model as MLflow keeps it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
        info = tracking.log_run(tracking.RunRecord(name="uji", bundle=bundle, topics=TOPICS))
        yield tracking.resolve(info.model_uri).parents[1]


@pytest.fixture(scope="module")
def logged(folder: Path) -> Any:
    with opened(SaringError("the model cannot be loaded")) as mlflow:
        return mlflow.pyfunc.load_model(str(folder))


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table without the hour, absent values as None."""
    frame = frame.drop(columns="scored_at").astype("object")
    return json.loads(frame.where(frame.notna(), None).to_json(orient="records", double_precision=15))


# columns


@pytest.mark.parametrize("field", VALUES)
def test_every_usual_name_of_a_column_gives_the_same_rows(field: str, logged: Any, bundle: Path) -> None:
    ours = load(bundle)
    expected = rows_of(ours.predict_frame(pd.DataFrame(VALUES)))
    assert [row["error"] for row in expected] == [None, None]
    for name in aliases()[field]:
        for spelled in (name, name.upper().replace("_", " ")):
            frame = pd.DataFrame(VALUES).rename(columns={field: spelled})
            assert rows_of(logged.predict(frame)) == rows_of(ours.predict_frame(frame)) == expected


@pytest.mark.parametrize(
    "columns",
    [
        {"id": [7, 8]},
        {"tanggal": [datetime(2022, 1, 19, 14, 30), None]},
        {"isi": ["Rupiah menguat.", None]},
        {"views": [1.5, float("nan")], "tags": [["a"], []]},
        {"id": [7.0, None], "published": ["2022-01-19", None]},
    ],
    ids=["numbers", "times", "gaps", "others", "numbers with gaps"],
)
def test_values_of_any_type_give_the_same_rows(columns: dict[str, Any], logged: Any, bundle: Path) -> None:
    frame = pd.DataFrame({"judul": VALUES["title"], **({} if "isi" in columns else {"isi": VALUES["text"]}), **columns})
    assert rows_of(logged.predict(frame)) == rows_of(load(bundle).predict_frame(frame))


def test_a_table_without_text_is_told_row_by_row(logged: Any, bundle: Path) -> None:
    frame = pd.DataFrame({"judul": ["satu", "dua"], "rubrik": ["a", "b"]})
    rows = rows_of(logged.predict(frame))
    assert rows == rows_of(load(bundle).predict_frame(frame))
    assert all(row["error"] for row in rows)


@pytest.mark.parametrize(
    ("given", "like"),
    [
        (VALUES["text"], VALUES["text"]),
        (np.array(VALUES["text"]), VALUES["text"]),
        (VALUES["text"][0], VALUES["text"][:1]),
        (np.array(VALUES["text"][0]), VALUES["text"][:1]),
        ({"isi": VALUES["text"]}, [{"text": text} for text in VALUES["text"]]),
        ({"isi": np.array(VALUES["text"])}, [{"text": text} for text in VALUES["text"]]),
        ({"isi": VALUES["text"][0]}, [{"text": VALUES["text"][0]}]),
        ([{"isi": text} for text in VALUES["text"]], [{"text": text} for text in VALUES["text"]]),
    ],
    ids=["list", "array", "text", "array of one", "columns", "arrays", "article", "articles"],
)
def test_articles_come_in_other_forms_than_a_table(given: Any, like: Any, logged: Any, bundle: Path) -> None:
    assert rows_of(logged.predict(given)) == rows_of(load(bundle).predict_frame(like))


def test_the_usual_names_are_told_with_the_model(logged: Any) -> None:
    assert logged.metadata.metadata == {"columns": aliases()}
    assert [column.name for column in logged.metadata.signature.outputs][:2] == ["id", "title"]


# the environment


def test_the_wheel_holds_the_package_without_its_model(folder: Path, tmp_path: Path) -> None:
    [wheel] = (folder / "code").iterdir()
    assert (folder / "requirements.txt").read_text().splitlines()[0] == f"code/{wheel.name}"
    again = write_wheel(tmp_path)
    assert (again.name, again.read_bytes()) == (wheel.name, wheel.read_bytes())
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        assert not [name for name in names if "shipped" in name or "__pycache__" in name]
        assert not [name for name in names if str(Path.cwd()).encode() in file.read(name)]
    assert {"saring/pyfunc.py", "saring/lexicon.toml", "saring/models/vectors.npz"} <= set(names)
    assert wheel.stat().st_size < 2_000_000


def test_a_wheel_is_written_by_an_installed_package_as_by_a_checkout(folder: Path, tmp_path: Path) -> None:
    [wheel] = (folder / "code").iterdir()
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(site)
    code = "import sys; from pathlib import Path; from saring.tracking.wheel import write_wheel; write_wheel(Path(sys.argv[1]))"
    env = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code, tmp_path], env=env, cwd=tmp_path, check=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_what_a_build_left_beside_the_package_does_not_enter_the_wheel(folder: Path, tmp_path: Path) -> None:
    [wheel] = (folder / "code").iterdir()
    left = tmp_path / "left" / "saring.egg-info"
    left.mkdir(parents=True)
    (left / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: saring\nVersion: 0.0.1\n")
    code = "import sys; from pathlib import Path; from saring.tracking.wheel import write_wheel; write_wheel(Path(sys.argv[1]))"
    env = {**os.environ, "PYTHONPATH": str(left.parent)}
    subprocess.run([sys.executable, "-c", code, tmp_path], env=env, cwd=tmp_path, check=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


PREDICT = """
import json, sys
import mlflow, pandas, saring
rows = mlflow.pyfunc.load_model(sys.argv[1]).predict(pandas.DataFrame(json.loads(sys.argv[2]))).drop(columns="scored_at")
print(json.dumps({"saring": saring.__file__, "rows": json.loads(rows.to_json(orient="records", double_precision=15))}))
"""


@pytest.mark.slow
def test_its_environment_is_installed_from_what_was_logged(folder: Path, bundle: Path, tmp_path: Path) -> None:
    """As MLflow does it: a new environment, `pip install -r requirements.txt` in the model's folder; without an index."""
    new = tmp_path / "new"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", new], check=True)
    # The other packages are there already, to be quick; but no trace of saring.
    others = tmp_path / "others"
    others.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "saring" not in path.name:
            (others / path.name).symlink_to(path)
    [site] = new.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(f"{others}\n")
    python = new / "bin" / "python"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "MLFLOW"))}
    absent = subprocess.run([python, "-c", "import saring"], cwd=tmp_path, env=clean, capture_output=True, check=False)
    assert b"No module named 'saring'" in absent.stderr
    subprocess.run(
        [sys.executable, "-m", "pip", "-q", "--python", python, "install", "--no-index", "-r", "requirements.txt"],
        cwd=folder, env=clean | {"PIP_CONFIG_FILE": os.devnull}, check=True,
    )  # fmt: skip
    done = subprocess.run(
        [python, "-c", PREDICT, folder, json.dumps(VALUES)], cwd=tmp_path, env=clean, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert Path(answer["saring"]).is_relative_to(site)
    assert answer["rows"] == rows_of(load(bundle).predict_frame(pd.DataFrame(VALUES)))


# over HTTP


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `mlflow models serve` answers."""
    port, home = free_port(), tmp_path_factory.mktemp("serving")
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", folder, "--env-manager", "local",
        "--host", HOST, "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    # What it starts is found by its name.
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with served(command, f"http://{HOST}:{port}/ping", home / "log", home, env) as process:
        yield f"http://{HOST}:{port}/invocations"
    assert left_of(process.pid) == []


@pytest.mark.slow
@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split", "inputs"])
def test_a_server_answers_with_the_same_rows(form: str, address: str, bundle: Path) -> None:
    names = {"title": "judul", "text": "isi", "published": "tanggal", "publisher": "sumber", "url": "tautan"}
    frame = pd.DataFrame(VALUES).rename(columns=names)
    forms = {"dataframe_records": "records", "dataframe_split": "split", "inputs": "list"}
    sent = frame.to_dict(orient=forms[form])
    sent = {name: sent[name] for name in ("columns", "data")} if form == "dataframe_split" else sent
    status, text = answered(address, json.dumps({form: sent}).encode())
    assert status == 200, text
    rows = [
        {name: value for name, value in row.items() if name != "scored_at"} for row in json.loads(text)["predictions"]
    ]
    assert rows == rows_of(load(bundle).predict_frame(frame))
