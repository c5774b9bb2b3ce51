"""The kernel of pairs: what `saring.pairs` says of articles and headlines, by one walk over each.

    stops, text > reading > inside, known > sharing > comparing > judging; known > taught > judging

`comparing` is what numba compiles, out of the files before it; `taught` makes the tables that it
looks up, `judging` asks it, and Python where it does not know.
"""

__all__ = ["comparing", "judging"]  # both import numba: whoever wants one imports it
