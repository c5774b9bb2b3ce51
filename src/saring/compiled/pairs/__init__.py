"""The kernel of pairs: what `saring.pairs` says of articles and headlines, by one walk over each.

    stops, text > reading > inside, known > sharing > comparing > judging; known > taught > judging
    links; judging > teaching

`comparing` is what numba compiles, out of the files before it; `taught` makes the tables that it
looks up, `judging` asks it, and Python where it does not know.
"""

from saring.compiled.pairs.links import PairScorer

__all__ = ["PairScorer"]
