"""Many trainings that end at the same moment: processes that wait for a word and then log a run each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# MLflow is imported once, before the processes part: eight imports take longer than all that they log.
ALL = """
import os, sys
from pathlib import Path
from saring import tracking
import mlflow, pandas
ready, word = os.pipe()
processes = []
for name in sys.argv[2:]:
    if process := os.fork():
        processes.append(process)
        continue
    os.close(word)
    os.read(ready, 1)  # ends at the same moment for all
    info = tracking.log_run(tracking.RunRecord(bundle=Path(sys.argv[1]), topics=("economy", "other"), name=name,
                                               params={"name": name}, metrics={"test/macro_f1": 0.5}))
    os.write(1, f"{name} {info.run_id} {info.registered_version}\\n".encode())
    os._exit(0)
os.close(word)
sys.exit(any([os.waitpid(process, 0)[1] for process in processes]))
"""


def log_at_once(uri: str, bundle: Path, number: int) -> dict[str, tuple[str, int]]:
    """Return run and model version that each of some processes logged into one store, by the run's name."""
    names = [f"run-{n}" for n in range(number)]
    done = subprocess.run(
        [sys.executable, "-c", ALL, bundle, *names],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri}, cwd=bundle.parent,
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("run-")]  # MLflow prints addresses
    return {name: (run, int(version)) for name, run, version in told}
