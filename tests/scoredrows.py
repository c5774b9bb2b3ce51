"""Prediction rows made by hand, so that every figure of a report can be counted on one's fingers."""

from saring.article import LinkPrediction, Prediction
from saring.parsing.engine import parse

TOPICS = ("economy", "gossip", "other")
HEADLINES = {True: "Bulog Guyur Pasar dengan Beras Murah", False: "Penyanyi Ini Pamer Cincin Baru"}


def row(number, publisher="warta.id", *, related=(), topic="economy", **fields):
    """A row as `saring score --keep text` writes it; `related` are the verdicts on its links, in order."""
    markers = "\n".join(f"Baca Juga: {HEADLINES[bool(one)]} {number}" for one in related)
    text = f"Harga beras naik {number} persen, kata Bulog.\n{markers}\nPedagang berharap harga turun."
    article = parse({"id": f"r{number}", "text": text, "title": f"Harga Beras Naik {number}"})
    links = tuple(
        LinkPrediction(link.headline, link.marker, link.start, link.end, one, None if one is None else 0.02 if one else 0.95,
                       "economy" if one else "gossip", 0.4, ("shares 'beras' 4.8",) if one else ("shares no word",))
        for link, one in zip(article.links, related, strict=True)
    )  # fmt: skip
    probabilities = dict.fromkeys(TOPICS, 0.1) | {topic: 0.8}
    given = {
        "title": article.title, "published": "2025-06-01T00:00:00+07:00", "publisher": publisher, "clickbait": 0.2,
        "publisher_printed": publisher, "url": "https://warta.id/1", "clean_text": article.body, "links": links,
        "topic": topic, "probabilities": probabilities, "topics": TOPICS, "kept": {"text": text}, "model_version": "abc",
        "scored_at": "2025-07-01T00:00:00+00:00",
    } | fields  # fmt: skip
    return Prediction(f"r{number}", **given).row()


def failed(number, error="title and text are empty; expected an article"):
    """The row of an article that could not be read."""
    return Prediction(f"f{number}", error=error, topics=TOPICS, model_version="abc", kept={"text": None}).row()
