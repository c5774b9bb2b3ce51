"""Two models side by side: what differs, on which rows, with which texts, and the answers to a reviewer's questions."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from bundles import CARD, TOPIC

from saring import store
from saring.errors import ConfigError
from saring.evaluation.comparison import BETTER, WORSE, verdict
from saring.evaluation.gate import Check
from saring.model_comparison import BOTH_WRONG, compare_models, confusion_difference
from saring.promotion import compare_bundles
from saring.training.corpus import read_corpus


@pytest.fixture(scope="module")
def a(bundle_folder):
    return store.load(bundle_folder)


@pytest.fixture(scope="module")
def b(other_bundle_folder):
    return store.load(other_bundle_folder)


@pytest.fixture(scope="module")
def articles(small_corpus):
    return read_corpus(small_corpus)


@pytest.fixture(scope="module")
def found(a, b, articles):
    return compare_models(a, b, articles, names=("sekarang", "usulan"))


def test_only_what_differs_is_among_the_settings(found):
    settings = {s.name: (s.a, s.b) for s in found.settings}
    assert settings["topic.C"] == ("10", "0.01")
    assert not {"topic.min_df", "sources", "data digest", "articles"} & set(settings)


def test_figures_are_those_of_the_review_before_promoting(found, a, b):
    of_review = {(c.challenger.name, c.challenger.subset): c.difference for c in compare_bundles(a, b)}
    assert {(c.challenger.name, c.challenger.subset): c.difference for c in found.comparisons} == of_review
    assert {split for _, split in of_review} == {"publisher-out", "test"}


def test_every_answer_that_differs_is_there_once_with_its_outcome(found):
    topics = [one for one in found.changed if one.task == "topic"]
    expected = {
        int(c.answers[1].keys[row]) for c in found.comparisons if c.challenger.name == "topic" for row in c.changed
    }
    assert len(topics) == len(expected) > 10
    for one in topics:
        assert one.a != one.b
        assert one.outcome == {one.b: BETTER, one.a: WORSE}.get(one.truth, BOTH_WRONG)
        assert 0 < one.p_a <= 1
        assert 0 < one.p_b <= 1


def test_of_many_answers_as_many_of_each_outcome_are_shown_the_surest_first(found):
    shown = found.surest(9)
    sizes = Counter(one.outcome for one in shown)
    assert len(shown) == 9
    for outcome in (BETTER, WORSE, BOTH_WRONG):
        all_of_it = [one for one in found.changed if one.outcome == outcome]
        assert sizes[outcome] >= min(3, len(all_of_it))
        assert [one for one in shown if one.outcome == outcome] == all_of_it[: sizes[outcome]]
    assert found.surest(10**6) == list(found.changed)


def test_texts_are_those_of_the_given_articles_and_absent_without_them(found, a, b, articles):
    by_id = {one.article.id: one.article for one in articles}
    topics = [one for one in found.changed if one.task == "topic"]
    assert all(one.text.title == by_id[one.id].title and one.text.body == by_id[one.id].body for one in topics)
    assert {one.text for one in compare_models(a, b).changed} == {None}


def test_the_confusion_difference_is_b_less_a_and_keeps_the_rows(found):
    for c in found.comparisons:
        difference = confusion_difference(c)
        assert (difference.sum(axis=1) == 0).all()
        wrong = c.challenger.n * (c.champion.accuracy.value - c.challenger.accuracy.value)
        assert np.trace(difference) == pytest.approx(-wrong)


def test_three_questions_are_answered_in_sentences_with_numbers(found):
    (_, best), (_, real), (_, may) = found.answers
    topic = next(c for c in found.comparisons if (c.challenger.name, c.challenger.subset) == ("topic", "publisher-out"))
    assert topic.outcome == WORSE
    assert f"topic: sekarang is better, macro-F1 {topic.challenger.macro_f1.value:.3f} of usulan" in best
    assert "sekarang is better beyond the 95% interval at topic, publisher-out" in real
    assert may.startswith("No, usulan may not take the place of sekarang: ")


def test_a_threshold_that_does_not_hold_is_told_once(found):
    failed = Check("topic", "macro_f1", 0.93, 0.5, "test")
    below = replace(found, checks=(failed,), verdict=verdict(found.comparisons, [failed]))
    assert below.answers[2][1].count(str(failed)) == 1
    assert below.answers[2][1].endswith("below 0.93 (test).")


def test_the_other_way_round_the_figures_turn_their_sign(found, a, b):
    turned = {(c.challenger.name, c.challenger.subset): c.difference.value for c in compare_models(b, a).comparisons}
    for c in found.comparisons:
        assert turned[c.challenger.name, c.challenger.subset] == pytest.approx(-c.difference.value)


def test_tables_fit_a_terminal_of_80_columns_and_say_which_is_a(found):
    settings, figures, *_, changed = map(str, found.tables())
    assert all(len(line) <= 80 for table in (figures, changed) for line in table.splitlines()[:-1])
    assert "A: sekarang" in settings
    assert "A better" in figures
    assert "where A alone is" in changed


def test_both_are_asked_about_labelled_articles_that_neither_was_trained_on(a, b, articles):
    mine = [
        replace(
            one, article=replace(one.article, title=f"Kilas: {one.article.title}", text=f"Kabar. {one.article.text}")
        )
        for one in articles[:40]
    ]
    found = compare_models(a, b, mine, on="mine")
    compared = {c.challenger.split: c.challenger.n for c in found.comparisons if c.challenger.name == "topic"}
    assert compared["mine"] == sum(bool(one.topic) for one in mine)
    known = compare_models(a, b, articles, on="again")  # the test split is compared already, the rest was trained on
    assert "again" not in {c.challenger.split for c in known.comparisons if c.challenger.name == "topic"}


def test_a_model_compared_with_itself_may_not_take_its_own_place(a):
    found = compare_models(a, a)
    assert (found.settings, found.changed) == ((), ())
    assert not found.verdict.may
    assert "the same answers to every row" in found.answers[0][1]


def test_models_without_rows_in_common_say_so(a, tmp_path):
    labels = {**CARD["labels"], "topic": list(a.card["labels"]["topic"])}
    four = {
        f: replace(getattr(TOPIC, f), coef=np.tile(getattr(TOPIC, f).coef, (2, 1))) for f in ("whole", "title", "lead")
    }
    topic = replace(TOPIC, **four, domains=np.zeros((4, 0)), intercept=np.zeros(4))
    other = store.load(store.save(tmp_path / "uji", {"topic": topic}, CARD | {"labels": labels}))
    found = compare_models(other, a)
    assert [said.partition(":")[0] for _, said in found.answers[:2]] == ["Not known", "Not known"]
    assert not found.verdict.may


def test_models_of_other_topics_are_refused_with_the_reason(a, tmp_path):
    other = store.load(store.save(tmp_path / "uji", {"topic": TOPIC}, CARD))
    with pytest.raises(ConfigError, match=r"A has the topics economy, gossip.*B has economy, other; expected the same"):
        compare_models(a, other)


def test_tasks_that_cannot_be_compared_on_unseen_publishers_are_named(found):
    topics = replace(found, comparisons=tuple(c for c in found.comparisons if c.challenger.name == "topic"))
    assert "link, clickbait: not known, as the two share no answers under publisher-out" in topics.answers[0][1]
