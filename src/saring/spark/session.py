"""A Spark session for one command, and what is asked of its file system."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from saring.errors import ConfigError, MissingExtraError, SaringError
from saring.processes import program

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["NEW_PANDAS", "address", "opened", "rename_parts"]

JAVA = "17"
# What pyspark warns of when it sees pandas 3, which is not used here: batches are Arrow's.
NEW_PANDAS = "PySpark does not yet fully support pandas >= 3"
_SAFE = "PYTHONSAFEPATH"
_CALL = "An error occurred while calling"  # what the bridge to Java says first, and no more
_OURS = re.compile(r"^saring\.errors\.\w+: (.+)", re.M)  # in the traceback of a worker process


@contextmanager
def opened(master: str | None) -> Iterator[SparkSession]:
    """Yield a Spark session; what goes wrong in it is a SaringError. One that was there stays.

    Parameters
    ----------
    master : str or None
        Address of the cluster; as Spark is configured when None, or else this machine.

    Raises
    ------
    MissingExtraError
        pyspark is not installed.
    ConfigError
        Java is not installed, or this process has a session on another master.
    SaringError
        Spark cannot start or finish.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise MissingExtraError("spark", "scoring with Spark") from error
    before = SparkSession.getActiveSession()
    if before is None:
        _check_java()
    elif master and before.sparkContext.master != master:
        raise ConfigError(
            f"{master}: found a session on {before.sparkContext.master} in this process; stop it "
            "or leave the master out"
        )
    # Spark asks for "python3" otherwise, which need not be the one that saring is installed in.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # It starts Python with the working folder first among the places for modules.
    builder = SparkSession.builder.appName("saring").config(f"spark.executorEnv.{_SAFE}", "1")
    spark: SparkSession | None = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", NEW_PANDAS)
            spark = (builder.master(master) if master else builder).getOrCreate()
        spark.conf.set("spark.sql.session.timeZone", "UTC")  # dates are read as `saring.read` does
        yield spark
    except (PySparkException, Py4JError) as error:
        raise SaringError(f"Spark could not finish: {_reason(str(error))}") from error
    finally:
        if spark is not None and before is None:
            spark.stop()


def _check_java() -> None:
    """Raise ConfigError when there is no Java."""
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else program("java")
    if not java or not os.access(java, os.X_OK):
        raise ConfigError(
            f"found no Java{f' in JAVA_HOME, {home}' if home else ''}; Spark expects Java {JAVA} "
            f"or newer; install one (Debian: apt-get install openjdk-{JAVA}-jre-headless)"
        )


def _reason(message: str) -> str:
    """Return why a job failed: what saring says in a worker process, or else Python, or Spark."""
    if ours := _OURS.findall(message):
        return str(ours[-1])
    lines = message.strip().splitlines()
    if "Traceback" in message:
        return lines[-1]
    return next((line for line in lines if not line.startswith(_CALL)), message).lstrip(": ")


def address(path: str | Path) -> str:
    """Return where a path lies, for Spark, which may take a bare one for a path of its cluster."""
    return str(path) if "://" in str(path) else f"file://{Path(path).absolute()}"


def rename_parts(spark: SparkSession, folder: str, suffix: str) -> None:
    """Give the files of a folder the suffix of their format; Spark calls all lines .txt."""
    jvm, context = spark.sparkContext._jvm, spark.sparkContext._jsc
    assert jvm is not None  # it is there as long as the session
    place = jvm.org.apache.hadoop.fs.Path(folder)
    files = place.getFileSystem(context.hadoopConfiguration())
    for status in files.listStatus(place):
        name = status.getPath().getName()
        if name.endswith(".txt"):
            files.rename(
                status.getPath(),
                jvm.org.apache.hadoop.fs.Path(place, name.removesuffix(".txt") + suffix),
            )
