"""One question fitted and asked: answers, thresholds, targets and the report."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_sample_weight
from topictables import WORDS, mixed, table

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.models.pipelines import topic_parameters
from saring.models.plain_scorer import out_of_domain
from saring.models.tfidf_features import Rows
from saring.training.fit import AS_GOOD, Fitted, best_threshold, confidence_for, held_out, label_targets, overlap_labels
from saring.training.tasks import CLICKBAIT_LABELS, LINK_LABELS, TASKS, task_labels

TOPIC, LINK, CLICKBAIT = TASKS
CONFIG = TrainConfig(folds=3)
PLACES = ("Garut", "Bima", "Palu", "Kudus", "Ende", "Jepara", "Sorong", "Blitar", "Ngawi", "Tual")


# Answers


def test_answers_are_the_scores_of_a_model_that_saw_the_training_rows_alone():
    found = mixed()
    train, test = np.arange(40), np.arange(40, 60)
    answers = Fitted.on(TOPIC, found.take(train), CONFIG).answer(TOPIC, found, test)
    assert answers.rows.tolist() == test.tolist()
    model = Fitted.on(TOPIC, found.take(train), CONFIG).model
    assert np.allclose(answers.scores, model.decision_function(found.take(test).rows))
    labels = np.array(task_labels(TOPIC, found))
    assert labels[answers.scores.argmax(axis=1)].tolist() == found.truth[test].tolist()
    # A word of the tested rows alone is unknown to that model.
    assert "nomor45" not in topic_parameters(model).whole.terms


def test_rows_that_only_help_in_training_are_not_answered():
    asked = [i % 2 == 0 for i in range(60)]
    found = table([list(WORDS)[i % 3] for i in range(60)], is_eval=asked)
    answers = Fitted.on(TOPIC, found.take(np.arange(40)), CONFIG).answer(TOPIC, found, np.arange(40, 60))
    assert answers.rows.tolist() == list(range(40, 60, 2))
    assert len(answers.scores) == 10
    assert {len(labels) for labels in answers.baselines.values()} == {10}


def test_weights_count_in_training():
    topics = ["economy", "gossip"] * 10
    rows = [("saham", "warga")] * 20  # the same text with either label
    for heavy in ("economy", "gossip"):
        found = table(topics, weights=[10 if topic == heavy else 0.1 for topic in topics])
        found.rows[:] = rows
        assert Fitted.on(TOPIC, found, CONFIG).model.predict([("saham", "warga")]).tolist() == [heavy]


def test_from_a_row_without_weight_words_are_learnt_but_no_verdict():
    topics = ["economy", "gossip"] * 10
    background = table([*topics, *["gossip"] * 5], weights=[1] * 20 + [0] * 5)
    background.rows[20:] = [("saham", "kuartal laporan")] * 5
    plain, richer = (Fitted.on(TOPIC, table(topics), CONFIG).model, Fitted.on(TOPIC, background, CONFIG).model)
    row = [("saham emiten", "kuartal laporan")]
    assert plain.predict(row).tolist() == richer.predict(row).tolist() == ["economy"]
    known = [topic_parameters(model).whole.terms for model in (plain, richer)]
    assert ["kuartal" in words for words in known] == [False, True]


def test_articles_are_told_how_strange_they_were_to_the_model_that_never_saw_them():
    found = mixed()
    train, test = np.arange(40), np.arange(40, 60)
    model = Fitted.on(TOPIC, found.take(train), CONFIG).model
    answers = Fitted.on(TOPIC, found.take(train), CONFIG).answer(TOPIC, found, test)
    whole = topic_parameters(model).whole
    expected = out_of_domain(found.take(test).rows, whole.terms, whole.idf, CONFIG.topic.min_df)
    assert np.array_equal(answers.out_of_domain, expected)


def test_baselines_learn_from_the_training_rows_alone():
    topics = ["economy"] * 12 + ["gossip"] * 8 + ["gossip"] * 10
    publishers = ["Bursa"] * 12 + ["Seleb"] * 8 + ["Bursa"] * 5 + ["Seleb"] * 5
    answers = Fitted.on(TOPIC, table(topics, publishers).take(np.arange(20)), CONFIG).answer(
        TOPIC, table(topics, publishers), np.arange(20, 30)
    )
    assert set(answers.baselines) == {"majority", "publisher"}
    assert answers.baselines["majority"].tolist() == ["economy"] * 10
    assert answers.baselines["publisher"].tolist() == ["economy"] * 5 + ["gossip"] * 5


def test_a_label_that_a_fold_never_saw_is_never_its_answer():
    found = table(["economy", "gossip"] * 10 + ["sport"] * 5 + ["economy"] * 5)
    answers = Fitted.on(TOPIC, found.take(np.arange(20)), CONFIG).answer(TOPIC, found, np.arange(20, 30))
    assert task_labels(TOPIC, found) == ("economy", "gossip", "sport")
    assert answers.scores.shape == (10, 3)
    assert (answers.scores.argmax(axis=1) != 2).all()
    assert answers.scores[5:].argmax(axis=1).tolist() == [0] * 5


def test_training_rows_of_one_label_are_refused_with_the_reason():
    found = table(["economy"] * 10 + ["gossip"] * 10)
    told = r"topic: 10 training row\(s\) have one label, economy, .*`protocols = \[\"random\"\]` into"
    with pytest.raises(CorpusError, match=told):
        Fitted.on(TOPIC, found.take(np.arange(10)), CONFIG).answer(TOPIC, found, np.arange(10, 20))


def test_links_are_compared_with_a_threshold_on_the_overlap():
    things = ("Jembatan gantung", "Gedung sekolah", "Pasar ikan", "Kebun teh")
    titles = [f"{thing} di {place}" for place in ("Garut", "Bima", "Palu") for thing in things]
    rows = [(titles[i], f"Warga {i}", titles[(i + 5 * (i % 2)) % 12]) for i in range(12)]
    truth = [LINK_LABELS[i % 2] for i in range(12)]
    found = table(truth, rows=rows)
    answers = Fitted.on(LINK, found.take(np.arange(8)), CONFIG).answer(LINK, found, np.arange(8, 12))
    assert answers.scores.shape == (4,)
    assert not len(answers.out_of_domain)  # that is asked of articles alone
    assert answers.baselines["overlap"].tolist() == truth[8:]


# The definition: a plain scikit-learn pipeline


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_fold_is_what_its_pipeline_gives_when_fitted_from_scratch(task):
    titles = [f"{thing} di {place}" for thing in ("Jembatan", "Pasar") for place in PLACES]
    rows = {
        "topic": mixed().rows,
        "link": [(titles[i], f"Warga {i}.", titles[(i + i % 2) % 20]) for i in range(20)],
        "clickbait": [f"{title}{'?!' * (i % 2)}" for i, title in enumerate(titles)],
    }[task.name]
    labels = task.labels or ("economy", "gossip", "politics")
    truth = [labels[i % len(labels)] for i in range(len(rows))]
    found = table(truth, rows=rows, weights=[1 + i % 3 for i in range(len(rows))])
    train, test = np.arange(len(rows) - 6), np.arange(len(rows) - 6, len(rows))
    known = found.take(train)
    plain = task.build(CONFIG)
    weights = {"classify__sample_weight": known.weights}
    if task.name == "clickbait":
        weights["classify__publishers"] = known.publishers
    plain.fit(known.rows, known.truth, **weights)
    shared = replace(found, rows=Rows(found.rows))
    ours = Fitted.on(task, shared.take(train), CONFIG)
    asked = found.take(test).rows
    assert np.allclose(ours.model.predict_proba(asked), plain.predict_proba(asked), atol=2e-3)
    answers = ours.answer(task, shared, test)
    assert np.allclose(answers.scores, ours.model.decision_function(asked))


# The overlap threshold


def test_a_threshold_reached_is_related():
    assert overlap_labels([0.2, 0.5, 0.9], 0.5).tolist() == ["unrelated", "related", "related"]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=40))
def test_no_threshold_on_the_scores_is_much_better(rows):
    scores = np.array([score / 20 for score, _ in rows])
    positive = np.array([label for _, label in rows])
    macro = partial(f1_score, positive, average="macro", labels=[False, True], zero_division=0)
    best = macro(scores >= best_threshold(scores, positive))
    # Fewer scores than quantiles: each of them has been tried.
    assert best >= max(macro(scores >= score) for score in scores) - AS_GOOD - 1e-9


def test_a_threshold_hangs_on_no_single_rows():
    """Thirty draws of the same rows, whose macro-F1 is much the same from 0.4 to 0.6."""
    draw = np.random.default_rng(0)
    positive = draw.random(3000) < 0.5
    scores = np.clip(draw.normal(np.where(positive, 0.7, 0.3), 0.2), 0, 1)
    found = [best_threshold(scores[rows], positive[rows]) for rows in (draw.integers(0, 3000, 3000) for _ in range(30))]
    assert np.ptp(found) < 0.05


def test_a_small_part_has_as_much_say_in_a_threshold_as_a_large_one():
    scores = np.tile(np.linspace(0, 1, 11), 4)
    part = np.repeat(["large", "large", "large", "small"], 11)
    positive = scores >= np.where(part == "small", 0.8, 0.5)

    def macro(name, threshold):
        truth, said = positive[part == name], scores[part == name] >= threshold
        return f1_score(truth, said, average="macro", sample_weight=compute_sample_weight("balanced", truth))

    def gain(threshold):
        return macro("large", threshold) + macro("small", threshold)

    assert gain(best_threshold(scores, positive, part)) >= max(map(gain, scores)) - 2 * AS_GOOD
    assert best_threshold(scores, positive) < best_threshold(scores, positive & (part == "small"))


def test_a_threshold_of_parts_hangs_on_no_share_of_positive_rows():
    """However many positive rows there are of those with the same scores, the threshold stays."""
    draw = np.random.default_rng(0)
    found = []
    for share in (0.2, 0.6):
        positive = draw.random(4000) < share
        scores = np.clip(draw.normal(np.where(positive, 0.7, 0.3), 0.2), 0, 1)
        found.append((best_threshold(scores, positive), best_threshold(scores, positive, np.full(4000, "all"))))
    (few, few_alike), (many, many_alike) = found
    assert few - many > 0.05 > abs(few_alike - many_alike)


def test_a_part_of_one_label_alone_is_measured_as_it_is():
    scores, positive = np.array([0.1, 0.4, 0.6, 0.9]), np.ones(4, dtype=np.bool_)
    assert best_threshold(scores, positive, np.full(4, "all")) == best_threshold(scores, positive)


# The confidence to answer from

answers_of = st.lists(st.tuples(st.sampled_from([0.3, 0.5, 0.5, 0.8, 0.9, 1.0]), st.booleans()), min_size=1)


@given(answers_of, st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]))
def test_of_the_answered_rows_no_more_are_wrong_than_was_wished(rows, risk):
    confidence, right = (np.array(column) for column in zip(*rows, strict=True))
    answered = confidence >= confidence_for(confidence, right, risk)
    assert np.count_nonzero(~right[answered]) <= risk * np.count_nonzero(answered)


@given(answers_of, st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]))
def test_no_lower_confidence_would_do(rows, risk):
    confidence, right = (np.array(column) for column in zip(*rows, strict=True))
    found = confidence_for(confidence, right, risk)
    for lower in confidence[confidence < found]:
        assert (~right[confidence >= lower]).mean() > risk


def test_where_all_rows_may_be_answered_so_may_any_other():
    assert confidence_for(np.array([0.9, 0.4]), np.array([True, False]), 0.5) == 0


def test_where_none_may_be_none_is_sure_enough():
    assert confidence_for(np.array([1.0, 0.4]), np.array([False, True]), 0.1) > 1


def portals_of(*sizes_and_wrong):
    """Return confidences, right answers and the rows of each portal; the least sure of its answers are the wrong ones.

    Its answers are evenly sure from just below 1 down to 0.
    """
    sizes, wrong = zip(*sizes_and_wrong, strict=True)
    confidence = np.concatenate([1 - (np.arange(n) + 1) / n for n in sizes])
    right = np.concatenate([np.arange(n) < n - w for n, w in zip(sizes, wrong, strict=True)])
    which = np.repeat(np.arange(len(sizes)), sizes)
    return confidence, right, [which == at for at in range(len(sizes))]


def test_a_portal_of_many_rows_does_not_pay_for_the_others():
    confidence, right, portals = portals_of((1000, 0), (200, 20), (200, 20))
    assert confidence_for(confidence, right, 0.05) == 0
    found = confidence_for(confidence, right, 0.05, portals)
    shares = [(~right[rows & (confidence >= found)]).mean() for rows in portals]
    assert 0.04 < np.mean(shares) <= 0.05


def test_of_a_portal_that_is_surely_worse_than_promised_fewer_are_answered():
    confidence, right, portals = portals_of((1000, 0), (1000, 0), (200, 40))
    found = confidence_for(confidence, right, 0.05, portals)
    assert confidence_for(confidence, right, 0.05, portals[:2]) == 0 < found < 0.2
    assert (~right[portals[2] & (confidence >= found)]).mean() < 0.2


def test_a_small_portal_with_some_bad_luck_does_not_decide():
    confidence, right, portals = portals_of((1000, 20), (1000, 20), (100, 9))  # 9 where 5 may be
    assert confidence_for(confidence, right, 0.05, portals) == 0


@given(answers_of, st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]), st.integers(0, 2**9))
def test_portals_never_lower_the_confidence(rows, risk, seed):
    confidence, right = (np.array(column) for column in zip(*rows, strict=True))
    which = np.random.default_rng(seed).integers(3, size=len(rows))
    found = confidence_for(confidence, right, risk, [which == at for at in range(3)])
    assert found >= confidence_for(confidence, right, risk)


# What probabilities should be


def test_the_right_label_should_have_probability_one():
    found = label_targets(table(["sport", "economy"]), ("economy", "gossip", "sport"))
    assert found.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_of_two_labels_each_should_have_the_share_of_those_who_gave_it():
    votes = table(["clear", "clickbait", "clear"], shares=[0.75, 0.6, np.nan])
    assert label_targets(votes, CLICKBAIT_LABELS).tolist() == [[0.75, 0.25], [0.4, 0.6], [1, 0]]


# Reports


def drawn(n=300):
    """Scores with labels drawn with the probabilities they stand for."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=n) * 2
    clickbait = rng.random(n) < 1 / (1 + np.exp(-scores))
    return scores, np.array(CLICKBAIT_LABELS)[clickbait.astype(int)]


def reported(probabilities, found, **options):
    every = np.arange(len(found))
    columns = {"labels": CLICKBAIT_LABELS, "groups": every, "split": "test"} | options
    return held_out(CLICKBAIT, found, every, np.asarray(probabilities, dtype=float), **columns).report({})


def test_a_threshold_decides_between_two_labels_one_for_all_rows_or_one_each():
    found = table(["clear", "clear", "clickbait", "clickbait"])
    probabilities = [[0.9, 0.1], [0.6, 0.4], [0.6, 0.4], [0.1, 0.9]]
    for threshold, confusion in [
        (0.5, ((2, 0), (1, 1))),
        (0.4, ((1, 1), (0, 2))),
        (np.array([0.5, 0.5, 0.4, 0.4]), ((2, 0), (0, 2))),
    ]:
        assert reported(probabilities, found, threshold=threshold).confusion == confusion


def test_a_report_tells_how_often_one_annotator_agrees_with_the_rest():
    probabilities = [[0.9, 0.1], [0.2, 0.8]]
    votes = table(["clear", "clickbait"], shares=[1.0, 0.6])
    assert reported(probabilities, votes).human == pytest.approx(0.8)
    assert reported(probabilities, table(["clear", "clickbait"])).human is None


def test_a_report_holds_the_rows_asked_about_and_predicts_the_most_probable():
    scores, truth = drawn(60)
    found = table(truth.tolist(), ["Portal"] * 60)
    rows = np.arange(20, 60)
    probabilities = np.column_stack([1 / (1 + np.exp(scores)), 1 / (1 + np.exp(-scores))])[rows]
    answered = held_out(
        CLICKBAIT, found, rows, probabilities, labels=CLICKBAIT_LABELS, groups=np.arange(60), split="test"
    )
    report = answered.report({"majority": np.full(40, "clear")})
    assert (report.name, report.split, report.n) == ("clickbait", "test", 40)
    expected = (np.array(CLICKBAIT_LABELS)[(scores[rows] > 0).astype(int)] == truth[rows]).mean()
    assert report.accuracy.value == pytest.approx(expected)


def test_a_task_s_labels_are_its_own_or_those_of_the_table():
    found = table(["sport", "economy", "sport"])
    assert task_labels(TOPIC, found) == ("economy", "sport")
    assert task_labels(LINK, found) == LINK_LABELS
