"""What a run tells: named for people, with the figures of the card, and data sets that are the same for the same rows."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from saring import store
from saring.config import LinkConfig, TopicConfig, TrainConfig, flat
from saring.evaluation.comparison import Verdict, compare
from saring.evaluation.gate import Check
from saring.evaluation.heldout import from_arrays
from saring.evaluation.reports import stored_reports
from saring.tracking import data_set, run_record
from saring.tracking.run_record import changed_settings, run_name

TOPIC, DEFAULTS = TopicConfig(), TrainConfig()


def card(config=DEFAULTS, sha256="00ff"):
    return {"name": config.name, "config": flat(config), "data": {"sha256": sha256}}


def name(ours, theirs=DEFAULTS, **data):
    a, b = card(ours, **data), card(theirs)
    return run_name(a, b, changed_settings(a, b))


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return store.load(bundle_folder)


@pytest.fixture(scope="module")
def record(bundle):
    heldout = [one for one in from_arrays(bundle.heldout) if not one.by]
    return run_record(
        bundle,
        champion=bundle,
        comparisons=compare(heldout, heldout),
        checks=[Check("topic", "macro_f1", 0.5, 0.8, "test")],
        verdict=Verdict(False, "it is the champion"),
    )


# The name


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"topic": replace(TOPIC, C=30.0)}, "topic-C30"),
        ({"topic": replace(TOPIC, C=30.0, domains=0.0)}, "topic-C30 -domains"),
        ({"link": LinkConfig(background=True)}, "+background"),
        ({"seed": 7, "topic": replace(TOPIC, min_df=1)}, "topic-min_df1 seed7"),
        ({"protocols": ("random", "publisher-out")}, "+random"),
        ({"tested": "click-id"}, "tested-click-id"),
        ({"name": "lain", "licence": "MIT", "about": "..."}, "same settings, same data"),
    ],
)
def test_a_run_is_called_by_what_differs_from_the_champion(changes, expected):
    assert name(replace(TrainConfig(), **changes)) == expected


def test_a_switch_that_the_champion_had_off_is_on():
    theirs = replace(TrainConfig(), topic=replace(TOPIC, domains=0.0))
    assert name(TrainConfig(), theirs) == "+domains"


def test_of_many_changes_those_that_somebody_chose_are_named():
    theirs = replace(
        TrainConfig(),
        topic=TopicConfig(C=30.0, min_df=3, headline_weight=1.0, title_field=1.0, lead_field=1.0, domains=1.0),
    )
    ours = replace(TrainConfig(), topic=replace(TOPIC, lead_field=0.7))
    assert name(ours, theirs) == "topic-lead_field0.7"
    assert name(TrainConfig(), theirs) == "default settings"
    assert name(theirs, ours) == (
        "topic-C30 topic-min_df3 topic-headline_weight1 topic-title_field1 topic-lead_field1 and 1 more"
    )


def test_where_no_setting_differs_the_data_may():
    assert name(TrainConfig(), sha256="ff00") == "same settings, other data"


def test_the_first_of_a_line_is_called_so():
    assert run_name(card(replace(TrainConfig(), name="warta")), None, {}) == "warta, the first"


def test_a_setting_that_an_older_card_lacks_has_its_default():
    older = card()
    del older["config"]["topic.domains"]
    assert changed_settings(card(), older) == {}


# Data sets


def test_a_data_set_is_the_same_whatever_the_order_of_its_rows():
    keys, labels, ids = np.array([3, 1, 2], dtype=np.uint64), np.array(["a", "b", "a"]), np.array(["x", "y", "z"])
    one = data_set("topic/test", "test", keys, labels, ids, [])
    other = data_set("topic/test", "test", keys[::-1], labels[::-1], ids[::-1], [])
    assert one.digest == other.digest
    assert len(one.digest) <= 36  # what MLflow takes
    relabelled = data_set("topic/test", "test", keys, np.array(["b", "b", "a"]), ids, [])
    assert relabelled.digest != one.digest


def test_each_protocol_and_the_test_split_is_a_data_set_with_its_figures(record, bundle):
    reports = {report.address: report for report in stored_reports(bundle.card)}
    assert [(one.name, one.context) for one in record.datasets] == [
        (f"{task}/{split}", context)
        for task in ("topic", "link", "clickbait")
        for split, context in (("publisher-out", "eval"), ("test", "test"))
    ]
    for one in record.datasets:
        report = reports[one.name]
        assert len(one.ids) == len(one.labels) == report.n
        assert one.metrics[f"{one.name}/macro_f1"] == report.macro_f1.value
        assert one.metrics == report.metrics()


# What is told


def test_the_page_tells_verdict_figures_data_changes_gate_how_to_load_it_and_the_card(record, bundle):
    page = record.description
    assert page.startswith("**It may not be promoted: it is the champion.**")
    (report,) = (r for r in stored_reports(bundle.card) if r.address == "topic/publisher-out")
    assert re.search(rf"\| topic \| publisher-out \| {report.n} \| {re.escape(str(report.macro_f1))} \|", page)
    assert re.search(r"\+0\.000 \[\+0\.000, \+0\.000\] \| alike \|", page)
    for line in (
        f"SHA-256 `{bundle.card['data']['sha256']}`", "No setting.", "- topic macro_f1 0.800, at least 0.5 (test)",
        'saring.load("models:/NAME/VERSION")', f"Model version `{bundle.model_version}`",
    ):  # fmt: skip
        assert line in page, line
    assert len(page) < 8000  # where MLflow would cut it


def test_the_tags_say_what_it_was_made_with(record, bundle):
    tags = record.tags
    assert tags["verdict"] == "may not be promoted: it is the champion"
    assert (tags["gate"], tags["changed_settings"], tags["seed"], tags["line"]) == ("passed", "nothing", "0", "saring")
    assert tags["data_sha256"] == bundle.card["data"]["sha256"]
    assert {f"version.{name}" for name in ("python", "saring", "numpy", "scikit-learn", "mlflow")} <= set(tags)
    assert tags["processor"]
    assert int(tags["cores"]) > 0


def test_all_reports_stand_in_one_file_as_in_the_card(record, bundle):
    assert json.loads(record.files["metrics.json"]) == bundle.card["metrics"]


def test_a_task_has_a_run_of_its_own_with_its_labels_publishers_and_confusions(record, bundle):
    assert [child.name for child in record.children] == ["topic", "link", "clickbait"]
    (topic, *_) = record.children
    (report,) = (r for r in stored_reports(bundle.card) if r.address == "topic/test")
    scores = {
        (split, label): f1
        for split, label, f1 in zip(*(topic.tables["labels"][c] for c in ("split", "label", "f1")), strict=True)
    }
    assert [scores["test", score.label] for score in report.per_class] == [s.f1.value for s in report.per_class]
    assert sum(topic.tables["confusion"]["rows"]) == sum(r.n for r in stored_reports(bundle.card) if r.name == "topic")
    assert topic.metrics["topic/test/difference"] == 0
    assert topic.params["topic.C"] == 10.0
    assert topic.files["datasets/test.csv"].splitlines()[0] == "id,label"


def test_no_text_of_an_article_is_in_it(record, small_corpus):
    told = "\n".join(
        [record.description, *record.files.values(), *(f for c in record.children for f in c.files.values())]
    )
    titles = [json.loads(line)["title"] for line in small_corpus.read_text("utf-8").splitlines()]
    assert not [title for title in titles if title in told]
