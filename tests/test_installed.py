"""saring as it is installed: found from whatever folder, and whole."""

import subprocess
import sys
from pathlib import Path

import pytest

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
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert str(Path("saring") / "shipped") in done.stdout


def test_the_shipped_model_is_among_the_models_of_the_clone_too():
    link = ROOT / "models" / "id-news"
    assert not link.readlink().is_absolute()
    assert link.resolve() == ROOT / "src" / "saring" / "shipped"
