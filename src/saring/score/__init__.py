"""The score room: files to prediction rows or clean articles, however long it takes.

    summary > jobs > worker > pool
    survey, manifest > parts
    jobs, pool, parts > run > batch

`jobs` turns records into a part of the output, `pool` has that done by several processes; `parts`
keeps finished parts beside the output until all are there, so that an interrupted run goes on.
"""

from saring.score.batch import BATCH_ROWS, clean, score
from saring.score.jobs import CLEAN_COLUMNS, Scoring, made_tables, prediction_columns
from saring.score.summary import Summary

__all__ = [
    "BATCH_ROWS",
    "CLEAN_COLUMNS",
    "Scoring",
    "Summary",
    "clean",
    "made_tables",
    "prediction_columns",
    "score",
]
