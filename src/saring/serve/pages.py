"""The page."""

from typing import Any


def add_pages(app: Any, scorer: Any, uploads: Any, access: Any) -> None:
    """Add."""
