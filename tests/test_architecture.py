"""The house stands as docs/design.md draws it: arrows one way, heavy things at home."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "src" / "saring"
FILES = {path.relative_to(HOUSE).as_posix(): path for path in sorted(HOUSE.rglob("*.py"))}
UNNAMED = ("__init__.py", "__main__.py")  # they fetch what they open to and nothing opens to them

# Rooms that every command and every `import saring` pass through.
LIGHT = ("errors", "article", "config", "io", "parsing", "cli", "cli/commands")
HEAVY = {
    "joblib", "lxml", "matplotlib", "mlflow", "nltk", "numba", "numpy", "pandas", "pyarrow", "pyspark",
    "rich", "scipy", "sklearn", "trafilatura",
}  # fmt: skip
HOMES = {  # packages that may be imported, even lazily, in these rooms alone
    "ahocorasick_rs": {"parsing"},
    "mlflow": {"tracking"},
    "pyspark": {"spark"},
    "matplotlib": {"evaluation"},
    "numba": {"kernel"},
    "trafilatura": {"html"},
    "lxml": {"html"},
    "pandas": {"tracking", "predict"},
    "pyarrow": {"io"},
    "argparse": {"cli"},
}


def drawn_rooms() -> list[str]:
    """The rooms in the order of the table of docs/design.md."""
    rows = re.findall(r"^\| (`.+?`) \|", (ROOT / "docs" / "design.md").read_text("utf-8"), re.M)
    names = [name for row in rows for name in re.findall(r"`([\w/.]+)`", row)]
    return [name.removesuffix(".py").rstrip("/") for name in names if not name.endswith(".toml")]


ROOMS = drawn_rooms()


def room_of(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def tree(file: str) -> ast.Module:
    return ast.parse(FILES[file].read_text("utf-8"))


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """The dotted names that import statements name, "saring.store" for `from saring import store`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def run(module: ast.Module, *, calls: bool) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported, with `calls` also those that run later.

    What stands there for type checkers never runs.
    """
    waiting: list[ast.AST] = list(module.body)
    while waiting:
        node = waiting.pop()
        yield node
        typing = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        later = isinstance(node, ast.FunctionDef | ast.Lambda)
        if not typing and (calls or not later):
            waiting += ast.iter_child_nodes(node)


def own_files(names: Iterator[str]) -> set[str]:
    """The files of the house among imported names."""
    found = set()
    for name in names:
        parts = name.split(".")
        while parts[0] == "saring" and len(parts) > 1:
            path = "/".join(parts[1:])
            file = next((f for f in (f"{path}.py", f"{path}/__init__.py") if f in FILES), None)
            if file:
                found.add(file)
                break
            parts.pop()
    return found


rooms = pytest.mark.parametrize("file", [file for file in FILES if file not in UNNAMED])


def test_the_drawing_shows_every_room_once_and_no_other():
    assert sorted(ROOMS) == sorted({room_of(file) for file in FILES if file not in UNNAMED})


@rooms
def test_a_room_imports_only_rooms_above_it(file):
    here = ROOMS.index(room_of(file))
    there = {room_of(found) for found in own_files(imported(ast.walk(tree(file))))}
    assert [room for room in there if ROOMS.index(room) > here] == []


@pytest.mark.parametrize("room", [room for room in ROOMS if (HOUSE / room).is_dir()])
def test_inside_a_room_arrows_make_no_circle(room):
    files = [file for file in FILES if room_of(file) == room]
    graph = {file: own_files(imported(ast.walk(tree(file)))) & set(files) for file in files}
    list(TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize("package", HOMES)
def test_some_packages_are_at_home_in_few_rooms(package):
    found = {
        room_of(file)
        for file in FILES
        if any(name.split(".")[0] == package for name in imported(run(tree(file), calls=True)))
    }
    assert found <= HOMES[package]


@pytest.mark.parametrize("room", [*LIGHT, "__init__", "__main__"])
def test_passing_through_light_rooms_imports_nothing_heavy(room):
    door = f"{room}.py" if f"{room}.py" in FILES else f"{room}/__init__.py"
    waiting, passed, names = [door], set(), set()
    while waiting:
        file = waiting.pop()
        passed.add(file)
        found = set(imported(run(tree(file), calls=False)))
        names |= {name.split(".")[0] for name in found}
        waiting += own_files(iter(found)) - passed
    assert names & HEAVY == set()


# An article is answered before scikit-learn would be imported: NumPy answers, rich draws.
PREDICT = """
import sys
from saring.cli.commands import main
code = main(["predict", *sys.argv[1:]])
print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("options", "needed"), [([], {"numpy", "rich"}), (["--json"], {"numpy"})], ids=["for a person", "as JSON"]
)
def test_predicting_an_article_imports_nothing_heavy(bundle_folder, options, needed):
    article = ROOT / "tests" / "articles" / "prmn.txt"
    words = [sys.executable, "-c", PREDICT, str(article), "--model", str(bundle_folder), *options]
    env = {name: value for name, value in os.environ.items() if name != "SARING_COMPILED"}
    done = subprocess.run(words, check=True, env=env, capture_output=True, text=True)
    assert HEAVY & set(done.stderr.split()) == needed


@pytest.mark.parametrize("file", FILES)
def test_a_module_says_what_it_is_for(file):
    assert ast.get_docstring(tree(file))


def test_no_room_is_a_drawer_for_odds_and_ends():
    stems = {Path(file).stem for file in FILES}
    assert stems & {"base", "common", "core", "helper", "helpers", "misc", "util", "utils"} == set()
