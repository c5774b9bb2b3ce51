"""saring: what an Indonesian news article is about, and which of its "Baca Juga" links are not.

>>> import saring
>>> model = saring.load()  # doctest: +SKIP
>>> model.predict(["Judul berita", {"title": "Judul", "text": "Isi berita"}])  # doctest: +SKIP

Importing this package imports nothing heavy: the names below are fetched on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saring.article import Article, Link, LinkPrediction, Prediction, Record
    from saring.errors import SaringError
    from saring.predict import Model, load

__version__ = "0.1.0"

_HOMES = {
    "Article": "article",
    "Link": "article",
    "LinkPrediction": "article",
    "Model": "predict",
    "Prediction": "article",
    "Record": "article",
    "SaringError": "errors",
    "load": "predict",
}

__all__ = ["Article", "Link", "LinkPrediction", "Model", "Prediction", "Record", "SaringError", "load"]


def __getattr__(name: str) -> Any:
    """Fetch a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'saring' has no attribute {name!r}")
    return getattr(import_module(f"saring.{_HOMES[name]}"), name)
