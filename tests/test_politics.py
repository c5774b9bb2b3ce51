"""The articles on politics at home and abroad are what data/README.md says of them."""

from collections import Counter
from pathlib import Path

import pytest

from saring.training.corpus import read_corpus
from saring.training.splits import near_duplicate_groups

POLITICS = Path(__file__).parents[1] / "data" / "corpus" / "politics.jsonl"


@pytest.fixture(scope="module")
def articles():
    return read_corpus(POLITICS)


def test_topics_are_those_of_the_sheet(articles):
    assert Counter(a.topic for a in articles) == {"other": 55, "international_politics": 25}


def test_the_publisher_does_not_give_the_topic_away(articles):
    topics: dict[str, set[str]] = {}
    for a in articles:
        topics.setdefault(a.article.publisher, set()).add(a.topic)
    assert len(topics) == 12
    assert all(len(of) == 2 for of in topics.values())


def test_they_are_for_training_and_say_nothing_of_relatedness(articles):
    assert {a.split for a in articles} == {"train"}
    assert all(link.related is None for a in articles for link in a.links)


def test_dates_run_over_the_years(articles):
    assert {a.article.published[:4] for a in articles} == {str(year) for year in range(2012, 2027)}


def test_parsing_finds_the_labelled_teasers_and_no_others(articles):
    for a in articles:
        assert [link.headline for link in a.article.links] == [link.headline for link in a.links]


def test_none_is_like_another_or_like_the_corpus(articles, embedded_corpus):
    known = [f"{a.article.title}\n{a.article.text}" for a in read_corpus(embedded_corpus)]
    groups = near_duplicate_groups(known + [f"{a.article.title}\n{a.article.text}" for a in articles])
    own = groups[len(known) :]
    assert len(set(own)) == len(articles)
    assert not set(own) & set(groups[: len(known)])
