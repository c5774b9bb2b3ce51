"""The columns of the MLflow model: what goes in and what comes out, in MLflow's own JSON form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from saring.article import LinkPrediction, Prediction

__all__ = ["signature"]

_INPUTS = ("text", "title", "id", "published", "publisher", "url")  # only the text is required
# Type of each column that is not text; the topics' `p_<topic>` are doubles as well.
_TYPES: dict[str, dict[str, Any]] = {
    "topic_probability": {"type": "double"},
    "abstained": {"type": "boolean"},
    "clickbait": {"type": "double"},
    "n_links": {"type": "long"},
    "n_unrelated": {"type": "long"},
    "related": {"type": "boolean"},
    "p_unrelated": {"type": "double"},
    "start": {"type": "long"},
    "end": {"type": "long"},
    "reasons": {"type": "array", "items": {"type": "string"}},
}
_TEXT = {"type": "string"}


def signature(topics: Sequence[str]) -> dict[str, str]:
    """Return the ``inputs`` and ``outputs`` of a model with these topics.

    The outputs are the columns of `Prediction.row`, in its order; all but the id may be absent.
    """
    inputs = [_TEXT | {"name": name, "required": name == "text"} for name in _INPUTS]
    link = {
        field.name: _TYPES.get(field.name, _TEXT) | {"required": True}
        for field in fields(LinkPrediction)
    }
    types = (
        _TYPES
        | {f"p_{topic}": {"type": "double"} for topic in topics}
        | {"links": {"type": "array", "items": {"type": "object", "properties": link}}}
    )
    outputs = [
        types.get(name, _TEXT) | {"name": name, "required": name == "id"}
        for name in Prediction(id="").row(topics)
    ]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)}
