"""Embedding-regularised logistic regression: near words share weights, publishers are dropped, a row is linear."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from saring.models.pipelines import EmbeddingLogistic
from saring.models.tfidf_features import HeadlineTfidf, word_vectors

BAIT = ["artis heboh", "viral heboh", "artis viral", "heboh viral artis"]
CLEAR = ["inflasi naik", "inflasi turun", "pajak naik", "pajak turun inflasi"]
ROWS = [*BAIT, *CLEAR]
LABELS = np.array(["clickbait"] * len(BAIT) + ["clear"] * len(CLEAR))
UNSEEN = ["geger", "cantik"], ["deflasi", "rupiah"]


@pytest.fixture(scope="module")
def known():
    return HeadlineTfidf(known=True).fit(ROWS)


@pytest.fixture(scope="module")
def columns(known):
    """Two plain columns, then the known words, as the classifier takes them."""
    plain = csr_matrix(np.tile([[1.0, 0.0], [0.0, 1.0]], (len(ROWS) // 2, 1)))
    return hstack([plain, known.transform(ROWS)], format="csr")


def with_plain(features):
    return hstack([csr_matrix((features.shape[0], 2)), features], format="csr")


def test_a_word_training_never_saw_is_judged_as_its_neighbours_are(known, columns):
    model = EmbeddingLogistic(C=10.0, smoothing=1.0).fit(columns, LABELS)
    bait, clear = (model.decision_function(with_plain(known.transform(w))) for w in UNSEEN)
    assert bait.min() > clear.max()


def test_without_smoothing_it_is_logistic_regression(columns):
    model = EmbeddingLogistic(C=10.0).fit(columns[:, :2], LABELS)
    plain = LogisticRegression(C=10.0, max_iter=3000).fit(columns[:, :2], LABELS)
    assert np.allclose(model.coef_, plain.coef_) and np.allclose(model.intercept_, plain.intercept_)


def test_a_fitted_model_is_linear_in_its_columns(columns):
    model = EmbeddingLogistic(C=10.0, smoothing=1.0).fit(columns, LABELS)
    assert model.coef_.shape == (1, 2 + len(word_vectors()[0]))
    scores = model.decision_function(columns)
    assert np.allclose(scores, columns @ model.coef_[0] + model.intercept_[0])
    probabilities = model.predict_proba(columns)
    assert np.allclose(np.log(probabilities[:, 1] / probabilities[:, 0]), scores)
    assert np.array_equal(model.predict(columns), model.classes_[(scores > 0).astype(int)])


def test_it_is_logistic_regression_on_the_vectors(columns):
    model = EmbeddingLogistic(C=3.0, smoothing=0.5).fit(columns, LABELS)
    space = columns[:, 2:] @ (0.5 * word_vectors()[1])
    plain = LogisticRegression(C=3.0, max_iter=3000).fit(
        np.hstack([columns[:, :2].toarray(), space - space.mean(axis=0)]), LABELS
    )
    centred = np.hstack([columns[:, :2].toarray(), space - space.mean(axis=0)])
    expected = plain.decision_function(centred)
    assert np.allclose(model.decision_function(columns), expected, atol=1e-3)


def test_what_only_tells_publishers_apart_gets_less_weight(columns):
    publishers = ["Kabar Satu", "Kabar Dua"] * (len(ROWS) // 2)  # as the two plain columns
    labels = np.array(["clickbait", "clear"] * (len(ROWS) // 2))
    alone = EmbeddingLogistic(C=10.0).fit(columns[:, :2], labels)
    told = EmbeddingLogistic(C=10.0, publishers=2.0).fit(columns[:, :2], labels, publishers=publishers)
    assert np.abs(told.coef_[0, :2]).max() < 0.5 * np.abs(alone.coef_[0, :2]).max()


def test_rows_that_name_no_publisher_are_as_none_at_all(columns):
    none = EmbeddingLogistic(smoothing=1.0, publishers=1.0).fit(columns, LABELS)
    blank = EmbeddingLogistic(smoothing=1.0, publishers=1.0).fit(
        columns, LABELS, publishers=["", " "] * (len(ROWS) // 2)
    )
    assert np.array_equal(none.coef_, blank.coef_)


def test_a_row_given_for_both_labels_by_their_shares_is_a_probability(columns):
    both = hstack([columns.T, columns.T]).T.tocsr()
    labels = np.repeat(["clear", "clickbait"], len(ROWS))
    shares = np.repeat([0.25, 0.75], len(ROWS))
    model = EmbeddingLogistic(C=1.0, smoothing=1.0).fit(both, labels, sample_weight=shares)
    assert model.predict_proba(columns)[:, 1] == pytest.approx(0.75, abs=0.01)


def test_columns_that_tell_a_label_weigh_more_than_those_that_stand_in_both():
    # The first column stands in all rows, a little more of it in half of them; the second in some of one label alone.
    columns = csr_matrix([[1.0, 0.6], [1.0, 0.0], [1.0, 0.6], [1.0, 0.0]] + [[0.8, 0.0]] * 4)
    even = EmbeddingLogistic(C=10.0).fit(columns, LABELS)
    told = EmbeddingLogistic(C=10.0, telling=1.0).fit(columns, LABELS)
    shares = [abs(model.coef_[0, 1] / model.coef_[0, 0]) for model in (even, told)]
    assert shares[1] > 2 * shares[0]


@pytest.mark.parametrize("labels", [LABELS, np.array(["bait", "bait", "viral", "viral", "tax", "tax", "rate", "rate"])])
def test_telling_mixes_two_linear_models(columns, labels):
    none, half, whole = (
        EmbeddingLogistic(C=10.0, smoothing=1.0, telling=share).fit(columns, labels) for share in (0.0, 0.5, 1.0)
    )
    assert half.coef_.shape == none.coef_.shape
    assert np.allclose(half.coef_, (none.coef_ + whole.coef_) / 2)
    assert np.allclose(half.intercept_, (none.intercept_ + whole.intercept_) / 2)
    assert np.array_equal(whole.predict(columns), labels)
