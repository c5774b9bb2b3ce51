"""Label issues: labels that were turned on purpose come first, and nobody vouches for his own label."""

import csv
from dataclasses import replace

import orjson
import pytest
from joblib import parallel_config

from saring.cli.commands import main
from saring.config import LinkConfig, TrainConfig
from saring.errors import CorpusError
from saring.training.corpus import read_corpus
from saring.training.label_issues import COLUMNS, LabelIssue, LabelIssues, find_label_issues, held_out_issues
from saring.training.trainer import make_jobs, measure

CONFIG = TrainConfig(folds=3, link=LinkConfig(dimensions=20))
TURNED = {"economy": "gossip", "gossip": "economy", "international_politics": "gossip"}
EVERY = 20  # so many articles to one whose label is turned


@pytest.fixture(scope="module")
def articles(small_corpus):
    return read_corpus(small_corpus)


def label_issues(articles, question="topic", config=CONFIG, **options):
    with parallel_config("sequential"):
        return find_label_issues(articles, config, question, **options)


def turn(articles, **changes):
    """The articles with some topics turned, and the ids of those."""
    clear = [i for i, a in enumerate(articles) if a.topic in TURNED]
    chosen = set(clear[::EVERY])
    turned = [replace(a, topic=TURNED[a.topic], **changes) if i in chosen else a for i, a in enumerate(articles)]
    return turned, {articles[i].article.id for i in chosen}


# What is listed


def test_the_answers_that_training_has_already_name_the_turned_labels_too(articles):
    turned, ids = turn([replace(a, split="train") for a in articles])
    with parallel_config("sequential"):
        made = measure(
            make_jobs(turned, replace(CONFIG, protocols=("publisher-out", "random"))), CONFIG, lambda *_: None
        )
        heldout = [one for found in made for one in found.heldout]
    found = held_out_issues(heldout, turned, most=2 * len(ids))
    assert list(found) == ["topic", "link", "clickbait"]
    assert len({issue.id for issue in found["topic"]} & ids) >= len(ids) - 1
    assert [i.p_label for i in found["topic"]] == sorted(i.p_label for i in found["topic"])
    assert all(issue.headline and issue.title for issue in found["link"])
    assert held_out_issues(heldout, []) == {"topic": [], "link": [], "clickbait": []}


def test_turned_labels_come_first(articles):
    turned, ids = turn(articles)
    found = label_issues(turned)
    assert len(ids) == 5
    first = [label_issue.id for label_issue in found.rows[: 2 * len(ids)]]
    assert ids <= set(first)
    right = {a.article.id: a.topic for a in articles}
    assert all(d.predicted == right[d.id] for d in found.rows if d.id in ids)


def test_labels_that_the_model_agrees_with_are_not_listed(articles):
    found = label_issues(articles)
    labels = {a.article.id: a.topic for a in articles}
    assert 0 < len(found.rows) < found.n_checked[""] == len(articles)
    for label_issue in found.rows:
        assert label_issue.label == labels[label_issue.id] != label_issue.predicted
        assert 0 < label_issue.p_label <= label_issue.p_predicted < 1
    assert [d.p_label for d in found.rows] == sorted(d.p_label for d in found.rows)


def test_a_copy_with_the_same_wrong_label_does_not_vouch_for_it(articles):
    turned, ids = turn(articles)
    wrong = [a for a in turned if a.article.id in ids]
    copies = [replace(a, article=replace(a.article, id=f"{a.article.id} copy")) for a in wrong]
    listed = {label_issue.id for label_issue in label_issues([*turned, *copies]).rows}
    assert ids | {f"{name} copy" for name in ids} <= listed


def test_headlines_and_pairs_are_checked_too(articles):
    headlines = {link.headline: a for a in articles for link in a.links}
    links = label_issues(articles, "link")
    assert set(links.n_checked) == {""}
    assert links.n_checked[""] == sum(len(a.links) for a in articles)
    for label_issue in links.rows:
        assert headlines[label_issue.headline].article.title == label_issue.title
        assert {label_issue.label, label_issue.predicted} == {"related", "unrelated"}
    headlines |= {a.article.title: a for a in articles}
    clickbait = label_issues(articles, "clickbait")
    assert {label_issue.headline for label_issue in clickbait.rows} <= set(headlines)
    assert {label_issue.label for label_issue in clickbait.rows} <= {"clear", "clickbait"}


# Sections


def by_section(articles, which=slice(None, None, 3)):
    """The articles, some of which have their topic from a section alone."""
    some = {a.article.id for a in articles[which]}
    return [replace(a, topic_source="section") if a.article.id in some else a for a in articles], some


def test_labels_of_sections_are_checked_and_train_nothing(articles):
    marked, some = by_section(articles)
    found = label_issues(marked)
    assert found.n_checked == {"section": len(some), "": len(articles) - len(some)}
    wrong = [replace(a, topic="gossip" if a.topic == "other" else "other") if a.topic_source else a for a in marked]
    listed = label_issues(wrong)
    section = {d.id for d in listed.rows if d.label_source == "section"}
    # No label of a section is right now; a model that was trained by them would agree with many.
    assert len(section) > 0.8 * len(some)


def test_where_there_are_only_labels_of_sections_they_are_compared_with_each_other(articles):
    turned, ids = turn(articles)
    found = label_issues(by_section(turned, slice(None))[0])
    assert set(found.n_checked) == {"section"}
    assert ids <= {label_issue.id for label_issue in found.rows}


def test_a_topic_that_only_sections_give_is_learned_from_them(articles):
    marked = [replace(a, topic_source="section" if a.topic == "gossip" else "") for a in articles]
    found = label_issues(marked)
    n = sum(label_issue.label_source == "section" for label_issue in found.rows)
    assert n < found.n_checked["section"] / 2


def test_chosen_articles_are_checked_and_trained_on(articles):
    turned, ids = turn(articles, topic_source="chosen")
    found = label_issues(turned)
    assert found.n_checked["chosen"] == len(ids)
    assert {d.id for d in found.rows if d.label_source == "chosen"} == ids


# Told


def test_people_are_told_how_many_labels_of_each_source_are_flagged():
    row = LabelIssue("1", "Judul", "Portal", "", "other", "section", "gossip", 0.1, 0.8)
    assert LabelIssues((row,), {"": 2000, "section": 4}).lines() == [
        "read       2,000 labels      0 flagged (0.0%)",
        "section        4 labels      1 flagged (25.0%)",
    ]


def test_steps_are_told_up_to_the_last(articles):
    told = []
    label_issues(articles, progress=lambda *step: told.append(step))
    assert told == [("cross-validate", n, 3) for n in (1, 2, 3)]


def test_a_question_nobody_answered_is_an_error(articles):
    unread = [replace(a, topic="", links=()) for a in articles]
    with pytest.raises(CorpusError, match="topic: found no label among 127 article"):
        label_issues(unread)
    with pytest.raises(CorpusError, match="link: found no label"):
        label_issues(unread, "link")


# The command


@pytest.fixture
def flipped(small_corpus, tmp_path):
    """A corpus file in which one topic is turned, under a title that a spreadsheet would run."""
    rows = [orjson.loads(line) for line in small_corpus.read_bytes().splitlines()]
    row = next(row for row in rows if row["topic"] == "economy")
    row |= {"topic": "gossip", "title": f"=1+1 {row['title']}"}
    path = tmp_path / "flipped.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path, row["id"]


def test_the_command_writes_a_table_for_people(flipped, tmp_path, capfd):
    path, turned = flipped
    config = tmp_path / "quick.toml"
    config.write_text("folds = 3\n")
    out = tmp_path / "issues.csv"
    words = ["corpus", "label-issues", str(path), "--out", str(out), "--config", str(config)]
    with parallel_config("sequential"):
        assert main(words) == 0
    told = capfd.readouterr().err
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    [row] = [row for row in rows if row["id"] == turned]
    assert row["title"].startswith("'=1+1")
    assert (row["label"], row["predicted"]) == ("gossip", "economy")
    assert f"read         127 labels{len(rows):>7,} flagged" in told
    assert main(words) == 1  # what is there is kept, and nothing is worked out for it
    assert "is there already" in capfd.readouterr().err


def test_an_error_leaves_no_file(tmp_path, capfd):
    out = tmp_path / "issues.csv"
    assert main(["corpus", "label-issues", str(tmp_path / "none.jsonl"), "--out", str(out)]) == 1
    assert "none.jsonl" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
