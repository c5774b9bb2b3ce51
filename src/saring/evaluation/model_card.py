"""The model card for people: what a bundle's card.json holds, as a page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saring.evaluation.reports import Report

_PROTOCOLS: Mapping[str, str] = {
    "publisher-out": "publishers that training did not see, each left out in turn",
    "random": "random folds of near-duplicate groups",
    "later-time": "the latest fifth, after training on the earlier ones",
    "test": "the corpus's own test split",
}
_HEADER = ("question", "measured on", "rows", "macro-F1", "accuracy", "AUC", "ECE", "baseline")


def model_card(card: Mapping[str, Any]) -> str:
    """Return a Markdown page about a model, from its bundle's card; see `store.CARD_FIELDS`."""
    reports = [Report.from_json(stored) for stored in card["metrics"].values()]
    counts = {name: number for name, number in card["data"].items() if isinstance(number, int)}
    data = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items())
    versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    size = sum(card["files"].values()) / 1e6
    splits = {report.split for report in reports}
    figures = [_HEADER, ("---",) * len(_HEADER), *map(_figure_row, reports)]
    sections = [
        f"# {card['name']}",
        f"Model version `{card['model_version']}`, made {card['created'][:10]} with {versions}; "
        f"{size:.1f} MB of arrays.",
        f"Licence: {card['licence']}.",
        card.get("about", "").strip(),
        "## Data",
        f"Trained on {' and '.join(f'`{name}`' for name in card['sources'])}: {data}.",
        "## Figures",
        "With 95% intervals by resampled groups of near duplicates, beside the best simple rule. Measured on:",
        "\n".join(f"- **{name}**: {what}" for name, what in _PROTOCOLS.items() if name in splits),
        "\n".join(f"| {' | '.join(row)} |" for row in figures),
        "## Thresholds",
        "\n".join(f"- {name}: {value:.4g}" for name, value in card["thresholds"].items()),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _figure_row(report: Report) -> tuple[str, ...]:
    """Return one report's row of the table of figures."""
    best = report.best_baseline
    return (
        report.name,
        report.subset,
        f"{report.n:,}",
        f"{report.macro_f1.value:.3f} ({report.macro_f1.span()})",
        f"{report.accuracy.value:.3f}",
        f"{report.auc.value:.3f}" if report.auc else "",
        f"{report.ece:.3f}",
        f"{best.name} {best.macro_f1:.3f}" if best else "",
    )
