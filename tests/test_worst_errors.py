"""The worst errors with the words behind them, whose weights add up to the score."""

import re
from dataclasses import replace

import numpy as np
import pytest

from saring import store
from saring.evaluation.heldout import from_arrays
from saring.models.contributions import clickbait_contributions, topic_contributions
from saring.models.pipelines import clickbait_parameters, topic_parameters
from saring.training.corpus import read_corpus
from saring.training.worst_errors import worst_errors

TEXTS = [
    ("Rupiah Menguat, Saham Bank Naik", "Rupiah menguat terhadap dolar AS. Saham bank naik, kata analis bank."),
    ("5 Artis Ini Ternyata Pernah Jadi Sopir!", ""),
    ("", "Presiden bertemu perdana menteri di Tokyo untuk membahas gencatan senjata."),
    ("", "zzz qqq"),
]


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return store.load(bundle_folder)


@pytest.fixture(scope="module")
def articles(small_corpus):
    return read_corpus(small_corpus)


@pytest.fixture(scope="module")
def errors(bundle, articles):
    return worst_errors(bundle, from_arrays(bundle.heldout), articles)


@pytest.mark.parametrize("text", TEXTS, ids=["article", "headline", "body", "unknown words"])
def test_what_words_add_to_topics_adds_up_to_the_decision(pipelines, text):
    model = topic_parameters(pipelines["topic"])
    total = sum(topic_contributions(model)(*text).values(), model.intercept)
    assert total == pytest.approx(pipelines["topic"].decision_function([text])[0], abs=1e-9)


@pytest.mark.parametrize("headline", [title for title, _ in TEXTS if title])
def test_what_tokens_add_to_clickbait_adds_up_to_the_decision(pipelines, headline):
    model = clickbait_parameters(pipelines["clickbait"])
    total = sum(clickbait_contributions(model)(headline).values(), np.array([model.intercept]))
    assert total == pytest.approx(pipelines["clickbait"].decision_function([headline]), abs=1e-9)


def test_errors_are_wrong_answers_of_held_out_rows_the_surest_first(errors, bundle):
    assert {error.task for error in errors} == {"topic", "link", "clickbait"}
    assert all(error.truth != error.predicted for error in errors)
    for task in ("topic", "link", "clickbait"):
        sure = [error.p_predicted for error in errors if error.task == task]
        assert sure == sorted(sure, reverse=True)
    rows = {(one.task, str(key)) for one in from_arrays(bundle.heldout) for key in one.ids}
    assert {(error.task, error.id) for error in errors} <= rows


def test_each_row_is_told_once_and_no_task_more_often_than_wanted(errors, bundle, articles):
    assert len({(e.task, e.id, e.text) for e in errors}) == len(errors)
    few = worst_errors(bundle, from_arrays(bundle.heldout), articles, most=2)
    assert [few.count(error) for error in few] == [1] * 6
    assert few[:2] == [error for error in errors if error.task == "topic"][:2]


def words_of(why):
    return re.findall(r"'(.+?)' [+-]", why)


def test_a_topic_is_explained_by_words_of_the_article_or_domains(errors, articles):
    texts = {one.article.id: f"{one.article.title} {one.article.body}".lower() for one in articles}
    for error in (error for error in errors if error.task == "topic"):
        words = words_of(error.why)
        assert words
        assert all(word.startswith("[") or word in texts[error.id] for word in words)


def test_a_link_is_explained_by_what_it_shares_and_a_headline_by_its_tokens(errors):
    link = next(error for error in errors if error.task == "link")
    assert link.why.startswith("shares ")
    assert " / " in link.text
    for bait in (error for error in errors if error.task == "clickbait"):
        tokens = {token for word in words_of(bait.why) for token in word.split()} - {"(begin)", "(end)", "0"}
        assert all(token in bait.text.lower() for token in tokens)


def test_without_the_articles_there_are_figures_and_no_texts(errors, bundle):
    bare = worst_errors(bundle, from_arrays(bundle.heldout), [])
    assert bare == [replace(error, text="", why="") for error in errors]


def test_answers_that_another_model_gave_are_not_this_ones_errors(errors, bundle, articles):
    heldout = from_arrays(bundle.heldout)
    others = [replace(one, by="0123456789ab") for one in heldout]
    assert worst_errors(bundle, heldout + others, articles) == errors
    assert worst_errors(bundle, others, articles) == []
