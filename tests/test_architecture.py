"""The architecture is the one of docs/design.md: imports go one way, heavy packages stay where they belong."""

import ast
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "saring"
FILES = {path.relative_to(SOURCE).as_posix(): path for path in sorted(SOURCE.rglob("*.py"))}
UNNAMED = ("__init__.py", "__main__.py")  # entry points: they import others and nothing imports them

# Packages and modules that every command and every `import saring` load.
LIGHT = ("errors", "article", "config", "columns", "io", "parsing", "cli", "cli/commands")
HEAVY = {
    "fastapi", "fsspec", "gcsfs", "jinja2", "joblib", "lxml", "matplotlib", "mlflow", "nltk", "numba", "numpy", "pandas", "polars",
    "pyarrow", "pyspark", "python_calamine", "rich", "scipy", "sklearn", "starlette", "trafilatura", "uvicorn",
}  # fmt: skip
ALLOWED = {  # libraries that may be imported, even lazily, in these packages and modules alone
    "ahocorasick_rs": {"parsing"},
    "mlflow": {"tracking"},
    "pyspark": {"spark"},
    "jinja2": {"html_reports"},
    "fastapi": {"serve"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "matplotlib": set(),
    "numba": {"kernel"},
    "trafilatura": {"html"},
    "lxml": {"html"},
    "pandas": {"tracking", "frames"},
    "polars": {"frames"},
    "datasets": {"hf"},
    "fsspec": {"io"},
    "pyarrow": {"io", "sources", "frames", "hf"},
    "python_calamine": {"io"},
    "argparse": {"cli"},
    "datatrove": {"integrations"},
    "nemo_curator": {"integrations"},
}


def documented_packages() -> list[str]:
    """The packages and modules in the order of the table of docs/design.md."""
    rows = re.findall(r"^\| (`.+?`) \|", (ROOT / "docs" / "design.md").read_text("utf-8"), re.M)
    names = [name for row in rows for name in re.findall(r"`([\w/.]+)`", row)]
    return [name.removesuffix(".py").rstrip("/") for name in names if not name.endswith(".toml")]


PACKAGES = documented_packages()


def package_of(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


@cache
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


@cache
def imported_anywhere(file: str) -> set[str]:
    return set(imported(ast.walk(tree(file))))


@cache
def running(file: str, *, calls: bool) -> set[str]:
    """The names that are imported when a file is, with `calls` also those that are later."""
    return set(imported(run(tree(file), calls=calls)))


def own_files(names: Iterable[str]) -> set[str]:
    """The files of saring among imported names."""
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


files = pytest.mark.parametrize("file", [file for file in FILES if file not in UNNAMED])


def test_the_table_lists_every_package_once_and_no_other():
    assert sorted(PACKAGES) == sorted({package_of(file) for file in FILES if file not in UNNAMED})


@files
def test_a_package_imports_only_packages_above_it(file):
    here = PACKAGES.index(package_of(file))
    there = {package_of(found) for found in own_files(imported_anywhere(file))}
    assert [package for package in there if PACKAGES.index(package) > here] == []


@pytest.mark.parametrize("package", [package for package in PACKAGES if (SOURCE / package).is_dir()])
def test_inside_a_package_imports_make_no_circle(package):
    files = [file for file in FILES if package_of(file) == package]
    graph = {file: own_files(imported_anywhere(file)) & set(files) for file in files}
    list(TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize("library", ALLOWED)
def test_some_libraries_are_imported_in_few_packages(library):
    found = {
        package_of(file) for file in FILES if any(name.split(".")[0] == library for name in running(file, calls=True))
    }
    assert found <= ALLOWED[library]


@pytest.mark.parametrize("module", [*LIGHT, "__init__", "__main__"])
def test_importing_light_modules_imports_nothing_heavy(module):
    first = f"{module}.py" if f"{module}.py" in FILES else f"{module}/__init__.py"
    waiting, done, names = [first], set(), set()
    while waiting:
        file = waiting.pop()
        done.add(file)
        found = running(file, calls=False)
        names |= {name.split(".")[0] for name in found}
        waiting += own_files(found) - done
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


def test_no_file_name_occurs_twice():
    names = [Path(file).name for file in FILES if Path(file).name != "__init__.py"]
    assert sorted(set(names)) == sorted(names)


def test_no_module_is_for_odds_and_ends():
    stems = {Path(file).stem for file in FILES}
    assert stems & {"base", "common", "core", "helper", "helpers", "misc", "util", "utils"} == set()


# The glossary's other words, each with what saring says for it. "known" and "host" are plain words elsewhere.
NOT_OUR_WORDS = {
    "desk": "section", "desks": "section", "room": "package", "rooms": "package", "door": "entry point",
    "doors": "entry point", "house": "architecture", "furniture": "boilerplate", "needle": "required literal",
    "needles": "required literal", "kin": "term groups", "tie": "evidence", "ties": "evidence",
    "strangeness": "out-of-domain score", "judge": "pair scorer", "judging": "pair scorer", "learnt": "fitted",
    "taught": "fitted", "lesson": "payload", "lessons": "fitted parameters", "floor": "threshold",
    "floors": "thresholds", "doubt": "label issue", "doubts": "label issues", "intake": "input normalisation",
    "crew": "worker pool", "hired": "worker pool", "echo": "repetition", "echoes": "repetition features",
    "smoothed": "embedding-regularised", "asked": "is_eval, a row counter, needs_fallback",
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_names_are_those_of_the_glossary(file):
    with FILES[file].open("rb") as code:
        names = {token.string for token in tokenize.tokenize(code.readline) if token.type == tokenize.NAME}
    words = {word.lower(): name for name in names for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    assert {words[word]: NOT_OUR_WORDS[word] for word in words if word in NOT_OUR_WORDS} == {}
