"""What is no Indonesian news (strangers/*.txt) gets no topic: the model abstains, or calls it empty."""

from pathlib import Path

import pytest
from laws import assert_holds

pytestmark = pytest.mark.slow

STRANGERS = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).with_name("strangers").glob("*.txt"))
}


@pytest.fixture(scope="module")
def found(shipped):
    return dict(zip(STRANGERS, shipped.predict(STRANGERS.values()), strict=True))


def test_a_stranger_gets_no_topic(found):
    broken = [
        f"{name} | {row.topic} {row.topic_probability:.2f}"
        for name, row in found.items()
        if not (row.abstained or row.error)
    ]
    assert_holds(broken, asked=len(STRANGERS))


def test_only_a_page_without_a_letter_is_an_error(found):
    assert {name for name, row in found.items() if row.error} == {"empty-page"}
