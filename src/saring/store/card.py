"""The card of a model bundle: what the model is, from what, with what result, by which versions."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from saring.errors import BundleError

__all__ = ["CARD_FIELDS", "check_card", "compose_card", "parse_created", "to_json", "version_of"]

FORMAT = 1  # raise when an older saring could not read what a newer one writes

CARD_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "name": "name of the model",
        "data": "fingerprint of the training data: sha256 of the corpus files, number of rows",
        "config": "the settings it was trained with",
        "labels": "label order of each estimator's output",
        "metrics": "metrics of each split",
        "thresholds": "probabilities from which a verdict changes",
        "licence": "licence of the model",
        "sources": "where the training texts come from",
    }
)
# What decides a prediction besides the arrays; these and the arrays give the model its version.
_DECIDES = ("config", "labels", "thresholds")
_OURS = ("format", "model_version", "versions", "files")
_VERSION_DIGITS = 12  # of sha256: 48 bits, no two of a million models collide
# Packages whose other minor version changes what an estimator computes or what it is made of.
_MUST_MATCH = ("saring", "scikit-learn")
_RECORDED = (*_MUST_MATCH, "numpy", "scipy")


def compose_card(card: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the whole card: the caller's fields and what the store adds.

    Parameters
    ----------
    card : Mapping[str, Any]
        The fields of `CARD_FIELDS`, any others, and ``created`` (ISO 8601 with an offset) where it
        is not now.
    files : Mapping[str, bytes]
        The bundle's array files by name.

    Raises
    ------
    BundleError
        When a field is missing, is one of the store's own, or is not plain JSON.
    """
    if missing := [f"{name} ({what})" for name, what in CARD_FIELDS.items() if name not in card]:
        raise BundleError(f"the card lacks {'; '.join(missing)}")
    if ours := sorted(set(card) & set(_OURS)):
        raise BundleError(f"the card has {', '.join(ours)}, which the store writes itself")
    plain = _plain(card, "card")
    created = plain.pop("created", None)
    moment = parse_created(created, "card") if created else datetime.now(UTC)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return {
        "format": FORMAT,
        "name": plain.pop("name"),
        "model_version": version_of(plain, digests),
        "created": moment.astimezone(UTC).isoformat(timespec="milliseconds"),
        "versions": {"python": platform.python_version()} | {p: version(p) for p in _RECORDED},
        "files": {name: len(data) for name, data in files.items()},
        **plain,
    }


def version_of(card: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """Return the model's version: 12 hex digits of a digest of what decides its predictions.

    That is the array files, ``config``, ``labels`` and ``thresholds``; not the time, the metrics or
    the versions. Training twice on the same data with the same settings gives the same version.

    Parameters
    ----------
    card : Mapping[str, Any]
        The card.
    digests : Mapping[str, str]
        sha256 of each array file by name, in hexadecimal.
    """
    content = {
        "files": {name: digest for name, digest in digests.items() if name.endswith(".npz")},
        **{field: card.get(field) for field in _DECIDES},
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:_VERSION_DIGITS]


def check_card(card: Mapping[str, Any], where: Path, *, allow_version_skew: bool) -> None:
    """Raise when a card's format or versions are not ours; patch levels may differ.

    Raises
    ------
    BundleError
        Naming both versions and the remedy.
    """
    versions = dict(card.get("versions") or {})
    if card.get("format") != FORMAT:
        raise BundleError(
            f"{where}: bundle format {card.get('format')!r}; this saring reads format {FORMAT}: "
            "train the model again, or install the saring that made it "
            f"({versions.get('saring', 'unknown')})"
        )
    if allow_version_skew:
        return
    for package in _MUST_MATCH:
        made, here = str(versions.get(package, "unknown")), version(package)
        if made.split(".")[:2] != here.split(".")[:2]:
            raise BundleError(
                f"{where}: made with {package} {made}, and {here} is installed; predictions may "
                f"differ. Train the model again, install {package} {made}, or accept the risk "
                "with allow_version_skew=True"
            )


def parse_created(text: Any, where: object) -> datetime:
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
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _plain(asdict(value), at)
        case _:
            raise BundleError(
                f"{at}: found a {type(value).__name__}; expected text, numbers, lists and mappings "
                "with text keys"
            )
