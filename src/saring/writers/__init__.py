"""The writers room: rows to files of JSON Lines, CSV or Parquet, whole or not at all.

    footer > formats > files

`formats` turns rows into bytes, part by part, and says how parts make one file; `footer` moves the
row groups of a Parquet file; `files` opens the file that appears when it is complete.
"""

from saring.writers.files import RowFile, check_place, claimed, followed, open_rows, put, telling
from saring.writers.formats import SUFFIXES, Format, Table, arrow_batch, arrow_schema

__all__ = [
    "SUFFIXES",
    "Format",
    "RowFile",
    "Table",
    "arrow_batch",
    "arrow_schema",
    "check_place",
    "claimed",
    "followed",
    "open_rows",
    "put",
    "telling",
]
