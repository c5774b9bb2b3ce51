"""Many trainings that end at the same moment: processes that wait for a word and then log a run each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ONE = """
import sys
from pathlib import Path
from saring import tracking
from saring.cli.output import tell
import mlflow, pandas  # so that all are ready at the same moment
print("ready", flush=True)
sys.stdin.readline()
name = sys.argv[2]
info = tracking.log_run(tracking.RunRecord(bundle=Path(sys.argv[1]), topics=("economy", "other"), name=name,
                                           params={"name": name}, metrics={"test/macro_f1": 0.5}))
print(info.run_id, info.registered_version)
"""


def log_at_once(uri: str, bundle: Path, number: int) -> dict[str, tuple[str, int]]:
    """Return run and model version that each of some processes logged into one store, by the run's name."""
    env = {**os.environ, "MLFLOW_TRACKING_URI": uri}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ONE, bundle, f"run-{n}"],
            env=env, cwd=bundle.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for n in range(number)
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    failed = [error for process, (_, error) in zip(processes, told, strict=True) if process.returncode]
    assert not failed, failed[0]
    answers = [out.splitlines()[-1].split() for out, _ in told]  # MLflow prints an address before it
    return {f"run-{n}": (run, int(version)) for n, (run, version) in enumerate(answers)}
