"""Protocols: what is tested once, what is barred from training meanwhile, what helps all the same."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from topictables import WORDS, mixed, table

from saring.config import TrainConfig
from saring.errors import ConfigError, CorpusError
from saring.training.splits import PROTOCOLS, protocol_folds

ALL = ("random", "publisher-out", "later-time")


def folds_of(found, groups=None, protocols=ALL, **settings):
    groups = np.arange(len(found)) if groups is None else np.asarray(groups)
    config = TrainConfig(**{"folds": 3, "protocols": protocols} | settings)
    return protocol_folds(found, groups, config)


def dated(n=60):
    """Articles of thirty days, two a day, in turn of three topics and ten publishers."""
    topics = [list(WORDS)[i % 3] for i in range(n)]
    days = [f"2024-01-{1 + i // 2 % 30:02}" for i in range(n)]
    return table(topics, [f"Portal {i % 10}" for i in range(n)], days=days)


@st.composite
def corpora(draw):
    """Tables with helpers, background, copies, odd publishers and days, and their groups."""
    n = draw(st.integers(30, 60))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    spread = draw(st.integers(6, 16))
    names = st.integers(0, spread).map(lambda i: f"Portal {i}") | st.just(" Portal 1 ")
    days = st.integers(1, 9).map(lambda i: f"2024-01-0{i}") | st.just("")
    asked = np.array(column(st.sampled_from([True, True, True, False])))
    found = table(
        [list(WORDS)[i % 3] for i in column(st.integers(0, 2))],
        column(names),
        days=column(days),
        corpora=column(st.sampled_from(["own", "other"])),
        weights=np.where(asked, 1.0, column(st.sampled_from([0.0, 0.3]))),
        is_eval=asked,
    )
    return found, np.array(column(st.integers(0, n)))


def folds_or_skip(corpus, **settings):
    try:
        return folds_of(*corpus, **settings)
    except CorpusError:  # a label in too few groups: none of these laws is about that
        assume(False)


# Laws


@given(corpora(), st.sampled_from(["", "own"]))
def test_groups_publishers_days_and_questions_are_kept_apart(corpus, tested):
    """All laws are asked of the folds of each corpus: to draw one and to make its folds takes the time."""
    folds = folds_or_skip(corpus, tested=tested)
    no_row_is_trained_on_while_its_group_is_tested(folds, *corpus)
    no_publisher_is_both_trained_on_and_tested(folds, *corpus)
    whatever_is_trained_on_is_older_than_what_is_tested_by_time(folds, *corpus)
    rows_that_are_asked_about_are_tested_once_and_no_others_ever(folds, *corpus, tested)


def no_row_is_trained_on_while_its_group_is_tested(folds, found, groups):
    for parts in folds.values():
        for train, test in parts:
            assert not set(groups[train]) & set(groups[test])


def no_publisher_is_both_trained_on_and_tested(folds, found, groups):
    publishers = np.char.strip(found.publishers)
    for train, test in folds.get("publisher-out", ()):
        assert not set(publishers[train]) & set(publishers[test])


def whatever_is_trained_on_is_older_than_what_is_tested_by_time(folds, found, groups):
    for train, test in folds.get("later-time", ()):
        assert "" not in {*found.days[train], *found.days[test]}
        assert max(found.days[train]) < min(found.days[test])


def rows_that_are_asked_about_are_tested_once_and_no_others_ever(folds, found, groups, tested):
    asked = found.is_eval & ((found.corpora == "own") | (tested == ""))
    if not asked.any():
        return
    for name, parts in folds.items():
        rows = np.concatenate([test for _, test in parts])
        assert found.is_eval[rows].all()
        assert len(np.unique(rows)) == len(rows)
        assert set(rows) <= set(np.flatnonzero(asked))
        if name != "later-time":
            assert len(rows) == np.count_nonzero(asked)


# Publishers


@pytest.mark.parametrize(("n_publishers", "n_folds"), [(6, 6), (12, 12), (13, 3)])
def test_few_publishers_are_left_out_one_by_one_and_many_in_folds(n_publishers, n_folds):
    found = mixed(78, n_publishers)
    parts = folds_of(found)["publisher-out"]
    assert len(parts) == n_folds
    each = [len(set(found.publishers[test])) for _, test in parts]
    assert sum(each) == n_publishers


@pytest.mark.parametrize(
    "publishers",
    [
        pytest.param([f"Portal {i % 5}" for i in range(60)], id="too few"),
        pytest.param(["", *(f"Portal {i % 9}" for i in range(59))], id="one unknown"),
        pytest.param([" ", *(f"Portal {i % 9}" for i in range(59))], id="one blank"),
    ],
)
def test_publishers_that_are_few_or_unknown_cannot_be_left_out(publishers):
    found = table([list(WORDS)[i % 3] for i in range(60)], publishers)
    assert list(folds_of(found)) == ["random"]
    # Asked for nothing else, a table is tested at random rather than not at all.
    assert list(folds_of(found, protocols=("publisher-out",))) == ["random"]


def test_a_helper_of_an_unknown_publisher_does_not_stop_the_leaving_out():
    topics = [list(WORDS)[i % 3] for i in range(61)]
    publishers = [*(f"Portal {i % 9}" for i in range(60)), ""]
    found = table(topics, publishers, is_eval=[True] * 60 + [False])
    for train, _ in folds_of(found)["publisher-out"]:
        assert 60 in train


# Days


def test_the_youngest_fifth_is_tested_by_time_and_all_that_is_older_trained_on():
    ((train, test),) = folds_of(dated())["later-time"]
    assert (train.tolist(), test.tolist()) == (list(range(48)), list(range(48, 60)))


def test_without_days_or_with_one_day_alone_time_tells_nothing():
    topics = [list(WORDS)[i % 3] for i in range(30)]
    assert list(folds_of(table(topics))) == ["random"]
    assert list(folds_of(table(topics, days="2024-01-31"))) == ["random"]


def test_where_all_that_is_older_has_one_label_there_is_nothing_to_learn_from():
    topics = ["economy"] * 24 + ["gossip"] * 6
    days = ["2024-01-01"] * 24 + ["2024-01-02"] * 6
    assert list(folds_of(table(topics, days=days))) == ["random"]


# The corpus that is tested


def test_only_the_named_corpus_is_tested_and_the_others_help():
    found = table([list(WORDS)[i % 3] for i in range(60)], corpora=["own"] * 30 + ["other"] * 30)
    parts = folds_of(found, tested="own", protocols=("random",))["random"]
    for train, test in parts:
        assert (test < 30).all()
        assert set(range(30, 60)) <= set(train)


def test_a_question_that_the_named_corpus_does_not_ask_is_tested_on_all_rows():
    found = table([list(WORDS)[i % 3] for i in range(30)], corpora="other")
    parts = folds_of(found, tested="own", protocols=("random",))["random"]
    assert sorted(row for _, test in parts for row in test) == list(range(30))


# Settings


def test_protocols_come_in_the_order_they_were_asked_for():
    assert sorted(ALL) == sorted(PROTOCOLS)
    for protocols in (ALL, ALL[::-1], ("later-time",)):
        assert list(folds_of(dated(), protocols=protocols)) == list(protocols)


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'publishers-out'; expected some of random, publisher"):
        folds_of(mixed(), protocols=("publishers-out",))


def test_the_seed_decides_the_random_folds():
    found = table([list(WORDS)[i % 3] for i in range(60)])
    tested = [[test.tolist() for _, test in folds_of(found, seed=seed)["random"]] for seed in (1, 1, 2)]
    assert tested[0] == tested[1] != tested[2]


def test_a_label_too_rare_for_the_folds_is_refused_by_name():
    found = table(["economy"] * 20 + ["gossip"] * 2)
    with pytest.raises(CorpusError, match=r"'gossip' stands in 2 group.*, or write `folds = 2` into a file for"):
        folds_of(found)
