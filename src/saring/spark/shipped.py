"""A model on its way to other machines: shipped with the job, opened once in each process there."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from saring import __version__
from saring.compiled import SWITCH, prepare
from saring.errors import BundleError, ConfigError, install_hint
from saring.predict import Model, load

__all__ = ["Shipped", "ship"]

T = TypeVar("T")

_DECIDING = ("numpy", "scikit-learn", "scipy")  # packages that last digits hang on

_opened: dict[tuple[str, bool], Model] = {}  # of this process, which works on many tasks


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model's bundle as bytes, and what must be the same wherever it is opened.

    It travels with the function that scores. Spark broadcasts what is greater than a megabyte, so
    each machine gets it once, not each task.

    Attributes
    ----------
    model_version : str
    files : tuple of (str, bytes)
        Those of the bundle's folder.
    versions : tuple of (str, str)
        Packages and their versions.
    compiled : bool
        Whether the compiled kernel answers, or plain Python.
    """

    model_version: str
    files: tuple[tuple[str, bytes], ...]
    versions: tuple[tuple[str, str], ...]
    compiled: bool

    def opened(self) -> Model:
        """Return the model, which a process opens once.

        Raises
        ------
        ConfigError
            This machine would give other last digits than the one the model comes from.
        BundleError
            The files are not those of this model.
        """
        key = (self.model_version, self.compiled)
        if key not in _opened:
            self._check_versions()
            with self._engine():
                self._check_kernel()
                _opened[key] = self._unpacked()
        return _opened[key]

    def answers(self, items: Iterator[T]) -> Iterator[T]:
        """Yield items, each made while the code that is to score answers in this process."""
        while True:
            with self._engine():
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    @contextmanager
    def _engine(self) -> Iterator[None]:
        """Have the same code answer here as where the job was started, and no longer."""
        before = os.environ.get(SWITCH)
        os.environ[SWITCH] = str(int(self.compiled))
        try:
            yield
        finally:
            if before is None:
                del os.environ[SWITCH]
            else:
                os.environ[SWITCH] = before

    def _check_versions(self) -> None:
        """Raise ConfigError where a package has another version here."""
        here = dict(_versions())
        for package, expected in self.versions:
            if here[package] != expected:
                raise ConfigError(
                    f"{platform.node()}: found {package} {here[package]}, expected {expected} "
                    "as where the job was started; install the same versions on all machines"
                )

    def _check_kernel(self) -> None:
        """Raise ConfigError where the same code cannot answer."""
        if self.compiled and not prepare():
            raise ConfigError(
                f"{platform.node()}: found no compiled kernel, which answers where the job was "
                f"started; {install_hint('fast')} on all machines, or start it with {SWITCH}=0"
            )

    def _unpacked(self) -> Model:
        """Return the model, all of it in memory."""
        with TemporaryDirectory(prefix="saring-") as folder:
            for name, data in self.files:
                (Path(folder) / name).write_bytes(data)
            model = load(folder)
            for task in model.bundle.tasks:  # each is read when it is first asked for
                getattr(model.bundle, task)
        if model.model_version != self.model_version:
            raise BundleError(
                f"{model.path}: found model {model.model_version}, expected {self.model_version}; "
                "leave models alone while a job starts, and start it again"
            )
        return model


def ship(model: Model) -> Shipped:
    """Return a model as it travels."""
    paths = sorted(path for path in model.path.iterdir() if path.is_file())
    files = tuple((path.name, path.read_bytes()) for path in paths)
    return Shipped(model.model_version, files, _versions(), prepare())


def _versions() -> tuple[tuple[str, str], ...]:
    """Return the versions that decide a prediction's digits, on this machine."""
    return ("saring", __version__), *((name, version(name)) for name in _DECIDING)
