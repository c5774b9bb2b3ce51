"""Files in, rows out: streams > input_files; columns, formats > blocks > records; writers.

`streams` unpacks and decodes, `input_files` finds files, `columns` finds our fields, `formats` tells rows apart,
`blocks` holds them for workers and makes records of them, `records` reads files so. `writers` writes rows, whole or not
at all.
"""
