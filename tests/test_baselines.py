"""What the rules that a model must beat predict."""

import pytest

from saring.errors import CorpusError
from saring.evaluation.measure import majority_labels, publisher_labels


def test_majority_is_the_commonest_training_label_for_every_row():
    assert majority_labels(["gossip", "other", "other"], 2).tolist() == ["other", "other"]


def test_of_equals_the_first_in_the_alphabet_is_taken():
    assert majority_labels(["other", "economy"], 1).tolist() == ["economy"]


def test_each_publisher_gets_its_commonest_label_and_a_new_one_that_of_all():
    train = (["gossip", "gossip", "economy", "gossip"], ["Seleb", "Seleb", "Bursa", "Bursa"])
    guesses = publisher_labels(*train, ["Bursa", "Seleb", "Baru"])
    assert guesses.tolist() == ["economy", "gossip", "gossip"]


def test_a_long_label_is_not_cut():
    train = (["a", "international_politics", "international_politics"], ["x", "y", "y"])
    assert publisher_labels(*train, ["x", "y", "z"]).tolist() == [
        "a",
        "international_politics",
        "international_politics",
    ]


def test_a_rule_that_learns_needs_rows_to_learn_from():
    with pytest.raises(CorpusError, match="no training row"):
        majority_labels([], 3)
    with pytest.raises(CorpusError, match="no training row"):
        publisher_labels([], [], ["x"])
