"""`report.html`: the evaluation of one model, the verdict first; every figure is one of its reports'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from saring.evaluation.comparison import Verdict
from saring.evaluation.gate import gate_told
from saring.evaluation.heldout import HeldOut, from_arrays
from saring.evaluation.metrics import Curve, Estimate, figure, wilson_interval
from saring.evaluation.reports import (
    NO_PUBLISHER,
    CurvePoint,
    PublisherScore,
    Ranking,
    Report,
    Table,
    risk_table,
    stored_curve,
    stored_reports,
    summary_table,
)
from saring.html_reports.charts import Chart, Matrix, Series, ShownTable, confusion_counts, intervals
from saring.html_reports.rendering import render
from saring.model_comparison import card_facts
from saring.models.contributions import Terms, top_domains, top_terms, top_tokens
from saring.models.pair_features import feature_meanings
from saring.promotion import gate_checks
from saring.store import Bundle
from saring.training.label_issues import LabelIssue
from saring.training.splits import PUBLISHER_OUT
from saring.training.worst_errors import WorstError, visible_token

TERMS = 15  # of a topic
MOST_PUBLISHERS = 30
MOST_ISSUES = 50
HALF = 0.5
# How people call what a task is about.
ABOUT = {
    "topic": "the topic of articles",
    "link": "whether a link belongs to its article",
    "clickbait": "whether a headline is clickbait",
}


@dataclass(frozen=True, slots=True)
class ReportPart:
    """All that the page shows of one report."""

    report: Report
    overall: Table
    confusion: Matrix
    labels: ShownTable
    publishers: ShownTable
    years: ShownTable | None
    charts: tuple[Chart, ...]


def evaluation_html(
    bundle: Bundle,
    *,
    reports: Sequence[Report] | None = None,
    errors: Sequence[WorstError] = (),
    label_issues: Sequence[LabelIssue] = (),
    verdict: Verdict | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Return the page about a model: one HTML file that needs no network and no script.

    `reports` are those to show, by default what training measured; `verdict` is what the review beside the champion
    says; `notes` tell which rows the figures are of. A learning curve is drawn where the card has one.
    """
    reports = stored_reports(bundle.card) if reports is None else list(reports)
    curve = stored_curve(bundle.card)
    heldout = {(one.task, one.split, one.part): one for one in from_arrays(bundle.heldout) if not one.by}
    tasks = {
        task: [_part(report, heldout) for report in reports if report.name == task]
        for task in dict.fromkeys(report.name for report in reports)
    }
    card = bundle.card
    return render(
        "evaluation.html",
        card=card,
        sentences=_sentences(bundle, reports),
        verdict=f"It {verdict}." if verdict else "",
        notes=notes,
        summary=summary_table(reports, "All tasks and splits"),
        risks=risk_table(reports),
        tasks=tasks,
        about=ABOUT,
        curves=[_curve(task, [p for p in curve if p.task == task]) for task in dict.fromkeys(p.task for p in curve)],
        terms=list(_terms(bundle)),
        features=_features(bundle),
        errors=[_errors(task, [e for e in errors if e.task == task]) for task in dict.fromkeys(e.task for e in errors)],
        issues=_issues(label_issues[:MOST_ISSUES]),
        n_issues=len(label_issues),
        facts=Table("Settings, data, thresholds, versions", ("fact", "value"), (tuple(card_facts(card)),)),
    )


def _sentences(bundle: Bundle, reports: Sequence[Report]) -> list[str]:
    """Return what the model is and how good, in three sentences with numbers."""
    card, topics = bundle.card, bundle.card["labels"]["topic"]
    whole = [report for report in reports if not report.part] or list(reports)
    unseen = [report for report in whole if report.split == PUBLISHER_OUT]
    first = {report.name: report for report in reversed(unseen or whole)}
    measured = [first[name] for name in dict.fromkeys(report.name for report in whole) if name in first]
    where = "publishers" if unseen else "rows"
    worst = min(((score.f1.value, score.label, r.name) for r in measured for score in r.per_class), default=None)
    weak = f" It is weakest at {worst[1]} (F1 {figure(worst[0])}, {worst[2]})." if worst else ""
    n_articles = f"{card['data'].get('articles', 0):,} articles of {', '.join(card['sources'])}"
    return [
        f"{card['name']} tells {_listed([ABOUT.get(task, task) for task in bundle.tasks])}; it knows {len(topics)} "
        f"topics ({', '.join(topics)}) and was trained on {n_articles}.",
        f"On {where} that training did not see its macro-F1 is {'; '.join(map(_told, measured)) or 'not known'}.",
        f"Quality gate: {gate_told(gate_checks(bundle))}.{weak}",
    ]


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _told(report: Report) -> str:
    """Return a report's figure in words, beside the best simple rule."""
    best = report.best_baseline
    rule = f", where {best.name} alone reaches {figure(best.macro_f1)}" if best else ""
    return f"{report.macro_f1} for {report.name}{rule}"


def _part(report: Report, heldout: dict[tuple[str, str, str], HeldOut]) -> ReportPart:
    """Return what the page shows of one report."""
    whole = report.table()
    overall, labels, baselines, _ = whole.sections
    figures = tuple(tuple(row[:3] for row in section) for section in (overall, baselines))
    answers = heldout.get((report.name, report.split, report.part))
    f1s = [score.f1 for score in report.per_class]
    by_publisher = sorted(report.per_publisher, key=lambda score: score.accuracy.high)
    shown = by_publisher[:MOST_PUBLISHERS]
    cut = f", the {len(shown)} worst of {len(by_publisher)}" * (len(shown) < len(by_publisher))
    return ReportPart(
        report=report,
        overall=Table("All rows", ("figure", *whole.header[1:3]), figures, whole.note),
        confusion=confusion_counts(report),
        labels=ShownTable(
            Table("F1 by label", ("label", *whole.header[1:]), (labels,)),
            intervals(f1s, report.macro_f1.value),
            "F1, macro-F1 dashed",
        ),
        publishers=_scores("publisher", f"Accuracy by publisher{cut}", shown, report),
        years=_scores("year", "Accuracy by year", answers.per_year, report) if answers else None,
        charts=tuple(_charts(report)),
    )


def _scores(what: str, title: str, scores: Sequence[PublisherScore], report: Report) -> ShownTable:
    """Return the accuracy of the rows of each publisher or year, with Wilson's interval."""
    unknown = NO_PUBLISHER if what == "publisher" else "(no date)"
    rows = tuple(
        (s.publisher or unknown, figure(s.accuracy.value), s.accuracy.span(), figure(s.macro_f1), f"{s.n:,}")
        for s in scores
    )
    table = Table(title, (what, "accuracy", "95%", "macro-F1", "rows"), (rows,))
    return ShownTable(table, intervals([s.accuracy for s in scores], report.accuracy.value), "accuracy, all dashed")


def _charts(report: Report) -> list[Chart]:
    """Return reliability and risk by coverage, of two labels also ROC and precision by recall."""
    ranking = report.ranking
    return [_reliability(report), _risk(report), *([_roc(ranking), _precision_recall(ranking)] if ranking else [])]


def _reliability(report: Report) -> Chart:
    bins = report.reliability
    right = [wilson_interval(found.accuracy, found.n) for found in bins]
    low = max(0.0, min([found.confidence for found in bins] + [share.low for share in right]) - 0.05)
    points = tuple((found.confidence, share.value) for found, share in zip(bins, right, strict=True))
    return Chart(
        title="Reliability",
        description=f"Share of right answers by how sure the model is, in {len(bins)} bins of rows with 95% intervals; "
        f"on the dashed line it is as right as it is sure. Calibration error {figure(report.ece)}.",
        x_label="probability of the most probable label",
        y_label="share that is right",
        x_range=(low, 1.0),
        y_range=(low, 1.0),
        series=(
            Series(((low, low), (1.0, 1.0)), guide=True),
            Series(points, tuple((share.low, share.high) for share in right)),
        ),
    )


def _risk(report: Report) -> Chart:
    risk = report.coverage_risk
    whole = risk.y[-1]
    _, half = min(zip(risk.x, risk.y, strict=True), key=lambda point: abs(point[0] - HALF))
    return Chart(
        title="Wrong answers, if only the surest are given",
        description=f"Of all rows {whole:.1%} are answered wrongly (dashed); of the surest half, {half:.1%}.",
        x_label="share of rows answered",
        y_label="share that is wrong",
        y_range=(0.0, max(0.05, 1.1 * max(risk.y))),
        series=(Series(((0.0, whole), (1.0, whole)), guide=True), Series(_points(risk))),
    )


def _roc(found: Ranking) -> Chart:
    return Chart(
        title="ROC",
        description=f"How many {found.positive} are found, by how many others are taken for it. AUC {found.auc}; "
        "dashed: by guessing.",
        x_label="false positive rate",
        y_label="true positive rate",
        series=(Series(((0.0, 0.0), (1.0, 1.0)), guide=True), Series(_points(found.roc))),
    )


def _precision_recall(found: Ranking) -> Chart:
    share = found.prevalence
    return Chart(
        title="Precision and recall",
        description=f"Of what is called {found.positive}, the share that is, by the share of them that is found. "
        f"Average precision {figure(found.average_precision)}; dashed: by guessing, {figure(share)}.",
        x_label="recall",
        y_label="precision",
        series=(Series(((0.0, share), (1.0, share)), guide=True), Series(_points(found.precision_recall))),
    )


def _points(curve: Curve) -> tuple[tuple[float, float], ...]:
    return tuple(zip(curve.x, curve.y, strict=True))


def _curve(task: str, points: Sequence[CurvePoint]) -> tuple[Table, Chart]:
    """Return the learning curve of a task as a table and a drawing."""
    rows = tuple((f"{100 * p.share:.3g}%", f"{p.n:,}", figure(p.macro_f1.value), p.macro_f1.span()) for p in points)
    low = min(p.macro_f1.low for p in points)
    first, last = points[0], points[-1]
    chart = Chart(
        title=f"Learning curve, {task}",
        description=f"Macro-F1 under {last.split} goes from {figure(first.macro_f1.value)} with {first.n:,} rows to "
        f"{figure(last.macro_f1.value)} with {last.n:,}; 95% intervals.",
        x_label="rows trained on",
        y_label="macro-F1",
        x_range=(0.0, float(last.n)),
        y_range=(max(0.0, low - 0.05), 1.0),
        series=(
            Series(
                tuple((float(p.n), p.macro_f1.value) for p in points),
                tuple((p.macro_f1.low, p.macro_f1.high) for p in points),
            ),
        ),
    )
    return Table(f"Macro-F1 by corpus size, {task}", ("share", "rows", "macro-F1", "95%"), (rows,)), chart


def _terms(bundle: Bundle) -> list[Table]:
    """Return the terms that weigh most for each label."""
    topics = tuple(bundle.card["labels"]["topic"])
    found = [("Words that speak for a topic", topics, top_terms(bundle.topic, TERMS))]
    if bundle.topic.lexicon:
        found.append(
            (
                "Domains of the lexicon and kinds of names that speak for a topic",
                topics,
                top_domains(bundle.topic, TERMS),
            )
        )
    if bundle.clickbait is not None:
        labels = tuple(bundle.card["labels"]["clickbait"])
        found.append(("Tokens that speak against clickbait and for it", labels, top_tokens(bundle.clickbait, TERMS)))
    return [Table(title, ("rank", *labels), (_ranked(lists),)) for title, labels, lists in found]


def _ranked(lists: Sequence[Terms]) -> tuple[tuple[str, ...], ...]:
    """Return lists of terms side by side, a row for each rank."""
    cells = [[f"{visible_token(term)} {weight:.2f}" for term, weight in terms] for terms in lists]
    return tuple((str(at), *row) for at, row in enumerate(zip_longest(*cells, fillvalue=""), start=1))


def _features(bundle: Bundle) -> ShownTable | None:
    """Return what each pair feature adds to the log-odds of a link's being related, the weightiest first."""
    if bundle.link is None:
        return None
    weights = [Estimate(-w, min(0.0, -w), max(0.0, -w)) for w in bundle.link.coef.tolist()]
    features = sorted(zip(feature_meanings().items(), weights, strict=False), key=lambda one: -abs(one[1].value))
    rows = tuple((meaning, name, f"{w.value:+.3f}") for (name, meaning), w in features)
    table = Table(
        "What speaks for a link's being related",
        ("feature", "name", "weight"),
        (rows,),
        "Log-odds for each standard deviation of the feature.",
    )
    return ShownTable(table, intervals([w for _, w in features], mark=0.0), "weight, 0 dashed")


def _errors(task: str, errors: Sequence[WorstError]) -> Table:
    rows = tuple(
        (e.text or e.id, e.truth, e.predicted, figure(e.p_truth), figure(e.p_predicted), e.why, _where(e))
        for e in errors
    )
    return Table(
        f"The {len(rows)} surest wrong answers, {task}",
        ("article", "truth", "answer", "p of truth", "p of answer", "why", "where"),
        (rows,),
        "The answers are of models that were not trained on the row; the words are weighed by the final model. "
        "In square brackets: all words of a domain of the lexicon, or all names of a kind.",
    )


def _where(error: WorstError) -> str:
    return ", ".join(filter(None, (error.id, error.publisher, error.published, error.split)))


def _issues(issues: Sequence[LabelIssue]) -> Table:
    rows = tuple(
        (i.headline or i.title, i.label, i.predicted, figure(i.p_label), figure(i.p_predicted), i.publisher, i.id)
        for i in issues
    )
    header = ("article", "label", "model says", "p of label", "p of answer", "publisher", "id")
    return Table("Labels that a model which never saw them finds unlikely", header, (rows,))
