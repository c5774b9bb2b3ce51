"""A report: the right figures, the same digits every time, intervals that know about groups."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from saring.errors import ConfigError, CorpusError
from saring.evaluation.measure import Scored, majority_labels, report

TOPICS = ("economy", "gossip", "international_politics", "other")
LINKS = ("related", "unrelated")


def answers(n=300, labels=TOPICS, rows_per_group=1, seed=0):
    """Rows with a model that is mostly right; the rows of a group share their fate."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) // rows_per_group
    truth = rng.integers(len(labels), size=n)[group]
    odds = np.exp(1.5 * (rng.normal(size=(n, len(labels)))[group] + 2 * np.eye(len(labels))[truth]))
    names = np.array(labels)
    return Scored(
        labels=labels,
        truth=names[truth],
        probabilities=odds / odds.sum(axis=1, keepdims=True),
        predicted=names[odds.argmax(axis=1)],
        publishers=np.array(["Warta Kita", "Kabar Kota", "Bursa", "Seleb"])[group % 4],
        groups=group,
    )


def rows_of(scored, rows):
    columns = ("truth", "probabilities", "predicted", "publishers", "groups")
    return Scored(scored.labels, **{name: getattr(scored, name)[rows] for name in columns})


def measured(scored, **options):
    return report(scored, **{"name": "topic", "split": "test", "seed": 0} | options)


def width(estimate):
    return estimate.high - estimate.low


# Figures


def test_figures_are_scikit_learn_s():
    scored = answers()
    found = measured(scored)
    truth, predicted = scored.truth, scored.predicted
    assert (found.n, found.n_groups) == (300, 300)
    assert found.accuracy.value == pytest.approx(oracle.accuracy_score(truth, predicted))
    assert found.macro_f1.value == pytest.approx(oracle.f1_score(truth, predicted, average="macro"))
    assert found.log_loss == pytest.approx(oracle.log_loss(truth, scored.probabilities))
    expected = oracle.classification_report(truth, predicted, output_dict=True)
    for score in found.per_class:
        row = expected[score.label]
        mine = (score.precision, score.recall, score.f1.value, score.support)
        assert mine == pytest.approx((row["precision"], row["recall"], row["f1-score"], row["support"]))
    assert [list(row) for row in found.confusion] == oracle.confusion_matrix(truth, predicted, labels=TOPICS).tolist()


def test_publishers_come_by_size_and_add_up():
    scored = rows_of(answers(), slice(0, 290))
    found = measured(scored).per_publisher
    assert sum(score.n for score in found) == 290
    assert [score.n for score in found] == sorted((score.n for score in found), reverse=True)
    seleb = next(score for score in found if score.publisher == "Seleb")
    rows = scored.publishers == "Seleb"
    assert seleb.accuracy.value == np.mean(scored.truth[rows] == scored.predicted[rows])
    assert seleb.macro_f1 == pytest.approx(oracle.f1_score(scored.truth[rows], scored.predicted[rows], average="macro"))


def test_two_labels_are_ranked_by_the_probability_of_the_second():
    scored = answers(labels=LINKS)
    found = measured(scored)
    assert found.ranking.positive == "unrelated"
    expected = oracle.roc_auc_score(scored.truth == "unrelated", scored.probabilities[:, 1])
    assert found.auc.value == pytest.approx(expected)
    assert found.auc.low < expected < found.auc.high


def test_more_than_two_labels_or_one_class_in_the_truth_are_not_ranked():
    assert measured(answers()).auc is None
    links = answers(labels=LINKS)
    assert measured(rows_of(links, links.truth == "related")).ranking is None


def test_a_verdict_may_differ_from_the_most_probable_label():
    scored = answers(labels=LINKS)
    strict = Scored(
        *(LINKS, scored.truth, scored.probabilities),
        np.where(scored.probabilities[:, 1] > 0.9, "unrelated", "related"),
        *(scored.publishers, scored.groups),
    )
    assert measured(strict).accuracy.value < measured(scored).accuracy.value
    assert measured(strict).ece == measured(scored).ece  # calibration is of the probabilities


def test_the_risk_of_all_answers_is_the_share_of_wrong_ones():
    scored = answers()
    found = measured(scored)
    assert found.coverage_risk.x[-1] == 1
    assert found.coverage_risk.y[-1] == pytest.approx(1 - found.accuracy.value, abs=1e-6)
    assert found.coverage_risk.y[0] < found.coverage_risk.y[-1]


def test_who_says_what_half_of_the_annotators_say_is_half_right():
    scored = answers(labels=LINKS)
    split = replace(scored, shares=np.full(300, 0.5))
    assert measured(scored).human is None
    assert measured(split).human == 0.5
    assert {found.accuracy for found in measured(split).reliability} == {0.5}
    assert measured(split).accuracy == measured(scored).accuracy  # of the majority, none the less


def test_labels_in_neither_truth_nor_prediction_are_named():
    scored = answers()
    kept = rows_of(scored, (scored.truth != "gossip") & (scored.predicted != "gossip"))
    found = measured(kept)
    assert found.absent == ("gossip",)
    assert [score.label for score in found.per_class] == ["economy", "international_politics", "other"]
    assert len(found.confusion) == 4


def test_one_row_is_enough():
    found = measured(rows_of(answers(), [0]))
    assert (found.n, found.accuracy.low, found.accuracy.high) == (1, 1, 1)


# Baselines


def test_a_baseline_is_scored_on_the_same_rows_and_the_gain_is_paired():
    scored = answers()
    majority = majority_labels(scored.truth, 300)
    baselines = {"majority": majority, "itself": scored.predicted}
    found = measured(scored, baselines=baselines).baselines
    assert [baseline.name for baseline in found] == ["majority", "itself"]
    expected = oracle.f1_score(scored.truth, majority, average="macro")
    assert found[0].macro_f1 == pytest.approx(expected)
    assert found[0].gain.low > 0.5
    assert (found[1].gain.value, found[1].gain.low, found[1].gain.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("predicted", "reason"), [(["other"], r"'rule' has shape \(1,\); expected \(300,\)"), (["sport"] * 300, r"'sport'")]
)
def test_a_baseline_that_does_not_fit_the_rows_is_refused(predicted, reason):
    with pytest.raises(CorpusError, match=reason):
        measured(answers(), baselines={"rule": predicted})


# Intervals and digits


def test_the_same_rows_and_seed_give_the_same_digits():
    scored = answers(labels=LINKS)
    assert measured(scored) == measured(scored)
    assert measured(scored, seed=1) != measured(scored)


@given(st.permutations(range(60)))
@settings(deadline=None, max_examples=20)
def test_the_order_of_the_rows_changes_no_digit(order):
    scored = answers(60, labels=LINKS, rows_per_group=2)
    assert measured(rows_of(scored, list(order)), n_bootstrap=50) == measured(scored, n_bootstrap=50)


def test_rows_that_share_their_fate_tell_less_than_as_many_groups():
    together = answers(900, labels=LINKS, rows_per_group=9)
    apart = Scored(
        *(LINKS, together.truth, together.probabilities, together.predicted), *(together.publishers, np.arange(900))
    )
    for figure in ("accuracy", "macro_f1", "auc"):
        honest, naive = (getattr(measured(rows), figure) for rows in (together, apart))
        assert honest.value == naive.value
        assert width(honest) > 2 * width(naive)


def test_group_numbers_need_not_be_dense():
    scored = answers(90, rows_per_group=3)
    spread = Scored(
        *(TOPICS, scored.truth, scored.probabilities, scored.predicted), *(scored.publishers, scored.groups * 1000 - 5)
    )
    assert measured(spread) == measured(scored)


def test_a_number_of_resamples_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="resamples is 0"):
        measured(answers(), n_bootstrap=0)


@pytest.mark.parametrize("labels", [TOPICS, LINKS])
def test_a_report_of_the_corpus_s_size_takes_less_than_two_seconds(labels):
    scored = answers(1400, labels)
    measured(scored, n_bootstrap=1)  # imports
    start = time.process_time()
    measured(scored)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("labels", [TOPICS, LINKS])
def test_a_report_of_20_000_rows_takes_less_than_ten_seconds(labels):
    scored = answers(20_000, labels)
    start = time.process_time()
    measured(scored)
    assert time.process_time() - start < 10
