"""The columns of the MLflow model: what goes in and what comes out, in MLflow's own JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from saring.schema import LINK_COLUMNS, Column, prediction_columns

__all__ = ["signature"]

_INPUTS = ("text", "title", "id", "published", "publisher", "url")  # only the text is required
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "strings": {"type": "array", "items": {"type": "string"}},
    "int": {"type": "long"},
    "float": {"type": "double"},
    "bool": {"type": "boolean"},
}


def signature(topics: Iterable[str]) -> dict[str, str]:
    """Return the ``inputs`` and ``outputs`` of a model with these topics.

    The outputs are the columns of `Prediction.row`, in its order; all but the id may be absent.
    """
    inputs = [{"type": "string", "name": name, "required": name == "text"} for name in _INPUTS]
    outputs = [
        {**_type(column), "name": column.name, "required": column.name == "id"}
        for column in prediction_columns(topics)
    ]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)}


def _type(column: Column) -> Mapping[str, Any]:
    """Return the type of a column."""
    if column.kind != "links":
        return _TYPES[column.kind]
    link = {of.name: {**_type(of), "required": True} for of in LINK_COLUMNS}
    return {"type": "array", "items": {"type": "object", "properties": link}}
