"""README.md and docs/ word for word: each command is run in a copy of the tree, and shows what is shown there."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sparkcluster import SHORT_JOBS

from saring.cli.arguments import CORPORA

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text("utf-8")
CLUSTER = "--engine spark"


def blocks(language, page=PAGES[0]):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)


def steps(block):
    """The commands of a block, each with what is shown below it."""
    found = re.split(r"^\$ (.*)\n", block, flags=re.M)[1:]
    return [(words, shown) for words, shown in zip(found[::2], found[1::2], strict=True)]


STEPS = {page: [step for block in blocks("console", page) for step in steps(block)] for page in PAGES}
SHOWN = [page for page in PAGES if STEPS[page]]
named = {"ids": lambda page: page.name}


@pytest.fixture
def tree(tmp_path):
    """A copy of what the commands need, set up by a stand-in for `make setup`."""
    ours = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("src", "tests/articles"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=ours)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "models/id-news", *CORPORA):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name, follow_symlinks=False)
    home = tmp_path / ".venv" / "bin"
    home.mkdir(parents=True)
    for name, words in {"python": "", "saring": " -m saring"}.items():
        (home / name).write_text(
            f'#!/bin/sh\n: {home}/python\nPYTHONPATH={tmp_path}/src exec {sys.executable}{words} "$@"\n'
        )
        (home / name).chmod(0o755)
    (home / "activate").write_text(f'PATH="{home}:$PATH"\n')
    (tmp_path / ".venv" / ".ready").touch()
    return tmp_path


def shown_by(tree, commands, **variables):
    """What each of some commands prints, one shell running them all."""
    script = "exec 2>&1\n" + "".join(f"printf '\\0'\n{words}\n" for words in commands)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SARING_", "MLFLOW_", "MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tree, env=env | {"SARING_COMPILED": "0"} | variables, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    return done.stdout.split("\0")[1:]


def assert_shown(words, expected, found):
    """Nothing but what is shown; `...` stands for anything."""
    pattern = ".*".join(map(re.escape, re.split(r"\.\.\.", expected)))
    assert re.fullmatch(pattern, found, re.S), f"$ {words}\n{found}"


def test_there_is_what_to_try():
    assert len(STEPS[PAGES[0]]) >= 5 and len(blocks("pycon")) == 1
    assert {page.name for page in SHOWN} >= {"README.md", "batches.md", "experiments.md"}
    assert any(CLUSTER in words for page in PAGES for words, _ in STEPS[page])


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN, **named)
def test_commands_show_what_they_are_said_to_show(tree, page):
    local = [step for step in STEPS[page] if CLUSTER not in step[0]]
    found = shown_by(tree, [words for words, _ in local])
    for (words, expected), shown in zip(local, found, strict=True):
        if not words.startswith(("make setup", "source")):  # here a stand-in did these
            assert_shown(words, expected, shown)


@pytest.mark.slow
def test_the_cluster_s_commands_do_too(tree):
    distant = [step for page in PAGES for step in STEPS[page] if CLUSTER in step[0]]
    settings = "".join(f"{name} {value}\n" for name, value in SHORT_JOBS.items())
    (tree / "spark-defaults.conf").write_text(settings)
    commands = ["source .venv/bin/activate", *(words for words, _ in distant)]
    found = shown_by(tree, commands, SPARK_CONF_DIR=str(tree))[1:]
    for (words, expected), shown in zip(distant, found, strict=True):
        assert_shown(words, expected, shown)


def test_the_lines_of_python_do_too(tree):
    (tree / "python.txt").write_text(blocks("pycon")[0], encoding="utf-8")
    done = subprocess.run(
        [tree / ".venv" / "bin" / "python", "-m", "doctest", "python.txt"],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES, **named)
def test_every_file_that_is_linked_is_there(page):
    links = re.findall(r"\]\(([^)#:]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_lists_every_page():
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    assert {page.name for page in PAGES} - {"README.md"} <= {*re.findall(r"\]\(([\w-]+\.md)\)", index)}


def test_the_picture_is_small_and_has_words_for_who_does_not_see_it():
    [(words, path)] = re.findall(r"!\[(.*?)\]\((.+?)\)", README)
    assert len(words) > 80 and (ROOT / path).stat().st_size < 150_000


def test_every_extra_is_named_and_no_other():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    table = re.search(r"^\| extra \|.*?\n\n", README, re.M | re.S)[0]
    assert {*re.findall(r"^\| `(\w+)`", table, re.M)} == {*project["optional-dependencies"]} - {"dev", "notebooks"}


def test_what_others_do_is_what_was_measured():
    measured = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    table = re.search(r"^\|  \| teasers left .*?\n\n", README, re.M | re.S)[0]
    assert table in measured and "| saring " in table


@pytest.mark.parametrize("page", PAGES, **named)
def test_every_target_of_make_that_is_named_is_there(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert {*re.findall(r"`make ([a-z]+)", page.read_text("utf-8"))} <= targets


@pytest.mark.parametrize("page", SHOWN, **named)
def test_every_option_that_is_named_is_there(page):
    options = {*re.findall(r"`(--[a-z-]+)", page.read_text("utf-8"))}
    arguments = (ROOT / "src" / "saring" / "cli" / "arguments.py").read_text("utf-8")
    assert {option for option in options if f'"{option}"' not in arguments} == set()
