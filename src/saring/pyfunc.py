"""The prediction rows behind MLflow's pyfunc: a DataFrame in, one row out for each row in.

MLflow imports this module by the name that `track` gives it and calls `_load_pyfunc`; neither a
pickle nor any code lies beside the model. Frames are turned to plain mappings at the door: an
estimator that is handed a DataFrame sees its column names as the texts, and answers with one row.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from saring.errors import SaringError
from saring.schema import as_table, prediction_columns

if TYPE_CHECKING:
    import pandas as pd

    from saring.predict import Model


class PyfuncModel:
    """What `mlflow.pyfunc.load_model` wraps: a saring model that reads and returns DataFrames.

    Parameters
    ----------
    model : Model
        The model that scores.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return the prediction rows of articles, in order and with the index of `model_input`.

        Parameters
        ----------
        model_input : pd.DataFrame
            Column ``text``; where known ``title``, ``id``, ``published``, ``publisher``, ``url``.
            An absent value is an empty string.
        params : Any
            Not used; part of MLflow's interface.
        """
        import pandas as pd

        texts = model_input.astype(object).where(model_input.notna(), "")
        predictions = self.model.predict(texts.to_dict("records"))  # type: ignore[arg-type]  # keys are str
        if len(predictions) != len(model_input):
            raise SaringError(
                f"{len(model_input)} rows went in and {len(predictions)} came out; "
                "this is an error of saring, please report it"
            )
        table = as_table(prediction_columns(self.model.topics), predictions)
        return pd.DataFrame(table, index=model_input.index)


def _load_pyfunc(path: str) -> PyfuncModel:
    """Return the model in the bundle at `path`; MLflow calls this."""
    from saring.predict import load

    return PyfuncModel(load(Path(path)))
