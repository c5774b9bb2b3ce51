"""Files to prediction rows or clean articles, however long it takes.

`parts` turns records into a part of the output, `workers` has that done by several processes, `checkpoints` keeps
finished parts beside the output until all are there, so that an interrupted run goes on, `leases` lock an output at an
address, `run` does all of it. `applying` makes clean articles of raw ones and the spans that a run has written.
"""

from saring.batch.applying import apply_spans
from saring.batch.run import clean, score

__all__ = ["apply_spans", "clean", "score"]
