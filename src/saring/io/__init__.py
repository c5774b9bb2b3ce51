"""Files in, rows out.

    streams > input_files; columns, formats > records > blocks; writers

`streams` unpacks and decodes, `input_files` finds files, `formats` yields rows, `columns` finds our
fields, `records` makes records, `blocks` cuts inputs into what workers look into. `writers` writes
rows, whole or not at all.
"""
