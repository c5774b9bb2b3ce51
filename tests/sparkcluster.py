"""A standalone Spark cluster on this machine's loopback: one master, workers with a core for each of two drivers."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE_SECONDS = 60  # for a JVM to start where others keep all cores busy
HOST = "127.0.0.1"
# What a driver is told by the folder that SPARK_CONF_DIR names: as an administrator would.
SETTINGS = {
    "spark.cores.max": "2",  # of the workers' four: two drivers may be there at once
    "spark.driver.bindAddress": HOST,
    "spark.driver.host": HOST,
    "spark.driver.memory": "600m",
    "spark.executor.cores": "1",
    "spark.executor.memory": "512m",
    "spark.log.level": "ERROR",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.files.maxPartitionBytes": "65536",  # many tasks even from a small file
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# For JVMs that live for seconds: they optimise little and free memory in one thread.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SHORT_JOBS = {"spark.driver.extraJavaOptions": SHORT_LIVED, "spark.executor.extraJavaOptions": SHORT_LIVED}
NO_OTHERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Cluster:
    """A running cluster: its address, and the process of each worker, which leads a group."""

    master: str
    workers: list[subprocess.Popen[bytes]]

    def kill_worker(self) -> None:
        """Kill the first worker, its executors with it, as a power cut would."""
        os.killpg(self.workers[0].pid, signal.SIGKILL)


@contextmanager
def environment(folder: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Have Spark stay on the loopback and heed `settings`; restores what it changes."""
    if not shutil.which("java"):
        pytest.fail("found no java; the Spark tests need 17: apt-get install openjdk-17-jre-headless")
    (folder / "spark-defaults.conf").write_text(
        "".join(f"{name} {value}\n" for name, value in {**SETTINGS, **settings}.items())
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        patch.setenv("SPARK_LOCAL_IP", HOST)
        patch.setenv("SPARK_DAEMON_JAVA_OPTS", SHORT_LIVED)
        patch.setenv("SPARK_DAEMON_MEMORY", "256m")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.delenv("PYSPARK_SUBMIT_ARGS", raising=False)
        yield


@contextmanager
def running(
    folder: Path, n_workers: int, settings: Mapping[str, str] = NO_OTHERS, *, cores: int = 2, memory_mb: int = 2000
) -> Iterator[Cluster]:
    """Yield a cluster; whatever happens, none of its processes is left."""
    size = ["--cores", str(cores), "--memory", f"{memory_mb}m", "--work-dir", str(folder / "work")]
    with environment(folder, settings), ExitStack() as ending:
        _, log = _start(folder, "master", [], ending)
        found = _awaited(log, lambda text: re.search(r"Starting Spark master at (\S+)", text))
        workers = []
        for number in range(n_workers):
            words = [*size, found[1]]
            workers.append(_start(folder, f"worker{number}", words, ending))
        for _, log in workers:
            _awaited(log, lambda text: "Successfully registered" in text)
        yield Cluster(found[1], [process for process, _ in workers])


def _start(folder: Path, name: str, words: list[str], ending: ExitStack) -> tuple[subprocess.Popen[bytes], Path]:
    """Return a new master or worker and its log; it ends with `ending`."""
    import pyspark

    home = Path(pyspark.__file__).parent
    kind = "Master" if name == "master" else "Worker"
    log = folder / f"{name}.log"
    command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{name[:6]}.{kind}"]
    command += ["--host", HOST, "--port", "0", "--webui-port", "0", *words]
    out = ending.enter_context(log.open("wb"))
    process = subprocess.Popen(
        command, stdout=out, stderr=out, start_new_session=True, env={**os.environ, "SPARK_HOME": str(home)}
    )
    ending.callback(_end, process)
    return process, log


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group, which may be gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _awaited(log: Path, look: Callable[[str], object]) -> re.Match[str]:
    """Return what `look` finds in a log, once it does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := look(log.read_text("utf-8", "replace")):
            return found  # type: ignore[return-value]
        time.sleep(0.1)
    pytest.fail(f"{log.name}: Spark did not start in {PATIENCE_SECONDS} s\n{log.read_text()[-3000:]}")
