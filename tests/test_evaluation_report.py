"""report.html: the verdict first, every figure as the terminal prints it, other people's text as text."""

from dataclasses import asdict, replace

import pytest
from pages import HOSTILE, read_page, rows_of

pytest.importorskip("jinja2", reason='needs the extra "report"')
pytest.importorskip("lxml", reason='needs the extra "html"')

from bundles import CARD, TOPIC

from saring import store
from saring.evaluation.comparison import Verdict
from saring.evaluation.heldout import from_arrays
from saring.evaluation.metrics import Estimate
from saring.evaluation.reports import CurvePoint, stored_reports, summary_table
from saring.html_reports.charts import ticks
from saring.html_reports.evaluation_report import MOST_ISSUES, evaluation_html
from saring.models.pair_features import FEATURES, feature_meanings
from saring.training.corpus import read_corpus
from saring.training.label_issues import LabelIssue
from saring.training.worst_errors import worst_errors

MOST_BYTES = 1_000_000
CURVE = [
    CurvePoint("topic", "publisher-out", share, int(share * 800), Estimate(f1, f1 - 0.02, f1 + 0.02))
    for share, f1 in ((0.25, 0.8), (1.0, 0.9))
]


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return store.load(bundle_folder)


@pytest.fixture(scope="module")
def reports(bundle):
    return stored_reports(bundle.card)


@pytest.fixture(scope="module")
def errors(bundle, small_corpus):
    return worst_errors(bundle, from_arrays(bundle.heldout), read_corpus(small_corpus))


@pytest.fixture(scope="module")
def text(bundle, errors):
    curve = {"learning_curve": [asdict(point) for point in CURVE]}
    drawn = replace(bundle, card={**bundle.card, **curve})
    return evaluation_html(drawn, errors=errors, verdict=Verdict(False, "it is better at nothing"))


@pytest.fixture(scope="module")
def page(text):
    return read_page(text)


def test_the_first_screen_says_what_the_model_is_and_how_good(page, reports, bundle):
    what, good, weak, champion = [" ".join(p.text_content().split()) for p in page.xpath("//main/div[1]/p")]
    assert "it knows 4 topics (economy, gossip, international_politics, other)" in what
    assert f"{bundle.card['data']['articles']} articles" in what
    for report in (r for r in reports if r.split == "publisher-out"):
        assert f"{report.macro_f1} for {report.name}" in good
    assert weak.startswith("Quality gate: failed, 5 of 5 thresholds do not hold: topic macro_f1 ")
    assert champion == "It may not be promoted: it is better at nothing."


def test_the_table_of_all_figures_is_the_terminals(page, reports):
    [section] = summary_table(reports).sections
    assert [tuple(row) for row in rows_of(page, "All tasks and splits")] == [
        tuple(" ".join(c.split()) for c in row) for row in section
    ]


def test_each_report_has_its_figures_confusion_labels_and_publishers(page, reports):
    parts = page.xpath("//details[summary[contains(., 'macro-F1')]]")
    assert len(parts) == len(reports)
    for part, report in zip(parts, reports, strict=True):
        rows = {row[0].text_content(): [cell.text_content() for cell in row[1:]] for row in part.xpath(".//tbody/tr")}
        assert rows["macro-F1"] == [f"{report.macro_f1.value:.3f}", report.macro_f1.span()]
        assert rows["calibration error"][0] == f"{report.ece:.3f}"
        for score in report.per_class:
            assert rows[f"F1, {score.label}"][:4] == [
                f"{score.f1.value:.3f}",
                score.f1.span(),
                f"{score.precision:.3f}",
                f"{score.recall:.3f}",
            ]
        for label, counts in zip(report.labels, report.confusion, strict=True):
            shares = [f"{n:,}{n / max(1, sum(counts)):.0%}" for n in counts]
            assert rows[label] == shares
        worst = min(report.per_publisher, key=lambda score: score.accuracy.high)
        assert rows[worst.publisher or "(no publisher)"][:2] == [f"{worst.accuracy.value:.3f}", worst.accuracy.span()]


def test_years_are_those_of_the_held_out_rows_and_add_up(page, bundle):
    whole = from_arrays(bundle.heldout)[0]
    years = rows_of(page.xpath("(//details)[1]")[0], "Accuracy by year")
    assert [row[0] for row in years] == sorted({day[:4] or "(no date)" for day in whole.days})
    assert sum(int(row[4].replace(",", "")) for row in years) == len(whole.keys)


def test_what_the_model_goes_by_is_told_in_words(page, bundle):
    topics = rows_of(page, "Words that speak for a topic")
    assert len(topics) == 15
    assert all(cell.rpartition(" ")[0] for cell in topics[0][1:])
    features = rows_of(page, "What speaks for a link's being related")
    assert {row[1]: row[0] for row in features} == feature_meanings()
    weights = dict(zip(FEATURES, bundle.link.coef, strict=True))
    assert [row[2] for row in features] == [f"{-weights[row[1]]:+.3f}" for row in features]


def test_errors_stand_with_their_reasons(page, errors):
    n = sum(error.task == "topic" for error in errors)
    rows = rows_of(page, f"The {n} surest wrong answers, topic")
    first = errors[0]
    assert rows[0][:5] == [first.text, first.truth, first.predicted, f"{first.p_truth:.3f}", f"{first.p_predicted:.3f}"]
    assert rows[0][5] == first.why


def test_a_learning_curve_is_a_drawing_and_a_table(page, bundle):
    assert rows_of(page, "Macro-F1 by corpus size, topic") == [
        ["25%", "200", "0.800", "0.780–0.820"],
        ["100%", "800", "0.900", "0.880–0.920"],
    ]
    assert (
        page.xpath("//*[@id='curve-1-d']")[0]
        .text_content()
        .startswith("Macro-F1 under publisher-out goes from 0.800 with 200 rows to 0.900")
    )
    assert not read_page(evaluation_html(bundle)).xpath("//*[@id='curve']")


def test_label_issues_are_cut_and_the_page_says_so(bundle):
    issues = [
        LabelIssue(f"a{n}", f"judul {n}", "Bursa", "", "gossip", "", "other", 0.01, 0.9) for n in range(MOST_ISSUES + 7)
    ]
    page = read_page(evaluation_html(bundle, label_issues=issues))
    assert "57 labels are found unlikely; the 50 least likely are shown." in page.text_content()
    assert rows_of(page, "Labels that a model which never saw them finds unlikely")[0] == [
        "judul 0",
        "gossip",
        "other",
        "0.010",
        "0.900",
        "Bursa",
        "a0",
    ]


def test_the_page_is_small(text):
    assert len(text.encode()) < MOST_BYTES


def test_hostile_labels_publishers_titles_and_cards_stay_text(bundle, errors, reports):
    publishers = tuple(replace(score, publisher=HOSTILE) for score in reports[0].per_publisher[:1])
    labels = tuple(replace(score, label=HOSTILE) for score in reports[0].per_class)
    report = replace(
        reports[0], split=HOSTILE, per_publisher=publishers, per_class=labels, labels=(HOSTILE, *reports[0].labels[1:])
    )
    error = replace(errors[0], text=HOSTILE, publisher=HOSTILE, why=HOSTILE)
    card = {**bundle.card, "about": HOSTILE, "name": HOSTILE, "licence": HOSTILE, "sources": [HOSTILE]}
    page = read_page(
        evaluation_html(replace(bundle, card=card), reports=[report], errors=[error], verdict=Verdict(True, HOSTILE))
    )
    assert page.xpath("//h1")[0].text_content() == HOSTILE
    assert page.xpath("//pre")[0].text_content() == HOSTILE
    assert [row[0] for row in rows_of(page, "Accuracy by publisher")] == [HOSTILE.strip()]


def test_a_model_of_topics_alone_without_figures_has_a_page(tmp_path):
    bundle = store.load(store.save(tmp_path / "uji", {"topic": TOPIC}, CARD))
    page = read_page(evaluation_html(bundle))
    assert rows_of(page, "Words that speak for a topic")[0] == ["1", "rupiah 2.00", "banjir 2.00"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.55, 1, [0.6, 0.7, 0.8, 0.9, 1.0]), (0, 0.06, [0, 0.02, 0.04, 0.06]), (0, 1100, [0, 500, 1000])],
)
def test_ticks_are_round_and_lie_inside(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)
