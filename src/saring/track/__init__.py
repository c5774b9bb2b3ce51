"""The track room: training runs in MLflow. Only `runs` imports mlflow, and only when it is used."""

from saring.track.git import git_commit
from saring.track.runs import (
    CHALLENGER,
    MODEL_NAME,
    RunInfo,
    RunRecord,
    log_run,
    resolve,
    tracking_uri,
)
from saring.track.trials import log_trial

__all__ = [
    "CHALLENGER",
    "MODEL_NAME",
    "RunInfo",
    "RunRecord",
    "git_commit",
    "log_run",
    "log_trial",
    "resolve",
    "tracking_uri",
]
