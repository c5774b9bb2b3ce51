"""A stored model asked about labelled articles: what training said of it, and of kinds apart."""

from dataclasses import replace

import orjson
import pytest

from saring import store
from saring.article import Article
from saring.errors import CorpusError
from saring.evaluation.reports import Report
from saring.training.corpus import LabelledArticle, LabelledLink, read_corpus
from saring.training.evaluate import evaluate_bundle, rows_note


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return store.load(bundle_folder)


@pytest.fixture(scope="module")
def articles(small_corpus):
    return read_corpus(small_corpus)


def names(reports):
    return [(report.name, report.subset, report.n) for report in reports]


def whole(reports):
    """The reports that are of all topics, not of those but the rest class."""
    return [report for report in reports if "other left out" not in report.part]


def first(reports, name):
    return next(report for report in reports if report.name == name)


# The test split


def test_the_figures_are_those_that_training_measured(bundle, articles):
    found = whole(evaluate_bundle(bundle, articles, "test"))
    assert [report.name for report in found] == ["topic", "link", "clickbait"]
    for report in found:
        trained = Report.from_json(bundle.card["metrics"][f"{report.name}.test"])
        assert (report.n, report.confusion) == (trained.n, trained.confusion)
        assert report.macro_f1.value == pytest.approx(trained.macro_f1.value)
        # The bundle keeps numbers in single precision.
        assert report.log_loss == pytest.approx(trained.log_loss, rel=1e-4)


def test_only_tested_rows_are_asked_about_where_there_are_any(bundle, articles):
    tested = [a for a in articles if a.split == "test"]
    assert names(evaluate_bundle(bundle, articles, "x")) == names(evaluate_bundle(bundle, tested, "x"))
    known = [a for a in articles if a.split == "train"]
    assert first(evaluate_bundle(bundle, known, "x"), "topic").n == len(known)


def test_headlines_that_helped_in_training_are_not_asked_about(bundle, articles):
    tested = [a for a in articles if a.split == "test"]
    assert first(evaluate_bundle(bundle, tested, "x"), "topic").n == len(tested)


def test_baselines_are_the_rules_learnt_in_training(bundle, articles):
    found = whole(evaluate_bundle(bundle, articles, "test"))
    by_name = {report.name: {b.name: b for b in report.baselines} for report in found}
    assert [*by_name["topic"]] == [*by_name["clickbait"]] == ["majority"]
    assert [*by_name["link"]] == ["majority", "overlap"]
    trained = Report.from_json(bundle.card["metrics"]["link.test"])
    measured = {b.name: b.macro_f1 for b in trained.baselines}
    for name, baseline in by_name["link"].items():
        assert baseline.macro_f1 == pytest.approx(measured[name]), name


# What was asked about


def test_rows_that_the_model_was_trained_on_are_counted(bundle, articles):
    known = [a for a in articles if a.split == "train"]
    tested = [a for a in articles if a.split == "test"]
    assert rows_note(bundle, known, "mine.jsonl") == (
        f"mine.jsonl: all {len(known)} rows. The model WAS TRAINED ON {len(known)} of them: of new "
        "articles expect less."
    )
    assert "TRAINED" not in rows_note(bundle, tested, "mine.jsonl")
    mixed = [replace(a, split="train") for a in known[:5] + tested]
    assert "TRAINED ON 5 of them" in rows_note(bundle, mixed, "mine.jsonl")


def test_the_test_split_that_training_asked_about_is_named(bundle, articles, small_corpus):
    tested = sum(a.split == "test" for a in articles)
    rows = f"the rows whose split is test, {tested} of {len(articles)}"
    as_before = ", which training measured too (test)."
    assert rows_note(bundle, articles, str(small_corpus)) == f"{small_corpus}: {rows}{as_before}"
    assert rows_note(bundle, articles, "x.jsonl") == f"x.jsonl: {rows}."


# Kinds


def of_kinds(articles, n=20):
    """Tested articles of which every third is one that its reader hesitated about."""
    plain = [replace(a, split="train", links=(), clickbait=None) for a in articles[:n]]
    return [replace(a, kind="unsure" if i % 3 == 0 else "sure") for i, a in enumerate(plain)]


def test_each_kind_of_row_is_reported_apart_after_the_whole(bundle, articles):
    assert names(whole(evaluate_bundle(bundle, of_kinds(articles), "topics-dev"))) == [
        ("topic", "topics-dev", 20),
        ("topic", "topics-dev (sure)", 13),
        ("topic", "topics-dev (unsure)", 7),
    ]


def test_kinds_add_up_to_the_whole(bundle, articles):
    found = whole(evaluate_bundle(bundle, of_kinds(articles), "topics-dev"))
    right = [report.accuracy.value * report.n for report in found]
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
    every, real, swap = evaluate_bundle(bundle, pairs, "links-dev")
    assert names([every, real, swap]) == [
        ("link", "links-dev", 8),
        ("link", "links-dev (real)", 4),
        ("link", "links-dev (swap)", 4),
    ]
    assert real.auc is None  # all of them related: there is nothing to rank
    assert every.auc.value == 1


# Rows without doubt


def test_topics_are_reported_without_the_rest_class_too(bundle, articles):
    tested = [replace(a, kind="sure") for a in articles if a.split == "test"]
    clear = [a for a in tested if a.topic != "other"]
    found = [report for report in evaluate_bundle(bundle, tested, "x") if report.name == "topic"]
    assert names(found) == [
        ("topic", "x", len(tested)),
        ("topic", "x (other left out)", len(clear)),
        ("topic", "x (sure)", len(tested)),
        ("topic", "x (sure, other left out)", len(clear)),
    ]
    assert 0 < len(clear) < len(tested)
    assert found[1].labels == ("economy", "gossip", "international_politics")
    assert found[1].baselines == ()  # the commonest label of all may be the one left out


def test_links_that_readers_found_neither_near_nor_far_are_left_out_of_a_report(bundle):
    title, body = "Jembatan Desa Putus", "Warga desa menyeberang sungai dengan rakit."
    pairs = [
        LabelledArticle(
            Article(str(i), f"{title} {i}", body),
            links=(LabelledLink(f"Jembatan {i} Roboh", related=grade >= 1, grade=grade),),
        )
        for i, grade in enumerate((0.0, 0.5, 1.0, 2.0, 2.0))
    ]
    assert names(evaluate_bundle(bundle, pairs, "x")) == [("link", "x", 5), ("link", "x (graded 0 or 2)", 3)]
    sharp = [pair for pair in pairs if pair.links[0].grade in (0, 2)]
    assert names(evaluate_bundle(bundle, sharp, "x")) == [("link", "x", 3)]


def test_links_are_judged_by_the_threshold_that_the_model_came_with(bundle, articles):
    links = [replace(a, topic="", clickbait=None) for a in articles if a.split == "test"]
    for threshold, right in ((0.0, "unrelated"), (1.1, "related")):
        thresholds = dict(bundle.card["thresholds"]) | {"unrelated": threshold}
        changed = replace(bundle, card=dict(bundle.card) | {"thresholds": thresholds})
        found = first(evaluate_bundle(changed, links, "x"), "link")
        share = sum(score.support for score in found.per_class if score.label == right) / found.n
        assert found.accuracy.value == pytest.approx(share)


# Refusals


def test_a_file_without_a_label_that_the_model_answers_is_refused(bundle):
    rows = [LabelledArticle(Article("1", "Judul", "Isi berita."))]
    with pytest.raises(CorpusError, match="mine: no row has a label of a question"):
        evaluate_bundle(bundle, rows, "mine")


def test_a_topic_that_the_model_does_not_know_is_refused_by_file_and_row(bundle, small_corpus, tmp_path):
    rows = [orjson.loads(line) for line in small_corpus.read_bytes().splitlines()[:6]]
    rows = [row | {"split": "train"} for row in rows]
    own = [rows[0], rows[1], rows[2] | {"topic": "olahraga"}, rows[3] | {"topic": "hukum"}]
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in own))
    with pytest.raises(CorpusError) as caught:
        evaluate_bundle(bundle, read_corpus(path), "mine")
    assert str(caught.value).startswith(
        f"{path}:3: topic is 'olahraga', one of 2 such label(s) (hukum, olahraga); the model "
        "'saring' expects one of economy, gossip, international_politics, other: rename them"
    )


def test_questions_the_model_was_never_trained_on_are_passed_over(bundle, articles):
    files = {name: digest for name, digest in bundle.checksums.items() if name == "topic.npz"}
    topics_only = store.Bundle(bundle.path, bundle.card, files)
    assert [report.name for report in whole(evaluate_bundle(topics_only, articles, "x"))] == ["topic"]
