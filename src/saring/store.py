"""Model bundles on disk: a folder of ``card.json``, an ``.npz`` per model and ``checksums.json``.

A bundle holds flat arrays and JSON, nothing that can be executed: `save` and `add` write the dataclasses of
`saring.models.parameters`; `load` opens a bundle, which reads each of them on first use. The checksums show damage and
change; they do not prove who made a bundle.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import platform
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
import orjson
from numpy.typing import NDArray

from saring import __version__
from saring.atomic import sync, sync_folder
from saring.errors import BundleError
from saring.models.pair_features import FEATURES, FEWEST_FEATURES
from saring.models.parameters import ClickbaitParameters, LinkParameters, TopicParameters, from_arrays, to_arrays
from saring.models.vocabulary import KINDS, WORD_LISTS

# Raise it when an older saring could not read what a newer one writes, or would predict otherwise from it.
FORMAT = 2
_REMEDY = "train the model again or fetch an undamaged copy"
CARD, CHECKSUMS = "card.json", "checksums.json"
HELDOUT = "heldout.npz"  # answers to rows that training held out; they decide nothing, and a bundle may lack them
TASKS = ("topic", "link", "clickbait")
Parameters = TopicParameters | LinkParameters | ClickbaitParameters
Kind = TypeVar("Kind", TopicParameters, LinkParameters, ClickbaitParameters)
NO_ARRAYS: Mapping[str, NDArray[Any]] = MappingProxyType({})
# What a card must say.
CARD_FIELDS: Mapping[str, str] = {
    "name": "name of the model",
    "data": "fingerprint of the training data: sha256 of the corpus files, number of rows",
    "config": "the settings it was trained with",
    "labels": "label order of each model's output",
    "metrics": "metrics of each split",
    "thresholds": "probabilities from which a verdict changes",
    "licence": "licence of the model",
    "sources": "where the training texts come from",
}
_DECIDES = ("config", "labels", "thresholds")  # these and the arrays decide a prediction and give a model its version
_OURS = ("format", "model_version", "versions", "files")
# Thresholds that predicting looks up, and the model that needs each.
_THRESHOLDS = {"abstain": "topic", "out_of_domain": "topic", "unrelated": "link", "overlap": "link"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_BYTES = 2 << 30  # bundles are megabytes; one that unfolds to more than this is a zip bomb


@dataclass(frozen=True)
class Bundle:
    """A model bundle that was found whole; its models are read on first use, and checked again."""

    path: Path
    card: Mapping[str, Any] = field(repr=False)  # see `CARD_FIELDS`
    checksums: Mapping[str, str] = field(repr=False)  # sha256 of each file by name, in hexadecimal

    @property
    def model_version(self) -> str:
        """Digest of what decides the predictions: equal for equal models."""
        return str(self.card["model_version"])

    @property
    def tasks(self) -> tuple[str, ...]:
        """The models it holds, of `TASKS`."""
        return tuple(task for task in TASKS if f"{task}.npz" in self.checksums)

    @cached_property
    def topic(self) -> TopicParameters:
        """The topic model."""
        return self._parameters("topic", TopicParameters)

    @cached_property
    def link(self) -> LinkParameters | None:
        """The link model; None where the corpus had no labels of links."""
        return self._parameters("link", LinkParameters) if "link" in self.tasks else None

    @cached_property
    def clickbait(self) -> ClickbaitParameters | None:
        """The clickbait model; None where the corpus had no labels of clickbait."""
        return self._parameters("clickbait", ClickbaitParameters) if "clickbait" in self.tasks else None

    @cached_property
    def heldout(self) -> Mapping[str, NDArray[Any]]:
        """Answers to rows that training held out, as `evaluation.heldout` writes them; empty where none were kept."""
        if HELDOUT not in self.checksums:
            return {}
        path = self.path / HELDOUT
        data = _read_checked(path, self.checksums)
        try:
            return read_npz(data)
        except Exception as error:  # see `_parameters`
            raise BundleError(f"{path}: holds no arrays: {error}; train the model again") from error

    def _parameters(self, task: str, kind: type[Kind]) -> Kind:
        """Return the parameters of a model, read from disk."""
        path = self.path / f"{task}.npz"
        data = _read_checked(path, self.checksums)
        try:
            found = from_arrays(kind, read_npz(data))
            _check_fit(found, self.card)
        except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for bytes that are not theirs
            raise BundleError(f"{path}: its arrays do not make a {task} model: {error}; {_REMEDY}") from error
        return found


def save(
    folder: Path,
    models: Mapping[str, Parameters],
    card: Mapping[str, Any],
    heldout: Mapping[str, NDArray[Any]] = NO_ARRAYS,
    *,
    replace: bool = False,
) -> Path:
    """Return `folder`, now a bundle of some models; it is written aside and renamed, so never half there.

    The card has the fields of `CARD_FIELDS`, any others, and ``created`` (ISO 8601 with an offset) where it is not now.
    With `replace` a bundle that is there gives way once the new one is complete. Equal models give equal bytes.
    BundleError says what does not fit: the folder, the card, or the models with it.
    """
    return _write(Path(folder), *_contents(models, card, heldout), replace=replace)


def add(
    folder: Path,
    models: Mapping[str, Parameters],
    card: Mapping[str, Any],
    heldout: Mapping[str, NDArray[Any]] = NO_ARRAYS,
) -> Path:
    """Return a new bundle in `folder`, named ``<UTC time>-<model version>``; see `save`.

    An equal model of the same second, from a training at the same time, keeps its folder: a number is added.
    """
    files, full = _contents(models, card, heldout)
    name = f"{_parse_created(full['created'], CARD):%Y%m%dT%H%M%SZ}-{full['model_version']}"
    for free in chain([name], (f"{name}-{n}" for n in count(2))):
        if not (target := Path(folder) / free).exists():
            try:
                return _write(target, files, full)
            except BundleError:
                if not target.exists():  # or else another was quicker
                    raise
    raise AssertionError("numbers have no end")


def load(folder: Path) -> Bundle:
    """Return the bundle in `folder`; nothing in it is executed, and its models are read on first use.

    BundleError names the file that is missing, added, changed or no plain file, or the format that is another.
    """
    folder = Path(folder)
    try:
        if not folder.is_dir():
            raise BundleError(f"{folder}: no such folder; expected a model bundle (`saring train`)")
        found = {path.name: path.lstat() for path in folder.iterdir()}
    except OSError as error:
        raise BundleError(f"{folder}: cannot be read ({error.strerror})") from error
    for name, status in found.items():
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(f"{folder / name}: a link or folder; a bundle holds plain files only")
    path = folder / CHECKSUMS
    checksums = _read_json(path)
    names = {CARD, HELDOUT, *(f"{task}.npz" for task in TASKS)}
    plain = all(isinstance(digest, str) and _SHA256.fullmatch(digest) for digest in checksums.values())
    if not (plain and CARD in checksums and names.issuperset(checksums)) or path.read_bytes() != to_json(checksums):
        why = f"expected {CARD} and <task>.npz with a sha256 each, in the form saring writes; it was damaged or altered"
        raise BundleError(f"{path}: {why}; {_REMEDY}")
    lacking, extra = ({*checksums, CHECKSUMS} - found.keys(), found.keys() - {*checksums, CHECKSUMS})
    if lacking or extra:
        why = f"missing files: {sorted(lacking) or 'none'}, files too many: {sorted(extra) or 'none'}"
        raise BundleError(f"{folder}: {why}; {_REMEDY}")
    for name in checksums:
        _read_checked(folder / name, checksums)
    card = _read_json(folder / CARD)
    if card.get("model_version") != version_of(card, checksums):
        raise BundleError(f"{folder / CARD}: model_version is not that of the files; train again")
    _check_card(card, checksums, folder / CARD)
    return Bundle(folder, MappingProxyType(card), MappingProxyType(checksums))


def newest(
    folder: Path, *, but: Collection[str] = (), chosen: Callable[[Mapping[str, Any]], bool] = lambda card: True
) -> Path | None:
    """Return the newest bundle in a folder by the time in its card, of those that `chosen` takes by their cards.

    None when there is none but those named.

    A card that cannot be read raises BundleError: an older model must not silently take its place.
    """
    found = [
        (_parse_created(card.get("created"), path / CARD), path.name, path)
        for path in bundles(folder)
        if path.name not in but and (path / CHECKSUMS).is_file() and chosen(card := _read_json(path / CARD))
    ]
    return max(found)[-1] if found else None


def bundles(folder: Path) -> list[Path]:
    """Return the bundles in a folder by name, not those that are being written; none where there is no such folder."""
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise BundleError(f"{folder}: cannot be read ({error.strerror})") from error
    return [path for path in paths if not path.name.startswith(".") and (path / CARD).is_file()]


def check_target(folder: Path, *, replace: bool = False) -> bool:
    """Return whether `folder` is a bundle that would give way to a new one; BundleError for what would not."""
    replaced = replace and (folder / CHECKSUMS).is_file() and not folder.is_symlink()
    if (folder.exists() or folder.is_symlink()) and not replaced:
        raise BundleError(f"{folder}: exists already; choose another name or remove it first")
    return replaced


# The card.


def _contents(
    models: Mapping[str, Parameters], card: Mapping[str, Any], heldout: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the array files by name, and the whole card."""
    if missing := [f"{name} ({what})" for name, what in CARD_FIELDS.items() if name not in card]:
        raise BundleError(f"the card lacks {'; '.join(missing)}")
    if ours := sorted(set(card) & set(_OURS)):
        raise BundleError(f"the card has {', '.join(ours)}, which the store writes itself")
    plain = _plain(card, "card")
    created = plain.pop("created", None)
    moment = _parse_created(created, "card") if created else datetime.now(UTC)
    files = {f"{task}.npz": write_npz(to_arrays(models[task])) for task in TASKS if task in models}
    files |= {HELDOUT: write_npz(heldout)} if heldout else {}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    full = {
        "format": FORMAT,
        "name": plain.pop("name"),
        "model_version": version_of(plain, digests),
        "created": moment.astimezone(UTC).isoformat(timespec="milliseconds"),
        "versions": {
            "python": platform.python_version(),
            "saring": __version__,
            **{package: version(package) for package in ("scikit-learn", "numpy", "scipy")},
        },
        "files": {name: len(data) for name, data in files.items()},
        **plain,
    }
    _check_card(full, digests, Path("card"))
    for model in models.values():
        _check_fit(model, full)
    return files, full


def version_of(card: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """Return the model's version: 12 hex digits of a digest of its arrays, settings, labels and thresholds.

    Training twice on the same data with the same settings gives the same version.
    """
    content = {
        "files": {name: digest for name, digest in digests.items() if name.endswith(".npz") and name != HELDOUT},
        **{name: card.get(name) for name in _DECIDES},
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:12]  # 48 bits: no two of a million models collide


def _check_card(card: Mapping[str, Any], files: Collection[str], where: Path) -> None:
    """Raise BundleError when a card is of another format, or not as predicting needs it."""
    if card.get("format") != FORMAT:
        versions = card.get("versions")
        made_by = versions.get("saring", "unknown") if isinstance(versions, dict) else "unknown"
        raise BundleError(
            f"{where}: bundle format {card.get('format')!r}; this saring reads format {FORMAT}: "
            f"train the model again, or install the saring that made it ({made_by})"
        )
    tasks = [task for task in TASKS if f"{task}.npz" in files]
    if "topic" not in tasks:
        raise BundleError(f"{where}: the bundle has no topic.npz; train the model again")
    kinds = {"name": str, "data": dict, "config": dict, "metrics": dict}
    wrong = [name for name, kind in kinds.items() if not isinstance(card.get(name), kind)]
    labels, thresholds = (card[name] if isinstance(card.get(name), dict) else {} for name in ("labels", "thresholds"))
    for task in tasks:
        found = labels.get(task)
        texts = isinstance(found, list) and all(isinstance(label, str) and label for label in found)
        if not (texts and len(set(found)) == len(found) > 1):
            wrong.append(f"labels.{task}")
    for name, task in _THRESHOLDS.items():
        number = thresholds.get(name)
        if task in tasks and not (type(number) in (int, float) and math.isfinite(number)):
            wrong.append(f"thresholds.{name}")
    if wrong:
        raise BundleError(f"{where}: {', '.join(wrong)} missing or not as saring writes them; {_REMEDY}")


def _check_fit(model: Parameters, card: Mapping[str, Any]) -> None:
    """Raise BundleError when a model does not fit its card or the features of this saring."""
    n_labels = len(card["labels"]["topic"])
    if isinstance(model, TopicParameters) and len(model.intercept) != n_labels:
        raise BundleError(f"topic: {n_labels} labels and {len(model.intercept)} intercepts")
    if isinstance(model, LinkParameters):
        if not FEWEST_FEATURES <= len(model.mean) <= len(FEATURES):
            raise BundleError(f"link: {len(model.mean)} features, expected {FEWEST_FEATURES} to {len(FEATURES)}")
        term_groups = model.pairs.term_groups
        n_groups = sum(len(term_groups.get(kind, [])) for kind in KINDS)
        if set(term_groups) != {*KINDS, *WORD_LISTS} or len(model.pairs.family_weights) != n_groups:
            raise BundleError(f"link: {n_groups} groups of terms do not fit their weights")


def _parse_created(text: Any, where: object) -> datetime:
    """Return the time a card gives; BundleError unless it is ISO 8601 with an offset."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise BundleError(f"{where}: created: {error}; expected ISO 8601") from error
    if moment.tzinfo is None:
        raise BundleError(f"{where}: created: {text!r} has no offset; expected one, as in +00:00")
    return moment


def to_json(value: Any) -> bytes:
    """Return a JSON value as bytes for a person to read; equal values give equal bytes."""
    return (json.dumps(value, allow_nan=False, ensure_ascii=False, indent=2) + "\n").encode()


def _plain(value: Any, at: str) -> Any:
    """Return `value` as plain JSON; BundleError naming its place when it is not."""
    match value:
        case np.generic() | np.ndarray():
            return _plain(value.tolist(), at)
        case Mapping() if all(isinstance(key, str) for key in value):
            return {str(key): _plain(item, f"{at}.{key}") for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, f"{at}[{index}]") for index, item in enumerate(value)]
        case float() if not math.isfinite(value):
            raise BundleError(f"{at}: {value} is no JSON number; give None for an absent value")
        case None | bool() | int() | float() | str():
            return value
    raise BundleError(
        f"{at}: found a {type(value).__name__}; expected text, numbers, lists and mappings with text keys"
    )


# The folder.


def _write(folder: Path, files: Mapping[str, bytes], card: Mapping[str, Any], *, replace: bool = False) -> Path:
    """Return `folder`, now with `files`, `card` and checksums; written aside, then renamed."""
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


def _read_checked(path: Path, checksums: Mapping[str, str]) -> bytes:
    """Return a file's bytes; BundleError when they are not those the checksums were made of."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error}") from error
    if hashlib.sha256(data).hexdigest() != checksums[path.name]:
        raise BundleError(f"{path}: differs from its checksum, so it was damaged or altered; {_REMEDY}")
    return data


def _read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; BundleError when there is none."""
    try:
        value = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: expected JSON, found: {error}; train the model again") from error
    if not isinstance(value, dict):
        raise BundleError(f"{path}: expected a JSON object, found a {type(value).__name__}")
    return value


# The arrays.


def write_npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of an .npz file; equal arrays give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))  # no time enters the digest
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # Unix everywhere, or Windows would give other bytes
            member.external_attr = 0o644 << 16
            data = io.BytesIO()
            np.lib.format.write_array(data, array, allow_pickle=False)
            archive.writestr(member, data.getvalue(), compresslevel=6)  # 9 takes three times as long for 1% less
    return out.getvalue()


def read_npz(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file by name.

    An exception, of whatever kind, says that it is no such file, holds Python objects or anything behind an array,
    names an array twice, or unfolds to more than `MAX_BYTES`.
    """
    arrays: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
            raise ValueError(f"unfolds to more than {MAX_BYTES} bytes")
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if info.compress_type != zipfile.ZIP_DEFLATED or name in arrays:
                raise ValueError(f"member {info.filename!r} is there twice or packed another way")
            stream = io.BytesIO(archive.read(info))
            arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
            if stream.read(1):
                raise ValueError(f"{name}: bytes behind the end of the array")
    return arrays
