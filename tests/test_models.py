"""The pipelines of the three questions, and a calibration that moves no verdict."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.base import clone

from saring.config import ClickbaitConfig, LinkConfig, TopicConfig
from saring.kernel import scoring
from saring.models.parameters import ClickbaitParameters, from_arrays, to_arrays
from saring.models.pipelines import (
    Calibration,
    clickbait_model,
    clickbait_parameters,
    link_model,
    score_columns,
    topic_model,
)
from saring.training.refitting import linear_model

ARTICLES = [
    ("Harga telur naik", "Pedagang pasar menaikkan harga telur."),
    ("Saham emiten turun", "Investor menjual saham emiten di bursa."),
    ("Artis itu menikah", "Penyanyi itu menikah dengan kekasihnya."),
    ("Artis itu bercerai", "Penyanyi itu bercerai dari suaminya."),
    ("Timnas menang tipis", "Timnas menang di laga persahabatan."),
    ("Pelatih timnas mundur", "Pelatih timnas mundur usai laga itu."),
]
TOPICS = ["economy", "economy", "gossip", "gossip", "sport", "sport"]
PAIRS = [(*article, other[0]) for article in ARTICLES for other in ARTICLES]
RELATED = ["related" if pair[2] == pair[0] else "unrelated" for pair in PAIRS]
HEADLINES = [
    "Begini Nasib Artis Itu Sekarang",
    "Ternyata Ini Rahasianya, Bikin Melongo!",
    "Begini Cara Timnas Menang, Ternyata...",
    "Harga telur naik 5 persen",
    "Saham emiten turun 2 persen",
    "Timnas kalah 0-1 dari Laos",
]
BAITS = ["clickbait"] * 3 + ["clear"] * 3

MODELS = {
    "topic": (topic_model(TopicConfig(min_df=1)), ARTICLES, TOPICS),
    "link": (link_model(LinkConfig(C=100.0, min_df=1, dimensions=3), seed=0), PAIRS, RELATED),
    "clickbait": (clickbait_model(ClickbaitConfig(min_df=1)), HEADLINES, BAITS),
}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request):
    model, rows, truth = MODELS[request.param]
    return clone(model).fit(rows, truth), rows, truth


def numbers(shape, most=30):
    return arrays.arrays(np.float64, shape, elements=st.floats(-most, most))


# Pipelines


def test_each_learns_its_question(fitted):
    model, rows, truth = fitted
    assert model.predict(rows).tolist() == truth


def test_probabilities_are_of_all_labels_in_the_order_of_the_alphabet(fitted):
    model, rows, truth = fitted
    assert model.classes_.tolist() == sorted(set(truth))
    probabilities = model.predict_proba(rows)
    assert probabilities.shape == (len(rows), len(set(truth)))
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_fitting_twice_gives_the_same_digits(fitted):
    model, rows, truth = fitted
    again = clone(model).fit(rows, truth)
    assert np.array_equal(again.predict_proba(rows), model.predict_proba(rows))


def test_a_row_is_answered_as_it_is_alone(fitted):
    model, rows, _ = fitted
    together = model.predict_proba(rows)
    alone = np.vstack([model.predict_proba([row]) for row in rows])
    assert np.allclose(together, alone, rtol=0, atol=1e-6)  # single precision


@pytest.mark.parametrize("name", MODELS)
def test_rows_of_empty_strings_get_an_answer_too(name):
    model, rows, truth = MODELS[name]
    empty = ("",) * len(rows[0]) if isinstance(rows[0], tuple) else ""
    assert np.isfinite(clone(model).fit(rows, truth).predict_proba([empty])).all()


@pytest.mark.parametrize("name", MODELS)
def test_texts_are_read_under_the_warning_filters_of_the_process(name):
    usual, found = warnings.filters, []

    class Watched(list):
        def __iter__(self):
            found.append(warnings.filters is usual)  # a fold in another thread would meet others, too
            return super().__iter__()

    model, rows, _ = MODELS[name]
    features = clone(model).named_steps["features"]
    features.fit_transform(Watched(rows))
    features.transform(Watched(rows))
    assert found and all(found)


def test_the_topic_model_weighs_its_fields_as_configured():
    config = TopicConfig(min_df=1, title_field=0.25, lead_field=0.0, domains=2.0, names=1.5, smoothing=0.0)
    union = topic_model(config).named_steps["features"]
    weights = {name: weight for name, (_, weight) in union.parts.items()}
    assert weights == {"all": 1.0, "title": 0.25, "domains": 2.0, "names": 1.5}
    widths = [len(part.fit(ARTICLES).transform(ARTICLES).toarray()[0]) for part, _ in union.parts.values()]
    found = union.fit_transform(ARTICLES).toarray()
    title = slice(widths[0], widths[0] + widths[1])
    assert np.allclose(np.linalg.norm(found[:, title], axis=1), 0.25)
    assert found.shape[1] == sum(widths)  # a field without weight is not read at all


def test_punctuation_is_a_word_of_a_headline():
    model = clickbait_model(ClickbaitConfig(min_df=1)).fit(HEADLINES, BAITS)
    assert {"!", ".", "naik 0"} <= set(clickbait_parameters(model).words.terms)


# Calibration


def calibrate(scores, codes):
    """The calibration for rows of which each has one right class."""
    return Calibration(scores, np.eye(score_columns(scores).shape[1])[codes])


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 5]))
def test_no_verdict_moves(seed, n_labels):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(40, n_labels)) * 3
    codes = rng.integers(n_labels, size=40)
    calibrated = calibrate(scores, codes).apply(scores)
    assert np.array_equal(calibrated.argmax(axis=1), scores.argmax(axis=1))
    assert np.allclose(calibrated.sum(axis=1), 1)


@given(numbers((20,)), st.integers(0, 2**20 - 1))
def test_two_labels_keep_their_order_at_the_even_point(scores, bits):
    codes = np.array([bits >> i & 1 for i in range(20)])
    found = calibrate(scores, codes).apply(scores)
    assert np.isfinite(found).all()
    assert np.array_equal(found[:, 1] > 0.5, (scores > 0) & (found[:, 1] != 0.5))


def drawn(n_labels, n=20_000, seed=0):
    """Scores, and labels drawn with the probabilities that the scores stand for."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, n_labels)) * 2
    odds = np.exp(scores)
    edges = (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return scores, (rng.random((n, 1)) > edges).sum(axis=1).clip(max=n_labels - 1)


@pytest.mark.parametrize("shrunk_by", [0.2, 1, 5, 20])
@pytest.mark.parametrize("n_labels", [2, 4])
def test_scores_that_are_too_small_or_too_large_are_scaled_back(n_labels, shrunk_by):
    scores, codes = drawn(n_labels)
    if n_labels == 2:
        scores = scores[:, 1] - scores[:, 0]
    assert calibrate(scores / shrunk_by, codes).scale == pytest.approx(shrunk_by, rel=0.05)


def test_calibrated_probabilities_say_how_often_they_are_right():
    scores, codes = drawn(3)
    best = calibrate(scores / 7, codes).apply(scores / 7)
    right = best.argmax(axis=1) == codes
    assert best.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.01)


def test_shares_of_annotators_are_what_probabilities_are_brought_to():
    scores, shares = np.array([-1.0, 1.0]), np.array([0.2, 0.8])
    found = Calibration(scores, np.column_stack([1 - shares, shares])).apply(scores)
    assert found[:, 1] == pytest.approx(shares, abs=1e-3)


def test_a_calibrated_pipeline_gives_what_the_calibration_gives(fitted):
    model, rows, truth = fitted
    model = clone(model).fit(rows, truth)
    scores = model.decision_function(rows)
    codes = np.searchsorted(model.classes_, truth)
    codes[0] = (codes[0] + 1) % len(model.classes_)  # one error, lest the scale run to its bound
    verdicts = model.predict(rows).tolist()
    calibration = calibrate(scores, codes)
    calibration.set_on(model)
    assert np.allclose(model.predict_proba(rows), calibration.apply(scores), atol=1e-12)
    assert model.predict(rows).tolist() == verdicts


@pytest.mark.parametrize("codes", [[0, 1, 0, 1], [1, 0, 1, 0]])
def test_perfect_and_hopeless_scores_leave_the_scale_within_bounds(codes):
    scores = np.array([-1.0, 1.0, -1.0, 1.0])
    scale = calibrate(scores, codes).scale
    assert np.exp(-4) <= scale <= np.exp(4)


def test_score_columns_are_one_for_each_label():
    assert score_columns(np.array([1.5, -2.0])).tolist() == [[0, 1.5], [0, -2]]
    scores = np.array([[1.0, 2.0, 3.0]])
    assert score_columns(scores) is scores


@pytest.mark.parametrize("smoothing", [0.5, 0.0])
def test_a_stored_clickbait_model_gives_the_same_answers(smoothing):
    model = clickbait_model(ClickbaitConfig(min_df=1, smoothing=smoothing)).fit(HEADLINES, BAITS)
    arrays = to_arrays(clickbait_parameters(model))
    assert (arrays["known.terms.lengths"].size > 0) is (smoothing > 0)  # words that would weigh nothing are not counted
    stored = from_arrays(ClickbaitParameters, arrays)
    linear = linear_model(stored)
    assert np.allclose(linear.scores(linear.read(HEADLINES))[:, 0], model.decision_function(HEADLINES), atol=1e-5)
    again = scoring.clickbait(stored, HEADLINES)
    assert np.allclose(again, model.predict_proba(HEADLINES), rtol=0, atol=1e-6)  # single precision
