"""The prediction rows behind MLflow's pyfunc: a DataFrame in, one row out for each row in.

MLflow imports this module by the name that `tracking` gives it and calls `_load_pyfunc`; neither a pickle nor any code
lies beside the model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from saring.predict import Model


class PyfuncModel:
    """What `mlflow.pyfunc.load_model` wraps: a saring model that reads and returns DataFrames."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return `Model.predict_frame` of articles, absent values as None: MLflow's server writes them as JSON.

        MLflow may give `params`, of which there are none.
        """
        rows = self.model.predict_frame(model_input).astype("object")
        return rows.where(rows.notna(), None)


def _load_pyfunc(path: str) -> PyfuncModel:
    """Return the model in the bundle at `path`; MLflow calls this."""
    from saring.predict import load

    return PyfuncModel(load(Path(path)))
