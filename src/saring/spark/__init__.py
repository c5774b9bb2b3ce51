"""The spark room: the rows of `saring.batch`, made by the worker processes of a Spark cluster.

    shipped > workers; session > frames > readers > files

`shipped` takes a model along and opens it once in each worker process; `workers` is what runs
there. `frames` scores a DataFrame; `files` scores what the command line is given and `readers`
read, in the session that `session` opens.
"""

from saring.spark.files import score, score_files

__all__ = ["score", "score_files"]
