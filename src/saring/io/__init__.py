"""Files in, rows out.

`addresses`, `connections` and `web` reach objects and pages, `streams` unpacks and decodes, `input_files` finds files.
`formats` tells the rows of tables apart, with `json_shapes` and `spreadsheets`; `warc` and `crawled` those of web
archives; `sieve` counts what is none. `blocks` holds rows for workers and makes records of them, `records` reads files
so. `writers` writes rows, whole or not at all.
"""
