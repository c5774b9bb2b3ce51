"""saring as it is installed: found from whatever folder, and whole."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

import saring
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


@pytest.mark.parametrize("extra", ["html", "excel", "fix", "fast", "spark", "datatrove", "report", "serve", "train"])
def test_hints_name_the_extra_and_packages_that_an_index_has(extra):
    hint, _, packages = install_hint(extra).partition(" (which is: ")
    assert hint == f'pip install "saring[{extra}]"'
    assert packages.startswith("pip install ") and "saring" not in packages
    wanted = [line.split(";")[0] for line in requires("saring") if f'"{extra}"' in line]
    assert all(name in packages for name in wanted)


# What a release is made of; .ci/installed.py puts it into bare environments, where it answers without a network.

MADE_OF = (
    "MANIFEST.in",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CITATION.cff",
    "SECURITY.md",
    "src",
)


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The sdist, and the wheel that was built from it, by the packages that are here: nothing is fetched."""
    tree, made = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in MADE_OF:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, tree)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", made, tree]
    done = subprocess.run(build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0 and "would be ignored" not in done.stdout, done.stdout
    return made


def files_of(distributions):
    """The files of the wheel and of the sdist, without the folder that names it."""
    [wheel], [sdist] = distributions.glob("*.whl"), distributions.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed:
        ours = {*packed.namelist()}
    with tarfile.open(sdist) as packed:
        theirs = {name.partition("/")[2] for name in packed.getnames()}
    return ours, theirs


@pytest.mark.slow
def test_wheel_and_sdist_have_the_package_whole_and_its_model(distributions):
    wheel, sdist = files_of(distributions)
    package = ROOT / "src"
    ours = {
        path.relative_to(package).as_posix()
        for path in (package / "saring").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "saring/shipped/topic.npz" in ours
    assert ours - wheel == set() and {f"src/{name}" for name in ours} - sdist == set()


@pytest.mark.slow
def test_they_have_the_licence_and_nothing_that_is_no_part_of_a_release(distributions):
    wheel, sdist = files_of(distributions)
    assert any(name.endswith("licenses/LICENSE") for name in wheel)
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "SECURITY.md"} <= sdist
    assert {name.partition("/")[0] for name in wheel} == {"saring", f"saring-{saring.__version__}.dist-info"}
    assert {name.partition("/")[0] for name in sdist if "/" in name} == {"src"}


@pytest.mark.slow
def test_an_index_would_take_them(distributions):
    check = [sys.executable, "-m", "twine", "check", "--strict", *distributions.iterdir()]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_wheel_answers_from_anywhere(distributions, tmp_path):
    [wheel] = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-m", "saring", "predict", ROOT / "tests" / "articles" / "prmn.txt"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
    )  # fmt: skip
    assert "topic: international_politics" in done.stdout
    assert re.search(r"^model \w+  \S*site/saring/shipped \(comes with saring", done.stdout, re.M)


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
