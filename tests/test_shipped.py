"""The shipped model is what `make pretrained` gives, and README and its page say what its card says."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from saring import store
from saring.evaluation.reports import hub_card
from saring.locate import shipped_bundle
from saring.training.corpus import read_corpus, seen
from saring.training.evaluate import rows_note

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
FIGURES = (ROOT / "docs" / "figures.md").read_text("utf-8")
EXPERIMENTS = (ROOT / "docs" / "experiments.md").read_text("utf-8")
PAGE = (ROOT / "models" / "id-news.md").read_text("utf-8")


@pytest.fixture(scope="module")
def bundle():
    return store.load(shipped_bundle())


def cells(line):
    return [cell.strip(" *") for cell in line.replace("**", "").split("|")[1:-1]]


def test_its_page_says_what_its_card_says(bundle):
    assert hub_card(bundle.card) == PAGE


def table(page):
    """The cells of the table of figures, behind the question and what was asked."""
    [found] = re.findall(r"^\| question \| asked of .*?\n\n", page, re.M | re.S)
    lines = found.splitlines()[2:]
    return {line: cells(line)[2:] for line in lines}


def test_the_figures_are_those_of_its_card():
    """Macro-F1, accuracy, AUC, calibration error and simple rule, of all that training measured."""
    measured = [cells(line)[3:] for line in PAGE.splitlines() if line.startswith("| ")]
    rows = table(FIGURES)
    own = next(i for i, line in enumerate(rows) if "other years" in line)
    assert own == 9
    assert [row for row in list(rows.values())[:own] if row not in measured] == []


def test_readme_has_the_first_of_them():
    assert [row for row in table(README).values() if row not in table(FIGURES).values()] == []


def test_the_pages_name_its_version(bundle):
    for page in (README, EXPERIMENTS):
        assert set(re.findall(r"\b([0-9a-f]{12})\b", page)) == {bundle.model_version}


def test_articles_are_parsed_as_when_it_was_trained(bundle):
    """Where a rule takes other text away, what is trained on is another text: `make pretrained`."""
    articles = read_corpus(ROOT / "data" / "corpus" / "articles.jsonl")
    known = [replace(a, article=replace(a.article, title=""), links=()) for a in articles if a.split == "train"]
    assert all(seen(known, bundle.card["trained_on"]))


def test_it_says_so_when_asked_about_what_it_was_trained_on(bundle):
    path = ROOT / "data" / "corpus" / "politics.jsonl"
    articles = read_corpus(path)
    n = len(articles)
    told = f"The model WAS TRAINED ON {n:,} of them"
    assert told in rows_note(bundle, articles, str(path))
