"""compare.html: the three answers first, the same figures as the terminal, other people's text as text."""

import subprocess
import sys
from dataclasses import replace

import pytest
from pages import HOSTILE, read_page, rows_of

pytest.importorskip("jinja2", reason='needs the extra "report"')
pytest.importorskip("lxml", reason='needs the extra "html"')

from saring import store
from saring.evaluation.comparison import BETTER
from saring.html_reports import comparison_report
from saring.html_reports.comparison_report import comparison_html
from saring.model_comparison import ChangedAnswer, Setting, compare_models, figures_table
from saring.training.corpus import read_corpus
from saring.training.tasks import RowText


@pytest.fixture(scope="module")
def found(bundle_folder, other_bundle_folder, small_corpus):
    models = store.load(bundle_folder), store.load(other_bundle_folder)
    return compare_models(*models, read_corpus(small_corpus), names=("sekarang", "usulan"))


@pytest.fixture(scope="module")
def page(found):
    return read_page(comparison_html(found))


def test_the_three_answers_stand_on_top(found, page):
    told = [" ".join(one.text_content().split()) for one in page.xpath("//main/*[1]/*")]
    assert told == [" ".join(text.split()) for pair in found.answers for text in pair]


def test_its_figures_are_those_of_the_terminal(found, page):
    [section] = figures_table(found).sections
    assert [tuple(row[:-1]) for row in rows_of(page, "Macro-F1 on the same rows")] == list(section)


def test_the_confusion_is_told_by_sign_and_counts(found, page):
    c = found.comparisons[0]
    rows = rows_of(page, f"{c.challenger.name}, {c.challenger.subset}: {len(c.changed)} answers differ")
    for i, label in enumerate(c.challenger.labels):
        for j in range(len(c.challenger.labels)):
            a, b = c.champion.confusion[i][j], c.challenger.confusion[i][j]
            assert rows[i][j + 1] == (f"{b - a:+}" if b != a else "0") + f"{a} → {b}"
        assert rows[i][0] == label


def test_answers_that_differ_open_with_their_texts(found, page):
    opened = page.xpath("//details")
    assert len(opened) == len(found.changed)
    first = found.changed[0]
    assert first.text.title in opened[0].text_content() or first.text.headline in opened[0].text_content()
    assert f"truth {first.truth}" in opened[0].xpath("./summary")[0].text_content()


def test_no_more_than_the_most_are_shown_and_the_page_says_so(found, monkeypatch):
    monkeypatch.setattr(comparison_report, "MOST_CHANGED", 3)
    page = read_page(comparison_html(found))
    assert len(page.xpath("//details")) == 3
    assert f"{len(found.changed)} rows are answered differently; 3 are shown" in page.text_content()


def test_a_page_may_do_without_the_bodies(found):
    page = read_page(comparison_html(found, bodies=False))
    assert page.xpath("//blockquote") == []
    assert found.changed[0].text.title in page.text_content()


def test_without_texts_the_page_says_how_to_have_them(found):
    bare = replace(found, changed=tuple(replace(one, text=None) for one in found.changed))
    assert "give the labelled articles to see them here" in read_page(comparison_html(bare)).text_content()


def test_hostile_names_settings_and_texts_stay_text(found):
    text = RowText(HOSTILE, HOSTILE, HOSTILE)
    changed = ChangedAnswer("topic", HOSTILE, HOSTILE, HOSTILE, "", HOSTILE, HOSTILE, "b", 0.5, 0.5, BETTER, text)
    hostile = replace(found, names=(HOSTILE, "b"), changed=(changed,), settings=(Setting("name", HOSTILE, "b"),))
    page = read_page(comparison_html(hostile))
    assert page.xpath("//details//blockquote")[0].text_content() == HOSTILE
    assert rows_of(page, "Settings, data and versions that differ")[0][1] == HOSTILE
    assert HOSTILE in page.xpath("//h1")[0].text_content()


def test_two_equal_models_make_a_page_too(found):
    page = read_page(comparison_html(compare_models(found.a, found.a)))
    assert "Both give the same answers to every row." in page.text_content()


def test_importing_the_page_does_not_import_jinja():
    code = "import sys, saring.html_reports.comparison_report; assert 'jinja2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_cell_is_coloured_by_what_is_better_and_not_by_its_sign():
    from saring.html_reports.comparison_report import _tone

    assert [_tone(n, right=right) for n in (3, -3, 0) for right in (True, False)] == [
        "better", "worse", "worse", "better", "", "",
    ]  # fmt: skip
