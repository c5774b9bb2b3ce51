"""MLflow: what a run tells, the model it made, and which of the registered models is the champion.

The only package that imports mlflow.
"""

from saring.tracking.checkout import git_commit
from saring.tracking.registry import resolve
from saring.tracking.runs import RunInfo, RunRecord, log_run, log_trial, signature, tracking_uri

__all__ = ["RunInfo", "RunRecord", "git_commit", "log_run", "log_trial", "resolve", "signature", "tracking_uri"]
