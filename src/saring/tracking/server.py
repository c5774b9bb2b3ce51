"""The experiments in a browser: MLflow's own server over the store that training writes. ``make mlflow`` runs this.

It is light: one worker, and none of the processes that run MLflow's own jobs, which need 2 GB and outlive their server.
Only this machine can reach it.
"""

from __future__ import annotations

import os
import socket
import sys

from saring.errors import SaringError, UsageError, masked, visible
from saring.relocate import ARTIFACTS, database_of, refuse_moved
from saring.tracking.runs import QUIET, opened, tracking_uri

HOST = "127.0.0.1"
_LIGHT = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def command(uri: str, port: int) -> list[str]:
    """Return the command that serves a store; files that come by the server lie beside an SQLite file."""
    words = [*f"-m mlflow server --host {HOST} --port {port} --workers 1 --backend-store-uri".split(), uri]
    database = database_of(uri)
    return words + (["--artifacts-destination", (database.parent / ARTIFACTS).as_uri()] if database else [])


def main() -> None:
    """Become the server of `tracking_uri` on the port that PORT names; say where it is."""
    uri, named = tracking_uri(), os.environ.get("PORT") or "5000"
    if uri.startswith(("http://", "https://")):
        raise UsageError(f"MLFLOW_TRACKING_URI names a server already: open {uri}")
    if not named.isdecimal() or not 0 < int(named) < 65536:
        raise UsageError(f"PORT={named}: expected a number from 1 to 65535")
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, int(named)))
        except OSError as error:
            raise UsageError(f"port {named}: {error.strerror}; choose another, as in PORT=5001 make mlflow") from error
    refuse_moved(uri)
    if (database := database_of(uri)) and not database.exists():
        with opened(SaringError("the experiments cannot be shown")):
            pass  # it is made here, while nobody else makes it
    told = visible(f"experiments of {masked(uri)}: http://{HOST}:{named} (Ctrl-C ends it)")
    print(told, flush=True)  # noqa: T201 - `make mlflow` runs this module, not the command line
    os.execve(sys.executable, [sys.executable, *command(uri, int(named))], {**os.environ, **QUIET, **_LIGHT})


if __name__ == "__main__":
    try:
        main()
    except SaringError as error:
        sys.exit(f"saring: {error}")
