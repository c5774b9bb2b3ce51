"""The score room: files to prediction rows or clean articles, however long it takes.

    summary, jobs > making > worker > pool
    survey, manifest > parts
    making, pool, parts > run > batch

`jobs` turns records into rows, `making` makes these a part of the output, `pool` has that done by
several processes; `parts` keeps finished parts beside the output until all are there, so that an
interrupted run goes on.
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
