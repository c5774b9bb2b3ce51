"""Registered models: a model's bundle is found by what people call it."""

from __future__ import annotations

from pathlib import Path

from saring.errors import BundleError
from saring.tracking.runs import MODEL_NAME, opened


def resolve(reference: str) -> Path:
    """Return the local folder of a registered model's bundle, for `store.load`; one on a server is downloaded.

    `reference` is an alias (``"challenger"``) or an MLflow address: ``"models:/saring@champion"``,
    ``"models:/saring/3"``, ``"runs:/<id>/bundle"``. BundleError where there is no such model, or it holds no bundle.
    """
    uri = reference if ":/" in reference else f"models:/{MODEL_NAME}@{reference}"
    failure = BundleError(
        f"{uri}: no such model; train one (`saring train`), set MLFLOW_TRACKING_URI, or name a bundle's folder"
    )
    with opened(failure) as mlflow:
        root = Path(mlflow.artifacts.download_artifacts(uri))
    found = [path.parent for path in (*root.glob("card.json"), *root.glob("data/*/card.json"))]
    if len(found) != 1:
        raise BundleError(f"{uri}: expected one model bundle in {root}, found {len(found)}")
    return found[0]
