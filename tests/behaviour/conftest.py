"""The model whose behaviour is described here, opened as a user opens it."""

from pathlib import Path

import pytest

from saring.config import TrainConfig
from saring.predict import Model, load

SHIPPED = Path(__file__).parents[2] / "models" / "id-news"

FOLDER: Path | None = None  # SHIPPED, or None for a model trained here on the embedded corpus


@pytest.fixture(scope="session")
def model(embedded_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The model under test; a missing one fails every test here."""
    if FOLDER is not None:
        return load(FOLDER)
    from saring.train import train

    models = tmp_path_factory.mktemp("models")
    return load(train([embedded_corpus], models, TrainConfig(folds=2), log=False).folder)


@pytest.fixture(scope="session")
def most_wrong() -> int:
    """How many plain articles the model may get wrong."""
    return 0 if FOLDER else 1  # the corpus knows too little of cabinets at home
