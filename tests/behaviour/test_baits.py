"""A headline that baits scores higher than one that states the same news (headlines.txt)."""

from pathlib import Path

import pytest
from laws import assert_holds

pytestmark = pytest.mark.slow

HEADLINES = Path(__file__).with_name("headlines.txt").read_text(encoding="utf-8")
PAIRS = [pair.split("\n") for pair in HEADLINES.strip().split("\n\n")]
"""The plain headline, then its baiting version."""


def test_the_baiting_version_scores_higher_in_24_of_25(shipped):
    rows = [{"title": title, "text": title} for pair in PAIRS for title in pair]
    scores = [prediction.clickbait for prediction in shipped.predict(rows)]
    broken = [
        f"{plain} {low:.2f} | {bait} {high:.2f}"
        for (plain, bait), low, high in zip(PAIRS, scores[::2], scores[1::2], strict=True)
        if low >= high
    ]
    assert_holds(broken, asked=len(PAIRS), allowed=1)
