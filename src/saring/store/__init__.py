"""The store room: a model bundle on disk, one folder of flat arrays and JSON.

    allowed, arrays > card, flatten, rebuild > folder > bundle

`allowed` is the table of types that may stand in a bundle; `card` says what the model is.
"""

from saring.store.bundle import Bundle, add, describe, load, newest, save, verify
from saring.store.folder import check_target

__all__ = ["Bundle", "add", "check_target", "describe", "load", "newest", "save", "verify"]
