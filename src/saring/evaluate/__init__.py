"""The evaluate room: predictions to a report.

intervals > metrics > tables > results, answers, baselines > report, summary
"""

from saring.evaluate.answers import Scored
from saring.evaluate.baselines import majority_labels, publisher_labels, threshold_labels
from saring.evaluate.intervals import Estimate
from saring.evaluate.metrics import Agreement, agreement
from saring.evaluate.reporting import report
from saring.evaluate.results import Report
from saring.evaluate.summary import summary_table
from saring.evaluate.tables import Table

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
