"""The articles on the borders between topics are what data/README.md says of them."""

from collections import Counter
from pathlib import Path

import pytest

from saring.training.corpus import read_corpus
from saring.training.splits import near_duplicate_groups

DATA = Path(__file__).parents[1] / "data"
TOPICS = {"economy": 65, "gossip": 67, "international_politics": 71, "other": 134}


@pytest.fixture(scope="module")
def articles():
    return read_corpus(DATA / "corpus" / "borders.jsonl")


def test_topics_are_those_of_the_sheet(articles):
    assert Counter(a.topic for a in articles) == TOPICS


def test_the_publisher_does_not_give_the_topic_away(articles):
    topics: dict[str, set[str]] = {}
    for a in articles:
        topics.setdefault(a.article.publisher, set()).add(a.topic)
    assert len(topics) == 40
    assert min(len(of) for of in topics.values()) >= 4


def test_they_are_for_training_and_their_teasers_have_both_labels(articles):
    assert {a.split for a in articles} == {"train"}
    for a in articles:
        assert all(link.related is not None and link.clickbait is not None for link in a.links), a.article.id


def test_dates_run_over_the_years(articles):
    years = Counter(a.article.published[:4] for a in articles)
    assert set(years) == {str(year) for year in range(2012, 2027)}
    assert min(years.values()) >= 19


def test_parsing_finds_the_labelled_teasers_and_no_others(articles):
    for a in articles:
        assert [link.headline for link in a.article.links] == [link.headline for link in a.links], a.article.id


def test_none_is_like_another_or_like_the_other_corpora(articles, embedded_corpus):
    others = [a for path in (embedded_corpus, DATA / "corpus" / "politics.jsonl") for a in read_corpus(path)]
    known = [f"{a.article.title}\n{a.article.text}" for a in others]
    groups = near_duplicate_groups(known + [f"{a.article.title}\n{a.article.text}" for a in articles])
    own = groups[len(known) :]
    assert len(set(own)) == len(articles)
    assert not set(own) & set(groups[: len(known)])


def test_the_sheet_says_how_many(articles):
    sheet = " ".join((DATA / "README.md").read_text(encoding="utf-8").split())
    counts = ", ".join(f"{name} {count}" for name, count in TOPICS.items())
    links = sum(len(a.links) for a in articles)
    related = sum(link.related for a in articles for link in a.links) / links
    unsure = sum(a.kind == "unsure" for a in articles)
    assert f"{len(articles)} more articles" in sheet
    assert f"({counts})" in sheet
    assert f"({links}, {related:.0%} related)" in sheet
    assert f"in {unsure} rows" in sheet
