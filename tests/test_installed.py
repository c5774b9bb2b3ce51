"""saring as it is installed: found from whatever folder, and whole."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from saring.errors import install_hint

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "import saring; print(saring.load().path)"],
        ["-m", "saring", "predict", str(ROOT / "tests" / "articles" / "prmn.txt")],
    ],
    ids=["import", "-m"],
)
def test_from_the_parent_folder_of_the_clone_it_is_the_package_that_is_found(tmp_path, words):
    (tmp_path / "saring").symlink_to(ROOT)  # a clone has the package's name
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert str(Path("saring") / "shipped") in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("link", "place"),
    [
        ("models/id-news", "shipped"),
        ("conf/click-id.toml", "datasets/click-id/click-id.toml"),
        ("data/annotations", "datasets/click-id"),
    ],
)
def test_what_lies_in_the_package_is_at_its_place_in_the_clone_too(link, place):
    assert not (ROOT / link).readlink().is_absolute()
    assert (ROOT / link).resolve() == ROOT / "src" / "saring" / place


@pytest.mark.parametrize("extra", ["html", "fix", "fast", "spark", "datatrove", "report", "serve", "train"])
def test_hints_name_packages_that_an_index_has(extra):
    hint = install_hint(extra)
    assert hint.startswith("pip install ") and len(hint.split()) > 2
    assert "saring" not in hint
    wanted = [line.split(";")[0] for line in requires("saring") if f'"{extra}"' in line]
    assert all(name in hint for name in wanted)


# make, in a clone whose .venv is a stand-in


@pytest.fixture
def clone(tmp_path):
    """A clone that was set up: its saring says its version."""
    folder = tmp_path / "the clone"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (1, 1))
    saring = folder / ".venv" / "bin" / "saring"
    saring.write_text(f"#!/bin/sh\n: '{folder}/.venv/bin/python'\necho saring 0\n")
    saring.chmod(0o755)
    (folder / ".venv" / ".ready").touch()
    return folder


def make(folder, *words):
    done = subprocess.run(["make", *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def test_a_clone_that_is_set_up_is_left_alone(clone):
    assert "Nothing to be done" in make(clone, "-n", "setup")


def test_a_clone_that_was_moved_is_set_up_again(clone):
    moved = clone.rename(clone.with_name("elsewhere"))
    assert "rm -rf .venv" in make(moved, "-n", "setup")


def test_a_saring_that_cannot_run_is_set_up_again(clone):
    (clone / ".venv" / "bin" / "saring").chmod(0o644)
    assert "rm -rf .venv" in make(clone, "-n", "setup")


def test_a_virtual_environment_that_make_did_not_set_up_is_not_removed(clone):
    (clone / ".venv" / ".ready").unlink()
    (clone / ".venv" / "bin" / "saring").unlink()
    assert '-z "" || rm' in make(clone, "-n", "setup")


def test_clean_leaves_models_and_runs(clone):
    for kept in ("models/20260101T000000Z-0123456789ab", "models/2-ours", "models/ours", "data"):
        (clone / kept).mkdir(parents=True)
    (clone / "mlflow.db").touch()
    before = {path for path in clone.rglob("*") if ".venv" not in path.parts}
    make(clone, "clean")
    assert {*clone.rglob("*")} == before
