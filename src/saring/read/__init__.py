"""The read room: files to records.

    stream > source > formats > columns, documents > records
    pagelines > layout, teasers, pagemeta > html > worker > documents

`stream` opens and decodes, `source` finds files, `formats` yields rows, `columns` finds our fields;
`html` turns a page into a record, in the process that `worker` keeps.
"""

from saring.read.records import ReadOptions, Row, read, rows

__all__ = ["ReadOptions", "Row", "read", "rows"]
