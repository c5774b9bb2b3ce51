"""What a row is before our fields are found in it: values by their columns, or `Broken`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["MAX_TEXT_BYTES", "Broken", "Unreadable", "Values", "kind_of"]

MAX_TEXT_BYTES = 20_000_000  # a hundred times the longest article seen

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read, and why."""

    error: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value of a row that Python has none for, and why; the row's others can be read."""

    error: str


def kind_of(value: Any) -> str:
    """Return in words what kind of value one is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Unreadable):
        return value.error
    if isinstance(value, (int, float)):
        return f"the number {value}"
    kinds: dict[type, str] = {str: "text", list: "a list", dict: "an object", bytes: "bytes"}
    return kinds.get(type(value), f"a {type(value).__name__}")
