"""Servers on this machine's loopback that tests start and stop: MLflow's, and PostgreSQL's behind it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HOST = "127.0.0.1"
PATIENCE_SECONDS = 90  # for a server to start where others keep all cores busy
ACCOUNT = "nobody"  # PostgreSQL does not run as root


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def answered(address: str, data: bytes | None = None) -> tuple[int, str]:
    """What a server answers, whatever its status."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def served(
    command: Sequence[str | Path], address: str, log: Path, cwd: Path, env: Mapping[str, str] = os.environ
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a group of its own, once `address` answers; told to end, or else ended."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(env), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(OSError):
                if answered(address)[0] == 200:
                    break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, f"no answer from {address}: {log.read_text()}"
            time.sleep(0.1)
        yield process
        with suppress(ProcessLookupError):  # the test has ended it
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def processes_of(group: int) -> list[str]:
    """The processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):  # `ps` need not be installed
        with suppress(OSError):
            name, _, rest = path.read_text().rpartition(")")
            state, _, of = rest.split()[:3]
            if int(of) == group and state != "Z":
                found.append(f"{name})")
    return found


def left_of(group: int) -> list[str]:
    """The processes of a group that has been told to end, when they have had time to."""
    end = time.monotonic() + 5
    while (left := processes_of(group)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


@contextmanager
def tracking_server(store: str, folder: Path) -> Iterator[str]:
    """The address of an MLflow server over a database."""
    port = free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--host", HOST, "--port", str(port),
        "--workers", "1", "--artifacts-destination", (folder / "artifacts").as_uri(),
    ]  # fmt: skip
    env = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with served(command, f"http://{HOST}:{port}/health", folder / "server.log", folder, env):
        yield f"http://{HOST}:{port}"


@cache
def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs, installed if need be; the test is skipped where that cannot be."""
    for tried in (False, True):
        if tried:
            _install()
        folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.environ["PATH"].split(os.pathsep))]
        for folder in folders:
            if (folder / "initdb").exists() and (folder / "postgres").exists():
                return folder.resolve()
    pytest.skip("PostgreSQL is not installed, and could not be: apt-get install postgresql")


def _install() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # it starts no service
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "postgresql"]):
            subprocess.run(["apt-get", *words], env=env, capture_output=True, check=False, timeout=240)


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a new PostgreSQL database that only a socket in its own folder leads to."""
    programs = postgres_programs()
    as_other: dict[str, Any] = {"user": ACCOUNT} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="saring-pg-"))  # its path must be short, and open to the other account
    try:
        if as_other:
            shutil.chown(folder, ACCOUNT)
        data = folder / "data"
        make = [programs / "initdb", "-D", data, "-U", "saring", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(make, cwd=folder, check=True, capture_output=True, **as_other)
        start = [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-F"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(start, cwd=folder, stdout=log, stderr=log, **as_other)
        try:
            end = time.monotonic() + PATIENCE_SECONDS
            ready = [programs / "pg_isready", "-q", "-h", folder, "-U", "saring"]
            while subprocess.run(ready, check=False).returncode:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < end, (folder / "log").read_text()
                time.sleep(0.1)
            yield f"postgresql://saring@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # at once, whoever is connected
            server.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
