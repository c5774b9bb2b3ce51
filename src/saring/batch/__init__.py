"""Files to prediction rows or clean articles, however long it takes.

    jobs > workers, checkpoints > run

`jobs` turns records into a part of the output, `workers` has that done by several processes,
`checkpoints` keeps finished parts beside the output until all are there, so that an interrupted run
goes on.
"""

from saring.batch.jobs import Scoring, Summary, made_tables
from saring.batch.run import BATCH_ROWS, clean, score

__all__ = [
    "BATCH_ROWS",
    "Scoring",
    "Summary",
    "clean",
    "made_tables",
    "score",
]
