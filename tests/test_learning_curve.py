"""A learning curve: how good models are that were trained on a share of the rows."""

import pytest
from joblib import parallel_config

from saring import store
from saring.config import LinkConfig, TrainConfig
from saring.errors import CorpusError
from saring.evaluation.reports import stored_curve, stored_reports
from saring.training.corpus import read_corpus
from saring.training.learning_curve import _folds, learning_curve
from saring.training.trainer import make_jobs

CONFIG = TrainConfig(folds=3, abstain_risk=1.0, link=LinkConfig(dimensions=20))  # as the bundle's


@pytest.fixture(scope="module")
def articles(small_corpus):
    return read_corpus(small_corpus)


@pytest.fixture(scope="module")
def curve(articles):
    with parallel_config("sequential"):
        return learning_curve(articles, CONFIG, shares=(0.5, 1.0))


def test_its_end_is_what_training_measured_to_the_last_digit(curve, bundle_folder):
    reports = {r.name: r for r in stored_reports(store.load(bundle_folder).card) if r.split == "publisher-out"}
    ends = {point.task: point.macro_f1 for point in curve if point.share == 1}
    assert ends == {name: report.macro_f1 for name, report in reports.items()}


def test_each_task_has_a_point_for_each_share_with_its_rows(curve):
    assert [(p.task, p.share) for p in curve] == [
        (task, share) for task in ("topic", "link", "clickbait") for share in (0.5, 1.0)
    ]
    assert all(0.4 < half.n / whole.n < 0.6 for half, whole in zip(curve[::2], curve[1::2], strict=True))
    assert {p.split for p in curve} == {"publisher-out"}


def test_a_smaller_share_is_part_of_a_larger_one_and_the_tested_rows_stay(articles):
    for job in make_jobs(articles, CONFIG):
        quarter, half, whole = (_folds(job, share, CONFIG) for share in (0.25, 0.5, 1.0))
        for (_, (a, tested)), (_, (b, same)), (_, (c, _)) in zip(quarter, half, whole, strict=True):
            assert set(a) < set(b) < set(c)
            assert list(tested) == list(same)
        assert [list(train) for _, (train, _) in whole] == [
            list(train) for train, _ in next(iter(job.protocols.values()))
        ]


def test_too_small_a_share_is_an_error_that_says_so(articles):
    with (
        parallel_config("sequential"),
        pytest.raises(CorpusError, match=r"learning curve: 0\.1% of the rows are too few"),
    ):
        learning_curve(articles, CONFIG, shares=(0.001,))


def test_a_card_that_has_none_has_an_empty_curve():
    assert stored_curve({}) == []
