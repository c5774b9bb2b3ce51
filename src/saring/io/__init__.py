"""The read room: files to records.

    values > columns; packing > stream > source > parquet, delimited > formats
    columns, formats, documents > records > blocks > cutting
    pagelines > layout, teasers, pagemeta > html > worker > documents

`packing` unpacks, `stream` opens and decodes, `source` finds files, `formats` yields rows, for CSV
with `delimited`, and `columns` finds our fields; `html` turns a page into a record, in the process
that `worker` keeps. `cutting` takes rows out of files without looking at them, in `blocks` for
other processes to look into.
"""

from saring.io.blocks import Block, Ready, blocks, opened
from saring.io.columns import Broken, Columns, Unreadable
from saring.io.formats import batch_rows, json_line, parquet_length
from saring.io.records import Pages, ReadOptions, Row, fixer, kept_kinds, read, rows, to_record
from saring.io.sources import PARTS_SUFFIX, Source, sources

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
