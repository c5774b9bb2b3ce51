"""What programs see: rows as JSON Lines on standard output. It draws nothing and needs no rich."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import orjson

__all__ = ["print_json"]


def print_json(row: Mapping[str, Any]) -> None:
    """Print a row as one line of JSON, in UTF-8 wherever."""
    sys.stdout.buffer.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
