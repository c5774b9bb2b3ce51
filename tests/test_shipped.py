"""The shipped model is what `make pretrained` gives, and README and its page say what its card says."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from saring import store
from saring.evaluation.reports import hub_card
from saring.locate import shipped_bundle
from saring.training.corpus import count_seen, read_corpus
from saring.training.evaluate import rows_note

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGE = (ROOT / "models" / "id-news.md").read_text("utf-8")


@pytest.fixture(scope="module")
def bundle():
    return store.load(shipped_bundle())


def cells(line):
    return [cell.strip(" *") for cell in line.replace("**", "").split("|")[1:-1]]


def test_its_page_says_what_its_card_says(bundle):
    assert hub_card(bundle.card) == PAGE


def test_readme_has_the_figures_of_its_card():
    """Macro-F1, accuracy, AUC, calibration error and simple rule, of all that training measured."""
    [table] = re.findall(r"^\| question \| asked of .*?\n\n", README, re.M | re.S)
    rows = [cells(line)[2:] for line in table.splitlines()[2:]]
    measured = [cells(line)[3:] for line in PAGE.splitlines() if line.startswith("| ")]
    own = next(i for i, row in enumerate(table.splitlines()[2:]) if "other years" in row)
    assert own == 9
    assert [row for row in rows[:own] if row not in measured] == []


def test_readme_names_its_version(bundle):
    assert set(re.findall(r"^model ([0-9a-f]{12})  ", README, re.M)) == {bundle.model_version}


def test_articles_are_parsed_as_when_it_was_trained(bundle):
    """Where a rule takes other text away, what is trained on is another text: `make pretrained`."""
    articles = read_corpus(ROOT / "data" / "corpus" / "articles.jsonl")
    known = [replace(a, article=replace(a.article, title=""), links=()) for a in articles if a.split == "train"]
    assert count_seen(known, bundle.card["trained_on"]) == len(known)


def test_it_says_so_when_asked_about_what_it_was_trained_on(bundle):
    path = ROOT / "data" / "corpus" / "politics.jsonl"
    articles = read_corpus(path)
    n = len(articles)
    told = f"The model WAS TRAINED ON {n:,} of them"
    assert told in rows_note(bundle, articles, str(path))
