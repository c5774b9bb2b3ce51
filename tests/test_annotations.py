"""The annotation layers: what data/annotations/README.md says of them is true."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from saring.datasets.recipe import read_annotations

FOLDER = Path(__file__).parents[1] / "data" / "annotations"
TOPICS_FILE = FOLDER / "click-id-topics.csv"
CHOSEN_FILE = FOLDER / "click-id-topics-chosen.csv"
LINKS_FILE = FOLDER / "click-id-links.csv"
SHEET = (FOLDER / "README.md").read_text(encoding="utf-8")
TOPICS = ("economy", "gossip", "international_politics", "other")
TWICE = 300  # rows at the start of two files that were read twice
OVERRULED = 32  # pairs whose first label two later readers found wrong
UNSURE, DRAWN = 2000, 863  # of the third file: by doubt of a model, then drawn; the rest by doubt again
SHEET_ROWS, SHEET_TWICE = 478, 40  # the third was read in six sheets, the start of each twice


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


topics = pytest.fixture(scope="module")(lambda: rows_of(TOPICS_FILE))
chosen = pytest.fixture(scope="module")(lambda: rows_of(CHOSEN_FILE))
links = pytest.fixture(scope="module")(lambda: rows_of(LINKS_FILE))


def test_labels_are_of_their_sets(topics, chosen, links):
    for read in (topics, chosen):
        assert {row["topic"] for row in read} == set(TOPICS)
        assert {row["sure"] for row in read} == {"True", "False"}
        assert {row["topic_second"] for row in read} == {*TOPICS, ""}
    assert {row["label"] for row in links} == {"0", "1", "2"}
    assert {float(row["label_second"]) for row in links[:TWICE]} == {0, 1, 2}


def test_keys_are_twelve_hex_digits_and_name_each_thing_once(topics, chosen, links):
    keys = [row["article_key"] for row in topics + chosen + links]
    keys += [row["headline_key"] for row in links]
    assert all(re.fullmatch("[0-9a-f]{12}", key) for key in keys)
    read = topics + chosen
    assert len({(row["publisher"], row["article_key"]) for row in read}) == len(read)
    pairs = {(row["publisher"], row["article_key"], row["headline_key"]) for row in links}
    assert len(pairs) == len(links)
    assert all(row["article_key"] != row["headline_key"] for row in links)


def test_the_first_rows_were_read_twice_and_no_others(topics, links):
    for rows, column in ((topics, "topic_second"), (links, "label_second")):
        assert [bool(row[column]) for row in rows] == [n < TWICE for n in range(len(rows))]


def test_of_the_chosen_the_start_of_every_sheet_was_read_twice(chosen):
    expected = [n < UNSURE + DRAWN and n % SHEET_ROWS < SHEET_TWICE for n in range(len(chosen))]
    assert [bool(row["topic_second"]) for row in chosen] == expected


def test_later_readings_overruled_the_first_only_on_whether_a_pair_is_related(links):
    overruled = [row for row in links if row["label_first"]]
    assert len(overruled) == OVERRULED
    assert all((row["label"] == "0") != (row["label_first"] == "0") for row in overruled)


def test_no_text_is_in_the_files(topics, chosen, links):
    longest = max(len(value) for row in topics + chosen + links for value in row.values())
    assert longest <= len("international_politics")


def test_the_importer_reads_every_label():
    files = {"topics": TOPICS_FILE, "chosen": CHOSEN_FILE, "links": LINKS_FILE}
    found = read_annotations(files)
    assert found.labels == sum(len(rows_of(path)) for path in files.values())
    assert sum(r.chosen for r in found.topics.values()) == len(rows_of(CHOSEN_FILE))


def counted_topics(read):
    """The lines of the sheet's table of the topics of a file."""
    sure = {name: Counter(r["sure"] for r in read if r["topic"] == name) for name in TOPICS}
    sure["all"] = Counter(row["sure"] for row in read)
    for name, of in sure.items():
        yield f"| {name} | {of['True']} | {of['False']} | {of.total()} |"


def counted_links(links):
    """The lines of the sheet's table of the labels of pairs."""
    labels = Counter(row["label"] for row in links)
    labels["all"] = labels.total()
    return [f"| {name} | {labels[name]} |" for name in ("0", "1", "2", "all")]


def topic_readings(read):
    """The two topics of the rows that were read twice: of all, and of those the first was sure of."""
    twice = [row for row in read if row["topic_second"]]
    sure = [row for row in twice if row["sure"] == "True"]
    return [[(row["topic"], row["topic_second"]) for row in some] for some in (twice, sure)]


def agreement(topics, chosen, links):
    """The lines of the sheet's table of agreement."""
    grades = [(int(r["label_first"] or r["label"]), int(float(r["label_second"]))) for r in links[:TWICE]]
    topic, topic_sure = topic_readings(topics)
    hard, hard_sure = topic_readings(chosen)
    readings = {
        "topic": topic,
        "topic, sure": topic_sure,
        "topic, chosen": hard,
        "topic, chosen, sure": hard_sure,
        "link, 0, 1 or 2": grades,
        "link, related or not": [(first >= 1, second >= 1) for first, second in grades],
    }
    for name, pairs in readings.items():
        same = sum(first == second for first, second in pairs) / len(pairs)
        kappa = cohen_kappa_score(*zip(*pairs, strict=True))
        yield f"| {name} | {len(pairs)} | {same:.1%} | {kappa:.3f} |"


def test_the_sheet_s_tables_say_what_the_files_hold(topics, chosen, links):
    expected = [
        *counted_topics(topics),
        *counted_topics(chosen),
        *counted_links(links),
        *agreement(topics, chosen, links),
    ]
    assert [line for line in SHEET.splitlines() if line in expected] == expected
    assert len(re.findall(r"^\| .* \| [\d.]+ \|$", SHEET, re.M)) == len(expected)


def test_the_sheet_s_sentences_say_what_the_files_hold(topics, chosen, links):
    sheet = " ".join(SHEET.split())
    articles = {(row["publisher"], row["article_key"]) for row in links}
    unsure, hard = (sum(row["sure"] == "False" for row in read) for read in (topics, chosen))
    for sentence in (
        f"Topics of {len(topics + chosen):,} articles and judgements of {len(links):,} pairs",
        f"The pairs belong to {len(articles):,} articles of seven publishers",
        f"They overruled the first in {OVERRULED} of the 205",
        f"{len(chosen):,} further articles, none of them in `{TOPICS_FILE.name}`",
        f"of {sum(bool(row['topic_second']) for row in chosen)} rows, the first {SHEET_TWICE} of every {SHEET_ROWS}",
        f"the next {DRAWN} are drawn evenly",
        f"of the last {len(chosen) - UNSURE - DRAWN:,} models",
        f"hesitated over {hard:,} of them ({hard / len(chosen):.0%})",
        f"over {unsure} of {len(topics):,} ({unsure / len(topics):.0%})",
    ):
        assert sentence in sheet
    assert len({row["publisher"] for row in links}) == 7
    parts = chosen[:UNSURE], chosen[UNSURE : UNSURE + DRAWN]
    first, drawn = (sum(r["sure"] == "True" for r in part) / len(part) for part in parts)
    assert first == pytest.approx(drawn, abs=0.02)  # "as often"
    assert {len({row["publisher"] for row in read}) for read in (topics, chosen)} == {9}
