"""Articles of a report, as people open them: the text with its links marked, what was removed, the reasons."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from saring.article import Article, Record
from saring.html_reports.language import Language
from saring.html_reports.row_digest import Candidate
from saring.io.writers import unguarded
from saring.parsing.engine import parse
from saring.scored_rows import Row

SHOWN_CHARS = 4_000  # of an article's text
SHOWN_LINKS = 25
SHOWN_REASONS = 6
WORDS_CHARS = 300  # of a title, a headline, a reason
NAME_CHARS = 60  # of a publisher or topic
REMOVAL_CHARS = 500
MOST_BYTES = 1_300_000  # of all articles together
_GAPS = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A teaser as it is listed: `verdict` is related, unrelated or unjudged; `facts` are what else the model says."""

    verdict: str
    p: str
    headline: str
    facts: tuple[str, ...]
    reasons: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class ShownPiece:
    """A stretch of the text: body, a teaser's verdict, or "cut", what was removed."""

    kind: str
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """All that is shown of an article; the text is either in place, by pieces, or clean."""

    kind: str  # what it was chosen for
    title: str
    publisher: str
    facts: tuple[str, ...]  # in a line below the title
    id: str
    href: str
    error: str
    pieces: tuple[ShownPiece, ...]
    in_place: bool
    cuts: tuple[tuple[str, str], ...]  # kind and text of each removal
    links: tuple[ShownLink, ...]
    more_links: int

    @property
    def size(self) -> int:
        """How many bytes the article takes in a page, about."""
        words = [self.title, self.id, self.href, self.error, *self.facts]
        words += [piece.text for piece in self.pieces] + [text for _, text in self.cuts]
        for link in self.links:
            words += [link.headline, link.href, *link.facts, *link.reasons]
        return len(html.escape("".join(words)).encode("utf-8", "replace")) + 60 * len(words)


def shown_articles(candidates: Sequence[Candidate], language: Language) -> list[ShownArticle]:
    """Return the articles as they are shown, no more than a file that opens quickly can hold."""
    shown, size = [], 0
    for candidate in candidates:
        article = _shown(candidate, language)
        size += article.size
        if size > MOST_BYTES:
            break
        shown.append(article)
    return shown


def shortened(text: Any, most: int = WORDS_CHARS) -> str:
    """Return words in one line, cut where they are very many."""
    line = " ".join(str(text or "").split())
    return line if len(line) <= most else f"{line[:most]}…"


def web_address(url: Any) -> str:
    """Return an address that a page may lead to, http or https with a host; empty for any other.

    >>> web_address("https://example.id/1"), web_address("javascript:alert(1)"), web_address("//example.id")
    ('https://example.id/1', '', '')
    """
    if not isinstance(url, str) or not url.isprintable() or any(map(str.isspace, url)) or len(url) > 2_000:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def _shown(candidate: Candidate, language: Language) -> ShownArticle:
    row = candidate.row
    links = list(row.get("links") or ())
    pieces, cuts, in_place = _text(row, links, language)
    p = row.get("topic_probability")
    topic = row.get("topic")
    unrelated = sum(link.get("related") is False for link in links)
    facts = [
        shortened(row.get("publisher"), NAME_CHARS) or language("no_publisher"),
        shortened(row.get("published"), NAME_CHARS)[:10],
        f"{language.term('topic', shortened(topic, NAME_CHARS))} {language.probability(p)}" if topic and p else "",
        language("abstained") if row.get("abstained") else "",
        language("links_found", unrelated=unrelated, n=len(links)) if links else "",
    ]
    if (clickbait := row.get("clickbait")) is not None:
        facts.append(language("clickbait_of", p=language.probability(clickbait)))
    return ShownArticle(
        kind=candidate.kind,
        title=shortened(row.get("title")),
        publisher=shortened(row.get("publisher"), NAME_CHARS) or language("no_publisher"),
        facts=tuple(filter(None, facts)),
        id=shortened(row.get("id")),
        href=web_address(row.get("url")),
        error=shortened(row.get("error")),
        pieces=tuple(pieces),
        in_place=in_place,
        cuts=tuple(cuts),
        links=tuple(_link(link, language) for link in links[:SHOWN_LINKS]),
        more_links=max(0, len(links) - SHOWN_LINKS),
    )


def _link(link: Row, language: Language) -> ShownLink:
    facts = []
    if topic := link.get("topic"):
        facts.append(language("reads_as", topic=language.term("topic", shortened(topic, NAME_CHARS))))
    if (clickbait := link.get("clickbait")) is not None:
        facts.append(language("clickbait_of", p=language.probability(clickbait)))
    verdict, p = link_verdict(link, language)
    reasons = tuple(language.reason(shortened(reason)) for reason in (link.get("reasons") or ())[:SHOWN_REASONS])
    return ShownLink(verdict, p, shortened(link.get("headline")), tuple(facts), reasons, web_address(link.get("url")))


def link_verdict(link: Row, language: Language) -> tuple[str, str]:
    """Return the verdict on a link and how sure it is."""
    related, p = link.get("related"), link.get("p_unrelated")
    if related is None or p is None:
        return "unjudged", ""
    return ("related", language.probability(1 - p)) if related else ("unrelated", language.probability(p))


def _text(row: Row, links: Sequence[Row], language: Language) -> tuple[list[ShownPiece], list[tuple[str, str]], bool]:
    """Return a row's text in pieces, what was removed of it, and whether its links are seen in their place.

    The text is parsed again; where that finds other links than the row has, it is not the text that was scored.
    """
    if not row.get("text"):
        return _clipped([ShownPiece("body", _GAPS.sub("\n\n", row.get("clean_text") or ""))], language), [], False
    spans = [(link.get("start"), link.get("end")) for link in links]
    for text in (row["text"], unguarded(row["text"])):
        article = parse(Record("", row.get("title") or "", text, publisher=row.get("publisher_printed") or ""))
        if spans == [(link.start, link.end) for link in article.links]:
            break
    else:
        return _clipped([ShownPiece("body", _GAPS.sub("\n\n", article.body))], language), [], False
    pieces, cuts = _pieces(article, dict(zip([start for start, _ in spans], links, strict=True)), language)
    return _clipped(pieces, language), cuts, True


def _pieces(
    article: Article, links: dict[Any, Row], language: Language
) -> tuple[list[ShownPiece], list[tuple[str, str]]]:
    """Return an article's pieces with what is said of them, and its removals, which the pieces number."""
    pieces, cuts = [], []
    for piece in article.pieces():
        if piece.kind == "body":
            pieces.append(ShownPiece("body", _GAPS.sub("\n\n", piece.text)))
        elif piece.kind == "link":
            verdict, p = link_verdict(links[piece.start], language)
            pieces.append(ShownPiece(verdict, shortened(piece.text), f"{language(f'is_{verdict}')} {p}".strip()))
        elif piece.text.strip():
            cuts.append((piece.kind.replace("_", " "), shortened(piece.text, REMOVAL_CHARS)))
            pieces.append(ShownPiece("cut", "", language("cut_here", n=len(cuts))))
    return pieces, cuts


def _clipped(pieces: Sequence[ShownPiece], language: Language) -> list[ShownPiece]:
    """Return the pieces up to so many characters, and how many more there are."""
    shown: list[ShownPiece] = []
    left = SHOWN_CHARS
    for piece in pieces:
        if left > 0:
            shown.append(ShownPiece(piece.kind, piece.text[:left], piece.label))
        left -= len(piece.text)
    if left < 0:
        shown.append(ShownPiece("more", "", language("cut_text", n=-left)))
    return shown
