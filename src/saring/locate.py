"""Where a model is: the one named, the user's newest, or the one that comes with saring."""

from __future__ import annotations

import os
from pathlib import Path

from saring import store
from saring.errors import BundleError

SHIPPED = "id-news"  # in a checkout's models/, a link to where it lies in the package


def find_bundle(path: str | Path | None = None) -> Path:
    """Return the folder of a bundle, or raise BundleError; `saring.load` says what `path` may be."""
    where = path or os.environ.get("SARING_MODELS")
    if not where:
        return store.newest(Path("models"), but=(SHIPPED,)) or shipped_bundle()
    if ":/" in str(where) and not Path(where).exists():  # "C:/models" is a folder
        from saring.tracking import resolve

        return resolve(str(where))
    folder = Path(where)
    if (folder / "card.json").is_file():
        return folder
    # The shipped model lies in such a folder, too: it is meant where the user has made no other.
    if found := store.newest(folder, but=(SHIPPED,)) or store.newest(folder):
        return found
    raise BundleError(
        f"{folder.absolute()}: found no model; check the path, or leave out --model and SARING_MODELS for the one that "
        "comes with saring (`make train` makes another)"
    )


def shipped_bundle() -> Path:
    """Return the folder of the model that comes with saring; BundleError where this installation has none."""
    package = Path(__file__).parent
    folder = package / "shipped"
    if (folder / "card.json").is_file():
        return folder
    raise BundleError(
        f"{package}: found no model and none came with this installation; run `make train` in the project's folder, or "
        "name a model's folder with --model or SARING_MODELS"
    )
