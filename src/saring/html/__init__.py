"""Pages to records: their lines, the article among them, metadata and teasers."""

__all__ = ["layout", "page", "page_metadata"]
