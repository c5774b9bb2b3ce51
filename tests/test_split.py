"""Folds: every row tested once, no group torn, no publisher and no day on both sides."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from saring.errors import ConfigError, CorpusError
from saring.training.splits import grouped_folds, later_time, publisher_folds

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


# Publisher-out

publisher_tables = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60)), min_size=30, max_size=60
).filter(lambda rows: len({publisher for publisher, _ in rows}) >= 4)


@given(publisher_tables)
@settings(deadline=None)
def test_no_publisher_and_no_group_is_on_both_sides_and_all_else_is_trained_on(rows):
    publishers, groups = (np.array(column) for column in zip(*rows, strict=True))
    try:
        folds = publisher_folds(publishers, groups, 3)
    except CorpusError as error:
        assert "none is left to train on" in str(error)
        return
    assert rows_tested(folds) == list(range(len(rows)))
    for train, test in folds:
        assert not crosses((train, test), publishers)
        assert not crosses((train, test), groups)
        left_out = set(range(len(rows))) - set(train.tolist()) - set(test.tolist())
        assert all(groups[row] in groups[test] for row in left_out)


def test_many_small_publishers_are_packed_into_folds_of_near_equal_size():
    publishers = np.repeat([f"Portal {number}" for number in range(40)], np.arange(1, 41))
    sizes = [len(test) for _, test in publisher_folds(publishers, np.arange(820), 5)]
    assert sum(sizes) == 820
    assert max(sizes) - min(sizes) <= 40


def test_a_story_two_publishers_printed_is_not_trained_on_where_it_is_tested():
    publishers = np.array(["Warta Kita", "Kabar Kota", "Warta Kita", "Kabar Kota"])
    groups = np.array([0, 0, 1, 2])
    folds = publisher_folds(publishers, groups, 2)
    assert [(train.tolist(), test.tolist()) for train, test in folds] == [([2], [1, 3]), ([3], [0, 2])]


def test_fewer_publishers_than_folds_are_refused():
    with pytest.raises(CorpusError, match=r"found 2 publisher.*3 or more, one for each fold"):
        publisher_folds(["a", "b", "a"], [0, 1, 2], 3)


def test_a_row_without_a_publisher_is_refused_with_its_number():
    with pytest.raises(CorpusError, match=r"2 of 4 row.*no publisher, the first is row 1"):
        publisher_folds(["a", "", "b", " "], [0, 1, 2, 3], 2)


def test_publishers_that_print_the_same_stories_leave_nothing_to_train_on():
    with pytest.raises(CorpusError, match="none is left to train on"):
        publisher_folds(["a", "a", "b", "b"], [0, 1, 0, 1], 2)


# Later time


@given(st.lists(st.dates(), min_size=2, max_size=40).filter(lambda days: len(set(days)) > 1), st.floats(0.05, 0.95))
def test_training_is_strictly_before_the_cut_and_all_rows_are_used(days, share):
    dates = np.array([day.isoformat() for day in days])
    train, test = later_time(dates, np.arange(len(days)), share)
    assert max(dates[train]) < min(dates[test])
    assert len(train) + len(test) == len(days)


def test_the_tested_share_is_the_nearest_one_that_whole_days_allow():
    dates = [f"2024-01-{day:02}" for day in (1, 1, 2, 3, 3, 3, 4, 5, 5, 6)]
    train, test = later_time(dates, np.arange(10), 0.3)
    assert test.tolist() == [7, 8, 9]
    assert train.tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_times_and_offsets_count_by_their_printed_day():
    dates = ["2024-01-01T23:59+07:00", "2024-01-02T00:10+09:00", "2024-01-02"]
    assert later_time(dates, [0, 1, 2], 0.5)[1].tolist() == [1, 2]


def test_an_earlier_copy_of_a_tested_article_is_not_trained_on():
    dates = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    train, test = later_time(dates, [0, 1, 2, 0], 0.25)
    assert (train.tolist(), test.tolist()) == ([1, 2], [3])


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        (["2024-01-01", "", "2024-01-03"], r"1 of 3 row.*no date, the first is row 1"),
        (["2024-01-01", "3 Januari 2024", "2024-01-03"], r"row 1: date '3 Januari 2024'.*ISO 8601"),
        (["2024-01-01", "2024-02-30", "2024-01-03"], r"row 1: date '2024-02-30'"),
        (["2024-01-01", "2024-01-01T09:00", "2024-01-01"], r"all 3 row.*of one day"),
    ],
)
def test_dates_that_allow_no_honest_cut_are_refused(dates, reason):
    with pytest.raises(CorpusError, match=reason):
        later_time(dates, [0, 1, 2], 0.3)


# Nonsense


@pytest.mark.parametrize("share", [0, 1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ConfigError, match="test share"):
        later_time(["2024-01-01", "2024-01-02"], [0, 1], share)


@pytest.mark.parametrize("n_folds", [-1, 0, 1])
def test_fewer_than_two_folds_are_refused(n_folds):
    with pytest.raises(ConfigError, match="number of folds"):
        grouped_folds(LABELS, GROUPS, n_folds, seed=0)
    with pytest.raises(ConfigError, match="number of folds"):
        publisher_folds(LABELS, GROUPS, n_folds)


def test_columns_of_unlike_length_are_refused():
    with pytest.raises(CorpusError, match=r"differ in length.*'labels': 2, 'groups': 3"):
        grouped_folds(["a", "b"], [0, 1, 2], 2, seed=0)
