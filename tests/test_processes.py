"""Workers run nothing of the working folder, and die with the process that started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from saring.processes import WorkerProcess, name_of, named, program

HERE = Path(__file__).parent
NEWS = "Rupiah menguat 15 poin terhadap dolar AS pada perdagangan hari ini di Jakarta."
# Of Python itself, of ours, what libraries look for and need not find, and what Python starts with.
NAMES = ("json", "lxml", "orjson", "numpy", "pickle", "yaml", "cchardet", "brotli", "site", "encodings",
         "sitecustomize", "usercustomize", "saring")  # fmt: skip


@pytest.fixture
def trap(tmp_path) -> Path:
    """A folder in which each module that might be imported leaves a mark."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\n")
    page = f"<html><body><h1>Rupiah Menguat</h1>{f'<p>{NEWS}</p>' * 4}</body></html>"
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "a.txt").write_text(NEWS)
    # numba's settings: where it keeps what it has compiled, as pickles
    (tmp_path / ".numba_config.yaml").write_text(f"cache_dir: {tmp_path / 'kept'}\n")
    return tmp_path


def saring(*words, cwd, env=None):
    script = "import sys; from saring.cli.commands import main; sys.exit(main())"
    command = [sys.executable, "-P", "-c", script, *map(str, words)]
    return subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True)


def test_the_working_folder_s_code_is_not_run_by_a_page(trap, bundle_folder):
    done = saring("predict", "a.html", "--model", bundle_folder, "--json", cwd=trap)
    assert done.returncode == 0, done.stderr
    assert not (trap / "ran").exists()


def test_nor_by_a_batch(trap, bundle_folder):
    words = ("score", "a.txt", "a.html", "--model", bundle_folder, "--workers", 2, "--out", "o.jsonl")
    done = saring(*words, cwd=trap, env={"SARING_COMPILED": "1"})
    assert done.returncode == 0, done.stderr
    assert not (trap / "ran").exists()
    assert not (trap / "kept").exists()


def test_nor_where_python_names_it_among_its_places_for_modules(trap):
    code = (
        "import sys; sys.path.remove(''); from saring.io.records import read; sys.path.insert(0, '');"
        "print(next(read('a.html')).title)"
    )
    done = subprocess.run([sys.executable, "-c", "import sys; sys.modules.pop('site');" + code],
                          cwd=trap, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "Rupiah Menguat\n"
    assert not (trap / "ran").exists()


def test_a_program_is_never_found_in_a_relative_folder(tmp_path, monkeypatch):
    (tmp_path / "git").write_text("#!/bin/sh\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", os.pathsep, f".{os.pathsep}"):
        monkeypatch.setenv("PATH", path)
        assert program("git") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("git") == str(tmp_path / "git")


def test_a_function_is_found_by_its_name():
    assert named(name_of(Path)) is Path


# What a worker may be busy with when its parent is killed: waiting, Python, and C that holds on to
# the interpreter, so that no other thread of the worker has its turn.


def idle(answers):
    _say(answers)
    sys.stdin.buffer.read()


def loops(answers):
    _say(answers)
    while True:
        pass


def stuck_in_c(answers):
    _say(answers)
    sum(range(1 << 60))


def _say(answers):
    answers.write(b"%d\n" % os.getpid())
    answers.flush()


@pytest.mark.parametrize("serve", [idle, loops, stuck_in_c])
@pytest.mark.parametrize("ends", ["SIGKILL", "SIGTERM"])
def test_a_worker_stops_within_a_second_of_its_parent_s_death(serve, ends):
    code = (
        "import sys; from saring.processes import WorkerProcess, named;"
        "worker = WorkerProcess(named(sys.argv[1]));"
        "print(worker.stdout.readline().decode(), flush=True); input()"
    )
    command = [sys.executable, "-c", code, f"test_processes:{serve.__name__}"]
    parent = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(HERE)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )  # fmt: skip
    with parent:
        worker = int(parent.stdout.readline())
        assert _alive(worker)
        parent.send_signal(signal.Signals[ends])
        parent.wait()
        deadline = time.monotonic() + 1
        while _alive(worker):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _alive(process):
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_a_worker_that_is_forgotten_ends():
    worker = WorkerProcess(idle)
    process = int(worker.stdout.readline())
    del worker
    assert not _alive(process)
