"""The embedded corpus: what data/README.md says of it is true, and no label is out of reach."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import orjson
import pytest

from saring.evaluation.measure import publisher_labels
from saring.training.corpus import read_corpus
from saring.training.splits import near_duplicate_groups

SHEET = Path(__file__).parents[1] / "data" / "README.md"
COLUMNS = {"id", "title", "text", "publisher", "date", "topic", "clickbait", "links", "split"}
TOPICS = ("economy", "gossip", "international_politics", "other")
SPLITS = ("train", "test")
MIN_FOUND = 0.999  # share of labelled links that parsing must find, letter for letter


@pytest.fixture(scope="module")
def rows(embedded_corpus):
    return [orjson.loads(line) for line in embedded_corpus.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def articles(embedded_corpus):
    return read_corpus(embedded_corpus)


# Schema and labels


def test_every_row_has_the_columns_and_their_types(rows):
    for row in rows:
        assert set(row) == COLUMNS, row["id"]
        for column in ("id", "title", "text", "publisher"):
            assert isinstance(row[column], str), (row["id"], column)
            assert row[column].strip(), (row["id"], column)
        assert 2017 <= date.fromisoformat(row["date"]).year <= 2025, row["id"]


def test_labels_are_of_their_sets(rows):
    assert {row["topic"] for row in rows} == set(TOPICS)
    assert {row["split"] for row in rows} == set(SPLITS)
    for row in rows:
        assert row["clickbait"] in (0, 1), row["id"]
        assert row["links"], row["id"]
        for link in row["links"]:
            assert set(link) == {"headline", "related", "clickbait"}, row["id"]
            assert isinstance(link["related"], bool), row["id"]
            assert link["clickbait"] in (0, 1), row["id"]


def test_ids_and_titles_are_given_once(rows):
    for column in ("id", "title"):
        assert max(Counter(row[column] for row in rows).values()) == 1


def test_no_line_is_left_blank_and_no_character_is_mangled(rows):
    for row in rows:
        assert all(line.strip() for line in row["text"].split("\n")), row["id"]
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffd]|â€|Ã", row["text"]), row["id"]


# Links


def test_every_labelled_headline_stands_in_its_text(rows):
    for row in rows:
        headlines = [link["headline"] for link in row["links"]]
        assert all(headline in row["text"] for headline in headlines), row["id"]
        assert len(set(headlines)) == len(headlines), row["id"]


def test_parsing_finds_the_labelled_links_and_no_others(articles):
    labelled = {(a.article.id, link.headline) for a in articles for link in a.links}
    parsed = {(a.article.id, link.headline) for a in articles for link in a.article.links}
    assert len(labelled & parsed) >= MIN_FOUND * len(labelled), labelled - parsed
    assert len(parsed - labelled) <= (1 - MIN_FOUND) * len(labelled), parsed - labelled


def test_no_labelled_headline_is_left_in_the_body(articles):
    left = [(a.article.id, link.headline) for a in articles for link in a.links if link.headline in a.article.body]
    assert len(left) <= (1 - MIN_FOUND) * sum(len(a.links) for a in articles), left


# Splits


def test_no_near_duplicates_cross_the_split(articles):
    groups = near_duplicate_groups([f"{a.article.title}\n{a.article.text}" for a in articles])
    sides = {split: {g for g, a in zip(groups, articles, strict=True) if a.split == split}
             for split in SPLITS}  # fmt: skip
    assert not sides["train"] & sides["test"]


def test_no_headline_stands_on_both_sides(rows):
    seen = {split: set() for split in SPLITS}
    for row in rows:
        seen[row["split"]] |= {row["title"], *(link["headline"] for link in row["links"])}
    assert not seen["train"] & seen["test"]


# The sheet


def counted(rows):
    """The lines of the sheet's tables, by what they count."""
    counts = {topic: Counter(r["split"] for r in rows if r["topic"] == topic) for topic in TOPICS}
    counts["all"] = Counter(row["split"] for row in rows)
    links = [(row["split"], link) for row in rows for link in row["links"]]
    for name, related in (("link, related", True), ("link, unrelated", False)):
        counts[name] = Counter(split for split, link in links if link["related"] == related)
    headlines = [(row["split"], row["clickbait"]) for row in rows]
    headlines += [(split, link["clickbait"]) for split, link in links]
    for name, clickbait in (("headline, clickbait", 1), ("headline, clear", 0)):
        counts[name] = Counter(split for split, label in headlines if label == clickbait)
    return [f"| {name} | {of['train']} | {of['test']} | {of.total()} |" for name, of in counts.items()]


def test_the_sheet_s_tables_say_what_the_file_holds(rows):
    sheet = SHEET.read_text(encoding="utf-8").splitlines()
    expected = counted(rows)
    assert [line for line in sheet if line in expected] == expected
    assert len([line for line in sheet if re.match(r"\| .* \| \d+ \|", line)]) == len(expected)


def test_the_sheet_s_sentences_say_what_the_file_holds(rows):
    sheet = " ".join(SHEET.read_text(encoding="utf-8").split())
    links = [link for row in rows for link in row["links"]]
    by_related = {value: [link["clickbait"] for link in links if link["related"] == value] for value in (True, False)}
    baits = {value: sum(labels) / len(labels) for value, labels in by_related.items()}
    publishers = {row["publisher"] for row in rows}
    for sentence in (
        f"{len(rows):,} Indonesian news articles with {len(links):,}",
        f"of {len(publishers)} invented publishers",
        f"About {sum(row['id'].startswith('mix-') for row in rows)} of them (ids `mix-`)",
        f"clickbait ({baits[True]:.0%}) than unrelated ones ({baits[False]:.0%}); "
        f"{len(by_related[True]) / len(links):.0%} of the links are related",
    ):
        assert sentence in sheet


def test_the_sheet_s_warning_of_publishers_is_measured(rows):
    known, tested = ([row for row in rows if row["split"] == split] for split in SPLITS)
    guessed = publisher_labels(
        [row["topic"] for row in known], [row["publisher"] for row in known], [row["publisher"] for row in tested]
    )
    from sklearn.metrics import f1_score

    score = f1_score([row["topic"] for row in tested], guessed, average="macro")
    assert f"macro-F1 of {score:.2f}" in SHEET.read_text(encoding="utf-8")
