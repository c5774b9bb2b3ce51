"""Every figure is drawn from any report, and drawing leaves nothing behind."""

import json
import subprocess
import sys

import numpy as np
import pytest

from saring.evaluation.measure import Scored, report

pytest.importorskip("matplotlib", reason='needs the extra "train"')

from saring.evaluation.plots import figures

ALWAYS = ["confusion", "reliability", "coverage_risk", "f1_by_label", "accuracy_by_publisher"]


def measured(labels, n=120, publishers=("Bursa", "Seleb", "")):
    rng = np.random.default_rng(0)
    truth = rng.integers(len(labels), size=n)
    odds = np.exp(rng.normal(size=(n, len(labels))) + 2 * np.eye(len(labels))[truth])
    names = np.array(labels)
    scored = Scored(
        labels=labels,
        truth=names[truth],
        probabilities=odds / odds.sum(axis=1, keepdims=True),
        predicted=names[odds.argmax(axis=1)],
        publishers=np.resize(publishers, n),
        groups=np.arange(n),
    )
    return report(scored, name="topic", split="test", seed=0, n_bootstrap=50)


def texts(figure):
    axes = figure.axes[0]
    ticks = [*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts]
    return [text.get_text() for text in (*ticks, axes.xaxis.label, axes.yaxis.label)]


def test_topics_give_five_figures_and_two_labels_two_more():
    assert list(figures(measured(("economy", "gossip", "other")))) == ALWAYS
    drawn = figures(measured(("related", "unrelated")))
    assert list(drawn) == [*ALWAYS, "roc", "precision_recall"]


def test_every_figure_has_a_title_with_its_place_and_named_axes_and_is_saved(tmp_path):
    for name, figure in figures(measured(("related", "unrelated"))).items():
        assert "topic, test, 120 rows" in figure.get_suptitle()
        assert figure.axes[0].get_xlabel()
        path = tmp_path / f"{name}.png"
        figure.savefig(path)
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_confusion_matrix_shows_every_count():
    found = measured(("economy", "gossip", "other"))
    shown = texts(figures(found)["confusion"])
    for count in np.ravel(found.confusion):
        assert any(text.startswith(f"{count}\n") for text in shown)


def test_the_line_of_risk_ends_where_all_rows_are_answered():
    found = measured(("economy", "gossip", "other"))
    axes = figures(found)["coverage_risk"].axes[0]
    whole, line = axes.lines
    wrong = 1 - found.accuracy.value
    assert (line.get_xdata()[-1], line.get_ydata()[-1]) == (1, pytest.approx(wrong, abs=1e-6))
    assert set(whole.get_ydata()) == {line.get_ydata()[-1]}
    assert axes.get_ylim()[1] > max(line.get_ydata())
    assert f"all answered, {wrong:.1%} wrong" in [t.get_text() for t in axes.get_legend().texts]


def test_many_publishers_are_cut_to_the_largest_and_the_title_says_so():
    found = measured(("a", "b"), n=200, publishers=[f"Portal {number}" for number in range(50)])
    figure = figures(found)["accuracy_by_publisher"]
    assert "the 30 largest" in figure.get_suptitle()
    assert len(figure.axes[0].get_yticklabels()) == 30


def test_names_with_dollars_and_unknown_publishers_are_drawn(tmp_path):
    drawn = figures(measured(("US$_turun", "S$", "$^"), publishers=("$a_b$", "", "c$")))
    for name, figure in drawn.items():
        figure.savefig(tmp_path / f"{name}.png")
    assert any(text.startswith("(no publisher)") for text in texts(drawn["accuracy_by_publisher"]))


def test_a_single_row_is_drawn(tmp_path):
    found = measured(("a", "b"), n=1)
    for name, figure in figures(found).items():
        figure.savefig(tmp_path / f"{name}.png")


def test_importing_plots_does_not_import_matplotlib_and_drawing_does_not_import_pyplot():
    code = """
import json, sys
import saring.evaluation.plots
from saring.evaluation.reports import Report

assert "matplotlib" not in sys.modules
saring.evaluation.plots.figures(Report.from_json(json.loads(sys.stdin.read())))
assert "matplotlib.pyplot" not in sys.modules
"""
    stored = json.dumps(measured(("a", "b")).to_json())
    subprocess.run([sys.executable, "-c", code], input=stored, check=True, text=True)
