"""The quality gate: the worst figure of whole splits is held to thresholds; it fails where nothing is checked."""

import math
from dataclasses import replace

import pytest

from saring.errors import ConfigError
from saring.evaluation.gate import Check, check_thresholds, load_thresholds
from saring.evaluation.measure import Scored, report
from saring.evaluation.reports import Report

LABELS = ("related", "unrelated")
QUESTIONS = {"topic": ("economy", "gossip", "other"), "link": LABELS}


def answers(n_right, n=10, *, name="link", split="test", part="") -> Report:
    """The report of ten links, half of them related, of which so many were judged rightly."""
    truth = [LABELS[i % 2] for i in range(n)]
    predicted = [t if i < n_right else LABELS[t == LABELS[0]] for i, t in enumerate(truth)]
    scored = Scored(
        labels=LABELS,
        truth=truth,
        probabilities=[[0.9, 0.1] if p == LABELS[0] else [0.1, 0.9] for p in predicted],
        predicted=predicted,
        publishers=[""] * n,
        groups=list(range(n)),
    )
    return report(scored, name=name, split=split, part=part, seed=0)


def thresholds_file(folder, text):
    path = folder / "thresholds.toml"
    path.write_text(text, encoding="utf-8")
    return path


# Checks


def test_the_worst_figure_is_taken_and_where_it_was_found_is_said():
    reports = [answers(9), answers(7, split="publisher-out"), answers(8, split="later-time")]
    assert check_thresholds(reports, {"link": {"accuracy": 0.75}}) == [
        Check("link", "accuracy", 0.75, 0.7, "publisher-out")
    ]


@pytest.mark.parametrize(("threshold", "holds"), [(0.69, True), (0.7, True), (0.71, False)])
def test_a_threshold_holds_where_no_figure_is_below_it(threshold, holds):
    [check] = check_thresholds([answers(9), answers(7, split="x")], {"link": {"accuracy": threshold}})
    assert check.holds is holds


def test_parts_of_a_split_are_ignored():
    hard = answers(2, split="real", part="clear news")
    [check] = check_thresholds([answers(9), hard], {"link": {"accuracy": 0.75}})
    assert (check.worst, check.split, check.holds) == (0.9, "test", True)
    with pytest.raises(ConfigError, match=r"threshold link.accuracy: no report has this figure"):
        check_thresholds([hard], {"link": {"accuracy": 0.75}})


@pytest.mark.parametrize("split", ["labelled (1)", "a (b", "b)", ")", "", "test", "[red]"])
def test_a_whole_file_is_held_to_thresholds_whatever_its_name(split):
    [check] = check_thresholds([answers(9), answers(1, split=split)], {"link": {"accuracy": 0.75}})
    assert (check.worst, check.split, check.holds) == (0.1, split, False)


@pytest.mark.parametrize("order", [1, -1])
def test_a_figure_that_is_no_number_is_the_worst(order):
    good = answers(9)
    none = replace(good, split="nan", accuracy=replace(good.accuracy, value=math.nan))
    [check] = check_thresholds([good, none][::order], {"link": {"accuracy": 0.75}})
    assert (check.split, check.holds) == ("nan", False)


def test_another_question_s_figures_are_not_taken():
    [check] = check_thresholds([answers(9), answers(1, name="clickbait")], {"link": {"accuracy": 0.75}})
    assert check.worst == 0.9


def test_each_threshold_is_checked_with_its_own_figure():
    found = answers(8)
    thresholds = {"link": {"accuracy": 0.1, "macro_f1": 0.2, "auc": 0.3}}
    assert [(c.metric, c.worst) for c in check_thresholds([found], thresholds)] == [
        ("accuracy", found.accuracy.value),
        ("macro_f1", found.macro_f1.value),
        ("auc", found.auc.value),
    ]


def test_a_figure_that_no_report_has_is_an_error():
    unranked = replace(answers(9), ranking=None)
    for reports, thresholds in (
        ([], {"link": {"accuracy": 0.1}}),
        ([answers(9)], {"topic": {"accuracy": 0.1}}),
        ([unranked], {"link": {"auc": 0.1}}),
    ):
        with pytest.raises(ConfigError, match="no report has this figure"):
            check_thresholds(reports, thresholds)


def test_a_figure_that_is_no_number_holds_no_threshold():
    assert not Check("link", "auc", 0.0, math.nan, "test").holds


# Files


def test_a_model_gets_its_own_thresholds(tmp_path):
    path = thresholds_file(tmp_path, "[saring.topic]\nmacro_f1 = 0.8\n[id-news.link]\nmacro_f1 = 0.9\nauc = 0.0\n")
    assert load_thresholds(path, "saring", QUESTIONS) == {"topic": {"macro_f1": 0.8}}
    assert load_thresholds(path, "id-news", QUESTIONS) == {"link": {"macro_f1": 0.9, "auc": 0.0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[saring", "not valid TOML", id="no TOML"),
        pytest.param("\x00", "not valid TOML", id="no text"),
        pytest.param("", r"found thresholds for no model; expected a table \[saring.TASK\]", id="empty"),
        pytest.param("[id-news.topic]\nauc = 0.9", "found thresholds for id-news; expected", id="another model"),
        pytest.param("[saring.topic]\nf1 = 0.9", "f1 = 0.9; expected one of accuracy", id="metric"),
        pytest.param("[saring.topic]\nauc = 0.9", "one of accuracy, macro_f1,", id="no ranking"),
        pytest.param("[saring.topik]\nmacro_f1 = 0.9", "'topik'; expected one of topic, link", id="question"),
        pytest.param("[saring.link]\nauc = 90.0", r"auc = 90.0; .* 0.0 to 1.0", id="percent"),
        pytest.param("[saring.link]\nauc = -0.1", "auc = -0.1; expected", id="below nothing"),
        pytest.param("[saring.link]\nauc = nan", "auc = nan; expected", id="no number"),
        pytest.param("[saring.link]\nauc = '0.9'", "auc = '0.9'; expected", id="text"),
        pytest.param("[saring.link]\nauc = true", "auc = True; expected", id="a switch"),
        pytest.param("[saring]\nauc = 0.9", r"\[saring.auc\] is 0.9; expected", id="no task"),
        pytest.param("saring = 0.9", r"\[saring\] is 0.9; expected", id="no table"),
        pytest.param("[saring]", r"\[saring\] is {}; expected", id="a model without thresholds"),
        pytest.param("[saring.topic]", r"\[saring.topic\] is {}; expected", id="a task without"),
    ],
)
def test_a_malformed_file_is_an_error_that_names_the_place(tmp_path, text, message):
    path = thresholds_file(tmp_path, text)
    with pytest.raises(ConfigError, match=rf"thresholds.toml.*{message}"):
        load_thresholds(path, "saring", QUESTIONS)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"thresholds.toml: cannot be read"):
        load_thresholds(tmp_path / "thresholds.toml", "saring", QUESTIONS)
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(ConfigError, match=r"latin.toml: not valid TOML"):
        load_thresholds(tmp_path / "latin.toml", "saring", QUESTIONS)
