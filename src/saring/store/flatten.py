"""A fitted estimator to a JSON tree and flat arrays; only types in `allowed.TABLE`.

A plain value stands in the tree as itself. Everything else is an object with one tag::

    {"array": key, "as": dtype}     an array in the .npz; "as" when it is kept in single precision
    {"strings": key}                a long list of strings (`arrays.Strings`)
    {"terms": key}                  a vocabulary: term to its place in that list
    {"objects": [...]}              a 1-D array of Python objects, itself plain values
    {"tuple": [...]}, {"dict": [[key, value], ...]}, {"float": "nan"}
    {"scalar": [dtype, value]}, {"dtype": name}
    {"type": name, "params": {...}, "state": {...}}     an estimator, a row of the table
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saring.errors import BundleError
from saring.store.allowed import TABLE
from saring.store.arrays import PLAIN_KINDS, Strings

__all__ = ["flatten"]

# Below this a list of strings is easier to read in the tree, and costs nothing there.
MIN_STRINGS = 64
# Single precision pays on coefficient tables; thresholds and scales keep every digit.
MIN_SINGLE_SIZE = 1000


def flatten(
    estimator: Any, name: str, *, single: bool = False
) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return `estimator` as a JSON value and the arrays it refers to.

    Parameters
    ----------
    estimator : Any
        A fitted estimator, or a plain value.
    name : str
        What to call it in messages.
    single : bool
        Whether arrays of 1,000 and more float64 values are kept as float32: half the size, about
        seven digits.

    Raises
    ------
    BundleError
        For a type without a row in `allowed.TABLE`, a callable, an object that is not plain, or a
        fitted attribute the table does not know; names its place in the estimator.
    """
    writer = _Writer(single)
    return writer.value(estimator, name), writer.arrays


class _Writer:
    """Walks an estimator, collecting its arrays; an object met twice is kept once."""

    def __init__(self, single: bool) -> None:
        self.single = single
        self.arrays: dict[str, NDArray[Any]] = {}
        self._seen: dict[int, tuple[Any, Any]] = {}  # holds the object, so that its id stays its

    def value(self, value: Any, at: str) -> Any:
        """Return the JSON form of `value`, which stands at the place `at`."""
        if id(value) in self._seen:
            return self._seen[id(value)][1]
        match value:
            case np.generic():
                return {"scalar": [value.dtype.str, self.value(value.item(), at)]}
            case None | bool() | int() | str():
                return value
            case float():
                return value if math.isfinite(value) else {"float": repr(value)}
            case np.ndarray() | list() | tuple() | dict():
                node = self._container(value, at)
                self._seen[id(value)] = (value, node)
                return node
            case np.dtype() if value.kind in PLAIN_KINDS:
                return {"dtype": value.str}
            case type() if issubclass(value, np.generic):
                return self.value(np.dtype(value), at)
            case _:
                return self._estimator(value, at)

    def _container(self, value: Any, at: str) -> Any:
        """Return the JSON form of an array, list, tuple or dict."""
        if isinstance(value, np.ndarray):
            return self._array(value, at)
        if isinstance(value, dict):
            if _is_vocabulary(value):
                terms = sorted(value, key=value.__getitem__)
                return {"terms": self._strings(terms, at)}
            items = value.items()
            return {"dict": [[self.value(k, at), self.value(v, f"{at}[{k!r}]")] for k, v in items]}
        if isinstance(value, list) and len(value) >= MIN_STRINGS and _all_strings(value):
            return {"strings": self._strings(value, at)}
        nodes = [self.value(item, f"{at}[{index}]") for index, item in enumerate(value)]
        return nodes if isinstance(value, list) else {"tuple": nodes}

    def _array(self, array: NDArray[Any], at: str) -> Any:
        """Return the reference to an array, which joins the others."""
        if array.dtype.kind == "O" and array.ndim == 1:
            items = enumerate(array.tolist())
            return {"objects": [self.value(item, f"{at}[{index}]") for index, item in items]}
        if array.dtype.kind not in PLAIN_KINDS:
            raise BundleError(
                f"{at}: an array of dtype {array.dtype} and shape {array.shape} cannot be stored; "
                "expected numbers, booleans or strings"
            )
        if self.single and array.dtype == np.float64 and array.size >= MIN_SINGLE_SIZE:
            return {"array": self._add(at, array.astype(np.float32)), "as": "float64"}
        return {"array": self._add(at, array)}

    def _strings(self, strings: list[str], at: str) -> str:
        """Return the key of a list of strings, which joins the arrays as two."""
        flat = Strings.of(strings)
        key = self._add(at, flat.blob)
        self.arrays[f"{key}.lengths"] = flat.lengths
        return key

    def _add(self, at: str, array: NDArray[Any]) -> str:
        """Return a new key for `array`: its number and the last name of its place."""
        key = f"{len(self.arrays):03d}-{at.rpartition('.')[2].partition('[')[0]}"
        self.arrays[key] = array
        return key

    def _estimator(self, value: Any, at: str) -> Any:
        """Return the JSON form of an object whose type has a row in the table."""
        kind = type(value)
        row = TABLE.get(kind.__name__)
        if row is None or row.type() is not kind:
            raise BundleError(
                f"{at}: {kind.__module__}.{kind.__qualname__} may not stand in a model bundle; "
                f"allowed types: {', '.join(sorted(TABLE))} (saring.store.allowed.TABLE). "
                "Use one of these, or add a row for a type of your own"
            )
        held = vars(value)
        params = (
            {name: getattr(value, name) for name in row.init}
            if row.init
            else value.get_params(deep=False)
        )
        state = {name: held[name] for name in row.learnt(kind) if name in held}
        if unknown := sorted(set(held) - {*params, *state, *row.left_out(kind)}):
            raise BundleError(
                f"{at}: {kind.__name__} has attributes that its row in saring.store.allowed.TABLE "
                f"does not know and that would be lost: {', '.join(unknown)}; add them to the row"
            )
        row.check_fixed(params, at)
        return {
            "type": kind.__name__,
            "params": {name: self.value(item, f"{at}.{name}") for name, item in params.items()},
            "state": {name: self.value(item, f"{at}.{name}") for name, item in state.items()},
        }


def _is_vocabulary(value: dict[Any, Any]) -> bool:
    """Whether a dict maps strings to the places 0..n-1, in any order."""
    places = value.values()
    return (
        len(value) > 0
        and _all_strings(value)
        and all(isinstance(place, int | np.integer) and type(place) is not bool for place in places)
        and sorted(places) == list(range(len(value)))
    )


def _all_strings(values: Any) -> bool:
    """Whether every one is a plain string."""
    return all(type(value) is str for value in values)
