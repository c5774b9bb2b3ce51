"""Rows as `saring score` writes them, made up."""

TOPICS = ("economy", "other")
LINK = {"headline": "Resep Sambal", "marker": "Baca Juga:", "start": 20, "end": 44, "related": False,
        "p_unrelated": 0.9, "topic": "other", "clickbait": 0.1, "reasons": ["shares no specific word"], "url": ""}  # fmt: skip


def row(**changes):
    """A row as `saring score` writes it."""
    made = {
        "id": "a", "title": "Harga Cabai Turun", "published": "2025-06-01T00:00:00+07:00", "publisher": "warta.id",
        "publisher_printed": "Warta", "source": None, "url": None, "topic": "economy", "topic_probability": 0.9,
        "p_economy": 0.9, "p_other": 0.1, "abstained": False, "abstained_because": None, "out_of_domain": 4.2,
        "clickbait": 0.25, "links": [LINK], "n_links": 1, "n_unrelated": 1, "removed": 0.5, "clean_text": "x" * 300,
        "error": None, "model_version": "abc", "scored_at": "2025-07-01T00:00:00+00:00",
    }  # fmt: skip
    return made | changes


def failed(error="news.csv:3: column 'isi' is empty; repair it"):
    empty = {"title", "published", "publisher", "topic", "topic_probability", "links", "clean_text", "clickbait"}
    return row(**dict.fromkeys(empty), error=error)


def articles(n, publisher="warta.id", month="2025-06", with_links=0.5, body=1000, **changes):
    """Rows of a publisher: so many have a teaser, lengths and probabilities differ."""
    made = []
    for i in range(n):
        links = [LINK] * (int((i + 1) * with_links + 1e-9) - int(i * with_links + 1e-9))
        chars = body * (60 + (i * 31) % 80) // 100
        made.append(row(
            id=f"{publisher}-{i}", publisher=publisher, published=f"{month}-{1 + i % 28:02}T00:00:00+07:00", links=links,
            n_links=len(links), n_unrelated=len(links), clean_text="x" * chars, removed=0.05 if links else 0.01,
            out_of_domain=4 + (i % 10) / 10, topic_probability=0.5 + (i % 50) / 100, title=f"Harga Cabai {i}",
        ) | changes)  # fmt: skip
    return made
