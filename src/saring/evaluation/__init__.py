"""Predictions to a report.

metrics > reports > reporting; render
"""

from saring.evaluation.metrics import Agreement, Estimate, agreement
from saring.evaluation.reporting import (
    Scored,
    majority_labels,
    publisher_labels,
    report,
    threshold_labels,
)
from saring.evaluation.reports import Report, Table, summary_table

__all__ = [
    "Agreement",
    "Estimate",
    "Report",
    "Scored",
    "Table",
    "agreement",
    "majority_labels",
    "publisher_labels",
    "report",
    "summary_table",
    "threshold_labels",
]
