"""A report travels in JSON unharmed, has few headline metrics, and prints."""

import json
import re
from dataclasses import replace

import pytest

from saring.errors import BundleError
from saring.evaluation.measure import Scored, report
from saring.evaluation.metrics import Curve
from saring.evaluation.reports import Report, risk_table, summary_table

TOPICS = ("economy", "gossip", "other")


def topics(labels=TOPICS, **options):
    a, b, _ = labels
    scored = Scored(
        labels=labels,
        truth=[a, a, b, b],
        probabilities=[[0.8, 0.1, 0.1], [0.4, 0.5, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]],
        predicted=[a, b, b, b],
        publishers=["Bursa", "Bursa", "Seleb", ""],
        groups=[0, 1, 2, 3],
    )
    majority = {"majority": [b] * 4}
    return report(scored, name="topic", split="test", seed=0, baselines=majority, **options)


def links():
    scored = Scored(
        labels=("related", "unrelated"),
        truth=["related", "unrelated", "unrelated"],
        probabilities=[[0.8, 0.2], [0.4, 0.6], [0.1, 0.9]],
        predicted=["related", "unrelated", "unrelated"],
        publishers=["Bursa"] * 3,
        groups=[0, 0, 1],
    )
    return report(scored, name="link", split="publisher-out", seed=0)


def votes():
    scored = Scored(
        labels=("clear", "clickbait"),
        truth=["clear", "clickbait"],
        probabilities=[[0.8, 0.2], [0.4, 0.6]],
        predicted=["clear", "clickbait"],
        publishers=[""] * 2,
        groups=[0, 1],
        shares=[1.0, 0.6],
    )
    return report(scored, name="clickbait", split="test", seed=0)


@pytest.mark.parametrize(
    "found", [topics(), topics(abstain=0.6), links(), votes()], ids=["topics", "abstaining", "links", "votes"]
)
def test_json_gives_back_the_same_report(found):
    assert Report.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("ece"),
        lambda data: data.update(surprise=1),
        lambda data: data.update(n="4"),
        lambda data: data.update(accuracy=0.5),
        lambda data: data.update(labels="economy"),
        lambda data: data["per_class"][0].pop("f1"),
        lambda data: data["per_class"][0]["f1"].update(low=None),
    ],
)
def test_a_damaged_report_is_refused(damage):
    data = topics().to_json()
    damage(data)
    with pytest.raises(BundleError, match=r"cannot be read.*expected"):
        Report.from_json(data)


def test_headline_metrics_are_few_and_named_by_task_and_split():
    report = topics()
    assert report.metrics() == {
        "topic/test/macro_f1": report.macro_f1.value, "topic/test/ece": report.ece, "topic/test/risk_at_90": report.risk,
    }  # fmt: skip
    assert links().metrics()["link/publisher-out/auc"] == 1
    part = replace(report, part="click-id, unanimous")
    assert "topic/test.click-id.unanimous/macro_f1" in part.metrics()


def test_the_risk_is_that_of_the_surest_nine_of_ten_rows_and_of_those_as_sure():
    curve = Curve((0.5, 0.89, 0.95, 1.0), (0.0, 0.1, 0.2, 0.3))
    assert replace(topics(), coverage_risk=curve).risk == 0.2
    assert replace(topics(), coverage_risk=Curve((1.0,), (0.3,))).risk == 0.3


def test_the_rows_that_are_answered_are_those_sure_enough():
    found = topics(abstain=0.5).answered  # the wrong one of the four is just sure enough
    assert (found.threshold, found.coverage, found.risk.value) == (0.5, 1, 0.25)
    sure = topics(abstain=0.6).answered
    assert (sure.coverage, sure.risk.value) == (0.75, 0) and 0 < sure.risk.high < 1
    nobody = topics(abstain=1.1).answered
    assert (nobody.coverage, nobody.risk.low, nobody.risk.high) == (0, 0, 1)


def test_the_risk_of_topics_is_told_by_the_share_answered():
    text = str(risk_table([topics(abstain=0.6), links()]))
    assert re.search(r"test +0\.250 +0\.250 +0\.250 +0\.250 +75\.0% +0\.000 +0\.000–0\.\d{3}\n", text)
    assert "at least 0.6, else the model abstains" in text and "publisher-out" not in text
    assert risk_table([links()]) is None


def test_a_report_from_before_reads_without_what_was_answered():
    data = topics().to_json()
    del data["answered"]
    assert Report.from_json(data) == topics()
    assert "abstains" not in str(risk_table([topics()]))


def test_the_accuracy_of_one_annotator_stands_beside_the_model_s():
    found = votes()
    assert found.human == pytest.approx(0.8)
    text = str(summary_table([found, links()]))
    assert re.search(r"clickbait +test +2 .* 1\.000 \(0\.800\) ", text)
    assert "In brackets: accuracy of one annotator" in text
    assert links().human is None
    assert "In brackets" not in str(summary_table([links()]))


def test_a_table_shows_the_whole_the_labels_the_baselines_and_the_publishers():
    text = str(topics().table())
    for line in (
        r"topic, test: 4 rows in 4 groups",
        r"accuracy +0\.750 +\d\.\d{3}–\d\.\d{3}",
        r"F1, economy +0\.667 .* 1\.000 +0\.500 +2",
        r"macro-F1, majority +0\.333",
        r"gain over majority +0\.400",
        r"accuracy, \(no publisher\) +1\.000 .* 1",
        r"In neither truth nor prediction: other",
    ):
        assert re.search(line, text), line


def test_the_worst_publishers_are_those_surely_bad_not_those_with_one_row():
    publishers = ["Satu"] + ["Besar"] * 40 + ["Baik"] * 40
    right = [False] + [False, True] * 20 + [True] * 40
    truth = ["related"] * 81
    scored = Scored(
        labels=("related", "unrelated"),
        truth=truth,
        probabilities=[[0.9, 0.1] if good else [0.1, 0.9] for good in right],
        predicted=["related" if good else "unrelated" for good in right],
        publishers=publishers,
        groups=range(81),
    )
    text = str(report(scored, name="link", split="test", seed=0).table())
    assert text.index("Besar") < text.index("Satu")


def test_reports_stand_side_by_side():
    text = str(summary_table([topics(), links()]))
    assert re.search(r"topic +test +4 .*0\.333 majority", text)
    assert re.search(r"link +publisher-out +3 +1\.000 +1\.000–1\.000 +1\.000 ", text)
