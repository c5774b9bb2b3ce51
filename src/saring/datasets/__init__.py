"""The import room: published files, or a user's own tables, to the corpus format.

    recipe, repair, annotations > tables > drafts > assemble > report > run

`recipe` says what the keys of a mapping file mean; click-id/click-id.toml is one.
"""

from saring.datasets.import_corpus import Imported, import_corpus

__all__ = ["Imported", "import_corpus"]
