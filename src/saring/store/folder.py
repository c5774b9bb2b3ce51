"""A model bundle's folder: written whole or not at all, and opened only when it is whole."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from saring.atomic import sync, sync_folder
from saring.errors import BundleError
from saring.store.card import to_json, version_of

__all__ = [
    "CARD",
    "CHECKSUMS",
    "check_target",
    "open_folder",
    "read_checked",
    "read_json",
    "write_folder",
]

CARD, CHECKSUMS = "card.json", "checksums.json"
# Of an estimator: a small letter first, a file name on every system, never a path.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_FILE = re.compile(rf"{re.escape(CARD)}|{NAME.pattern}\.npz")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def check_target(folder: Path, *, replace: bool = False) -> bool:
    """Return whether `folder` is a bundle that would give way to a new one.

    Raises
    ------
    BundleError
        When something is there that would not.
    """
    replaced = replace and (folder / CHECKSUMS).is_file() and not folder.is_symlink()
    if (folder.exists() or folder.is_symlink()) and not replaced:
        raise BundleError(f"{folder}: exists already; choose another name or remove it first")
    return replaced


def write_folder(
    folder: Path,
    files: Mapping[str, bytes],
    card: Mapping[str, Any],
    *,
    replace: bool = False,
) -> Path:
    """Return `folder`, now with `files`, `card` and checksums; written aside, then renamed.

    Raises
    ------
    BundleError
        When it exists and is no bundle to `replace`, or cannot be written.
    """
    replaced = check_target(folder, replace=replace)
    everything = {CARD: to_json(card), **files}
    checksums = {name: hashlib.sha256(data).hexdigest() for name, data in everything.items()}
    everything[CHECKSUMS] = to_json(checksums)
    part = folder.parent / f".{folder.name}.{uuid4().hex[:8]}.part"
    old = part.with_suffix(".old")
    try:
        part.mkdir(parents=True)
        for name, data in everything.items():
            with (part / name).open("xb") as file:
                file.write(data)
                sync(file)
        sync_folder(part)
        if replaced:
            folder.rename(old)
        try:
            part.rename(folder)
        except BaseException:
            if replaced:
                old.rename(folder)
            raise
        sync_folder(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise BundleError(f"{folder}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)  # gone already when the rename went well
    return folder


def open_folder(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return card and checksums of a bundle whose files are all there, unchanged, and no others.

    Raises
    ------
    BundleError
        Naming the file that is missing, added, changed or no plain file.
    """
    if not folder.is_dir():
        raise BundleError(f"{folder}: no such folder; expected a model bundle (`saring train`)")
    for path in folder.iterdir():
        if not stat.S_ISREG(path.lstat().st_mode):
            raise BundleError(f"{path}: found a link or folder; a bundle holds plain files only")
    checksums = _read_checksums(folder / CHECKSUMS)
    found = {path.name for path in folder.iterdir()}
    wanted = {*checksums, CHECKSUMS}
    if found != wanted:
        raise BundleError(
            f"{folder}: missing files: {sorted(wanted - found) or 'none'}, files too many: "
            f"{sorted(found - wanted) or 'none'}; fetch an undamaged copy or train again"
        )
    for name in checksums:
        read_checked(folder / name, checksums)
    card = read_json(folder / CARD)
    if card.get("model_version") != version_of(card, checksums):
        raise BundleError(f"{folder / CARD}: model_version is not that of the files; train again")
    return card, checksums


def _read_checksums(path: Path) -> dict[str, str]:
    """Return sha256 by file name; every byte of the file must be as `write_folder` wrote it."""
    checksums = read_json(path)
    plain = CARD in checksums and all(
        _FILE.fullmatch(name) and isinstance(digest, str) and _SHA256.fullmatch(digest)
        for name, digest in checksums.items()
    )
    if not plain or path.read_bytes() != to_json(checksums):
        raise BundleError(
            f"{path}: expected {CARD} and <name>.npz with a sha256 each, in the form saring writes;"
            " it was damaged or altered: fetch an undamaged copy or train again"
        )
    return checksums


def read_checked(path: Path, checksums: Mapping[str, str]) -> bytes:
    """Return a file's bytes; BundleError when they are not those the checksums were made of."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error}") from error
    if hashlib.sha256(data).hexdigest() != checksums[path.name]:
        raise BundleError(
            f"{path}: differs from its checksum, so it was damaged or altered; fetch an undamaged "
            "copy or train again"
        )
    return data


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; BundleError when there is none."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, RecursionError, ValueError) as error:
        raise BundleError(
            f"{path}: expected JSON, found: {error}; train the model again"
        ) from error
    if not isinstance(value, dict):
        raise BundleError(f"{path}: expected a JSON object, found a {type(value).__name__}")
    return value
