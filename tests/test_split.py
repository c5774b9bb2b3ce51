"""Folds: every row tested once, no group torn, no publisher and no day on both sides."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold
from topictables import table

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.training.splits import grouped_folds, protocol_folds

LABELS = np.repeat(["economy", "gossip", "other"], [60, 30, 30])
GROUPS = np.arange(120) // 2


def crosses(fold, column):
    train, test = fold
    return set(column[train].tolist()) & set(column[test].tolist())


def rows_tested(folds):
    return sorted(row for _, test in folds for row in test.tolist())


# Grouped folds


def test_grouped_folds_test_every_row_once_and_tear_no_group():
    folds = grouped_folds(LABELS, GROUPS, 5, seed=0)
    assert len(folds) == 5
    assert rows_tested(folds) == list(range(120))
    for train, test in folds:
        assert not crosses((train, test), GROUPS)
        assert sorted([*train.tolist(), *test.tolist()]) == list(range(120))


@given(
    st.lists(st.tuples(st.sampled_from("aab"), st.integers(0, 25)), min_size=12, max_size=80),
    st.integers(2, 4),
    st.integers(0, 99),
)
def test_grouped_folds_are_those_of_scikit_learn(rows, n_folds, seed):
    labels, groups = np.array([label for label, _ in rows]), np.array([group for _, group in rows])
    assume(all(len(np.unique(groups[labels == label])) >= n_folds for label in np.unique(labels)))
    theirs = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    for ours, fold in zip(
        grouped_folds(labels, groups, n_folds, seed), theirs.split(labels, labels, groups), strict=True
    ):
        assert [rows.tolist() for rows in ours] == [rows.tolist() for rows in fold]


def test_grouped_folds_are_stratified():
    for _, test in grouped_folds(LABELS, GROUPS, 5, seed=0):
        assert [np.count_nonzero(LABELS[test] == label) for label in np.unique(LABELS)] == [
            pytest.approx(12, abs=2),
            pytest.approx(6, abs=2),
            pytest.approx(6, abs=2),
        ]


def test_the_same_seed_gives_the_same_folds_and_another_seed_others():
    first, again, other = (grouped_folds(LABELS, GROUPS, 5, seed=seed) for seed in (3, 3, 4))
    assert [test.tolist() for _, test in first] == [test.tolist() for _, test in again]
    assert [test.tolist() for _, test in first] != [test.tolist() for _, test in other]


def test_links_of_one_article_stay_together():
    article_of_link = np.repeat(np.arange(40), 3)
    related = np.tile(["related", "unrelated", "unrelated"], 40)
    article_groups = np.arange(40) // 2  # articles come in near-duplicate pairs
    for fold in grouped_folds(related, article_groups[article_of_link], 4, seed=0):
        assert not crosses(fold, article_of_link)
        assert not crosses(fold, article_groups[article_of_link])


def test_a_label_in_too_few_groups_is_refused_by_name():
    labels = np.repeat(["economy", "gossip"], [20, 6])
    groups = np.concatenate([np.arange(20), [20, 20, 20, 21, 21, 21]])
    with pytest.raises(CorpusError, match=r"'gossip' stands in 2 group.*3 or more, one for each"):
        grouped_folds(labels, groups, 3, seed=0)
    assert len(grouped_folds(labels, groups, 2, seed=0)) == 2


# Publishers and days: the laws of whole tables are in test_protocols.py


def folds_of(found, protocol, groups=None, **settings):
    groups = np.arange(len(found)) if groups is None else np.asarray(groups)
    return protocol_folds(found, groups, TrainConfig(protocols=(protocol,), **settings))[protocol]


def mixed_topics(n):
    return [("economy", "gossip", "sport")[row % 3] for row in range(n)]


def test_many_small_publishers_are_packed_into_folds_of_near_equal_size():
    found = table(mixed_topics(820), np.repeat([f"Portal {number}" for number in range(40)], np.arange(1, 41)))
    sizes = [len(test) for _, test in folds_of(found, "publisher-out")]
    assert (len(sizes), sum(sizes)) == (5, 820)
    assert max(sizes) - min(sizes) <= 40


def test_all_but_publishers_and_groups_of_tested_rows_is_trained_on():
    publishers, groups = np.array([f"Portal {row % 7}" for row in range(70)]), np.arange(70) // 3
    for train, test in folds_of(table(mixed_topics(70), publishers), "publisher-out", groups):
        left_out = set(range(70)) - set(train.tolist()) - set(test.tolist())
        assert left_out
        assert all(groups[row] in groups[test] for row in left_out)


def test_a_story_two_publishers_printed_is_not_trained_on_where_it_is_tested():
    publishers = [f"Portal {row % 6}" for row in range(12)]
    groups = [0, 0, *range(2, 12)]
    first, second, *_ = folds_of(table(mixed_topics(12), publishers), "publisher-out", groups)
    assert (first[0].tolist(), first[1].tolist()) == ([2, 3, 4, 5, 7, 8, 9, 10, 11], [0, 6])
    assert (second[0].tolist(), second[1].tolist()) == ([2, 3, 4, 5, 6, 8, 9, 10, 11], [1, 7])


def test_publishers_that_print_the_same_stories_leave_nothing_to_train_on():
    found = table(mixed_topics(12), [f"Portal {row % 6}" for row in range(12)])
    with pytest.raises(CorpusError, match="none is left to train on"):
        folds_of(found, "publisher-out", [0] * 12)


def later(days, groups=None):
    [fold] = folds_of(table(mixed_topics(len(days)), days=days), "later-time", groups)
    return fold


@given(st.lists(st.dates(), min_size=2, max_size=40).filter(lambda days: len(set(days)) > 1))
def test_training_is_strictly_before_the_cut_and_all_rows_are_used(days):
    dates = np.array([day.isoformat() for day in days])
    try:
        train, test = later(dates)
    except (CorpusError, KeyError):  # a label in too few groups, or older rows of one label
        assume(False)
    assert max(dates[train]) < min(dates[test])
    assert len(train) + len(test) == len(days)


def test_the_tested_share_is_the_one_nearest_to_a_fifth_that_whole_days_allow():
    train, test = later([f"2024-01-{day:02}" for day in (1, 1, 2, 3, 3, 3, 4, 5, 6, 6)])
    assert test.tolist() == [8, 9]
    assert train.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    _, test = later([f"2024-01-{day:02}" for day in (1, 1, 2, 3, 3, 3, 4, 6, 6, 6)])
    assert test.tolist() == [7, 8, 9]


def test_an_earlier_copy_of_a_tested_article_is_not_trained_on():
    train, test = later([f"2024-01-0{day}" for day in (1, 2, 3, 4, 5)], [0, 1, 2, 3, 0])
    assert (train.tolist(), test.tolist()) == ([1, 2, 3], [4])
