"""What `import saring` gives: every name, nothing heavy, each function with an example that runs."""

import ast
import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import saring
from saring import errors
from saring.errors import SaringError

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "saring"
FUNCTIONS = [name for name in saring.__all__ if inspect.isfunction(getattr(saring, name))]
METHODS = [
    f"{name}.{method}"
    for name in saring.__all__
    if inspect.isclass(thing := getattr(saring, name)) and not issubclass(thing, Exception)
    for method, value in vars(thing).items()
    if inspect.isfunction(value) and not method.startswith("_")
]


def test_the_names_are_these():
    assert {"Article", "Link", "LinkPrediction", "Model", "Prediction", "Record"} < set(saring.__all__)
    assert sorted(FUNCTIONS) == ["clean", "load", "parse", "read", "train"]
    public = {name for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, SaringError)}
    assert public < set(saring.__all__)


def test_type_checkers_and_dir_know_all_of_them():
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    [typing] = [node for node in tree.body if isinstance(node, ast.If)]
    assert sorted(alias.name for node in typing.body for alias in node.names) == sorted(saring.__all__)
    assert set(saring.__all__) < set(dir(saring))
    with pytest.raises(AttributeError, match="module 'saring' has no attribute 'score'"):
        _ = saring.score


def test_what_needs_no_model_imports_no_numpy():
    code = (
        "import sys, saring\n"
        "saring.parse, saring.read, saring.BundleError\n"
        "assert saring.clean('Satu.\\nBaca Juga: Resep Sambal Ijo\\nDua.') == 'Satu.\\nDua.'\n"
        "assert not {'numpy', 'pandas', 'pyarrow', 'polars', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_module_has_the_name_of_a_public_function(name):
    modules = {path.parent if path.stem == "__init__" else path for path in PACKAGE.rglob("*.py")}
    assert [path for path in modules if path.stem == name] == []


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_a_public_function_has_an_example_that_runs(name):
    owner, _, method = name.partition(".")
    thing = getattr(saring, owner)
    doc = inspect.getdoc(getattr(thing, method) if method else thing)
    assert "Examples\n--------\n>>> " in doc
    assert "+SKIP" not in doc


@pytest.mark.slow
def test_the_reference_can_be_made(tmp_path):
    [line] = re.findall(r"^docs:.*\n\t(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    code, *words = shlex.split(line.replace("build/docs", str(tmp_path)))[2:]
    code = f"import socket; socket.socket.connect = None; {code}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "saring.html").read_text("utf-8")
    for name in saring.__all__:
        assert f'id="{name}"' in page
    for name in METHODS:
        assert f'id="{name}"' in page
