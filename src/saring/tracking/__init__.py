"""MLflow: what a run tells, the model it made, and which of the registered models is the champion.

The only package that imports mlflow.
"""

from saring.tracking.checkout import git_commit
from saring.tracking.registry import promoted, register, resolve, rolled_back, run_of
from saring.tracking.run_record import changed_settings, csv_text, data_set, run_name, run_record
from saring.tracking.runs import DataSet, RunInfo, RunRecord, log_run, log_trial, signature, tracking_uri

__all__ = [
    "DataSet", "RunInfo", "RunRecord", "changed_settings", "csv_text", "data_set", "git_commit",
    "log_run", "log_trial", "promoted", "register", "resolve", "rolled_back", "run_name", "run_of", "run_record",
    "signature", "tracking_uri",
]  # fmt: skip
