"""The score room: files to prediction rows or clean articles, however long it takes.

    summary, jobs > making > worker > pool
    survey, manifest > parts
    making, pool, parts > run > batch

`jobs` turns records into rows, `making` makes these a part of the output, `pool` has that done by
several processes; `parts` keeps finished parts beside the output until all are there, so that an
interrupted run goes on.
"""

from saring.score.batch import BATCH_ROWS, clean, score
from saring.score.jobs import Scoring
from saring.score.making import made_tables
from saring.score.summary import Summary

__all__ = [
    "BATCH_ROWS",
    "Scoring",
    "Summary",
    "clean",
    "made_tables",
    "score",
]
