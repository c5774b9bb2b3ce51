"""Whether a kernel is kept is known without numba."""

import os
import pickle
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pytest

from saring.kernel import text_arrays
from saring.kernel.scoring import SWITCH
from saring.kernel.text_arrays import PAIR_SOURCES, digest, kernel_is_kept


def test_of_an_empty_folder_the_kernel_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert not kernel_is_kept()


MADE_OF = Path(text_arrays.__file__).parent


def keep(folder, numba=None, source=None, python=sys.version_info[:2], left_out="", parts=None):
    """Put there what numba keeps of each function, as numba writes it."""
    (folder / "compiled_0").mkdir(exist_ok=True)
    closed_over = pickle.dumps((parts or digest(*PAIR_SOURCES),), 4)
    names = {"loops": (["score_topics", "score_headlines"], b""), "pair_loops": (["compare_pairs"], closed_over)}
    for file, (functions, closed_over) in names.items():
        path = MADE_OF / f"{file}.py"
        stamp = sha256(path.read_bytes() if source is None else source).digest()
        key = "the types", "the processor", ("the bytecode", sha256(closed_over).hexdigest())
        for function in set(functions) - {left_out}:
            index = folder / "compiled_0" / f"{path.stem}.{function}-9.py{python[0]}{python[1]}.nbi"
            index.write_bytes(pickle.dumps(numba or version("numba")) + pickle.dumps((stamp, {key: "1.nbc"})))


OLDER = {
    "of this very version": ({}, True),
    "of another Python": ({"python": (2, 7)}, False),
    "of another numba": ({"numba": "0.1"}, False),
    "of another saring": ({"source": b"older"}, False),
    "of another file that went into one": ({"parts": "older"}, False),
    "without a function": ({"left_out": "score_headlines"}, False),
}


@pytest.mark.parametrize("case", OLDER)
def test_only_a_kernel_of_these_versions_counts(monkeypatch, tmp_path, case):
    pytest.importorskip("numba")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    made, expected = OLDER[case]
    keep(tmp_path, **made)
    assert kernel_is_kept() is expected


def test_a_kernel_counts_however_old_it_is_while_what_went_into_it_stays(monkeypatch, tmp_path):
    pytest.importorskip("numba")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    keep(tmp_path)
    for index in tmp_path.rglob("*.nbi"):  # older than files that a checkout wrote again, or that are not compiled
        os.utime(index, (1, 1))
    assert kernel_is_kept()


def test_what_is_no_index_does_not_count(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    keep(tmp_path, numba="x" * 9)
    for index in tmp_path.rglob("*.nbi"):
        index.write_bytes(b"\x80" + index.read_bytes()[:-9])
    assert not kernel_is_kept()


def test_where_numba_does_not_compile_plain_python_answers():
    pytest.importorskip("numba")
    done = subprocess.run(
        [sys.executable, "-c", "from saring.kernel.scoring import prepare; print(prepare())"],
        env=os.environ | {SWITCH: "1", "NUMBA_DISABLE_JIT": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "False\n"
    assert "NUMBA_DISABLE_JIT is set" in done.stderr and "Traceback" not in done.stderr


def kept_once_loaded(**variables):
    """Whether a process that has loaded the kernel, or compiled it, finds it kept."""
    program = (
        "from saring.kernel import scorers\n"
        "from saring.kernel.text_arrays import kernel_is_kept\n"
        "print(kernel_is_kept())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | variables, capture_output=True, text=True, check=True
    )
    return done.stdout == "True\n"


@pytest.mark.slow
def test_what_numba_has_kept_is_found_beside_the_source_and_in_the_folder_that_the_user_names(tmp_path):
    caching = pytest.importorskip("numba.core.caching")
    assert kept_once_loaded()
    folder = tmp_path / caching._CacheLocator.get_suitable_cache_subpath(str(MADE_OF / "loops.py"))
    shutil.copytree(MADE_OF / "__pycache__", folder)
    assert kept_once_loaded(NUMBA_CACHE_DIR=str(tmp_path))
