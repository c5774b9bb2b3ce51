"""The model bundle on disk: one folder ``{card.json, <name>.npz ..., checksums.json}``.

`save` and `add` write a bundle, `load` opens one and executes nothing from it. The checksums show
damage and change; they do not prove who made a bundle, and they need not: what a bundle may
hold is decided in `allowed.TABLE`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from saring.errors import BundleError
from saring.learnt import Fitted
from saring.store.arrays import read_npz, write_npz
from saring.store.card import check_card, compose_card, parse_created
from saring.store.flatten import flatten
from saring.store.folder import (
    CARD,
    CHECKSUMS,
    NAME,
    open_folder,
    read_checked,
    read_json,
    write_folder,
)
from saring.store.rebuild import rebuild

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

__all__ = ["Bundle", "add", "describe", "load", "newest", "save", "verify"]


@dataclass(frozen=True)
class Bundle:
    """A model bundle that was opened and found whole.

    Attributes
    ----------
    path : Path
        Its folder.
    card : Mapping[str, Any]
        What ``card.json`` says; see `card.CARD_FIELDS`.
    estimators : Mapping[str, BaseEstimator]
        The fitted estimators by name, each built when it is first asked for.
    checksums : Mapping[str, str]
        sha256 of each file by name, in hexadecimal.
    """

    path: Path
    card: Mapping[str, Any]
    estimators: Mapping[str, BaseEstimator]
    checksums: Mapping[str, str]

    @property
    def model_version(self) -> str:
        """Digest of what decides the predictions: equal for equal models."""
        return str(self.card["model_version"])

    def parts(self, name: str) -> Any:
        """Return the estimator `name` as plain values and arrays, without importing scikit-learn.

        An estimator is ``{"type", "params", "state"}``; a vocabulary and a long list of strings are
        `arrays.Strings`, in order.
        """
        return _read(self.path, name, self.checksums, build=False)

    def fitted(self, name: str) -> Fitted:
        """Return the estimator `name` as who only predicts takes it; the same each time."""
        if name not in self._fitted:
            held = self.estimators
            parts = held.parts if isinstance(held, _Estimators) else held.__getitem__
            self._fitted[name] = Fitted(partial(parts, name), partial(held.__getitem__, name))
        return self._fitted[name]

    @cached_property
    def _fitted(self) -> dict[str, Fitted]:
        return {}


class _Estimators(Mapping[str, Any]):
    """The estimators of a bundle, each read and built on first use."""

    def __init__(self, folder: Path, checksums: Mapping[str, str]) -> None:
        self._folder = folder
        self._checksums = checksums
        self._names = tuple(name.removesuffix(".npz") for name in checksums if name != CARD)
        self._stored: dict[str, tuple[Any, Mapping[str, Any], str]] = {}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = rebuild(*self._opened(name))
        return self._built[name]

    def parts(self, name: str) -> Any:
        """Return an estimator as `Bundle.parts` does."""
        return rebuild(*self._opened(name), build=False)

    def _opened(self, name: str) -> tuple[Any, Mapping[str, Any], str]:
        """Return what `rebuild` takes, read once: the folder may be gone by then."""
        if name not in self._names:
            raise KeyError(name)
        if name not in self._stored:
            self._stored[name] = _open(self._folder, name, self._checksums)
        return self._stored[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def save(
    folder: Path,
    estimators: Mapping[str, BaseEstimator],
    card: Mapping[str, Any],
    *,
    single: Collection[str] = (),
    replace: bool = False,
) -> Path:
    """Return `folder`, now a bundle; it is written aside and renamed, so never half there.

    Saving the same estimators twice gives the same array files, byte for byte.

    Parameters
    ----------
    folder : Path
        Where; must not exist, unless it is a bundle that may be replaced.
    estimators : Mapping[str, BaseEstimator]
        Fitted estimators by name (small letters, digits, ``-`` and ``_``).
    card : Mapping[str, Any]
        The fields of `card.CARD_FIELDS` and any others.
    single : collection of str
        Names of estimators whose large float64 arrays are kept in single precision. Their
        predictions change in about the seventh digit: evaluate what you load again.
    replace : bool
        Whether a bundle that is there gives way, once the new one is complete.

    Raises
    ------
    BundleError
        When `folder` exists, a name is no file name, an estimator holds what may not stand in a
        bundle, or the card lacks a field.
    """
    files, full = _contents(estimators, card, single)
    return write_folder(Path(folder), files, full, replace=replace)


def add(
    models: Path,
    estimators: Mapping[str, BaseEstimator],
    card: Mapping[str, Any],
    *,
    single: Collection[str] = (),
) -> Path:
    """Return a new bundle's folder in `models`, ``<UTC time>-<model version>``; see `save`."""
    files, full = _contents(estimators, card, single)
    stamp = parse_created(full["created"], CARD).strftime("%Y%m%dT%H%M%SZ")
    return write_folder(Path(models) / f"{stamp}-{full['model_version']}", files, full)


def _contents(
    estimators: Mapping[str, Any], card: Mapping[str, Any], single: Collection[str]
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the array files by name, and the whole card."""
    if strangers := sorted(set(single) - set(estimators)):
        raise BundleError(f"single={strangers}: no such estimator; there are {sorted(estimators)}")
    for name in estimators:
        if not NAME.fullmatch(name):
            raise BundleError(
                f"estimator name {name!r}: expected a small letter, then small letters, digits, "
                "'-' and '_', 64 at most"
            )
    files = {
        f"{name}.npz": write_npz(*flatten(estimators[name], name, single=name in single))
        for name in sorted(estimators)
    }
    return files, compose_card(card, files)


def load(folder: Path, *, allow_version_skew: bool = False) -> Bundle:
    """Return the bundle in `folder`; it executes nothing, and builds an estimator when asked for.

    Parameters
    ----------
    folder : Path
        A bundle.
    allow_version_skew : bool
        Whether a model made by another minor version of scikit-learn or saring is opened all the
        same. Its predictions may differ from those measured in training.

    Raises
    ------
    BundleError
        When a file is missing, added, changed or no plain file, or the bundle is of another
        version; names the file and the remedy.
    """
    folder = Path(folder)
    card, checksums = open_folder(folder)
    check_card(card, folder, allow_version_skew=allow_version_skew)
    estimators = _Estimators(folder, checksums)
    return Bundle(folder, MappingProxyType(card), estimators, MappingProxyType(checksums))


def describe(folder: Path) -> Mapping[str, Any]:
    """Return the card of the bundle in `folder`, of whatever version; raises as `verify` does."""
    return MappingProxyType(open_folder(Path(folder))[0])


def verify(folder: Path) -> None:
    """Check every file of a bundle, and that it holds only what may stand in one.

    Raises
    ------
    BundleError
        As `load` does, but for versions, which it does not look at.
    """
    folder = Path(folder)
    _, checksums = open_folder(folder)
    for name in checksums:
        if name != CARD:
            _read(folder, name.removesuffix(".npz"), checksums, build=False)


def newest(models: Path, *, but: Collection[str] = ()) -> Path | None:
    """Return the newest bundle in the folder `models`, None when there is none but those named.

    Newest by the time in the card, then by folder name. Folders without a card and checksums are no
    bundles and passed over.

    Raises
    ------
    BundleError
        When a bundle's card cannot be read: an older model must not silently take its place.
    """
    found = [
        (parse_created(read_json(path / CARD).get("created"), path / CARD), path.name, path)
        for path in (Path(models).iterdir() if Path(models).is_dir() else ())
        if not path.name.startswith(".")
        and path.name not in but
        and all((path / n).is_file() for n in (CARD, CHECKSUMS))
    ]
    return max(found)[2] if found else None


def _read(folder: Path, name: str, checksums: Mapping[str, str], *, build: bool) -> Any:
    """Return one estimator, or its parts."""
    return rebuild(*_open(folder, name, checksums), build=build)


def _open(
    folder: Path, name: str, checksums: Mapping[str, str]
) -> tuple[Any, Mapping[str, Any], str]:
    """Return what `rebuild` takes; the file is checked again, as time has passed."""
    path = folder / f"{name}.npz"
    if path.name not in checksums:
        raise BundleError(f"{folder}: no estimator {name!r}; there are {', '.join(checksums)}")
    return *read_npz(read_checked(path, checksums), str(path)), str(path)
