"""The rows of `saring.batch`, made by the worker processes of a Spark cluster.

`driver` reads, has rows scored and writes them through a Spark session; `executors` is what the worker processes do.
"""

from saring.spark.driver import score, score_files

__all__ = ["score", "score_files"]
