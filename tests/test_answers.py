"""What cannot be evaluated is refused, with the row and the reason."""

import numpy as np
import pytest

from saring.errors import CorpusError
from saring.evaluation.measure import Scored, report

SOUND = {
    "labels": ("economy", "gossip", "other"),
    "truth": ["economy", "gossip", "other"],
    "probabilities": [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.0, 0.0, 1.0]],
    "predicted": ["economy", "other", "other"],
    "publishers": ["Warta Kita", "", "Kabar Kota"],
    "groups": [0, 1, 1],
}


def scored(**changes):
    return Scored(**{**SOUND, **changes})


def test_lists_become_arrays():
    found = scored()
    assert found.probabilities.shape == (3, 3)
    assert found.truth.tolist() == SOUND["truth"]
    assert found.codes("truth", found.truth).tolist() == [0, 1, 2]


def test_codes_follow_the_order_of_the_labels_not_the_alphabet():
    found = scored(labels=("other", "economy", "gossip"))
    assert found.codes("truth", found.truth).tolist() == [1, 2, 0]


def test_an_answer_is_worth_the_share_of_annotators_who_would_agree_with_it():
    def worth(**changes):
        return [bin.accuracy for bin in report(scored(**changes), name="topic", split="x", seed=0).reliability]

    # From the least to the most confident: the second answer is right, the first and third are too.
    assert worth() == [1, 1, 1]
    assert worth(shares=[0.75, 0.6, np.nan]) == [0.6, 0.75, 1]
    assert worth(shares=[0.75, 0.6, np.nan], truth=["economy", "other", "other"]) == [0.4, 0.75, 1]


def test_probabilities_kept_in_32_bits_are_accepted():
    odds = np.random.default_rng(0).random((3, 3)).astype(np.float32)
    scored(probabilities=odds / odds.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"truth": ["economy", "gossip"]}, r"'truth': 2.*expected one value per row"),
        ({"groups": [0]}, r"'groups': 1"),
        ({"shares": [0.5]}, r"'shares': 1"),
        ({"truth": ["economy", "sport", "sport"]}, r"truth: row 1 is 'sport', one of 2 row"),
        ({"predicted": ["Economy", "other", "other"]}, r"predicted: row 0 is 'Economy'"),
        ({"labels": ("economy", "economy", "other")}, r"each once"),
        ({"labels": ("economy",)}, r"two or more"),
        ({"probabilities": [[0.5, 0.5]] * 3}, r"shape \(3, 2\); expected one column per label, 3"),
        ({"probabilities": [0.5, 0.5, 0.5]}, r"shape \(3,\)"),
    ],
)
def test_nonsense_is_refused_by_name(changes, reason):
    with pytest.raises(CorpusError, match=reason):
        scored(**changes)


@pytest.mark.parametrize("row", [[0.5, 0.5, 0.5], [0.9, 0.2, -0.1], [float("nan"), 0.5, 0.5], [float("inf"), 0, 0]])
def test_what_is_no_distribution_is_refused_with_its_row(row):
    with pytest.raises(CorpusError, match=r"probabilities: row 1 is .*sum to 1"):
        scored(probabilities=[[0.8, 0.1, 0.1], row, [0.0, 0.0, 1.0]])


def test_no_rows_are_refused():
    empty = {name: [] for name in ("truth", "predicted", "publishers", "groups")}
    with pytest.raises(CorpusError, match="some rows"):
        scored(**empty, probabilities=np.empty((0, 3)))
