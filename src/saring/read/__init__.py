"""The read room: files to records.

    stream > source > formats > columns, documents > records
    pagelines > layout, teasers, pagemeta > html > worker > documents

`stream` opens and decodes, `source` finds files, `formats` yields rows, `columns` finds our fields;
`html` turns a page into a record, in the process that `worker` keeps.
"""

from saring.read.columns import Columns
from saring.read.formats import Broken, batch_rows, json_line, parquet_length
from saring.read.records import ReadOptions, Row, fixer, read, rows, sources, to_record
from saring.read.source import PARTS_SUFFIX, Source

__all__ = [
    "PARTS_SUFFIX",
    "Broken",
    "Columns",
    "ReadOptions",
    "Row",
    "Source",
    "batch_rows",
    "fixer",
    "json_line",
    "parquet_length",
    "read",
    "rows",
    "sources",
    "to_record",
]
