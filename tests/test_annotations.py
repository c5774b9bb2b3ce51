"""The annotation layers: what data/annotations/README.md says of them is true."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from saring.importing.annotations import read_annotations

FOLDER = Path(__file__).parents[1] / "data" / "annotations"
TOPICS_FILE = FOLDER / "click-id-topics.csv"
LINKS_FILE = FOLDER / "click-id-links.csv"
SHEET = (FOLDER / "README.md").read_text(encoding="utf-8")
TOPICS = ("economy", "gossip", "international_politics", "other")
TWICE = 300  # rows at the start of each file that were read twice


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


topics = pytest.fixture(scope="module")(lambda: rows_of(TOPICS_FILE))
links = pytest.fixture(scope="module")(lambda: rows_of(LINKS_FILE))


def test_labels_are_of_their_sets(topics, links):
    assert {row["topic"] for row in topics} == set(TOPICS)
    assert {row["sure"] for row in topics} == {"True", "False"}
    assert {row["label"] for row in links} == {"0", "1", "2"}
    assert {row["topic_second"] for row in topics} == {*TOPICS, ""}
    assert {float(row["label_second"]) for row in links[:TWICE]} == {0, 1, 2}


def test_keys_are_twelve_hex_digits_and_name_each_thing_once(topics, links):
    keys = [row["article_key"] for row in topics + links] + [row["headline_key"] for row in links]
    assert all(re.fullmatch("[0-9a-f]{12}", key) for key in keys)
    assert len({(row["publisher"], row["article_key"]) for row in topics}) == len(topics)
    pairs = {(row["publisher"], row["article_key"], row["headline_key"]) for row in links}
    assert len(pairs) == len(links)
    assert all(row["article_key"] != row["headline_key"] for row in links)


def test_the_first_rows_were_read_twice_and_no_others(topics, links):
    for rows, column in ((topics, "topic_second"), (links, "label_second")):
        assert [bool(row[column]) for row in rows] == [n < TWICE for n in range(len(rows))]


def test_no_text_is_in_the_files(topics, links):
    longest = max(len(value) for row in topics + links for value in row.values())
    assert longest <= len("international_politics")


def test_the_importer_reads_every_label():
    found = read_annotations({"topics": TOPICS_FILE, "links": LINKS_FILE})
    assert found.labels == len(rows_of(TOPICS_FILE)) + len(rows_of(LINKS_FILE))


def counted(topics, links):
    """The lines of the sheet's tables of counts."""
    sure = {name: Counter(r["sure"] for r in topics if r["topic"] == name) for name in TOPICS}
    sure["all"] = Counter(row["sure"] for row in topics)
    labels = Counter(row["label"] for row in links)
    labels["all"] = labels.total()
    return [
        *(f"| {name} | {of['True']} | {of['False']} | {of.total()} |" for name, of in sure.items()),
        *(f"| {name} | {labels[name]} |" for name in ("0", "1", "2", "all")),
    ]


def agreement(topics, links):
    """The lines of the sheet's table of agreement."""
    twice = [(r["topic"], r["topic_second"], r["sure"]) for r in topics[:TWICE]]
    grades = [(int(r["label"]), int(float(r["label_second"]))) for r in links[:TWICE]]
    readings = {
        "topic": [(first, second) for first, second, _ in twice],
        "topic, sure": [(first, second) for first, second, sure in twice if sure == "True"],
        "link, 0, 1 or 2": grades,
        "link, related or not": [(first >= 1, second >= 1) for first, second in grades],
    }
    for name, pairs in readings.items():
        same = sum(first == second for first, second in pairs) / len(pairs)
        kappa = cohen_kappa_score(*zip(*pairs, strict=True))
        yield f"| {name} | {len(pairs)} | {same:.1%} | {kappa:.3f} |"


def test_the_sheet_s_tables_say_what_the_files_hold(topics, links):
    expected = [*counted(topics, links), *agreement(topics, links)]
    assert [line for line in SHEET.splitlines() if line in expected] == expected
    assert len(re.findall(r"^\| .* \| [\d.]+ \|$", SHEET, re.M)) == len(expected)


def test_the_sheet_s_sentences_say_what_the_files_hold(topics, links):
    sheet = " ".join(SHEET.split())
    articles = {(row["publisher"], row["article_key"]) for row in links}
    for sentence in (
        f"Topics of {len(topics):,} articles and judgements of {len(links):,} pairs",
        f"The pairs belong to {len(articles):,} articles of seven publishers",
    ):
        assert sentence in sheet
    assert len({row["publisher"] for row in links}) == 7
    assert len({row["publisher"] for row in topics}) == 9
