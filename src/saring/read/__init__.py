"""The read room: files to records.

    values > columns; packing > stream > source > parquet, delimited > formats
    columns, formats, documents > records > blocks > cutting
    pagelines > layout, teasers, pagemeta > html > worker > documents

`packing` unpacks, `stream` opens and decodes, `source` finds files, `formats` yields rows, for CSV
with `delimited`, and `columns` finds our fields; `html` turns a page into a record, in the process
that `worker` keeps. `cutting` takes rows out of files without looking at them, in `blocks` for
other processes to look into.
"""

from saring.read.blocks import Block, Ready
from saring.read.columns import Columns
from saring.read.cutting import blocks, opened
from saring.read.documents import Pages
from saring.read.formats import json_line
from saring.read.parquet import batch_rows, parquet_length
from saring.read.records import ReadOptions, Row, fixer, kept_kinds, read, rows, to_record
from saring.read.source import PARTS_SUFFIX, Source, sources
from saring.read.values import Broken, Unreadable

__all__ = [
    "PARTS_SUFFIX",
    "Block",
    "Broken",
    "Columns",
    "Pages",
    "ReadOptions",
    "Ready",
    "Row",
    "Source",
    "Unreadable",
    "batch_rows",
    "blocks",
    "fixer",
    "json_line",
    "kept_kinds",
    "opened",
    "parquet_length",
    "read",
    "rows",
    "sources",
    "to_record",
]
