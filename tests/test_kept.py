"""Whether a kernel is kept is known without numba."""

import os
import subprocess
import sys

import pytest

from saring.compiled.kept import kernel_is_kept


def test_of_an_empty_folder_the_kernel_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert not kernel_is_kept()


@pytest.mark.parametrize(("version", "kept"), [(sys.version_info[:2], True), ((2, 7), False)])
def test_only_a_kernel_of_this_python_counts(monkeypatch, tmp_path, version, kept):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = tmp_path / "compiled_0"
    folder.mkdir()
    (folder / "kernel.score_topics-248.py{}{}.nbi".format(*version)).touch()
    assert kernel_is_kept() is kept


@pytest.mark.slow
def test_what_numba_has_kept_is_found(tmp_path):
    pytest.importorskip("numba")
    program = (
        "from saring.compiled import kernel\n"
        "from saring.compiled.kept import kernel_is_kept\n"
        "print(kernel_is_kept())"
    )
    made = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == "True\n"
