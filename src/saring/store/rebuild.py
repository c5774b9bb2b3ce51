"""A JSON tree and flat arrays (see `flatten`) back to the fitted estimator they describe.

Nothing here runs what a file says: types come from `allowed.TABLE`, and all else is plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.errors import BundleError
from saring.store.allowed import TABLE
from saring.store.arrays import PLAIN_KINDS, Strings

__all__ = ["rebuild"]


def rebuild(
    tree: Any, arrays: Mapping[str, NDArray[Any]], where: str, *, build: bool = True
) -> Any:
    """Return the estimator that `tree` and `arrays` describe.

    Parameters
    ----------
    tree : Any
        JSON value made by `flatten`.
    arrays : Mapping[str, NDArray[Any]]
        The arrays it refers to.
    where : str
        Name of the file, for messages.
    build : bool
        False returns plain values instead and imports no scikit-learn: an estimator as
        ``{"type", "params", "state"}``, a vocabulary and a long list of strings as `Strings`.

    Raises
    ------
    BundleError
        For a type, parameter or attribute the table does not allow, or a tree that does not fit
        its arrays.
    """
    try:
        return _Reader(arrays, build).value(tree)
    except BundleError as error:
        raise BundleError(f"{where}: {error}") from error
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise BundleError(
            f"{where}: its tree and arrays do not fit together ({type(error).__name__}: {error}); "
            "train the model again or fetch an undamaged copy"
        ) from error


class _Reader:
    """Turns nodes back to values; an array or vocabulary referred to twice is made once."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], build: bool) -> None:
        self.arrays = arrays
        self.build = build
        self._made: dict[tuple[str, str], Any] = {}
        self._tags: dict[str, Callable[[Any], Any]] = {
            "dict": lambda items: {self.value(key): self.value(item) for key, item in items},
            "dtype": lambda name: _plain_dtype(name).type,
            "float": lambda word: float(word),
            "objects": self._objects,
            "scalar": lambda pair: _plain_dtype(pair[0]).type(self.value(pair[1])),
            "strings": lambda key: self._flat(key).tolist() if self.build else self._flat(key),
            "terms": self._terms,
            "tuple": lambda items: tuple(self.value(item) for item in items),
        }

    def value(self, node: Any) -> Any:
        """Return the value of one node."""
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "type" in node:
            return self._estimator(node)
        if "array" in node:
            array = self.arrays[node["array"]]
            return array.astype(_plain_dtype(node["as"])) if "as" in node else array
        ((tag, content),) = node.items()
        return self._tags[tag](content)

    def _flat(self, key: str) -> Strings:
        """Return a list of strings as flat arrays."""
        return Strings(self.arrays[key], self.arrays[f"{key}.lengths"])

    def _terms(self, key: str) -> Any:
        """Return a vocabulary."""
        if not self.build:
            return self._flat(key)
        if ("terms", key) not in self._made:
            terms = self._flat(key).tolist()
            self._made["terms", key] = dict(zip(terms, range(len(terms)), strict=True))
        return self._made["terms", key]

    def _objects(self, items: list[Any]) -> NDArray[Any]:
        """Return a 1-D array of Python objects."""
        array = np.empty(len(items), dtype=object)
        for index, item in enumerate(items):
            array[index] = self.value(item)
        return array

    def _estimator(self, node: dict[str, Any]) -> Any:
        """Return an estimator, after asking the table."""
        name = node["type"]
        row = TABLE.get(name)
        if row is None:
            raise BundleError(
                f"holds an object of type {name!r}, which may not stand in a model bundle; "
                f"allowed types: {', '.join(sorted(TABLE))} (saring.store.allowed.TABLE)"
            )
        params = {key: self.value(item) for key, item in node["params"].items()}
        state = {key: self.value(item) for key, item in node["state"].items()}
        row.check_fixed(params, name)
        if not self.build:
            return {"type": name, "params": params, "state": state}
        kind = row.type()
        _check_names(name, params, row.init or kind._get_param_names())
        _check_names(name, state, row.learnt(kind))
        made = kind(**params)
        vars(made).update(state)
        return made


def _plain_dtype(name: str) -> np.dtype[Any]:
    """Return a dtype without Python objects; ValueError for another."""
    dtype = np.dtype(name)
    if dtype.kind not in PLAIN_KINDS:
        raise ValueError(f"dtype {name!r}")
    return dtype


def _check_names(kind: str, found: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Raise when a bundle names a parameter or attribute that is not allowed."""
    if unknown := sorted(set(found) - set(allowed)):
        raise BundleError(
            f"{kind} has {', '.join(unknown)}, expected only {', '.join(allowed)}; "
            "the bundle is of another version or was altered: train the model again"
        )
