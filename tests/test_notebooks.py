"""The notebooks run on the embedded corpus, show no warning, and stand in git without what they printed."""

import ast
import csv
import json
import os
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CELL_SECONDS, LIMIT_SECONDS, AIM_SECONDS = 120, 180, 60  # of one cell; of a notebook on a slow machine, on two cores

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    """The cells of a kind, each with its source."""
    found = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]
    return [{**cell, "source": "".join(cell["source"])} for cell in found]


@pytest.fixture
def workplace(tmp_path):
    """A copy of the folder beside the real data: what a notebook leaves behind does not lie in the checkout."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").symlink_to(ROOT / "data")
    for path in (ROOT / "notebooks").iterdir():
        if path.suffix in (".ipynb", ".mplstyle", ".csv"):
            (tmp_path / "notebooks" / path.name).write_bytes(path.read_bytes())
    return tmp_path / "notebooks"


@pytest.mark.slow
@each
def test_a_notebook_runs_without_a_warning_and_leaves_nothing_behind(path, workplace, tmp_path, capsys):
    import nbformat  # takes seconds, which only the process that runs notebooks should spend
    from nbclient import NotebookClient

    there = sorted(workplace.iterdir())
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "MPL", "SARING_M"))}
    env |= {"SARING_MODELS": str(tmp_path / "models"), "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    env |= {"IPYTHONDIR": str(tmp_path / "ipython"), "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    notebook = nbformat.read(workplace / path.name, as_version=4)
    client = NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(workplace)}})
    began = time.monotonic()
    client.execute(env=env)
    seconds = time.monotonic() - began
    told = [out for cell in notebook.cells for out in cell.get("outputs", ()) if out.get("name") == "stderr"]
    assert told == []
    assert sorted(workplace.iterdir()) == there
    assert seconds < LIMIT_SECONDS
    if seconds > AIM_SECONDS:
        with capsys.disabled():
            sys.stdout.write(f"\n{path.name} took {seconds:.0f} s here; the aim is {AIM_SECONDS} s on two cores\n")


def test_there_are_some():
    assert NOTEBOOKS


@each
def test_what_it_printed_is_not_in_git(path):
    printed = [cell["id"] for cell in cells(path, "code") if cell["outputs"] or cell["execution_count"] is not None]
    assert printed == [], f"run: jupyter nbconvert --clear-output --inplace notebooks/{path.name}"


@each
def test_it_defines_nothing_that_belongs_into_the_package(path):
    nodes = [node for cell in cells(path, "code") for node in ast.walk(ast.parse(cell["source"]))]
    defined = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    named = [ast.unparse(n) for n in nodes if isinstance(n, ast.Assign) and isinstance(n.value, ast.Lambda)]
    assert defined + named == []


@each
def test_it_begins_with_what_one_learns_in_three_sentences(path):
    first = cells(path, "markdown")[0]["source"]
    title, told, *_ = first.split("\n\n")
    assert title.startswith("# ")
    assert told.startswith("You learn ") and len(told.split(". ")) == 3


@each
def test_the_overview_names_it(path):
    assert f"({path.name})" in (ROOT / "notebooks" / "README.md").read_text("utf-8")


def test_what_is_translated_stands_in_the_corpus(embedded_corpus):
    corpus = embedded_corpus.read_text("utf-8").casefold()
    with (ROOT / "notebooks" / "glosses.csv").open(encoding="utf-8", newline="") as file:
        given = [row["indonesian"].casefold() for row in csv.DictReader(file)]
    stale = [
        text
        for text in given
        if not all(json.dumps(part, ensure_ascii=False)[1:-1] in corpus for part in text.split(" / "))
    ]
    assert stale == []
