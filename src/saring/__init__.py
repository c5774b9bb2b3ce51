"""saring: what an Indonesian news article is about, and which of its "Baca Juga" links are not.

>>> import saring
>>> model = saring.load()
>>> [found] = model.predict([{"title": "Rupiah Menguat", "text": "Rupiah menguat terhadap dolar AS sore ini."}])
>>> found.topic
'economy'

Importing this package imports nothing heavy: each name below is fetched from its module on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saring.article import Article, Link, LinkPrediction, Prediction, Record
    from saring.errors import (
        BundleError,
        ConfigError,
        CorpusError,
        InputError,
        LostConnectionError,
        MissingExtraError,
        SaringError,
        UsageError,
    )  # fmt: skip
    from saring.io.records import read
    from saring.parsing.engine import clean, parse
    from saring.predict import Model, load
    from saring.training.trainer import train

__version__ = "0.2.0"

__all__ = [
    "Article", "BundleError", "ConfigError", "CorpusError", "InputError", "Link", "LinkPrediction",
    "LostConnectionError", "MissingExtraError", "Model", "Prediction", "Record", "SaringError", "UsageError", "clean",
    "load", "parse", "read", "train",
]  # fmt: skip

_MODULES = {
    **dict.fromkeys(("Article", "Link", "LinkPrediction", "Prediction", "Record"), "article"),
    **dict.fromkeys(("Model", "load"), "predict"),
    **dict.fromkeys(("clean", "parse"), "parsing.engine"),
    "read": "io.records",
    "train": "training.trainer",
}


def __getattr__(name: str) -> Any:
    """Fetch a public name from its module on first use and keep it; a name that has no entry is an error's."""
    if name not in __all__:
        raise AttributeError(f"module 'saring' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"saring.{_MODULES.get(name, 'errors')}"), name)
    return value


def __dir__() -> list[str]:
    """Return the names to offer, whether they have been fetched or not."""
    return [*globals(), *__all__]
