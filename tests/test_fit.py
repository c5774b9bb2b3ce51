"""One question fitted and asked: folds that keep publishers apart, answers, calibration, report."""

import itertools
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.fit import (
    Answers,
    answer,
    best_threshold,
    calibrated,
    fit,
    folds,
    make_report,
    overlap_labels,
    task_labels,
)
from saring.tasks import CLICKBAIT_LABELS, LINK_LABELS, TASKS, Table

TOPIC, LINK, CLICKBAIT = TASKS
CONFIG = TrainConfig(folds=3)
WORDS = {
    "economy": "saham emiten bursa rupiah investor",
    "gossip": "artis penyanyi menikah pacar selebgram",
    "sport": "timnas gol pelatih laga striker",
}


def table(topics, publishers=None, *, asked=None, weights=None):
    """A topic table of one-line articles, told apart by a word each."""
    n = len(topics)
    rows = [(f"{WORDS.get(topic, topic)}", f"warga nomor{i}") for i, topic in enumerate(topics)]
    return Table(
        rows=rows,
        truth=np.array(topics, dtype=np.str_),
        publishers=np.array(publishers if publishers is not None else [""] * n, dtype=np.str_),
        articles=np.arange(n),
        weights=np.ones(n) if weights is None else np.array(weights, dtype=float),
        asked=np.ones(n, dtype=bool) if asked is None else np.array(asked),
    )


def mixed(n=60, n_publishers=6):
    topics = [list(WORDS)[i % 3] for i in range(n)]
    return table(topics, [f"Portal {i // 3 % n_publishers}" for i in range(n)])


# Folds


def test_publishers_are_kept_apart_where_there_are_enough_of_them():
    found, groups = mixed(), np.arange(60)
    protocol, parts = folds(found, groups, CONFIG)
    assert protocol == "publisher-out"
    assert len(parts) == 3
    assert sorted(row for _, test in parts for row in test.tolist()) == list(range(60))
    for train, test in parts:
        assert not set(found.publishers[train]) & set(found.publishers[test])


@pytest.mark.parametrize(
    "publishers",
    [
        pytest.param([f"Portal {i % 5}" for i in range(60)], id="too few"),
        pytest.param(["", *(f"Portal {i % 9}" for i in range(59))], id="one unknown"),
        pytest.param([" ", *(f"Portal {i % 9}" for i in range(59))], id="one blank"),
    ],
)
def test_otherwise_near_duplicates_are(publishers):
    topics = [list(WORDS)[i // 2 % 3] for i in range(60)]
    groups = np.arange(60) // 2
    protocol, parts = folds(table(topics, publishers), groups, CONFIG)
    assert protocol == "cross-validation"
    assert sorted(row for _, test in parts for row in test.tolist()) == list(range(60))
    for train, test in parts:
        assert not set(groups[train]) & set(groups[test])


def test_a_story_that_two_publishers_printed_is_never_on_both_sides():
    found = mixed()
    groups = np.arange(60) % 50  # ten stories twice, by other publishers
    for train, test in folds(found, groups, CONFIG)[1]:
        assert not set(groups[train]) & set(groups[test])


def test_the_seed_decides_the_grouped_folds():
    found, groups = table([list(WORDS)[i % 3] for i in range(60)]), np.arange(60)
    tested = [
        [test.tolist() for _, test in folds(found, groups, TrainConfig(folds=3, seed=seed))[1]]
        for seed in (1, 1, 2)
    ]
    assert tested[0] == tested[1] != tested[2]


def test_a_label_too_rare_for_the_folds_is_refused_by_name():
    found = table(["economy"] * 20 + ["gossip"] * 2)
    with pytest.raises(CorpusError, match=r"'gossip' stands in 2 group.*fewer folds"):
        folds(found, np.arange(22), CONFIG)


# Answers


def test_answers_are_the_scores_of_a_model_that_saw_the_training_rows_alone():
    found = mixed()
    train, test = np.arange(40), np.arange(40, 60)
    answers = answer(TOPIC, found, train, test, CONFIG)
    assert answers.rows.tolist() == test.tolist()
    model = fit(TOPIC, found.take(train), CONFIG)
    assert np.allclose(answers.scores, model.decision_function(found.take(test).rows))
    labels = np.array(task_labels(TOPIC, found))
    assert labels[answers.scores.argmax(axis=1)].tolist() == found.truth[test].tolist()
    # A word of the tested rows alone is unknown to that model.
    union = model.named_steps["features"]
    assert "nomor45" not in union.transformer_list[0][1].vectorizer_.vocabulary_


def test_rows_that_only_help_in_training_are_not_answered():
    asked = [i % 2 == 0 for i in range(60)]
    found = table([list(WORDS)[i % 3] for i in range(60)], asked=asked)
    answers = answer(TOPIC, found, np.arange(40), np.arange(40, 60), CONFIG)
    assert answers.rows.tolist() == list(range(40, 60, 2))
    assert len(answers.scores) == 10
    assert {len(labels) for labels in answers.baselines.values()} == {10}


def test_weights_count_in_training():
    topics = ["economy", "gossip"] * 10
    rows = [("saham", "warga")] * 20  # the same text with either label
    for heavy in ("economy", "gossip"):
        found = table(topics, weights=[10 if topic == heavy else 0.1 for topic in topics])
        found.rows[:] = rows
        assert fit(TOPIC, found, CONFIG).predict([("saham", "warga")]).tolist() == [heavy]


def test_baselines_learn_from_the_training_rows_alone():
    topics = ["economy"] * 12 + ["gossip"] * 8 + ["gossip"] * 10
    publishers = ["Bursa"] * 12 + ["Seleb"] * 8 + ["Bursa"] * 5 + ["Seleb"] * 5
    answers = answer(TOPIC, table(topics, publishers), np.arange(20), np.arange(20, 30), CONFIG)
    assert set(answers.baselines) == {"majority", "publisher"}
    assert answers.baselines["majority"].tolist() == ["economy"] * 10
    assert answers.baselines["publisher"].tolist() == ["economy"] * 5 + ["gossip"] * 5


def test_a_label_that_a_fold_never_saw_is_never_its_answer():
    found = table(["economy", "gossip"] * 10 + ["sport"] * 5 + ["economy"] * 5)
    answers = answer(TOPIC, found, np.arange(20), np.arange(20, 30), CONFIG)
    assert task_labels(TOPIC, found) == ("economy", "gossip", "sport")
    assert answers.scores.shape == (10, 3)
    assert (answers.scores.argmax(axis=1) != 2).all()
    assert answers.scores[5:].argmax(axis=1).tolist() == [0] * 5


def test_training_rows_of_one_label_are_refused_with_the_reason():
    found = table(["economy"] * 10 + ["gossip"] * 10)
    with pytest.raises(CorpusError, match=r"topic: 10 training row\(s\) have one label, economy"):
        answer(TOPIC, found, np.arange(10), np.arange(10, 20), CONFIG)


def test_links_are_compared_with_a_threshold_on_the_overlap():
    things = ("Jembatan gantung", "Gedung sekolah", "Pasar ikan", "Kebun teh")
    titles = [f"{thing} di {place}" for place in ("Garut", "Bima", "Palu") for thing in things]
    rows = [(titles[i], f"Warga {i}", titles[(i + 5 * (i % 2)) % 12]) for i in range(12)]
    truth = [LINK_LABELS[i % 2] for i in range(12)]
    n = len(rows)
    found = Table(rows, np.array(truth), np.full(n, ""), np.arange(n), np.ones(n), np.ones(n, bool))
    answers = answer(LINK, found, np.arange(8), np.arange(8, 12), CONFIG)
    assert answers.scores.shape == (4,)
    assert answers.baselines["overlap"].tolist() == truth[8:]


# The overlap threshold


def test_a_threshold_reached_is_related():
    assert overlap_labels([0.2, 0.5, 0.9], 0.5).tolist() == ["unrelated", "related", "related"]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=40))
def test_no_threshold_on_the_scores_is_better_than_the_best(rows):
    scores = np.array([score / 20 for score, _ in rows])
    positive = np.array([label for _, label in rows])
    macro = partial(f1_score, positive, average="macro", labels=[False, True], zero_division=0)
    best = macro(scores >= best_threshold(scores, positive))
    # Fewer scores than quantiles: each of them has been tried.
    assert best == pytest.approx(max(macro(scores >= score) for score in scores))


# Calibration over folds


def parts_of(scores, sizes):
    edges = np.cumsum([0, *sizes])
    return [Answers(np.arange(a, b), scores[a:b], {}) for a, b in itertools.pairwise(edges)]


def drawn(n=300):
    """Scores with labels drawn with the probabilities they stand for."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=n) * 2
    clickbait = rng.random(n) < 1 / (1 + np.exp(-scores))
    return scores, np.array(CLICKBAIT_LABELS)[clickbait.astype(int)]


def test_no_part_is_calibrated_on_its_own_answers():
    scores, truth = drawn()
    before, _ = calibrated(parts_of(scores, (100, 100, 100)), truth, CLICKBAIT_LABELS)
    turned = truth.copy()
    turned[:100] = np.where(truth[:100] == "clear", "clickbait", "clear")
    after, _ = calibrated(parts_of(scores, (100, 100, 100)), turned, CLICKBAIT_LABELS)
    assert np.array_equal(before[:100], after[:100])
    assert not np.allclose(before[100:], after[100:])


def test_answers_come_in_the_order_of_the_parts_and_keep_their_verdicts():
    scores, truth = drawn()
    shrunk = parts_of(scores / 4, (50, 150, 100))
    probabilities, calibration = calibrated(shrunk, truth, CLICKBAIT_LABELS)
    assert probabilities.shape == (300, 2)
    assert np.array_equal(probabilities[:, 1] > 0.5, scores > 0)
    assert calibration.scale == pytest.approx(4, rel=0.25)


# Reports


def test_a_report_holds_the_rows_asked_about_and_predicts_the_most_probable():
    scores, truth = drawn(60)
    found = table(truth.tolist(), ["Portal"] * 60)
    rows = np.arange(20, 60)
    probabilities = np.column_stack([1 / (1 + np.exp(scores)), 1 / (1 + np.exp(-scores))])[rows]
    report = make_report(
        CLICKBAIT,
        found,
        rows,
        probabilities,
        {"majority": np.full(40, "clear")},
        labels=CLICKBAIT_LABELS,
        groups=np.arange(60),
        split="test",
    )
    assert (report.name, report.split, report.n) == ("clickbait", "test", 40)
    expected = (np.array(CLICKBAIT_LABELS)[(scores[rows] > 0).astype(int)] == truth[rows]).mean()
    assert report.accuracy.value == pytest.approx(expected)


def test_a_task_s_labels_are_its_own_or_those_of_the_table():
    found = table(["sport", "economy", "sport"])
    assert task_labels(TOPIC, found) == ("economy", "sport")
    assert task_labels(LINK, found) == LINK_LABELS
