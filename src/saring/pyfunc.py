"""The prediction rows behind MLflow's pyfunc: a DataFrame in, one row out for each row in.

MLflow imports this module by the name that `tracking` gives it and calls `_load_pyfunc`; no pickle lies beside the
model, and of code a wheel of saring alone, for hosts that have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saring.schema import rows_in

if TYPE_CHECKING:
    import pandas as pd

    from saring.predict import Model


class PyfuncModel:
    """What `mlflow.pyfunc.load_model` wraps: a saring model that reads and returns DataFrames."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: Any, params: Any = None) -> pd.DataFrame:
        """Return `Model.predict_frame` of articles, absent values as None: MLflow's server writes them as JSON.

        The columns may have any names that saring knows. MLflow may give `params`, of which there are none.
        No processes are started: a server of MLflow's, or Spark, has one a core already.
        """
        rows: pd.DataFrame = self.model.predict_frame(_articles(model_input), workers=1).astype("object")
        return rows.where(rows.notna(), None)


def _articles(given: Any) -> Any:
    """Return a table as it is; what MLflow makes of ``inputs``, a list, an array, columns, one article, as a list."""
    if hasattr(given, "tolist"):  # of NumPy, and a column of pandas
        given = given.tolist()
    if isinstance(given, Mapping):
        columns = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in given.items()}
        is_table = all(isinstance(column, list) for column in columns.values())
        return list(rows_in(columns)) if is_table else [given]
    return [given] if isinstance(given, str) else given


def _load_pyfunc(path: str) -> PyfuncModel:
    """Return the model in the bundle at `path`; MLflow calls this."""
    from saring.predict import load

    return PyfuncModel(load(Path(path)))
