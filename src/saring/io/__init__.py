"""Files in, rows out.

    streams > input_files; columns, formats > records > blocks; writers

`streams` unpacks and decodes, `input_files` finds files, `formats` yields rows, `columns` finds our
fields, `records` makes records, `blocks` cuts inputs into what workers look into. `writers` writes
rows, whole or not at all.
"""

from saring.io.blocks import Block, Ready, blocks, opened
from saring.io.columns import Broken, Columns, Unreadable
from saring.io.formats import batch_rows, json_line, parquet_length
from saring.io.input_files import PARTS_SUFFIX, Source, sources
from saring.io.records import Pages, ReadOptions, Row, fixer, kept_kinds, read, rows, to_record

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
