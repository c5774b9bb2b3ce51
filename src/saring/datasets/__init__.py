"""Published data sets, or a user's own tables, to the corpus format.

    fetch; recipe > assemble > import_corpus

`recipe` says what the keys of a mapping file mean; click-id/click-id.toml is one.
"""
