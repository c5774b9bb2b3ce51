"""Our solver of logistic regression: the minimum that scikit-learn's own finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from saring.models.pipelines import fit_logistic


def problem(seed, n_labels, n_rows=60, n_columns=200):
    rng = np.random.default_rng(seed)
    rows = csr_matrix(random_array((n_rows, n_columns), density=0.1, rng=rng))
    labels = np.array(["a", "b", "c", "d"])[np.arange(n_rows) % n_labels]
    return rows, labels, rng.uniform(0.2, 2, n_rows)


@given(st.integers(0, 2**32), st.integers(2, 4), st.sampled_from([0.01, 1.0, 100.0]))
@settings(max_examples=25)
def test_the_minimum_is_that_of_scikit_learn(seed, n_labels, penalty):
    rows, labels, weights = problem(seed, n_labels)
    options = {"C": penalty, "tol": 1e-9, "max_iter": 10_000}
    ours = fit_logistic(LogisticRegression(**options), rows, labels, weights)
    theirs = LogisticRegression(**options).fit(rows, labels, sample_weight=weights)
    assert ours.classes_.tolist() == theirs.classes_.tolist()
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.coef_ == pytest.approx(theirs.coef_, abs=1e-4)
    assert np.allclose(ours.decision_function(rows), theirs.decision_function(rows), atol=1e-4)
    assert np.allclose(ours.predict_proba(rows), theirs.predict_proba(rows), atol=1e-4)


def test_at_the_usual_tolerance_it_is_as_near_to_the_minimum():
    rows, labels, weights = problem(1, 4, 300, 2000)
    exact = LogisticRegression(C=30, tol=1e-10, max_iter=10_000)
    exact.fit(rows, labels, sample_weight=weights)
    ours = fit_logistic(LogisticRegression(C=30, max_iter=3000), rows, labels, weights)
    theirs = LogisticRegression(C=30, max_iter=3000).fit(rows, labels, sample_weight=weights)
    off = [np.abs(model.coef_ - exact.coef_).mean() for model in (ours, theirs)]
    assert off[0] < 1.5 * off[1]


def test_rows_count_by_their_weight_and_alike_without_one():
    rows, labels, _ = problem(2, 2)
    twice = csr_matrix(np.vstack([rows.toarray(), rows.toarray()[:10]]))
    weights = np.where(np.arange(60) < 10, 2.0, 1.0)
    options = {"tol": 1e-9, "max_iter": 10_000}
    heavy = fit_logistic(LogisticRegression(**options), rows, labels, weights)
    doubled = fit_logistic(LogisticRegression(**options), twice, [*labels, *labels[:10]])
    assert heavy.coef_ == pytest.approx(doubled.coef_, abs=1e-5)


def test_more_rows_than_columns_are_left_to_scikit_learn():
    rows, labels, weights = problem(3, 3, n_columns=20)
    for same in (rows, rows.toarray()):
        ours = fit_logistic(LogisticRegression(), same, labels, weights)
        theirs = LogisticRegression().fit(same, labels, sample_weight=weights)
        assert np.array_equal(ours.coef_, theirs.coef_)


def test_too_few_steps_are_told():
    with pytest.warns(ConvergenceWarning, match="no minimum in 2 steps"):
        fit_logistic(LogisticRegression(C=100, max_iter=2), *problem(4, 3))
