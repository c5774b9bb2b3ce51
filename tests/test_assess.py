"""A stored model asked about labelled articles: what training said of it, and of kinds apart."""

from dataclasses import replace

import pytest

from saring import store
from saring.article import Article
from saring.assess import assess
from saring.corpus import LabelledArticle, LabelledLink, read_corpus
from saring.errors import CorpusError
from saring.evaluate import Report


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return store.load(bundle_folder)


@pytest.fixture(scope="module")
def articles(small_corpus):
    return read_corpus(small_corpus)


def names(reports):
    return [(report.name, report.split, report.n) for report in reports]


def first(reports, name):
    return next(report for report in reports if report.name == name)


# The test split


def test_the_figures_are_those_that_training_measured(bundle, articles):
    found = assess(bundle, articles, "test")
    assert [report.name for report in found] == ["topic", "link", "clickbait"]
    for report in found:
        trained = Report.from_json(bundle.card["metrics"][f"{report.name}.test"])
        assert (report.n, report.confusion) == (trained.n, trained.confusion)
        assert report.macro_f1.value == pytest.approx(trained.macro_f1.value)
        # The bundle keeps numbers in single precision.
        assert report.log_loss == pytest.approx(trained.log_loss, rel=1e-4)


def test_only_tested_rows_are_asked_about_where_there_are_any(bundle, articles):
    tested = [a for a in articles if a.split == "test"]
    assert names(assess(bundle, articles, "x")) == names(assess(bundle, tested, "x"))
    known = [a for a in articles if a.split == "train"]
    assert first(assess(bundle, known, "x"), "topic").n == len(known)


def test_headlines_that_helped_in_training_are_not_asked_about(bundle, articles):
    tested = [a for a in articles if a.split == "test"]
    assert first(assess(bundle, tested, "x"), "topic").n == len(tested)


def test_baselines_are_the_rules_learnt_in_training(bundle, articles):
    found = assess(bundle, articles, "test")
    by_name = {report.name: {b.name: b for b in report.baselines} for report in found}
    assert [*by_name["topic"]] == [*by_name["clickbait"]] == ["majority"]
    assert [*by_name["link"]] == ["majority", "overlap"]
    trained = Report.from_json(bundle.card["metrics"]["link.test"])
    measured = {b.name: b.macro_f1 for b in trained.baselines}
    for name, baseline in by_name["link"].items():
        assert baseline.macro_f1 == pytest.approx(measured[name]), name


# Kinds


def of_kinds(articles, n=20):
    """Tested articles of which every third is one that its reader hesitated about."""
    plain = [replace(a, split="train", links=(), clickbait=None) for a in articles[:n]]
    return [replace(a, kind="unsure" if i % 3 == 0 else "sure") for i, a in enumerate(plain)]


def test_each_kind_of_row_is_reported_apart_after_the_whole(bundle, articles):
    assert names(assess(bundle, of_kinds(articles), "topics-dev")) == [
        ("topic", "topics-dev", 20),
        ("topic", "topics-dev (sure)", 13),
        ("topic", "topics-dev (unsure)", 7),
    ]


def test_kinds_add_up_to_the_whole(bundle, articles):
    whole, *parts = assess(bundle, of_kinds(articles), "topics-dev")
    right = [report.accuracy.value * report.n for report in (whole, *parts)]
    assert right[0] == pytest.approx(sum(right[1:]))


def test_links_are_reported_by_the_kind_of_their_pair(bundle):
    pairs = [
        LabelledArticle(
            Article(str(i), f"Jembatan Desa {i} Putus", f"Warga desa {i} menyeberang sungai."),
            links=(LabelledLink(headline, related=related),),
            kind=kind,
        )
        for i in range(4)
        for headline, related, kind in (
            (f"Jembatan Desa {i} Dibangun Lagi", True, "real"),
            ("Artis Itu Ternyata Sudah Menikah", False, "swap"),
        )
    ]
    whole, real, swap = assess(bundle, pairs, "links-dev")
    assert names([whole, real, swap]) == [
        ("link", "links-dev", 8),
        ("link", "links-dev (real)", 4),
        ("link", "links-dev (swap)", 4),
    ]
    assert real.auc is None  # all of them related: there is nothing to rank
    assert whole.auc.value == 1


# Refusals


def test_a_file_without_a_label_that_the_model_answers_is_refused(bundle):
    rows = [LabelledArticle(Article("1", "Judul", "Isi berita."))]
    with pytest.raises(CorpusError, match="mine: no row has a label of a question"):
        assess(bundle, rows, "mine")


def test_a_topic_that_the_model_does_not_know_is_refused_by_name(bundle, articles):
    strange = [*of_kinds(articles), LabelledArticle(Article("1", "J", "I"), topic="olahraga")]
    with pytest.raises(CorpusError, match=r"'olahraga'.*expected one of economy, gossip"):
        assess(bundle, strange, "mine")


def test_questions_the_model_was_never_trained_on_are_passed_over(bundle, articles):
    topics_only = store.Bundle(
        bundle.path, bundle.card, {"topic": bundle.estimators["topic"]}, bundle.checksums
    )
    assert [report.name for report in assess(topics_only, articles, "test")] == ["topic"]
