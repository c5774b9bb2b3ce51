"""The three questions as tables: which rows each asks about, and what is right."""

from dataclasses import replace

import numpy as np
import pytest

from saring.config import LinkConfig, TopicConfig, TrainConfig
from saring.parsing.engine import parse
from saring.training.corpus import LabelledArticle, LabelledLink
from saring.training.tasks import CLICKBAIT_LABELS, LINK_LABELS, TASKS

TOPIC, LINK, CLICKBAIT = TASKS


def article(title="Harga Telur Turun", body="Pedagang lega.", publisher="Warta Lumbung"):
    return parse({"title": title, "text": body, "publisher": publisher})


EGGS = LabelledArticle(
    article(),
    topic="economy",
    clickbait=False,
    links=(
        LabelledLink("Peternak Telur Merugi", related=True, clickbait=False),
        LabelledLink("Artis Ini Ternyata...", related=False, clickbait=True),
        LabelledLink("Nobody Judged This", related=None),
    ),
)
UNLABELLED_TOPIC = LabelledArticle(article("Banjir Surut"), clickbait=True)
PLAIN = LabelledArticle(article("Timnas Menang"), topic="other")
ARTICLES = [EGGS, UNLABELLED_TOPIC, PLAIN]


def table(task, articles=ARTICLES, **topic):
    return task.table(articles, TrainConfig(topic=TopicConfig(**{"other": 1.0} | topic)))


def test_the_questions_are_topic_link_and_clickbait():
    assert [task.name for task in TASKS] == ["topic", "link", "clickbait"]
    assert (TOPIC.labels, LINK.labels, CLICKBAIT.labels) == ((), LINK_LABELS, CLICKBAIT_LABELS)
    # scikit-learn keeps classes in the order of the alphabet; columns rely on it.
    assert list(LINK_LABELS) == sorted(LINK_LABELS)
    assert list(CLICKBAIT_LABELS) == sorted(CLICKBAIT_LABELS)


# Topic


def test_topic_asks_of_each_article_that_has_one():
    found = table(TOPIC, headline_weight=0.0)
    assert found.rows == [("Harga Telur Turun", "Pedagang lega."), ("Timnas Menang", "Pedagang lega.")]
    assert found.truth.tolist() == ["economy", "other"]
    assert found.articles.tolist() == [0, 2]
    assert found.is_eval.all()


def test_related_headlines_help_topic_training_and_are_not_asked_about():
    found = table(TOPIC, headline_weight=0.25)
    assert found.rows[1] == ("Peternak Telur Merugi", "")
    assert found.truth.tolist() == ["economy", "economy", "other"]
    assert found.weights.tolist() == [1, 0.25, 1]
    assert found.is_eval.tolist() == [True, False, True]
    assert found.articles.tolist() == [0, 0, 2]  # in a split the headline goes with its article


def test_a_topic_by_section_is_no_question_and_is_not_trained_on():
    section = LabelledArticle(article("Saham Naik"), topic="economy", topic_source="section")
    assert len(table(TOPIC, [section, PLAIN])) == 1


def test_a_topic_whose_reader_was_not_sure_weighs_less_and_so_do_its_headlines():
    found = table(TOPIC, [replace(EGGS, kind="unsure"), replace(PLAIN, kind="sure")], headline_weight=0.5, unsure=0.25)
    assert found.weights.tolist() == [0.25, 0.125, 1]
    assert found.is_eval.tolist() == [True, False, True]  # it is asked about all the same


def test_articles_of_the_topic_of_all_the_rest_weigh_more_in_training():
    found = table(TOPIC, headline_weight=0.25, other=2.0)
    assert found.truth.tolist() == ["economy", "economy", "other"]
    assert found.weights.tolist() == [1, 0.25, 2]


# Links


def test_link_asks_of_each_headline_somebody_judged_beside_its_article():
    found = table(LINK)
    assert found.rows == [
        ("Harga Telur Turun", "Pedagang lega.", "Peternak Telur Merugi"),
        ("Harga Telur Turun", "Pedagang lega.", "Artis Ini Ternyata..."),
    ]
    assert found.truth.tolist() == ["related", "unrelated"]
    assert found.publishers.tolist() == ["Warta Lumbung"] * 2


def test_a_headline_is_compared_with_the_body_not_with_its_own_teaser_line():
    headline = "Peternak Telur di Ciamis Merugi Lagi"
    labelled = LabelledArticle(
        article(body=f"Pedagang lega.\nBaca Juga: {headline}\nPasokan aman."),
        links=(LabelledLink(headline, related=True),),
    )
    ((_, body, asked),) = table(LINK, [labelled]).rows
    assert (asked, body) == (headline, "Pedagang lega.\nPasokan aman.")


def test_a_link_has_the_grade_that_its_readers_gave():
    links = (LabelledLink("A B", related=True, grade=1.5), LabelledLink("C D", related=False))
    found = table(LINK, [LabelledArticle(article(), links=links)])
    assert found.grades.tolist() == [1.5, pytest.approx(np.nan, nan_ok=True)]


def test_articles_without_judged_links_are_background_where_that_is_wanted():
    config = TrainConfig(link=LinkConfig(background=True))
    found = LINK.table(ARTICLES, config)
    assert found.rows[2:] == [("Banjir Surut", "Pedagang lega.", ""), ("Timnas Menang", "Pedagang lega.", "")]
    assert found.weights.tolist() == [1, 1, 0, 0]
    assert found.is_eval.tolist() == [True, True, False, False]
    assert len(table(LINK)) == 2


# Clickbait


def test_clickbait_asks_of_titles_and_headlines_alike():
    found = table(CLICKBAIT)
    assert found.rows == ["Harga Telur Turun", "Peternak Telur Merugi", "Artis Ini Ternyata...", "Banjir Surut"]
    assert found.truth.tolist() == ["clear", "clear", "clickbait", "clickbait"]
    assert found.articles.tolist() == [0, 0, 0, 1]


def test_an_article_without_a_title_gives_no_headline():
    untitled = LabelledArticle(parse({"title": "", "text": "lowercase body."}), clickbait=True)
    assert not len(table(CLICKBAIT, [untitled]))


@pytest.mark.parametrize(("clickbait", "votes"), [(True, 0.75), (False, 0.25)])
def test_annotators_of_two_minds_teach_both_labels_by_their_share(clickbait, votes):
    voted = LabelledArticle(article(), clickbait=clickbait, clickbait_share=votes)
    found = table(CLICKBAIT, [voted])
    assert found.rows == ["Harga Telur Turun"] * 2
    assert found.truth.tolist() == [CLICKBAIT_LABELS[clickbait], CLICKBAIT_LABELS[not clickbait]]
    assert found.weights.tolist() == [0.75, 0.25]
    assert found.is_eval.tolist() == [True, False]
    assert found.shares[0] == 0.75


def test_annotators_of_one_mind_teach_one_label():
    voted = LabelledArticle(article(), clickbait=False, clickbait_share=0.0)
    found = table(CLICKBAIT, [voted])
    assert (found.truth.tolist(), found.weights.tolist()) == (["clear"], [1])
    assert found.shares.tolist() == [1]
    assert np.isnan(table(CLICKBAIT).shares).all()  # nobody counted


# Tables


def test_rows_know_the_day_and_the_corpus_of_their_article():
    dated = parse({"title": "A B", "text": "Isi berita.", "published": "2024-03-05T10:00+07:00"})
    rows = [LabelledArticle(dated, topic="other", corpus="own"), PLAIN]
    found = table(TOPIC, rows)
    assert found.days.tolist() == ["2024-03-05", ""]
    assert found.corpora.tolist() == ["own", ""]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_corpus_without_the_labels_gives_an_empty_table(task):
    found = table(task, [LabelledArticle(article())])
    assert len(found) == 0
    assert found.truth.dtype.kind == "U"
    assert len(found.take(found.is_eval)) == 0


@pytest.mark.parametrize("chosen", [np.array([True, False, True]), np.array([0, 2])])
def test_rows_are_taken_by_a_mask_or_by_their_numbers(chosen):
    found = table(TOPIC, headline_weight=0.25).take(chosen)
    assert len(found) == 2
    assert found.rows[1][0] == "Timnas Menang"
    assert found.truth.tolist() == ["economy", "other"]
    assert found.weights.tolist() == [1, 1]
    assert found.articles.tolist() == [0, 2]
    assert found.is_eval.all()
    assert len(found.publishers) == 2


def test_rows_may_be_taken_in_another_order_and_more_than_once():
    found = table(TOPIC, headline_weight=0.0).take(np.array([1, 1, 0]))
    assert found.truth.tolist() == ["other", "other", "economy"]
