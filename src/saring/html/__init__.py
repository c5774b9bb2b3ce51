"""Pages to records: their lines, the article among them, metadata and teasers."""
