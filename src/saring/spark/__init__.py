"""The rows of `saring.batch`, made by the worker processes of a Spark cluster.

`session` opens a session, takes the model along and says what workers do; `files` scores a
DataFrame, or what the command line is given.
"""

from saring.spark.files import score, score_files

__all__ = ["score", "score_files"]
