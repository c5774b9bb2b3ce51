"""The arithmetic, against scikit-learn where it has the figure and by hand where it has not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as oracle

from saring.evaluation.metrics import (
    Bin,
    area_under_roc,
    brier_score,
    calibration_bins,
    calibration_error,
    class_scores,
    confusion_matrix,
    coverage_risk,
    curves,
    log_loss,
    macro_f1,
)

N_LABELS = 4
codes = st.integers(0, N_LABELS - 1)
answers = st.lists(st.tuples(codes, codes), min_size=1, max_size=60).map(lambda pairs: np.array(pairs).T)


def probabilities(n, n_labels, seed=0):
    weights = np.random.default_rng(seed).random((n, n_labels)) ** 3 + 1e-3
    return weights / weights.sum(axis=1, keepdims=True)


# Labels


@given(answers)
def test_scores_of_the_classes_are_scikit_learn_s(pair):
    truth, predicted = pair
    found = np.nan_to_num(class_scores(confusion_matrix(truth, predicted, N_LABELS)))
    expected = oracle.precision_recall_fscore_support(truth, predicted, labels=range(N_LABELS), zero_division=0)
    for mine, theirs in zip(found, expected[:3], strict=True):
        assert mine == pytest.approx(theirs)


@given(answers)
def test_macro_f1_is_the_mean_over_the_classes_of_truth_and_prediction(pair):
    truth, predicted = pair
    found = macro_f1(confusion_matrix(truth, predicted, N_LABELS))
    # scikit-learn's own choice of labels when none are named
    assert found == pytest.approx(oracle.f1_score(truth, predicted, average="macro"))


def test_a_class_that_was_predicted_but_is_not_in_the_truth_counts_with_0():
    table = confusion_matrix(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]), 4)
    precision, recall, f1 = class_scores(table)
    assert (precision[2], recall[2], f1[2]) == (0, 0, 0)
    assert macro_f1(table) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_a_class_in_neither_truth_nor_prediction_is_left_out():
    table = confusion_matrix(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]), 4)
    assert [np.isnan(scores[3]) for scores in class_scores(table)] == [True] * 3


@given(st.lists(answers, min_size=1, max_size=4))
def test_a_stack_of_tables_is_scored_like_each_of_them(pairs):
    tables = np.stack([confusion_matrix(*pair, N_LABELS) for pair in pairs])
    assert macro_f1(tables).tolist() == [float(macro_f1(table)) for table in tables]


# Probabilities


@pytest.mark.parametrize("n_labels", [2, 4])
def test_log_loss_and_brier_score_are_scikit_learn_s(n_labels):
    given_, truth = probabilities(200, n_labels), np.arange(200) % n_labels
    labels = list(range(n_labels))
    assert log_loss(given_, truth) == pytest.approx(oracle.log_loss(truth, given_, labels=labels))
    expected = oracle.brier_score_loss(truth, given_, labels=labels)
    assert brier_score(given_, truth) == pytest.approx(expected)


def test_the_loss_of_a_certainty_that_was_wrong_is_large_but_finite():
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(36.04, abs=0.01)


@given(arrays(float, st.integers(1, 80), elements=st.floats(0.25, 1)), st.randoms())
def test_bins_hold_every_row_once_and_rise_and_do_not_depend_on_the_order(confidence, random):
    right = np.arange(len(confidence)) % 3 > 0
    bins = calibration_bins(confidence, right)
    assert sum(found.n for found in bins) == len(confidence)
    assert len(bins) <= 10
    means = [found.confidence for found in bins]
    assert means == sorted(means)
    order = random.sample(range(len(confidence)), len(confidence))
    assert calibration_bins(confidence[order], right[order]) == bins
    assert 0 <= calibration_error(bins) <= 1


def test_bins_have_equal_mass():
    confidence = np.random.default_rng(0).beta(8, 1, 1000)
    assert {found.n for found in calibration_bins(confidence, confidence > 0.5)} == {100}


def test_equal_confidences_share_a_bin():
    assert calibration_bins(np.full(50, 0.8), np.arange(50) < 30) == (Bin(50, pytest.approx(0.8), 0.6),)


def test_the_calibration_error_is_the_mean_gap():
    bins = (Bin(30, 0.6, 0.5), Bin(10, 0.9, 1.0))
    assert calibration_error(bins) == pytest.approx((30 * 0.1 + 10 * 0.1) / 40)


def test_a_calibrated_model_has_a_small_error_and_an_overconfident_one_a_large_one():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 20_000)
    right = rng.random(20_000) < confidence
    assert calibration_error(calibration_bins(confidence, right)) < 0.02
    sure = np.full(20_000, 0.99)
    assert calibration_error(calibration_bins(sure, right)) == pytest.approx(0.24, abs=0.01)


# Ranking

ranked = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.1, 0.5, 0.7, 1.0]), st.booleans()))


@given(ranked.filter(lambda rows: len({positive for _, positive in rows}) == 2))
@settings(deadline=None)
def test_the_area_is_scikit_learn_s_ties_and_all(rows):
    scores, positive = (np.array(column) for column in zip(*rows, strict=True))
    expected = oracle.roc_auc_score(positive, scores)
    assert area_under_roc(scores, positive) == pytest.approx([expected])


def test_weights_stand_for_repeated_rows():
    rng = np.random.default_rng(0)
    scores, positive = rng.random(40).round(1), rng.random(40) < 0.4
    weights = rng.integers(0, 3, (5, 40)).astype(float)
    for row, found in zip(weights, area_under_roc(scores, positive, weights), strict=True):
        repeated = np.repeat(np.arange(40), row.astype(int))
        assert found == pytest.approx(oracle.roc_auc_score(positive[repeated], scores[repeated]))


def test_the_area_is_undefined_without_both_classes():
    assert np.isnan(area_under_roc(np.array([0.1, 0.2]), np.array([True, True]))[0])


def test_curves_run_from_end_to_end_and_stay_short():
    rng = np.random.default_rng(0)
    positive = rng.random(5000) < 0.3
    scores = rng.normal(size=5000) + positive
    roc, precision_recall, average = curves(scores, positive)
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert (precision_recall.x[0], precision_recall.x[-1]) == (0, 1)
    assert max(len(roc.x), len(precision_recall.x)) <= 200
    assert list(roc.x) == sorted(roc.x)
    assert average == oracle.average_precision_score(positive, scores)


# Answering only where sure

sure = arrays(float, st.integers(1, 80), elements=st.sampled_from([0.3, 0.5, 0.5, 0.7, 0.9]))


@given(sure, st.randoms())
def test_risk_is_told_up_to_the_whole_and_does_not_depend_on_the_order(confidence, random):
    right = np.arange(len(confidence)) % 3 > 0
    curve = coverage_risk(confidence, right)
    assert curve.x[-1] == 1
    assert curve.y[-1] == pytest.approx((~right).mean(), abs=1e-6)
    assert list(curve.x) == sorted(set(curve.x))
    order = random.sample(range(len(confidence)), len(confidence))
    assert coverage_risk(confidence[order], right[order]) == curve


def test_the_surest_rows_are_answered_first_and_equals_together():
    confidence = np.array([0.9, 0.6, 0.6, 0.4])
    curve = coverage_risk(confidence, np.array([True, False, True, False]))
    assert curve.x == (0.25, 0.75, 1)
    assert curve.y == pytest.approx((0, 1 / 3, 0.5), abs=1e-6)


def test_a_line_of_many_rows_stays_short():
    confidence = np.random.default_rng(0).random(5000)
    assert len(coverage_risk(confidence, confidence > 0.2).x) == 200
