"""The model whose behaviour is described here, opened as a user opens it."""

from pathlib import Path

import pytest

from saring.predict import Model, load

SHIPPED = Path(__file__).parents[2] / "models" / "id-news"


@pytest.fixture(scope="session")
def model() -> Model:
    """The model that comes with saring; a missing one fails every test here."""
    return load(SHIPPED)
