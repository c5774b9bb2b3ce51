"""The prediction rows behind MLflow's pyfunc: a DataFrame in, one row out for each row in.

MLflow imports this module by the name that `tracking` gives it and calls `_load_pyfunc`; no pickle lies beside the
model, and of code a wheel of saring alone, for hosts that have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from saring.predict import Model


class PyfuncModel:
    """What `mlflow.pyfunc.load_model` wraps: a saring model that reads and returns DataFrames."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(
        self, model_input: pd.DataFrame | Mapping[str, Any] | Sequence[Any], params: Any = None
    ) -> pd.DataFrame:
        """Return `Model.predict_frame` of articles, absent values as None: MLflow's server writes them as JSON.

        The columns may have any names that saring knows. A list of articles and a mapping of columns are what MLflow's
        server makes of ``inputs``. MLflow may give `params`, of which there are none.
        """
        articles: Any = model_input
        if isinstance(model_input, Mapping):
            articles = [dict(zip(model_input, row, strict=True)) for row in zip(*model_input.values(), strict=True)]
        rows = self.model.predict_frame(articles).astype("object")
        return rows.where(rows.notna(), None)


def _load_pyfunc(path: str) -> PyfuncModel:
    """Return the model in the bundle at `path`; MLflow calls this."""
    from saring.predict import load

    return PyfuncModel(load(Path(path)))
