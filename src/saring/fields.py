"""What the features read of an article and of a headline, and into which terms they cut it."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["FRAMED_TOKEN", "LEAD_CHARS", "SHARE_SCALE", "TOKEN", "Field", "Row", "field_text",
           "framed"]  # fmt: skip

Row = tuple[str, str]  # title and body of an article, of which either may be empty
Field = Literal["all", "title", "lead"]

# About two paragraphs: what an editor puts first says best what an article is about.
LEAD_CHARS = 400
# Brings the shares of a domain (mostly under 4% of the words) to the size of a TF-IDF row.
SHARE_SCALE = 5.0
# Numbers, words, and every other mark by itself: "?!", "..." and quotes are style.
TOKEN = r"\d+(?:[.,]\d+)*|\w+|[^\w\s]"
# Tokens that no headline holds: where it begins and ends, for clickbait shows in its first and last
# words most.
START, END = "\x02", "\x03"
FRAMED_TOKEN = f"[{START}{END}]|{TOKEN}"
# One number is like another: "5 artis" and "7 artis" are the same form.
NUMBER = "0"

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def field_text(row: Row, field: Field) -> str:
    """Return one field of a row: ``title``, ``lead`` (title and first paragraphs) or ``all``."""
    title, body = row
    if field == "title":
        return title
    return f"{title}\n{body[:LEAD_CHARS] if field == 'lead' else body}"


def framed(headline: str, *, cased: bool) -> str:
    """Return a headline between its start and end tokens; numbers stay where case counts."""
    text = headline if cased else _NUMBER.sub(NUMBER, headline)
    return f"{START} {text} {END}"
