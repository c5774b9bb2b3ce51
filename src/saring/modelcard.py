"""The model card for people: what a bundle's card.json says, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saring.evaluate import Report

__all__ = ["model_card"]

_PROTOCOLS: Mapping[str, str] = {
    "publisher-out": "publishers that training did not see, each left out in turn",
    "random": "random folds of near-duplicate groups",
    "later-time": "the latest fifth, after training on the earlier ones",
    "test": "the corpus's own test split",
}


def model_card(card: Mapping[str, Any]) -> str:
    """Return a Markdown page about a model.

    Parameters
    ----------
    card : Mapping[str, Any]
        A bundle's card; see `store.CARD_FIELDS`.
    """
    reports = [Report.from_json(stored) for stored in card["metrics"].values()]
    data = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in _counts(card))
    versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    size = sum(card["files"].values()) / 1e6
    lines = [
        f"# {card['name']}",
        f"Model version `{card['model_version']}`, made {card['created'][:10]} with {versions}; "
        f"{size:.1f} MB of arrays.",
        f"Licence: {card['licence']}.",
        card.get("about", "").strip(),
        "## Data",
        f"Trained on {' and '.join(f'`{name}`' for name in card['sources'])}: {data}.",
        "## Figures",
        "With 95% intervals by resampled groups of near duplicates, beside the best simple rule. "
        "Measured on:",
        "\n".join(f"- **{name}**: {what}" for name, what in _protocols(reports)),
        _figures(reports),
        "## Thresholds",
        "\n".join(f"- {name}: {value:.4g}" for name, value in card["thresholds"].items()),
    ]
    return "\n\n".join(filter(None, lines)) + "\n"


def _counts(card: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the numbers in the card's data."""
    return [(name, value) for name, value in card["data"].items() if isinstance(value, int)]


def _protocols(reports: Sequence[Report]) -> list[tuple[str, str]]:
    """Return the protocols that the reports follow, with what each means."""
    used = {report.split for report in reports}
    return [(name, what) for name, what in _PROTOCOLS.items() if name in used]


def _figures(reports: Sequence[Report]) -> str:
    """Return a table of the reports."""
    rows = [
        ("question", "measured on", "rows", "macro-F1", "accuracy", "AUC", "ECE", "baseline"),
        ("---",) * 8,
        *map(_figure_row, reports),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _figure_row(report: Report) -> tuple[str, ...]:
    """Return one report's row."""
    best = report.best_baseline
    return (
        report.name,
        report.asked_of,
        f"{report.n:,}",
        f"{report.macro_f1.value:.3f} ({report.macro_f1.span()})",
        f"{report.accuracy.value:.3f}",
        f"{report.auc.value:.3f}" if report.auc else "",
        f"{report.ece:.3f}",
        f"{best.name} {best.macro_f1:.3f}" if best else "",
    )
