"""Whole groups are resampled, and an interval holds the truth about as often as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saring.evaluation.metrics import Estimate, interval, resamples, wilson_interval, wilson_low


def test_every_resample_draws_as_many_groups_as_there_are():
    weights = np.concatenate(list(resamples(7, 20, 100, seed=0)))
    assert weights.shape == (100, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert (weights >= 0).all()


def test_many_rows_are_resampled_in_chunks_that_add_up():
    sizes = [len(chunk) for chunk in resamples(10, 500_000, 11, seed=0)]
    assert len(sizes) > 1
    assert sum(sizes) == 11


def test_the_same_seed_draws_the_same_resamples():
    first, again, other = (next(resamples(50, 50, 20, seed=seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_the_interval_leaves_one_fortieth_on_either_side():
    found = interval(0.5, np.linspace(0, 1, 1001))
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.025, 0.975))


def test_resamples_where_the_figure_is_undefined_do_not_count():
    assert interval(0.5, np.array([np.nan, 0.4, 0.4])) == Estimate(0.5, 0.4, 0.4)
    assert interval(0.5, np.array([np.nan, np.nan])) == Estimate(0.5, 0.0, 1.0)


@given(st.integers(1, 500), st.data())
def test_wilson_s_interval_stays_in_range_and_holds_the_share(n, data):
    share = data.draw(st.integers(0, n)) / n
    found = wilson_interval(share, n)
    assert 0 <= found.low <= share + 1e-12
    assert share - 1e-12 <= found.high <= 1
    assert found.high > found.low


def test_wilson_s_interval_has_the_published_bounds():
    # 81 of 263: example of R. Newcombe, Statistics in Medicine 17 (1998), 857-872, method 3
    found = wilson_interval(81 / 263, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_wilson_s_lower_bound_alone_is_that_of_the_interval_and_0_where_nothing_was_tried():
    found = wilson_low(np.array([81, 0, 0]), np.array([263, 7, 0]), 0.975)
    assert found.tolist() == pytest.approx([wilson_interval(81 / 263, 263).low, 0, 0])


def test_an_interval_of_the_mean_holds_the_truth_about_95_times_in_100():
    rng, held = np.random.default_rng(0), 0
    for trial in range(300):
        values = rng.random(60) < 0.8
        weights = np.concatenate(list(resamples(60, 60, 400, seed=trial)))
        found = interval(values.mean(), weights @ values / 60)
        held += found.low <= 0.8 <= found.high
    assert 0.90 <= held / 300 <= 0.99


def test_an_estimate_prints_with_its_interval():
    assert str(Estimate(0.86621, 0.8434, 0.889)) == "0.866 [0.843, 0.889]"
